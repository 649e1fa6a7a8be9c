"""Adadelta."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from chainrule.core.op import Array, namespace
from chainrule.optim.checks import Rule, flag, not_negative, share
from chainrule.optim.optimizer import Optimizer

__all__ = ["Adadelta"]


class Adadelta(Optimizer):
    """Adadelta: steps in the parameter's own units, from the running sizes of past steps and gradients.

    g ← g + λθ;  v ← ρv + (1 − ρ)g²;  d ← g·√(u + ε)/√(v + ε);  u ← ρu + (1 − ρ)d²;  θ ← θ − ηd.

    Zeiler, *ADADELTA: An Adaptive Learning Rate Method*, arXiv:1212.5701, 2012.

    Args:
        params: tensors, named tensors or groups; see `Optimizer`.
        lr: η ≥ 0, a factor on the step; default 1.0.
        rho: decay rate ρ of the averages, from 0 to 1; default 0.9.
        eps: ε ≥ 0, sets the size of the first steps; default 1e-6.
        weight_decay: λ ≥ 0 of the L2 penalty; default 0.
        maximize: go up the gradient instead of down.
        **flags: PyTorch's performance flags (``foreach``, ``capturable``, ``differentiable``), ignored.

    Raises:
        ConfigError: for a value out of range.
    """

    name = "adadelta"
    formula = "g ← g + λθ;  v ← ρv + (1 − ρ)g²;  d ← g·√(u + ε)/√(v + ε);  u ← ρu + (1 − ρ)d²;  θ ← θ − ηd"
    latex = (
        r"g \leftarrow g + \lambda\theta,\quad v \leftarrow \rho v + (1-\rho) g^2,\quad "
        r"d \leftarrow \frac{\sqrt{u + \epsilon}}{\sqrt{v + \epsilon}}\,g,\quad "
        r"u \leftarrow \rho u + (1-\rho) d^2,\quad \theta \leftarrow \theta - \eta d"
    )
    rules: ClassVar[Mapping[str, Rule]] = {
        "lr": not_negative,
        "rho": share,
        "eps": not_negative,
        "weight_decay": not_negative,
        "maximize": flag,
    }

    def __init__(
        self,
        params: Any,
        lr: float = 1.0,
        rho: float = 0.9,
        eps: float = 1e-6,
        weight_decay: float = 0,
        *,
        maximize: bool = False,
        **flags: Any,
    ) -> None:
        defaults = {"lr": lr, "rho": rho, "eps": eps, "weight_decay": weight_decay, "maximize": maximize}
        super().__init__(params, defaults, flags)

    def slots(self, group: Mapping[str, Any]) -> tuple[str, ...]:
        return ("square_avg", "acc_delta")

    def update(
        self, p: Array, g: Array, slots: tuple[Array, ...], step: Any, group: Mapping[str, Any]
    ) -> tuple[Array, tuple[Array, ...]]:
        rho, eps = group["rho"], group["eps"]
        if group["maximize"]:
            g = -g
        if group["weight_decay"]:
            g = g + p * group["weight_decay"]
        square, past = slots
        square = square * rho + (g * g) * (1 - rho)
        delta = namespace((p,)).sqrt((past + eps) / (square + eps)) * g
        past = past * rho + (delta * delta) * (1 - rho)
        return p - delta * group["lr"], (square, past)
