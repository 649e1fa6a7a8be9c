"""Optimisers, learning-rate schedules and gradient clipping, with PyTorch's names and defaults.

>>> from chainrule import optim, tensor
>>> w = tensor([1.0, -2.0], requires_grad=True)
>>> optimizer = optim.SGD([w], lr=0.5)
>>> (w * w).sum().backward()
>>> optimizer.step()
>>> w
tensor([0., 0.], requires_grad=True)
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from chainrule.lazy import lazily
from chainrule.optim.adadelta import Adadelta
from chainrule.optim.adagrad import Adagrad
from chainrule.optim.adam import Adam
from chainrule.optim.adamw import AdamW
from chainrule.optim.clip import clip_by_norm, clip_by_value, clip_grad_norm_, clip_grad_value_
from chainrule.optim.optimizer import Optimizer
from chainrule.optim.registry import NAMES, get
from chainrule.optim.rmsprop import RMSprop
from chainrule.optim.sgd import SGD

if TYPE_CHECKING:
    from chainrule.optim import lr_scheduler

__all__ = [
    "NAMES",
    "SGD",
    "Adadelta",
    "Adagrad",
    "Adam",
    "AdamW",
    "Optimizer",
    "RMSprop",
    "clip_by_norm",
    "clip_by_value",
    "clip_grad_norm_",
    "clip_grad_value_",
    "get",
    "lr_scheduler",
]

# A dozen files, which trainings at a fixed rate need not wait for.
__getattr__, __dir__ = lazily(__name__, {"lr_scheduler": "lr_scheduler"})
