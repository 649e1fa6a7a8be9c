"""`overfitting`: a network that learns its training rows by heart, and what dropout, early stopping and weight decay do
about it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from chainrule.data import toy
from chainrule.data.dataset import Splits
from chainrule.errors import ConfigError
from chainrule.explain.record import Record
from chainrule.explain.wording import number
from chainrule.messages import text
from chainrule.metrics import registry
from chainrule.nn.module import Module
from chainrule.train.building import random_numbers_kept
from chainrule.train.callbacks import EarlyStopping
from chainrule.train.compare.networks import with_dropout
from chainrule.train.compare.record import Run, measured, metric_title, place
from chainrule.train.compare.training import (
    Setup,
    copied,
    metric_of,
    prepared,
    started,
    trained,
    usual_epochs,
)
from chainrule.train.evaluation import check_count

__all__ = ["Overfitting", "Regularised", "overfitting"]

_OVERFITS = 1.1  # times its lowest value is where the validation loss has to end


@dataclass(frozen=True)
class Regularised(Run):
    """One training, with or without a measure against overfitting.

    Attributes:
        setting: p of dropout, patience of early stopping, λ of weight decay; None for the plain network.
        kept_epoch: the epoch (from 1) whose parameters the network has now.
        loss, val_loss, score: of these parameters.
        gap: val_loss − loss.
    """

    setting: float | None
    kept_epoch: int
    loss: float
    val_loss: float
    score: float
    gap: float


@dataclass(frozen=True)
class Overfitting(Record):
    """What `overfitting` measured.

    Attributes:
        runs: "plain" first, then the measures.
        metric: what the scores are.
        epochs: the most that a run could take.
        training_rows, validation_rows: how many there were.
        seed: of all runs.
    """

    runs: tuple[Regularised, ...]
    metric: str
    epochs: int
    training_rows: int
    validation_rows: int
    seed: int
    _models: tuple[Module, ...] = field(default=(), repr=False, compare=False)

    def run(self, name: str) -> Regularised:
        """The training of that name.

        Raises:
            UnknownNameError: if there is none.
        """
        return self.runs[self._place(name)]

    def model(self, name: str) -> Module:
        """The network that this training left.

        Raises:
            UnknownNameError: if there is none.
        """
        return self._models[self._place(name)]

    def _place(self, name: str) -> int:
        return place("run", name, [run.name for run in self.runs])

    @property
    def overfits(self) -> bool:
        """Whether the plain network's validation loss ended 10 % or more above its lowest value while the training
        loss went on falling."""
        plain = self.runs[0]
        best = plain.best_epoch or 1
        return plain.val_losses[-1] >= _OVERFITS * min(plain.val_losses) and plain.losses[-1] < plain.losses[best - 1]

    def lines(self, lang: str | None = None) -> list[str]:
        """What was measured, and what that says, as lines to print."""
        rows = {"training": self.training_rows, "validation": self.validation_rows}
        found = [text("compare.overfitting", lang, **rows, epochs=self.epochs, seed=self.seed)]
        found += [self._line(run, lang) for run in self.runs]
        return [*found, *self._verdict(lang)]

    def _line(self, run: Regularised, lang: str | None) -> str:
        return text(
            "compare.overfitting_run", lang, name=self.title(run, lang), loss=run.loss, val_loss=run.val_loss,
            gap=number(run.gap, 3), metric=metric_title(self.metric, lang), score=measured(self.metric, run.score),
            kept=run.kept_epoch, best=run.best_epoch,
        )  # fmt: skip

    @staticmethod
    def title(run: Regularised, lang: str | None = None) -> str:
        """The run's name with its setting."""
        return text(f"compare.{run.name}", lang, setting=run.setting)

    def _verdict(self, lang: str | None) -> Iterator[str]:
        plain = self.runs[0]
        best = plain.best_epoch or 1
        yield text(
            "compare.overfits" if self.overfits else "compare.does_not_overfit", lang, best=best, last=plain.epochs,
            lowest=plain.val_losses[best - 1], end=plain.val_losses[-1], at_best=plain.losses[best - 1],
            trained=plain.losses[-1],
        )  # fmt: skip
        if len(self.runs) == 1:
            return
        winner = min(self.runs, key=lambda run: run.val_loss)
        if winner is plain:
            yield text("compare.no_measure_helped", lang, loss=plain.val_loss)
        else:
            share = 1 - winner.val_loss / plain.val_loss
            yield text("compare.best_measure", lang, name=self.title(winner, lang), loss=winner.val_loss, share=share)
        best_score = self._best_score()
        if best_score is not None and best_score is not winner:
            yield text(
                "compare.best_score", lang, metric=metric_title(self.metric, lang), name=self.title(best_score, lang),
                score=measured(self.metric, best_score.score),
            )  # fmt: skip
        if any(run.name == "early_stopping" for run in self.runs):
            yield text("compare.chosen_by_validation", lang)
        yield text("compare.one_seed", lang)

    def _best_score(self) -> Regularised | None:
        """The run with the best score; None if it is not known which way is better."""
        if self.metric not in registry.names():
            return None
        pick = max if registry.get(self.metric).higher_is_better else min
        return pick(self.runs, key=lambda run: run.score)


