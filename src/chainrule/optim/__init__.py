"""Optimisers, learning-rate schedules and gradient clipping, with PyTorch's names and defaults."""

from __future__ import annotations

from chainrule.optim.adam import Adam
from chainrule.optim.optimizer import Optimizer
from chainrule.optim.sgd import SGD

__all__ = ["SGD", "Adam", "Optimizer"]
