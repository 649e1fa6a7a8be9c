"""What is found about the separability of classes, and its words."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from chainrule.explain.record import Record
from chainrule.explain.wording import line_equation, mixture, number, vector
from chainrule.messages import text

__all__ = ["Certificate", "Division", "Hyperplane", "Separability"]


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
        tolerance: the difference that is taken for rounding, as a part of the feature's largest magnitude; no
            coordinate's is larger.
    """

    point: NDArray[np.float64]
    negative_rows: NDArray[np.intp]
    negative_shares: NDArray[np.float64]
    negative_points: NDArray[np.float64]
    positive_rows: NDArray[np.intp]
    positive_shares: NDArray[np.float64]
    positive_points: NDArray[np.float64]
    residual: float
    tolerance: float = 0.0


@dataclass(frozen=True)
class Division(Record):
    """The answer for one class against another, or against the rest.

    Attributes:
        negative: label of the negative class; None stands for all the others.
        positive: label of the positive class.
        separable: whether a hyperplane divides them; None if that was not decided.
        hyperplane: it, if so.
        certificate: the proof that there is none, if not.
        undecided: why there is neither: "limit" if the time was up, "precision" if the classes are so near to each
            other that double precision cannot tell; None if there is one of them.
    """

    negative: Any
    positive: Any
    separable: bool | None
    hyperplane: Hyperplane | None
    certificate: Certificate | None
    undecided: Literal["limit", "precision"] | None = None


@dataclass(frozen=True)
class Separability(Record):
    """What `separability` found.

    Attributes:
        separable: whether hyperplanes divide every class from the others; None if none is known not to be divided,
            and not all were decided.
        classes: the labels.
        n_samples: number of samples.
        n_features: number of features.
        divisions: one for two classes, else one per class (one against the rest).
        names: of the features.
    """

    separable: bool | None
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
        """The first proof that a class cannot be divided from the others; None if none is known."""
        return next((division.certificate for division in self.divisions if division.certificate is not None), None)

    def explain(self, lang: str | None = None) -> str:
        """Return the answer and its proof in words, "en" or "ko"."""
        return "\n".join(line for division in self.divisions for line in _lines(division, self.names, lang))


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
    if division.certificate is None:
        return [text(f"separability.undecided_{division.undecided}", lang, **pair)]
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
