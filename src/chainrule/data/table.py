"""Tables: named columns as the user brought them, and the way from there to arrays."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chainrule.data.cells import Cells, as_booleans, as_cells, as_dates, as_numbers, as_texts, is_missing
from chainrule.data.checks import is_whole
from chainrule.data.dataset import Dataset, Splits
from chainrule.data.frames import ColumnSource, columns_of
from chainrule.data.preprocessing import Preprocessing
from chainrule.data.scaling import SCALINGS, Scaling
from chainrule.data.schema import Column, Schema
from chainrule.data.splitting import split_indices
from chainrule.data.target import Task
from chainrule.errors import DataError, UnknownNameError

__all__ = ["Table"]

#: A text target with more classes than this, on less than about three rows each, is taken for no classes at all; so is
#: one from the second number on of whose classes most occur once.
MOST_TEXT_CLASSES, MOST_SINGLE_CLASSES = 50, 10


class Table(ColumnSource):
    """Named columns and what they are.

    Args:
        data: a frame (pandas, polars, Arrow), a mapping of columns, a list of mappings, or another table.
        target, kinds, task, commas: see `Schema.infer`, which runs when the schema is first asked for.
        missing: further texts that mean "no value".
        name: name of the data set.
        schema: a schema that is known already.

    Attributes:
        raw: column -> array, as they came.

    Raises:
        DTypeError, ShapeError, DataError: if `data` is no table.
    """

    def __init__(
        self,
        data: Any,
        target: str | None = None,
        *,
        kinds: Mapping[str, str] | None = None,
        task: Task | None = None,
        missing: Sequence[str] = (),
        name: str = "table",
        schema: Schema | None = None,
        commas: str = "either",
    ) -> None:
        self.raw: dict[str, NDArray[Any]] = dict(data.raw) if isinstance(data, Table) else columns_of(data)
        if not self.raw:
            raise DataError("the table has no columns")
        if target is not None and target not in self.raw:
            raise UnknownNameError("column", target, self.raw)
        self.name = name
        self.missing = tuple(missing)
        self._commas = commas
        self._asked_task: Task | None = data._asked_task if isinstance(data, Table) and task is None else task
        self._asked: tuple[str | None, dict[str, str], Task | None] = (target, dict(kinds or {}), task)
        self._schema = schema
        self._cells: dict[str, Cells] = {}

    @property
    def columns(self) -> list[str]:
        """Names of the columns, in order."""
        return list(self.raw)

    @property
    def schema(self) -> Schema:
        """Kinds and roles of the columns, the target, the task."""
        if self._schema is None:
            target, kinds, task = self._asked
            self._schema = Schema.infer(self.raw, target, kinds, task, self.missing, self._commas)
        return self._schema

    @property
    def target(self) -> str | None:
        """Name of the column to predict."""
        return self.schema.target

    @property
    def task(self) -> Task | None:
        """ "binary", "multiclass", "regression" or None."""
        return self.schema.task

    @property
    def classes(self) -> list[str] | None:
        """Class labels in the order of their indices."""
        return None if self.schema.classes is None else list(self.schema.classes)

    @property
    def n_classes(self) -> int | None:
        """Number of classes, or None if there are none."""
        return None if self.schema.classes is None else len(self.schema.classes)

    @property
    def n_features(self) -> int:
        """Number of input columns."""
        return len(self.schema.inputs)

    @property
    def preprocessing(self) -> None:
        """None: a table has not been prepared yet."""
        return

    def __len__(self) -> int:
        return len(next(iter(self.raw.values())))

    def __getitem__(self, which: Any) -> Any:
        """``table["age"]`` is a column in the form of its kind; ``table[:5]`` and ``table[rows]`` are tables."""
        if isinstance(which, str):
            return self._values(which)
        if is_whole(which):
            return {name: column[which] for name, column in self.raw.items()}
        return self.rows(which)

    def cells(self) -> dict[str, Cells]:
        """Return the columns as they stand, without values where they hold none; dates whose order was asked for."""
        asked = self._asked[1]
        return {name: self._values(name) if ":" in asked.get(name, "") else self._cell(name) for name in self.raw}

    def rows(self, which: slice | NDArray[Any] | list[int]) -> Table:
        """Return the table of some rows (a slice, row numbers or a mask), with the same schema."""
        chosen = which if isinstance(which, slice) else np.asarray(which)
        columns = {name: column[chosen] for name, column in self.raw.items()}
        kinds = self._asked[1]
        part = Table(
            columns, kinds=kinds, missing=self.missing, name=self.name, schema=self.schema, commas=self._commas
        )
        part._asked_task = self._asked_task
        return part

    def with_schema(
        self, target: str | None = None, kinds: Mapping[str, str] | None = None, task: Task | None = None
    ) -> Table:
        """Return the same table with another target, other kinds or another task; see `Schema.infer`."""
        old_target, old_kinds, old_task = self._asked
        return Table(
            self,
            target or old_target,
            kinds={**old_kinds, **(kinds or {})},
            task=task or (old_task if target in {None, old_target} else None),
            missing=self.missing,
            name=self.name,
            commas=self._commas,
        )

    def split(self, test: float = 0.2, validation: float = 0.0, seed: int = 0, stratify: bool = True) -> Splits[Table]:
        """Divide the rows at random; see `split_indices` for the arguments and errors."""
        parts = split_indices(self._labels(self._cell(self.schema.target)), test, validation, seed, stratify)
        held_out, tested = (self.rows(part) if len(part) else None for part in parts[1:])
        return Splits(self.rows(parts[0]), held_out, tested)

    def prepare(
        self,
        target: str | None = None,
        *,
        test: float = 0.2,
        validation: float = 0.0,
        seed: int = 0,
        stratify: bool = True,
        scaling: Scaling = "standard",
    ) -> Splits[Dataset]:
        """Split the rows, fit the preprocessing on the training rows alone, and apply it to all.

        Missing inputs are filled in (and marked, see `encoders`), text becomes one-hot, dates become numbers, a
        regression target is standardised.  Rows without a target are left out, and `Splits.notes` says so.

        Args:
            target: column to predict; by default the schema's.
            test, validation, seed, stratify: see `split_indices`.
            scaling: "standard", "minmax", "robust", "realmlp" or None, see `scaling.center_and_scale`.

        Raises:
            UnknownNameError: for a target or scaling that does not exist.
            DataError: for a table that nothing can be learned from: one row, a constant target, no input columns.
        """
        if target is not None and target != self.schema.target:
            return self.with_schema(target).prepare(
                test=test, validation=validation, seed=seed, stratify=stratify, scaling=scaling
            )
        if scaling is not None and scaling not in SCALINGS:
            raise UnknownNameError("scaling", scaling, SCALINGS)
        cells = self._cell(self._checked_target())
        kept = np.flatnonzero(~is_missing(cells))
        parts = split_indices(self._labels(cells)[kept], test, validation, seed, stratify)
        train, held_out, tested = (kept[part] for part in parts)
        values = self._usable()  # of all rows, so that an error names the user's row and not the split's
        fitted = Preprocessing.fit(
            {name: column[train] for name, column in values.items()}, self.schema, scaling, missing=self.missing
        )
        first = self._dataset(fitted, values, train)
        second, third = (self._dataset(fitted, values, rows) if len(rows) else None for rows in (held_out, tested))
        return Splits(first, second, third, notes=self._notes(len(self) - len(kept)))

    def describe(self) -> str:
        """Return the schema as an aligned table of text."""
        return f"{self.name}\n\n{self.schema}"

    def __repr__(self) -> str:
        return self.describe()

    def _usable(self) -> dict[str, Cells]:
        """Return the inputs and the target, each in the form of its kind."""
        columns = {column.name: self._values(column.name) for column in self.schema.inputs}
        goal = self._checked_target()
        return columns | {goal: self._cell(goal) if self.schema.classes else self._values(goal)}

    def _dataset(self, fitted: Preprocessing, values: Mapping[str, Cells], rows: NDArray[Any]) -> Dataset:
        inputs = fitted.transform({name: values[name][rows] for name in fitted.columns})
        targets = fitted.target.encode(values[fitted.target_name or ""][rows])
        return Dataset(inputs, targets, preprocessing=fitted, name=self.name)

    def _checked_target(self) -> str:
        """Return the target's name if something can be learned."""
        schema = self.schema
        if schema.target is None:
            raise DataError("the table has no target", fix="Name one: prepare(target=…)")
        column = schema[schema.target]
        if len(self) < 2:
            raise DataError("1 row is too few to learn from" if len(self) else "the table has no rows")
        if column.distinct == 0:
            raise DataError(f"target {column.name!r} has no values at all", fix="Choose another target column")
        if column.distinct == 1:
            raise DataError(
                f"target {column.name!r} is constant: every row says {column.example!r}; there is nothing to learn",
                fix="Choose another target column",
            )
        if schema.task is None:
            raise DataError(
                f"target {column.name!r} is a {column.kind} column, which cannot be predicted",
                expected="numbers or class labels",
            )
        if (
            schema.classes is not None
            and column.kind == "categorical"
            and column.distinct == len(self) - column.missing
        ):
            raise DataError(
                f"target {column.name!r} has a different text in every row; no class occurs twice",
                fix="Choose another target column, or bring more rows",
            )
        self._check_classes(column)
        return column.name

    def _check_classes(self, column: Column) -> None:
        """Stop where text stands for something else than classes, unless the task was asked for."""
        if self.schema.classes is None or column.kind != "categorical" or self._asked_task is not None:
            return
        texts = self._cell(column.name)
        counts = Counter(text for text in texts.tolist() if text is not None)
        rows, once = counts.total(), sum(count == 1 for count in counts.values())
        many = len(counts) > MOST_TEXT_CLASSES and len(counts) > 0.3 * rows
        if many or (len(counts) >= MOST_SINGLE_CLASSES and once > 0.5 * len(counts)):
            digits = sum(any(letter.isdigit() for letter in text) for text in counts) > 0.5 * len(counts)
            looks = "numbers written in different ways" if digits else "free text or identifiers"
            raise DataError(
                f"target {column.name!r} has {len(counts)} different texts in {rows} rows, such as "
                f"{next(iter(counts))[:40]!r}; that looks like {looks}, not like classes",
                fix=("Write the numbers in one form" if digits else "Choose another target column")
                + ', or pass task="multiclass" if these are the classes',
            )

    def _cell(self, name: str | None) -> Cells:
        if name is None or name not in self.raw:
            raise UnknownNameError("column", name, self.raw)
        if name not in self._cells:
            self._cells[name] = as_cells(self.raw[name], name, self.missing)
        return self._cells[name]

    def _labels(self, cells: Cells) -> NDArray[Any]:
        """Return numbers by which rows can be stratified, or floats, by which they cannot."""
        if self.schema.classes is None:
            return np.zeros(len(self), dtype=np.float32)
        place: dict[Any, int] = {label: i for i, label in enumerate(self.schema.classes)}
        return np.array([place.get(text, -1) for text in as_texts(cells)], dtype=np.int64)

    def _values(self, name: str) -> NDArray[Any]:
        cells = self._cell(name)
        column = self.schema[name]
        if column.kind == "numeric":
            return as_numbers(cells, name, column.form)
        if column.kind == "boolean":
            values = as_booleans(cells, name)
            return values if np.isnan(values).any() else values.astype(np.bool_)
        if column.kind == "date":
            return as_dates(cells, name, column.order)
        return cells

    def _notes(self, dropped: int) -> tuple[str, ...]:
        if not dropped:
            return self.schema.notes
        gone = f"{dropped} row{'s' * (dropped > 1)} without a target left out"
        return (*self.schema.notes, gone)
