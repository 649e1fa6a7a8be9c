"""`Report`: its sections, as one page to read and as JSON."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from chainrule.explain.record import Record
from chainrule.files import atomic_write
from chainrule.reports.blocks import Block

__all__ = ["Content", "Report", "ReportSection", "Skipped"]


@dataclass(frozen=True)
class Content:
    """What a section has to show, and the same as numbers for programs."""

    blocks: Sequence[Block]
    facts: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Skipped:
    """Why a section does not apply to this model and data, in one sentence."""

    reason: str


@dataclass(frozen=True)
class ReportSection(Record):
    """A section of a report.

    Attributes:
        name: which one, e.g. "scores".
        title: its heading.
        state: "shown"; "skipped" if it does not apply; "failed" if something kept it from being made.
        note: why it is skipped or failed; empty otherwise.
        seconds: how long it took.
        facts: what it says, for programs.
    """

    name: str
    title: str
    state: Literal["shown", "skipped", "failed"]
    note: str
    seconds: float
    facts: Mapping[str, Any]
    _blocks: Sequence[Block] = field(default=(), repr=False, compare=False)


@dataclass(frozen=True)
class Report(Record):
    """One page about a model on its data.

    Attributes:
        title: its heading.
        lang: "en" or "ko".
        sections: in their order.
    """

    title: str
    lang: str
    sections: tuple[ReportSection, ...]

    @property
    def seconds(self) -> float:
        """How long all sections took."""
        return sum(section.seconds for section in self.sections)

    def section(self, name: str) -> ReportSection:
        """The section of a name.

        Raises:
            UnknownNameError: if there is none.
        """
        from chainrule.errors import UnknownNameError

        for section in self.sections:
            if section.name == name:
                return section
        raise UnknownNameError("section", name, [section.name for section in self.sections])

    def html(self) -> str:
        """One self-contained page: no network, no scripts."""
        from chainrule.reports.page import report_page

        return report_page(self)

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the page to a file, whole or not at all.

        Raises:
            MissingFileError: if the folder does not exist or cannot be written to.
        """
        with atomic_write(path) as file:
            file.write(self.html().encode())

    def _repr_html_(self) -> str:
        from chainrule.reports.page import report_fragment

        return report_fragment(self)

    def __repr__(self) -> str:
        shown = sum(section.state == "shown" for section in self.sections)
        return f"<Report {self.title!r}: {shown} of {len(self.sections)} sections in {self.seconds:.1f} s>"
