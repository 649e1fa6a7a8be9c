"""Experiments: the same network trained in several ways, measured alike, and told apart by nothing else."""

from __future__ import annotations

from chainrule.train.compare.batch_norm import BatchNorm, batch_norm
from chainrule.train.compare.initialisations import Initialisations, initialisations
from chainrule.train.compare.optimizer_paths import OptimizerPaths, optimizer_paths
from chainrule.train.compare.optimizers import Race, optimizers
from chainrule.train.compare.overfitting import Overfitting, overfitting

__all__ = [
    "BatchNorm", "Initialisations", "OptimizerPaths", "Overfitting", "Race", "batch_norm", "initialisations",
    "optimizer_paths", "optimizers", "overfitting",
]  # fmt: skip
