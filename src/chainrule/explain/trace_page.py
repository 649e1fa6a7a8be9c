"""A trace as HTML without scripts: a fragment for notebooks and a page to print."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

from chainrule.explain.trace_text import heading, part_title, sections
from chainrule.messages import text

if TYPE_CHECKING:
    from chainrule.explain.trace_record import Trace

__all__ = ["trace_fragment"]


def trace_fragment(trace: Trace, lang: str | None = None) -> str:
    """The trace with each layer folded."""
    parts = [f"<p>{'<br>'.join(escape(line) for line in heading(trace, lang))}</p>"]
    part = ""
    for section in sections(trace, lang):
        if section.part != part:
            part = section.part
            parts.append(f"<h2>{escape(part_title(trace, part, lang))}</h2>")
        lines = escape("\n".join(section.lines))
        parts.append(f"<details><summary>{escape(section.title)}</summary><pre>{lines}</pre></details>")
    return f'<section aria-label="{escape(text("trace.title", lang))}">{"".join(parts)}</section>'
