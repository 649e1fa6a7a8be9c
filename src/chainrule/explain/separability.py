"""Whether a hyperplane divides the classes, with the proof of either answer."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chainrule.errors import DataError
from chainrule.explain.hulls import common_point, dividing_direction
from chainrule.explain.labelled import Labelled, labelled
from chainrule.explain.nearest import nearest_to_origin
from chainrule.explain.record import Record
from chainrule.explain.wording import line_equation, mixture, number, vector
from chainrule.messages import text

__all__ = ["Certificate", "Division", "Hyperplane", "Separability", "separability", "separate"]

_WIDEST_DIMENSIONS = 100


@dataclass(frozen=True)
class Hyperplane(Record):
    """A hyperplane w·x + b = 0 with the positive class where w·x + b > 0.

    Attributes:
        weights: w, scaled so that the nearest samples of both classes have w·x + b = ±1.
        bias: b.
        margin: distance of the nearest sample from the hyperplane, 1/‖w‖, in the features' units.
        widest: whether no other hyperplane has a larger margin.
        support: rows of the samples at that distance, at most 100.
    """

    weights: NDArray[np.float64]
    bias: float
    margin: float
    widest: bool
    support: tuple[int, ...]


@dataclass(frozen=True)
class Certificate(Record):
    """Proof that no hyperplane exists: one point that mixes samples of either class.

    A hyperplane with one class on its positive side has every mixture of that class there too; the point would
    have to be on both sides.

    Attributes:
        point: the point in both convex hulls.
        negative_rows: samples of the negative class.
        negative_shares: their shares; not negative, summing to 1.
        negative_points: the samples themselves.
        positive_rows: samples of the positive class.
        positive_shares: their shares.
        positive_points: the samples themselves.
        residual: largest difference, in any coordinate, between the two mixtures.
    """

    point: NDArray[np.float64]
    negative_rows: NDArray[np.intp]
    negative_shares: NDArray[np.float64]
    negative_points: NDArray[np.float64]
    positive_rows: NDArray[np.intp]
    positive_shares: NDArray[np.float64]
    positive_points: NDArray[np.float64]
    residual: float


@dataclass(frozen=True)
class Division(Record):
    """The answer for one class against another, or against the rest.

    Attributes:
        negative: label of the negative class; None stands for all the others.
        positive: label of the positive class.
        separable: whether a hyperplane divides them.
        hyperplane: it, if so.
        certificate: the proof that there is none, if not.
    """

    negative: Any
    positive: Any
    separable: bool
    hyperplane: Hyperplane | None
    certificate: Certificate | None


@dataclass(frozen=True)
class Separability(Record):
    """What `separability` found.

    Attributes:
        separable: whether hyperplanes divide every class from the others.
        classes: the labels.
        n_samples: number of samples.
        n_features: number of features.
        divisions: one for two classes, else one per class (one against the rest).
        names: of the features.
    """

    separable: bool
    classes: tuple[Any, ...]
    n_samples: int
    n_features: int
    divisions: tuple[Division, ...]
    names: tuple[str, ...] = field(default=())

    @property
    def hyperplane(self) -> Hyperplane | None:
        """The hyperplane between two classes; None if there is none, or there are more classes."""
        return self.divisions[0].hyperplane if len(self.divisions) == 1 else None

    @property
    def certificate(self) -> Certificate | None:
        """The first proof that a class cannot be divided from the others; None if each can."""
        return next((division.certificate for division in self.divisions if division.certificate is not None), None)

    def explain(self, lang: str | None = None) -> str:
        """Return the answer and its proof in words, "en" or "ko"."""
        return "\n".join(line for division in self.divisions for line in _lines(division, self.names, lang))


def separability(X: Any, y: Any = None) -> Separability:
    """Tell whether a hyperplane divides the classes, and prove it.

    For two classes a linear programme (SciPy's HiGHS) looks for w and b with w·x + b < 0 on one class and > 0 on the
    other. The hyperplane is then moved to the largest margin; the margin is max over ‖w‖ = 1 and b of
    min over i of sᵢ(w·xᵢ + b). If there is none, the classes' convex hulls meet, and a point of both is returned with
    the shares that mix it. Either answer is checked on all samples before it is returned. More classes are taken one
    against the rest. A hundred thousand samples of ten features take less than a second, thousands of samples of
    hundreds of features may take minutes.

    Args:
        X: ``(N, D)`` numbers, or a `Dataset`, which brings its labels along.
        y: ``(N,)`` labels; the larger of two counts as positive.

    Raises:
        DataError: for empty or not finite data, a single class, or classes so close that double precision cannot
            tell.
        DTypeError, ShapeError: for what is no table of numbers with a label per row.
        MissingDependencyError: without SciPy.

    >>> found = separability([[0, 0], [0, 1], [1, 0], [1, 1]], [0, 1, 1, 0])
    >>> found.separable, found.certificate.point.tolist()
    (False, [0.5, 0.5])
    """
    return separate(labelled(X, y))


def separate(data: Labelled) -> Separability:
    """Do what `separability` does with points and labels that have been checked."""
    divisions: tuple[Division, ...]
    if len(data.classes) == 2:
        divisions = (_divide(data, data.labels == 1, data.classes[0], data.classes[1]),)
    else:
        divisions = tuple(_divide(data, data.labels == k, None, label) for k, label in enumerate(data.classes))
    return Separability(
        separable=all(division.separable for division in divisions),
        classes=data.classes,
        n_samples=len(data.points),
        n_features=data.points.shape[1],
        divisions=divisions,
        names=data.names,
    )


def _divide(data: Labelled, positive: NDArray[np.bool_], low_label: Any, high_label: Any) -> Division:
    rows_low, rows_high = np.flatnonzero(~positive), np.flatnonzero(positive)
    # Every feature is brought to [−1, 1], where the tolerances of the linear programme mean the same for each.
    smallest, largest = data.points.min(axis=0), data.points.max(axis=0)
    half = largest / 2 - smallest / 2
    scale = np.where(half > 0, half, 1.0)
    scaled = (data.points - (smallest / 2 + largest / 2)) / scale
    twins = _twins(data.points, positive)
    if twins is not None:
        one = np.ones(1)
        return _refused(data, (twins[:1], one, twins[1:], one), low_label, high_label)
    w, below, above = dividing_direction(scaled[rows_low], scaled[rows_high])
    if w is not None:
        plane = _hyperplane(data.points, rows_low, rows_high, w / scale)
        return Division(low_label, high_label, True, plane, None)
    first, low_shares, second, high_shares = common_point(scaled[rows_low[below]], scaled[rows_high[above]])
    mixed = rows_low[below[first]], low_shares, rows_high[above[second]], high_shares
    return _refused(data, mixed, low_label, high_label)


def _twins(values: NDArray[np.float64], positive: NDArray[np.bool_]) -> NDArray[np.intp] | None:
    """Return a negative and a positive row with the same features, the plainest of all proofs."""
    order = np.lexsort((positive, *values.T[::-1]))
    same = (values[order[1:]] == values[order[:-1]]).all(axis=1) & (positive[order[1:]] != positive[order[:-1]])
    if not same.any():
        return None
    at = int(np.argmax(same))
    return order[at : at + 2]


def _refused(data: Labelled, mixed: Any, low_label: Any, high_label: Any) -> Division:
    low_rows, low_shares, high_rows, high_shares = mixed
    low, high = low_shares @ data.points[low_rows], high_shares @ data.points[high_rows]
    size = np.maximum(np.abs(data.points).max(axis=0), 1e-300)
    residual = np.abs(low - high)
    if not (residual <= 4e-15 * np.sqrt(2 + data.points.shape[1]) * size).all():
        raise DataError(
            "the classes touch so closely that double precision cannot tell whether a hyperplane divides them",
            got=f"convex hulls within {residual.max():.1e}",
            fix="Scale or shift the features, or remove near-duplicates of both classes",
        )
    point = low / 2 + high / 2
    certificate = Certificate(
        point=np.where(np.abs(point) < 1e-15 * size, 0.0, point),  # what rounding leaves of a zero
        negative_rows=low_rows,
        negative_shares=low_shares,
        negative_points=data.points[low_rows],
        positive_rows=high_rows,
        positive_shares=high_shares,
        positive_points=data.points[high_rows],
        residual=float(residual.max()),
    )
    return Division(low_label, high_label, False, None, certificate)


def _hyperplane(
    values: NDArray[np.float64], rows_low: NDArray[np.intp], rows_high: NDArray[np.intp], w: NDArray[np.float64]
) -> Hyperplane:
    centre = values.min(axis=0) / 2 + values.max(axis=0) / 2
    size = float(np.abs(values - centre).max())
    low, high = (values[rows_low] - centre) / size, (values[rows_high] - centre) / size
    direction = w / np.linalg.norm(w)
    gap = float((high @ direction).min() - (low @ direction).max())
    widest = False
    if values.shape[1] <= _WIDEST_DIMENSIONS:
        nearest = nearest_to_origin(
            lambda v: high[np.argmin(high @ v)] - low[np.argmax(low @ v)],
            high[np.argmin(high @ direction)] - low[np.argmax(low @ direction)],
        )
        other = nearest.point / max(float(np.linalg.norm(nearest.point)), 1e-300)
        wider = float((high @ other).min() - (low @ other).max())
        if wider >= gap * (1 - 1e-12):
            direction, gap, widest = other, wider, nearest.exact
    middle = float((high @ direction).min() + (low @ direction).max()) / 2
    weights = direction * (2 / gap) / size
    bias = -middle * (2 / gap) - float(weights @ centre)
    scores = values @ weights + bias
    if not (scores[rows_low].max() < 0 < scores[rows_high].min()):
        raise DataError(
            "a hyperplane divides the classes, but double precision cannot hold it in the features' units",
            fix="Shift the features towards zero",
        )
    support = np.flatnonzero(np.abs(scores) <= 1 + 1e-6)[:100]
    return Hyperplane(weights, bias, gap * size / 2, widest, tuple(support.tolist()))


def _lines(division: Division, names: tuple[str, ...], lang: str | None) -> list[str]:
    low = text("separability.rest", lang) if division.negative is None else division.negative
    pair = {"negative": low, "positive": division.positive}
    if division.hyperplane is not None:
        plane = division.hyperplane
        kind = "widest" if plane.widest else "some"
        return [
            text("separability.yes", lang, **pair),
            text("separability.plane", lang, equation=line_equation(plane.weights, plane.bias, names)),
            text(f"separability.margin_{kind}", lang, margin=number(plane.margin)),
        ]
    assert division.certificate is not None
    proof = division.certificate
    if len(proof.negative_rows) == len(proof.positive_rows) == 1:
        rows = {"first": int(proof.negative_rows[0]), "second": int(proof.positive_rows[0])}
        reason = text("separability.twins", lang, point=vector(proof.point), **rows, **pair)
        return [text("separability.no", lang, **pair), reason]
    return [
        text("separability.no", lang, **pair),
        text("separability.common", lang, point=vector(proof.point)),
        text("separability.mix", lang, label=low, mixture=mixture(proof.negative_shares, proof.negative_points)),
        text(
            "separability.mix",
            lang,
            label=division.positive,
            mixture=mixture(proof.positive_shares, proof.positive_points),
        ),
        text("separability.why", lang),
    ]
