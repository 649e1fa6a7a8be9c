"""``torch.backends``: settings that programs make and that have no effect here."""

from __future__ import annotations

from chainrule.compat.torch.backends import cudnn, mps

__all__ = ["cudnn", "mps"]
