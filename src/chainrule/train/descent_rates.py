"""A small, a right and a large learning rate for gradient descent."""

from __future__ import annotations

import numpy as np

from chainrule.explain.loss_at import Floats, LossAt
from chainrule.train.range_test import read_curve
from chainrule.train.steepest import behaviour, descend

__all__ = ["chosen_rates"]

_LOW, _HIGH, _STEPS = 1e-4, 1e2, 60
_MOST_DOUBLINGS = 14
_SMALL = 1 / 10
_FAR_LESS = 0.5  # of what the right rate achieves


def chosen_rates(loss_at: LossAt, start: Floats, trained: Floats, steps: int) -> tuple[float, float, float]:
    """Find the three rates by a range test and by trying; see `learning_rates`.

    Args:
        loss_at: the loss.
        start: all weights.
        trained: 1 for weights that move, 0 for the others.
        steps: of the descent that the rates are meant for.
    """

    def tried(rate: float) -> tuple[float, float, str]:
        losses = descend(loss_at, start, trained, rate, steps, keep=False).losses
        return rate, float(losses[-1]), behaviour(losses)

    first = tried(_rounded(_ramp(loss_at, start, trained)))
    for _ in range(_MOST_DOUBLINGS):
        if first[2] == "converges":
            break
        first = tried(_rounded(first[0] / 2))
    found = [first]
    while found[-1][2] != "diverges" and len(found) <= _MOST_DOUBLINGS:
        found.append(tried(_rounded(2 * found[-1][0])))
    failing = next((i for i, one in enumerate(found) if one[2] != "converges"), len(found) - 1)
    right = min(found[: max(failing, 1)], key=lambda one: one[1])
    large = found[-1] if found[-1][2] == "diverges" else found[failing]
    before = loss_at(start)
    small = tried(_rounded(_SMALL * right[0]))
    for _ in range(_MOST_DOUBLINGS):
        if before - small[1] < _FAR_LESS * (before - right[1]):
            break
        small = tried(_rounded(small[0] / 2))
    return small[0], right[0], large[0]


def _ramp(loss_at: LossAt, start: Floats, trained: Floats) -> float:
    """The rate that a range test suggests, or one to begin with where the loss does not fall."""
    rates = np.geomspace(_LOW, _HIGH, _STEPS)
    losses = descend(loss_at, start, trained, rates, _STEPS, keep=False).losses
    test = read_curve(rates[: len(losses)], losses[: len(rates)])
    return test.suggested or 100 * _LOW


def _rounded(rate: float) -> float:
    return float(f"{rate:.2g}")
