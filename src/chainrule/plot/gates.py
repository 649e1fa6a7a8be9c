"""Logic gates as planes that a perceptron's line divides."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Any

import numpy as np

from chainrule.data.toy import gates as truth_table
from chainrule.errors import ConfigError, ShapeError
from chainrule.explain.perceptron import Perceptron
from chainrule.plot import canvas

__all__ = ["gates"]

_NAMES = ("and", "or", "nand", "nor", "xor")
_LEFT, _RIGHT = -0.5, 1.5


def gates(
    names: Sequence[str] = _NAMES,
    perceptrons: Sequence[Perceptron | None] | None = None,
    path: str | os.PathLike[str] | None = None,
    *,
    title: str | None = None,
    lang: str | None = None,
) -> Any:
    """Draw gates as planes: the four inputs, the line of a perceptron, and the side on which it gives 1.

    Args:
        names: of the gates.
        perceptrons: one per gate, or None where there is no line; default: those set by hand, with w·x > θ as the
            notes have it, and no line for XOR and XNOR, which cannot have one.
        path: file to write, if any.
        title: heading.
        lang: "en" or "ko".

    Returns:
        matplotlib's ``Figure``.

    Raises:
        UnknownNameError: for what is no gate.
        ShapeError: if the perceptrons are not one per gate, or do not take two inputs.
        ConfigError: if no gate is named, or a perceptron has no line.
        MissingDependencyError: if matplotlib is not installed.
    """
    chosen = [names] if isinstance(names, str) else [str(name) for name in names]
    tables = [truth_table(name) for name in chosen]
    if not tables:
        raise ConfigError("there is no gate to draw", fix='Name some: plot.gates(["and", "xor"])')
    if perceptrons is None:
        perceptrons = [None if name.lower() in {"xor", "xnor"} else Perceptron.gate(name) for name in chosen]
    if len(perceptrons) != len(chosen) or any(one is not None and len(one.weights) != 2 for one in perceptrons):
        raise ShapeError("the perceptrons do not fit the gates", expected="one per gate, each with two inputs")
    with canvas.drawing():
        figure = canvas.new_figure(2.5 * len(chosen) + 0.2, 3.7 if title else 3.3)
        for i, (table, perceptron) in enumerate(zip(tables, perceptrons, strict=True)):
            _plane(figure.add_subplot(1, len(chosen), i + 1), table, perceptron, lang)
        handles, labels = figure.axes[0].get_legend_handles_labels()
        figure.legend(handles, labels, loc="outside lower center", ncols=2, handletextpad=0.2)
        if title:
            figure.suptitle(title, x=0.01, ha="left", fontsize=12, weight="bold")
        return canvas.save(figure, path)


def _plane(ax: Any, table: Any, perceptron: Perceptron | None, lang: str | None) -> None:
    if perceptron is not None:
        _divide(ax, perceptron)
        note = perceptron.line().equation
    else:
        note = canvas.caption("no_line", lang)
    labels = np.asarray(table.targets).reshape(-1)
    for value, name in ((0, "gate_zero"), (1, "gate_one")):
        points = table.inputs[labels == value]
        ax.scatter(
            points[:, 0],
            points[:, 1],
            s=150,
            c=canvas.COLORS[value],
            marker=canvas.MARKERS[value],
            edgecolors=canvas.edge(canvas.COLORS[value]),
            linewidths=1.8,
            label=canvas.caption(name, lang),
            zorder=3,
        )
    ax.set(xlim=(_LEFT, _RIGHT), ylim=(_LEFT, _RIGHT), aspect="equal", xticks=(0, 1), yticks=(0, 1))
    ax.set_xlabel("x1")
    ax.set_ylabel("x2")
    canvas.frame(ax)
    ax.set_title(table.name.upper(), pad=18)
    ax.annotate(note, (0, 1), xytext=(0, 5), textcoords="offset points", xycoords="axes fraction", size=7.5)


def _divide(ax: Any, perceptron: Perceptron) -> None:
    line = perceptron.line()
    ends = np.array([_LEFT, _RIGHT])
    across, up = np.meshgrid(ends, ends)
    scores = across * line.weights[0] + up * line.weights[1] + line.offset
    # The score is linear, so that two by two points give its contours exactly.
    sides = [canvas.lighter(color, 0.16) for color in canvas.COLORS[:2]]
    largest = float(np.abs(scores).max()) + 1.0
    ax.contourf(across, up, scores, levels=[-largest, 0, largest], colors=sides)
    ax.contour(across, up, scores, levels=[0], colors=canvas.INK, linewidths=1.6)
    # Beside the middle of the line, where the arrow meets none of the four inputs.
    along = np.array([-line.normal[1], line.normal[0]])
    along = along if along[1] < 0 else -along
    middle = np.array([0.5, 0.5])
    start = middle - line.normal * float(middle @ line.normal + line.distance) + 0.3 * along
    ax.annotate("", start + 0.3 * line.normal, start, arrowprops={"arrowstyle": "-|>", "color": canvas.INK, "lw": 1.2})
