"""What all pictures share: colours, type, the way to a figure and from there to a file."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from chainrule.errors import MissingDependencyError, UnknownNameError
from chainrule.files import atomic_write

__all__ = ["COLORS", "INK", "MARKERS", "PAPER", "drawing", "is_network", "lighter", "new_figure", "save"]

#: Okabe and Ito's colours, *Color Universal Design*, 2008: blue, vermillion, green, purple, orange, sky, yellow.
COLORS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#F0E442")
#: One form per colour, for print without colours.
MARKERS = ("o", "s", "^", "D", "v", "P", "X")
INK, PAPER, _GREY = "#222222", "#FFFFFF", "#8A8A8A"

_STYLE = {
    "figure.facecolor": PAPER,
    "axes.facecolor": PAPER,
    "axes.edgecolor": _GREY,
    "axes.labelcolor": INK,
    "axes.linewidth": 0.8,
    "axes.spines.right": False,
    "axes.spines.top": False,
    "axes.titlelocation": "left",
    "axes.titlesize": 11,
    "axes.titleweight": "bold",
    "axes.titlepad": 10,
    "font.size": 10,
    "legend.frameon": False,
    "savefig.facecolor": PAPER,
    "svg.fonttype": "none",
    "text.color": INK,
    "xtick.color": INK,
    "ytick.color": INK,
    "xtick.labelsize": 9,
    "ytick.labelsize": 9,
}
# Fonts with Hangul, Han and Kana, in case class names are written in these.
_FURTHER_FONTS = ("Noto Sans CJK KR", "Noto Sans KR", "NanumGothic", "Malgun Gothic", "Apple SD Gothic Neo")


@contextlib.contextmanager
def drawing() -> Iterator[None]:
    """Draw in this package's style within a block; a program's own settings come back after it.

    Raises:
        MissingDependencyError: if matplotlib is not installed.
    """
    try:
        import matplotlib
        from matplotlib import font_manager
    except ImportError as error:
        raise MissingDependencyError(
            "pictures need matplotlib, which is not installed", fix='Run: pip install "chainrule[plot]"'
        ) from error
    installed = {font.name for font in font_manager.fontManager.ttflist}
    fonts = ["DejaVu Sans", *(name for name in _FURTHER_FONTS if name in installed)]
    with matplotlib.rc_context({**_STYLE, "font.family": fonts}):
        yield


def new_figure(width: float, height: float) -> Any:
    """Return an empty figure of a size in inches."""
    from matplotlib.figure import Figure

    return Figure(figsize=(width, height), layout="constrained", dpi=150)


def save(figure: Any, path: str | os.PathLike[str] | None) -> Any:
    """Write `figure` to `path`, if there is one, and return it.

    Raises:
        UnknownNameError: for a suffix that matplotlib cannot write.
        MissingFileError: if the folder does not exist or cannot be written to.
    """
    if path is None:
        return figure
    suffix = Path(path).suffix.lower().removeprefix(".")
    known = sorted(figure.canvas.get_supported_filetypes())
    if suffix not in known:
        raise UnknownNameError("picture format", suffix, known, where=os.fspath(path))
    with atomic_write(path) as file:
        figure.savefig(file, format=suffix)
    return figure


def is_network(value: object) -> bool:
    """Whether `value` is a network, which is called with tensors, and not a function of arrays."""
    return all(callable(getattr(value, name, None)) for name in ("eval", "state_dict", "parameters"))


def lighter(color: str, share: float) -> tuple[float, float, float]:
    """Mix `color` with white; a `share` of 1 is the color itself."""
    from matplotlib.colors import to_rgb

    red, green, blue = (1 - share * (1 - part) for part in to_rgb(color))
    return red, green, blue
