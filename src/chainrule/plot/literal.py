"""Names from somebody's data as they stand: matplotlib would take what is between two dollar signs for mathematics."""

from __future__ import annotations

from typing import Any

__all__ = ["literal"]


def literal(figure: Any) -> None:
    """Let every text of a figure stand as it was written, the powers of ten on logarithmic axes excepted."""
    from matplotlib.text import Text
    from matplotlib.ticker import LogFormatter

    for text in figure.findobj(Text):
        text.set_parse_math(False)
    for ax in figure.axes:
        for axis in (ax.xaxis, ax.yaxis):
            for formatter, ticks in (
                (axis.get_major_formatter(), axis.get_major_ticks),
                (axis.get_minor_formatter(), axis.get_minor_ticks),
            ):
                if isinstance(formatter, LogFormatter):
                    for tick in ticks():
                        tick.label1.set_parse_math(True)
