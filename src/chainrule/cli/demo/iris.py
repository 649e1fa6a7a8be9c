"""Iris: three species from four measurements, with batch normalisation."""

from __future__ import annotations

from typing import Any

from chainrule import data, nn, plot
from chainrule.cli.demo.stage import Stage
from chainrule.cli.spark import loss_line
from chainrule.core.rng import manual_seed
from chainrule.data import Table
from chainrule.train import fit

__all__ = ["flowers"]


def flowers(stage: Stage) -> dict[str, Any]:
    """Train 4-64-32-3 on Iris, and test it on flowers that it has not seen."""
    screen = stage.screen
    screen.heading("3 · Iris: which flower is it?")
    table = data.load("iris")
    assert isinstance(table, Table)
    parts = table.prepare(test=0.2, validation=0.2, seed=stage.seed)
    assert parts.validation is not None
    assert parts.test is not None
    screen.say(
        f"{len(parts.train)} flowers to learn from, {len(parts.validation)} to watch, {len(parts.test)} kept aside for "
        "the test; 4 measurements each, 3 species. A network 4-64-32-3 with batch normalisation:"
    )
    manual_seed(stage.seed)
    model = nn.Sequential(
        nn.Linear(4, 64),
        nn.BatchNorm1d(64),
        nn.ReLU(),
        nn.Linear(64, 32),
        nn.BatchNorm1d(32),
        nn.ReLU(),
        nn.Linear(32, 3),
    )
    history = fit(
        model,
        parts.train,
        optimizer="adam",
        lr=0.003,
        epochs=60,
        batch_size=16,
        validation=parts.validation,
        schedule="cosine",
        seed=stage.seed,
        verbose=stage.verbosity,
    )
    screen.line(loss_line(history, screen), "bold")
    report = stage.test(model, parts.test)
    screen.say(
        f"{report.scores['accuracy']:.1%} of the test flowers named rightly; guessing would get a third of them.",
        "bold green",
    )
    stage.save(model, "iris.safetensors")
    stage.draw("iris-curves.png", plot.training_curves, history, title="Iris, 4-64-32-3 with batch normalisation")
    stage.draw("iris-confusion.png", plot.confusion, report.matrix, report.classes, title="Iris, test flowers")
    return {"accuracy": report.scores["accuracy"], "test_rows": report.rows}
