"""One page with all that can be said about a model on its data, for reading, printing and handing on."""

from __future__ import annotations

from chainrule.reports.build import report
from chainrule.reports.record import Report, ReportSection

__all__ = ["Report", "ReportSection", "report"]
