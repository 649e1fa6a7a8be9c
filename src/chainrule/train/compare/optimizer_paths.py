"""`optimizer_paths`: the ways that optimisers take down a function of two variables."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from chainrule import optim
from chainrule.core.mode import no_grad, quiet
from chainrule.core.tensor import Tensor
from chainrule.errors import ChainruleError, ConfigError, DTypeError, ShapeError
from chainrule.explain.record import Record
from chainrule.explain.wording import number
from chainrule.messages import text
from chainrule.nn.parameter import Parameter
from chainrule.train.compare.rates import entrants, title
from chainrule.train.evaluation import check_count

__all__ = ["OptimizerPath", "OptimizerPaths", "optimizer_paths"]

_NAMES = ("sgd", "momentum", "adagrad", "adam")
# Which suit x²/20 + y²; SGD's is near the 1 at which y stops shrinking.
_USUAL = {"sgd": 0.95, "momentum": 0.1, "nesterov": 0.1, "adagrad": 1.5, "rmsprop": 0.3, "adam": 0.3, "adamw": 0.3,
          "adadelta": 1.0}  # fmt: skip
_GRID = 101
_FAR = 3.0  # times the start's distance: what lies beyond is left out of the picture
_EDGE = 0.2

Function = Callable[[Any, Any], Any]


@dataclass(frozen=True)
class OptimizerPath(Record):
    """One optimiser's way.

    Attributes:
        name: of the optimiser.
        lr: its learning rate.
        points: (x, y) before the first and after each step, shape (steps + 1, 2).
        values: f there.
        finite: whether it came to the last step; a path ends before the first number that is not finite.
    """

    name: str
    lr: float
    points: np.ndarray
    values: np.ndarray
    finite: bool

    @property
    def title(self) -> str:
        """The optimiser's name as people write it."""
        return title(self.name)

    @property
    def length(self) -> float:
        """The sum of the lengths of its steps."""
        return float(np.linalg.norm(np.diff(self.points, axis=0), axis=1).sum())


@dataclass(frozen=True)
class OptimizerPaths(Record):
    """What `optimizer_paths` measured.

    Attributes:
        paths: one for each optimiser.
        start: where they begin.
        steps: how many they take.
        x, y: a grid around the paths.
        z: f on it, shape (len(y), len(x)).
        minimum: where f is smallest, for the default function; else None.
        formula: f as people write it; None for a function of one's own.
    """

    paths: tuple[OptimizerPath, ...]
    start: tuple[float, float]
    steps: int
    x: np.ndarray
    y: np.ndarray
    z: np.ndarray
    minimum: tuple[float, float] | None
    formula: str | None

    def lines(self, lang: str | None = None) -> list[str]:
        """What was measured, and what that says, as lines to print."""
        head = {
            "formula": self.formula or "f(x, y)",
            "x": number(self.start[0]),
            "y": number(self.start[1]),
            "steps": self.steps,
        }
        return [text("compare.paths", lang, **head), *self._paths(lang), *self._verdict(lang)]

    def _paths(self, lang: str | None) -> Iterator[str]:
        for path in self.paths:
            x, y = (number(value, 3) for value in path.points[-1])
            numbers = {"start": float(path.values[0]), "end": float(path.values[-1]), "x": x, "y": y}
            name = {"name": path.title, "lr": path.lr, "steps": len(path.points) - 1}
            yield text("compare.path" if path.finite else "compare.path_lost", lang, **name, **numbers,
                       length=path.length)  # fmt: skip

    def _verdict(self, lang: str | None) -> Iterator[str]:
        there = [path for path in self.paths if path.finite]
        if len(there) > 1:
            best = min(there, key=lambda path: float(path.values[-1]))
            numbers = {"value": float(best.values[-1]), "steps": self.steps}
            yield text("compare.lowest_path", lang, name=best.title, **numbers)
            yield text("compare.at_these_rates", lang)


