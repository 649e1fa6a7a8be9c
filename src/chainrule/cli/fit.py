"""``chainrule fit``: train a network on a file or a data set, and save it."""

from __future__ import annotations

from typing import Annotated, Any

import typer
from typer.core import TyperCommand

from chainrule.cli.failures import INTERRUPTED
from chainrule.cli.options import Columns, Decimal, Delimiter, Encoding, Json, Lang, NoHeader, Quiet, Seed, TextFile

__all__ = ["EXAMPLES", "FitCommand", "fit"]

EXAMPLES = (
    "chainrule fit penguins",
    "chainrule fit flats.csv --target rent --early-stopping --out flats.safetensors",
    "chainrule fit flats.csv --drop id,address --kind zip=categorical --missing -99",
    "chainrule fit fashion-mnist --layers 128 --epochs 5",
    "chainrule fit flats.csv --checkpoint runs/flats --resume",
    "chainrule fit iris --lr 0.01 --name slower",
)

_PATIENCE = "10"


class FitCommand(TyperCommand):
    """Lets ``--early-stopping`` stand without a number."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        completed: list[str] = []
        for argument, following in zip(args, [*args[1:], ""], strict=False):
            completed.append(argument)
            if argument == "--early-stopping" and not following.lstrip("-").isdecimal():
                completed.append(_PATIENCE)
        parsed: list[str] = super().parse_args(ctx, completed)
        return parsed


def _network(*names: str, **settings: Any) -> Any:
    return typer.Option(*names, rich_help_panel="Network", **settings)


def _training(*names: str, **settings: Any) -> Any:
    return typer.Option(*names, rich_help_panel="Training", **settings)


def _record(*names: str, **settings: Any) -> Any:
    return typer.Option(*names, rich_help_panel="Record", **settings)


def _rows(*names: str, **settings: Any) -> Any:
    return typer.Option(*names, rich_help_panel="Rows", **settings)


def _columns(*names: str, **settings: Any) -> Any:
    return typer.Option(*names, rich_help_panel="Columns", **settings)


_SOURCE = typer.Argument(metavar="DATA", help="A file (csv, tsv, parquet, npz, IDX or a folder of it), or a data set.")
_TARGET = typer.Option("--target", "-t", help="Column to predict; default: one called target, species, …, or the last.")
_DROP = _columns("--drop", metavar="COL[,COL]", help="Leave columns out; may be repeated.")
_KIND = _columns(
    "--kind", metavar="COL=KIND", help="numeric, categorical, boolean, date (date:dmy, date:mdy) or ignore; repeatable."
)
_MISSING = _columns("--missing", metavar="TEXT", help='A text that means "no value", as -99; may be repeated.')
_TASK = typer.Option("--task", help="binary, multiclass or regression, where the guess is wrong.")
_OUT = typer.Option("--out", "-o", help="Model file; default: the data's name + .safetensors, in this folder.")
_LAYERS = _network("--layers", help='Widths of the hidden layers; "none" for none.')
_ACTIVATION = _network("--activation", help="relu, tanh, sigmoid, gelu, silu, elu, …")
_DROPOUT = _network("--dropout", min=0, max=1, help="Share of the activations that is dropped in training.")
_BATCH_NORM = _network("--batch-norm", metavar="", help="Batch normalisation before each activation.")
_LOSS = _training("--loss", help="cross_entropy, bce_with_logits, mse, huber, …; default: the usual one.")
_OPTIMIZER = _training("--optimizer", help="adam, adamw, sgd, rmsprop, adagrad, adadelta.")
_LR = _training("--lr", help="Learning rate; default: the optimizer's own.")
_EPOCHS = _training("--epochs", min=1, help="Passes over the rows; default: 5 to 200, the more the fewer rows.")
_BATCH_SIZE = _training("--batch-size", min=1, help="Rows per step.")
_STOPPING = _training(
    "--early-stopping",
    min=1,
    metavar="[PATIENCE]",
    help=f"Stop after so many epochs ({_PATIENCE}) without a better validation loss, and keep the best.",
)
_SCHEDULE = _training("--schedule", help="Of the learning rate: cosine, one_cycle, step, exponential, plateau, …")
_ENGINE = _training("--engine", help="What runs the steps: native, eager, or auto for the first of them that can.")
_CHECKPOINT = _training("--checkpoint", metavar="DIR", help="Folder to save the run in as it goes on.")
_RESUME = _training("--resume", help="Go on from the newest checkpoint in that folder, or begin if there is none.")
_RUNS = _record("--runs", metavar="DIR", envvar="CHAINRULE_RUNS", help="Folder of records; default: runs.")
_NAME = _record("--name", help="What to call this run in the list of runs, besides its ID.")
_NO_RECORD = _record("--no-record", metavar="", help="Leave no record of this run.")
_TEST = _rows("--test", help="Held out for the final scores, as a fraction or a number; default: 0.2.")
_VALIDATION = _rows("--validation", help="Held out to watch training; default: 0, or 0.15 for --early-stopping.")


def fit(
    ctx: typer.Context,
    source: Annotated[str, _SOURCE],
    target: Annotated[str | None, _TARGET] = None,
    task: Annotated[str | None, _TASK] = None,
    layers: Annotated[str, _LAYERS] = "128,64",
    activation: Annotated[str, _ACTIVATION] = "relu",
    dropout: Annotated[float, _DROPOUT] = 0.0,
    batch_norm: Annotated[bool, _BATCH_NORM] = False,
    loss: Annotated[str | None, _LOSS] = None,
    optimizer: Annotated[str, _OPTIMIZER] = "adam",
    lr: Annotated[float | None, _LR] = None,
    epochs: Annotated[int | None, _EPOCHS] = None,
    batch_size: Annotated[int, _BATCH_SIZE] = 32,
    early_stopping: Annotated[int | None, _STOPPING] = None,
    schedule: Annotated[str | None, _SCHEDULE] = None,
    engine: Annotated[str, _ENGINE] = "auto",
    checkpoint: Annotated[str | None, _CHECKPOINT] = None,
    resume: Annotated[bool, _RESUME] = False,
    runs: Annotated[str | None, _RUNS] = None,
    name: Annotated[str | None, _NAME] = None,
    no_record: Annotated[bool, _NO_RECORD] = False,
    test: Annotated[str | None, _TEST] = None,
    validation: Annotated[str | None, _VALIDATION] = None,
    seed: Seed = 0,
    out: Annotated[str | None, _OUT] = None,
    drop: Annotated[list[str] | None, _DROP] = None,
    kind: Annotated[list[str] | None, _KIND] = None,
    missing: Annotated[list[str] | None, _MISSING] = None,
    encoding: Encoding = None,
    delimiter: Delimiter = None,
    decimal: Decimal = None,
    no_header: NoHeader = False,
    lang: Lang = None,
    as_json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Train a network on a file or a data set, score it on rows that it has not seen, save it, and record the run."""
    from chainrule.cli.recipe import Recipe, share
    from chainrule.cli.screen import Screen
    from chainrule.cli.training import fit_and_save
    from chainrule.messages import language

    chosen = language(lang)
    recipe = Recipe(
        target=target,
        task=task,
        layers=layers,
        activation=activation,
        loss=loss,
        optimizer=optimizer,
        lr=lr,
        epochs=epochs,
        batch_size=batch_size,
        dropout=dropout,
        batch_norm=batch_norm,
        patience=early_stopping,
        schedule=schedule,
        test=share(test, "--test"),
        validation=share(validation, "--validation"),
        seed=seed,
        engine=engine,
        checkpoint=checkpoint,
        resume=resume,
        runs=runs,
        record=not no_record,
        name=name,
        command=tuple(getattr(ctx.find_root().command, "arguments", ())),
    )
    text = TextFile(encoding, delimiter, decimal, no_header)
    columns = Columns(tuple(drop or ()), tuple(kind or ()), tuple(missing or ()))
    history = fit_and_save(source, recipe, text, columns, out, Screen(as_json=as_json, quiet=quiet), chosen)
    if history.stopped == "interrupted":
        raise typer.Exit(INTERRUPTED)
