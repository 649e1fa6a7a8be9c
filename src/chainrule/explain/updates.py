"""The step that an optimiser makes of a gradient, with its state before and after."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from chainrule.core.mode import quiet
from chainrule.core.tensor import Tensor
from chainrule.errors import ConfigError
from chainrule.explain.record import Record
from chainrule.optim import Adam, AdamW, Optimizer

__all__ = ["ParameterUpdate", "Update", "update_of"]


@dataclass(frozen=True)
class ParameterUpdate(Record):
    """One parameter's step.

    Attributes:
        name: path of the parameter.
        step: number of this step, from 1.
        options: hyperparameters of its group.
        before, gradient, after: the parameter's numbers, its gradient, and its numbers afterwards.
        slots_before, slots_after: the optimiser's state arrays (velocity, moments) by name.
        derived: further numbers of the formula, such as Adam's moments corrected for their bias.
    """

    name: str
    step: int
    options: Mapping[str, Any]
    before: np.ndarray
    gradient: np.ndarray
    after: np.ndarray
    slots_before: Mapping[str, np.ndarray]
    slots_after: Mapping[str, np.ndarray]
    derived: Mapping[str, np.ndarray]


@dataclass(frozen=True)
class Update(Record):
    """What an optimiser makes of the gradients.

    Attributes:
        optimizer: its name.
        formula, latex: the update of one parameter θ with gradient g.
        parameters: one for each parameter that has a gradient.
    """

    optimizer: str
    formula: str
    latex: str
    parameters: tuple[ParameterUpdate, ...]


def update_of(optimizer: Optimizer, found: Sequence[tuple[str, Tensor, np.ndarray, Any]]) -> Update:
    """The update of parameters ``(name, tensor, value, gradient)``; neither they nor the optimiser are changed.

    Raises:
        ConfigError: if the optimiser has none of the parameters.
    """
    places = {
        id(tensor): (path, group)
        for group in optimizer.param_groups
        for path, tensor in zip(group["param_names"], group["params"], strict=True)
    }
    made = []
    with quiet():
        for name, tensor, value, g in found:
            if g is not None and id(tensor) in places:
                path, group = places[id(tensor)]
                made.append(_one(optimizer, name, value, np.asarray(g), optimizer.state.get(path, {}), group))
    if not made:
        raise ConfigError(
            "the optimizer holds none of the traced parameters", fix="Make it from model.parameters() of this model"
        )
    return Update(optimizer.name, optimizer.formula, optimizer.latex, tuple(made))


def _one(
    optimizer: Optimizer, name: str, p: np.ndarray, g: np.ndarray, kept: Mapping[str, Any], group: Mapping[str, Any]
) -> ParameterUpdate:
    names = optimizer.slots(group)
    before = {slot: np.array(kept.get(slot, optimizer.initial_slot(slot, p, group))) for slot in names}
    step = int(kept.get("step", 0)) + 1
    after, slots = optimizer.update(p, g, tuple(before.values()), step, group)
    fresh = dict(zip(names, (np.asarray(slot) for slot in slots), strict=True))
    options = {key: value for key, value in group.items() if key in optimizer.defaults}
    derived = _moments(fresh, step, group) if isinstance(optimizer, (Adam, AdamW)) else {}
    return ParameterUpdate(name, step, options, p, g, np.asarray(after), before, fresh, derived)


def _moments(slots: Mapping[str, np.ndarray], step: int, group: Mapping[str, Any]) -> dict[str, np.ndarray]:
    """Adam's m̂ and v̂."""
    beta1, beta2 = group["betas"]
    squared = slots.get("max_exp_avg_sq", slots["exp_avg_sq"])
    return {"m_hat": slots["exp_avg"] / (1 - beta1**step), "v_hat": squared / (1 - beta2**step)}
