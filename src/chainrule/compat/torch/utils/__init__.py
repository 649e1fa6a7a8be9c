"""``torch.utils``."""

from __future__ import annotations

from chainrule.compat.torch.utils import data

__all__ = ["data"]
