"""Training: `fit`, `evaluate`, `predict`, callbacks, history."""

from __future__ import annotations

from chainrule.train.callbacks import (
    Callback,
    CSVLogger,
    EarlyStopping,
    LambdaCallback,
    ModelCheckpoint,
    ReduceLROnPlateau,
    TerminateOnNaN,
)
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
    "ModelCheckpoint",
    "RangeTest",
    "ReduceLROnPlateau",
    "Restarts",
    "Scores",
    "TerminateOnNaN",
    "Trajectory",
    "evaluate",
    "fit",
    "predict",
    "predict_proba",
    "range_test",
    "restarts",
]
