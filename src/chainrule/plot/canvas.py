"""What all pictures share: colours, type, the way to a figure and from there to a file."""

from __future__ import annotations

import contextlib
import logging
import os
import re
import warnings
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from chainrule.errors import MissingDependencyError, UnknownNameError
from chainrule.files import atomic_write
from chainrule.messages import language, text
from chainrule.plot.literal import literal
from chainrule.plot.themes import current

__all__ = [
    "COLORS", "FAINT", "GREY", "INK", "MARKERS", "PAPER", "WASH", "caption", "contrast", "drawing", "edge", "frame",
    "grey_levels", "grid", "hangul_font", "is_network", "lighter", "new_figure", "readable", "save",
    "shown_language", "signed_colors", "stroke",
]  # fmt: skip

#: One form per colour, for print without colours.
MARKERS = ("o", "s", "^", "D", "v", "P", "X")
# Colours of the theme that holds, looked up when they are asked for: write ``canvas.INK``, and import no name.
INK: str
PAPER: str
GREY: str
FAINT: str
COLORS: tuple[str, ...]
WASH: float
_PARTS = {"INK": "ink", "PAPER": "paper", "GREY": "grey", "FAINT": "faint", "COLORS": "series", "WASH": "wash"}
# What WCAG 2.2 asks of graphics (1.4.11).
_CONTRAST = 3.0

if not TYPE_CHECKING:

    def __getattr__(name: str) -> object:
        if name in _PARTS:
            return getattr(current(), _PARTS[name])
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


# Fonts with Hangul, Han and Kana, in case class names are written in these.
_FURTHER_FONTS = (
    "Noto Sans CJK KR", "Noto Sans CJK JP", "Noto Sans KR", "NanumGothic", "NanumBarunGothic", "NanumSquare",
    "Malgun Gothic", "Apple SD Gothic Neo", "AppleGothic",
)  # fmt: skip
# Each of them is asked for the size of every text.
_FALLBACKS = 2


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
    with _quiet_about_weights(), matplotlib.rc_context(_style(matplotlib)):
        yield


@contextlib.contextmanager
def _quiet_about_weights() -> Iterator[None]:
    """Korean fonts call their bold face semi-bold; that it is taken needs no note."""
    log = logging.getLogger("matplotlib.font_manager")
    log.addFilter(_of_interest)
    try:
        yield
    finally:
        log.removeFilter(_of_interest)


def _of_interest(record: logging.LogRecord) -> bool:
    return "font weight" not in record.getMessage()


def _style(matplotlib: Any) -> dict[str, Any]:
    colors = current()
    return {
        "figure.facecolor": colors.paper,
        "axes.facecolor": colors.paper,
        "axes.edgecolor": colors.grey,
        "axes.labelcolor": colors.ink,
        "axes.linewidth": 0.8,
        "axes.prop_cycle": matplotlib.cycler(color=colors.series),
        "axes.spines.right": False,
        "axes.spines.top": False,
        "axes.titlelocation": "left",
        "axes.titlesize": 11,
        "axes.titleweight": "bold",
        "axes.titlepad": 10,
        "font.family": ["DejaVu Sans", *_further_fonts()[:_FALLBACKS]],
        "font.size": 10,
        "grid.color": colors.faint,
        "legend.frameon": False,
        "lines.color": colors.ink,
        "patch.edgecolor": colors.ink,
        "savefig.facecolor": colors.paper,
        "svg.fonttype": "none",
        "text.color": colors.ink,
        "xtick.color": colors.ink,
        "ytick.color": colors.ink,
        "xtick.labelsize": 9,
        "ytick.labelsize": 9,
    }


def _further_fonts() -> list[str]:
    return _installed_fonts() or _found_fonts()


def _installed_fonts() -> list[str]:
    from matplotlib import font_manager

    installed = {font.name for font in font_manager.fontManager.ttflist}
    return [name for name in _FURTHER_FONTS if name in installed]


@cache
def _found_fonts() -> list[str]:
    """Look for fonts that were installed after matplotlib wrote down which there are, and make them known to it."""
    from matplotlib import font_manager

    wanted = tuple(name.replace(" ", "").lower() for name in (*_FURTHER_FONTS, "Malgun"))
    for path in font_manager.findSystemFonts():
        if Path(path).stem.replace("-", "").lower().startswith(wanted):
            with contextlib.suppress(OSError, RuntimeError, ValueError):  # a damaged font is none
                font_manager.fontManager.addfont(path)
    return _installed_fonts()


def hangul_font() -> str | None:
    """Return the name of an installed font with Hangul, or None."""
    return next(iter(_further_fonts()), None)


def caption(key: str, lang: str | None = None, **values: object) -> str:
    """Return a text of the catalogue that this machine's fonts can show.

    Args:
        key: name within the topic "pictures", or ``"topic.name"``.
        lang: "en" or "ko"; default: see `messages.language`.  Korean without a font that has Hangul becomes English,
            and one warning says so.
        **values: what the text's placeholders stand for.
    """
    return text(key if "." in key else f"pictures.{key}", shown_language(lang), **values)


