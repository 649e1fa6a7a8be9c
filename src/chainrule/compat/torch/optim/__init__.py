"""``torch.optim``."""

from __future__ import annotations

from chainrule.compat.torch.optim import lr_scheduler
from chainrule.optim import SGD, Adadelta, Adagrad, Adam, AdamW, Optimizer, RMSprop

__all__ = ["SGD", "Adadelta", "Adagrad", "Adam", "AdamW", "Optimizer", "RMSprop", "lr_scheduler"]
