"""One training on two engines, and what has to be the same afterwards."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest

import chainrule as cr
from chainrule.engines import available, native
from chainrule.engines.threads import Crew

ENGINES = ("eager", "native")
THREADS = (1, 2, 3, 5)
TOLERANCE = {"float64": (1e-8, 1e-10), "float32": (5e-3, 5e-4)}

needs_native = pytest.mark.skipif("native" not in available(), reason="the native engine is not built (make native)")


@dataclass
class Trained:
    """What a training leaves behind.

    Attributes:
        curves: of the history, by name.
        state: parameters and buffers, by path.
        optimizer: the optimiser's state arrays and step counts, by path and name.
        stopped: why it ended early, or None.
        engine: which one ran it.
    """

    curves: dict[str, np.ndarray]
    state: dict[str, np.ndarray]
    optimizer: dict[str, np.ndarray]
    stopped: str | None
    engine: str


def trained(model: Any, history: Any, optimizer: Any = None) -> Trained:
    """Copies of everything."""
    slots = {} if optimizer is None else optimizer.state
    return Trained(
        {name: np.array(values) for name, values in history.items()},
        {path: np.array(value._data) for path, value in model.state_dict().items()},
        {f"{path}/{name}": np.array(value) for path, kept in slots.items() for name, value in kept.items()},
        history.stopped,
        history.engine,
    )


def assert_alike(got: Trained, wanted: Trained, dtype: str) -> None:
    """Equal curves and states up to the rounding of another order of additions."""
    rtol, atol = TOLERANCE[dtype]
    assert got.stopped == wanted.stopped
    for kind in ("curves", "state", "optimizer"):
        mine, theirs = getattr(got, kind), getattr(wanted, kind)
        assert mine.keys() == theirs.keys(), kind
        for name, values in theirs.items():
            assert mine[name].dtype == values.dtype, name
            # Moments of gradients that nearly cancel lose more digits than the weights do.
            room = 5 * atol if kind == "optimizer" else atol
            np.testing.assert_allclose(mine[name], values, rtol=rtol, atol=room, err_msg=f"{kind} {name}")


def assert_same_bits(got: Trained, wanted: Trained) -> None:
    assert got.stopped == wanted.stopped
    for kind in ("curves", "state", "optimizer"):
        mine, theirs = getattr(got, kind), getattr(wanted, kind)
        assert mine.keys() == theirs.keys(), kind
        for name, values in theirs.items():
            np.testing.assert_array_equal(mine[name], values, err_msg=f"{kind} {name}")


@contextlib.contextmanager
def threads(count: int) -> Iterator[None]:
    """The native engine takes that many threads, however little there is to do, and however busy the machine is."""
    before = native._threads, Crew.run
    native._threads = lambda lowered, rows: count  # type: ignore[assignment]
    Crew.run = lambda crew, most, steps, work: work(most)  # type: ignore[method-assign]
    try:
        yield
    finally:
        native._threads, Crew.run = before  # type: ignore[method-assign]


def assert_parity(train: Callable[[str], Trained], dtype: str, counts: tuple[int, ...] = THREADS) -> Trained:
    """`train` on the eager engine, and on the native one with several numbers of threads; returns what eager gave."""
    wanted = train("eager")
    first: Trained | None = None
    for count in counts:
        with threads(count):
            got = train("native")
        assert got.engine == "native"
        if first is None:
            assert_alike(got, wanted, dtype)
            first = got
        else:
            assert_same_bits(got, first)
    return wanted


def rebuilt(build: Callable[[], Any], dtype: str, scale: float = 0.5) -> Any:
    """A model from `build` in that dtype, with weights that do not depend on anything but their shapes."""
    model = build()
    model.to(dtype)
    rng = np.random.default_rng(3)
    with cr.no_grad():
        for name, p in model.named_parameters():
            values = rng.uniform(-scale, scale, tuple(p.shape)) / np.sqrt(p.shape[-1])
            p.copy_((1 + values if name.endswith("weight") and len(p.shape) == 1 else values).astype(dtype))
    return model
