"""A figure as a part of a page: SVG whose names clash with no other figure's, or PNG where SVG would be too large."""

from __future__ import annotations

import base64
import io
import re
from html import escape
from typing import Any

from chainrule.plot.canvas import drawing
from chainrule.plot.themes import THEMES

__all__ = ["as_png", "as_svg"]

_TAG = re.compile(r"<[a-zA-Z][^>]*>")
_NEEDLESS = re.compile(
    r'<!--.*?-->|<metadata>.*?</metadata>|<style type="text/css">.*?</style>|<\?.*?\?>', flags=re.DOTALL
)
_STYLE = re.compile(r' style="([^"]*)"')
_POINT = 4 / 3  # of a CSS pixel
# A page's own properties for the colours of the light theme; the rest of the series is the same in both themes.
_LIGHT = THEMES["light"]
_PROPERTIES = {
    _LIGHT.ink.lower(): "var(--ink)",
    _LIGHT.paper.lower(): "var(--paper)",
    _LIGHT.grey.lower(): "var(--grey)",
    _LIGHT.faint.lower(): "var(--faint)",
    _LIGHT.series[0].lower(): "var(--first)",
}


def as_svg(figure: Any, name: str, label: str, *, themed: bool = False) -> str:
    """Return an ``<svg>`` element to put into HTML; the same figure gives the same text.

    Args:
        figure: matplotlib's, drawn in the light theme if `themed`.
        name: begins all ids in it; unique on the page.
        label: what a screen reader says.
        themed: let the page's CSS properties ``--ink``, ``--paper``, ``--grey``, ``--faint`` and ``--first`` stand for
            the light theme's colours.
    """
    import matplotlib

    text = io.StringIO()
    with drawing(), matplotlib.rc_context({"svg.hashsalt": name}):
        _laid_out(figure)
        figure.savefig(text, format="svg", metadata={"Date": None, "Creator": None, "Format": None, "Type": None})
    whole = text.getvalue()
    body = whole[whole.index("<svg") :]
    body = _NEEDLESS.sub("", body)
    body = _TAG.sub(lambda tag: _renamed(tag[0], name, themed), body)
    start, rest = body[: body.index(">")], body[body.index(">") :]
    box = re.search(r'viewBox="[^"]*"', start)
    width = float(figure.get_figwidth()) * 72 * _POINT
    size = f'width="{width:.0f}" {box[0] if box else ""}'
    return f'<svg role="img" aria-label="{escape(label)}" {size}{rest}'.strip()


def as_png(figure: Any, label: str, dpi: int = 150) -> str:
    """Return an ``<img>`` element that holds the picture itself.

    Args:
        figure: matplotlib's.
        label: alternative text.
        dpi: pixels per inch.
    """
    content = io.BytesIO()
    with drawing():
        _laid_out(figure)
        figure.savefig(content, format="png", dpi=dpi, metadata={"Software": None})
    data = base64.b64encode(content.getvalue()).decode()
    width = float(figure.get_figwidth()) * 72 * _POINT
    return f'<img alt="{escape(label)}" width="{width:.0f}" src="data:image/png;base64,{data}">'


def _laid_out(figure: Any) -> None:
    """Arrange the figure once: writing it would do so in a drawing of its own."""
    engine = figure.get_layout_engine()
    if engine is not None:
        engine.execute(figure)
        figure.set_layout_engine("none")


def _renamed(tag: str, name: str, themed: bool) -> str:
    tag = re.sub(r' id="([^"]*)"', rf' id="{name}-\1"', tag)
    tag = re.sub(r'url\(#([^)"]*)\)', rf"url(#{name}-\1)", tag)
    tag = re.sub(r' xlink:href="#([^"]*)"', rf' xlink:href="#{name}-\1"', tag)
    return _STYLE.sub(lambda found: f' style="{_themed(found[1])}"', tag) if themed else tag


def _themed(style: str) -> str:
    return re.sub(r"#[0-9a-fA-F]{6}\b", lambda color: _PROPERTIES.get(color[0].lower(), color[0]), style)