def optimizer_paths(
    f: Function | None = None,
    start: tuple[float, float] = (-7.0, 2.0),
    *,
    names: Sequence[str] | Mapping[str, Mapping[str, Any]] = _NAMES,
    lr: float | Mapping[str, float] | None = None,
    steps: int = 30,
    bounds: tuple[float, float, float, float] | None = None,
) -> OptimizerPaths:
    """Let optimisers walk down a function of two variables, in double precision.

    The default function is long and narrow: its gradient (x/10, 2y) hardly points to the minimum at (0, 0).

    Args:
        f: (x, y) -> f, written with tensor operations, element by element; default: x²/20 + y².
        start: where all begin.
        names: as for `optimizers`.
        lr: one learning rate for all, or one for each name; default: such as suit the default function (SGD 0.95,
            momentum 0.1, Adagrad 1.5, RMSprop and Adam 0.3).
        steps: how many each takes.
        bounds: (x₀, x₁, y₀, y₁) of the grid on which f is kept for pictures; default: around the paths.

    Returns:
        `OptimizerPaths`.

    Raises:
        UnknownNameError, ConfigError, DTypeError: for optimisers that do not exist, or arguments that make no sense.
        ShapeError: if f does not return one number per point.

    >>> paths = optimizer_paths(names=["sgd"], steps=1).paths
    >>> paths[0].points[1].round(3).tolist()  # (−7, 2) − 0.95·(−0.7, 4)
    [-6.335, -1.8]
    """
    wanted = entrants(names, lr, _USUAL)
    check_count("steps", steps)
    try:
        x, y = (float(value) for value in start)
    except (TypeError, ValueError):
        raise DTypeError("bad start", expected="two numbers (x, y)", got=repr(start)[:80]) from None
    if not (math.isfinite(x) and math.isfinite(y)):
        raise ConfigError("bad start", expected="two finite numbers", got=start)
    if f is not None and not callable(f):
        raise DTypeError("f is a function of x and y", got=type(f).__name__, fix="E.g. lambda x, y: x**2 / 20 + y**2")
    function = f or _valley
    paths = tuple(_path(name, config, function, (x, y), steps) for name, config in wanted.items())
    left, right, bottom, top = _around(paths, (x, y)) if bounds is None else _checked(bounds)
    across, up = np.linspace(left, right, _GRID), np.linspace(bottom, top, _GRID)
    minimum, formula = ((0.0, 0.0), "f(x, y) = x²/20 + y²") if f is None else (None, None)
    return OptimizerPaths(paths, (x, y), int(steps), across, up, _on_grid(function, across, up), minimum, formula)


def _valley(x: Any, y: Any) -> Any:
    return x * x / 20 + y * y


def _path(name: str, config: Mapping[str, Any], f: Function, start: tuple[float, float], steps: int) -> OptimizerPath:
    x, y = (Parameter(np.array(value, np.float64)) for value in start)
    optimizer = optim.get(config, [("x", x), ("y", y)])
    points, values = [start], [float(_value(f, x, y)._data)]
    if not math.isfinite(values[0]):
        raise ConfigError("f is not finite at the start", got=values[0], where=f"({start[0]:g}, {start[1]:g})")
    with quiet():
        for _ in range(steps):
            optimizer.zero_grad()
            _value(f, x, y).backward()
            optimizer.step()
            point, value = (float(x._data), float(y._data)), float(_value(f, x, y)._data)
            if not all(map(math.isfinite, (*point, value))):
                break
            points.append(point)
            values.append(value)
    rate = float(optimizer.param_groups[0]["lr"])
    return OptimizerPath(name, rate, np.array(points), np.array(values), len(points) == steps + 1)


def _value(f: Function, x: Tensor, y: Tensor) -> Tensor:
    value = f(x, y)
    if not isinstance(value, Tensor) or value.numel() != 1:
        got = f"shape {tuple(value.shape)}" if isinstance(value, Tensor) else type(value).__name__
        raise ShapeError("f does not return one number", expected="a tensor made from x and y", got=got)
    return value.reshape(())


def _around(paths: Sequence[OptimizerPath], start: tuple[float, float]) -> tuple[float, float, float, float]:
    """A frame around the points, without those that ran far away, and with some room."""
    far = _FAR * max(abs(start[0]), abs(start[1]), 1.0)
    points = np.concatenate([path.points for path in paths])
    near = points[(np.abs(points) <= far).all(axis=1)]
    frame = []
    for axis in (0, 1):
        values = near[:, axis] if len(near) else np.array([start[axis]])
        room = _EDGE * max(float(np.ptp(values)), 1.0)
        frame += [float(values.min()) - room, float(values.max()) + room]
    return frame[0], frame[1], frame[2], frame[3]


def _checked(bounds: Any) -> tuple[float, float, float, float]:
    try:
        left, right, bottom, top = (float(value) for value in bounds)
    except (TypeError, ValueError):
        raise DTypeError("bad bounds", expected="four numbers (x₀, x₁, y₀, y₁)", got=repr(bounds)[:80]) from None
    if not (left < right and bottom < top and all(map(math.isfinite, (left, right, bottom, top)))):
        raise ConfigError("bad bounds", expected="x₀ < x₁ and y₀ < y₁", got=bounds)
    return left, right, bottom, top


def _on_grid(f: Function, across: np.ndarray, up: np.ndarray) -> np.ndarray:
    """f at every point of the grid at once, or one by one if it is not written element by element."""
    x, y = np.meshgrid(across, up)
    with no_grad(), quiet():
        try:
            found = f(Tensor.of(x), Tensor.of(y))
        except (ChainruleError, TypeError, ValueError):
            found = None
        if isinstance(found, Tensor) and tuple(found.shape) == x.shape:
            return np.asarray(found._data, np.float64)
        flat = zip(x.reshape(-1).tolist(), y.reshape(-1).tolist(), strict=True)
        values = [float(_value(f, Tensor.of(np.array(a)), Tensor.of(np.array(b)))._data) for a, b in flat]
    return np.array(values).reshape(x.shape)
