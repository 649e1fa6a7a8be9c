"""``torch.nn.init``."""

from __future__ import annotations

from chainrule.nn.init import *  # noqa: F403
