"""Adagrad."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from chainrule.core.op import Array, namespace
from chainrule.optim.checks import Rule, flag, not_negative
from chainrule.optim.optimizer import Optimizer

__all__ = ["Adagrad"]


class Adagrad(Optimizer):
    """Adagrad: each parameter's rate falls with the sum of its squared gradients so far.

    g ← g + λθ;  s ← s + g²;  θ ← θ − η/(1 + (t − 1)κ) · g/(√s + ε).

    Duchi, Hazan & Singer, *Adaptive Subgradient Methods for Online Learning and Stochastic Optimization*, JMLR 2011.

    Args:
        params: tensors, named tensors or groups; see `Optimizer`.
        lr: learning rate η ≥ 0; default 1e-2.
        lr_decay: κ ≥ 0, by which the rate falls with the step t; default 0.
        weight_decay: λ ≥ 0 of the L2 penalty; default 0.
        initial_accumulator_value: s ≥ 0 before the first step; default 0.
        eps: ε ≥ 0, keeps the denominator from zero; default 1e-10.
        maximize: go up the gradient instead of down.
        **flags: PyTorch's performance flags (``foreach``, ``fused``, ``differentiable``), ignored.

    Raises:
        ConfigError: for a value out of range.
    """

    name = "adagrad"
    formula = "g ← g + λθ;  s ← s + g²;  θ ← θ − η/(1 + (t − 1)κ) · g/(√s + ε)"
    latex = (
        r"g \leftarrow g + \lambda\theta,\quad s \leftarrow s + g^2,\quad "
        r"\theta \leftarrow \theta - \frac{\eta}{1+(t-1)\kappa}\,\frac{g}{\sqrt{s} + \epsilon}"
    )
    rules: ClassVar[Mapping[str, Rule]] = {
        "lr": not_negative,
        "lr_decay": not_negative,
        "weight_decay": not_negative,
        "initial_accumulator_value": not_negative,
        "eps": not_negative,
        "maximize": flag,
    }

    def __init__(
        self,
        params: Any,
        lr: float = 1e-2,
        lr_decay: float = 0,
        weight_decay: float = 0,
        initial_accumulator_value: float = 0,
        eps: float = 1e-10,
        *,
        maximize: bool = False,
        **flags: Any,
    ) -> None:
        defaults = {
            "lr": lr,
            "lr_decay": lr_decay,
            "weight_decay": weight_decay,
            "initial_accumulator_value": initial_accumulator_value,
            "eps": eps,
            "maximize": maximize,
        }
        super().__init__(params, defaults, flags)

    def slots(self, group: Mapping[str, Any]) -> tuple[str, ...]:
        return ("sum",)

    def initial_slot(self, name: str, like: Array, group: Mapping[str, Any]) -> Array:
        return super().initial_slot(name, like, group) + group["initial_accumulator_value"]

    def update(
        self, p: Array, g: Array, slots: tuple[Array, ...], step: Any, group: Mapping[str, Any]
    ) -> tuple[Array, tuple[Array, ...]]:
        if group["maximize"]:
            g = -g
        if group["weight_decay"]:
            g = g + p * group["weight_decay"]
        total = slots[0] + g * g
        rate = group["lr"]
        if group["lr_decay"]:
            rate = rate / (1 + (step - 1) * group["lr_decay"])
        return p - g / (namespace((p,)).sqrt(total) + group["eps"]) * rate, (total,)
