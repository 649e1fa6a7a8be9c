"""Figures as blocks: drawn for light and dark screens, as SVG where that is not too large."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal

from chainrule.plot.embedded import as_png, as_svg
from chainrule.plot.themes import theme
from chainrule.reports.blocks import Picture

__all__ = ["picture"]

#: Characters of SVG above which a picture is embedded as PNG.
_LARGEST = 250_000


def picture(
    draw: Callable[[], Any],
    name: str,
    caption: str,
    *,
    kind: Literal["lines", "filled", "card"] = "lines",
    raster: bool = False,
) -> Picture:
    """Draw a figure.

    Args:
        draw: gives matplotlib's figure.
        name: unique on the page.
        caption: what is to be seen; also what a screen reader says.
        kind: "lines": one drawing, whose ink follows the page; "filled": one drawing for light and one for dark
            screens; "card": one drawing on white, such as photographs.
        raster: whether it is known to be too large for SVG.
    """
    with theme("light"):
        light = _embedded(draw(), name, caption, kind == "lines", raster)
    if kind == "lines" and light.startswith("<svg"):
        return Picture(light, caption)
    if kind == "card":
        return Picture(light, caption, card=True)
    with theme("dark"):
        return Picture(light, caption, _embedded(draw(), f"{name}-dark", caption, False, raster))


def _embedded(figure: Any, name: str, caption: str, themed: bool, raster: bool) -> str:
    if not raster:
        drawn = as_svg(figure, name, caption, themed=themed)
        if len(drawn) <= _LARGEST:
            return drawn
    return as_png(figure, caption)
