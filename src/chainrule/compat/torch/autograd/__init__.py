"""``torch.autograd``: `chainrule.autograd`, and the `Variable` of old programs."""

from __future__ import annotations

from typing import Any

from chainrule.autograd import (
    Function,
    backward,
    enable_grad,
    grad,
    gradcheck,
    gradgradcheck,
    is_grad_enabled,
    no_grad,
    set_grad_enabled,
)
from chainrule.compat.torch.autograd import functional
from chainrule.core.create import as_tensor
from chainrule.core.tensor import Tensor

__all__ = [
    "Function", "Variable", "backward", "enable_grad", "functional", "grad", "gradcheck", "gradgradcheck",
    "is_grad_enabled", "no_grad", "set_grad_enabled",
]  # fmt: skip


def Variable(data: Any, requires_grad: bool = False) -> Tensor:
    """A tensor on the same numbers; since PyTorch 0.4 every tensor is what a Variable was."""
    return as_tensor(data).detach().requires_grad_(requires_grad)
