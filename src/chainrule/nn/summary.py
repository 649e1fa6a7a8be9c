"""`summary`: the layers of a model, the shapes between them, and how many parameters each has."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np

from chainrule.errors import ConfigError
from chainrule.nn.checks import shape_text
from chainrule.nn.linear import Linear
from chainrule.nn.module import Module
from chainrule.nn.norm import BatchNorm1d, LayerNorm
from chainrule.nn.probe import probed_shape
from chainrule.nn.scale import Scale

__all__ = ["LayerSummary", "Summary", "summary"]

Shape = tuple[int, ...]


@dataclasses.dataclass(frozen=True)
class LayerSummary:
    """One line of the table: a module without children, or with parameters of its own."""

    path: str
    type: str
    output_shape: Shape | None
    """Without the batch dimension; None where it is not known."""
    parameters: int
    trainable: int


@dataclasses.dataclass(frozen=True)
class Summary:
    """What `summary` returns; `str` makes a table of it."""

    model: str
    input_shape: Shape | None
    layers: tuple[LayerSummary, ...]
    parameters: int
    trainable: int
    buffers: int
    """Numbers that belong to the state and are not trained, such as running statistics."""
    bytes: int
    """Memory of parameters and buffers."""

    def __str__(self) -> str:
        header = ("Layer", "Type", "Output shape", "Parameters")
        rows = [(one.path, one.type, shape_text(one.output_shape), f"{one.parameters:,}") for one in self.layers]
        widths = [max(len(row[column]) for row in [header, *rows]) for column in range(4)]
        width = sum(widths) + 3 * 3 + 2
        lines = [
            f"{self.model}, input {shape_text(self.input_shape)}",
            "━" * width,
            _line(header, widths),
            "─" * width,
        ]
        lines += [_line(row, widths) for row in rows]
        lines += ["━" * width, f" Parameters: {self.parameters:,} ({_size_text(self.bytes)})"]
        if self.trainable != self.parameters:
            lines.append(f" Trainable: {self.trainable:,}, frozen: {self.parameters - self.trainable:,}")
        if self.buffers:
            lines.append(f" Running statistics: {self.buffers:,}")
        return "\n".join(lines)

    __repr__ = __str__

    def to_dict(self) -> dict[str, Any]:
        """The same as JSON can hold it."""
        return dataclasses.asdict(self)


def summary(model: Module, input_shape: Shape | None = None) -> Summary:
    """List a model's layers, their output shapes and parameter counts.

    Args:
        model: any module.
        input_shape: of one example, without the batch dimension; default: guessed from the first layer that has sizes
            (`Linear`, `Scale`, `BatchNorm1d`, `LayerNorm`), and if there is none, shapes are left out.

    Raises:
        ShapeError: if the model cannot take the given shape; names the layers that do not fit.
        ConfigError: if `input_shape` is not a shape.
    """
    shape = _guessed(model) if input_shape is None else _checked(input_shape)
    shapes = {} if shape is None else _shapes_within(model, shape)
    counted: set[int] = set()
    layers = []
    for path, module in model.named_modules():
        own = [parameter for parameter in module.parameters(recurse=False) if id(parameter) not in counted]
        counted.update(map(id, own))
        if own or not any(True for _ in module.children()):
            total, trainable = _count(own), _count([one for one in own if one.requires_grad])
            layers.append(LayerSummary(path, type(module).__name__, shapes.get(id(module)), total, trainable))
    parameters, buffers = list(model.parameters()), list(model.buffers())
    return Summary(
        model=type(model).__name__,
        input_shape=shape,
        layers=tuple(layers),
        parameters=_count(parameters),
        trainable=_count([one for one in parameters if one.requires_grad]),
        buffers=_count(buffers),
        bytes=sum(int(one._data.nbytes) for one in [*parameters, *buffers]),
    )


def _guessed(model: Module) -> Shape | None:
    for module in model.modules():
        if isinstance(module, Linear):
            return (module.in_features,)
        if isinstance(module, (BatchNorm1d, Scale)):
            return (module.num_features,)
        if isinstance(module, LayerNorm):
            return module.normalized_shape
    return None


def _checked(shape: Any) -> Shape:
    sizes = (shape,) if isinstance(shape, (int, np.integer)) else shape
    if not isinstance(sizes, (tuple, list)) or not all(isinstance(n, (int, np.integer)) and n >= 0 for n in sizes):
        raise ConfigError("bad input_shape", expected="sizes without the batch dimension, e.g. (784,)", got=repr(shape))
    return tuple(int(size) for size in sizes)


def _shapes_within(model: Module, shape: Shape) -> dict[int, Shape]:
    """Every module's output shape, found by sending two rows of zeros through the model."""
    found: dict[int, Shape] = {}

    def note(module: Module, args: tuple[Any, ...], output: Any) -> None:
        if hasattr(output, "shape"):
            found[id(module)] = tuple(output.shape[1:])

    handles = [module.register_forward_hook(note) for module in model.modules()]
    try:
        probed_shape(model, shape)
    finally:
        for handle in handles:
            handle.remove()
    return found


def _count(tensors: list[Any]) -> int:
    return sum(tensor.numel() for tensor in tensors)


def _size_text(size: float) -> str:
    for unit in ("B", "KB", "MB"):
        if size < 1024:
            return f"{size:.0f} {unit}" if unit == "B" else f"{size:.1f} {unit}"
        size /= 1024
    return f"{size:.1f} GB"


def _line(cells: tuple[str, ...], widths: list[int]) -> str:
    *texts, number = (cell.ljust(width) for cell, width in zip(cells, widths, strict=True))
    return " " + "   ".join([*texts, number.strip().rjust(widths[-1])])
