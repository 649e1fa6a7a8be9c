"""The training loop: epochs, blocks of steps, validation, callbacks, progress.  Engines run the blocks."""

from __future__ import annotations

import math
import os
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from chainrule.data.dataset import Dataset
from chainrule.engines.base import BlockResult, Engine, Observable, Plan
from chainrule.errors import TrainingError
from chainrule.metrics.registry import Metric
from chainrule.nn.evaluation import outputs_of
from chainrule.nn.module import Module
from chainrule.optim.optimizer import Optimizer
from chainrule.train.blocks import first_block, joined_epochs, next_block
from chainrule.train.callbacks import Callback, TerminateOnNaN, takes_part
from chainrule.train.diagnosis import describe_parameter, locate_nonfinite
from chainrule.train.epoch_batches import EpochBatches
from chainrule.train.evaluation import epoch_metrics, joined_metrics, scores_of
from chainrule.train.history import History
from chainrule.train.interrupts import Interrupts
from chainrule.train.progress import Progress
from chainrule.train.rates import Rates

if TYPE_CHECKING:
    from chainrule.optim.lr_scheduler import LRScheduler
    from chainrule.train.checkpoint import Checkpointing
    from chainrule.train.runs.recording import Recorder

__all__ = ["Snapshot", "Training"]


@dataclass(frozen=True)
class Snapshot:
    """Parameters and buffers as they were once.

    Attributes:
        epoch: the epoch then running, from 0.
        step: steps taken by then.
        state: copies of the arrays, by path.
    """

    epoch: int
    step: int
    state: dict[str, np.ndarray]


