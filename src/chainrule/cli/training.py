"""What ``fit`` does with its options: open, divide, build, train, score, save, tell."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

from chainrule import messages, nn
from chainrule.cli.network import make_network, parse_layers
from chainrule.cli.options import Columns, TextFile
from chainrule.cli.paths import check_is_no_input, check_may_become_model, check_writable
from chainrule.cli.proof import note_single_layer
from chainrule.cli.recipe import Recipe, check_recipe
from chainrule.cli.recording import add_scores, mark_failed, recording_of, saying_warnings, show_record
from chainrule.cli.scoring import measure
from chainrule.cli.screen import Screen
from chainrule.cli.sources import Data, is_gate, named, naming_lines, open_data, short_name
from chainrule.cli.spark import loss_line
from chainrule.cli.tables import bytes_text, model_table, schema_table
from chainrule.core.rng import manual_seed
from chainrule.data import Dataset, Splits, Table
from chainrule.errors import ConfigError, TrainingError
from chainrule.train import History, fit
from chainrule.train.callbacks import Callback, EarlyStopping, TerminateOnNaN
from chainrule.train.checkpoint import Checkpoints

__all__ = ["Recipe", "fit_and_save", "prepare", "show_data", "train"]

# Enough steps for a small table, and no more passes over a large set than one waits for.
_STEPS, _FEWEST_EPOCHS, _MOST_EPOCHS = 6000, 5, 200
_FEW_ROWS = 10
_WATCHED = 0.15
_DIVERGED = 10.0
_FEWEST_TRAINED = 10


def fit_and_save(
    source: str, recipe: Recipe, text: TextFile, columns: Columns, out: str | None, screen: Screen, lang: str
) -> History:
    """Train on `source`, save the model, and show or print what came of it.

    Raises:
        TrainingError: if training diverged.
        KeyboardInterrupt: if it was interrupted before the end of the first epoch.
        ChainruleError: for input that cannot be used.
    """
    check_recipe(recipe)
    path = check_writable(out or f"{short_name(source)}.safetensors")
    check_is_no_input(path, *([] if named(source) else [source]))
    check_may_become_model(path)
    existed = path.exists()
    data = open_data(source, recipe.target, recipe.task, text, columns)
    with naming_lines(source, data, text):
        splits = prepare(data, recipe, hold_out=not is_gate(source))
    manual_seed(recipe.seed)
    model = make_network(
        splits.train, parse_layers(recipe.layers), recipe.activation, recipe.loss, recipe.dropout, recipe.batch_norm
    )
    show_data(screen, data, splits, lang)
    proof = None if parse_layers(recipe.layers) else note_single_layer(screen, splits.train, lang)
    history = train(model, splits, recipe, screen, lang)
    model.save(path)
    curve = loss_line(history, screen, lang)
    screen.line(messages.text("screen.seconds", lang, text=curve, seconds=f"{history.seconds:.1f}"))
    report = measure(model, splits.train if splits.test is None else splits.test)
    screen.show("")
    scored = "scores_test" if splits.test is not None else "scores_training"
    report.show(screen, messages.text(f"screen.{scored}", lang), lang)
    run = add_scores(history, report.scores, "train" if splits.test is None else "test", lang)
    _show_file(screen, path, existed, splits.train, lang)
    show_record(screen, run, lang)
    screen.document(
        {
            "data": {
                "name": source,
                "rows": {name: len(part) for name, part in _parts(splits)},
                "target": splits.train.target_name,
                "task": splits.task,
                "classes": splits.classes,
                "features": splits.n_features,
                "notes": list(splits.notes),
            },
            "model": nn.summary(model, splits.train.inputs.shape[1:]).to_dict(),
            "training": _training(recipe, model, history),
            "evaluation": {"on": "training" if splits.test is None else "test", **report.to_dict()},
            "history": dict(history),
            "file": {"path": path, "bytes": path.stat().st_size, "replaced": existed},
            "run": None if run is None else {"id": run.id, "path": run.path},
            "separability": None if proof is None else proof.to_dict(),
        }
    )
    return history


def prepare(data: Data, recipe: Recipe, *, hold_out: bool = True) -> Splits[Dataset]:
    """Divide the data into training, validation and test rows, and fit the preprocessing on the first.

    Args:
        data: what was opened.
        recipe: how many rows to hold out.
        hold_out: False for a truth table, of which all rows are needed.
    """
    validation = recipe.validation
    if validation is None:
        validation = _WATCHED if recipe.patience is not None and hold_out else 0
    if isinstance(data, Splits):
        return _completed(data, recipe.test, validation, recipe.seed)
    test = recipe.test
    if test is None:
        test = 0.2 if hold_out and len(data) >= _FEW_ROWS else 0
    parts = data.prepare(test=test, validation=validation, seed=recipe.seed)
    left = len(parts.train)
    if left < _FEWEST_TRAINED and (recipe.test or recipe.validation):
        raise ConfigError(
            f"{left} row{'s' * (left > 1)} would be left for training, which is too few",
            fix="Make --test and --validation smaller, or bring more rows",
        )
    return parts


def _completed(data: Splits[Dataset], test: float | int | None, validation: float | int, seed: int) -> Splits[Dataset]:
    """Take from the training rows whatever sets the data came without."""
    if data.test is not None and test is not None:
        raise ConfigError("the data bring their own test set", got=f"--test {test}", fix="Leave --test out")
    held = validation if data.validation is None else 0
    parts = data.train.split(0.2 if data.test is None and test is None else test or 0, held, seed=seed)
    return Splits(parts.train, data.validation or parts.validation, data.test or parts.test, data.notes)


def train(model: nn.Sequential, splits: Splits[Dataset], recipe: Recipe, screen: Screen, lang: str = "en") -> History:
    """Show the network, and train it.

    Raises:
        TrainingError: if the loss is no longer a number, or is many times what it was at first.
        KeyboardInterrupt: on Ctrl-C before the end of the first epoch.
    """
    screen.show("", model_table(nn.summary(model, splits.train.inputs.shape[1:]), lang=lang))
    batch_size = _batch_size(len(splits.train), recipe)
    epochs = recipe.epochs or _usual_epochs(len(splits.train), batch_size)
    plan = {"epochs": epochs, "optimizer": recipe.optimizer, "rows": batch_size, "seed": recipe.seed}
    screen.say(messages.text("screen.training", lang, **plan))
    done = Checkpoints(recipe.checkpoint).epochs if recipe.checkpoint is not None and recipe.resume else None
    if done:
        screen.say(messages.text("screen.resumed", lang, epoch=done, path=recipe.checkpoint))
    with saying_warnings(lang):
        history = _fitted(model, splits, recipe, screen, epochs, batch_size)
    if not history.epochs:
        raise KeyboardInterrupt
    try:
        _check_descent(history)
    except TrainingError as error:
        mark_failed(history, str(error))
        raise
    return history


def _fitted(
    model: nn.Sequential, splits: Splits[Dataset], recipe: Recipe, screen: Screen, epochs: int, batch_size: int
) -> History:
    return fit(
        model,
        splits.train,
        loss=recipe.loss,
        optimizer=recipe.optimizer,
        lr=recipe.lr,
        epochs=epochs,
        batch_size=batch_size,
        validation=splits.validation,
        callbacks=_callbacks(recipe, splits),
        schedule=recipe.schedule,
        seed=recipe.seed,
        engine=recipe.engine,
        verbose=screen.verbosity,
        checkpoint=recipe.checkpoint,
        resume=recipe.resume,
        record=recording_of(recipe),
    )


def _check_descent(history: History) -> None:
    curve = history["loss"]
    last = curve[-1] if history.best_epoch is None else curve[history.best_epoch - 1]
    if not math.isfinite(last) or last > _DIVERGED * max(curve[0], 0.1):
        raise TrainingError(
            f"training diverged: the loss went from {curve[0]:.4g} to {last:.4g}; no model was saved",
            fix="Make --lr smaller",
        )


def _callbacks(recipe: Recipe, splits: Splits[Dataset]) -> list[Callback]:
    always: list[Callback] = [TerminateOnNaN()]
    if recipe.patience is None:
        return always
    if splits.validation is None:
        raise ConfigError("--early-stopping needs validation rows", fix="Add --validation 0.2")
    return [*always, EarlyStopping(patience=recipe.patience)]


def _batch_size(rows: int, recipe: Recipe) -> int:
    size = min(recipe.batch_size, rows)
    if recipe.batch_norm and size > 1:
        while rows % size == 1:  # a last batch of one row would have no variance to normalise by
            size += 1
    return size


def _usual_epochs(rows: int, batch_size: int) -> int:
    steps = math.ceil(rows / batch_size)
    return max(_FEWEST_EPOCHS, min(_MOST_EPOCHS, math.ceil(_STEPS / steps)))


def _parts(splits: Splits[Dataset]) -> list[tuple[str, Dataset]]:
    named = (("training", splits.train), ("validation", splits.validation), ("test", splits.test))
    return [(name, part) for name, part in named if part is not None]


def show_data(screen: Screen, data: Data, splits: Splits[Dataset], lang: str = "en") -> None:
    """Show the schema of a table, or the shape of arrays, and how the rows are divided."""
    if isinstance(data, Table):
        title = messages.text("screen.table", lang, name=data.name, rows=f"{len(data):,}")
        screen.show(schema_table(data.schema, title, screen.is_narrow, lang))
    else:
        shape = " × ".join(map(str, splits.train.inputs.shape[1:]))
        told = {"name": splits.train.name, "shape": shape, "dtype": splits.train.inputs.dtype}
        screen.say(messages.text("screen.arrays", lang, **told), "bold")
    parts = (messages.text(f"screen.part_{name}", lang, count=f"{len(part):,}") for name, part in _parts(splits))
    target = {"target": splits.train.target_name or "y", "task": splits.task, "features": splits.n_features}
    screen.say(messages.text("screen.divided", lang, rows=" · ".join(parts), **target))
    for note in splits.notes:
        screen.say(messages.text("screen.note", lang, note=note), "yellow")


def _training(recipe: Recipe, model: nn.Module, history: History) -> dict[str, Any]:
    return {
        "loss": None if model.objective is None else model.objective.name,
        "optimizer": recipe.optimizer,
        "epochs": history.epochs,
        "best_epoch": history.best_epoch,
        "stopped": history.stopped,
        "seconds": round(history.seconds, 3),
        "engine": history.engine,
        "seed": recipe.seed,
    }


def _show_file(screen: Screen, path: Path, existed: bool, sample: Dataset, lang: str) -> None:
    key = "screen.replaced" if existed else "screen.saved"
    screen.line(messages.text(key, lang, path=path, size=bytes_text(path.stat().st_size)), "bold green")
    use = "FILE.csv" if sample.preprocessing.columns else "DATA"
    screen.line(messages.text("screen.use", lang, command=f"chainrule predict {path} {use}"), "dim")
