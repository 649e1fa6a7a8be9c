"""What a preset stands for: every setting of a training, chosen from the facts of the table."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal, TypeAlias

from chainrule.errors import UnknownNameError

__all__ = ["PRESETS", "Settings", "TableFacts", "resolve"]

TaskName: TypeAlias = Literal["binary", "multiclass", "multilabel", "regression"]


@dataclass(frozen=True)
class TableFacts:
    """What is known of the training data before anything is learned from them.

    Attributes:
        task: "binary", "multiclass", "multilabel" or "regression".
        rows: number of samples.
        numeric: number of columns that hold numbers (or dates).
        categorical: number of columns that hold categories or yes and no.
        features: numbers in one encoded row, under the plain encoding.
        outputs: numbers that the network gives for a sample.
    """

    task: TaskName
    rows: int
    numeric: int
    categorical: int
    features: int
    outputs: int


@dataclass(frozen=True)
class Settings:
    """All that decides how an estimator is trained.

    Attributes:
        hidden_layer_sizes: neurons of each hidden layer.
        activation: one name for all hidden layers, or one for each.
        dropout: probability for all hidden layers, or one for each.
        norm: "batch", "layer" or None, after each hidden layer's weighted sum.
        init: "glorot" (scikit-learn's), "default" (the layers' own, PyTorch's), or "realmlp" (that recipe's weights and
            learning rates, and its two layers before the first weighted sum; see `estimators.realmlp`).
        loss: a name, a loss, or None for the usual one of the task.
        label_smoothing: of the cross-entropy.
        optimizer: a name that `optim.get` knows.
        optimizer_options: further arguments of the optimiser.
        lr: the learning rate at the start.
        l2: scikit-learn's ``alpha``: ½·α·Σw²/batch_size is added to a batch's loss; biases are free.
        batch_size: rows per step.
        drop_last: leave a last, smaller batch out of each epoch.
        epochs: passes over the data, at most.
        schedule: of the learning rate: a name, or a function of the optimiser; None for a constant one.
        clip_norm, clip_value: bounds of the gradient.
        scaling: of numeric columns, see `data.scaling`; None leaves them as they are.
        scale_target: whether a regression's targets are standardised.
        validation_fraction: share of the rows that is held out; 0 for none.
        monitor: what is watched: "loss" or a metric's name; on the held-out rows where there are any.
        patience: epochs without improvement after which training ends; None for never.
        tol: smallest change that counts as improvement.
        keep_best: end with the parameters of the best epoch (needs held-out rows).
        prefer_later: of equally good epochs take the last.
        ensemble: networks that are averaged; each is trained without a part of its own of the rows, on which its best
            epoch is chosen.
        build: makes the network instead of the plain one: called with the facts and these settings.
        notes: what was picked, and why; one sentence each.
    """

    hidden_layer_sizes: tuple[int, ...] = (100,)
    activation: str | tuple[str, ...] = "relu"
    dropout: float | tuple[float, ...] = 0.0
    norm: str | None = None
    init: str = "glorot"
    loss: Any = None
    label_smoothing: float = 0.0
    optimizer: str = "adam"
    optimizer_options: Mapping[str, Any] = field(default_factory=dict)
    lr: float = 1e-3
    l2: float = 0.0
    batch_size: int = 200
    drop_last: bool = False
    epochs: int = 200
    schedule: Any = None
    clip_norm: float | None = None
    clip_value: float | None = None
    scaling: str | None = "standard"
    scale_target: bool = True
    validation_fraction: float = 0.0
    monitor: str = "loss"
    patience: int | None = None
    tol: float = 0.0
    keep_best: bool = True
    prefer_later: bool = False
    ensemble: int = 1
    build: Callable[[TableFacts, Settings], Any] | None = None
    notes: tuple[str, ...] = ()


def resolve(preset: str, facts: TableFacts) -> Settings:
    """The settings of a preset for a table.

    Args:
        preset: "auto", "classic" or "strong".
        facts: of the training data.

    Raises:
        UnknownNameError: for another preset.
    """
    if preset not in list(PRESETS):  # nor anything that has no hash
        raise UnknownNameError("preset", preset, PRESETS)
    return PRESETS[preset](facts)


def _classic(facts: TableFacts) -> Settings:
    """The defaults of scikit-learn's ``MLPClassifier`` and ``MLPRegressor``."""
    return Settings(
        hidden_layer_sizes=(100,),
        optimizer_options={"betas": (0.9, 0.999), "eps": 1e-8},
        l2=1e-4,
        batch_size=min(200, facts.rows),
        scaling=None,
        scale_target=False,
        patience=10,
        tol=1e-4,
        keep_best=False,
        notes=("scikit-learn's defaults: one hidden layer of 100, Adam, no scaling",),
    )