class Training:
    """One run of `fit`, as callbacks see it.

    Attributes:
        model, optimizer: what is trained, and by what.
        history: the curves so far.
        epoch: the running epoch, from 0.
        step: steps taken so far.
        batches: which rows each step of an epoch sees.
        order: draws the order in which they come.
        rates: moves the schedule on.
        interrupts: whether Ctrl-C was pressed.
        best: lowest validation loss so far, and the parameters that gave it.
        checkpoints: saves the run as it goes on, and puts a saved one back; or None.
        record: writes down what becomes of the run; or None.
    """

    def __init__(
        self,
        plan: Plan,
        engine: Engine,
        data: Dataset,
        validation: Dataset | None,
        metrics: Sequence[Metric],
        callbacks: Sequence[Callback],
        schedule: LRScheduler | None,
        progress: Progress,
        epochs: int,
        batches: EpochBatches,
    ) -> None:
        self.plan, self.engine, self.data, self.validation = plan, engine, data, validation
        self.metrics, self.callbacks, self.progress = metrics, callbacks, progress
        self.epochs, self.batches = epochs, batches
        self.order = np.random.default_rng(plan.seed)
        self.history = History()
        self.history.engine, self.history.seed = engine.name, plan.seed
        self.epoch = self.step = 0
        self.rates = Rates(plan.optimizer, schedule, len(batches.rows_per_step))
        self._state: Any = None
        self._written = self._lent = 0
        self._observable = engine if isinstance(engine, Observable) else None
        self._latest: Snapshot | None = None
        self._partners = any(takes_part(callback) for callback in callbacks)
        self._block = first_block(sum(one.numel() for one in plan.model.parameters()), batches.batch_size)
        self.interrupts = Interrupts()
        self.best: tuple[float, Snapshot] | None = None
        self.checkpoints: Checkpointing | None = None
        self.record: Recorder | None = None
        self._began = time.perf_counter()

    @property
    def model(self) -> Module:
        return self.plan.model

    @property
    def optimizer(self) -> Optimizer:
        return self.plan.optimizer

    @property
    def interrupted(self) -> bool:
        """Whether Ctrl-C was pressed."""
        return self.interrupts.came

    @property
    def recorded(self) -> tuple[str, ...]:
        """Names of the curves that the history will have."""
        names = ["loss", *(metric.name for metric in self.metrics)]
        held_out = [f"val_{name}" for name in names] if self.validation is not None else []
        return (*names, *held_out, "lr")

    @property
    def is_observed(self) -> bool:
        """Whether somebody wants to know of each epoch."""
        return bool(self.callbacks) or self._is_followed

    @property
    def _is_followed(self) -> bool:
        """Whether something has to be done after each epoch, before the next one."""
        measured = any(metric.rows is None for metric in self.metrics)
        saved = self.checkpoints is not None and self.checkpoints.is_exact
        return bool(self.validation is not None or measured or self._partners or self.rates.needs_metric or saved)

    @property
    def seconds(self) -> float:
        """How long the training has taken so far; a resumed one, all its parts together."""
        return time.perf_counter() - self._began

    # What callbacks may ask for

    def stop(self, reason: str) -> None:
        """End training after this epoch."""
        self.history.stopped = reason

    def snapshot(self) -> Snapshot:
        """A copy of all parameters and buffers; to be left as it is, for others may hold it, too."""
        if self._latest is None or self._partners or (self._latest.epoch, self._latest.step) != (self.epoch, self.step):
            self.refresh()
            state = {path: np.array(value._data) for path, value in self.model.state_dict().items()}
            self._latest = Snapshot(self.epoch, self.step, state)
        return self._latest

    def restore(self, snapshot: Snapshot) -> None:
        """Put a snapshot back, unless nothing was trained since."""
        if snapshot.step != self.step:
            self.model.load_state_dict(snapshot.state)
            self.history.best_epoch = snapshot.epoch + 1

    def save(self, path: str | os.PathLike[str]) -> None:
        """Save the model as it is now."""
        self.refresh()
        self.model.save(path)

    def resume(self, epoch: int, step: int, seconds: float) -> None:
        """Go on as after so many epochs and steps, which took so long; called before the engine is prepared."""
        self.epoch, self.step, self._written, self._lent = epoch, step, step, step
        self._began -= seconds

    # The loop

    def run(self) -> History:
        """Train to the end, or until something stops it."""
        self._began = time.perf_counter()
        started: list[Callback] = []
        self.model.train()
        try:
            for callback in self.callbacks:
                callback.training = self
                callback.on_train_begin()
                started.append(callback)
            if self.checkpoints is not None:
                self.checkpoints.begin(self)
            self._state = self.engine.prepare(self.plan)
            if self.step:
                self._state.step = self.step
            self.progress.begin(self.epochs, len(self.batches.rows_per_step))
            with self.interrupts.caught():
                while self.epoch < self.epochs and self.history.stopped is None and not self.interrupted:
                    self._run_epochs(self._joined_epochs())
        finally:
            self._lent = -1  # also steps of a block that an exception ended
            self.write_back()
            self.model.eval()
            if self.interrupted:
                self._end_interrupted()
            for callback in started:
                callback.on_train_end()
            self.history.seconds = self.seconds
            self.progress.end(self._note())
        return self.history

    def _joined_epochs(self) -> int:
        """How many epochs may run as one block: more than one only if nobody wants to look in between."""
        if self._is_followed or not self.batches.are_alike:
            return 1
        left = min([self.epochs - self.epoch, *(callback.epochs_ahead() for callback in self.callbacks)])
        return joined_epochs(self._block, len(self.batches.rows_per_step), len(self.data), left)

    def _run_epochs(self, count: int) -> None:
        for callback in self.callbacks:
            callback.on_epoch_begin(self.epoch)
        lr = self.rates.lr
        if count > 1:
            self._run_joined(count, lr)
            return
        full, rest = self.batches.of_epoch(self.order)
        ran = self._run_blocks(full, rest)
        if ran is None:
            return
        losses, outputs, rows = ran
        logs = {"loss": float(self.epoch_losses(losses)[0])}
        logs.update(epoch_metrics(self.plan.loss, self.metrics, self.data, outputs, rows))
        if self.validation is not None:
            measured = scores_of(self._validation_outputs(), self.plan.loss, self.validation, self.metrics)
            logs.update({f"val_{name}": value for name, value in measured.items()})
            self._keep_best(logs["val_loss"])
        logs["lr"] = lr
        self._finish_epoch(logs)
        self._go_on(logs.get("val_loss", logs["loss"]))

    def _validation_outputs(self) -> np.ndarray:
        assert self.validation is not None
        engine = self._observable
        found = None if engine is None else engine.outputs(self.plan, self._state, self.validation)
        if found is None:
            self.refresh()
            found = outputs_of(self.model, self.validation)
        return found

    def _run_joined(self, count: int, lr: float) -> None:
        """Run several epochs of full batches as one block."""
        index = self.batches.of_epochs(count, self.order)
        steps = len(self.batches.rows_per_step)
        settings = self.rates.for_steps(len(index), count)
        result = self._run_block(index, settings)
        done = (len(result.losses) - result.stopped) // steps
        curves = {"loss": self.epoch_losses(result.losses[: done * steps]).tolist()}
        outputs, rows = (result.outputs or [])[: done * steps], index[: done * steps]
        curves.update(joined_metrics(self.plan.loss, self.metrics, self.data, outputs, rows, done))
        lrs = [lr if settings is None else settings[k * steps][0]["lr"] for k in range(done)]
        curves["lr"] = lrs
        if self.callbacks:
            self._tell(curves, done)
        else:
            self.history.extend(curves)
            self.epoch += done
        self.progress.joined(self.epoch - done, {name: values for name, values in curves.items() if name != "lr"})
        if result.stopped:
            self._diverged(result, index[len(result.losses) - 1])
        else:
            self._go_on(result.losses[-1])

    def _tell(self, curves: dict[str, list[float]], epochs: int) -> None:
        """Tell callbacks of epochs that have run, one by one."""
        for k in range(epochs):
            if k:
                for callback in self.callbacks:
                    callback.on_epoch_begin(self.epoch)
            logs = {name: values[k] for name, values in curves.items()}
            self.history.add(logs)
            for callback in self.callbacks:
                callback.on_epoch_end(self.epoch, logs)
            self.epoch += 1

    def _go_on(self, loss: float) -> None:
        """From one epoch to the next."""
        self.rates.end_epoch(loss)
        if self.checkpoints is not None:
            self.checkpoints.after_epoch(self)
        if self.record is not None:
            self.record.after_epoch(self)

    def _run_blocks(
        self, full: np.ndarray, rest: np.ndarray
    ) -> tuple[np.ndarray, list[np.ndarray], list[np.ndarray]] | None:
        """Run an epoch's steps; None if training has to end within it."""
        losses: list[np.ndarray] = []
        outputs: list[np.ndarray] = []
        rows: list[np.ndarray] = []
        start, total = 0, len(self.batches.rows_per_step)
        while start < total:
            index = full[start : start + self._block] if start < len(full) else rest[None]
            result = self._run_block(index, self.rates.for_steps(len(index)))
            losses.append(result.losses)
            if result.stopped:
                self._diverged(result, index[len(result.losses) - 1])
                return None
            if result.outputs is not None:
                outputs += result.outputs
                rows.append(index.reshape(-1))
            start += len(index)
            if self.interrupted and start < total:
                return None
            running = sum(float(part.sum()) for part in losses) / start
            self.progress.block(self.epoch, start, {"loss": running})
        return np.concatenate(losses), outputs, rows

    def _run_block(self, index: np.ndarray, settings: list[list[dict[str, Any]]] | None) -> BlockResult:
        began = time.perf_counter()
        result = self.engine.run(self.plan, self._state, self.data, index, settings)
        self._block = next_block(self._block, len(index), time.perf_counter() - began)
        self.rates.settle()
        self.step += len(result.losses)
        return result

    def epoch_losses(self, losses: np.ndarray) -> np.ndarray:
        """Each epoch's loss: over its rows the mean of the steps', or their sum if the loss is a sum over rows.

        Args:
            losses: ``(…, steps)``, those of whole epochs.

        Returns:
            ``(…, epochs)``.
        """
        rows = self.batches.rows_per_step
        each = losses.reshape(*losses.shape[:-1], -1, len(rows))
        if self.plan.loss.reduction == "sum":
            return np.asarray(each.sum(axis=-1, dtype=np.float64))
        return np.asarray((each * rows).sum(axis=-1) / rows.sum())

    def _finish_epoch(self, logs: dict[str, float]) -> None:
        self.history.add(logs)
        self.progress.epoch(self.epoch, {name: value for name, value in logs.items() if name != "lr"})
        if self._partners:
            self.write_back()
        for callback in self.callbacks:
            callback.on_epoch_end(self.epoch, logs)
        self.epoch += 1

    def write_back(self) -> None:
        """Let model and optimiser have what the engine has, and the engine what becomes of them until it goes on."""
        if self._state is not None and self._lent != self.step:
            self.engine.write_back(self.plan, self._state)
            self._written = self._lent = self.step

    def refresh(self) -> None:
        """Let model and optimiser have what the engine has, which does not look at them again."""
        if self._state is not None and self._written != self.step:
            if self._observable is not None:
                self._observable.read_back(self.plan, self._state)
            else:
                self.engine.write_back(self.plan, self._state)
                self._lent = self.step
            self._written = self.step

    # How it can end early

    def _diverged(self, result: BlockResult, rows: np.ndarray) -> None:
        """A step could not be taken: say where and why."""
        self.write_back()
        at = f"in epoch {self.epoch + 1} at step {self.step}"
        where = locate_nonfinite(self.plan, self.data, rows, self.step - 1)
        if result.cause is None:
            where = where or f"all layers are finite; loss {self.plan.loss.name!r} is not, for these targets"
            reason = f"loss became {float(result.losses[-1])} {at}: {where}"
        else:
            parameter = describe_parameter(self.model, result.cause)
            where = where or "its gradient is not finite, or the step too large"
            reason = f"the update {at} would have made {parameter} not finite: {where}"
        self.stop(reason)
        wanted = any(isinstance(callback, TerminateOnNaN) and callback.raise_error for callback in self.callbacks)
        if wanted or self.history.epochs == 0:
            raise TrainingError(reason, fix="Lower the learning rate, or scale the inputs")

    def _keep_best(self, value: float) -> None:
        if not math.isnan(value) and (self.best is None or value < self.best[0]):
            self.best = (value, self.snapshot())

    def _end_interrupted(self) -> None:
        self.history.stopped = self.history.stopped or "interrupted"
        if self.best is not None:
            self.restore(self.best[1])

    def _note(self) -> str | None:
        note = f"Stopped: {self.history.stopped}." if self.history.stopped else None
        if self.history.best_epoch is not None:
            note = f"{note or ''} The model has the parameters of epoch {self.history.best_epoch}, the best.".strip()
        return note
