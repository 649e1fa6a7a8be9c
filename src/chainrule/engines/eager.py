"""The reference engine: each step is the user's own forward pass, recorded and differentiated on NumPy arrays."""

from __future__ import annotations

import math

import numpy as np

from chainrule.core import rng
from chainrule.core.mode import enable_grad, quiet
from chainrule.core.tensor import Tensor
from chainrule.data.dataset import Dataset
from chainrule.engines.base import BlockResult, Plan
from chainrule.engines.threads import suited_threads
from chainrule.engines.update import FlatUpdate, Saved

__all__ = ["EagerEngine"]


class State:
    """Where a run has got to.

    Attributes:
        step: steps taken so far.
        update: the flattened parameters.
        parameters: all of the model's, also those that are not trained.
        buffers: running statistics and the like, as far as they were finite to begin with.
    """

    def __init__(self, step: int, update: FlatUpdate, parameters: list[Tensor], buffers: list[Tensor]) -> None:
        self.step, self.update, self.parameters, self.buffers = step, update, parameters, buffers
        self.weights = sum(parameter.numel() for parameter in parameters)

    def forget_gradients(self) -> None:
        """Those from before are no part of a step; those of parameters outside the optimiser would add up for ever."""
        for parameter in self.parameters:
            parameter.grad = None

    def save(self) -> tuple[int, Saved, list[np.ndarray]]:
        return self.step, self.update.save(), [buffer._data.copy() for buffer in self.buffers]

    def restore(self, saved: tuple[int, Saved, list[np.ndarray]]) -> None:
        self.step = saved[0]
        self.update.restore(saved[1])
        for buffer, values in zip(self.buffers, saved[2], strict=True):
            buffer._assign(values)

    def is_finite(self) -> bool:
        return self.update.first_nonfinite() is None and all(_is_finite(buffer) for buffer in self.buffers)


class EagerEngine:
    """Runs any model that Python can run."""

    name = "eager"

    def refusal(self, plan: Plan) -> str | None:
        return None

    def prepare(self, plan: Plan) -> State:
        update = FlatUpdate(plan.optimizer, plan.clip_norm, plan.clip_value)
        buffers = [buffer for buffer in plan.model.buffers() if _is_finite(buffer)]
        return State(0, update, list(plan.model.parameters()), buffers)

    def run(
        self,
        plan: Plan,
        state: State,
        data: Dataset,
        batch_index: np.ndarray,
        rates: list[list[dict[str, float]]] | None,
    ) -> BlockResult:
        with quiet(), suited_threads(state.weights, batch_index.shape[1]):
            state.forget_gradients()
            state.update.refresh()
            saved = state.save()
            result = self._steps(plan, state, data, batch_index, rates)
            if (result.stopped and state.buffers) or not state.is_finite():
                return self._run_to_last_good(plan, state, data, batch_index, rates, saved, result)
        return result

    def _steps(
        self,
        plan: Plan,
        state: State,
        data: Dataset,
        batch_index: np.ndarray,
        rates: list[list[dict[str, float]]] | None,
    ) -> BlockResult:
        model, loss_of, weighted, weights = plan.model, plan.loss.forward, plan.loss.weighted, data.weights
        update, groups = state.update, plan.optimizer.param_groups
        batch, wrap, set_step = data.batch, Tensor.of, rng.set_step
        losses: list[float] = []
        outputs: list[np.ndarray] | None = [] if plan.keep_outputs else None
        with enable_grad(), rng.at_step(plan.seed, state.step):
            for k, rows in enumerate(batch_index):
                inputs, targets = batch(rows)
                set_step(state.step)
                output = model(wrap(inputs))
                loss = loss_of(output, wrap(targets)) if weights is None else weighted(output, targets, weights[rows])
                value = float(loss._data)
                losses.append(value)
                if not math.isfinite(value):
                    return BlockResult(np.array(losses), outputs, stopped=True)
                loss.backward()
                if outputs is not None:
                    outputs.append(output._data)
                if rates is not None:
                    for group, rate in zip(groups, rates[k], strict=True):
                        group.update(rate)
                    update.refresh_slots()
                update.step()
                state.step += 1
        return BlockResult(np.array(losses), outputs)

    def _run_to_last_good(
        self,
        plan: Plan,
        state: State,
        data: Dataset,
        batch_index: np.ndarray,
        rates: list[list[dict[str, float]]] | None,
        saved: tuple[int, Saved, list[np.ndarray]],
        result: BlockResult,
    ) -> BlockResult:
        """Begin the block again, and end it before the step that made something infinite or not a number.

        Looking at all parameters after each step would cost every training; running one block twice costs only those
        that fail.  Batches and masks are functions of the step, so the steps come out the same.
        """
        cause = None if result.stopped else state.update.first_nonfinite()
        state.restore(saved)
        if len(batch_index) == 1:
            return BlockResult(result.losses, result.outputs, stopped=True, cause=cause)
        for k in range(len(result.losses) - result.stopped):
            one = self.run(plan, state, data, batch_index[k : k + 1], None if rates is None else rates[k : k + 1])
            if one.stopped:
                return BlockResult(result.losses[: k + 1], (result.outputs or [])[: k + 1], True, one.cause)
        return result

    def write_back(self, plan: Plan, state: State) -> None:
        state.forget_gradients()
        state.update.write_back()


def _is_finite(buffer: Tensor) -> bool:
    return bool(np.isfinite(buffer._data).all())
