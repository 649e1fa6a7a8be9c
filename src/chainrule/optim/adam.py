"""Adam."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from chainrule.core.op import Array, namespace
from chainrule.optim.bias import bias_correction
from chainrule.optim.checks import Rule, flag, not_negative
from chainrule.optim.checks import betas as pair
from chainrule.optim.optimizer import Optimizer

__all__ = ["Adam"]


class Adam(Optimizer):
    """Adam: steps of about the learning rate in each parameter, whatever the gradient's scale.

    g ← g + λθ;  m ← β₁m + (1 − β₁)g;  v ← β₂v + (1 − β₂)g²;
    θ ← θ − η · m/(1 − β₁ᵗ) / (√(v/(1 − β₂ᵗ)) + ε).

    Kingma & Ba, *Adam: A Method for Stochastic Optimization*, ICLR 2015.  AMSGrad takes the largest v so far: Reddi,
    Kale & Kumar, *On the Convergence of Adam and Beyond*, ICLR 2018.

    Args:
        params: tensors, named tensors or groups; see `Optimizer`.
        lr: learning rate η ≥ 0; default 1e-3.
        betas: decay rates (β₁, β₂) of the averages of gradient and squared gradient, in [0, 1); default (0.9, 0.999).
        eps: ε ≥ 0, keeps the denominator from zero; default 1e-8.
        weight_decay: λ ≥ 0 of the L2 penalty; default 0.  `AdamW` has the decoupled kind.
        amsgrad: divide by the largest v so far.
        maximize: go up the gradient instead of down.
        **flags: PyTorch's performance flags (``foreach``, ``fused``, ``capturable``, ``differentiable``), ignored.

    Raises:
        ConfigError: for a value out of range.
    """

    name = "adam"
    formula = "m ← β₁m + (1 − β₁)g;  v ← β₂v + (1 − β₂)g²;  θ ← θ − η·m̂/(√v̂ + ε), m̂ = m/(1 − β₁ᵗ), v̂ = v/(1 − β₂ᵗ)"
    latex = (
        r"m \leftarrow \beta_1 m + (1-\beta_1) g,\quad v \leftarrow \beta_2 v + (1-\beta_2) g^2,\quad "
        r"\theta \leftarrow \theta - \eta\,\frac{m/(1-\beta_1^t)}{\sqrt{v/(1-\beta_2^t)} + \epsilon}"
    )
    rules: ClassVar[Mapping[str, Rule]] = {
        "lr": not_negative,
        "betas": pair,
        "eps": not_negative,
        "weight_decay": not_negative,
        "amsgrad": flag,
        "maximize": flag,
    }

    def __init__(
        self,
        params: Any,
        lr: float = 1e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0,
        amsgrad: bool = False,
        *,
        maximize: bool = False,
        **flags: Any,
    ) -> None:
        defaults = {
            "lr": lr,
            "betas": betas,
            "eps": eps,
            "weight_decay": weight_decay,
            "amsgrad": amsgrad,
            "maximize": maximize,
        }
        super().__init__(params, defaults, flags)

    def slots(self, group: Mapping[str, Any]) -> tuple[str, ...]:
        return ("exp_avg", "exp_avg_sq", "max_exp_avg_sq") if group["amsgrad"] else ("exp_avg", "exp_avg_sq")

    def update(
        self, p: Array, g: Array, slots: tuple[Array, ...], step: Any, group: Mapping[str, Any]
    ) -> tuple[Array, tuple[Array, ...]]:
        xp = namespace((p,))
        beta1, beta2 = group["betas"]
        if group["maximize"]:
            g = -g
        if group["weight_decay"]:
            g = g + p * group["weight_decay"]
        first, second, *largest = slots
        # Augmented assignment to fresh arrays works in place on NumPy, and is ordinary assignment on immutable arrays.
        m = g - first
        m *= 1 - beta1
        m += first
        v = g * g
        v *= 1 - beta2
        v += second * beta2
        if largest:
            largest = [xp.maximum(largest[0], v)]
        # Both bias corrections moved into two numbers: two passes over the arrays fewer than as the formula reads.
        root = bias_correction(beta2, step) ** 0.5
        size = group["lr"] * root / bias_correction(beta1, step)
        change = xp.sqrt(largest[0] if largest else v)
        change += group["eps"] * root
        change = m / change
        change *= size
        return p - change, (m, v, *largest)
