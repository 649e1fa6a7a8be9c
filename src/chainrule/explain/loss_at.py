"""The loss of a network as a function of all its weights at once."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chainrule import losses
from chainrule.core.backward import grad
from chainrule.core.mode import enable_grad, no_grad, quiet
from chainrule.core.tensor import Tensor
from chainrule.errors import ConfigError, ShapeError, UnknownNameError
from chainrule.explain.given import given_data, some_rows
from chainrule.explain.supervised import supervised
from chainrule.nn.module import Module

__all__ = ["Floats", "LossAt", "flat"]

MOST_ROWS = 1024

Floats = NDArray[np.float64]


class LossAt:
    """The loss at a point of the space of the weights, and its gradient there; computed with a copy of the model.

    Args:
        model: the network; evaluated without dropout, and with the statistics of batch normalisation as they are.
        data: at most 1024 rows of it are taken, evenly spread.
        loss: name or `Loss`; default: the one that the model was trained with, else the usual one for the data.

    Raises:
        ConfigError, DataError, ShapeError, DTypeError: if these do not go together.
    """

    def __init__(self, model: Module, data: Any, loss: Any = None) -> None:
        wanted = model.objective if loss is None else losses.get(loss)
        self.model = copy.deepcopy(model)
        rows = supervised(self.model, some_rows(given_data(self.model, data, wanted), MOST_ROWS), wanted)
        self.model.eval()
        self.loss, self.parameters = rows.loss, tuple(self.model.parameters())
        self.inputs, self.targets = Tensor.of(rows.inputs), Tensor.of(rows.targets)

    def __call__(self, weights: Floats) -> float:
        """The loss with these weights, in the order of `flat`."""
        with no_grad(), quiet():
            self._move_to(weights)
            return float(self._loss()._data)

    def with_gradient(self, weights: Floats) -> tuple[float, Floats]:
        """The loss, and its derivatives by all weights: 0 for those that are frozen or take no part."""
        trained = [parameter for parameter in self.parameters if parameter.requires_grad]
        with quiet():
            with no_grad():
                self._move_to(weights)
            with enable_grad():
                value = self._loss()
            found = grad(value, trained, allow_unused=True) if trained and value.requires_grad else ()
        by_place = {id(p): g for p, g in zip(trained, found, strict=False) if g is not None}
        parts = [
            by_place[id(p)]._data.astype(np.float64).reshape(-1) if id(p) in by_place else np.zeros(p._data.size)
            for p in self.parameters
        ]
        return float(value._data), np.concatenate(parts)

    def _loss(self) -> Tensor:
        value: Tensor = self.loss.forward(self.model(self.inputs), self.targets)
        return value

    def _move_to(self, weights: Floats) -> None:
        start = 0
        for parameter in self.parameters:
            stop = start + parameter._data.size
            parameter._assign(weights[start:stop].reshape(parameter.shape).astype(parameter.dtype))
            start = stop


def flat(model: Module, state: Mapping[str, Any]) -> Floats:
    """All weights of a state one after another, in the order of the model's parameters.

    Raises:
        UnknownNameError: if the state lacks one.
        ShapeError: if one has another shape.
        ConfigError: if the model has none.
    """
    parts = []
    for path, parameter in model.named_parameters():
        if path not in state:
            raise UnknownNameError("parameter of a state", path, list(state))
        values = np.asarray(getattr(state[path], "_data", state[path]), np.float64)
        if values.shape != tuple(parameter.shape):
            raise ShapeError(f"a state's {path!r} does not fit", expected=tuple(parameter.shape), got=values.shape)
        parts.append(values.reshape(-1))
    if not parts:
        raise ConfigError("the model has no weights")
    return np.concatenate(parts)
