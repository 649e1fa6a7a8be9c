"""Fashion-MNIST, where it is at hand: a real data set, learned in seconds."""

from __future__ import annotations

from typing import Any

from chainrule import data, nn, plot
from chainrule.cli.demo.stage import Stage
from chainrule.cli.scoring import measure
from chainrule.cli.spark import loss_line
from chainrule.core.rng import manual_seed
from chainrule.data import Splits
from chainrule.data.images import find
from chainrule.train import fit

__all__ = ["at_hand", "clothes"]

_NAME = "fashion-mnist"


def at_hand() -> bool:
    """Whether the images are on this machine; the demonstration fetches nothing."""
    return find(_NAME) is not None


def clothes(stage: Stage) -> dict[str, Any]:
    """Train 784-128-10 on 60,000 photographs, and test it on 10,000 others."""
    screen = stage.screen
    screen.heading("5 · Fashion-MNIST: seventy thousand photographs of clothes")
    images = data.load(_NAME, download=False)
    assert isinstance(images, Splits)
    assert images.test is not None
    screen.say(
        f"{len(images.train):,} small pictures to learn from, {len(images.test):,} for the test, 10 kinds of clothes. "
        "A network 784-128-10, five times through all of them, with a learning rate that falls along a cosine:"
    )
    manual_seed(stage.seed)
    model = nn.Sequential(nn.Flatten(), nn.Linear(784, 128), nn.ReLU(), nn.Linear(128, 10))
    history = fit(
        model,
        images.train,
        optimizer="adam",
        lr=0.002,
        epochs=5,
        batch_size=32,
        schedule="cosine",
        metrics=[],  # on the test images, once it is trained
        seed=stage.seed,
        verbose=stage.verbosity,
    )
    screen.line(loss_line(history, screen), "bold")
    report = measure(model, images.test)
    accuracy = report.scores["accuracy"]
    steps = -(-len(images.train) // 32) * history.epochs
    screen.say(
        f"{steps:,} steps in {history.seconds:.1f} s on the {history.engine} engine; {accuracy:.1%} of the test images "
        "named rightly; guessing would get a tenth of them.",
        "bold green",
    )
    stage.save(model, "fashion.safetensors")
    if report.matrix is not None and report.classes is not None:
        title = "Fashion-MNIST, test images"
        stage.draw("fashion-confusion.png", plot.confusion, report.matrix, report.classes, title=title)
    return {
        "accuracy": accuracy,
        "test_rows": report.rows,
        "seconds": round(history.seconds, 3),
        "engine": history.engine,
    }
