"""chainrule's native engine alone: blocks of steps without `fit`'s checks, epochs, history and progress.

Like JAX's jitted scan it finds parameters, data and the order of the rows where it needs them, and returns the loss of
each step.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from task import Task

from chainrule import losses, nn, optim
from chainrule.engines import NativeEngine, Plan
from rivals import chainrule_fit


class Model(chainrule_fit.Model):
    def __init__(self, task: Task) -> None:
        super().__init__(task)
        task.needs(schedule="the engine's blocks take rates, not schedules")
        self.share = 1.0 if self.together else min(1.0, 200 / task.networks)
        self.native = NativeEngine()
        if task.binary:  # as `fit` prepares it
            self.data = type(self.data)(task.x, task.y.astype(np.float32).reshape(-1, 1))

    def reset(self, seed: int) -> None:
        super().reset(seed)
        task, rng = self.task, np.random.default_rng(seed)
        n, size = len(task.x), min(task.batch_size, len(task.x))
        full = n // size * size
        orders = np.stack([np.arange(n) if task.full_batch else rng.permutation(n) for _ in range(task.epochs)])
        whole = orders[:, :full].reshape(task.epochs, -1, size)
        # Without a smaller last batch nothing has to come between the epochs.
        self.blocks = [whole.reshape(-1, size)] if full == n else []
        if full < n:
            self.blocks = [
                block for rows, order in zip(whole, orders, strict=True) for block in (rows, order[None, full:])
            ]
        if self.together:
            self.population = self._population()
        else:
            self.runs = [self._run(model) for model in self.models]

    def _population(self) -> Any:
        from chainrule.engines.population import Population

        population = Population(self._plan(self.models[0]), self.models, self.data)
        population.run(self.blocks[0][:1], None)
        return population

    def _plan(self, model: nn.Module) -> Plan:
        model.train()
        task = self.task
        optimizer = optim.get(task.optimizer, list(model.named_parameters()), lr=task.lr)
        return Plan(model, losses.get(self.loss), optimizer, input_shape=tuple(task.x.shape[1:]))

    def _run(self, model: nn.Module) -> tuple[Plan, Any]:
        plan = self._plan(model)
        reason = self.native.refusal(plan)
        if reason is not None:
            raise RuntimeError(reason)
        state = self.native.prepare(plan)
        # A first step, so that the engine has everything in its own memory.
        self.native.run(plan, state, self.data, self.blocks[0][:1], None)
        return plan, state

    def train(self) -> None:
        if self.together:
            for block in self.blocks:
                self.population.run(block, None)
            return
        for plan, state in self.runs:
            for block in self.blocks:
                self.native.run(plan, state, self.data, block, None)

    def classes(self) -> np.ndarray:
        from chainrule.core.mode import no_grad
        from chainrule.nn.evaluation import outputs_of

        if self.together:
            self.population.write_back()
        for plan, state in [] if self.together else self.runs:
            self.native.write_back(plan, state)
        self.model.eval()
        with no_grad():
            outputs = np.asarray(outputs_of(self.model, self.test))
        if self.task.binary:
            return (outputs[:, 0] > (0.5 if self.task.sigmoid_output else 0.0)).astype(np.int64)
        return outputs.argmax(axis=1)
