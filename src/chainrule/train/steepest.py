"""Plain gradient descent on all rows at once, every state kept."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from chainrule.explain.loss_at import Floats, LossAt

__all__ = ["Run", "behaviour", "descend"]

_OFTEN = 0.1


@dataclass(frozen=True)
class Run:
    """Where descent went.

    Attributes:
        states: ``(n, weights)``, the start and what follows.
        losses: ``(n,)``, of these states; the last one may not be finite.
    """

    states: Floats
    losses: Floats


def descend(
    loss_at: LossAt, start: Floats, trained: Floats, rates: float | Floats, steps: int, *, keep: bool = True
) -> Run:
    """θ ← θ − η·∂L/∂θ.

    Args:
        loss_at: the loss.
        start: all weights.
        trained: 1 for weights that move, 0 for the others.
        rates: η, or one for each step.
        steps: at most so many; less if loss or weights leave the numbers.
        keep: all states, or the last one only.
    """
    weights, states, losses = start, [start], list[float]()
    for rate in np.broadcast_to(np.asarray(rates, np.float64), steps):
        value, gradient = loss_at.with_gradient(weights)
        losses.append(value)
        with np.errstate(all="ignore"):
            following = weights - rate * gradient * trained
        if not np.isfinite(value) or not np.isfinite(following).all():
            break
        weights = following
        states = [*states, weights] if keep else [weights]
    else:
        losses.append(loss_at(weights))
    return Run(np.array(states), np.array(losses))


def behaviour(losses: Floats) -> str:
    """Return "diverges", "oscillates" or "converges", from the losses of a run alone; see `Descent`."""
    if not np.isfinite(losses).all() or losses[-1] > losses[0]:
        return "diverges"
    rises = np.diff(losses) > 0
    return "oscillates" if rises.any() and rises.mean() >= _OFTEN else "converges"
