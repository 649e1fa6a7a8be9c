"""Training: `fit`, `evaluate`, `predict`, callbacks, history."""

from __future__ import annotations

from chainrule.train import compare
from chainrule.train.callbacks import (
    Callback,
    CSVLogger,
    EarlyStopping,
    LambdaCallback,
    ModelCheckpoint,
    ReduceLROnPlateau,
    TerminateOnNaN,
)
from chainrule.train.descent import LearningRates, learning_rates
from chainrule.train.evaluation import Scores, evaluate, predict, predict_proba
from chainrule.train.fit import fit
from chainrule.train.history import History
from chainrule.train.range_test import RangeTest, range_test
from chainrule.train.restarts import Restarts, restarts
from chainrule.train.trajectory import Trajectory

__all__ = [
    "CSVLogger",
    "Callback",
    "EarlyStopping",
    "History",
    "LambdaCallback",
    "LearningRates",
    "ModelCheckpoint",
    "RangeTest",
    "ReduceLROnPlateau",
    "Restarts",
    "Scores",
    "TerminateOnNaN",
    "Trajectory",
    "compare",
    "evaluate",
    "fit",
    "learning_rates",
    "predict",
    "predict_proba",
    "range_test",
    "restarts",
]
