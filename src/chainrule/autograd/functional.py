"""Jacobians, Hessians and products with them: ``torch.autograd.functional``'s names."""

from __future__ import annotations

from chainrule.core.functional import hessian, jacobian, jvp, vjp

__all__ = ["hessian", "jacobian", "jvp", "vjp"]
