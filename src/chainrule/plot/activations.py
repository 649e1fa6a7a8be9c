"""Activation functions with their derivatives, from the table of operations."""

from __future__ import annotations

import math
import os
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from chainrule import nn
from chainrule.core.tensor import Tensor
from chainrule.errors import ConfigError, DTypeError, UnknownNameError
from chainrule.nn.activation import Activation, LogSoftmax, Softmax
from chainrule.plot import canvas

__all__ = ["activation", "activations"]

_KINDS: dict[str, Callable[[], nn.Module]] = {
    "step": nn.Step,
    "sigmoid": nn.Sigmoid,
    "tanh": nn.Tanh,
    "hardtanh": nn.Hardtanh,
    "relu": nn.ReLU,
    "relu6": nn.ReLU6,
    "leaky_relu": nn.LeakyReLU,
    "elu": nn.ELU,
    "selu": nn.SELU,
    "softplus": nn.Softplus,
    "gelu": nn.GELU,
    "silu": nn.SiLU,
    "mish": nn.Mish,
}
_POINTS = 801
# A curve that moves by more than this share of its range from one point to the next has a jump there.
_JUMP = 0.2


def activation(
    function: str | nn.Module,
    path: str | os.PathLike[str] | None = None,
    *,
    bounds: tuple[float, float] = (-5.0, 5.0),
    ax: Any = None,
    title: str | None = None,
    lang: str | None = None,
) -> Any:
    """Draw one activation function and its derivative, as the table of operations computes the two.

    Args:
        function: name of the operation ("relu", "leaky_relu", …), or the layer, with its arguments.
        path: file to write, if any.
        bounds: left and right end of the axis.
        ax: axes to draw into.
        title: heading; default: the layer.
        lang: "en" or "ko".

    Returns:
        matplotlib's ``Figure``.

    Raises:
        UnknownNameError: for a name that is none; softmax works on several numbers and has no curve.
        DTypeError: for a layer that is no activation of single numbers.
        ConfigError: for bounds that make no sense.
        MissingDependencyError: if matplotlib is not installed.
    """
    layer, x = _layer(function), _points(bounds)
    with canvas.drawing():
        if ax is None:
            figure = canvas.new_figure(4.4, 3.4)
            ax = figure.add_subplot()
        _curves(ax, layer, x, title, lang)
        ax.legend(loc="upper left", handlelength=2.6)
        return canvas.save(ax.figure, path)


def activations(
    path: str | os.PathLike[str] | None = None,
    *,
    functions: Sequence[str | nn.Module] | None = None,
    bounds: tuple[float, float] = (-5.0, 5.0),
    title: str | None = None,
    lang: str | None = None,
) -> Any:
    """Draw activation functions with their derivatives, on axes of one scale.

    Args:
        path: file to write, if any.
        functions: names or layers; default: every activation that there is.
        bounds: left and right end of the axes.
        title: heading.
        lang: "en" or "ko".

    Returns:
        matplotlib's ``Figure``.

    Raises:
        UnknownNameError, DTypeError: as `activation`.
        ConfigError: for bounds that make no sense, or no function at all.
        MissingDependencyError: if matplotlib is not installed.
    """
    x, layers = _points(bounds), [_layer(one) for one in (_KINDS if functions is None else functions)]
    if not layers:
        raise ConfigError("there is no activation to draw")
    with canvas.drawing():
        across = min(5, len(layers))
        down = math.ceil(len(layers) / across)
        figure = canvas.new_figure(max(2.6 * across, 4.4), 2.3 * down + 0.5 * (down == 1))
        panels: list[Any] = []
        for i, layer in enumerate(layers):
            first = panels[0] if panels else None
            panels.append(figure.add_subplot(down, across, i + 1, sharex=first, sharey=first))
            _curves(panels[-1], layer, x, type(layer).__name__ if functions is None else None, lang)
        panels[0].set_ylim(-2, 3)
        if functions is None:  # in the room that is left in the last row
            keys = panels[0].get_legend_handles_labels()
            figure.legend(*keys, loc="lower right", bbox_to_anchor=(0.93, 0.12), fontsize=12, handlelength=2.6)
        else:
            panels[0].legend(loc="upper left", handlelength=2.6)
        figure.suptitle(title or canvas.caption("activations", lang), x=0.01, ha="left", fontsize=12, weight="bold")
        return canvas.save(figure, path)


def _layer(function: str | nn.Module) -> nn.Module:
    if isinstance(function, str):
        key = function.lower()
        names = {**_KINDS, **{type(kind()).__name__.lower(): kind for kind in _KINDS.values()}}
        if key not in names:
            raise UnknownNameError("activation", function, list(_KINDS))
        return names[key]()
    if not isinstance(function, Activation) or isinstance(function, (Softmax, LogSoftmax)):
        raise DTypeError(
            "only an activation of single numbers has a curve",
            expected="a name or a layer such as nn.ReLU()",
            got=type(function).__name__,
        )
    return function


def _points(bounds: tuple[float, float]) -> np.ndarray:
    ends = np.asarray(bounds, float).reshape(-1)
    if ends.shape != (2,) or not np.isfinite(ends).all() or ends[0] >= ends[1]:
        raise ConfigError("bad bounds", expected="(left, right) with left < right", got=bounds)
    return np.linspace(ends[0], ends[1], _POINTS)


def _curves(ax: Any, layer: nn.Module, x: np.ndarray, title: str | None, lang: str | None) -> None:
    points = Tensor(x, requires_grad=True)
    y = layer(points)
    y.sum().backward()
    slopes = np.zeros_like(x) if points.grad is None else points.grad._data
    for edge in ("left", "bottom"):
        ax.spines[edge].set_visible(False)
    ax.axhline(0, color=canvas.GREY, lw=0.7, zorder=1)
    ax.axvline(0, color=canvas.GREY, lw=0.7, zorder=1)
    ax.plot(x, _broken(y._data), color=canvas.COLORS[0], lw=2, label=canvas.caption("function", lang))
    ax.plot(
        x, _broken(slopes), color=canvas.COLORS[1], lw=1.8, ls=(0, (4, 1.6)), label=canvas.caption("derivative", lang)
    )
    ax.tick_params(length=0)
    ax.grid(color=canvas.FAINT, lw=0.7)
    ax.set_axisbelow(True)
    ax.set_title(repr(layer) if title is None else title)


def _broken(values: np.ndarray) -> np.ndarray:
    """Leave out one point at each jump, so that it is not drawn as a slope."""
    shown = np.array(values, float)
    span = float(np.ptp(shown)) or 1.0
    shown[1:][np.abs(np.diff(values)) > _JUMP * span] = np.nan
    return shown
