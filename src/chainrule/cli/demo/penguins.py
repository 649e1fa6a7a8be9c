"""Palmer penguins: a table as tables are, with gaps and words in it."""

from __future__ import annotations

from importlib import resources
from typing import Any

from chainrule import data, nn, plot
from chainrule.cli.demo.stage import Stage
from chainrule.cli.spark import loss_line
from chainrule.cli.tables import schema_table
from chainrule.core.rng import manual_seed
from chainrule.data import Table
from chainrule.train import fit

__all__ = ["birds"]


def birds(stage: Stage) -> dict[str, Any]:
    """Train on the penguins' table, which is written into the folder for the reader's own tries."""
    screen = stage.screen
    screen.heading("4 · Penguins: a table with gaps and words in it")
    stage.write("penguins.csv", (resources.files("chainrule.data") / "files" / "penguins.csv").read_bytes())
    table = data.load("penguins")
    assert isinstance(table, Table)
    screen.show(schema_table(table.schema, f"penguins.csv: {len(table)} rows", screen.is_narrow))
    parts = table.prepare(test=0.2, validation=0.15, seed=stage.seed)
    assert parts.validation is not None
    assert parts.test is not None
    screen.say(
        f"Words become yes-or-no inputs, gaps are filled in and marked, numbers are scaled: {parts.n_features} inputs. "
        f"{len(parts.train)} birds to learn from, {len(parts.validation)} to watch, {len(parts.test)} for the test."
    )
    manual_seed(stage.seed)
    model = nn.Sequential(nn.Linear(parts.n_features, 32), nn.ReLU(), nn.Dropout(0.2), nn.Linear(32, 3))
    history = fit(
        model,
        parts.train,
        optimizer="adamw",
        lr=0.01,
        epochs=60,  # more than 50 share one progress bar
        validation=parts.validation,
        seed=stage.seed,
        verbose=stage.verbosity,
    )
    screen.line(loss_line(history, screen), "bold")
    report = stage.test(model, parts.test)
    screen.say(
        f"{report.scores['accuracy']:.1%} of the test penguins named rightly; always saying the commonest species "
        f"would get {report.scores['baseline']:.1%}.",
        "bold green",
    )
    stage.save(model, "penguins.safetensors")
    stage.draw("penguins-curves.png", plot.training_curves, history, title="Palmer penguins")
    stage.draw("penguins-confusion.png", plot.confusion, report.matrix, report.classes, title="Penguins, test birds")
    return {"accuracy": report.scores["accuracy"], "test_rows": report.rows}
