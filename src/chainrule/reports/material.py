"""What the sections of a report are made from: the model, the data in several forms, each worked out once."""

from __future__ import annotations

import copy
import math
from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Any

import numpy as np

from chainrule.core.rng import initial_seed
from chainrule.data import Dataset, Splits
from chainrule.errors import ConfigError, ShapeError
from chainrule.explain.algebra import Piece, pieces_of
from chainrule.explain.diagnose import diagnose
from chainrule.explain.findings import Diagnosis
from chainrule.explain.given import some_rows
from chainrule.explain.units import Units, units_of
from chainrule.losses import Loss
from chainrule.messages import text
from chainrule.nn.module import Module
from chainrule.train.evaluation import predict
from chainrule.train.inputs import like_training, model_dtype, probe, with_inputs
from chainrule.train.measuring import Measured, measure
from chainrule.train.objective import choose_loss, with_targets

__all__ = ["Material"]

#: A network with no more parameters than these is small enough to show every number of.
_FEW_PARAMETERS = 200
_FEWEST_PIXELS = 64
_NEAR_ZERO = 1e-6
_MOST_TELLING = 20
_LONGEST_KEY = 13


class Material:
    """A model, which is never changed, and its data.

    Args:
        model: any network.
        data: what `evaluate` takes.
        lang: "en" or "ko".
        history: curves of the training; default: those that the model remembers.
        rows: which rows of the data to trace; default: the first one, of few inputs the first with fewest zeros.
        numbers: what the rows are called, where the data are some rows of a larger file; default: 0, 1, 2, …
        source: what the data are called.
        file: the model's file, if it has one.

    Raises:
        ChainruleError: for data that cannot be used with the model.
    """

    def __init__(
        self,
        model: Module,
        data: Any,
        lang: str,
        *,
        history: Mapping[str, Any] | None = None,
        rows: Sequence[int] | None = None,
        numbers: Sequence[int] | np.ndarray | None = None,
        source: str | None = None,
        file: str | None = None,
    ) -> None:
        self.lang, self.file = lang, file
        self.seed = initial_seed()
        self.model = copy.deepcopy(model).eval()
        self.held_out = isinstance(data, Splits) and data.test is not None
        self.has_unseen = self.held_out or (isinstance(data, Splits) and data.validation is not None)
        dtype = model_dtype(self.model)
        self.evaluated = with_inputs(like_training(self.model, data, "evaluation"), dtype)
        self.training = with_inputs(like_training(self.model, data, "training"), dtype)
        self.output_shape = probe(self.model, self.evaluated)
        self.loss: Loss = choose_loss(self.model.objective, self.evaluated, self.model, self.output_shape)
        # As training would have left it, for a network that was trained by hand.
        self.model.objective = self.loss
        if self.model.preprocessing is None:
            self.model.preprocessing = self.evaluated.preprocessing
        remembered = self.model.history
        self.history = history if history is not None else remembered if isinstance(remembered, dict) else None
        self.rows = [self._telling_row()] if rows is None else [self._checked(row) for row in rows]
        self._numbers = None if numbers is None else np.asarray(numbers)
        if self._numbers is not None and self._numbers.shape != (len(self.evaluated),):
            raise ShapeError("numbers do not fit the rows", expected=len(self.evaluated), got=self._numbers.shape)
        self.source = source or _name(data)

    def say(self, key: str, **values: object) -> str:
        """A text of the catalogue's topic "report"."""
        return text(f"report.{key}", self.lang, **values)

    def number(self, row: int) -> int:
        """What a row is called: its number in the file, if rows of it were left out."""
        return row if self._numbers is None else int(self._numbers[row])

    def _checked(self, row: Any) -> int:
        count = len(self.evaluated)
        if isinstance(row, bool) or not isinstance(row, int | np.integer) or not 0 <= row < count:
            raise ConfigError("no such row", expected=f"a row from 0 to {count - 1}", got=repr(row))
        return int(row)

    def _telling_row(self) -> int:
        """A row with few zeros, for what is multiplied by them tells nothing."""
        if self.evaluated.n_features > _MOST_TELLING:
            return 0
        first = self.evaluated.inputs[:100].reshape(min(100, len(self.evaluated)), -1)
        return int((first != 0).sum(axis=1).argmax())

    # The network

    @property
    def parameters(self) -> int:
        """Number of parameters."""
        return sum(parameter._data.size for parameter in self.model.parameters())

    @property
    def is_small(self) -> bool:
        """Whether every number of it can be shown."""
        return self.parameters <= _FEW_PARAMETERS

    @cached_property
    def pieces(self) -> list[Piece]:
        """The layers as functions of plain arrays.

        Raises:
            ConfigError: for layers without a formula.
        """
        return pieces_of(self.model)

    @cached_property
    def has_formula(self) -> bool:
        """Whether all layers can be written as formulas; a class of the user's own cannot."""
        try:
            return bool(self.pieces)
        except ConfigError:
            return False

    @cached_property
    def units(self) -> Units:
        """The user's names and units."""
        return units_of(self.model, self.evaluated.n_features, self.outputs)

    @property
    def outputs(self) -> int:
        """How many numbers the network gives."""
        return math.prod(self.output_shape)

    # The task

    @property
    def task(self) -> str:
        """ "binary", "multiclass" or "regression"."""
        return self.evaluated.task or self.loss.task

    @property
    def is_classifier(self) -> bool:
        """Whether classes are predicted."""
        return self.task in ("binary", "multiclass")

    @property
    def classes(self) -> list[str]:
        """Names of the classes."""
        count = self.evaluated.n_classes or 2
        return self.evaluated.classes or [str(i) for i in range(count)]

    @property
    def keys(self) -> list[str]:
        """The same, so short that legends leave room for the picture; those that would become equal are numbered."""
        short = [name if len(name) <= _LONGEST_KEY else f"{name[: _LONGEST_KEY - 1]}…" for name in self.classes]
        return [f"{i} {key}" if short.count(key) > 1 else key for i, key in enumerate(short)]

    @property
    def is_image(self) -> bool:
        """Whether the rows are pictures."""
        fitted, shape = self.model.preprocessing, self.evaluated.inputs.shape[1:]
        if fitted is None or fitted.kind == "table":
            return False
        if len(shape) in (2, 3):
            return True
        side = math.isqrt(math.prod(shape))
        return self.evaluated.inputs.dtype == np.uint8 and side * side == math.prod(shape) >= _FEWEST_PIXELS

    # The data

    def seen(self, most: int) -> np.ndarray:
        """At most so many rows as the model sees them, evenly spread, ``(N, …)``."""
        rows = some_rows(self.evaluated, most)
        return rows.batch(np.arange(len(rows)))[0]

    def points(self, most: int) -> np.ndarray:
        """The same in the user's units, ``(N, features)`` float64."""
        seen = self.seen(most)
        points = self.units.to_user(seen.reshape(len(seen), -1).astype(np.float64))
        points[np.abs(points) < _NEAR_ZERO * self.units.scale] = 0  # what rounding to single precision left
        return points

    def labels(self, most: int) -> np.ndarray:
        """Class indices of the same rows, ``(N,)``."""
        return np.asarray(some_rows(self.evaluated, most).targets).reshape(-1).astype(np.int64)

    def quantities(self, most: int) -> np.ndarray:
        """True values of the same rows in the target's unit, ``(N,)``; of several the first."""
        rows = np.asarray(some_rows(self.evaluated, most).targets, np.float64)
        return np.asarray(self.evaluated.preprocessing.decode(rows.reshape(len(rows), -1)[:, 0]), np.float64)

    def sample(self, row: int) -> np.ndarray:
        """One row as the model sees it, ``(1, …)``."""
        return self.evaluated.batch(np.array([row]))[0]

    def with_targets(self, data: Dataset) -> Dataset:
        """Rows with targets in the form that the loss takes."""
        return with_targets(data, self.loss, self.output_shape, model_dtype(self.model))

    def predicted(self, data: Dataset) -> list[str]:
        """What the network predicts for rows, as texts."""
        return [_text(value) for value in predict(self.model, data).reshape(len(data), -1)[:, 0].tolist()]

    def true(self, data: Dataset) -> list[str]:
        """What is right for rows, as texts."""
        flat = np.asarray(data.targets).reshape(len(data), -1)[:, 0]
        if self.is_classifier:
            return [self.classes[int(index)] for index in flat]
        return [_text(value) for value in np.asarray(data.preprocessing.decode(flat)).reshape(-1).tolist()]

    # Results that several sections speak of

    @cached_property
    def measured(self) -> Measured:
        """Scores on the rows for evaluation."""
        return measure(self.model, self.evaluated)

    @cached_property
    def diagnosis(self) -> Diagnosis:
        """Findings on the training rows, compared with those that were held out, if there are any."""
        tested = self.evaluated if self.has_unseen else None
        return diagnose(self.model, self.training, self.history, held_out=tested)


def _name(data: Any) -> str:
    """What data call themselves."""
    return str(getattr(data.train if isinstance(data, Splits) else data, "name", None) or "data")


def _text(value: Any) -> str:
    return f"{value:.5g}".replace("-", "−") if isinstance(value, float) else str(value)
