"""What all pictures share: colours, type, the way to a figure and from there to a file."""

from __future__ import annotations

import contextlib
import os
import re
import warnings
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

from chainrule.errors import MissingDependencyError, UnknownNameError
from chainrule.files import atomic_write
from chainrule.messages import text

__all__ = [
    "COLORS", "GREY", "INK", "MARKERS", "PAPER", "caption", "drawing", "hangul_font", "is_network", "lighter",
    "new_figure", "save", "signed_colors",
]  # fmt: skip

#: Okabe and Ito's colours, *Color Universal Design*, 2008: blue, vermillion, green, purple, orange, sky, yellow.
COLORS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#F0E442")
#: One form per colour, for print without colours.
MARKERS = ("o", "s", "^", "D", "v", "P", "X")
INK, PAPER, GREY = "#222222", "#FFFFFF", "#8A8A8A"

_STYLE = {
    "figure.facecolor": PAPER,
    "axes.facecolor": PAPER,
    "axes.edgecolor": GREY,
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
_FURTHER_FONTS = (
    "Noto Sans CJK KR", "Noto Sans CJK JP", "Noto Sans KR", "NanumGothic", "NanumBarunGothic", "NanumSquare",
    "Malgun Gothic", "Apple SD Gothic Neo", "AppleGothic",
)  # fmt: skip
_HANGUL = re.compile("[\u1100-\u11ff\u3130-\u318f\uac00-\ud7a3]")


@contextlib.contextmanager
def drawing() -> Iterator[None]:
    """Draw in this package's style within a block; a program's own settings come back after it.

    Raises:
        MissingDependencyError: if matplotlib is not installed.
    """
    try:
        import matplotlib
    except ImportError as error:
        raise MissingDependencyError(
            "pictures need matplotlib, which is not installed", fix='Run: pip install "chainrule[plot]"'
        ) from error
    with matplotlib.rc_context({**_STYLE, "font.family": ["DejaVu Sans", *_further_fonts()]}):
        yield


def _further_fonts() -> list[str]:
    from matplotlib import font_manager

    installed = {font.name for font in font_manager.fontManager.ttflist}
    return [name for name in _FURTHER_FONTS if name in installed]


def hangul_font() -> str | None:
    """Return the name of an installed font with Hangul, or None."""
    return next(iter(_further_fonts()), None)


def caption(key: str, lang: str | None = None, **values: object) -> str:
    """Return a text of the catalogue's topic "pictures" that this machine's fonts can show.

    Args:
        key: name within the topic.
        lang: "en" or "ko"; default: see `messages.language`.  Korean without a font that has Hangul becomes English,
            and one warning says so.
        **values: what the text's placeholders stand for.
    """
    found = text(f"pictures.{key}", lang, **values)
    if _HANGUL.search(found) and hangul_font() is None:
        _note_missing_font()
        return text(f"pictures.{key}", "en", **values)
    return found


@cache
def _note_missing_font() -> None:
    warnings.warn(
        "no font with Hangul is installed, so that pictures are labelled in English (install Noto Sans KR or Nanum)",
        UserWarning,
        stacklevel=4,
    )


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


def signed_colors() -> Any:
    """Return a colour map from vermillion for negative through white to blue for positive values."""
    from matplotlib.colors import LinearSegmentedColormap

    return LinearSegmentedColormap.from_list("signed", [COLORS[1], PAPER, COLORS[0]])
