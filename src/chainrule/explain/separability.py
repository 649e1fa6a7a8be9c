"""Whether a hyperplane divides the classes, with the proof of either answer."""

from __future__ import annotations

from typing import Any

from chainrule.errors import ConfigError
from chainrule.explain.deadline import NEVER, Deadline
from chainrule.explain.dividing import Divider
from chainrule.explain.labelled import Labelled, labelled
from chainrule.explain.separability_record import Certificate, Division, Hyperplane, Separability

__all__ = ["Certificate", "Division", "Hyperplane", "Separability", "separability", "separate"]


def separability(X: Any, y: Any = None, *, limit: float | None = None) -> Separability:
    """Tell whether a hyperplane divides the classes, and prove it.

    For two classes, w and b are looked for with w·x + b < 0 on one class and > 0 on the other: by a linear programme
    (SciPy's HiGHS), or by logistic regression if there are many features. The hyperplane is then moved to the largest
    margin, unless there are many features; the margin is max over ‖w‖ = 1 and b of min over i of sᵢ(w·xᵢ + b). If there
    is none, the classes' convex hulls meet, and a point of both is returned with the shares that mix it. Either answer
    is checked on all samples before it is returned. More classes are taken one against the rest. A hundred thousand
    samples of twenty features take about a second, ten thousand of a thousand features some seconds per class.

    Args:
        X: ``(N, D)`` numbers, or a `Dataset`, which brings its labels along.
        y: ``(N,)`` labels; the larger of two counts as positive.
        limit: seconds after which to leave the rest undecided, up to the step that is being made; None for no limit.

    Raises:
        ConfigError: for a limit that is no positive number.
        DataError: for empty or not finite data, or a single class.
        DTypeError, ShapeError: for what is no table of numbers with a label per row.
        MissingDependencyError: without SciPy.

    >>> found = separability([[0, 0], [0, 1], [1, 0], [1, 1]], [0, 1, 1, 0])
    >>> found.separable, found.certificate.point.tolist()
    (False, [0.5, 0.5])
    """
    if limit is not None and (isinstance(limit, bool | str) or not limit > 0):
        raise ConfigError("limit is not usable", expected="a positive number of seconds, or None", got=repr(limit))
    return separate(labelled(X, y), Deadline(limit))


def separate(data: Labelled, deadline: Deadline = NEVER) -> Separability:
    """Do what `separability` does with points and labels that have been checked."""
    divider = Divider(data)
    divisions: list[Division] = []
    pairs = [(1, data.classes[0])] if len(data.classes) == 2 else [(k, None) for k in range(len(data.classes))]
    for done, (positive, negative) in enumerate(pairs):
        divisions.append(divider.divide(positive, negative, deadline.part(len(pairs) - done)))
    answers = {division.separable for division in divisions}
    return Separability(
        separable=False if False in answers else None if None in answers else True,
        classes=data.classes,
        n_samples=len(data.points),
        n_features=data.points.shape[1],
        divisions=tuple(divisions),
        names=data.names,
    )
