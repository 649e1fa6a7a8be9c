"""What keeps a network from learning, with evidence, cause and what to do."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from chainrule import losses
from chainrule.data import Dataset
from chainrule.errors import DTypeError
from chainrule.explain.baseline import constant_loss
from chainrule.explain.curve_findings import curve, curve_findings
from chainrule.explain.data_findings import (
    imbalance_findings,
    input_findings,
    link_findings,
    target_findings,
    target_scale_findings,
)
from chainrule.explain.findings import Diagnosis, Finding
from chainrule.explain.given import given_data, model_inputs, some_rows
from chainrule.explain.layer_findings import (
    activation_findings,
    gradient_findings,
    health,
    size_findings,
    symmetry_findings,
)
from chainrule.explain.observation import observe
from chainrule.losses import Loss
from chainrule.nn.module import Module
from chainrule.nn.objective import shaped_targets, usual_loss

__all__ = ["diagnose"]

_MOST_ROWS = 2048
_LEARNED = 0.25  # of the best constant's loss
_GOOD_ACCURACY = 0.95


def diagnose(
    model: Module, data: Any = None, history: Mapping[str, Any] | None = None, *, loss: Any = None
) -> Diagnosis:
    """Look for what keeps `model` from learning.

    Looked for are dead ReLUs, saturated sigmoids and tanhs, vanishing and exploding gradients, hidden units that
    begin equal, weights of a wrong size, features and targets that are not scaled, imbalanced classes, outputs and
    targets that do not fit the loss; and in the curves a loss that diverges, swings, falls too slowly or not at all,
    overfitting and underfitting.  What does no harm is no finding: a network whose loss is below a quarter of the best
    constant's has learned, saturated or not.

    Args:
        model: any network, trained or not; it is left as it was.
        data: a `Dataset`, `Splits` (the training part), a `Table`, a pair ``(X, y)``, or inputs alone; at most 2048
            rows of it are looked at, evenly spread.  Without it only weights and curves are.
        history: the curves, e.g. what `fit` returned: a mapping from names (``loss``, ``val_loss``, …) to lists.
        loss: name or `Loss`; default: the one that the model was trained with, else the usual one for the data.

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
        fresh = model.objective is None and not accurate
        found = [*symmetry_findings(model), *(size_findings(model) if fresh else ())]
        return Diagnosis((*found, *curve_findings(curves, accurate, None)))
    rows = some_rows(given_data(model, data, chosen), _MOST_ROWS)
    return _with_data(model, rows, curves, chosen, accurate)


def _with_data(
    model: Module, data: Dataset, curves: Mapping[str, Any], wanted: Loss | None, accurate: bool
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
    found += curve_findings(curves, learned, baseline)
    return Diagnosis(tuple(found), layers, seen.loss, baseline, len(data))


def _has_learned(loss: float | None, baseline: float | None) -> bool:
    return loss is not None and baseline is not None and loss < _LEARNED * baseline
