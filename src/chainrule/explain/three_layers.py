"""The forward pass of a network of three layers with weights that everybody can follow by hand."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chainrule.core import ops
from chainrule.errors import ConfigError, ShapeError
from chainrule.explain.labelled import one_vector
from chainrule.explain.record import Record
from chainrule.explain.wording import number, vector
from chainrule.messages import text

__all__ = ["TEXTBOOK", "ForwardLayer", "ForwardPass", "three_layer_forward"]

#: Weights ``(in, out)`` and biases from K. Saito, "Deep Learning from Scratch" (O'Reilly Japan, 2016), §3.4.
TEXTBOOK: tuple[tuple[Sequence[Sequence[float]], Sequence[float]], ...] = (
    (((0.1, 0.3, 0.5), (0.2, 0.4, 0.6)), (0.1, 0.2, 0.3)),
    (((0.1, 0.4), (0.2, 0.5), (0.3, 0.6)), (0.1, 0.2)),
    (((0.1, 0.3), (0.2, 0.4)), (0.1, 0.2)),
)


@dataclass(frozen=True)
class ForwardLayer(Record):
    """One layer of the forward pass.

    Attributes:
        weight: W, ``(in, out)`` as textbooks with row vectors write it (the transpose of `Linear.weight`).
        bias: b.
        input: the row vector that comes in.
        sums: a = x·W + b.
        output: σ(a), or a in the last layer.
        activation: "sigmoid" or "identity".
    """

    weight: NDArray[np.float64]
    bias: NDArray[np.float64]
    input: NDArray[np.float64]
    sums: NDArray[np.float64]
    output: NDArray[np.float64]
    activation: str


@dataclass(frozen=True)
class ForwardPass(Record):
    """The pass through all layers.

    Attributes:
        layers: from the first to the last.
        output: of the last.
    """

    layers: tuple[ForwardLayer, ...]
    output: NDArray[np.float64]

    def explain(self, lang: str | None = None) -> str:
        """Return every weighted sum with its numbers, "en" or "ko"."""
        lines = []
        for depth, layer in enumerate(self.layers, 1):
            lines.append(text("foundations.layer", lang, depth=depth, input=vector(layer.input, 8)))
            for neuron, total in enumerate(layer.sums):
                terms = zip(layer.input, layer.weight[:, neuron], strict=True)
                products = " + ".join(f"{number(x)}·{number(w)}" for x, w in terms)
                lines.append(f"  a{neuron + 1} = {products} + {number(layer.bias[neuron])} = {number(total, 8)}")
            name = "σ(a)" if layer.activation == "sigmoid" else "a"
            lines.append(f"  {name} = {vector(layer.output, 8)}")
        return "\n".join(lines)


def three_layer_forward(x: Any = (1.0, 0.5), layers: Sequence[tuple[Any, Any]] = TEXTBOOK) -> ForwardPass:
    """Run a row vector through layers with sigmoids between them and the identity at the end.

    Args:
        x: the input.
        layers: pairs of W ``(in, out)`` and b ``(out,)``; by default the textbook's three.

    Raises:
        ConfigError: if there are no layers.
        DataError, DTypeError, ShapeError: for arrays that are no finite numbers, or do not fit.

    Source: K. Saito, "Deep Learning from Scratch" (O'Reilly Japan, 2016), §3.4.

    >>> three_layer_forward().output.round(8).tolist()
    [0.31682708, 0.69627909]
    """
    if not layers:
        raise ConfigError("there are no layers")
    signal, done = one_vector(x, "x"), []
    for depth, (weight, bias) in enumerate(layers, 1):
        w, b = np.asarray(weight, dtype=np.float64), one_vector(bias, "b")
        if w.ndim != 2 or w.shape != (len(signal), len(b)):
            got = f"W {w.shape}, b {b.shape}"
            raise ShapeError("a layer does not fit", expected=f"W ({len(signal)}, out), b (out,)", got=got, where=depth)
        sums = signal @ w + b
        last = depth == len(layers)
        output = sums if last else np.asarray(ops.sigmoid(sums))
        done.append(ForwardLayer(w, b, signal, sums, output, "identity" if last else "sigmoid"))
        signal = output
    return ForwardPass(tuple(done), signal)
