"""Names from somebody's data as they stand: matplotlib would take what is between two dollar signs for mathematics."""

from __future__ import annotations

from typing import Any

__all__ = ["literal"]


def literal(figure: Any) -> None:
    """Let every text of a figure stand as it was written, numbers along the axes excepted: their powers are set."""
    from matplotlib.text import Text

    for text in figure.findobj(Text):
        text.set_parse_math(False)
    for ax in figure.axes:
        for axis in (ax.xaxis, ax.yaxis):
            axis.get_offset_text().set_parse_math(True)
            for formatter, ticks in (
                (axis.get_major_formatter(), axis.get_major_ticks()),
                (axis.get_minor_formatter(), axis.get_minor_ticks()),
            ):
                for tick in ticks if _numbers(formatter) else ():
                    tick.label1.set_parse_math(True)
                    tick.label2.set_parse_math(True)


def _numbers(formatter: Any) -> bool:
    """Whether matplotlib writes the labels itself, and not somebody their names."""
    from matplotlib.ticker import LogFormatter, ScalarFormatter

    return isinstance(formatter, (LogFormatter, ScalarFormatter))
