"""Using a network without leaving a trace in it."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

from chainrule.nn.module import Module

__all__ = ["evaluating"]


@contextlib.contextmanager
def evaluating(model: Module) -> Iterator[None]:
    """Evaluation mode for a block; afterwards every layer has the mode that it had (some may have been frozen)."""
    modes = [(module, module.training) for module in model.modules()]
    model.eval()
    try:
        yield
    finally:
        for module, mode in modes:
            module.training = mode
