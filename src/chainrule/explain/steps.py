"""What a trace consists of: steps with their inputs, and the values that gradients end at."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields, is_dataclass
from typing import Any

import numpy as np

from chainrule.explain.record import Record, plain

__all__ = ["Arrival", "Input", "LayerTrace", "Source", "Step", "shortened"]


@dataclass(frozen=True)
class Arrival(Record):
    """One of the terms that a gradient is the sum of.

    Attributes:
        user: name of the step that used the value.
        gradient: what it sent back: upstream × local derivative.
    """

    user: str
    gradient: np.ndarray


@dataclass(frozen=True)
class Input(Record):
    """One input of a step.

    Attributes:
        name: of the value; "" for a number that is written in the program.
        kind: "parameter", "input", "target", "buffer", "value" or "constant".
        value: its numbers.
        local: local derivative, for operations that work on each element alone; else None.
        downstream: upstream × local derivative, summed back to the input's shape; None for constants.
    """

    name: str
    kind: str
    value: np.ndarray
    local: np.ndarray | None
    downstream: np.ndarray | None


@dataclass(frozen=True)
class Step(Record):
    """One operation.

    Attributes:
        name: of the value that it makes, as `Trace.value` knows it.
        layer: path of the layer; "loss" for the loss, "" outside of layers.
        op: name of the row in the table of operations.
        formula, derivative: as the table has them.
        latex: the two in LaTeX.
        params: the operation's parameters, e.g. the dimension of a sum.
        inputs: what it was applied to.
        value: the result.
        upstream: gradient of the loss with respect to the result, the sum of `arrivals`.
        arrivals: one for each use of the result.
    """

    name: str
    layer: str
    op: str
    formula: str
    derivative: str
    latex: tuple[str, str]
    params: Mapping[str, Any]
    inputs: tuple[Input, ...]
    value: np.ndarray
    upstream: np.ndarray | None
    arrivals: tuple[Arrival, ...]


@dataclass(frozen=True)
class Source(Record):
    """A value that the computation starts from: a parameter, the input.

    Attributes:
        name: as `Trace.value` knows it.
        kind: what it is, as "parameter" or "input".
        value: its numbers.
        grad: gradient of the loss with respect to it; None if none was wanted.
        arrivals: one for each use of it.
    """

    name: str
    kind: str
    value: np.ndarray
    grad: np.ndarray | None
    arrivals: tuple[Arrival, ...]


@dataclass(frozen=True)
class LayerTrace(Record):
    """One call of a layer.

    Attributes:
        path: of the layer; "loss" for the loss.
        kind: its class.
        description: the layer with its arguments.
        steps: names of its steps; none, if it passes its input on.
    """

    path: str
    kind: str
    description: str
    steps: tuple[str, ...]


def shortened(value: Any, limit: int | None) -> Any:
    """As `record.plain`, with arrays of more than `limit` numbers replaced by shape, range, mean and a few numbers."""
    if isinstance(value, np.ndarray) and limit is not None and value.size > limit:
        return _summary(value)
    if is_dataclass(value) and not isinstance(value, type):
        named = (field.name for field in fields(value) if not field.name.startswith("_"))
        return {name: shortened(getattr(value, name), limit) for name in named}
    if isinstance(value, Mapping):
        return {str(key): shortened(item, limit) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [shortened(item, limit) for item in value]
    if isinstance(value, (slice, np.dtype, type)) or value is Ellipsis:  # indices and dtypes among parameters
        return str(value)
    return plain(value)


def _summary(array: np.ndarray) -> dict[str, Any]:
    numbers = array.astype(np.float64)
    return {
        "shape": list(array.shape),
        "min": plain(float(numbers.min())),
        "max": plain(float(numbers.max())),
        "mean": plain(float(numbers.mean())),
        "norm": plain(float(np.sqrt(np.square(numbers).sum()))),
        "first": plain(array.reshape(-1)[:5]),
    }
