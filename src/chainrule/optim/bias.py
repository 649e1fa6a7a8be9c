"""The bias of an exponential moving average that started at zero."""

from __future__ import annotations

import math
from typing import Any

from chainrule.core.op import namespace

__all__ = ["bias_correction"]


def bias_correction(beta: Any, step: Any) -> Any:
    """1 − βᵗ: by this much is an average too small that started at zero `step` steps ago (Kingma & Ba 2015, §3).

    A Python float for a Python int, so that float32 parameters stay float32.
    """
    if isinstance(step, int):
        return 1 - beta**step
    if isinstance(beta, float) and beta > 0:
        # In float32, 1 − 0.999ᵗ would lose three digits to cancellation; expm1 does not.
        return -namespace((step,)).expm1(step * math.log(beta))
    return 1 - beta**step
