"""How a perceptron learns: the delta rule, with every update on record."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from chainrule.data.checks import check_whole
from chainrule.errors import ConfigError, DataError, MissingDependencyError, ShapeError, UnknownNameError
from chainrule.explain.labelled import Labelled, labelled
from chainrule.explain.nearest import nearest_to_origin
from chainrule.explain.perceptron import Perceptron
from chainrule.explain.record import Record
from chainrule.explain.separability import Separability, separate
from chainrule.explain.wording import number, vector
from chainrule.messages import text

__all__ = ["Bound", "Learning", "Update", "learn"]

_SHOWN = 40
_MOST_FEATURES = 100


@dataclass(frozen=True)
class Update(Record):
    """One change of the weights.

    Attributes:
        step: number of the update, from 1.
        epoch: the pass over the samples, from 1.
        samples: rows of the misclassified samples that caused it.
        weights_before: w before.
        bias_before: b before.
        weights_after: w after.
        bias_after: b after.
        objective_before: J before.
        objective_after: J after.
    """

    step: int
    epoch: int
    samples: tuple[int, ...]
    weights_before: NDArray[np.float64]
    bias_before: float
    weights_after: NDArray[np.float64]
    bias_after: float
    objective_before: float
    objective_after: float


@dataclass(frozen=True)
class Bound(Record):
    """Novikoff's bound on the number of updates.

    Attributes:
        radius: R, the length of the longest sample (1, x).
        margin: γ, the margin of a hyperplane through the origin that divides the samples (1, x).
        updates: ⌊(R/γ)²⌋ online, ⌊N·(R/γ)²⌋ in batches.

    Source: A. Novikoff, "On convergence proofs on perceptrons", Symposium on the Mathematical Theory of Automata 12
    (1962), 615–622.
    """

    radius: float
    margin: float
    updates: int


@dataclass(frozen=True)
class Learning(Record):
    """What came of learning.

    Attributes:
        perceptron: with the weights at the end.
        mode: "online" or "batch".
        lr: learning rate.
        converged: whether every sample is on its side.
        epochs: passes that were made.
        n_updates: updates that were made.
        updates: the first of them.
        objectives: J at the start and after each epoch.
        mistakes: number of misclassified samples at the start and after each epoch.
        bound: on the number of updates; None if there is none (not separable, another start than zero, no SciPy).
        separability: the proof; None if none was asked for, or without SciPy.
    """

    perceptron: Perceptron
    mode: str
    lr: float
    converged: bool
    epochs: int
    n_updates: int
    updates: tuple[Update, ...]
    objectives: tuple[float, ...]
    mistakes: tuple[int, ...]
    bound: Bound | None
    separability: Separability | None

    def explain(self, lang: str | None = None) -> str:
        """Return every update and what came of it in words, "en" or "ko"."""
        lines = [*self.head(lang), *(_update_line(update, lang) for update in self.updates[:_SHOWN])]
        if self.n_updates > _SHOWN:
            lines.append(text("perceptron.more", lang, count=self.n_updates - _SHOWN))
        return "\n".join([*lines, *self.result(lang)])

    def head(self, lang: str | None = None) -> list[str]:
        """Return how it learned, and how weights and objective are written, in a line each."""
        mode = text(f"perceptron.mode.{self.mode}", lang)
        return [text("perceptron.learning", lang, mode=mode, lr=number(self.lr)), text("perceptron.written", lang)]

    def result(self, lang: str | None = None) -> list[str]:
        """Return what came of the updates."""
        counts = {"epochs": self.epochs, "updates": self.n_updates}
        if self.converged:
            lines = [text("perceptron.converged", lang, **counts)]
        else:
            lines = [text("perceptron.stopped", lang, mistakes=self.mistakes[-1], **counts)]
        if np.any(self.perceptron.weights):
            lines.append(self.perceptron.line().explain(lang))
        if self.bound is not None:
            lines.append(_bound_line(self.bound, self.mode, self.n_updates, lang))
        if self.separability is not None and self.separability.separable is False:
            lines += [text("perceptron.endless", lang), *self.separability.explain(lang).splitlines()]
        return lines


def learn(
    X: Any,
    y: Any = None,
    *,
    mode: Literal["online", "batch"] = "online",
    lr: float = 1.0,
    epochs: int = 100,
    start: Perceptron | None = None,
    shuffle: bool = False,
    seed: int = 0,
    keep: int = 1000,
    prove: bool = True,
) -> Learning:
    """Learn two classes by the delta rule, from zero weights.

    With t = ±1 for the classes, the rule descends J(w) = Σ −tᵢ(w·xᵢ + b) over the misclassified samples:
    w ← w + lr·tᵢ·xᵢ and b ← b + lr·tᵢ, for one sample after the other ("online") or for the sum over all that are
    misclassified ("batch"). It ends when every sample is on its side, and after `epochs` passes at the latest.

    Args:
        X: ``(N, D)`` numbers, or a `Dataset`, which brings its labels along.
        y: ``(N,)`` labels of two classes, e.g. 0 and 1 or −1 and 1.
        mode: "online" or "batch".
        lr: learning rate.
        epochs: most passes over the samples.
        start: begin from these weights.
        shuffle: take the samples in a new random order each epoch (online).
        seed: of that order.
        keep: how many updates to put on record.
        prove: find out whether the classes are separable (SciPy), for the bound or the proof that learning never ends.

    Raises:
        ConfigError, UnknownNameError: for settings that make no sense.
        DataError, DTypeError, ShapeError: for unusable samples, or not exactly two classes.
    """
    data = _checked(X, y, mode, lr, epochs, start, keep)
    run = _Run(data, lr, start, keep)
    order = np.arange(len(data.points))
    rng = np.random.default_rng(seed)
    objectives, mistakes = [run.objective()], [run.mistakes()]
    epoch = 0
    while mistakes[-1] and epoch < epochs:
        epoch += 1
        if mode == "batch":
            run.update(np.flatnonzero(run.wrong(order)), epoch)
        else:
            run.online(rng.permutation(order) if shuffle else order, epoch)
        objectives.append(run.objective())
        mistakes.append(run.mistakes())
        if not np.isfinite(run.w).all():
            raise DataError("the weights grew beyond double precision", fix="Scale the features or lower lr")
    proof = _proof(data) if prove else None
    at_zero = start is None or not (np.any(start.weights) or start.bias)
    known = proof is not None and proof.separable is True and at_zero
    return Learning(
        perceptron=Perceptron(run.w[1:].copy(), float(run.w[0]), (data.classes[0], data.classes[1]), data.names),
        mode=mode,
        lr=float(lr),
        converged=mistakes[-1] == 0,
        epochs=epoch,
        n_updates=run.count,
        updates=tuple(run.updates),
        objectives=tuple(objectives),
        mistakes=tuple(mistakes),
        bound=_bound(run.signed, proof, mode) if known and proof is not None else None,
        separability=proof,
    )


class _Run:
    """The weights (b, w₁, …) on their way; samples are kept as t·(1, x), of which a right one has a positive sum."""

    def __init__(self, data: Labelled, lr: float, start: Perceptron | None, keep: int) -> None:
        self.side = np.where(data.labels == 1, 1.0, -1.0)
        self.signed = self.side[:, None] * np.hstack([np.ones((len(data.points), 1)), data.points])
        self.w = np.zeros(self.signed.shape[1]) if start is None else np.append(start.bias, start.weights)
        self.lr, self.keep = lr, keep
        self.updates: list[Update] = []
        self.count = 0

    def wrong(self, rows: NDArray[np.intp]) -> NDArray[np.bool_]:
        """Which samples are misclassified; on the line itself the first class is right."""
        sums = self.signed[rows] @ self.w
        result: NDArray[np.bool_] = (sums < 0) | ((sums == 0) & (self.side[rows] > 0))
        return result

    def mistakes(self) -> int:
        return int(self.wrong(np.arange(len(self.signed))).sum())

    def objective(self) -> float:
        return self._objective_of(self.w)

    def update(self, rows: NDArray[np.intp], epoch: int) -> None:
        before = self.w
        self.w = before + self.lr * self.signed[rows].sum(axis=0)
        self.count += 1
        if self.count > self.keep:
            return
        change = Update(
            step=self.count,
            epoch=epoch,
            samples=tuple(rows.tolist()),
            weights_before=before[1:],
            bias_before=float(before[0]),
            weights_after=self.w[1:],
            bias_after=float(self.w[0]),
            objective_before=self._objective_of(before),
            objective_after=self.objective(),
        )
        self.updates.append(change)

    def _objective_of(self, w: NDArray[np.float64]) -> float:
        return float(np.maximum(-(self.signed @ w), 0.0).sum())

    def online(self, order: NDArray[np.intp], epoch: int) -> None:
        for row in self._next_wrong(order):
            self.update(np.array([row]), epoch)

    def _next_wrong(self, order: NDArray[np.intp]) -> Iterator[int]:
        """The misclassified samples in turn; looks ahead the further, the rarer they are."""
        at, ahead = 0, 8
        while at < len(order):
            wrong = self.wrong(order[at : at + ahead])
            if wrong.any():
                at += int(np.argmax(wrong)) + 1
                yield int(order[at - 1])
                ahead = 8
            else:
                at += ahead
                ahead *= 2


def _checked(X: Any, y: Any, mode: str, lr: float, epochs: int, start: Perceptron | None, keep: int) -> Labelled:
    if mode not in {"online", "batch"}:
        raise UnknownNameError("mode", mode, ("online", "batch"))
    if isinstance(lr, bool | str) or not 0 < lr < np.inf:
        raise ConfigError("lr is not usable", expected="a positive number", got=repr(lr))
    check_whole("epochs", epochs, 1)
    check_whole("keep", keep, 0)
    data = labelled(X, y)
    if len(data.classes) != 2:
        raise DataError("a perceptron divides two classes", got=f"{len(data.classes)} classes")
    if start is not None and len(start.weights) != data.points.shape[1]:
        raise ShapeError(
            "the starting weights do not fit the points", expected=data.points.shape[1], got=len(start.weights)
        )
    return data


def _proof(data: Labelled) -> Separability | None:
    try:
        return separate(data)
    except MissingDependencyError:
        return None


def _bound(signed: NDArray[np.float64], proof: Separability, mode: str) -> Bound | None:
    plane = proof.hyperplane
    assert plane is not None
    radius = float(np.linalg.norm(signed, axis=1).max())
    directions = [np.append(plane.bias, plane.weights)]
    if signed.shape[1] <= _MOST_FEATURES:
        samples = signed / radius
        directions.append(nearest_to_origin(lambda w: samples[np.argmin(samples @ w)], samples[0]).point)
    margin = max(float((signed @ w).min() / max(float(np.linalg.norm(w)), 1e-300)) for w in directions)
    if margin <= 0:
        return None
    limit = (radius / margin) ** 2 * (len(signed) if mode == "batch" else 1)
    return Bound(radius, margin, int(limit * (1 + 1e-9)))


def _update_line(update: Update, lang: str | None) -> str:
    rows = [str(row) for row in update.samples]
    return text(
        "perceptron.update",
        lang,
        step=update.step,
        epoch=update.epoch,
        samples=", ".join(rows[:8]) + (", …" if len(rows) > 8 else ""),
        before=vector([update.bias_before, *update.weights_before]),
        after=vector([update.bias_after, *update.weights_after]),
        objective_before=number(update.objective_before),
        objective_after=number(update.objective_after),
    )


def _bound_line(bound: Bound, mode: str, updates: int, lang: str | None) -> str:
    return text(
        f"perceptron.bound.{mode}",
        lang,
        radius=number(bound.radius),
        margin=number(bound.margin),
        limit=bound.updates,
        updates=updates,
    )
