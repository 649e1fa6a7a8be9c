"""Training many networks of one shape at once, each as `fit` would train it alone."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from chainrule.engines.lowering import Refusal
from chainrule.engines.population import Population
from chainrule.nn.module import Module
from chainrule.train.blocks import joined_epochs, next_block
from chainrule.train.fit import fit, mark, remember, set_up
from chainrule.train.history import History
from chainrule.train.loop import Training

__all__ = ["train_together"]

_OPTIONS = {
    name: default
    for name, default in (fit.__kwdefaults__ or {}).items()
    if name not in ("checkpoint", "resume", "record")
}


def train_together(
    models: Sequence[Module], data: Any, seeds: Sequence[int], options: dict[str, Any]
) -> list[History | None] | None:
    """Train all models at once.

    Args:
        models: untrained networks of one shape.
        data: as for `fit`.
        seeds: of each network's batch order.
        options: as for `fit`.

    Returns:
        a history for each network; None for one that diverged and is as untrained as before.  None instead of the list
        if these networks cannot be trained so, or if nothing would be gained.

    Raises:
        ChainruleError: as `fit` does before the first step.
    """
    if len(models) < 2 or not set(options) <= set(_OPTIONS) or options.get("engine", "auto") not in ("auto", "native"):
        return None
    training = set_up(models[0], data, **{**_OPTIONS, **options, "seed": seeds[0]})
    if training.is_observed:
        return None
    try:
        together = _Together(training, models, seeds)
        return together.run() if together.population.is_worth_it else None
    except Refusal:
        return None


class _Together:
    """One run of all networks."""

    def __init__(self, training: Training, models: Sequence[Module], seeds: Sequence[int]) -> None:
        self.training, self.models, self.seeds = training, models, seeds
        self.population = Population(training.plan, models, training.data)
        self.orders = [np.random.default_rng(seed) for seed in seeds]
        self.losses: list[np.ndarray] = []  # (n, epochs) each
        self.rates: list[float] = []
        self.block = 1  # steps

    def run(self) -> list[History | None]:
        began = time.perf_counter()
        training = self.training
        with training.interrupts.caught():
            while len(self.rates) < training.epochs and not training.interrupted and self.population.sound.any():
                self._run_epochs()
        seconds = (time.perf_counter() - began) / len(self.models)
        return self._finish(seconds)

    def _run_epochs(self) -> None:
        training = self.training
        steps, rates = len(training.batches.rows_per_step), training.rates
        numbers = len(training.data) * (len(self.models) if training.batches.shuffle else 1)
        epochs = joined_epochs(self.block, steps, numbers, training.epochs - len(self.rates))
        lr = rates.lr
        index = self._index(epochs)
        found = []
        at_once = self.block if epochs == 1 else epochs * steps
        for start in range(0, epochs * steps, at_once):
            part = index[..., start : start + at_once, :]
            began = time.perf_counter()
            settings = rates.for_steps(part.shape[-2], epochs if epochs > 1 else 0)
            found.append(self.population.run(part, settings))
            rates.settle()
            block = next_block(self.block, part.shape[-2], time.perf_counter() - began)
        self.block = block
        self.losses.append(training.epoch_losses(np.concatenate(found, axis=1)))
        self.rates += [lr if settings is None or epochs == 1 else settings[k * steps][0]["lr"] for k in range(epochs)]
        rates.end_epoch(0.0)

    def _index(self, epochs: int) -> np.ndarray:
        """Row numbers, ``(K, B)`` or ``(n, K, B)``, of some epochs of all networks."""
        batches = self.training.batches
        if not batches.shuffle:
            return batches.of_epochs(epochs, self.orders[0])
        return np.stack([batches.of_epochs(epochs, order) for order in self.orders])

    def _finish(self, seconds: float) -> list[History | None]:
        training = self.training
        self.population.write_back()
        curves = np.concatenate(self.losses, axis=1).tolist()
        histories: list[History | None] = []
        for model, seed, losses, sound in zip(self.models, self.seeds, curves, self.population.sound, strict=True):
            if not sound:
                histories.append(None)
                continue
            history = History({"loss": losses, "lr": list(self.rates)})
            history.engine, history.seed, history.seconds = "native", seed, seconds
            history.stopped = "interrupted" if training.interrupted else None
            mark(replace(training.plan, model=model), training.data)
            remember(model, history)
            model.eval()
            histories.append(history)
        return histories
