"""What a table's columns are, which of them is predicted, and what kind of task that makes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np

from chainrule.data.cells import Cells, as_cells, as_numbers, is_missing
from chainrule.data.column import Column
from chainrule.data.infer import infer_column
from chainrule.data.number_forms import needs_decimal
from chainrule.data.target import TASKS, Task, class_names
from chainrule.errors import ConfigError, DataError, UnknownNameError

__all__ = ["Column", "Schema"]

#: Names by which a target column is recognised, in order; else the last column is the target.
TARGET_NAMES = ("target", "label", "class", "species", "y")

#: A whole-number target with at most this many values, each seen twice on average, names classes.
MOST_CLASSES = 20


@dataclass(frozen=True)
class Schema:
    """The columns of a table with their roles, and the task.

    Attributes:
        columns: one `Column` each, in the table's order.
        target: name of the column to predict, or None.
        task: "binary", "multiclass", "regression", or None if the target cannot be predicted (constant, say).
        classes: the class labels in the order of their indices, or None.
        rows: number of rows that were looked at.
        notes: what a user should know: columns left out, odd values.
    """

    columns: tuple[Column, ...]
    target: str | None
    task: Task | None
    classes: tuple[str, ...] | None
    rows: int
    notes: tuple[str, ...] = ()

    @classmethod
    def infer(
        cls,
        columns: Mapping[str, Any],
        target: str | None = None,
        kinds: Mapping[str, str] | None = None,
        task: Task | None = None,
        missing: tuple[str, ...] = (),
        commas: str = "either",
    ) -> Schema:
        """Look at every column and decide.

        Args:
            columns: name -> one-dimensional array.
            target: column to predict; by default the one called target, label, class, species or y, else the last.
            kinds: column -> "numeric", "boolean", "categorical", "date" (or "date:dmy", …) or "ignore".
            task: "binary", "multiclass" or "regression" where the guess from the target's values is not wanted.
            missing: further texts that mean "no value".
            commas: what ``1,234`` in text means where no cell of its column tells: "thousands"; "either", which is
                1.234 where another column has decimal commas and 1234 elsewhere; or "unclear", which is an error
                unless another column tells.

        Raises:
            UnknownNameError: for a column, kind or task that does not exist.
            DataError: if there are no columns, or nothing tells what commas mean.
        """
        if not columns:
            raise DataError("the table has no columns")
        kinds = dict(kinds or {})
        for name in [*kinds, *([target] if target is not None else [])]:
            if name not in columns:
                raise UnknownNameError("column", name, columns)
        if task is not None and task not in TASKS:
            raise UnknownNameError("task", task, TASKS)
        cells = {name: as_cells(column, name, missing) for name, column in columns.items()}
        comma = "thousands" if commas == "thousands" else _comma(cells, commas == "unclear")
        found = [infer_column(name, column, kinds.get(name), comma) for name, column in cells.items()]
        chosen = target if target is not None else _default_target(found)
        described = tuple(_with_role(column, chosen) for column in found)
        goal = next(column for column in described if column.name == chosen)
        guess = _task(goal, cells[chosen], task)
        classes = class_names(cells[chosen]) if guess in {"binary", "multiclass"} else None
        notes = tuple(f"column {column.name!r}: {column.note}" for column in described if column.note)
        return cls(described, chosen, guess, classes, len(cells[chosen]), notes)

    @property
    def inputs(self) -> tuple[Column, ...]:
        """The columns that a model sees."""
        return tuple(column for column in self.columns if column.role == "input")

    def __getitem__(self, name: str) -> Column:
        """Return the column called `name`."""
        if name not in self._by_name:
            raise UnknownNameError("column", name, list(self._by_name))
        return self._by_name[name]

    @cached_property
    def _by_name(self) -> dict[str, Column]:
        return {column.name: column for column in self.columns}

    def __str__(self) -> str:
        from chainrule.data.describe import describe_schema

        return describe_schema(self)


def _comma(cells: Mapping[str, Cells], strict: bool) -> str:
    """Return what the commas in text numbers mean, "decimal" or "thousands"."""
    texts = {name: set(column[~is_missing(column)].tolist()) for name, column in cells.items() if column.dtype == "O"}
    found = {name: told for name, distinct in texts.items() if (told := needs_decimal(distinct)) is not None}
    clear = {told for told in found.values() if told != "unclear"}
    unclear = next((name for name, told in found.items() if told == "unclear"), None)
    if strict and unclear is not None and len(clear) != 1:
        example = next(text for text in sorted(texts[unclear]) if "," in text)
        raise DataError(
            f"column {unclear!r} holds {example!r}, whose comma may be a decimal mark or stand between thousands",
            fix='Pass decimal="," or decimal="."',
        )
    return "decimal" if clear == {"decimal"} else "thousands"


def _default_target(columns: list[Column]) -> str:
    usable = [column.name for column in columns if column.kind not in {"empty", "ignore"}]
    folded = {name.strip().lower(): name for name in reversed(usable)}
    named = next((folded[name] for name in TARGET_NAMES if name in folded), None)
    return named or (usable[-1] if usable else columns[-1].name)


def _with_role(column: Column, target: str) -> Column:
    if column.name == target:
        return replace(column, role="target", note="" if column.note.startswith("left out") else column.note)
    left_out = column.kind in {"empty", "ignore"} or column.note.startswith("left out")
    return replace(column, role="left out" if left_out else "input")


def _task(column: Column, cells: Cells, asked: Task | None) -> Task | None:
    """Guess the task from the target column, or check the one that was asked for."""
    if asked == "binary" and column.distinct != 2:
        raise ConfigError(
            f"target {column.name!r} does not suit a binary task", expected="2 values", got=f"{column.distinct} values"
        )
    if column.distinct < 2 or column.kind in {"empty", "ignore", "date"}:
        return None
    if asked is not None:
        return asked
    by_count: Task = "binary" if column.distinct == 2 else "multiclass"
    if column.kind in {"boolean", "categorical"}:
        return by_count
    values = cells if cells.dtype.kind in "if" else as_numbers(cells, column.name, column.form)
    present = values[~is_missing(values)]
    few = column.distinct == 2 or column.distinct <= min(MOST_CLASSES, len(present) // 2)
    whole = bool((present == np.floor(present)).all())
    return by_count if few and whole else "regression"
