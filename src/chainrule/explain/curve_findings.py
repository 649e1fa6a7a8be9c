"""Findings from the curves of a training: losses that do not fall, overfitting, underfitting."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from chainrule.errors import DTypeError, ShapeError
from chainrule.explain.findings import Finding

__all__ = ["curve", "curve_findings", "judges_overfitting"]

_FEWEST_EPOCHS = 5
_FALL = 0.1  # of the first epoch's loss: less counts as not falling
_JITTER, _WILD = 0.05, 0.25  # spread of the changes from epoch to epoch, as a share of the loss
_SETTLED = 0.6  # a curve whose last quarter still falls this share of its first quarter's fall has not settled
_RISE, _VISIBLE = 0.15, 0.1  # of the lowest validation loss, and of the first
_UNEXPLAINED = 0.8


def curve(history: Mapping[str, Any], name: str) -> np.ndarray:
    """One curve of a history; empty if there is none of that name.

    Raises:
        DTypeError, ShapeError: if it is not a list of numbers.
    """
    if not isinstance(history, Mapping):
        raise DTypeError("not a history", expected="a mapping from names to lists", got=type(history).__name__)
    try:
        values = np.asarray(history.get(name, ()), np.float64)
    except (TypeError, ValueError):
        raise DTypeError(f"curve {name!r} of the history is no list of numbers") from None
    if values.ndim != 1:
        raise ShapeError(f"curve {name!r} of the history is no list of numbers", got=f"shape {values.shape}")
    return values


def curve_findings(history: Mapping[str, Any], learned: bool, baseline: float | None) -> Iterator[Finding]:
    """What the curves tell.

    Args:
        history: ``loss`` and perhaps ``val_loss`` by epoch; ``epoch`` says which these are, where not all were kept.
        learned: whether the network is known to do well now.
        baseline: the loss of the best constant output, if known.
    """
    losses, held_out = curve(history, "loss"), curve(history, "val_loss")
    stopped = str(getattr(history, "stopped", None) or "")
    broken = "not finite" in stopped or "loss became" in stopped
    if broken or not np.isfinite(losses).all() or _grew(losses):
        start = float(losses[0]) if len(losses) else float("nan")
        yield Finding("diverging", None, {"start": start, "end": float("nan") if broken else float(losses[-1])})
        return
    if len(losses) < _FEWEST_EPOCHS:
        return
    epochs = curve(history, "epoch")
    if len(epochs) != len(losses):
        epochs = np.arange(1, len(losses) + 1)
    if not learned:
        yield from _stalled(losses, baseline, int(epochs[-1]))
    if judges_overfitting(history):
        yield from _overfitted(losses, held_out, epochs)


def judges_overfitting(history: Mapping[str, Any]) -> bool:
    """Whether the curves can tell overfitting: a validation loss beside the training loss, for some epochs."""
    losses, held_out = curve(history, "loss"), curve(history, "val_loss")
    return len(losses) >= _FEWEST_EPOCHS and len(held_out) == len(losses) and bool(np.isfinite(held_out).all())


def _grew(losses: np.ndarray) -> bool:
    return len(losses) > 1 and bool(losses[0] > 0) and bool(losses[-1] > 1.5 * losses[0])


def _stalled(losses: np.ndarray, baseline: float | None, epochs: int) -> Iterator[Finding]:
    n, first = len(losses), float(losses[0])
    quarter = max(n // 4, 1)
    end = float(losses[-quarter:].mean())
    changes = np.diff(losses)
    jitter = float(changes.std() / max(abs(losses.mean()), 1e-300))
    numbers: dict[str, Any] = {"start": first, "end": end, "epochs": epochs}
    fell = end <= (1 - _FALL) * first
    early, late = losses[0] - losses[quarter], losses[-1 - quarter] - losses[-1]
    falling = bool((changes < 0).mean() > 0.9) and late > 0
    if falling and late > _SETTLED * early and end > 0.5 * first:
        yield Finding("slow", None, numbers)
    elif (not fell and jitter > _JITTER) or (end > 0.5 * first and jitter > _WILD):
        yield Finding("oscillating", None, {**numbers, "jitter": jitter})
    elif not fell and (baseline is None or end > 0.5 * baseline):
        yield Finding("flat", None, numbers)
    elif baseline is not None and baseline > 0 and end > _UNEXPLAINED * baseline:
        yield Finding("underfitting", None, {"end": end, "baseline": baseline, "share": end / baseline})


def _overfitted(losses: np.ndarray, held_out: np.ndarray, epochs: np.ndarray) -> Iterator[Finding]:
    best = int(held_out.argmin())
    lowest, end, trained = float(held_out[best]), float(np.mean(held_out[-3:])), float(np.mean(losses[-3:]))
    rose = end - lowest
    early = best < 0.8 * (len(held_out) - 1)
    fell = trained < float(losses[best])
    if early and fell and rose > _RISE * lowest and rose > _VISIBLE * float(held_out[0]) and end > 1.5 * trained:
        numbers = {"best": int(epochs[best]), "lowest": lowest, "end": end, "trained": trained}
        yield Finding("overfitting", None, numbers)
