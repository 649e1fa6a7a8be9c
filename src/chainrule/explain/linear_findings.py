"""That a network without a hidden layer cannot divide the classes, where that can be proved."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

import numpy as np

from chainrule import nn
from chainrule.data import Dataset
from chainrule.errors import DataError, MissingDependencyError
from chainrule.explain.findings import Finding
from chainrule.explain.separability import separability
from chainrule.explain.wording import vector

__all__ = ["is_linear", "linear_findings"]

_AFFINE = (nn.Linear, nn.Identity, nn.Flatten, nn.Dropout, nn.BatchNorm1d)
_LAST = (nn.Sigmoid, nn.Tanh, nn.Softmax, nn.LogSoftmax)  # which do not move the boundary
_MOST_NUMBERS = 1_000_000
_SECONDS = 1.0


def is_linear(model: nn.Module) -> bool:
    """Whether the network's decision boundary is one hyperplane: affine layers alone, up to a last activation."""
    modules = list(model.modules())
    layers = [layer for layer in modules if not isinstance(layer, nn.Sequential)]
    if any(list(layer.children()) for layer in layers):
        return False  # of a class of its own
    if layers and isinstance(layers[-1], _LAST):
        layers.pop()
    return any(isinstance(layer, nn.Linear) for layer in layers) and all(isinstance(one, _AFFINE) for one in layers)


def linear_findings(model: nn.Module, data: Dataset, inputs: np.ndarray) -> Iterator[Finding]:
    """One finding, if the network has no hidden layer and no hyperplane divides its two classes.

    Nothing is said without SciPy, of more numbers than can be judged in a second, and where the only proof is a point
    that has both labels, which no hidden layer would help.

    Args:
        model: the network.
        data: rows with two classes.
        inputs: the same rows as the network sees them.
    """
    if data.task != "binary" or data.targets is None or inputs.size > _MOST_NUMBERS or not is_linear(model):
        return
    labels = np.asarray(data.targets).reshape(-1).astype(np.int64)
    with contextlib.suppress(MissingDependencyError, DataError):
        proof = separability(inputs.reshape(len(inputs), -1), labels, limit=_SECONDS).certificate
        if proof is None or len(proof.negative_rows) == len(proof.positive_rows) == 1:
            return
        low, high = data.classes or ["0", "1"]
        yield Finding(
            "not_separable",
            None,
            {
                "negative": low,
                "positive": high,
                "rows": len(inputs),
                "negative_count": len(proof.negative_rows),
                "positive_count": len(proof.positive_rows),
                "point": proof.point.tolist(),
                "shown": vector(proof.point),
            },
        )
