"""A report as HTML: good on light and dark screens, in print, and to a screen reader."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

from chainrule.explain.page import html_page
from chainrule.messages import text
from chainrule.plot.themes import THEMES
from chainrule.reports.blocks import render

if TYPE_CHECKING:
    from chainrule.reports.record import Report, ReportSection

__all__ = ["report_fragment", "report_page"]


def _properties(name: str) -> str:
    theme = THEMES[name]
    named = {"ink": theme.ink, "paper": theme.paper, "grey": theme.grey, "faint": theme.faint, "first": theme.series[0]}
    return " ".join(f"--{part}: {color};" for part, color in named.items())


_STYLE = f"""
:root {{ {_properties("light")} --ground: #f6f6f4; --quiet: #5c5f66; --accent: #0b62c4; --warn: #b45309; }}
@media (prefers-color-scheme: dark) {{ :root {{ {_properties("dark")} --ground: #131417; --quiet: #a8abb2;
  --accent: #6cb2ff; --warn: #ffb454; }} }}
html {{ background: var(--ground); scroll-behavior: smooth; }}
body {{ color: var(--ink); max-width: 66rem; line-height: 1.55; word-break: keep-all; overflow-wrap: anywhere; }}
h1 {{ font-size: 1.9rem; line-height: 1.2; margin: 1rem 0 .3rem; }}
h2 {{ font-size: 1.3rem; margin: 0 0 .6rem; }} h3 {{ font-size: 1.05rem; margin: 1.4rem 0 .4rem; }}
h4 {{ margin: 1rem 0 .3rem; }}
section.part {{ background: var(--paper); border: 1px solid var(--faint); border-radius: .6rem; margin: 1.2rem 0;
  padding: 1.2rem 1.5rem; }}
section.bare {{ padding: .7rem 1.5rem; }} section.bare h2 {{ font-size: 1rem; margin: 0; }}
section.bare p {{ margin: .2rem 0; }}
p {{ margin: .5rem 0; max-width: 48rem; }} .lead {{ font-size: 1.08rem; }}
.note, figcaption, .subtitle {{ color: var(--quiet); }} .failed {{ color: var(--warn); }}
nav ul {{ columns: 14rem; list-style: none; padding: 0; margin: .8rem 0; }} nav a {{ color: var(--accent); }}
figure {{ margin: 1rem 0; }} figcaption {{ font-size: .92rem; max-width: 48rem; }}
figure svg, figure img {{ max-width: 100%; height: auto; display: block; }}
figure svg * {{ stroke-linejoin: round; stroke-linecap: butt; }}
.wide {{ overflow-x: auto; }}
figure.card .wide {{ background: #fff; border-radius: .4rem; width: fit-content; max-width: 100%; padding: .3rem; }}
figure .dark {{ display: none; }}
@media (prefers-color-scheme: dark) {{ figure .dark {{ display: block; }} figure .light {{ display: none; }} }}
table {{ border-collapse: collapse; margin: .8rem 0; font-size: .95rem; }}
caption {{ text-align: left; font-weight: 600; padding: .2rem 0; }}
th, td {{ text-align: left; padding: .25rem 1.1rem .25rem 0; border-bottom: 1px solid var(--faint);
  vertical-align: top; font-weight: normal; }}
thead th {{ color: var(--quiet); font-size: .88rem; border-bottom-color: var(--grey); }}
caption, .number {{ white-space: nowrap; }} .number {{ text-align: right; font-variant-numeric: tabular-nums; }}
dl {{ margin: .5rem 0; }} dl div {{ display: grid; grid-template-columns: minmax(7rem, 12rem) 1fr; gap: 0 1rem;
  padding: .15rem 0; }} dt {{ color: var(--quiet); }} dd {{ margin: 0; }}
math {{ font-size: 1.1rem; margin: 0; width: fit-content; }}
.equations > div {{ overflow: auto hidden; padding: .35rem 0; }}
pre {{ word-break: normal; }}
@media print {{
  :root {{ {_properties("light")} --ground: #fff; --quiet: #444; --accent: #222; --warn: #7a3a00; }}
  html, body {{ background: #fff; }} body {{ font-size: 10.5pt; }}
  section.part {{ border: 0; padding: 0; margin: 0 0 1.2rem; }}
  h2, h3, caption, summary {{ break-after: avoid; }} figure, tr, dl div {{ break-inside: avoid; }}
  section.fresh {{ break-before: page; }}
  nav {{ display: none; }} figure .dark {{ display: none; }} figure .light {{ display: block; }}
  details::details-content {{ content-visibility: visible; display: block; height: auto; }}
  .wide {{ overflow: visible; }} details {{ break-inside: auto; }} details.fresh {{ break-before: page; }}
}}
"""
# Those that begin a page of their own in print.
_FRESH = {"decision", "trace", "exercise"}


def report_page(report: Report) -> str:
    """One self-contained page."""
    body = f"<header><h1>{escape(report.title)}</h1></header>{_contents(report)}{_sections(report)}{_ending(report)}"
    return html_page(report.title, body, report.lang, _STYLE)


def report_fragment(report: Report) -> str:
    """The page in a frame of its own, for a notebook, so that neither's style touches the other."""
    return (
        f'<iframe sandbox title="{escape(report.title)}" style="width: 100%; height: 80vh; border: 1px solid #8888" '
        f'srcdoc="{escape(report_page(report))}"></iframe>'
    )


def _contents(report: Report) -> str:
    shown = [section for section in report.sections if section.state != "skipped"]
    links = "".join(f'<li><a href="#{section.name}">{escape(section.title)}</a></li>' for section in shown)
    return f'<nav aria-label="{escape(text("report.contents", report.lang))}"><ul>{links}</ul></nav>'


def _sections(report: Report) -> str:
    shown = "\n".join(_section(section) for section in report.sections if section.state != "skipped")
    skipped = [section for section in report.sections if section.state == "skipped"]
    if not skipped:
        return shown
    rows = "".join(f"<div><dt>{escape(one.title)}</dt><dd>{escape(one.note)}</dd></div>" for one in skipped)
    title = escape(text("report.skipped", report.lang))
    left_out = f'<h2 id="skipped">{title}</h2><dl>{rows}</dl>'
    return f'{shown}\n<section class="part" aria-labelledby="skipped">{left_out}</section>'


def _section(section: ReportSection) -> str:
    failed = f'<p class="failed">{escape(section.note)}</p>' if section.state == "failed" else ""
    kind = "part fresh" if section.name in _FRESH else "part"
    start = f'<section class="{kind}" aria-labelledby="{section.name}">'
    return f'{start}<h2 id="{section.name}">{escape(section.title)}</h2>{failed}{render(section._blocks)}</section>'


def _ending(report: Report) -> str:
    from chainrule import __version__

    made = text("report.made", report.lang, version=__version__, seconds=f"{report.seconds:.1f}")
    return f'<footer class="note"><p>{escape(made)}</p></footer>'
