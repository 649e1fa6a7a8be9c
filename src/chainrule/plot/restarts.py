"""Many trainings of one network: their curves, how often they work, what they find, how long they take."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import numpy as np

from chainrule.errors import DTypeError
from chainrule.explain.wording import number
from chainrule.plot import canvas
from chainrule.plot.relief import wide

if TYPE_CHECKING:
    from chainrule.train.restarts import Restart, Restarts

__all__ = ["restarts"]

_MOST_SOLUTIONS = 8
_MOST_SEEDS = 6
_STYLES = {True: "-", False: (0, (4, 2))}


def restarts(
    restarts: Restarts,
    path: str | os.PathLike[str] | None = None,
    *,
    title: str | None = None,
    lang: str | None = None,
) -> Any:
    """Draw the loss curves of all runs, the success rate with its interval, the distinct solutions, and the times.

    Successes are blue and solid, failures vermillion and dashed.

    Args:
        restarts: what `chainrule.restarts` returned.
        path: file to write, if any.
        title: heading.
        lang: "en" or "ko".

    Returns:
        matplotlib's ``Figure``.

    Raises:
        DTypeError: for anything else.
        MissingDependencyError: if matplotlib is not installed.
    """
    if not hasattr(restarts, "runs") or not hasattr(restarts, "solutions"):
        raise DTypeError("not restarts", expected="what chainrule.restarts returns", got=type(restarts).__name__)
    wins = sum(run.success for run in restarts.runs)
    with canvas.drawing():
        figure = canvas.new_figure(9.4, 5.4)
        layout = figure.add_gridspec(3, 2, width_ratios=(1.25, 1), height_ratios=(0.28, 1.3, 1))
        _curves(figure.add_subplot(layout[:, 0]), restarts, lang)
        _rate(figure.add_subplot(layout[0, 1]), restarts, lang)
        _solutions(figure.add_subplot(layout[1, 1]), restarts, lang)
        _times(figure.add_subplot(layout[2, 1]), restarts, lang)
        goal = {"wins": wins, "n": len(restarts.runs), "metric": restarts.metric, "goal": number(restarts.goal)}
        heading = canvas.caption("training.restarts", lang, **goal) if title is None else title
        figure.suptitle(heading, x=0.01, ha="left", fontsize=12, weight="bold")
        return canvas.save(figure, path)


def _color(success: bool) -> str:
    color: str = canvas.COLORS[0 if success else 1]
    return color


def _marker(success: bool) -> str:
    return canvas.MARKERS[0 if success else 1]


def _curves(ax: Any, restarts: Restarts, lang: str | None) -> None:
    from matplotlib.ticker import MaxNLocator

    share = float(np.clip(12 / len(restarts.runs), 0.3, 0.9))
    for success, key in ((True, "reached"), (False, "missed")):
        own = [run for run in restarts.runs if run.success == success]
        label = canvas.caption(f"training.{key}", lang, n=len(own))
        for run in own:
            epochs = np.arange(1, len(run.losses) + 1)
            mark = "o" if len(epochs) == 1 else None
            ax.plot(
                epochs, run.losses, color=_color(success), ls=_STYLES[success], lw=1.3, alpha=share, marker=mark,
                label=label,
            )  # fmt: skip
            label = "_"  # one key for all of them
    losses = [loss for run in restarts.runs for loss in run.losses]
    if wide(np.array(losses)):
        ax.set_yscale("log")
    ax.set_xlabel(canvas.caption("training.epoch", lang))
    ax.set_ylabel(canvas.caption("training.loss", lang))
    ax.xaxis.set_major_locator(MaxNLocator(integer=True, nbins=7))
    canvas.grid(ax)
    ax.margins(x=0.02)
    lost = sum(not run.losses for run in restarts.runs)
    if lost:
        note = canvas.caption("training.diverged_runs", lang, n=lost)
        ax.annotate(note, (0, 1), xytext=(0, 7), textcoords="offset points", xycoords="axes fraction", size=8.5)
    if not losses:
        ax.set(xticks=[], yticks=[])
        return
    for key in ax.legend(loc="upper center", bbox_to_anchor=(0.5, -0.11), ncols=2, handlelength=2.8).legend_handles:
        key.set_alpha(1)


def _rate(ax: Any, restarts: Restarts, lang: str | None) -> None:
    low, rate, high = restarts.low, restarts.rate, restarts.high
    shown = canvas.caption(
        "training.interval", lang, confidence=f"{restarts.confidence:.0%}", low=f"{low:.0%}", high=f"{high:.0%}"
    )
    ax.plot([low, high], [0, 0], "-|", color=canvas.INK, lw=2, ms=12, mew=1.6)
    ax.plot([rate], [0], "D", ms=9, color=_color(True), mec=canvas.PAPER, mew=1.2, zorder=3, clip_on=False)
    ax.set(xlim=(0, 1), ylim=(-1, 1), yticks=[])
    ax.set_xticks([0, 0.25, 0.5, 0.75, 1], labels=["0 %", "25 %", "50 %", "75 %", "100 %"])
    ax.spines["left"].set_visible(False)
    ax.set_title(canvas.caption("training.success_rate", lang, rate=f"{rate:.0%}"), loc="left", pad=20)
    ax.annotate(shown, (0, 1), xytext=(0, 6), textcoords="offset points", xycoords="axes fraction", size=8.5)


def _solutions(ax: Any, restarts: Restarts, lang: str | None) -> None:
    from matplotlib.ticker import MaxNLocator

    found = restarts.solutions[:_MOST_SOLUTIONS]
    for i, solution in enumerate(found):
        hatch = None if solution.success else "///"
        ax.barh(
            i, len(solution.seeds), height=0.62, color=canvas.lighter(_color(solution.success), 0.75),
            edgecolor=canvas.PAPER if solution.success else canvas.INK, hatch=hatch, lw=0.6,
        )  # fmt: skip
        few = ", ".join(map(str, solution.seeds[:_MOST_SEEDS])) + (", …" if len(solution.seeds) > _MOST_SEEDS else "")
        label = canvas.caption("training.seeds", lang, seeds=few)
        ax.annotate(label, (len(solution.seeds), i), xytext=(4, 0), textcoords="offset points", va="center", size=7.5)
    most = max((len(solution.seeds) for solution in found), default=1)
    ax.set(xlim=(0, 1.9 * most), ylim=(max(len(found), 1) - 0.4, -0.6))
    ax.set_yticks(range(len(found)), labels=[str(i + 1) for i in range(len(found))])
    ax.xaxis.set_major_locator(MaxNLocator(integer=True, nbins=6))
    good = sum(solution.success for solution in restarts.solutions)
    counts = {"good": good, "bad": len(restarts.solutions) - good}
    ax.set_title(canvas.caption("training.solutions", lang, **counts), loc="left")
    ax.set_xlabel(canvas.caption("training.trainings", lang))
    if not found:
        ax.set_xticks([])
    if len(restarts.solutions) > len(found):
        note = canvas.caption("some_of", lang, shown=len(found), count=len(restarts.solutions))
        ax.annotate(note, (1, 1), ha="right", va="bottom", xycoords="axes fraction", size=8.5)


def _times(ax: Any, restarts: Restarts, lang: str | None) -> None:
    for success in (True, False):
        own: list[Restart] = [run for run in restarts.runs if run.success == success]
        ax.plot(
            [run.seed for run in own], [run.seconds for run in own], _marker(success), color=_color(success), ms=6,
            mec=canvas.PAPER, mew=0.8, ls="",
        )  # fmt: skip
    from matplotlib.ticker import MaxNLocator

    ax.xaxis.set_major_locator(MaxNLocator(integer=True, nbins=8))
    ax.set_ylim(0, 1.15 * max(run.seconds for run in restarts.runs))
    canvas.grid(ax)
    ax.set_title(canvas.caption("training.times", lang), loc="left")
    ax.set_xlabel(canvas.caption("training.seed", lang))
    ax.set_ylabel(canvas.caption("training.seconds", lang))
