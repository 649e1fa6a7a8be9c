"""``torch.nn.parameter``."""

from __future__ import annotations

from chainrule.nn.parameter import Parameter

__all__ = ["Parameter"]
