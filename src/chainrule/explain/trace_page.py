"""A trace as HTML that needs neither scripts nor a network: a fragment for notebooks, and a page to read and print."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

from chainrule.explain.mathml import mathml
from chainrule.explain.trace_drawing import network_drawing
from chainrule.explain.trace_text import Section, heading, part_title, sections
from chainrule.messages import language, text

if TYPE_CHECKING:
    from chainrule.explain.trace_record import Trace

__all__ = ["trace_fragment", "trace_page"]

_STYLE = """
:root { color-scheme: light dark; --line: #8888; --plus: #0b62c4; --minus: #c2410c; }
@media (prefers-color-scheme: dark) { :root { --plus: #6cb2ff; --minus: #ffa15e; } }
body { font: 16px/1.5 system-ui, sans-serif; max-width: 62rem; margin: 2rem auto; padding: 0 1rem; }
details { border-left: 3px solid var(--line); padding: .2rem 0 .2rem .8rem; margin: .4rem 0; }
summary { cursor: pointer; font-weight: 600; }
pre { overflow-x: auto; font: 14px/1.5 ui-monospace, monospace; white-space: pre-wrap; margin: .4rem 0; }
.formulas { display: flex; flex-wrap: wrap; gap: .3rem 2rem; margin: .4rem 0; }
svg { max-width: 100%; height: auto; font: 11px ui-monospace, monospace; }
svg text { fill: currentColor; } .plus { stroke: var(--plus); } .minus { stroke: var(--minus); stroke-dasharray: 5 3; }
@media print { body { max-width: none; margin: 0; } details { break-inside: avoid-page; } }
"""


def trace_page(trace: Trace, lang: str | None = None) -> str:
    """One self-contained page."""
    title = escape(text("trace.title", lang))
    drawing = network_drawing(trace, lang)
    picture = f"<h2>{escape(text('trace.network', lang))}</h2>{drawing}" if drawing else ""
    return (
        f'<!DOCTYPE html>\n<html lang="{language(lang)}"><head><meta charset="utf-8">'
        f'<meta name="viewport" content="width=device-width, initial-scale=1"><title>{title}</title>'
        f"<style>{_STYLE}</style></head>\n<body><main><h1>{title}</h1>{_heading(trace, lang)}{picture}\n"
        f"{_body(trace, lang, opened=True)}</main></body></html>\n"
    )


def trace_fragment(trace: Trace, lang: str | None = None) -> str:
    """The trace with each layer folded, for a notebook."""
    label = escape(text("trace.title", lang))
    return f'<section aria-label="{label}">{_heading(trace, lang)}{_body(trace, lang, opened=False)}</section>'


def _heading(trace: Trace, lang: str | None) -> str:
    return f"<p>{'<br>'.join(escape(line) for line in heading(trace, lang))}</p>"


def _body(trace: Trace, lang: str | None, opened: bool) -> str:
    parts = []
    part = ""
    for section in sections(trace, lang):
        if section.part != part:
            part = section.part
            parts.append(f"<h2>{escape(part_title(trace, part, lang))}</h2>")
        parts.append(_folded(section, opened))
    return "\n".join(parts)


def _folded(section: Section, opened: bool) -> str:
    formulas = "".join(f"<span>{mathml(latex)}</span>" for latex in section.formulas)
    shown = f'<div class="formulas">{formulas}</div>' if formulas else ""
    lines = escape("\n".join(section.lines))
    # What is closed is not printed, so a page to print starts open.
    start = "<details open>" if opened else "<details>"
    return f"{start}<summary>{escape(section.title)}</summary>{shown}<pre>{lines}</pre></details>"
