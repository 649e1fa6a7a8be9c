"""`fit`: train a network on data."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from chainrule import engines, optim
from chainrule.core import rng
from chainrule.data.dataset import Dataset
from chainrule.engines.base import Engine, Plan
from chainrule.errors import ConfigError, DTypeError
from chainrule.nn.module import Module
from chainrule.nn.norm import BatchNorm1d
from chainrule.optim.optimizer import Optimizer
from chainrule.train.callbacks import Callback
from chainrule.train.epoch_batches import EpochBatches
from chainrule.train.evaluation import check_count, choose_metrics
from chainrule.train.history import History
from chainrule.train.inputs import as_module, model_dtype, probe, training_and_validation, with_inputs
from chainrule.train.loop import Training
from chainrule.train.objective import choose_loss, named_loss, with_targets
from chainrule.train.progress import Verbosity, make_progress

if TYPE_CHECKING:
    from chainrule.train.checkpoint import Checkpointing, Checkpoints
    from chainrule.train.runs.recording import Recording

__all__ = ["fit"]

MOST_EPOCHS = 10**9


def fit(
    model: Module,
    data: Any,
    *,
    loss: Any = None,
    optimizer: str | Optimizer = "adam",
    lr: float | None = None,
    epochs: int = 1,
    batch_size: int = 32,
    validation: Any = None,
    metrics: Any = None,
    callbacks: Sequence[Callback] | Callback = (),
    schedule: Any = None,
    clip_norm: float | None = None,
    clip_value: float | None = None,
    shuffle: bool = True,
    drop_last: bool = False,
    seed: int | None = None,
    engine: str | Engine = "auto",
    verbose: Verbosity | bool = "auto",
    checkpoint: str | os.PathLike[str] | Checkpoints | None = None,
    resume: bool = False,
    record: str | os.PathLike[str] | Recording | None = None,
) -> History:
    """Train `model` on `data` and return the curves.

    Args:
        model: any `Module`; it is trained in place, and remembers the preprocessing, the classes, the loss and the
            curves (``model.history``).
        data: a `Dataset`, a `Table`, or a pair ``(X, y)``.
        loss: a name ("cross_entropy", "bce_with_logits", "mse", …) or a loss; default: the usual one for the data.
        optimizer: a name ("adam", "sgd", …) or an optimiser made from ``model.parameters()``.
        lr: learning rate, for an optimiser given by name; default: the optimiser's own.
        epochs: passes over the data.
        batch_size: rows per step; the last, smaller batch counts, too.  (A single row left over joins the batch before
            it in models with batch normalisation, which cannot normalise one row.)
        validation: data to measure after each epoch, or the fraction of the rows to hold out for it.
        metrics: names or functions; default: accuracy for classes, mean absolute error for numbers; [] for none.
        callbacks: see `chainrule.train.callbacks`.
        schedule: a learning-rate schedule, or its name ("cosine", "one_cycle", …).
        clip_norm, clip_value: bounds for the gradient's norm and elements (the elements first), see
            `chainrule.optim.clip`.
        shuffle: visit the rows in a new random order each epoch.
        drop_last: leave the last batch of an epoch out if it is smaller than the others, as PyTorch's `DataLoader` can.
        seed: of batch order and dropout; default: drawn from the generator that `manual_seed` sets.  Initial weights
            are drawn when the model is made: call `manual_seed` before that to repeat everything.
        engine: "auto" for the fastest that can run the model, or a name.
        verbose: 0 silent, 1 progress bar, 2 a line per epoch, "auto" by where the output goes.
        checkpoint: a folder to save the run in as it goes on; or `Checkpoints`, to say how often.
        resume: go on from the newest checkpoint in that folder, or begin if there is none.  The run ends with the
            numbers, to the bit, that it would have had if it had never been interrupted.  The model, the optimiser,
            the data, the batch size and the seed must be those of the run that was saved; `epochs` may be more.
        record: a folder, such as "runs", in which this run leaves a record of its own: configuration, environment,
            curves, metrics and the trained model; or `Recording`, to give it a name.  ``train.Runs("runs")`` and
            ``chainrule runs`` list, compare and plot them.  A run that is resumed goes on in the record that it has.

    Returns:
        `History`, whose `run` is the folder of the record, if there is one.  Ctrl-C ends training cleanly; the model
        then has the best parameters seen (by validation loss).

    Raises:
        ConfigError, DataError, ShapeError, …: one line about what does not fit, before anything is trained.
        FormatError: if the checkpoints are corrupt.
        OSError: if a checkpoint cannot be written, or a record not be begun (one that cannot be ended is warned about).
        TrainingError: if the loss is not a number in the first epoch; later, training stops and `History.stopped` says
            where.
    """
    checkpoints, recording = _checkpoints(checkpoint, resume), _recording(record)
    if seed is None and checkpoints is not None:
        seed = checkpoints.seed()
    training = set_up(
        model, data, loss=loss, optimizer=optimizer, lr=lr, epochs=epochs, batch_size=batch_size,
        validation=validation, metrics=metrics, callbacks=callbacks, schedule=schedule, clip_norm=clip_norm,
        clip_value=clip_value, shuffle=shuffle, drop_last=drop_last, seed=seed, engine=engine, verbose=verbose,
    )  # fmt: skip
    with contextlib.ExitStack() as stack:
        if checkpoints is not None:
            stack.enter_context(checkpoints.attached(training))
        if recording is not None:
            stack.enter_context(_recorded(recording, training, checkpoints))
        mark(training.plan, training.data)
        history = training.run()
        remember(model, history)
    return history


def set_up(
    model: Module,
    data: Any,
    *,
    loss: Any,
    optimizer: str | Optimizer,
    lr: float | None,
    epochs: int,
    batch_size: int,
    validation: Any,
    metrics: Any,
    callbacks: Sequence[Callback] | Callback,
    schedule: Any,
    clip_norm: float | None,
    clip_value: float | None,
    shuffle: bool,
    seed: int | None,
    engine: str | Engine,
    verbose: Verbosity | bool,
    drop_last: bool = False,
) -> Training:
    """All that `fit` does before the first step: check and prepare; the model is left as it is."""
    check_count("epochs", epochs)
    if epochs > MOST_EPOCHS:
        raise ConfigError("epochs is not usable", expected=f"at most {MOST_EPOCHS:,}", got=epochs)
    check_count("batch_size", batch_size)
    seen = _callbacks(callbacks)
    progress = make_progress(verbose)
    wanted = named_loss(loss)
    dtype = model_dtype(as_module(model))
    chosen_seed = int(rng.generator().integers(2**31)) if seed is None else _checked_seed(seed)
    dataset, held_out = training_and_validation(data, validation, dtype, chosen_seed, wanted)
    dataset = with_inputs(dataset, dtype)
    output_shape = probe(model, dataset)
    objective = choose_loss(wanted, dataset, model, output_shape)
    training = with_targets(dataset, objective, output_shape, dtype)
    if held_out is not None:
        held_out = with_targets(with_inputs(held_out, dtype), objective, output_shape, dtype)
    algorithm = _optimizer(optimizer, model, lr)
    measured = choose_metrics(metrics, objective, dataset, output_shape)
    norm, value = _bound("clip_norm", clip_norm), _bound("clip_value", clip_value)
    plan = Plan(
        model, objective, algorithm, chosen_seed, norm, value, bool(measured), tuple(training.inputs.shape[1:]),
        training.weights is not None,
    )  # fmt: skip
    runner = engines.choose(engine, plan)
    # A single row has no variance to normalise by.
    joins = any(isinstance(layer, BatchNorm1d) for layer in model.modules())
    batches = EpochBatches(len(training), batch_size, bool(shuffle), bool(drop_last), joins)
    steps = len(batches.rows_per_step)
    rates = None if schedule is None else optim.lr_scheduler.get(schedule, algorithm, epochs, steps)
    return Training(plan, runner, training, held_out, measured, seen, rates, progress, epochs, batches)


def _checkpoints(wanted: Any, resume: bool) -> Checkpointing | None:
    if wanted is None and not resume:
        return None
    from chainrule.train.checkpoint import Checkpointing, as_checkpoints  # what most trainings need not wait for

    settings = as_checkpoints(wanted, resume)
    return None if settings is None else Checkpointing(settings, bool(resume))


def _recording(wanted: Any) -> Recording | None:
    if wanted is None:
        return None
    from chainrule.train.runs.recording import as_recording

    return as_recording(wanted)


def _recorded(
    recording: Recording, training: Training, checkpoints: Checkpointing | None
) -> contextlib.AbstractContextManager[None]:
    from chainrule.train.runs.recording import Recorder

    return Recorder(recording, training, checkpoints).attached()


def mark(plan: Plan, data: Dataset) -> None:
    """Let the model know what it is trained on, and for."""
    plan.model.preprocessing, plan.model.objective = data.preprocessing, plan.loss
    if _remembers(plan.model):
        plan.model.history = None  # what is saved while this training runs has no curves of the last one


def remember(model: Module, history: History) -> None:
    """Keep the curves with the model, unless its class uses the name for something of its own."""
    if _remembers(model):
        model.history = {name: list(values) for name, values in history.items()}


def _remembers(model: Module) -> bool:
    return model.history is None or isinstance(model.history, dict)


def _callbacks(callbacks: Any) -> tuple[Callback, ...]:
    found = (callbacks,) if isinstance(callbacks, (Callback, type)) else tuple(callbacks or ())
    for callback in found:
        if not isinstance(callback, Callback):
            kind = f"the class {callback.__name__}" if isinstance(callback, type) else type(callback).__name__
            fix = "Make one: EarlyStopping()" if isinstance(callback, type) else "Wrap functions in LambdaCallback"
            raise DTypeError("not a callback", expected="a chainrule.train.Callback", got=kind, fix=fix)
    return found


def _bound(name: str, value: Any) -> float | None:
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, (int, float, np.integer, np.floating)) or not value > 0:
        raise ConfigError(f"bad {name}", expected="a number above 0", got=repr(value))
    return float(value)


def _optimizer(wanted: str | Optimizer, model: Module, lr: float | None) -> Optimizer:
    named = [(path, parameter) for path, parameter in model.named_parameters() if parameter.requires_grad]
    if not named:
        raise ConfigError("the model has no parameters to train", fix="Add a layer such as Linear, or unfreeze one")
    if isinstance(wanted, Optimizer):
        if lr is not None:
            raise ConfigError("lr is given twice", fix="Set it in the optimizer, or name the optimizer by a string")
        wanted.bind(model.named_parameters())
        return wanted
    return optim.get(wanted, named, **({} if lr is None else {"lr": lr}))


def _checked_seed(seed: Any) -> int:
    if isinstance(seed, bool) or not isinstance(seed, (int, np.integer)) or seed < 0:
        raise ConfigError("bad seed", expected="a whole number from 0", got=repr(seed))
    return int(seed)
