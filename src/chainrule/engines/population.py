"""Many small networks of one shape, trained at once by the native engine: each has a lane of the processor's vectors.

What a network becomes does not depend on the others.  One whose loss or parameters stop being finite is only marked:
whoever wants to know how that came about trains it again by itself.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import Any

import numpy as np

from chainrule.data.dataset import Dataset
from chainrule.engines import native_build
from chainrule.engines.base import Plan
from chainrule.engines.lowering import (
    Lowered,
    Refusal,
    described,
    lower,
    lower_data,
    lower_model,
    parameter_count,
)
from chainrule.engines.native import hyperparameters, overwrite
from chainrule.engines.threads import threads_for
from chainrule.nn.module import Module

__all__ = ["Population"]

_MOST_PARAMETERS = 4096  # of one network; more of them do not stay in the nearest caches, a vector to each
_PARAMETERS_PER_NETWORK = 400  # a group costs the same however few networks it holds; alone they cost by the step


class Population:
    """Networks that are trained side by side from now on; the models themselves wait for `write_back`.

    Args:
        plan: how the first of the models is to be trained; the others are trained in the same way.
        models: networks of the same layers.
        data: inputs, and targets in the form that the loss takes.

    Raises:
        Refusal: if they cannot be trained so; says why.
    """

    def __init__(self, plan: Plan, models: Sequence[Module], data: Dataset) -> None:
        build = native_build.load()
        if build.module is None:
            raise Refusal(build.reason)
        lowered = lower(plan)
        _check_plan(plan, lowered, data)
        self._plan = plan
        self._scale = data.scale
        self._inputs, self._targets = lower_data(data)
        (group,) = plan.optimizer.param_groups
        self._tensors = [_tensors(model, plan, lowered) for model in models]
        self._weights = np.array([np.concatenate([t._data.ravel() for t in own]) for own in self._tensors])
        self._slots = plan.optimizer.slots(group)
        self._states = np.array(
            [
                [
                    np.concatenate(
                        [np.ravel(plan.optimizer.initial_slot(name, t._data, group)).astype(t.dtype) for t in own]
                    )
                    for own in self._tensors
                ]
                for name in self._slots
            ],
            lowered.dtype,
        )
        self._steps = 0
        self.sound = np.ones(len(models), bool)
        kind = build.module.Population32 if lowered.dtype == np.float32 else build.module.Population64
        self._population = kind(described(lowered.stages), lowered.loss.name, lowered.loss.options, plan.optimizer.name)

    def __len__(self) -> int:
        return len(self._tensors)

    @property
    def is_worth_it(self) -> bool:
        """Whether so many networks of this size take less time together than one after the other."""
        return len(self) >= 2 + int(self._weights.shape[1]) // _PARAMETERS_PER_NETWORK

    def run(self, index: np.ndarray, rates: list[list[dict[str, Any]]] | None) -> np.ndarray:
        """Train for K steps.

        Args:
            index: row numbers, ``(K, B)`` for all networks or ``(n, K, B)`` for each its own; a batch that is shorter
                than the others ends in -1.
            rates: as for `Engine.run`.

        Returns:
            ``(n, K)`` losses.  From where one is not finite, those of that network mean nothing.

        Raises:
            Refusal: if a schedule switches momentum on or off.
        """
        (group,) = self._plan.optimizer.param_groups
        if rates is not None and {bool(one[0].get("momentum")) for one in rates} != {bool(group.get("momentum"))}:
            raise Refusal("its schedule switches momentum on or off")
        options, hypers = hyperparameters(self._plan, rates)
        steps, rows = index.shape[-2:]
        losses = np.empty((len(self), steps), self._weights.dtype)
        refused = np.empty(len(self), np.int64)
        self._population.run(
            self._inputs, self._scale, self._targets, np.ascontiguousarray(index, np.int64), options,
            np.ascontiguousarray(hypers[:, 0]), self._steps, threads_for(3 * self._weights.size * steps * rows),
            self._weights, self._states, losses, refused,
        )  # fmt: skip
        self._steps += steps
        self.sound &= refused < 0
        self.sound &= np.isfinite(self._weights).all(axis=1)
        return losses

    def write_back(self) -> None:
        """Put the parameters into the models, but for networks that came to no good end: these are as they were."""
        for tensors, weights, sound in zip(self._tensors, self._weights, self.sound, strict=True):
            at = 0
            for tensor in tensors if sound else ():
                overwrite(tensor, weights[at : at + tensor.numel()].reshape(tensor.shape))
                at += tensor.numel()


def _tensors(model: Module, plan: Plan, lowered: Lowered) -> list[Any]:
    """The parameters of a model, if it is like the plan's."""
    stages = lower_model(model, plan.input_shape)[0]
    own = [tensor for stage in stages for _, tensor in stage.parameters]
    if described(stages) != described(lowered.stages) or any(one.dtype != lowered.dtype for one in own):
        raise Refusal("the networks are not all alike")
    if not all(one.requires_grad for one in own):
        raise Refusal("some parameters are not trained")
    return own


def _check_plan(plan: Plan, lowered: Lowered, data: Dataset) -> None:
    kinds = [stage.kind for stage in lowered.stages]
    linear = [kind == "linear" for kind in kinds]
    if not linear[0] or any(not (this or before) for before, this in itertools.pairwise(linear)):
        raise Refusal("it is not a chain of Linear layers with an activation each")
    if set(kinds) & {"batch_norm", "layer_norm", "dropout", "scale", "softmax", "log_softmax"}:
        raise Refusal("it has layers that are no activations")
    if parameter_count(lowered.stages) > _MOST_PARAMETERS:
        raise Refusal(f"it has more than {_MOST_PARAMETERS} parameters")
    if plan.weighted:
        raise Refusal("the rows have weights")
    if plan.clip_norm is not None or plan.clip_value is not None or plan.keep_outputs:
        raise Refusal("its gradients are clipped, or its outputs kept")
    if len(plan.optimizer.param_groups) != 1 or plan.optimizer.state:
        raise Refusal("its parameters are in several groups, or trained before")
    options = lowered.loss.options
    if options.get("weight") or options.get("pos_weight") or options.get("label_smoothing"):
        raise Refusal("its loss has weights")
    assert data.targets is not None  # fit has looked
    classes = data.targets.dtype.kind != "f"
    if classes != (lowered.loss.name == "cross_entropy") or lowered.loss.name == "nll":
        raise Refusal(f"its loss {lowered.loss.name!r} is not among those that populations know")
    if classes and (data.targets == options.get("ignore_index")).any():
        raise Refusal("some rows are ignored")
