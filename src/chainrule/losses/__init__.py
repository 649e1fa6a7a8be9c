"""Losses; each one knows the link from its output to a prediction, and checks its targets."""

from __future__ import annotations

from chainrule.losses.base import Loss
from chainrule.losses.binary import BCELoss, BCEWithLogitsLoss, HingeLoss, PerceptronLoss
from chainrule.losses.focal import BinaryFocalLoss, FocalLoss
from chainrule.losses.margin import MultiMarginLoss
from chainrule.losses.multiclass import CrossEntropyLoss, NLLLoss
from chainrule.losses.registry import LOSSES, get
from chainrule.losses.regression import HuberLoss, L1Loss, MSELoss, PoissonNLLLoss, QuantileLoss, SmoothL1Loss

__all__ = [
    "LOSSES", "BCELoss", "BCEWithLogitsLoss", "BinaryFocalLoss", "CrossEntropyLoss", "FocalLoss", "HingeLoss",
    "HuberLoss", "L1Loss", "Loss", "MSELoss", "MultiMarginLoss", "NLLLoss", "PerceptronLoss", "PoissonNLLLoss",
    "QuantileLoss", "SmoothL1Loss", "get",
]  # fmt: skip
