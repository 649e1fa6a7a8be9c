"""Networks made from seeds, without a trace in the program's own random numbers."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from typing import Any

from chainrule.core import rng
from chainrule.errors import DTypeError
from chainrule.nn.module import Module

__all__ = ["check_build", "random_numbers_kept"]


def check_build(build: Any) -> Callable[[], Module]:
    """Return `build` if it can make networks.

    Raises:
        DTypeError: if it is a network itself, or cannot be called.
    """
    if isinstance(build, Module) or not callable(build):
        raise DTypeError(
            "build makes a network", expected="a function without arguments", got=type(build).__name__,
            fix="Pass lambda: nn.Sequential(…)",
        )  # fmt: skip
    return build  # type: ignore[no-any-return]


@contextlib.contextmanager
def random_numbers_kept() -> Iterator[None]:
    """Let the program's random numbers go on after a block as if nothing had been drawn in it."""
    seed, before = rng.initial_seed(), rng.generator().bit_generator.state
    try:
        yield
    finally:
        rng.manual_seed(seed).bit_generator.state = before
