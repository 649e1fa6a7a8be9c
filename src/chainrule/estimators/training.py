"""One training of an estimator: data, loss, optimiser, callbacks, from settings."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chainrule import losses, optim
from chainrule.data.dataset import Dataset
from chainrule.data.splitting import split_indices
from chainrule.errors import ConfigError, UnknownNameError
from chainrule.estimators import realmlp
from chainrule.estimators.presets import Settings
from chainrule.losses import Loss
from chainrule.nn.linear import Linear
from chainrule.nn.module import Module
from chainrule.optim.optimizer import Optimizer
from chainrule.optim.schedules.base import LRScheduler
from chainrule.train.callbacks import Callback, EarlyStopping, ReduceLROnPlateau
from chainrule.train.fit import fit
from chainrule.train.history import History

__all__ = ["Run", "held_out", "make_loss", "make_optimizer", "train"]

_USUAL = {
    "binary": "bce_with_logits", "multilabel": "bce_with_logits", "multiclass": "cross_entropy", "regression": "mse",
}  # fmt: skip
"""Task -> the loss that is taken if none is named."""

_FAMILIES = {
    "log_loss": {task: loss for task, loss in _USUAL.items() if task != "regression"},
    "cross_entropy": {"binary": "bce_with_logits", "multilabel": "bce_with_logits"},
    "focal": {"binary": "binary_focal", "multilabel": "binary_focal"},
    "hinge": {"multiclass": "multi_margin"},
    "squared_error": {"regression": "mse"},
    "absolute_error": {"regression": "l1"},
}
"""A loss by its name in scikit-learn or of a family, and the task -> its name in `losses`."""


_SMOOTHED = ("bce_with_logits", "cross_entropy")
"""Losses that know label smoothing."""


@dataclass(frozen=True)
class Run:
    """What a training is told besides the data.

    Attributes:
        callbacks, metrics, engine, verbose, shuffle: as for `train.fit`.
        seed: of batch order and dropout.
        epochs: passes over the data.
    """

    seed: int
    epochs: int
    callbacks: Sequence[Callback] = ()
    metrics: Sequence[Any] = ()
    engine: Any = "auto"
    verbose: Any = 0
    shuffle: bool = True


def make_loss(settings: Settings, task: str, class_weight: NDArray[np.float64] | None = None) -> Loss:
    """The loss of a training.

    Args:
        settings: its name, and label smoothing.
        task: "binary", "multiclass", "multilabel" or "regression".
        class_weight: one number for each class, for losses that know such; their mean over the rows is 1.

    Raises:
        ConfigError, UnknownNameError: for a loss that does not suit the task.
    """
    wanted = _for_task(settings.loss, task)
    options: dict[str, Any] = {}
    if settings.label_smoothing and isinstance(wanted, str) and wanted in _SMOOTHED:
        options["label_smoothing"] = settings.label_smoothing
    if class_weight is not None:
        options.update(_weights(class_weight, task))
    try:
        loss = losses.get(wanted, **options)
    except UnknownNameError as error:
        raise UnknownNameError("loss", str(wanted), sorted({*_FAMILIES, *losses.LOSSES})) from error
    kind = "binary" if task == "multilabel" else task
    if loss.task != kind:
        raise ConfigError(f"loss {loss.name!r} is for {loss.task} targets", got=f"{task} targets")
    return loss


def _for_task(wanted: Any, task: str) -> Any:
    """The loss, or its name, where the task is known."""
    if wanted is None:
        return _USUAL[task]
    if not isinstance(wanted, str) or wanted not in _FAMILIES:
        return wanted
    family = _FAMILIES[wanted]
    if task not in family and wanted not in losses.LOSSES:
        raise ConfigError(f"loss {wanted!r} is for {', '.join(family)} targets", got=f"{task} targets")
    return family.get(task, wanted)


def _weights(class_weight: NDArray[np.float64], task: str) -> dict[str, Any]:
    if task == "multiclass":
        return {"weight": class_weight}
    first, second = class_weight if len(class_weight) == 2 else (class_weight[0], class_weight[0])
    return {"weight": [first], "pos_weight": [second / first]}


def make_optimizer(
    settings: Settings, network: Module, outputs: int, loss: Loss, batch_weight: float | None = None
) -> Optimizer:
    """The optimiser, with scikit-learn's penalty on weights alone.

    scikit-learn's losses are half of `mse`, and sums over outputs where ours are means; an optimiser whose steps
    follow the gradient's size is told so by its rate, and the penalty in any case.

    Args:
        settings: of the training.
        network: what is trained.
        outputs: how many numbers it gives for a row.
        loss: what is minimised.
        batch_weight: of the rows of a batch together, beside which the penalty stands; default: how many they are.
    """
    beside = settings.batch_size if batch_weight is None else batch_weight
    factor = outputs if loss.name == "bce_with_logits" else outputs / 2 if loss.name == "mse" else 1
    plain = settings.optimizer.lower() == "sgd"
    scaled = settings.init == "glorot"  # a preset that follows scikit-learn's
    lr = settings.lr * factor if plain and scaled else settings.lr
    options = {"lr": lr, **settings.optimizer_options}
    decay = settings.l2 / (beside * factor)
    if settings.init == "realmlp":
        twice = outputs == 1 and loss.task == "binary"
        recipe = realmlp.parameter_groups(network, settings.lr, settings.optimizer, decay, twice)
        return optim.get(settings.optimizer, recipe, **options)
    named = [(path, one) for path, one in network.named_parameters() if one.requires_grad]
    if not settings.l2:
        return optim.get(settings.optimizer, named, **options)
    penalised = {id(layer.weight) for layer in network.modules() if isinstance(layer, Linear)}
    groups: list[dict[str, Any]] = [
        {"params": [pair for pair in named if id(pair[1]) in penalised], "weight_decay": decay},
        {"params": [pair for pair in named if id(pair[1]) not in penalised]},
    ]
    return optim.get(settings.optimizer, [group for group in groups if group["params"]], **options)


def held_out(
    targets: NDArray[Any], fraction: float, seed: int, by_class: bool
) -> tuple[NDArray[np.intp], NDArray[np.intp]] | None:
    """Row numbers to train on and to hold out; None where there are too few rows to hold any out.

    Args:
        targets: as the loss takes them.
        fraction: to hold out.
        seed: decides which.
        by_class: keep each class's share.
    """
    count = int(np.ceil(fraction * len(targets)))
    if count < 1 or len(targets) - count < 2:
        return None
    train, _, test = split_indices(targets if by_class else len(targets), count, 0.0, seed, by_class)
    return train, test


def train(
    network: Module,
    data: Dataset,
    validation: Dataset | None,
    loss: Loss,
    optimizer: Optimizer,
    settings: Settings,
    run: Run,
) -> History:
    """Train a network in place, and return its curves.

    Raises:
        ChainruleError: as `train.fit` does.
    """
    metrics = list(run.metrics)
    if settings.monitor != "loss" and settings.monitor not in [getattr(one, "name", one) for one in metrics]:
        metrics.append(settings.monitor)
    callbacks = [*_own_callbacks(settings, validation is not None), *run.callbacks]
    try:
        return fit(
            network, data, loss=loss, optimizer=optimizer, epochs=run.epochs, batch_size=settings.batch_size,
            validation=validation, metrics=metrics, callbacks=callbacks, schedule=_schedule(settings.schedule),
            clip_norm=settings.clip_norm, clip_value=settings.clip_value, shuffle=run.shuffle,
            drop_last=settings.drop_last, seed=run.seed, engine=run.engine, verbose=run.verbose,
        )  # fmt: skip
    finally:
        for callback in callbacks:  # which would keep the data alive, and go into pickles with them
            if isinstance(callback, Callback):
                vars(callback).pop("training", None)


def _own_callbacks(settings: Settings, validated: bool) -> list[Callback]:
    found: list[Callback] = []
    monitor = f"val_{settings.monitor}" if validated else settings.monitor
    keep = settings.keep_best and validated
    if settings.patience is not None or keep:
        # scikit-learn ends when the count is exceeded.
        patience = settings.epochs + 1 if settings.patience is None else settings.patience + 1
        found.append(
            EarlyStopping(
                monitor, patience, settings.tol, restore_best_weights=keep, prefer_later=settings.prefer_later
            )
        )
    if settings.schedule == "adaptive":
        found.append(ReduceLROnPlateau("loss", 0.2, 2, settings.tol, min_lr=1e-6))
    return found


def _schedule(wanted: Any) -> Any:
    """scikit-learn's schedules by our means."""
    if wanted in ("constant", "adaptive"):
        return None
    if wanted == "invscaling":
        return _inverse_scaling
    return wanted


def _inverse_scaling(optimizer: Optimizer) -> LRScheduler:
    """The rate divided by the square root of the steps taken."""
    made = optim.lr_scheduler.LambdaLR(optimizer, lambda step: 1 / (step + 1) ** 0.5)
    made.interval = "step"
    return made
