"""From what a user has to what a model sees, and back: fitted on training rows, kept in the model's file."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from chainrule.data.fields import Fields
from chainrule.data.frames import columns_of, is_frame, select_columns
from chainrule.data.scaling import Scaling, center_and_scale
from chainrule.data.target import Target, Task
from chainrule.errors import DataError

if TYPE_CHECKING:  # training on arrays need not wait for what reads tables
    from chainrule.data.cells import Cells
    from chainrule.data.inputs import Inputs
    from chainrule.data.schema import Schema

__all__ = ["Preprocessing"]

FORMAT = "chainrule.preprocessing"
VERSION = 1


@dataclass(frozen=True, slots=True)
class Preprocessing:
    """What has to be done to new data before a model sees them, and to its predictions before a person does.

    Attributes:
        inputs: `TableInputs` or `ArrayInputs`.
        target: class labels, or mean and standard deviation of a regression target.
    """

    inputs: Inputs
    target: Target

    @classmethod
    def fit(
        cls, cells: Mapping[str, Cells], schema: Schema, scaling: Scaling = "standard", missing: tuple[str, ...] = ()
    ) -> Preprocessing:
        """Learn medians, scales and categories from the training rows of a table.

        Args:
            cells: column -> cells (see `cells.as_cells`) of the training rows alone.
            schema: kinds and roles of the columns.
            scaling: "standard", "minmax", "robust", "realmlp" or None, see `scaling.center_and_scale`.
            missing: further texts that mean "no value", kept for later data.

        Raises:
            DataError: if there are no input columns, or a numeric column holds something else.
        """
        from chainrule.data.cells import as_numbers
        from chainrule.data.encoders import fit_encoder
        from chainrule.data.inputs import TableInputs

        if not schema.inputs:
            raise DataError(
                "the table has no columns that a model could learn from",
                fix="; ".join(schema.notes[:3]) or "Add columns besides the target",
            )
        encoders = tuple(fit_encoder(column, cells[column.name], scaling) for column in schema.inputs)
        goal = Target(schema.target, schema.task, schema.classes)
        if schema.task == "regression" and schema.target is not None:
            form = schema[schema.target].form
            mean, std = center_and_scale(as_numbers(cells[schema.target], schema.target, form), "standard")
            goal = replace(goal, mean=mean, std=std, form=form)
        return cls(TableInputs(encoders, missing), goal)

    @property
    def kind(self) -> str:
        """``"table"`` or ``"array"``."""
        return self.inputs.kind

    @property
    def columns(self) -> list[str]:
        """Names of the columns that new data must have (empty for plain arrays)."""
        return list(self.inputs.columns)

    @property
    def feature_names(self) -> list[str]:
        """Names of the features that the model sees, in order."""
        return list(self.inputs.feature_names)

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of one sample as the model sees it."""
        return self.inputs.shape

    @property
    def n_features(self) -> int:
        """Number of features of one sample (of pixels, for images)."""
        return math.prod(self.inputs.shape)

    @property
    def scale(self) -> float:
        """Factor that turns stored whole numbers into what the model sees: 1/255 for images, else 1."""
        return self.inputs.scale

    @property
    def target_name(self) -> str | None:
        """Name of the target column."""
        return self.target.name

    @property
    def task(self) -> Task | None:
        """ "binary", "multiclass", "regression" or None."""
        return self.target.task

    @property
    def classes(self) -> list[str] | None:
        """Class labels in the order of their indices."""
        return None if self.target.classes is None else list(self.target.classes)

    @property
    def target_mean(self) -> float:
        """Mean that was taken off a regression target."""
        return self.target.mean

    @property
    def target_std(self) -> float:
        """Standard deviation that a regression target was divided by."""
        return self.target.std

    def transform(self, data: Any) -> NDArray[np.float32]:
        """Return what the model sees.

        Args:
            data: for a table's preprocessing, a `Table`, a frame or a mapping with the columns that were trained on
                (in any order; others are ignored), or an array with exactly these columns.  For an array's, samples
                ``(N, *shape)``, flat ones ``(N, n_features)`` too; whole numbers are multiplied by `scale`,
                floats are taken as scaled already.

        Returns:
            float32 ``(N, *shape)``.

        Raises:
            DataError: naming the columns that are not there, or the first cell that cannot be used.
            ShapeError, DTypeError: for arrays that do not fit.
        """
        return self.inputs.transform(data)

    def transform_targets(self, data: Any) -> NDArray[Any]:
        """Return class indices ``(N,)`` int64, or standardised regression targets ``(N,)`` float32.

        Args:
            data: a table or frame that has the target column, or the column itself; class indices and one-hot rows
                are taken as well.

        Raises:
            DataError: for a missing column or value, and for labels that are none of the classes.
        """
        name = self.target.name or "target"
        column = select_columns(columns_of(data), (name,))[name] if is_frame(data) else data
        if np.ndim(column) == 2:
            array = np.asarray(column)
            if array.shape[1] > 1 or (self.target.classes is None and array.dtype.kind == "f"):
                return self.target.encode_wide(array)
            column = array[:, 0]
        from chainrule.data.cells import encode_column

        return encode_column(self.target.encode, column, name, data, self.inputs.missing)

    def decode(self, predictions: Any) -> NDArray[Any]:
        """Return labels for class indices, or regression values in the target's own units."""
        return self.target.decode(predictions)

    def to_dict(self) -> dict[str, Any]:
        """Return everything as a dictionary that JSON can hold."""
        return {
            "format": FORMAT,
            "version": VERSION,
            "inputs": self.inputs.to_dict(),
            "target": self.target.to_dict(),
        }

    @classmethod
    def from_dict(cls, data: object) -> Preprocessing:
        """Take a preprocessing from what `to_dict` returned, trusting nothing in it.

        Raises:
            FormatError: for anything but a complete and consistent description of this version.
        """
        from chainrule.data.inputs import read_inputs

        fields = Fields(data, "its top level")
        fields.text("format", among=(FORMAT,))
        if fields.take("version") != VERSION:
            raise fields.error(f"is of another version than {VERSION}; a newer chainrule may read it")
        inputs, target = read_inputs(fields.take("inputs")), Target.from_dict(fields.take("target"))
        fields.finish()
        return cls(inputs, target)

    def __str__(self) -> str:
        source = f"{len(self.columns)} columns" if self.kind == "table" else f"arrays (N, {str(self.shape)[1:-1]})"
        goal = f"{self.task or 'no task'}" + (f", classes {', '.join(self.classes)}" if self.classes else "")
        return f"Preprocessing: {source} → {self.n_features} features; target {self.target_name}: {goal}"
