"""Automatic differentiation by name: ``torch.autograd``'s layout."""

from __future__ import annotations

from chainrule.autograd import functional
from chainrule.core.backward import backward, grad
from chainrule.core.function import Context, Function
from chainrule.core.gradcheck import gradcheck, gradgradcheck
from chainrule.core.mode import enable_grad, is_grad_enabled, no_grad, set_grad_enabled
from chainrule.core.tape import GradientTape

__all__ = [
    "Context",
    "Function",
    "GradientTape",
    "backward",
    "enable_grad",
    "functional",
    "grad",
    "gradcheck",
    "gradgradcheck",
    "is_grad_enabled",
    "no_grad",
    "set_grad_enabled",
]
