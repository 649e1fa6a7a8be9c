"""Shift and scale of one feature: ``(x − center) / scale``."""

from __future__ import annotations

from typing import Any, Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from chainrule.errors import UnknownNameError

__all__ = ["SCALINGS", "Scaling", "center_and_scale", "rescale"]

Scaling: TypeAlias = Literal["standard", "minmax", "robust", "realmlp"] | None
SCALINGS = ("standard", "minmax", "robust", "realmlp")


def center_and_scale(values: NDArray[Any], scaling: Scaling) -> tuple[float, float]:
    """Return center and scale of the values that are not NaN.

    * ``"standard"``: mean and (population) standard deviation, as scikit-learn's ``StandardScaler``;
    * ``"minmax"``: least value and range, so that training values lie in [0, 1];
    * ``"robust"``: median and interquartile range;
    * ``"realmlp"``: the same, and half the range where more than half of the values are equal; the features of
      categories are scaled likewise, and two categories make one feature of ±1 (Holzmüller et al. 2024,
      arXiv:2407.04491; the clipping that follows there is a layer of the network, `nn.SmoothClip`);
    * ``None``: 0 and 1.

    A feature that does not vary has scale 1.

    Raises:
        UnknownNameError: for another scaling.
    """
    if scaling is None:
        return 0.0, 1.0
    if scaling not in SCALINGS:
        raise UnknownNameError("scaling", scaling, SCALINGS)
    present = values[~np.isnan(values)]
    if not len(present):
        return 0.0, 1.0
    unit = float(np.abs(present).max()) or 1.0  # squares of numbers beyond 1e154 would overflow
    reduced = present / unit
    if scaling == "standard":
        center, scale = float(reduced.mean()), float(reduced.std())
    elif scaling == "minmax":
        center, scale = float(reduced.min()), float(np.ptp(reduced))
    else:
        low, center, high = (float(q) for q in np.percentile(reduced, [25, 50, 75]))
        scale = high - low
        if scale == 0 and scaling == "realmlp":
            scale = float(np.ptp(reduced)) / 2
    scale = scale if scale > 10 * np.finfo(np.float64).eps * abs(center) else 0.0  # rounding is not variation
    with np.errstate(over="ignore"):
        width = min(scale * unit, float(np.finfo(np.float64).max))
    return center * unit, width if width > 0 else 1.0


def rescale(values: NDArray[Any], center: Any, scale: Any) -> NDArray[np.float64]:
    """Return ``(values − center) / scale``, in halves so that the difference of huge numbers does not overflow."""
    half = np.where(np.asarray(scale) > np.finfo(np.float64).tiny, 0.5, 1.0)  # half of the least scale would be 0
    with np.errstate(over="ignore"):
        return np.asarray((values * half - center * half) / (scale * half))
