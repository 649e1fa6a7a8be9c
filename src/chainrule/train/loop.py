"""The training loop: epochs, blocks of steps, validation, callbacks, progress.  Engines run the blocks."""

from __future__ import annotations

import contextlib
import math
import os
import signal
import threading
import time
from collections.abc import Iterator, Sequence
from types import FrameType
from typing import Any

import numpy as np

from chainrule.data.batching import batch_index
from chainrule.data.dataset import Dataset
from chainrule.engines.base import Engine, Plan
from chainrule.errors import TrainingError
from chainrule.metrics.registry import Metric
from chainrule.nn.module import Module
from chainrule.optim.lr_scheduler import LRScheduler, ReduceLROnPlateau
from chainrule.optim.optimizer import Optimizer
from chainrule.train.callbacks import Callback
from chainrule.train.diagnosis import locate_nonfinite
from chainrule.train.evaluation import epoch_metrics, scores
from chainrule.train.history import History
from chainrule.train.progress import Progress

__all__ = ["Training"]

_BLOCK_SECONDS = 0.05  # so that Ctrl-C is answered, and the bar moves, about this often
_LARGEST_BLOCK = 16_384
_LARGEST_INDEX = 1 << 22  # row numbers held at once when short epochs are joined into one block


class Training:
    """One run of `fit`, as callbacks see it.

    Attributes:
        model, optimizer: what is trained, and by what.
        history: the curves so far.
        epoch: the running epoch, from 0.
    """

    def __init__(
        self,
        plan: Plan,
        engine: Engine,
        data: Dataset,
        validation: Dataset | None,
        metrics: Sequence[Metric],
        callbacks: Sequence[Callback],
        schedule: LRScheduler | ReduceLROnPlateau | None,
        progress: Progress,
        epochs: int,
        batch_size: int,
        shuffle: bool,
    ) -> None:
        self.plan, self.engine, self.data, self.validation = plan, engine, data, validation
        self.metrics, self.callbacks, self.schedule, self.progress = metrics, callbacks, schedule, progress
        self.epochs, self.batch_size = epochs, min(batch_size, len(data))
        # Within one batch of everything the order does not matter.
        self.shuffle = shuffle and self.batch_size < len(data)
        self.order = np.random.default_rng(plan.seed)
        self.history = History()
        self.history.engine, self.history.seed = engine.name, plan.seed
        self.epoch = self.step = 0
        self._state: Any = None
        self._block = 16
        self._interrupted = False
        self._best: tuple[float, int, dict[str, np.ndarray]] | None = None

    @property
    def model(self) -> Module:
        return self.plan.model

    @property
    def optimizer(self) -> Optimizer:
        return self.plan.optimizer

    # What callbacks may ask for

    def stop(self, reason: str) -> None:
        """End training after this epoch."""
        self.history.stopped = reason

    def snapshot(self) -> dict[str, np.ndarray]:
        """A copy of all parameters and buffers, by path."""
        return {path: np.array(value._data) for path, value in self.model.state_dict().items()}

    def restore(self, snapshot: dict[str, np.ndarray], epoch: int) -> None:
        """Put a snapshot back, taken after `epoch` (from 0)."""
        self.model.load_state_dict(snapshot)
        self.history.best_epoch = epoch + 1

    def save(self, path: str | os.PathLike[str]) -> None:
        """Save the model as it is now."""
        self.model.save(path)

    # The loop

    def run(self) -> History:
        """Train to the end, or until something stops it."""
        began = time.perf_counter()
        self.model.train()
        for callback in self.callbacks:
            callback.training = self
            callback.on_train_begin()
        self._state = self.engine.prepare(self.plan)
        self.progress.begin(self.epochs, math.ceil(len(self.data) / self.batch_size))
        try:
            with self._catching_interrupts():
                while self.epoch < self.epochs and self.history.stopped is None and not self._interrupted:
                    self._run_epochs(self._joined_epochs())
        finally:
            self.engine.write_back(self.plan, self._state)
            self.model.eval()
            if self._interrupted:
                self._end_interrupted()
            for callback in self.callbacks:
                callback.on_train_end()
            self.history.seconds = time.perf_counter() - began
            self.progress.end(self._note())
        return self.history

    def _joined_epochs(self) -> int:
        """How many epochs may run as one block: more than one only if nobody wants to look in between."""
        observed = self.validation is not None or self.metrics or self.callbacks
        if observed or len(self.data) % self.batch_size or isinstance(self.schedule, ReduceLROnPlateau):
            return 1
        steps = len(self.data) // self.batch_size
        joined = min(self._block // steps, _LARGEST_INDEX // len(self.data), self.epochs - self.epoch)
        return max(joined, 1)

    def _run_epochs(self, count: int) -> None:
        for callback in self.callbacks:
            callback.on_epoch_begin(self.epoch)
        orders = [batch_index(len(self.data), self.batch_size, self.order, self.shuffle) for _ in range(count)]
        full = orders[0][0] if count == 1 else np.concatenate([order[0] for order in orders])
        rest = orders[0][1]
        steps = len(orders[0][0])
        rates_used = [group["lr"] for group in self.optimizer.param_groups]
        losses, outputs, rows = self._run_blocks(full, rest, joined=count > 1)
        if losses is None:
            return
        if count > 1:
            for epoch_losses in losses.reshape(count, steps).mean(axis=1).tolist():
                self._finish_epoch({"loss": epoch_losses, "lr": rates_used[0]})
            return
        weights = np.full(len(losses), self.batch_size, np.float64)
        if len(rest):
            weights[-1] = len(rest)
        logs = {"loss": float(losses @ weights / weights.sum())}
        logs.update(epoch_metrics(self.plan.loss, self.metrics, self.data, outputs, rows))
        if self.validation is not None:
            self.engine.write_back(self.plan, self._state)
            for name, value in scores(self.model, self.plan.loss, self.validation, self.metrics).items():
                logs[f"val_{name}"] = value
            self._keep_best(logs["val_loss"])
        logs["lr"] = rates_used[0]
        self._finish_epoch(logs)

    def _run_blocks(
        self, full: np.ndarray, rest: np.ndarray, joined: bool
    ) -> tuple[np.ndarray | None, list[np.ndarray], list[np.ndarray]]:
        """Run an epoch's steps; None for the losses if training has to end within it."""
        losses: list[np.ndarray] = []
        outputs: list[np.ndarray] = []
        rows: list[np.ndarray] = []
        start = 0
        pending = [full] if joined else None
        while start < len(full) or len(rest):
            if pending is not None:
                index = full
            elif start < len(full):
                index = full[start : start + self._block]
            else:
                index, rest = rest[None], rest[:0]
            began = time.perf_counter()
            result = self.engine.run(self.plan, self._state, self.data, index, self._rates(len(index)))
            self._adapt_block(len(index), time.perf_counter() - began)
            losses.append(result.losses)
            self.step += len(result.losses)
            if result.stopped:
                self._diverged(float(result.losses[-1]), index[len(result.losses) - 1])
                return None, [], []
            if result.outputs is not None:
                outputs += result.outputs
                rows.append(index.reshape(-1))
            start += len(index)
            if self._interrupted and start < len(full):
                return None, [], []
            if not joined:
                seen = sum(len(part) for part in losses)
                running = sum(float(part.sum()) for part in losses) / seen
                self.progress.block(self.epoch, seen, {"loss": running})
        return np.concatenate(losses), outputs, rows

    def _adapt_block(self, steps: int, seconds: float) -> None:
        wanted = int(steps * _BLOCK_SECONDS / max(seconds, 1e-6))
        self._block = max(1, min(wanted, self._block * 4, _LARGEST_BLOCK))

    def _rates(self, steps: int) -> list[list[dict[str, float]]] | None:
        """What the schedule sets for each of the next steps; None if nothing changes within them."""
        schedule = self.schedule
        if schedule is None or isinstance(schedule, ReduceLROnPlateau):
            return None
        per_epoch = math.ceil(len(self.data) / self.batch_size)
        if schedule.interval == "epoch" and steps < 2 * per_epoch:
            return None
        rates = []
        for step in range(steps):
            rates.append([_scheduled(group) for group in self.optimizer.param_groups])
            last_of_epoch = (step + 1) % per_epoch == 0
            if schedule.interval == "step" or (last_of_epoch and step + 1 < steps):
                schedule.step()
        return rates

    def _finish_epoch(self, logs: dict[str, float]) -> None:
        self.history.add(logs)
        self.progress.epoch(self.epoch, {name: value for name, value in logs.items() if name != "lr"})
        if self.callbacks:
            self.engine.write_back(self.plan, self._state)
            for callback in self.callbacks:
                callback.on_epoch_end(self.epoch, logs)
        if isinstance(self.schedule, ReduceLROnPlateau):
            self.schedule.step(logs.get("val_loss", logs["loss"]))
        elif self.schedule is not None and self.schedule.interval == "epoch":
            self.schedule.step()
        self.epoch += 1

    # How it can end early

    def _diverged(self, loss: float, rows: np.ndarray) -> None:
        self.engine.write_back(self.plan, self._state)
        where = locate_nonfinite(self.model, self.plan.loss, self.data, rows)
        self.stop(f"loss became {loss} in epoch {self.epoch + 1} at step {self.step}: {where}")
        if self.history.epochs == 0:
            raise TrainingError(self.history.stopped or "", fix="Lower the learning rate, or scale the inputs")

    def _keep_best(self, value: float) -> None:
        if self._best is None or value < self._best[0]:
            self._best = (value, self.epoch, self.snapshot())

    def _end_interrupted(self) -> None:
        self.history.stopped = "interrupted"
        if self._best is not None and self._best[1] + 1 < self.history.epochs:
            self.restore(self._best[2], self._best[1])

    def _note(self) -> str | None:
        note = f"Stopped: {self.history.stopped}." if self.history.stopped else None
        if self.history.best_epoch is not None:
            note = f"{note or ''} The model has the parameters of epoch {self.history.best_epoch}, the best.".strip()
        return note

    @contextlib.contextmanager
    def _catching_interrupts(self) -> Iterator[None]:
        """Let the first Ctrl-C end training after the running block, and the second one at once."""
        if threading.current_thread() is not threading.main_thread():
            yield
            return

        def interrupt(number: int, frame: FrameType | None) -> None:
            if self._interrupted:
                raise KeyboardInterrupt
            self._interrupted = True

        try:
            before = signal.signal(signal.SIGINT, interrupt)
        except ValueError:
            yield
            return
        try:
            yield
        finally:
            signal.signal(signal.SIGINT, before)


def _scheduled(group: dict[str, Any]) -> dict[str, Any]:
    """The hyperparameters that schedules change."""
    return {name: group[name] for name in ("lr", "momentum", "betas") if name in group}
