"""The input side of a fitted preprocessing for samples of an array; loads nothing of what reads tables."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import partial
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from chainrule.data.fields import Fields
from chainrule.data.finite import check_finite
from chainrule.data.frames import columns_of, is_frame, select_columns
from chainrule.errors import DTypeError, ShapeError

__all__ = ["ArrayInputs"]

#: Dtypes that the samples of an array may have had.
DTYPES = ("uint8", "float32", "float64")


@dataclass(frozen=True, slots=True)
class ArrayInputs:
    """Samples of an array: their shape, the dtype that they are stored in, and a factor for whole-number samples."""

    kind: ClassVar[str] = "array"
    missing: ClassVar[tuple[str, ...]] = ()
    shape: tuple[int, ...]
    dtype: str = "float32"
    scale: float = 1.0
    names: tuple[str, ...] | None = None

    @property
    def columns(self) -> tuple[str, ...]:
        """Names of the input columns, if the samples have any."""
        return self.names or ()

    @property
    def feature_names(self) -> tuple[str, ...]:
        """Names of the features that come out: the columns', or ``x1``, ``x2``, …"""
        return self.names or tuple(f"x{i + 1}" for i in range(math.prod(self.shape)))

    def transform(self, data: Any) -> NDArray[np.float32]:
        """See `Preprocessing.transform`."""
        array = self._array(data)
        if array.ndim < 1 or array.shape[1:] not in {self.shape, (math.prod(self.shape),)}:
            raise ShapeError(
                "the inputs do not have the shape that the model was trained on",
                expected=f"(N, {', '.join(map(str, self.shape))})",
                got=array.shape,
                fix="A single sample needs a first axis: x[None]" if array.shape == self.shape else None,
            )
        if array.dtype.kind not in "biuf":
            raise DTypeError("the inputs are not numbers", got=array.dtype)
        scaled = array.reshape(len(array), *self.shape).astype(np.float32)
        if array.dtype.kind in "iu":
            scaled *= np.float32(self.scale)
        check_finite(scaled, "the inputs", self.names)
        return scaled

    def _array(self, data: Any) -> NDArray[Any]:
        if not is_frame(data):
            return np.asarray(data)
        if self.names is None:
            raise DTypeError("the model was trained on an array without column names", got=type(data).__name__)
        from chainrule.data.cells import as_numbers, encode_column

        columns = select_columns(columns_of(data), self.names)
        numbers = [
            encode_column(partial(as_numbers, name=name), column, name, data) for name, column in columns.items()
        ]
        return np.stack(numbers, axis=1)

    def to_dict(self) -> dict[str, Any]:
        """Return the inputs as a dictionary that JSON can hold."""
        names = None if self.names is None else list(self.names)
        return {
            "kind": self.kind,
            "shape": list(self.shape),
            "dtype": self.dtype,
            "scale": self.scale,
            "feature_names": names,
        }

    @classmethod
    def read(cls, fields: Fields) -> ArrayInputs:
        """Take inputs from a dictionary."""
        shape = tuple(fields.items("shape"))
        if not 1 <= len(shape) <= 8 or not all(type(size) is int and 1 <= size <= 2**31 for size in shape):
            raise fields.error("has an unusable 'shape'")
        if math.prod(shape) > 2**31:
            raise fields.error("has an unusable 'shape'")
        dtype, scale = fields.text("dtype", among=DTYPES), fields.number("scale", above=0)
        names = fields.optional_texts("feature_names")
        if names is not None and len(names) != math.prod(shape):
            raise fields.error("has another number of feature names than of features")
        return cls(shape, dtype, scale, names)
