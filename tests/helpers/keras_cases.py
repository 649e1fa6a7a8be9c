"""Networks of Keras for the tests: built where Keras is installed, recorded in tests/golden for where it is not."""

from __future__ import annotations

import io
import tempfile
import zipfile
from pathlib import Path
from typing import Any

import numpy as np

from chainrule import nn
from chainrule.interchange import bundle, keras_apart

GOLDEN = Path(__file__).parents[1] / "golden" / "interchange" / "keras.zip"
ROWS = 6


def networks(keras: Any) -> dict[str, Any]:
    """Networks whose numbers are drawn anew, so that nothing is 0 or 1 by chance; the names say what is special."""
    layers, activations = keras.layers, keras.activations
    keras.utils.set_random_seed(0)
    image = keras.Input((3, 2))
    line = layers.Flatten()(layers.Rescaling(1 / 255)(image))
    line = layers.Dense(4, activation=activations.gelu, name="hidden")(line)
    line = keras.Sequential([layers.Dense(3), layers.BatchNormalization()])(line)
    functional = keras.Model(image, layers.Dense(1, activation="sigmoid")(line))
    functional.compile(loss=keras.losses.BinaryCrossentropy(), optimizer="adam")
    classes = keras.Sequential(
        [
            keras.Input((4,)),
            layers.Dense(5, activation="relu"),
            layers.BatchNormalization(momentum=0.9),
            layers.Dropout(0.2),
            layers.Dense(4, use_bias=False),
            layers.BatchNormalization(center=False, epsilon=0.1),
            layers.LeakyReLU(negative_slope=0.1),
            layers.LayerNormalization(),
            layers.Dense(3, activation="softmax"),
        ]
    )
    classes.compile(loss="sparse_categorical_crossentropy", optimizer="sgd")
    logits = keras.Sequential([keras.Input((2,)), layers.Dense(3, activation="elu"), layers.Dense(4)])
    logits.compile(loss=keras.losses.CategoricalCrossentropy(from_logits=True, label_smoothing=0.1))
    regression = keras.Sequential(
        [
            keras.Input((2,)),
            layers.Normalization(mean=[1.0, -2.0], variance=[4.0, 0.25]),
            layers.Dense(1),
            layers.Rescaling(scale=3.0, offset=-1.0),
        ]
    )
    regression.compile(loss=keras.losses.Huber(delta=2.0))
    plain = keras.Sequential([keras.Input((3,)), layers.Dense(3, activation="tanh"), layers.Dense(3), layers.Softmax()])
    double = keras.Sequential([keras.Input((2,)), layers.Dense(2, activation="selu", dtype="float64")])
    made = {
        "functional": functional, "classes": classes, "logits": logits, "regression": regression, "plain": plain,
    }  # fmt: skip
    if keras.backend.backend() != "jax":  # which has no double precision unless it is told so
        made["double"] = double
    rng = np.random.default_rng(1)
    for network in made.values():
        network.set_weights([redrawn(rng, array) for array in network.get_weights()])
    return made


def redrawn(rng: np.random.Generator, array: np.ndarray) -> np.ndarray:
    """Other numbers, positive where all were: they may be variances."""
    drawn = rng.normal(size=array.shape) * 0.7
    return (np.abs(drawn) + 0.3 if array.size and (array > 0).all() else drawn).astype(array.dtype)


def rows_for(network: Any) -> np.ndarray:
    """Rows that a network takes."""
    shape = tuple(network.input_shape[1:])
    return (np.random.default_rng(2).normal(size=(ROWS, *shape)) * (100 if len(shape) > 1 else 1)).astype(np.float32)


def output_of(network: Any, rows: np.ndarray) -> np.ndarray:
    """What Keras computes at inference."""
    found = network(rows, training=False)
    return np.asarray(found.detach().cpu() if hasattr(found, "detach") else found)


def recorded() -> dict[str, tuple[dict[str, bytes], np.ndarray, np.ndarray]]:
    """Of each recorded network its files by ending, rows, and what Keras made of them."""
    found: dict[str, tuple[dict[str, bytes], np.ndarray, np.ndarray]] = {}
    with zipfile.ZipFile(GOLDEN) as archive:
        numbers = np.load(io.BytesIO(archive.read("values.npz")))
        for name in sorted({key.partition("/")[0] for key in numbers.files}):
            files = {
                one.rpartition(".")[2]: archive.read(one) for one in archive.namelist() if one.startswith(f"{name}.")
            }
            found[name] = files, numbers[f"{name}/rows"], numbers[f"{name}/output"]
    return found


def read_at_home(path: Path) -> nn.Module:
    """All that `keras_apart.read` does, in this process: for tests with more files than need one of their own each."""
    with tempfile.TemporaryDirectory() as folder:
        result = Path(folder) / "network.safetensors"
        keras_apart.read_here(path).save(result)
        return bundle.load(result).eval()
