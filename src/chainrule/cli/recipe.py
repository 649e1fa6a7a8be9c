"""How ``fit`` is to train, checked before anything is shown."""

from __future__ import annotations

from dataclasses import dataclass

from chainrule import engines, losses, nn, optim
from chainrule.cli.network import check_activation, parse_layers
from chainrule.data.target import TASKS
from chainrule.errors import ConfigError, UnknownNameError

__all__ = ["Recipe", "check_recipe", "share"]


@dataclass(frozen=True)
class Recipe:
    """How to train; the fields are the options of ``fit``, None meaning "as usual"."""

    target: str | None = None
    task: str | None = None
    layers: str = "128,64"
    activation: str = "relu"
    loss: str | None = None
    optimizer: str = "adam"
    lr: float | None = None
    epochs: int | None = None
    batch_size: int = 32
    dropout: float = 0.0
    batch_norm: bool = False
    patience: int | None = None
    schedule: str | None = None
    test: float | int | None = None
    validation: float | int | None = None
    seed: int = 0
    engine: str = "auto"
    checkpoint: str | None = None
    resume: bool = False
    runs: str | None = None
    record: bool = True
    name: str | None = None
    command: tuple[str, ...] = ()


def check_recipe(recipe: Recipe) -> None:
    """Find what makes no sense whatever the data are.

    Raises:
        UnknownNameError: for a name that does not exist.
        ConfigError: for a value out of range.
    """
    if recipe.task is not None and recipe.task not in TASKS:
        raise UnknownNameError("task", recipe.task, TASKS)
    parse_layers(recipe.layers)
    check_activation(recipe.activation)
    if recipe.loss is not None:
        losses.get(recipe.loss)
    rate = {} if recipe.lr is None else {"lr": recipe.lr}
    optimizer = optim.get(recipe.optimizer, nn.Linear(1, 1).named_parameters(), **rate)
    if recipe.schedule is not None:
        optim.lr_scheduler.get(recipe.schedule, optimizer, recipe.epochs or 10, 10)
    names = ("auto", *engines.available())
    if recipe.engine not in names:
        raise UnknownNameError("engine", recipe.engine, names)
    if recipe.resume and recipe.checkpoint is None:
        raise ConfigError("--resume needs to know where the checkpoints are", fix="Add --checkpoint runs/iris")
    if not recipe.record and (recipe.runs is not None or recipe.name is not None):
        raise ConfigError("--no-record leaves nothing to put into --runs or to name", fix="Leave one of them out")
    if recipe.patience is not None and recipe.validation == 0:
        raise ConfigError("--early-stopping needs validation rows", fix="Add --validation 0.2")


def share(text: str | None, option: str) -> float | int | None:
    """Return a fraction (``0.2``) or a number of rows (``50``).

    Raises:
        ConfigError: for anything else.
    """
    if text is None:
        return None
    try:
        return int(text) if text.strip().isdecimal() else float(text)
    except ValueError:
        raise ConfigError(
            f"bad {option}", expected="a fraction like 0.2, or a number of rows", got=repr(text)
        ) from None
