"""Learning-rate schedules under PyTorch's module name."""

from __future__ import annotations

from chainrule.optim.schedules.base import LRScheduler
from chainrule.optim.schedules.constant import ConstantLR
from chainrule.optim.schedules.cos_log import CosLogLR
from chainrule.optim.schedules.cosine import CosineAnnealingLR
from chainrule.optim.schedules.exponential import ExponentialLR
from chainrule.optim.schedules.lambda_lr import LambdaLR
from chainrule.optim.schedules.linear import LinearLR
from chainrule.optim.schedules.multi_step import MultiStepLR
from chainrule.optim.schedules.one_cycle import OneCycleLR
from chainrule.optim.schedules.plateau import ReduceLROnPlateau
from chainrule.optim.schedules.registry import NAMES, get
from chainrule.optim.schedules.sequential import SequentialLR
from chainrule.optim.schedules.step_lr import StepLR
from chainrule.optim.schedules.warm_restarts import CosineAnnealingWarmRestarts

__all__ = [
    "NAMES",
    "ConstantLR",
    "CosLogLR",
    "CosineAnnealingLR",
    "CosineAnnealingWarmRestarts",
    "ExponentialLR",
    "LRScheduler",
    "LambdaLR",
    "LinearLR",
    "MultiStepLR",
    "OneCycleLR",
    "ReduceLROnPlateau",
    "SequentialLR",
    "StepLR",
    "get",
]
