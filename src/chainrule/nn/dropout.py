"""`Dropout`."""

from __future__ import annotations

from typing import Any

from chainrule.core import ops, rng
from chainrule.core.op import namespace
from chainrule.nn.checks import probability, shape_of
from chainrule.nn.module import Module

__all__ = ["Dropout", "dropout"]


def dropout(input: Any, p: float = 0.5, training: bool = True) -> Any:
    """x·mask/(1 - p) in training, x otherwise; see `Dropout`."""
    if not training or p == 0:
        return input
    x = getattr(input, "_data", input)
    xp = namespace((x,))
    scale = 0.0 if p == 1 else 1 / (1 - p)
    return ops.mul(input, xp.astype(rng.next_mask(xp, tuple(x.shape), p), x.dtype) * scale)


class Dropout(Module):
    """x·mask/(1 - p), where the mask is 0 with probability p, else 1; in evaluation mode x (Srivastava et al. 2014).

    The masks are a pure function of seed, step, layer and element (see `core.rng`), so that all engines drop the same.

    Args:
        p: probability that an element is dropped.
        inplace: accepted for PyTorch's sake.

    Raises:
        ConfigError: if p is not a probability.
    """

    keeps_shape = True
    arguments = ("p",)

    def __init__(self, p: float = 0.5, inplace: bool = False) -> None:
        super().__init__()
        self.p, self.inplace = probability(p, "p"), bool(inplace)

    def forward(self, input: Any) -> Any:
        shape_of(input, self)
        return dropout(input, self.p, self.training)

    def extra_repr(self) -> str:
        return f"p={self.p}, inplace={self.inplace}"
