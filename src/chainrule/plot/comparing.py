"""What the pictures of comparisons share: styles of lines, axes of epochs and losses."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from chainrule.errors import DTypeError
from chainrule.messages import keys
from chainrule.plot import canvas
from chainrule.plot.relief import wide

__all__ = ["STYLES", "check_record", "epoch_axis", "heading", "loss_axis", "loss_limit", "metric_title"]

#: One form per line, for print without colours.
STYLES = ("-", (0, (5, 2)), (0, (1.5, 1.2)), (0, (6, 2, 1.5, 2)), (0, (3, 1)), (0, (1, 2)))
_FAR = 30  # times the largest of the first losses: what diverges further is cut off


def check_record(record: Any, fields: Sequence[str], made_by: str) -> None:
    """Refuse what is not a comparison's result.

    Raises:
        DTypeError: if one of `fields` is missing.
    """
    if not all(hasattr(record, name) for name in fields):
        raise DTypeError("nothing that can be drawn here", expected=f"what train.compare.{made_by} returns",
                         got=type(record).__name__)  # fmt: skip


def metric_title(metric: str, lang: str | None) -> str:
    """A metric's name in words, where there is one; else the name that it has in code."""
    key = f"compare.metric.{metric}"
    return canvas.caption(key, lang) if key in keys() else metric


def heading(figure: Any, text: str) -> None:
    """Put a heading over the whole picture."""
    figure.suptitle(text, x=0.01, ha="left", fontsize=12, weight="bold")


def epoch_axis(ax: Any, lang: str | None) -> None:
    """Label the horizontal axis: whole epochs."""
    from matplotlib.ticker import MaxNLocator

    ax.set_xlabel(canvas.caption("compare.epoch", lang))
    ax.xaxis.set_major_locator(MaxNLocator(integer=True, nbins=7))
    ax.margins(x=0.02)


def loss_axis(ax: Any, curves: Iterable[Any]) -> None:
    """Scale the vertical axis for losses, logarithmically where they range widely, and draw its grid."""
    values = np.concatenate([np.asarray(curve, float) for curve in curves] or [np.zeros(0)])
    if wide(values) and (values[np.isfinite(values)] > 0).all():
        ax.set_yscale("log")
    canvas.grid(ax)


def loss_limit(firsts: Iterable[float]) -> float:
    """Where curves that diverge are cut off."""
    found = [first for first in firsts if np.isfinite(first)]
    return _FAR * max(found, default=1.0)