def shown_language(lang: str | None = None) -> str:
    """Return the language that a picture is labelled in: English instead of Korean if no font has Hangul."""
    chosen = language(lang)
    if chosen == "ko" and hangul_font() is None:
        _note_missing_font()
        return "en"
    return chosen


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
    """Write `figure` to `path`, if there is one, and return it; its texts stand as they were written.

    Axes that were made in another theme, as a program's own are, get this theme's paper first.

    Raises:
        UnknownNameError: for a suffix that matplotlib cannot write.
        MissingFileError: if the folder does not exist or cannot be written to.
    """
    _papered(figure)
    literal(figure)
    if path is None:
        return figure
    suffix = Path(path).suffix.lower().removeprefix(".")
    known = sorted(figure.canvas.get_supported_filetypes())
    if suffix not in known:
        raise UnknownNameError("picture format", suffix, known, where=os.fspath(path))
    with atomic_write(path) as file:
        figure.savefig(file, format=suffix)
    return figure


def _papered(figure: Any) -> None:
    colors = current()
    if _hides(figure, colors.ink):
        figure.set_facecolor(colors.paper)
    for ax in figure.axes:
        if _hides(ax, colors.ink):
            ax.set_facecolor(colors.paper)
            ax.tick_params(which="both", colors=colors.ink)
            for label in _labels(ax):
                label.set_color(colors.ink)


def _hides(ground: Any, ink: str) -> bool:
    *color, opacity = ground.get_facecolor()
    return opacity > 0 and contrast(color, ink) < _CONTRAST


def _labels(ax: Any) -> list[Any]:
    """Titles and labels that came with the axes, and not those that were drawn into it."""
    from matplotlib.text import Text

    drawn = [*ax.texts, *(ax.get_legend().get_texts() if ax.get_legend() else [])]
    return [one for one in ax.findobj(Text) if one not in drawn]


def is_network(value: object) -> bool:
    """Whether `value` is a network, which is called with tensors, and not a function of arrays."""
    return all(callable(getattr(value, name, None)) for name in ("eval", "state_dict", "parameters"))


def lighter(color: Any, share: float) -> tuple[float, float, float]:
    """Mix `color` with the paper; a `share` of 1 is the color itself."""
    ground = _rgb(current().paper)
    red, green, blue = (share * part + (1 - share) * under for part, under in zip(_rgb(color), ground, strict=True))
    return red, green, blue


def _rgb(color: Any) -> tuple[float, float, float]:
    """Read ``#RRGGBB``, which needs no matplotlib, or any other colour that matplotlib knows."""
    if isinstance(color, str) and re.fullmatch("#[0-9a-fA-F]{6}", color):
        red, green, blue = (int(color[i : i + 2], 16) / 255 for i in (1, 3, 5))
    else:
        from matplotlib.colors import to_rgb

        red, green, blue = to_rgb(color)
    return red, green, blue


def contrast(one: Any, other: Any) -> float:
    """Return the ratio of two colours' luminances, 1 to 21, as WCAG 2.2 defines it."""
    low, high = sorted((_luminance(one), _luminance(other)))
    return (high + 0.05) / (low + 0.05)


def _luminance(color: Any) -> float:
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in _rgb(color)]
    return sum(weight * part for weight, part in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


def readable(ground: Any) -> str:
    """Return ink or paper, whichever can be read better on a ground of that colour."""
    colors = current()
    return max((colors.ink, colors.paper), key=lambda text: contrast(text, ground))


def edge(color: Any) -> str:
    """Return the edge of a marker: the paper, or the ink where the colour alone is too close to the paper."""
    colors = current()
    return colors.paper if contrast(color, colors.paper) >= _CONTRAST else colors.ink


def stroke(index: int) -> str:
    """Return the colour of a curve: that of the series, with so much ink in it that it stands out from the paper."""
    colors = current()
    color, ink = (_rgb(one) for one in (colors.series[index % len(colors.series)], colors.ink))
    mixed = (
        tuple((1 - share) * part + share * dark for part, dark in zip(color, ink, strict=True))
        for share in (step / 20 for step in range(21))
    )
    found = next(one for one in mixed if contrast(one, colors.paper) >= _CONTRAST)
    return "#" + "".join(f"{round(255 * part):02X}" for part in found)


def frame(ax: Any) -> None:
    """Draw a fine frame all around the axes."""
    for spine in ax.spines.values():
        spine.set(visible=True, color=lighter(current().grey, 0.45))


def grid(ax: Any) -> None:
    """Draw faint lines across the axes, behind everything, at the heights that are labelled."""
    ax.grid(axis="y", color=current().faint, lw=0.8)
    ax.set_axisbelow(True)


def signed_colors() -> Any:
    """Return a colour map from vermillion for negative through the paper to blue for positive values."""
    from matplotlib.colors import LinearSegmentedColormap

    colors = current()
    return LinearSegmentedColormap.from_list("signed", [colors.series[1], colors.paper, colors.series[0]])


def grey_levels() -> Any:
    """Return a colour map from the paper for small values to ink for large ones."""
    from matplotlib.colors import LinearSegmentedColormap

    colors = current()
    return LinearSegmentedColormap.from_list("grey_levels", [colors.paper, colors.ink])
