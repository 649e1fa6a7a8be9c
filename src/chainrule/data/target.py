"""What is predicted: class labels and their indices, or a number and its scale."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, TypeAlias, cast

import numpy as np
from numpy.typing import NDArray

from chainrule.data.fields import Fields
from chainrule.data.finite import check_finite
from chainrule.data.number_forms import PLAIN, NumberForm, number
from chainrule.data.scaling import rescale
from chainrule.errors import DataError, DTypeError, did_you_mean

if TYPE_CHECKING:
    from chainrule.data.cells import Cells

__all__ = ["TASKS", "Target", "Task", "class_names"]

Task: TypeAlias = Literal["binary", "multiclass", "regression"]
TASKS: tuple[Task, ...] = ("binary", "multiclass", "regression")


@dataclass(frozen=True, slots=True)
class Target:
    """The target of a model.

    Attributes:
        name: name of the column, or None.
        task: "binary", "multiclass", "regression" or None.
        classes: labels in the order of their indices, or None.
        mean, std: a regression target is learned as ``(y − mean) / std``.
        form: how text writes the numbers of a regression target.
    """

    name: str | None = None
    task: Task | None = None
    classes: tuple[str, ...] | None = None
    mean: float = 0.0
    std: float = 1.0
    form: NumberForm = PLAIN

    def encode(self, cells: Cells) -> NDArray[Any]:
        """Return class indices (int64), or standardised numbers (float32).

        Whole numbers are labels if the labels are numbers, else indices already.

        Raises:
            DataError: for missing values, and for labels that were not among the training classes.
        """
        from chainrule.data.cells import as_numbers, as_texts, is_missing  # who has cells has loaded these
        from chainrule.data.labels import finder

        absent = np.flatnonzero(is_missing(cells))
        if len(absent):
            raise DataError(
                f"target {self.name!r} has {len(absent)} missing value{'s' * (len(absent) > 1)}",
                where=f"row {absent[0]}",
                fix="Remove the rows that have no target",
            )
        if self.task not in {"binary", "multiclass"} or (self.classes is None and cells.dtype.kind == "f"):
            return rescale(as_numbers(cells, self.name or "target", self.form), self.mean, self.std).astype(np.float32)
        if cells.dtype.kind == "i" and (self.classes is None or not any(map(_is_number, self.classes))):
            return self._indices(cells)
        texts = as_texts(cells).tolist()
        find = finder(self.classes or ())
        place = {text: find(text) for text in set(texts)}
        wrong = next((row for row, text in enumerate(texts) if place[text] is None), None)
        if wrong is not None:
            raise DataError(
                f"target {self.name!r} holds {texts[wrong]!r} in row {wrong}, which is none of the classes",
                fix=did_you_mean(str(texts[wrong]), self.classes or ()),
            )
        return np.array([place[text] for text in texts], dtype=np.int64)

    def encode_wide(self, array: NDArray[Any]) -> NDArray[Any]:
        """Return class indices for one-hot rows ``(N, k)``, or the float32 targets of a regression ``(N, k)``."""
        if array.dtype.kind not in "biuf":
            raise DTypeError("targets with several columns are not numbers", got=f"dtype {array.dtype}")
        check_finite(array, "targets")
        if self.task not in {"binary", "multiclass"} or array.shape[1] == 1:
            return rescale(array.astype(np.float64), self.mean, self.std).astype(np.float32)
        if not (np.isin(array, (0, 1)).all() and (array.sum(axis=1) == 1).all()):
            raise DataError("targets are neither class indices nor one-hot rows", got=f"shape {array.shape}")
        return self._indices(array.argmax(axis=1).astype(np.int64))

    def _indices(self, indices: NDArray[Any]) -> NDArray[np.int64]:
        """Return class indices after checking their range."""
        most = np.inf if self.classes is None else len(self.classes) - 1
        wrong = np.flatnonzero((indices < 0) | (indices > most))
        if len(wrong):
            raise DataError(
                "class index out of range",
                expected="0 and above" if self.classes is None else f"0 to {most}",
                got=f"{indices[wrong[0]]} in row {wrong[0]}",
            )
        return indices.astype(np.int64)

    def decode(self, predictions: Any) -> NDArray[Any]:
        """Return labels for class indices, or numbers in the target's own units for standardised ones.

        Raises:
            DTypeError: for class indices that are not whole numbers.
            DataError: for an index that belongs to no class.
        """
        values = np.asarray(predictions)
        if self.task not in {"binary", "multiclass"}:
            # In double precision: a large mean would swallow what a float32 model learned.
            return np.asarray(values.astype(np.float64) * self.std + self.mean)
        if values.dtype.kind not in "iub":
            raise DTypeError("predictions are not class indices", expected="whole numbers", got=values.dtype)
        if self.classes is None:
            return values
        values = values.astype(np.int64)
        outside = values[(values < 0) | (values >= len(self.classes))]
        if outside.size:
            raise DataError("class index out of range", expected=f"0 to {len(self.classes) - 1}", got=int(outside[0]))
        return np.asarray(np.array(self.classes, dtype=object)[values])

    def to_dict(self) -> dict[str, Any]:
        """Return the target as a dictionary that JSON can hold."""
        classes = None if self.classes is None else list(self.classes)
        found = {"name": self.name, "task": self.task, "classes": classes, "mean": self.mean, "std": self.std}
        return found if self.form == PLAIN else {**found, "form": self.form.to_dict()}

    @classmethod
    def from_dict(cls, data: object) -> Target:
        """Take a target from what `to_dict` returned.

        Raises:
            FormatError: if it is anything else.
        """
        fields = Fields(data, "target")
        task = cast("Task | None", fields.optional_text("task", among=TASKS))
        name, classes = fields.optional_text("name"), fields.optional_texts("classes")
        mean, std, form = fields.number("mean"), fields.number("std", above=0), NumberForm.take(fields)
        fields.finish()
        if classes is not None and (task not in {"binary", "multiclass"} or len(classes) < 1):
            raise fields.error("has classes that do not suit its task")
        return cls(name, task, classes, mean, std, form)


def _is_number(label: str) -> bool:
    return number(label) is not None


def class_names(cells: Cells) -> tuple[str, ...]:
    """Return the labels among `cells` in order: numbers by size, text by code point."""
    from chainrule.data.cells import as_texts

    labels = {text for text in as_texts(cells).tolist() if text is not None}
    try:
        return tuple(sorted(labels, key=float))
    except ValueError:
        return tuple(sorted(labels))
