"""The shell of every page that is written: one file, which needs neither a network nor scripts, and runs none."""

from __future__ import annotations

from html import escape

from chainrule.messages import language

__all__ = ["html_page"]

# Whatever a name in somebody's data may hold: nothing is loaded, run or sent.
_POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'"

_STYLE = """
:root { color-scheme: light dark; --line: #8888; --plus: #0b62c4; --minus: #c2410c; }
@media (prefers-color-scheme: dark) { :root { --plus: #6cb2ff; --minus: #ffa15e; } }
body { font: 16px/1.5 system-ui, sans-serif; max-width: 62rem; margin: 2rem auto; padding: 0 1rem; }
details { border-left: 3px solid var(--line); padding: .2rem 0 .2rem .8rem; margin: .4rem 0; }
summary { cursor: pointer; font-weight: 600; }
pre { overflow-x: auto; font: 14px/1.5 ui-monospace, monospace; white-space: pre-wrap; margin: .4rem 0; }
.formulas { display: flex; flex-wrap: wrap; gap: .3rem 2rem; margin: .4rem 0; }
svg.trace { max-width: 100%; height: auto; font: 11px ui-monospace, monospace; }
svg.trace text { fill: currentColor; }
.plus { stroke: var(--plus); } .minus { stroke: var(--minus); stroke-dasharray: 5 3; }
@media print { :root { color-scheme: light; --plus: #0b62c4; --minus: #c2410c; }
  body { max-width: none; margin: 0; } details { break-inside: avoid-page; } }
"""


def html_page(title: str, body: str, lang: str | None = None, style: str = "") -> str:
    """Return a whole page.

    Args:
        title: as plain text.
        body: what stands in ``<main>``, as HTML.
        lang: "en" or "ko".
        style: further rules.
    """
    return (
        f'<!DOCTYPE html>\n<html lang="{language(lang)}"><head><meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{escape(title)}</title>\n<style>{_STYLE}{style}</style></head>\n"
        f"<body><main>{body}</main></body></html>\n"
    )
