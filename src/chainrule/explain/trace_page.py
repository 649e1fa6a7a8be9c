"""A trace as HTML that needs neither scripts nor a network: a fragment for notebooks, and a page to read and print."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

from chainrule.explain.mathml import mathml
from chainrule.explain.page import html_page
from chainrule.explain.trace_drawing import network_drawing
from chainrule.explain.trace_text import Section, heading, part_title, sections
from chainrule.messages import text

if TYPE_CHECKING:
    from chainrule.explain.trace_record import Trace

__all__ = ["trace_body", "trace_fragment", "trace_page"]


def trace_page(trace: Trace, lang: str | None = None) -> str:
    """One self-contained page."""
    title = text("trace.title", lang)
    # What is closed is not printed, so a page to print starts open.
    return html_page(title, f"<h1>{escape(title)}</h1>{trace_body(trace, lang, opened=True)}", lang)


def trace_fragment(trace: Trace, lang: str | None = None) -> str:
    """The trace with each layer folded, for a notebook."""
    label = escape(text("trace.title", lang))
    return f'<section aria-label="{label}">{_heading(trace, lang)}{_layers(trace, lang, False, 2)}</section>'


def trace_body(trace: Trace, lang: str | None = None, *, opened: bool = False, level: int = 2) -> str:
    """What is traced, the network drawn, and each layer in a fold, as a part of a page.

    Args:
        trace: the trace.
        lang: "en" or "ko".
        opened: whether the folds start open.
        level: of its headings.
    """
    drawing = network_drawing(trace, lang)
    title = escape(text("trace.network", lang))
    picture = f"<h{level}>{title}</h{level}>{drawing}\n" if drawing else ""
    return f"{_heading(trace, lang)}{picture}{_layers(trace, lang, opened, level)}"


def _heading(trace: Trace, lang: str | None) -> str:
    return f"<p>{'<br>'.join(escape(line) for line in heading(trace, lang))}</p>"


def _layers(trace: Trace, lang: str | None, opened: bool, level: int) -> str:
    parts = []
    part = ""
    for section in sections(trace, lang):
        if section.part != part:
            part = section.part
            parts.append(f"<h{level}>{escape(part_title(trace, part, lang))}</h{level}>")
        parts.append(_folded(section, opened))
    return "\n".join(parts)


def _folded(section: Section, opened: bool) -> str:
    formulas = "".join(f"<span>{mathml(latex)}</span>" for latex in section.formulas)
    shown = f'<div class="formulas">{formulas}</div>' if formulas else ""
    lines = escape("\n".join(section.lines))
    start = "<details open>" if opened else "<details>"
    return f"{start}<summary>{escape(section.title)}</summary>{shown}<pre>{lines}</pre></details>"
