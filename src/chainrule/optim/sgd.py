"""Stochastic gradient descent, plain or with momentum."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from chainrule.core.op import Array
from chainrule.errors import ConfigError
from chainrule.optim.checks import Rule, flag, not_negative, real
from chainrule.optim.optimizer import Optimizer

__all__ = ["SGD"]


class SGD(Optimizer):
    """Stochastic gradient descent, optionally with (Nesterov) momentum.

    g ← g + λθ;  b ← μb + (1 − τ)g  (b ← g in the first step);  θ ← θ − ηb,
    with Nesterov θ ← θ − η(g + μb), without momentum θ ← θ − ηg.

    Sutskever, Martens, Dahl & Hinton, *On the importance of initialization and momentum in deep learning*, 2013, in
    PyTorch's form, in which the learning rate multiplies the velocity.

    Args:
        params: tensors, named tensors or groups; see `Optimizer`.
        lr: learning rate η ≥ 0; default 1e-3.
        momentum: μ ≥ 0; default 0.
        dampening: τ of the gradient's part in the velocity; default 0.
        weight_decay: λ ≥ 0 of the L2 penalty; default 0.
        nesterov: look ahead along the velocity; needs momentum and no dampening.
        maximize: go up the gradient instead of down.
        **flags: PyTorch's performance flags (``foreach``, ``fused``, ``differentiable``), ignored.

    Raises:
        ConfigError: for a value out of range, or Nesterov without momentum or with dampening.
    """

    name = "sgd"
    formula = "g ← g + λθ;  b ← μb + (1 − τ)g;  θ ← θ − ηb"
    latex = (
        r"g \leftarrow g + \lambda\theta,\quad b \leftarrow \mu b + (1-\tau) g,\quad \theta \leftarrow \theta - \eta b"
    )
    rules: ClassVar[Mapping[str, Rule]] = {
        "lr": not_negative,
        "momentum": not_negative,
        "dampening": real,
        "weight_decay": not_negative,
        "nesterov": flag,
        "maximize": flag,
    }

    def __init__(
        self,
        params: Any,
        lr: float = 1e-3,
        momentum: float = 0,
        dampening: float = 0,
        weight_decay: float = 0,
        nesterov: bool = False,
        *,
        maximize: bool = False,
        **flags: Any,
    ) -> None:
        defaults = {
            "lr": lr,
            "momentum": momentum,
            "dampening": dampening,
            "weight_decay": weight_decay,
            "nesterov": nesterov,
            "maximize": maximize,
        }
        super().__init__(params, defaults, flags)

    def check(self, group: Mapping[str, Any]) -> None:
        if group["nesterov"] and (group["momentum"] <= 0 or group["dampening"] != 0):
            raise ConfigError(
                "Nesterov momentum requires a momentum and zero dampening",
                got=f"momentum={group['momentum']}, dampening={group['dampening']}",
            )

    def slots(self, group: Mapping[str, Any]) -> tuple[str, ...]:
        return ("momentum_buffer",) if group["momentum"] else ()

    def update(
        self, p: Array, g: Array, slots: tuple[Array, ...], step: Any, group: Mapping[str, Any]
    ) -> tuple[Array, tuple[Array, ...]]:
        lr, momentum = group["lr"], group["momentum"]
        if group["maximize"]:
            g = -g
        if group["weight_decay"]:
            g = g + p * group["weight_decay"]
        if not slots:
            return p - g * lr, ()
        (velocity,) = slots
        damping = group["dampening"]
        # The first step takes the gradient whole: dampening counts only from the second one on.
        velocity = velocity * momentum + (g * (1 - damping * (step > 1)) if damping else g)
        return p - ((g + velocity * momentum) if group["nesterov"] else velocity) * lr, (velocity,)
