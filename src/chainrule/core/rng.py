"""Random numbers.

Two sources, both pure functions of a seed:

* `generator`: one NumPy generator for initial weights, batch order and everything drawn on the host;
* `keep_mask`: a counter-based generator for dropout, a pure function of (seed, step, layer, element).  Any engine
  can compute any mask alone, in any order and on any device, and gets the same bits.
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from chainrule.core.device import require_cpu
from chainrule.errors import ConfigError

__all__ = [
    "Generator",
    "at_step",
    "generator",
    "get_rng_state",
    "initial_seed",
    "keep_mask",
    "manual_seed",
    "next_mask",
    "set_rng_state",
    "set_step",
]

_WORD = 0xFFFFFFFF


class Generator(np.random.Generator):
    """A NumPy generator with PyTorch's methods, for functions that take a ``generator``.

    Args:
        device: None or the CPU.
    """

    def __init__(self, device: Any = None) -> None:
        require_cpu(device)
        super().__init__(np.random.PCG64())
        self._seed = 0

    def manual_seed(self, seed: int) -> Generator:
        """Start anew from `seed`, with the numbers that ``manual_seed(seed)`` gives everywhere else; returns itself."""
        self.bit_generator.state = np.random.PCG64(_checked_seed(seed)).state
        self._seed = int(seed)
        return self

    def initial_seed(self) -> int:
        """The seed last given to `manual_seed` (0 before the first call)."""
        return self._seed


class _State(threading.local):
    def __init__(self) -> None:
        self.seed: int = 0
        self.generator = np.random.default_rng()
        self.step: Any = None
        self.free_step = 0
        self.layer = 0


_state = _State()


def manual_seed(seed: Any) -> np.random.Generator:
    """Start this thread's random numbers anew from `seed`; returns the generator.

    Raises:
        ConfigError: if `seed` is not a non-negative integer.
    """
    _state.seed, _state.free_step = _checked_seed(seed), 0
    _state.generator = np.random.default_rng(int(seed))
    return _state.generator


def _checked_seed(seed: Any) -> int:
    if isinstance(seed, bool) or not isinstance(seed, (int, np.integer)) or seed < 0:
        raise ConfigError("bad seed", expected="a non-negative integer", got=repr(seed))
    return int(seed)


def initial_seed() -> int:
    """The seed last given to `manual_seed` (0 before the first call)."""
    return _state.seed


def generator() -> np.random.Generator:
    """This thread's NumPy generator; seeded from the operating system until `manual_seed` is called."""
    return _state.generator


def get_rng_state() -> dict[str, Any]:
    """This thread's random state, JSON-able: the seed, how many free masks were drawn, and the generator's state."""
    return {"seed": _state.seed, "masks": _state.free_step, "generator": _state.generator.bit_generator.state}


def set_rng_state(state: Mapping[str, Any]) -> None:
    """Go on exactly where `get_rng_state` was called.

    Raises:
        ConfigError: if `state` is no such state; then nothing has changed.
    """
    fresh = np.random.default_rng(0)
    try:
        seed, masks = _checked_seed(state["seed"]), _checked_seed(state["masks"])
        fresh.bit_generator.state = state["generator"]
    except (KeyError, TypeError, ValueError, OverflowError) as error:
        raise ConfigError("not a state of the random numbers", expected="what get_rng_state returned") from error
    _state.seed, _state.free_step = seed, masks
    _state.generator.bit_generator.state = fresh.bit_generator.state


@contextlib.contextmanager
def at_step(seed: int, step: Any) -> Iterator[None]:
    """Fix the counters of `next_mask` to training step `step`: the n-th mask asked for belongs to layer n."""
    before = _state.seed, _state.step, _state.layer
    _state.seed, _state.step, _state.layer = seed, step, 0
    try:
        yield
    finally:
        _state.seed, _state.step, _state.layer = before


def set_step(step: Any) -> None:
    """Go on to another training step, within `at_step`."""
    _state.step, _state.layer = step, 0


def next_mask(xp: Any, shape: tuple[int, ...], p: float) -> Any:
    """The mask for the next dropout layer of the present step; outside `at_step` each call is a step of its own."""
    if _state.step is None:
        _state.free_step += 1
        return keep_mask(xp, _state.seed, _state.free_step, 0, shape, p)
    layer = _state.layer
    _state.layer += 1
    return keep_mask(xp, _state.seed, _state.step, layer, shape, p)


def keep_mask(xp: Any, seed: int, step: Any, layer: int, shape: tuple[int, ...], p: float) -> Any:
    """Which elements dropout keeps: ``mix(mix(element + k₂) ^ k₁) ≥ p·2³²``, k₁ and k₂ hashed from the other three.

    Args:
        xp: array namespace to compute in.
        seed: up to 64 bits.
        step: training step; an int, or an integer array scalar (as inside a compiled loop).
        layer: number of the dropout layer within the step, from 0.
        shape: of the mask; element numbers run in C order.
        p: probability that an element is dropped.

    Returns:
        a boolean array, True where kept.

    The mixing function is the 32-bit ``lowbias32`` of Chris Wellons, *Prospecting for Hash Functions*, 2018.
    """
    low, high = seed & _WORD, (seed >> 32) & _WORD
    base = _mix_int(low ^ _mix_int((high + 0x9E3779B9) & _WORD))
    if isinstance(step, (int, np.integer)):
        stepped: Any = _mix_int((base + int(step) * 0x85EBCA6B) & _WORD)
        k2: Any = _mix_int((stepped + (layer + 1) * 0xC2B2AE35) & _WORD)
        stepped, k2 = np.uint32(stepped), np.uint32(k2)
    else:
        counter = xp.astype(xp.reshape(step, (1,)), np.uint32)
        stepped = _mix(counter * np.uint32(0x85EBCA6B) + np.uint32(base))
        k2 = _mix(stepped + np.uint32(((layer + 1) * 0xC2B2AE35) & _WORD))
    size = 1
    for length in shape:
        size *= length
    element = xp.arange(size, dtype=np.uint32)
    bits = _mix(_mix(element + k2) ^ stepped)
    return xp.reshape(bits >= np.uint32(min(round(p * 2**32), _WORD)), shape)


def _mix(x: Any) -> Any:
    x = (x ^ (x >> 16)) * np.uint32(0x7FEB352D)
    x = (x ^ (x >> 15)) * np.uint32(0x846CA68B)
    return x ^ (x >> 16)


def _mix_int(x: int) -> int:
    x = ((x ^ (x >> 16)) * 0x7FEB352D) & _WORD
    x = ((x ^ (x >> 15)) * 0x846CA68B) & _WORD
    return x ^ (x >> 16)
