"""``torch.autograd.functional``."""

from __future__ import annotations

from chainrule.autograd.functional import hessian, jacobian, jvp, vjp

__all__ = ["hessian", "jacobian", "jvp", "vjp"]