def overfitting(
    data: Any = None,
    *,
    build: Callable[[], Module] | None = None,
    dropout: float | None = 0.5,
    patience: float | None = 20,
    weight_decay: float | None = 0.01,
    epochs: int | None = None,
    validation: Any = None,
    seed: int = 0,
    **fit_options: Any,
) -> Overfitting:
    """Train the same network plainly, with dropout, with early stopping and with weight decay.

    All runs begin with the same weights, and see the same rows in the same order.  Dropout (Srivastava et al. 2014)
    stands behind each hidden activation; early stopping (Prechelt 1998) watches the validation loss and gives the best
    epoch's parameters back; weight decay is the optimiser's own.

    Args:
        data: as for `fit`; default: 60 noisy points on two half moons, and 400 to validate on.
        build: makes the plain network, a `Sequential` of Linear layers with activation functions between them;
            default: two hidden layers of 64 ReLUs.
        dropout: probability that an activation is dropped; None to leave this run out.
        patience: epochs without a better validation loss; None to leave this run out.
        weight_decay: λ; None to leave this run out.
        epochs: passes over the rows; default: 300 for the default data, else such that there are about 3000 steps.
        validation: as for `fit`; default: the rows that `data` bring for it, or else 30 % of them.
        seed: of the initial weights, batch order, dropout, and the rows that are held out.
        **fit_options: as for `fit`; the optimiser by name ("adam" with lr 0.01 if none is named).

    Returns:
        `Overfitting`.

    Raises:
        ConfigError, DTypeError: for arguments that make no sense, or a network that takes no dropout.
        TrainingError: if a training diverges.
        ChainruleError: as `fit` does.

    >>> found = overfitting(epochs=30, patience=5)
    >>> [run.name for run in found.runs]
    ['plain', 'dropout', 'early_stopping', 'weight_decay']
    """
    if data is None:
        data = Splits(toy.moons(60, noise=0.35, seed=10), validation=toy.moons(400, noise=0.35, seed=50))
        epochs = 300 if epochs is None else epochs
    if patience is not None and not patience >= 0:
        raise ConfigError("bad patience", expected="a number from 0 on, or None", got=patience)
    options = {"lr": 0.01, **fit_options} if "optimizer" not in fit_options else fit_options
    with random_numbers_kept():
        setup = prepared(data, build, (64, 64), "relu", validation=validation, seed=seed, options=options)
        if epochs is None:
            epochs = usual_epochs(len(setup.train), int(options.get("batch_size", 32)))
        check_count("epochs", epochs)
        setup = Setup(setup.train, setup.validation, setup.build, {**options, "epochs": epochs})
        start = started(setup, seed)
        settings = {"plain": None, "dropout": dropout, "early_stopping": patience, "weight_decay": weight_decay}
        wanted = {name: value for name, value in settings.items() if name == "plain" or value is not None}
        networks = {name: _network(name, value, copied(start)) for name, value in wanted.items()}
        found = [_run(name, wanted[name], model, setup, seed) for name, model in networks.items()]
    runs = tuple(run for run, _ in found)
    rows = len(setup.train), 0 if setup.validation is None else len(setup.validation)
    return Overfitting(runs, found[0][1], epochs, *rows, seed, tuple(networks.values()))


def _network(name: str, setting: float | None, model: Module) -> Module:
    return with_dropout(model, setting) if name == "dropout" and setting is not None else model


def _run(name: str, setting: float | None, model: Module, setup: Setup, seed: int) -> tuple[Regularised, str]:
    """The training and the name of its metric."""
    stopping = [EarlyStopping(patience=setting)] if name == "early_stopping" else []  # type: ignore[arg-type]
    optimizer = None
    if name == "weight_decay":
        optimizer = {
            "name": setup.options.get("optimizer", "adam"),
            **{key: setup.options[key] for key in ("lr",) if setup.options.get(key) is not None},
            "weight_decay": setting,
        }
    run, history = trained(name, model, setup, seed, optimizer=optimizer, callbacks=stopping, must_learn=True)
    assert history is not None  # a training that diverged at once was an error
    kept = history.best_epoch or run.epochs
    loss, val_loss = run.losses[kept - 1], run.val_losses[kept - 1]
    score = run.scores[kept - 1] if run.scores else val_loss
    found = Regularised(
        **vars(run), setting=setting, kept_epoch=kept, loss=loss, val_loss=val_loss, score=score, gap=val_loss - loss
    )  # fmt: skip
    return found, metric_of(history)
