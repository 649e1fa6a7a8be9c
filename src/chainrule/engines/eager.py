"""The reference engine: each step is the user's own forward pass, recorded and differentiated on NumPy arrays."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from chainrule.core import rng
from chainrule.core.mode import enable_grad, quiet
from chainrule.core.tensor import Tensor
from chainrule.data.dataset import Dataset
from chainrule.engines.base import BlockResult, Plan
from chainrule.engines.threads import suited_threads
from chainrule.engines.update import FlatUpdate

__all__ = ["EagerEngine"]


@dataclass
class State:
    """Steps taken so far in this run, and the flattened parameters."""

    step: int
    update: FlatUpdate


class EagerEngine:
    """Runs any model that Python can run."""

    name = "eager"

    def refusal(self, plan: Plan) -> str | None:
        return None

    def prepare(self, plan: Plan) -> State:
        return State(0, FlatUpdate(plan.optimizer, plan.clip_norm, plan.clip_value))

    def run(
        self,
        plan: Plan,
        state: State,
        data: Dataset,
        batch_index: np.ndarray,
        rates: list[list[dict[str, float]]] | None,
    ) -> BlockResult:
        model, loss_of, seed = plan.model, plan.loss.forward, plan.seed
        update, groups = state.update, plan.optimizer.param_groups
        batch, wrap = data.batch, Tensor.of
        losses: list[float] = []
        outputs: list[np.ndarray] | None = [] if plan.keep_outputs else None
        threads = suited_threads(model, batch_index.shape[1])
        with threads, quiet(), enable_grad(), rng.at_step(seed, state.step):
            for k, rows in enumerate(batch_index):
                inputs, targets = batch(rows)
                rng.set_step(state.step)
                output = model(wrap(inputs))
                loss = loss_of(output, wrap(targets))
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
                update.step()
                state.step += 1
        return BlockResult(np.array(losses), outputs)

    def write_back(self, plan: Plan, state: State) -> None:
        state.update.write_back()
