"""The user's own units and names of a network's inputs and outputs, from the preprocessing that it was trained with."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from chainrule.data.encoders import DATE_PARTS, BooleanEncoder, CategoricalEncoder, DateEncoder, Encoder, NumericEncoder
from chainrule.data.inputs import TableInputs
from chainrule.errors import ConfigError, DTypeError, ShapeError
from chainrule.explain.algebra import Affine, Floats
from chainrule.nn.module import Module

__all__ = ["Units", "units_of"]


@dataclass(frozen=True)
class Units:
    """What the model sees is ``(x − center) / scale`` of what the user has.

    Attributes:
        names: of the inputs in the user's units; ``[species = "Adelie"]`` is 1 where that holds, else 0.
        center, scale: one number per input.
        outputs: names of the outputs.
        output_center, output_scale: ``center + scale·z`` turns the model's output into the user's units.
    """

    names: tuple[str, ...]
    center: Floats
    scale: Floats
    outputs: tuple[str, ...]
    output_center: float = 0.0
    output_scale: float = 1.0

    def fold_in(self, step: Affine) -> Affine:
        """The first affine step, on inputs in the user's units."""
        if step.weight.ndim == 1:
            weight = step.weight / self.scale
            return Affine(step.path, step.kind, weight, step.bias - weight * self.center)
        weight = step.weight / self.scale
        return Affine(step.path, step.kind, weight, step.bias - weight @ self.center)

    def to_model(self, x: Floats) -> Floats:
        """From the user's units to what the model sees, ``(…, n)``."""
        return (x - self.center) / self.scale

    def to_user(self, x: Floats) -> Floats:
        """From what the model sees to the user's units, ``(…, n)``."""
        return x * self.scale + self.center

    @property
    def is_plain(self) -> bool:
        """Whether the model sees what the user has."""
        return bool((self.center == 0).all() and (self.scale == 1).all())


def units_of(
    model: Module, inputs: int, outputs: int, names: Sequence[str] | None = None, scaling: bool = True
) -> Units:
    """Find out the units.

    Args:
        model: the network.
        inputs: how many numbers it takes.
        outputs: how many it gives.
        names: of the inputs; default: the data's, else x1, x2, …
        scaling: fold the preprocessing's scales in; otherwise inputs are what the model sees.

    Raises:
        ShapeError: if there are not as many names as inputs.
        ConfigError: if two names are the same.
    """
    fitted = model.preprocessing
    if fitted is not None and fitted.n_features != inputs:
        fitted = None
    known, center, scale = _plain(inputs) if fitted is None else _fitted(fitted.inputs, inputs, scaling)
    if not isinstance(names, Iterable | None):
        raise DTypeError("names of the inputs come as a list of text", got=type(names).__name__)
    chosen = known if names is None else tuple(str(name) for name in names)
    if len(chosen) != inputs:
        raise ShapeError("names do not fit the inputs", expected=f"{inputs} names", got=len(chosen))
    if len(set(chosen)) < len(chosen):
        raise ConfigError("two inputs have the same name", got=", ".join(chosen[:8]))
    mean, std = 0.0, 1.0
    if scaling and fitted is not None and fitted.task == "regression":
        mean, std = fitted.target_mean, fitted.target_std
    return Units(chosen, center, scale, _output_names(fitted, outputs), mean, std)


def _plain(inputs: int) -> tuple[tuple[str, ...], Floats, Floats]:
    return tuple(f"x{i + 1}" for i in range(inputs)), np.zeros(inputs), np.ones(inputs)


def _fitted(source: Any, inputs: int, scaling: bool) -> tuple[tuple[str, ...], Floats, Floats]:
    if not isinstance(source, TableInputs):
        factor = float(source.scale) if scaling else 1.0
        return tuple(source.feature_names), np.zeros(inputs), np.full(inputs, 1 / factor)
    parts = [_column(encoder) for encoder in source.encoders]
    center = np.concatenate([part[1] for part in parts])
    scale = np.concatenate([part[2] for part in parts])
    if not scaling:
        return source.feature_names, np.zeros(inputs), np.ones(inputs)
    return tuple(name for part in parts for name in part[0]), center, scale


def _column(encoder: Encoder) -> tuple[list[str], Floats, Floats]:
    """Names, centers and scales of one column's features."""
    name = encoder.name
    if isinstance(encoder, CategoricalEncoder):
        labels = encoder.categories[1:] if encoder.single else encoder.categories
        names = [f'[{name} = "{label}"]' for label in labels] + [f"[{name} is anything else]"] * encoder.rest
        count = len(names)
        return names, np.array(encoder.centers or [0.0] * count), np.array(encoder.scales or [1.0] * count)
    if isinstance(encoder, NumericEncoder):
        names, center, scale = [name], [encoder.center], [encoder.scale]
    elif isinstance(encoder, DateEncoder):
        names, center, scale = [f"{name} {part}" for part in DATE_PARTS], [*encoder.centers], [*encoder.scales]
    else:
        assert isinstance(encoder, BooleanEncoder)
        names, center, scale = [f"[{name}]"], [encoder.center], [encoder.scale]
    if encoder.indicator:
        names, center, scale = [*names, f"[{name} is missing]"], [*center, 0.0], [*scale, 1.0]
    return names, np.array(center), np.array(scale)


def _output_names(fitted: Any, outputs: int) -> tuple[str, ...]:
    if fitted is not None and fitted.classes is not None and len(fitted.classes) == outputs > 1:
        return tuple(fitted.classes)
    if outputs == 1:
        named = None if fitted is None or fitted.task != "regression" else fitted.target_name
        return (named or "y",)
    return tuple(f"y{i + 1}" for i in range(outputs))
