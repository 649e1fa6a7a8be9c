"""Training: `fit`, `evaluate`, `predict`, callbacks, history, and experiments.

Everything is imported where it is first used: a process that only trains need not wait for the experiments.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from chainrule.lazy import lazily

if TYPE_CHECKING:
    from chainrule.train import compare
    from chainrule.train.callbacks import (
        Callback,
        EarlyStopping,
        LambdaCallback,
        ReduceLROnPlateau,
        TerminateOnNaN,
    )
    from chainrule.train.checkpoint import Checkpoints
    from chainrule.train.descent import LearningRates, learning_rates
    from chainrule.train.evaluation import Scores, evaluate, predict, predict_proba
    from chainrule.train.file_callbacks import CSVLogger, ModelCheckpoint
    from chainrule.train.fit import fit
    from chainrule.train.history import History
    from chainrule.train.range_test import RangeTest, range_test
    from chainrule.train.restarts import Restarts, restarts
    from chainrule.train.runs import Recording, Run, RunComparison, Runs
    from chainrule.train.trajectory import Trajectory

__all__ = [
    "CSVLogger",
    "Callback",
    "Checkpoints",
    "EarlyStopping",
    "History",
    "LambdaCallback",
    "LearningRates",
    "ModelCheckpoint",
    "RangeTest",
    "Recording",
    "ReduceLROnPlateau",
    "Restarts",
    "Run",
    "RunComparison",
    "Runs",
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

#: Public name -> file of this package that holds it.
_HOMES = {
    "CSVLogger": "file_callbacks",
    "Callback": "callbacks",
    "Checkpoints": "checkpoint",
    "EarlyStopping": "callbacks",
    "History": "history",
    "LambdaCallback": "callbacks",
    "LearningRates": "descent",
    "ModelCheckpoint": "file_callbacks",
    "RangeTest": "range_test",
    "Recording": "runs",
    "ReduceLROnPlateau": "callbacks",
    "Restarts": "restarts",
    "Run": "runs",
    "RunComparison": "runs",
    "Runs": "runs",
    "Scores": "evaluation",
    "TerminateOnNaN": "callbacks",
    "Trajectory": "trajectory",
    "compare": "compare",
    "evaluate": "evaluation",
    "fit": "fit",
    "learning_rates": "descent",
    "predict": "evaluation",
    "predict_proba": "evaluation",
    "range_test": "range_test",
    "restarts": "restarts",
}

__getattr__, __dir__ = lazily(__name__, _HOMES)
