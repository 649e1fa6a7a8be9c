"""The way all comparisons train: the same rows, the same start, the same batches, measured the same way."""

from __future__ import annotations

import copy
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from time import perf_counter
from typing import Any

import numpy as np

from chainrule import optim
from chainrule.core import rng
from chainrule.data.dataset import Dataset, Splits
from chainrule.errors import ConfigError, TrainingError
from chainrule.nn.module import Module
from chainrule.optim.optimizer import Optimizer
from chainrule.train.building import check_build
from chainrule.train.callbacks import Callback, Logs
from chainrule.train.compare.networks import mlp
from chainrule.train.compare.record import Run
from chainrule.train.evaluation import scores
from chainrule.train.fit import fit
from chainrule.train.history import History
from chainrule.train.inputs import as_module, model_dtype, training_and_validation

__all__ = ["Setup", "copied", "metric_of", "prepared", "started", "trained", "usual_epochs"]

_HELD_OUT, _FEW = 0.3, 10
# Enough steps to see a difference, and no more than one waits for.
_STEPS, _FEWEST_EPOCHS, _MOST_EPOCHS = 3000, 3, 200


@dataclass(frozen=True)
class Setup:
    """What all runs of a comparison share.

    Attributes:
        train, validation: the rows.
        build: makes the network, untrained.
        options: for `fit`.
    """

    train: Dataset
    validation: Dataset | None
    build: Callable[[], Module]
    options: Mapping[str, Any]


def prepared(
    data: Any,
    build: Callable[[], Module] | None,
    hidden: Sequence[int],
    activation: str,
    *,
    validation: Any,
    seed: int,
    options: Mapping[str, Any],
) -> Setup:
    """Divide the rows, and decide on the network.

    Args:
        data: as for `fit`; `Splits` bring their validation rows, or else their test rows.
        build: makes the network; default: an MLP of the widths `hidden`.
        hidden, activation: of that MLP.
        validation: as for `fit`; None for `data`'s own, or else 30 % of the rows; False for none.
        seed: decides which rows are held out.
        options: for `fit`.

    Raises:
        ConfigError: for options that a comparison sets itself.
        ChainruleError: as `fit` does.
    """
    taken = sorted({"callbacks", "shuffle", "verbose"} & options.keys())
    if taken or isinstance(options.get("optimizer"), Optimizer):
        raise ConfigError(
            "a comparison makes this itself", got=", ".join(taken) or "a finished optimizer",
            fix="Leave it out" if taken else 'Name it: optimizer="adam", lr=…',
        )  # fmt: skip
    dtype: np.dtype[Any] = np.dtype(np.float32)
    if build is not None:
        rng.manual_seed(seed)
        dtype = model_dtype(as_module(check_build(build)()))
    held_out = _held_out(data, validation)
    train_rows, validation_rows = training_and_validation(data, held_out, dtype, seed, None)
    rows = len(train_rows) + len(validation_rows or ())
    if validation is None and isinstance(held_out, float) and rows < _FEW:
        raise ConfigError(
            f"{rows} rows are too few to hold some of them out", expected=f"{_FEW} rows at least",
            fix="Bring more rows, or pass rows to validate on: validation=…",
        )  # fmt: skip
    if build is None:
        mlp(train_rows, hidden, activation)  # refuses data without targets before anything is trained
    return Setup(train_rows, validation_rows, build or (lambda: mlp(train_rows, hidden, activation)), options)


def _held_out(data: Any, validation: Any) -> Any:
    if validation is False:
        return None
    if validation is None and isinstance(data, Splits):
        validation = data.validation if data.validation is not None else data.test
    return _HELD_OUT if validation is None else validation


def usual_epochs(rows: int, batch_size: int) -> int:
    """Passes over the rows that are neither too few to learn nor too many to wait for."""
    steps = math.ceil(rows / batch_size)
    return max(_FEWEST_EPOCHS, min(_MOST_EPOCHS, math.ceil(_STEPS / steps)))


def started(setup: Setup, seed: int) -> Module:
    """A new network whose initial weights are drawn from `seed`."""
    rng.manual_seed(seed)
    return as_module(setup.build())


def trained(
    name: str,
    model: Module,
    setup: Setup,
    seed: int,
    *,
    optimizer: Mapping[str, Any] | None = None,
    callbacks: Sequence[Callback] = (),
    must_learn: bool = False,
) -> tuple[Run, History | None]:
    """Train `model` in place and measure it on the way.

    Args:
        name: of the run.
        model: the network as it starts.
        setup: rows and options.
        seed: of batch order and dropout.
        optimizer: name and hyperparameters; default: the options' own.
        callbacks: besides the one that measures.
        must_learn: whether a training that cannot finish its first epoch is an error.

    Returns:
        the run, and its history; None if not even the first epoch could be finished.

    Raises:
        TrainingError: in that case, if `must_learn`.
        KeyboardInterrupt: if training was interrupted.
    """
    watch = _Watch()
    options = {**setup.options}
    if optimizer is not None:
        options.pop("lr", None)
        options["optimizer"] = optim.get(optimizer, model.named_parameters())
    history, stopped = None, None
    try:
        history = fit(
            model, setup.train, validation=setup.validation, callbacks=[watch, *callbacks], seed=seed, verbose=0,
            **options,
        )  # fmt: skip
        stopped = history.stopped
        if stopped == "interrupted":  # half a comparison is none
            raise KeyboardInterrupt
    except TrainingError as error:
        if must_learn:
            raise
        stopped = str(error)
    curves: Mapping[str, list[float]] = {} if history is None else history
    metric = metric_of(history)
    run = Run(
        name=name,
        seed=seed,
        start=watch.start,
        losses=tuple(watch.losses),
        val_losses=tuple(curves.get("val_loss", ())),
        scores=tuple(curves.get(f"val_{metric}", ())),
        seconds=tuple(watch.seconds),
        stopped=stopped,
    )
    return run, history


def metric_of(history: History | None) -> str:
    """Name of the first metric that was measured; "loss" if there is none."""
    names = [name for name in history or () if name not in ("loss", "lr") and not name.startswith("val_")]
    return names[0] if names else "loss"


def copied(model: Module) -> Module:
    """The same network once more, with parameters of its own."""
    return copy.deepcopy(model)


class _Watch(Callback):
    """Measures the training loss before the first and after each epoch, and the time that training takes."""

    def __init__(self) -> None:
        self.start = math.nan
        self.losses: list[float] = []
        self.seconds: list[float] = []

    def on_train_begin(self) -> None:
        self.start = self._loss()
        self._resumed, self._spent = perf_counter(), 0.0

    def on_epoch_end(self, epoch: int, logs: Logs) -> None:
        self._spent += perf_counter() - self._resumed
        self.seconds.append(self._spent)
        self.losses.append(self._loss())
        self._resumed = perf_counter()

    def _loss(self) -> float:
        return scores(self.model, self.training.plan.loss, self.training.data, ())["loss"]
