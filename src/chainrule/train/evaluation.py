"""Using a trained model: `evaluate`, `predict`, `predict_proba`."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from chainrule import metrics as metric_registry
from chainrule.core.mode import no_grad, quiet
from chainrule.core.tensor import Tensor
from chainrule.data.dataset import Dataset
from chainrule.errors import ChainruleError, ConfigError, DataError
from chainrule.losses import Loss
from chainrule.metrics.registry import Metric
from chainrule.nn.module import Module
from chainrule.train.inputs import as_dataset, like_training, model_dtype, probe, with_inputs, with_targets
from chainrule.train.objective import choose_loss

__all__ = ["Scores", "epoch_metrics", "evaluate", "outputs_of", "predict", "predict_proba", "scores"]

_ROWS = 1024  # a batch for inference: large enough for BLAS, small enough for the cache


class Scores(dict[str, float]):
    """Loss and metrics by name; prints as ``loss 0.3386 · accuracy 0.8793``."""

    def __repr__(self) -> str:
        return " · ".join(f"{name} {value:.4f}" for name, value in self.items())


def evaluate(model: Module, data: Any, *, loss: Any = None, metrics: Any = None, batch_size: int = _ROWS) -> Scores:
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
    dataset = with_inputs(like_training(model, data, "evaluation"), model_dtype(model))
    objective = choose_loss(loss if loss is not None else model.objective, dataset, model)
    shape = probe(model, dataset)
    return scores(
        model,
        objective,
        with_targets(dataset, objective, shape, model_dtype(model)),
        choose_metrics(metrics, objective),
        batch_size,
    )


def predict(model: Module, data: Any, *, batch_size: int = _ROWS) -> np.ndarray:
    """Class labels ``(N,)``, or values in the target's own units, for each row of `data`.

    Args:
        model: a trained network.
        data: what it was trained on: a table or frame with the input columns, an array ``(N, …)``, or a `Dataset`.
        batch_size: rows at a time.

    Returns:
        labels as the training data had them, if the model knows any, else class indices; floats for regression.
    """
    prediction = _linked(model, data, batch_size)
    task = None if model.objective is None else model.objective.task
    if task == "multiclass":
        prediction = prediction.argmax(axis=1)
    elif model.objective is not None and task == "binary":
        prediction = (prediction > model.objective.threshold).astype(np.int64)
    if prediction.ndim > 1 and prediction.shape[1] == 1:
        prediction = prediction[:, 0]
    fitted = model.preprocessing
    if (
        fitted is None
        or (task == "binary" and prediction.ndim > 1)
        or (task != "regression" and fitted.classes is None)
    ):
        return prediction
    return np.asarray(fitted.decode(prediction))


def predict_proba(model: Module, data: Any, *, batch_size: int = _ROWS) -> np.ndarray:
    """Class probabilities ``(N, C)``; for a model with one output the columns are 1 - p and p.

    Raises:
        ConfigError: for a model that was not trained to tell classes apart.
    """
    if model.objective is None or not model.objective.probabilistic:
        trained = "not trained" if model.objective is None else f"trained with {model.objective.name}"
        raise ConfigError("the model gives no probabilities", got=trained, fix="Use predict")
    p = _linked(model, data, batch_size)
    if model.objective.task == "binary" and (p.ndim == 1 or p.shape[1] == 1):
        p = p.reshape(-1, 1)
        return np.concatenate([1 - p, p], axis=1)
    return p


def _linked(model: Module, data: Any, batch_size: int) -> np.ndarray:
    dataset = _inputs_only(model, data)
    probe(model, dataset)
    outputs = outputs_of(model, dataset, batch_size)
    with quiet():
        return outputs if model.objective is None else np.asarray(model.objective.link(outputs))


def _inputs_only(model: Module, data: Any) -> Dataset:
    if isinstance(data, Dataset):
        dataset = data
    elif model.preprocessing is not None:
        inputs = data.detach().numpy() if isinstance(data, Tensor) else data
        dataset = Dataset(model.preprocessing.transform(inputs), preprocessing=model.preprocessing, name="data")
    else:
        dataset = as_dataset((data, None), "prediction")
    if not len(dataset):
        raise DataError("there are no rows to predict")
    return with_inputs(dataset, model_dtype(model))


def outputs_of(model: Module, data: Dataset, batch_size: int = _ROWS) -> np.ndarray:
    """The model's raw outputs for every row, in evaluation mode; the mode is put back afterwards."""
    was_training = model.training
    model.eval()
    try:
        with no_grad(), quiet():
            parts = [
                model(Tensor.of(data.batch(np.arange(start, min(start + batch_size, len(data))))[0]))._data
                for start in range(0, len(data), batch_size)
            ]
    finally:
        model.train(was_training)
    return parts[0] if len(parts) == 1 else np.concatenate(parts)


def scores(model: Module, loss: Loss, data: Dataset, metrics: Sequence[Metric], batch_size: int = _ROWS) -> Scores:
    """Loss and metrics on prepared data (see `train.inputs.with_targets`)."""
    outputs = outputs_of(model, data, batch_size)
    with no_grad(), quiet():
        value = loss.forward(Tensor.of(outputs), Tensor.of(data.targets))
    total = float(value._data.mean())
    found = Scores(loss=total)
    if math.isfinite(total):
        found.update(_measured(loss, metrics, data, outputs, data.targets))
    else:
        found.update({metric.name: math.nan for metric in metrics})
    return found


def epoch_metrics(
    loss: Loss, metrics: Sequence[Metric], data: Dataset, outputs: list[np.ndarray], rows: list[np.ndarray]
) -> dict[str, float]:
    """Metrics of an epoch's training outputs; NaN where a metric cannot be had from them."""
    if not metrics or not outputs or data.targets is None:
        return {}
    targets = data.targets[np.concatenate(rows)]
    try:
        return _measured(loss, metrics, data, np.concatenate(outputs), targets)
    except ChainruleError:
        return {metric.name: math.nan for metric in metrics}


def _measured(
    loss: Loss, metrics: Sequence[Metric], data: Dataset, outputs: np.ndarray, targets: Any
) -> dict[str, float]:
    with quiet():
        prediction = np.asarray(loss.link(outputs))
    fitted = data.preprocessing
    if loss.task == "regression" and data.task == "regression" and fitted.target_std != 1.0:
        prediction = prediction * fitted.target_std + fitted.target_mean
        targets = targets * fitted.target_std + fitted.target_mean
    if loss.task == "binary":
        targets = (targets > 0).astype(np.int64)
        if not loss.probabilistic:
            prediction = (prediction > loss.threshold).astype(np.int64)
        if prediction.ndim > 1 and prediction.shape[1] == 1:
            prediction, targets = prediction[:, 0], targets.reshape(-1)
    return {metric.name: metric(prediction, targets) for metric in metrics}


def choose_metrics(wanted: Any, loss: Loss) -> tuple[Metric, ...]:
    """Metrics from names and functions; the usual ones for the loss's task if None."""
    if wanted is None:
        wanted = metric_registry.defaults(loss.task)
    elif isinstance(wanted, (str, Metric)) or callable(wanted):
        wanted = (wanted,)
    return tuple(metric_registry.get(metric) for metric in wanted)
