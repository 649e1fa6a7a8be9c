"""A loss over a plane as filled contours: levels, colours, the path on it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from chainrule.explain.wording import number
from chainrule.plot import canvas

__all__ = ["COLORMAP", "Scale", "color_bar", "contours", "decades", "halo", "hatched", "off_plane", "scale_of", "wide"]

_LEVELS = 22
# A loss over more than this factor is seen on a logarithmic scale only.
_WIDE = 50
#: Dark for low losses, light for high ones, the same to people with any kind of colour vision.
COLORMAP = "cividis"


@dataclass(frozen=True)
class Scale:
    """From losses to colours.

    Attributes:
        levels: of the contours.
        logarithmic: whether they grow by a factor.
    """

    levels: np.ndarray
    logarithmic: bool

    @property
    def norm(self) -> Any:
        """What matplotlib colours by."""
        from matplotlib.colors import LogNorm, Normalize

        kind = LogNorm if self.logarithmic else Normalize
        return kind(self.levels[0], self.levels[-1])

    def shown(self, loss: np.ndarray) -> np.ndarray:
        """The losses between the first and the last level, those that are not finite masked."""
        return np.ma.masked_invalid(np.where(np.isfinite(loss), np.clip(loss, self.levels[0], self.levels[-1]), np.nan))

    def height(self, loss: np.ndarray) -> np.ndarray:
        """How high a loss is drawn: itself, or its power of ten; NaN where it is not finite."""
        found = np.where(np.isfinite(loss), np.clip(loss, self.levels[0], self.levels[-1]), np.nan)
        return np.log10(found) if self.logarithmic else found


def wide(values: np.ndarray, factor: float = _WIDE) -> bool:
    """Whether positive numbers differ by more than a factor, so that only a logarithmic scale shows them all."""
    found = values[np.isfinite(values)]
    return (
        bool(found.size) and bool((found >= 0).all()) and bool(found.max() > factor * found.min()) and found.max() > 0
    )


def scale_of(loss: np.ndarray) -> Scale:
    """Levels for a grid of losses: logarithmic ones if they range widely and none is negative."""
    found = loss[np.isfinite(loss)]
    if not found.size:
        return Scale(np.array([0.0, 1.0]), False)
    low, high = float(found.min()), float(found.max())
    if wide(found):
        positive = found[found > 0]
        # Where the loss vanishes entirely, twelve decades are enough.
        low = max(float(positive.min()), 1e-12 * high)
        if low < high:
            return Scale(np.geomspace(low, high, _LEVELS), True)
    if low == high:
        low, high = low - 0.5 * max(abs(low), 1.0), high + 0.5 * max(abs(high), 1.0)
    return Scale(np.linspace(low, high, _LEVELS), False)


def contours(ax: Any, x: np.ndarray, y: np.ndarray, loss: np.ndarray, scale: Scale) -> Any:
    """Fill the plane; where the loss is not finite, hatch it.  Returns what a colour bar belongs to."""
    shown = scale.shown(loss)
    if np.ma.getmaskarray(shown).any():
        ax.patch.set(hatch="///", edgecolor=canvas.GREY, linewidth=0)
    drawn = ax.contourf(x, y, shown, levels=scale.levels, norm=scale.norm, cmap=COLORMAP, antialiased=False)
    lines = scale.levels[1:-1:3]
    ax.contour(x, y, shown, levels=lines, colors="#FFFFFF", linewidths=0.5, alpha=0.55)
    ax.set(xlim=(x[0], x[-1]), ylim=(y[0], y[-1]))
    canvas.frame(ax)
    return drawn


def color_bar(figure: Any, drawn: Any, axes: Any, scale: Scale, label: str) -> None:
    """Say which colour is which loss."""
    bar = figure.colorbar(drawn, ax=axes, shrink=0.85, pad=0.03)
    bar.set_label(label, size=9)
    bar.outline.set_visible(False)
    if not scale.logarithmic:
        from matplotlib.ticker import MaxNLocator

        ticks = np.asarray(MaxNLocator(6).tick_values(*scale.levels[[0, -1]]))
        bar.set_ticks(ticks[(ticks >= scale.levels[0]) & (ticks <= scale.levels[-1])])
        return
    ticks = decades(scale)
    bar.set_ticks(ticks, labels=[number(tick, 2) for tick in ticks])
    bar.minorticks_off()


def decades(scale: Scale, most: int = 8) -> np.ndarray:
    """Powers of ten between the first and the last level of a logarithmic scale, at equal ratios."""
    low, high = scale.levels[[0, -1]]
    powers = np.arange(np.ceil(np.log10(low)), np.floor(np.log10(high)) + 1)
    if len(powers) < 2:
        return np.geomspace(low, high, 4)
    found: np.ndarray = 10.0 ** powers[:: -(-len(powers) // most)]
    return found


def hatched(loss: np.ndarray, lang: str | None) -> list[Any]:
    """The legend's key to what is hatched, if anything is."""
    from matplotlib.patches import Patch

    if np.isfinite(loss).all():
        return []
    label = canvas.caption("training.not_finite", lang)
    return [Patch(facecolor=canvas.PAPER, edgecolor=canvas.GREY, hatch="///", lw=0, label=label)]


def halo(width: float) -> list[Any]:
    """An outline that keeps a line or a mark apart from any colour below it."""
    from matplotlib.patheffects import withStroke

    return [withStroke(linewidth=width, foreground=canvas.PAPER)]


def off_plane(landscape: Any) -> float | None:
    """How far the path is off the plane at most; None if that cannot be seen."""
    if not len(landscape.distances):
        return None
    most = float(landscape.distances.max())
    reach = float(np.ptp(landscape.path, axis=0).max())
    return most if most > 1e-3 * max(reach, 1e-12) else None
