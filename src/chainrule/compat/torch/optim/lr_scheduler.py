"""``torch.optim.lr_scheduler``."""

from __future__ import annotations

from chainrule.optim.lr_scheduler import *  # noqa: F403
