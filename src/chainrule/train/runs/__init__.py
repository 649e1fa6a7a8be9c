"""Records of runs: ``fit(…, record="runs")`` leaves one in ``runs/ID/``, `Runs` lists, finds and compares them.

A record is a folder of JSON files and the trained model::

    runs/index.sqlite            what listings show; made anew whenever it is lost
    runs/20261122-031512-d7q3f/
        run.json                 ID, name, status, times, epochs
        configuration.json       settings, and everything that decides the numbers
        environment.json         versions, machine, engine, commit
        history.json             one value per epoch and curve
        metrics.json             losses and scores of the model
        model.safetensors        the model, for `chainrule.load`
        lock                     held by the process that trains

The folders are what counts: they can be copied, moved into other folders of runs, and removed.
"""

from __future__ import annotations

from chainrule.train.runs.comparison import Difference, MetricRow, RunComparison
from chainrule.train.runs.recording import Recording
from chainrule.train.runs.run import Run
from chainrule.train.runs.store import Runs

__all__ = ["Difference", "MetricRow", "Recording", "Run", "RunComparison", "Runs"]
