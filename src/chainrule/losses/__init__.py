"""Losses; each one knows the link from its output to a prediction, and checks its targets."""

from __future__ import annotations

from chainrule.losses.base import Loss
from chainrule.losses.binary import BCELoss, BCEWithLogitsLoss, HingeLoss, PerceptronLoss
from chainrule.losses.multiclass import CrossEntropyLoss, NLLLoss
from chainrule.losses.registry import LOSSES, get
from chainrule.losses.regression import HuberLoss, L1Loss, MSELoss, PoissonNLLLoss, SmoothL1Loss

__all__ = [
    "LOSSES", "BCELoss", "BCEWithLogitsLoss", "CrossEntropyLoss", "HingeLoss", "HuberLoss", "L1Loss", "Loss", "MSELoss",
    "NLLLoss", "PerceptronLoss", "PoissonNLLLoss", "SmoothL1Loss", "get",
]  # fmt: skip
