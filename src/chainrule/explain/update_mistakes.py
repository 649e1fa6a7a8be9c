"""Mistakes in the update: the learning rate forgotten, the step taken uphill, the moments left out, …"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

import numpy as np

from chainrule.explain.slips import Slip

if TYPE_CHECKING:
    from chainrule.explain.trace_record import Trace, Where
    from chainrule.explain.updates import ParameterUpdate

__all__ = ["update_mistakes"]


def update_mistakes(trace: Trace, where: Where) -> Iterator[Slip]:
    """Numbers of the update at `where` with one mistake each."""
    change = trace.change(where.name)
    if change is None:
        return
    index = where.index if where.index is not None else ()

    def at(values: np.ndarray) -> float:
        return float(np.asarray(values)[index])

    lr = float(change.options["lr"])
    before, g = at(change.before), at(change.gradient)
    if where.what == "after":
        yield Slip("not_updated", None, before)
        yield Slip("uphill", None, 2 * before - at(change.after))
        yield Slip("step_only", None, at(change.after) - before)
        if change.slots_after:
            yield Slip("moments_forgotten", None, before - lr * g, {"lr": lr})
        yield Slip("lr_forgotten", None, before - g, {"lr": lr})
        if change.derived:
            m, v, eps = at(change.slots_after["exp_avg"]), at(change.slots_after["exp_avg_sq"]), change.options["eps"]
            yield Slip("no_bias_correction", None, before - lr * m / (v**0.5 + eps))
            yield Slip("root_forgotten", None, _without_root(change, at, before, lr))
    elif where.what in change.slots_after:
        yield Slip("old_state", None, at(change.slots_before[where.what]))
        yield Slip("gradient_itself", None, g)
        yield Slip("gradient_itself", None, g * g)


def _without_root(change: ParameterUpdate, at: Callable[[np.ndarray], float], before: float, lr: float) -> float:
    eps = float(change.options["eps"])
    return before - lr * at(change.derived["m_hat"]) / (at(change.derived["v_hat"]) + eps)
