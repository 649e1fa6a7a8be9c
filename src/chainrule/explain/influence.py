"""How much each input moves a network's outputs, over the data."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from chainrule.core.backward import grad
from chainrule.core.mode import enable_grad, quiet
from chainrule.core.tensor import Tensor
from chainrule.explain.algebra import Floats
from chainrule.explain.record import Record
from chainrule.nn.module import Module

__all__ = ["Influence", "influence"]

_MOST_OUTPUTS = 20


@dataclass(frozen=True)
class Influence(Record):
    """Influences of the inputs.

    Attributes:
        names: of the inputs.
        values: how far the outputs move for one standard deviation of each input, ``(n,)``.
        rows: over how many rows that is the mean.
    """

    names: tuple[str, ...]
    values: Floats
    rows: int

    def order(self) -> list[int]:
        """The inputs, the most influential first; of equals the first first."""
        return [int(place) for place in np.argsort(-self.values, kind="stable")]


def influence(model: Module, inputs: np.ndarray, names: tuple[str, ...]) -> Influence:
    """Mean over rows of σᵢ·√Σₒ (∂zₒ/∂xᵢ)², with zₒ the outputs and σᵢ the standard deviation of input i.

    Args:
        model: in evaluation mode.
        inputs: as the model sees them, ``(N, …)``.
        names: of the inputs.
    """
    x = Tensor.of(np.asarray(inputs))
    x.requires_grad = True
    with enable_grad(), quiet():
        output = model(x)
        columns = output.reshape(len(inputs), -1)
        squares = np.zeros((len(inputs), int(np.prod(inputs.shape[1:]))))
        for i in range(min(columns.shape[1], _MOST_OUTPUTS)):
            (one,) = grad(columns[:, i].sum(), [x], retain_graph=True, allow_unused=True)
            if one is not None:
                squares += one._data.reshape(len(inputs), -1).astype(np.float64) ** 2
    spread = np.asarray(inputs, np.float64).reshape(len(inputs), -1).std(axis=0)
    return Influence(names, spread * np.sqrt(squares).mean(axis=0), len(inputs))
