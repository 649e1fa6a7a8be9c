"""What keeps a network from learning, with evidence, cause and what to do."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from chainrule import losses
from chainrule.data import Dataset, Splits
from chainrule.errors import ConfigError, DataError, DTypeError
from chainrule.explain.baseline import constant_loss
from chainrule.explain.curve_findings import curve, curve_findings, judges_overfitting
from chainrule.explain.data_findings import (
    imbalance_findings,
    input_findings,
    link_findings,
    target_findings,
    target_scale_findings,
)
from chainrule.explain.findings import Diagnosis, Finding, Note
from chainrule.explain.gap_findings import gap_findings
from chainrule.explain.given import given_data, model_inputs, some_rows
from chainrule.explain.layer_findings import (
    activation_findings,
    gradient_findings,
    health,
    size_findings,
    symmetry_findings,
)
from chainrule.explain.linear_findings import linear_findings
from chainrule.explain.observation import observe
from chainrule.losses import Loss
from chainrule.nn.module import Module
from chainrule.nn.objective import shaped_targets, usual_loss

__all__ = ["diagnose"]

_MOST_ROWS = 2048
_LEARNED = 0.25  # of the best constant's loss
_GOOD_ACCURACY = 0.95
_STUCK = ("flat", "underfitting")
_UNEXPLAINED = 0.8  # of the best constant's loss


def diagnose(
    model: Module,
    data: Any = None,
    history: Mapping[str, Any] | None = None,
    *,
    loss: Any = None,
    held_out: Any = None,
) -> Diagnosis:
    """Look for what keeps `model` from learning.

    Looked for are dead ReLUs, saturated sigmoids and tanhs, vanishing and exploding gradients, hidden units that
    begin equal, weights of a wrong size, features and targets that are not scaled, imbalanced classes, outputs and
    targets that do not fit the loss; and in the curves a loss that diverges, swings, falls too slowly or not at all,
    overfitting and underfitting.  Overfitting is told from held-out rows, too; where there are neither these nor a
    validation curve, a note says that it was not judged.  What does no harm is no finding: a network whose loss is
    below a quarter of the best constant's has learned, saturated or not.

    Args:
        model: any network, trained or not; it is left as it was.
        data: a `Dataset`, `Splits` (the training part), a `Table`, a pair ``(X, y)``, or inputs alone; at most 2048
            rows of it are looked at, evenly spread.  Without it only weights and curves are.
        history: the curves, e.g. what `fit` returned: a mapping from names (``loss``, ``val_loss``, …) to lists.
        loss: name or `Loss`; default: the one that the model was trained with, else the usual one for the data.
        held_out: rows with targets that the model was not trained on, in any form of `data`; default: the test part of
            `Splits`, or else their validation part.

    Returns:
        a `Diagnosis`.

    Raises:
        DTypeError: if `model` is no network or `history` no mapping.
        DataError, ShapeError, ConfigError: if the data cannot be used, or do not fit the model.
    """
    if not isinstance(model, Module):
        raise DTypeError("diagnose takes a model", expected="a Module", got=type(model).__name__)
    curves = {} if history is None else history
    reached = curve(curves, "accuracy")
    accurate = bool(reached.size) and bool(reached[-1] >= _GOOD_ACCURACY)
    chosen = model.objective if loss is None else losses.get(loss)
    if data is None:
        if held_out is not None:
            raise ConfigError("held-out rows need training rows to be compared with", fix="Pass data, too")
        fresh = model.objective is None and not accurate
        found = [*symmetry_findings(model), *(size_findings(model) if fresh else ())]
        return Diagnosis((*found, *curve_findings(curves, accurate, None)), notes=_notes(curves))
    rows = some_rows(given_data(model, data, chosen), _MOST_ROWS)
    if held_out is None and isinstance(data, Splits):
        held_out = data.validation if data.test is None else data.test
    tested = None if held_out is None else some_rows(given_data(model, held_out, chosen), _MOST_ROWS)
    if tested is not None and tested.targets is None:
        raise DataError("the held-out rows have no targets", fix="Bring rows with the answers, or leave held_out away")
    return _with_data(model, rows, tested, curves, chosen, accurate)


def _notes(curves: Mapping[str, Any], judged: bool = False) -> tuple[Note, ...]:
    return () if judged or judges_overfitting(curves) else (Note("overfitting_not_judged"),)


def _with_data(
    model: Module,
    data: Dataset,
    held_out: Dataset | None,
    curves: Mapping[str, Any],
    wanted: Loss | None,
    accurate: bool,
) -> Diagnosis:
    inputs = model_inputs(model, data)
    seen = observe(model, inputs)
    outputs = math.prod(seen.output.shape[1:])
    loss, targets = wanted or usual_loss(data.task, seen.last, outputs), data.targets
    found: list[Finding] = [*input_findings(data, inputs, seen.calls), *imbalance_findings(data)]
    baseline, misfits = None, []
    if loss is not None and targets is not None:
        shaped = shaped_targets(loss, data.task, targets, seen.output.shape[1:], seen.output.dtype)
        misfits = list(target_findings(loss, data, shaped, outputs))
        if not misfits:
            misfits = list(link_findings(loss, seen, shaped))
            seen = observe(model, inputs, shaped, loss) if loss.reduction != "none" else seen
            baseline = constant_loss(loss, shaped, outputs)
    learned = accurate or _has_learned(seen.loss, baseline)
    if loss is not None and targets is not None and not misfits and not learned:
        found += target_scale_findings(loss, targets)
    same = list(symmetry_findings(model))
    sizes = [] if learned else list(size_findings(model))
    layers = health(seen.calls)
    found += [*misfits, *same, *sizes, *activation_findings(seen.calls, layers, learned)]
    if not (learned or same):  # equal units have gradients that say nothing about depth
        found += gradient_findings(layers)
    found += _explained(model, data, inputs, list(curve_findings(curves, learned, baseline)), seen.loss, baseline)
    judged = False
    if loss is not None and targets is not None and held_out is not None and not misfits:
        judged = True
        if "overfitting" not in (finding.kind for finding in found):
            found += gap_findings(model, loss, data, held_out, baseline)
    return Diagnosis(tuple(found), layers, seen.loss, baseline, len(data), _notes(curves, judged))


def _explained(
    model: Module,
    data: Dataset,
    inputs: np.ndarray,
    curves: list[Finding],
    loss: float | None,
    baseline: float | None,
) -> list[Finding]:
    """The curves' findings; in place of a loss that does not fall, the proof that no hyperplane would do, if it is one.

    A linear network on classes that overlap a little is no fault: the proof is looked for where nothing was learned.
    """
    stuck = any(finding.kind in _STUCK for finding in curves)
    idle = model.objective is not None and loss is not None and baseline is not None and loss > _UNEXPLAINED * baseline
    proof = list(linear_findings(model, data, inputs)) if stuck or idle else []
    return [*proof, *(finding for finding in curves if not (proof and finding.kind in _STUCK))]


def _has_learned(loss: float | None, baseline: float | None) -> bool:
    return loss is not None and baseline is not None and loss < _LEARNED * baseline
