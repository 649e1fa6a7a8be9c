"""The boundary between the training loop and whatever runs its steps.

The loop, callbacks, history, checkpoints, early stopping and progress live once, above this boundary, in `train`.  An
engine runs a BLOCK of steps::

    (plan, state, data, batch_index (K, B), rates (K,)) -> BlockResult(losses (K,), outputs, …)

and keeps parameters, buffers and optimiser state wherever it likes in between.  `Engine.write_back` puts them into the
model and the optimiser when somebody wants to look.  The same seed gives the same initial weights, batch order and
dropout masks in every engine: the first two come from the caller, masks from `core.rng.keep_mask`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol, runtime_checkable

import numpy as np

from chainrule.data.dataset import Dataset
from chainrule.losses import Loss
from chainrule.nn.module import Module
from chainrule.optim.optimizer import Optimizer

__all__ = ["BlockResult", "Engine", "Observable", "Plan"]


@dataclass(frozen=True)
class Plan:
    """What is to be trained, and how one step goes.

    Attributes:
        model: the network; its parameters are the starting point.
        loss: what is minimised.
        optimizer: makes updates of gradients.
        seed: for the dropout masks.
        clip_norm: largest gradient norm over all parameters, or None.
        clip_value: largest absolute value of any gradient element, or None.
        keep_outputs: return the model's outputs, for metrics on training data.
        input_shape: shape of one sample; None if it is not known.
        weighted: whether the data have weights for their rows.
    """

    model: Module
    loss: Loss
    optimizer: Optimizer
    seed: int = 0
    clip_norm: float | None = None
    clip_value: float | None = None
    keep_outputs: bool = False
    input_shape: tuple[int, ...] | None = None
    weighted: bool = False


@dataclass
class BlockResult:
    """What happened in a block of K steps.

    Attributes:
        losses: ``(n,)`` float64, the loss of each step that was run; n < K only if `stopped`.
        outputs: the model's output of each step, if the plan asked to keep them.
        stopped: the last step was not applied, because its loss, or what it would have made of the parameters, is not
            finite.  Parameters, buffers and optimiser state are those before it.
        cause: path of the first parameter that the last step would have made infinite or not a number, if that is why.
    """

    losses: np.ndarray
    outputs: list[np.ndarray] | None = None
    stopped: bool = False
    cause: str | None = None


class Engine(Protocol):
    """Runs plans.  Engines are stateless; what a run needs is in the state that `prepare` makes."""

    name: str

    def refusal(self, plan: Plan) -> str | None:
        """Why this engine cannot run the plan (naming the layer), or None if it can."""

    def prepare(self, plan: Plan) -> Any:
        """Take parameters, buffers and optimiser state over from the plan; returns the engine's own state.

        Its attribute ``step`` counts the steps taken, from which masks are drawn; a training that is resumed sets it
        before the first block.
        """

    def run(
        self, plan: Plan, state: Any, data: Dataset, batch_index: np.ndarray, rates: list[list[dict[str, float]]] | None
    ) -> BlockResult:
        """Run K steps.

        Args:
            data: inputs and targets, the latter in the form that the loss takes.
            batch_index: ``(K, B)`` row numbers.
            rates: for each step and each parameter group the hyperparameters that a schedule sets ("lr", …); None if
                they are those of the optimiser's groups all through the block.
        """

    def write_back(self, plan: Plan, state: Any) -> None:
        """Put parameters, buffers and optimiser state into the plan's model and optimiser."""


@runtime_checkable
class Observable(Protocol):
    """An engine that can show how far it has got, and go on without looking at what is done with that."""

    def read_back(self, plan: Plan, state: Any) -> None:
        """Put parameters, buffers and optimiser state into the plan's model and optimiser, and keep its own."""

    def outputs(self, plan: Plan, state: Any, data: Dataset) -> np.ndarray | None:
        """The network's outputs for all rows, in evaluation mode; None if the model itself has to be asked."""
