"""What a section is made of: each kind of block writes itself as HTML, with everything that is text escaped."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from typing import Protocol

__all__ = ["Block", "Folded", "Heading", "Listing", "Markup", "Paragraph", "Picture", "Points", "Table", "render"]


class Block(Protocol):
    """A piece of a section."""

    def html(self) -> str:
        """The block as HTML."""
        ...


def render(blocks: Sequence[Block]) -> str:
    """Write blocks one below the other."""
    return "\n".join(block.html() for block in blocks)


@dataclass(frozen=True)
class Paragraph:
    """A paragraph; `kind` is a class of the page's style: "lead", "note" or nothing."""

    text: str
    kind: str = ""

    def html(self) -> str:
        start = f'<p class="{self.kind}">' if self.kind else "<p>"
        return f"{start}{escape(self.text)}</p>"


@dataclass(frozen=True)
class Heading:
    """A heading within a section."""

    text: str

    def html(self) -> str:
        return f"<h3>{escape(self.text)}</h3>"


@dataclass(frozen=True)
class Points:
    """Terms with their descriptions."""

    pairs: Sequence[tuple[str, str]]

    def html(self) -> str:
        rows = (f"<div><dt>{escape(term)}</dt><dd>{escape(said)}</dd></div>" for term, said in self.pairs)
        return f"<dl>{''.join(rows)}</dl>"


@dataclass(frozen=True)
class Table:
    """A table whose first column names the rows.

    Attributes:
        caption: what it shows.
        columns: headings.
        rows: as texts.
        texts: how many columns, from the left, hold words; those behind them hold numbers.
    """

    caption: str
    columns: Sequence[str]
    rows: Sequence[Sequence[str]]
    texts: int = 1

    def html(self) -> str:
        head = "".join(f'<th scope="col"{self._kind(i)}>{escape(name)}</th>' for i, name in enumerate(self.columns))
        body = "".join(self._row(row) for row in self.rows)
        return (
            f'<div class="wide"><table><caption>{escape(self.caption)}</caption>'
            f"<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>"
        )

    def _row(self, row: Sequence[str]) -> str:
        first, *rest = (escape(cell) for cell in row)
        cells = "".join(f"<td{self._kind(i)}>{cell}</td>" for i, cell in enumerate(rest, start=1))
        return f'<tr><th scope="row">{first}</th>{cells}</tr>'

    def _kind(self, column: int) -> str:
        return ' class="number"' if column >= self.texts else ""


@dataclass(frozen=True)
class Picture:
    """A figure with its caption.

    Attributes:
        light: ``<svg>`` or ``<img>``.
        caption: what is to be seen.
        dark: the same for dark screens; empty: `light` serves both.
        card: whether it keeps its white ground on dark screens.
    """

    light: str
    caption: str
    dark: str = ""
    card: bool = False

    def html(self) -> str:
        shown = self.light
        if self.dark:
            shown = f'<div class="light">{self.light}</div><div class="dark">{self.dark}</div>'
        start = '<figure class="card">' if self.card else "<figure>"
        return f"{start}<div class='wide'>{shown}</div><figcaption>{escape(self.caption)}</figcaption></figure>"


@dataclass(frozen=True)
class Listing:
    """Lines as they stand."""

    lines: Sequence[str]

    def html(self) -> str:
        return f"<pre>{escape(chr(10).join(self.lines))}</pre>"


@dataclass(frozen=True)
class Markup:
    """HTML of this package's own making, such as formulas and traces."""

    source: str

    def html(self) -> str:
        return self.source


@dataclass(frozen=True)
class Folded:
    """Blocks behind a line that opens them; print shows them all, if `fresh` from a new page on."""

    title: str
    blocks: Sequence[Block]
    fresh: bool = False

    def html(self) -> str:
        start = '<details class="fresh">' if self.fresh else "<details>"
        return f"{start}<summary>{escape(self.title)}</summary>{render(self.blocks)}</details>"
