"""RMSprop."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from chainrule.core.op import Array, namespace
from chainrule.optim.checks import Rule, flag, not_negative, share
from chainrule.optim.optimizer import Optimizer

__all__ = ["RMSprop"]


class RMSprop(Optimizer):
    """RMSprop: the gradient divided by its running root mean square.

    g ← g + λθ;  v ← αv + (1 − α)g²;  r ← √v + ε;  θ ← θ − η·g/r,
    with momentum b ← μb + g/r;  θ ← θ − ηb.
    Centered: a ← αa + (1 − α)g and r ← √(v − a²) + ε, the running standard deviation.

    Tieleman & Hinton, *Neural Networks for Machine Learning*, lecture 6.5, 2012; centered: Graves, *Generating
    Sequences With Recurrent Neural Networks*, arXiv:1308.0850, 2013.

    Args:
        params: tensors, named tensors or groups; see `Optimizer`.
        lr: learning rate η ≥ 0; default 1e-2.
        alpha: decay rate α of the averages, from 0 to 1; default 0.99.
        eps: ε ≥ 0, keeps the denominator from zero; default 1e-8.
        weight_decay: λ ≥ 0 of the L2 penalty; default 0.
        momentum: μ ≥ 0; default 0.
        centered: divide by the running standard deviation instead.
        maximize: go up the gradient instead of down.
        **flags: PyTorch's performance flags (``foreach``, ``capturable``, ``differentiable``), ignored.

    Raises:
        ConfigError: for a value out of range.
    """

    name = "rmsprop"
    formula = "g ← g + λθ;  v ← αv + (1 − α)g²;  b ← μb + g/(√v + ε);  θ ← θ − ηb"
    latex = (
        r"g \leftarrow g + \lambda\theta,\quad v \leftarrow \alpha v + (1-\alpha) g^2,\quad "
        r"b \leftarrow \mu b + \frac{g}{\sqrt{v} + \epsilon},\quad \theta \leftarrow \theta - \eta b"
    )
    rules: ClassVar[Mapping[str, Rule]] = {
        "lr": not_negative,
        "alpha": share,
        "eps": not_negative,
        "weight_decay": not_negative,
        "momentum": not_negative,
        "centered": flag,
        "maximize": flag,
    }

    def __init__(
        self,
        params: Any,
        lr: float = 1e-2,
        alpha: float = 0.99,
        eps: float = 1e-8,
        weight_decay: float = 0,
        momentum: float = 0,
        centered: bool = False,
        *,
        maximize: bool = False,
        **flags: Any,
    ) -> None:
        defaults = {
            "lr": lr,
            "alpha": alpha,
            "eps": eps,
            "weight_decay": weight_decay,
            "momentum": momentum,
            "centered": centered,
            "maximize": maximize,
        }
        super().__init__(params, defaults, flags)

    def slots(self, group: Mapping[str, Any]) -> tuple[str, ...]:
        centered = ("grad_avg",) if group["centered"] else ()
        momentum = ("momentum_buffer",) if group["momentum"] else ()
        return ("square_avg", *centered, *momentum)

    def update(
        self, p: Array, g: Array, slots: tuple[Array, ...], step: Any, group: Mapping[str, Any]
    ) -> tuple[Array, tuple[Array, ...]]:
        xp = namespace((p,))
        alpha, momentum = group["alpha"], group["momentum"]
        if group["maximize"]:
            g = -g
        if group["weight_decay"]:
            g = g + p * group["weight_decay"]
        square = slots[0] * alpha + (g * g) * (1 - alpha)
        fresh, variance = [square], square
        if group["centered"]:
            mean = slots[1] + (g - slots[1]) * (1 - alpha)
            fresh.append(mean)
            # Rounding can bring the variance of a steady gradient below zero, where PyTorch's root is not a number.
            variance = xp.maximum(square - mean * mean, 0.0)
        move = g / (xp.sqrt(variance) + group["eps"])
        if momentum:
            move = slots[-1] * momentum + move
            fresh.append(move)
        return p - move * group["lr"], tuple(fresh)
