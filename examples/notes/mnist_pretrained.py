"""A network that somebody else has trained: 784-50-100-10, and 10,000 digits one by one and in batches of 100.

The weights are those of chapter 3 of "Deep Learning from Scratch" (Saitoh 2016), a pickle, which is read without
running it.  CHAINRULE_DATA names a folder with book/sample_weight.pkl and MNIST.
"""

import os
import time
from pathlib import Path

import numpy as np

import chainrule as cr

folder = Path(os.environ["CHAINRULE_DATA"])
weights = folder / "book" / "sample_weight.pkl"
test = cr.data.load("mnist").test
x = test.inputs.reshape(-1, 784).astype(np.float32) / 255  # the network saw pixels from 0 to 1
t = test.targets


def classify(network, batch_size):
    """The network's digit for every image, and the seconds that took."""
    answers, began = [], time.perf_counter()
    with cr.no_grad():
        for start in range(0, len(x), batch_size):
            logits = network(cr.from_numpy(x[start : start + batch_size]))
            answers.append(logits.numpy().argmax(axis=1))
    return np.concatenate(answers), time.perf_counter() - began


network = cr.interchange.read(weights, activation="sigmoid")
print(network)

one_by_one, slow = classify(network, 1)
in_batches, fast = classify(network, 100)
print(f"one by one:        accuracy {np.mean(one_by_one == t):.4f}  in {slow:.3f} s")
print(f"batches of 100:    accuracy {np.mean(in_batches == t):.4f}  in {fast:.3f} s, {slow / fast:.0f} times as fast")
print("the same answers:", np.array_equal(one_by_one, in_batches))

# A mistake in circulation: x·W1 + b1, then ·W2 + b2, without the sigmoids in between.  Nothing complains, because the
# shapes still fit; what is left is one linear layer.
forgotten, _ = classify(cr.interchange.read(weights, activation="identity"), 100)
print(f"without sigmoids:  accuracy {np.mean(forgotten == t):.4f}")