def _auto(facts: TableFacts) -> Settings:
    """Several small networks trained as RealMLP-TD-S is; sizes by the number of rows.

    Sizes and epochs were chosen on two splits of 14 sets of up to 1,600 rows and on six of up to 1,900; wider networks,
    three of them, or two layers were no better for their time.  On five splits of 35 sets of up to 5,000 rows the error
    is then 0.96 times that of pytabkit's RealMLP-TD-S in geometric mean, in a quarter of its processor time.
    """
    recipe = replace(_strong(facts), drop_last=False)  # few rows make few steps as it is
    if facts.rows < _FEWEST:
        return replace(
            recipe, hidden_layer_sizes=(128, 128, 128), epochs=64, validation_fraction=0.0, batch_size=facts.rows,
            notes=(
                "three hidden layers of 128, trained as RealMLP-TD-S is, for 64 epochs",
                f"{facts.rows} rows are too few to hold any out",
            ),
        )  # fmt: skip
    many = facts.rows > _MANY
    epochs = 64 if facts.rows < _SMALL else int(min(128, max(8, 128 * _LONG / facts.rows)))
    batch = 256 if facts.rows <= 8 * _MANY else 1024
    networks = 1 if many else 5
    width = 256 if many else 128
    why = (
        f"one network of three layers of {width}, for averaging several would take long with {facts.rows:,} rows"
        if many
        else f"{networks} networks of three layers of {width}, averaged; each holds out another fifth of the rows"
    )
    return replace(
        recipe,
        hidden_layer_sizes=(width,) * 3,
        epochs=epochs,
        batch_size=batch,
        ensemble=networks,
        validation_fraction=0.1 if many else 0.2,
        notes=(
            "trained as RealMLP-TD-S is, smaller and shorter",
            why,
            f"{epochs} epochs in batches of {batch}; the best epoch is the one that the rows held out say",
        ),
    )


def _strong(facts: TableFacts) -> Settings:
    """RealMLP-TD-S as published; see `estimators.realmlp`."""
    regression = facts.task == "regression"
    classes = facts.task in ("binary", "multiclass")
    return Settings(
        hidden_layer_sizes=(256, 256, 256),
        activation="mish" if regression else "selu",
        init="realmlp",
        label_smoothing=0.0 if regression else 0.1,
        optimizer_options={"betas": (0.9, 0.95), "eps": 1e-8},
        lr=0.07 if regression else 0.04,
        batch_size=256,
        drop_last=True,
        epochs=256,
        schedule="cos_log",
        scaling="realmlp",
        validation_fraction=0.2,
        monitor="accuracy" if classes else "loss",
        prefer_later=True,
        notes=("RealMLP-TD-S: three hidden layers of 256, 256 epochs, the best of them by 20% of the rows",),
    )


#: Numbers of rows from which on some are held out, there are more epochs, fewer again, and one network.
_FEWEST, _SMALL, _LONG, _MANY = 20, 1_000, 20_000, 50_000

#: Preset -> function of the facts.
PRESETS: dict[str, Callable[[TableFacts], Settings]] = {"auto": _auto, "classic": _classic, "strong": _strong}
