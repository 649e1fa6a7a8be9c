"""Using a trained model: `evaluate`, `predict`, `predict_proba`."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from typing import Any, TypeVar

import numpy as np

from chainrule import metrics as metric_registry
from chainrule.core.mode import no_grad, quiet
from chainrule.core.tensor import Tensor
from chainrule.data.dataset import Dataset
from chainrule.errors import ConfigError, DataError, TrainingError
from chainrule.losses import Loss
from chainrule.metrics.registry import Metric
from chainrule.nn.evaluation import INFERENCE_ROWS, outputs_of
from chainrule.nn.module import Module
from chainrule.nn.objective import decides, takes_signs
from chainrule.train.inputs import as_module, inputs_only, like_training, model_dtype, probe, with_inputs
from chainrule.train.objective import choose_loss, named_loss, with_targets

__all__ = [
    "Scores", "check_count", "choose_metrics", "epoch_metrics", "evaluate", "joined_metrics", "predict",
    "predict_proba", "scores", "scores_of",
]  # fmt: skip

Measured = TypeVar("Measured")


class Scores(dict[str, float]):
    """Loss and metrics by name; prints as ``loss 0.3386 · accuracy 0.8793``."""

    def __repr__(self) -> str:
        return " · ".join(f"{name} {value:.4f}" for name, value in self.items())


def evaluate(
    model: Module, data: Any, *, loss: Any = None, metrics: Any = None, batch_size: int = INFERENCE_ROWS
) -> Scores:
    """Loss and metrics of `model` on `data`, in evaluation mode (no dropout, running statistics).

    Args:
        model: a trained network.
        data: a `Dataset`, a table with the target column, or a pair (X, y); tables and arrays are prepared as the
            training data were.
        loss: default: the one that the model was trained with, or the usual one for the data.
        metrics: names, functions or `Metric`s; default: accuracy for classes, mean absolute error for numbers.
        batch_size: rows at a time; does not change the result.

    Returns:
        a dictionary: ``"loss"`` (on standardised targets, for regression) and the metrics (in the target's own units).
    """
    check_count("batch_size", batch_size)
    dtype = model_dtype(as_module(model))
    dataset = with_inputs(like_training(model, data, "evaluation"), dtype)
    if not len(dataset):
        raise DataError("there are no rows to evaluate")
    shape = probe(model, dataset)
    objective = choose_loss(named_loss(loss) or model.objective, dataset, model, shape)
    prepared = with_targets(dataset, objective, shape, dtype)
    return scores(model, objective, prepared, choose_metrics(metrics, objective, dataset, shape), batch_size)


def predict(model: Module, data: Any, *, batch_size: int = INFERENCE_ROWS) -> np.ndarray:
    """Class labels ``(N,)``, or values in the target's own units, for each row of `data`.

    Args:
        model: a trained network.
        data: what it was trained on: a table or frame with the input columns, an array ``(N, …)``, or a `Dataset`.
        batch_size: rows at a time.

    Returns:
        labels as the training data had them, if the model knows any, else class indices; floats for regression.
    """
    prediction = _linked(model, data, batch_size)
    loss, fitted = model.objective, model.preprocessing
    outputs = prediction[:, 0] if prediction.ndim == 2 and prediction.shape[1] == 1 else prediction
    if loss is None:
        return outputs
    if loss.task == "multiclass":
        known = None if fitted is None or fitted.classes is None else len(fitted.classes)
        return _labels(model, outputs[:, :known].argmax(axis=1))
    if loss.task == "binary" or decides(loss, None if fitted is None else fitted.task, prediction[0].size):
        second = outputs > loss.threshold
        if takes_signs(loss) and fitted is not None and fitted.task == "regression":
            return np.where(second, 1.0, -1.0)  # as the targets were
        return _labels(model, second.astype(np.int64)) if outputs.ndim == 1 else second.astype(np.int64)
    return outputs if fitted is None or fitted.task != "regression" else np.asarray(fitted.decode(outputs))


def _labels(model: Module, indices: np.ndarray) -> np.ndarray:
    """Class labels as the training data had them, if they had any."""
    fitted = model.preprocessing
    if fitted is None or fitted.classes is None or fitted.task == "regression":
        return indices
    return np.asarray(fitted.decode(indices))


def predict_proba(model: Module, data: Any, *, batch_size: int = INFERENCE_ROWS) -> np.ndarray:
    """Class probabilities ``(N, C)``; for a model with one output the columns are 1 - p and p.

    Raises:
        ConfigError: for a model that was not trained to tell classes apart.
    """
    check_count("batch_size", batch_size)
    loss = as_module(model).objective
    if loss is None or not loss.probabilistic:
        trained = "not trained" if loss is None else f"trained with {loss.name}"
        raise ConfigError("the model gives no probabilities", got=trained, fix="Use predict")
    p = _linked(model, data, batch_size)
    if loss.task == "binary" and (p.ndim == 1 or p.shape[1] == 1):
        p = p.reshape(-1, 1)
        return np.concatenate([1 - p, p], axis=1)
    return p


def _linked(model: Module, data: Any, batch_size: int) -> np.ndarray:
    check_count("batch_size", batch_size)
    dataset = with_inputs(inputs_only(as_module(model), data), model_dtype(model))
    probe(model, dataset)
    outputs = outputs_of(model, dataset, batch_size)
    bad = ~np.isfinite(outputs.reshape(len(outputs), -1)).all(axis=1)
    if bad.any():
        raise TrainingError(
            f"the model's outputs are not finite for {int(bad.sum())} of {len(bad)} rows",
            where=f"row {int(bad.argmax())} first",
            fix="Its training diverged, or these inputs lie far outside the training data",
        )
    with quiet():
        return outputs if model.objective is None else np.asarray(model.objective.link(outputs))


def scores(
    model: Module, loss: Loss, data: Dataset, metrics: Sequence[Metric], batch_size: int = INFERENCE_ROWS
) -> Scores:
    """Loss and metrics on prepared data (see `train.inputs.with_targets`)."""
    return scores_of(outputs_of(model, data, batch_size), loss, data, metrics)


def scores_of(outputs: np.ndarray, loss: Loss, data: Dataset, metrics: Sequence[Metric]) -> Scores:
    """The same of outputs that there are already."""
    with no_grad(), quiet():
        output, targets = Tensor.of(outputs), Tensor.of(data.targets)
        value = loss.forward(output, targets) if data.weights is None else loss.weighted(output, targets, data.weights)
    total = float(value._data.mean())
    found = Scores(loss=total)
    if math.isfinite(total):
        found.update(_measured(loss, metrics, data, outputs, data.targets, _measure))
    else:
        found.update({metric.name: math.nan for metric in metrics})
    return found


def epoch_metrics(
    loss: Loss, metrics: Sequence[Metric], data: Dataset, outputs: list[np.ndarray], rows: list[np.ndarray]
) -> dict[str, float]:
    """Metrics of an epoch's training outputs; NaN where a metric cannot be had from them."""
    if not metrics or data.targets is None:
        return {}
    return _measured(loss, metrics, data, np.concatenate(outputs), data.targets[np.concatenate(rows)], _measure)


def joined_metrics(
    loss: Loss, metrics: Sequence[Metric], data: Dataset, outputs: list[np.ndarray], rows: np.ndarray, epochs: int
) -> dict[str, list[float]]:
    """`epoch_metrics` of several epochs, for metrics that are means over rows.

    Args:
        outputs: those of each step.
        rows: ``(steps, B)`` row numbers.
        epochs: how many epochs these are.
    """
    if not metrics or data.targets is None or not epochs:
        return {}

    def means(metric: Metric, prediction: np.ndarray, targets: np.ndarray) -> list[float]:
        assert metric.rows is not None
        found: list[float] = np.mean(metric.rows(prediction, targets).reshape(epochs, -1), axis=1).tolist()
        return found

    try:
        return _measured(loss, metrics, data, np.concatenate(outputs), data.targets[rows.reshape(-1)], means)
    except DataError:  # in some epoch; the others have their values
        steps = len(rows) // epochs
        each = [
            epoch_metrics(loss, metrics, data, outputs[k : k + steps], list(rows[k : k + steps]))
            for k in range(0, len(rows), steps)
        ]
        return {metric.name: [one[metric.name] for one in each] for metric in metrics}


def _measure(metric: Metric, prediction: np.ndarray, targets: np.ndarray) -> float:
    try:
        return metric(prediction, targets)
    except DataError:  # such as a ranking of rows that are all of one class, or outputs that are not finite
        return math.nan


def _measured(
    loss: Loss,
    metrics: Sequence[Metric],
    data: Dataset,
    outputs: np.ndarray,
    targets: Any,
    measure: Callable[[Metric, np.ndarray, np.ndarray], Measured],
) -> dict[str, Measured]:
    if loss.task == "multiclass" and not any(metric.needs_probabilities for metric in metrics):
        prediction = outputs  # the largest logit is the largest probability
    else:
        with quiet():
            prediction = np.asarray(loss.link(outputs))
    fitted = data.preprocessing
    if loss.task == "multiclass":
        targets = targets.argmax(axis=1) if targets.ndim == 2 else targets
    elif loss.task == "binary":
        prediction, targets = prediction.reshape(-1), (targets.reshape(-1) > loss.threshold).astype(np.int64)
        if not loss.probabilistic:
            prediction = (prediction > loss.threshold).astype(np.int64)
    elif decides(loss, data.task, outputs[0].size):
        decided = np.clip(prediction.reshape(-1), 0, 1), targets.reshape(-1).astype(np.int64)
        return {
            m.name: measure(m, *(decided if m.kind == "classification" else (prediction, targets))) for m in metrics
        }
    elif data.task == "regression":
        # In double precision: a large mean would swallow what the model learned.
        prediction, targets = (
            values.reshape(len(values), -1).astype(np.float64) * fitted.target_std + fitted.target_mean
            for values in (prediction, targets)
        )
    return {metric.name: measure(metric, prediction, targets) for metric in metrics}


def choose_metrics(wanted: Any, loss: Loss, data: Dataset, output_shape: tuple[int, ...]) -> tuple[Metric, ...]:
    """Metrics from names and functions; the usual ones for the task if None.

    Raises:
        UnknownNameError, DTypeError: for something that is no metric.
        ConfigError: for metrics of classes where numbers are learned, and the other way round, or a name that comes
            twice.
    """
    deciding = decides(loss, data.task, math.prod(output_shape))
    if wanted is None:
        wanted = metric_registry.defaults("binary" if deciding else loss.task)
    elif isinstance(wanted, (str, Metric)) or not isinstance(wanted, Iterable):
        wanted = (wanted,)
    chosen = tuple(metric_registry.get(metric) for metric in wanted)
    kinds = {"any", "regression" if loss.task == "regression" else "classification"}
    kinds |= {"classification"} if deciding else set()
    for metric in chosen:
        if metric.kind not in kinds:
            raise ConfigError(
                f"metric {metric.name!r} is for {metric.kind}",
                got=f"loss {loss.name!r}, which is for {loss.task} targets",
                fix=f"Use metrics={list(metric_registry.defaults(loss.task))!r} or []",
            )
        if metric.needs_probabilities and metric.kind == "classification" and takes_signs(loss):
            raise ConfigError(f"metric {metric.name!r} needs probabilities, and loss {loss.name!r} gives none")
    names = [metric.name for metric in chosen]
    if len(set(names)) < len(names) or "loss" in names or "lr" in names:
        raise ConfigError("metrics need names of their own", got=", ".join(names))
    return chosen


def check_count(name: str, value: Any) -> None:
    """Raise ConfigError unless `value` is a whole number from 1 on."""
    if isinstance(value, bool) or not isinstance(value, (int, np.integer)) or value < 1:
        raise ConfigError(f"bad {name}", expected="a whole number from 1", got=repr(value))
