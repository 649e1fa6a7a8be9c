"""The input side of a fitted preprocessing: the columns of a table, or the samples of an array."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from typing import Any, ClassVar, TypeAlias

import numpy as np
from numpy.typing import NDArray

from chainrule.data.cells import Cells, as_cells, as_numbers, as_texts
from chainrule.data.encoders import CategoricalEncoder, Encoder, read_encoder, write_encoder
from chainrule.data.fields import Fields
from chainrule.data.finite import check_finite
from chainrule.data.frames import ColumnSource, columns_of, is_frame
from chainrule.errors import DataError, DTypeError, ShapeError, did_you_mean

__all__ = ["ArrayInputs", "Inputs", "TableInputs", "encode_column", "read_inputs", "select_columns"]

Float32: TypeAlias = NDArray[np.float32]

#: Dtypes that the samples of an array may have had.
DTYPES = ("uint8", "float32", "float64")


@dataclass(frozen=True, slots=True)
class TableInputs:
    """One encoder per input column, and the texts that mean "no value" besides the usual ones."""

    kind: ClassVar[str] = "table"
    encoders: tuple[Encoder, ...]
    missing: tuple[str, ...] = ()

    @property
    def columns(self) -> tuple[str, ...]:
        """Names of the input columns."""
        return tuple(encoder.name for encoder in self.encoders)

    @property
    def feature_names(self) -> tuple[str, ...]:
        """Names of the features that come out."""
        return tuple(name for encoder in self.encoders for name in encoder.feature_names)

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of one sample."""
        return (len(self.feature_names),)

    @property
    def scale(self) -> float:
        """Factor from stored to seen inputs."""
        return 1.0

    def transform(self, data: Any) -> Float32:
        """See `Preprocessing.transform`."""
        columns = self._columns(data)
        rows = len(next(iter(columns.values())))
        features = np.empty((rows, self.shape[0]), dtype=np.float32)
        start = 0
        for encoder in self.encoders:
            block = encode_column(encoder.encode, columns[encoder.name], encoder.name, data, self.missing)
            with np.errstate(over="ignore"):
                features[:, start : start + block.shape[1]] = block
            start += block.shape[1]
        check_finite(features, "the features", self.feature_names)
        return features

    def unseen(self, data: Any) -> dict[str, dict[str, int]]:
        """Return, for each column that has any, the categories that training did not see, and how often they occur."""
        columns, found = self._columns(data), {}
        for encoder in self.encoders:
            if isinstance(encoder, CategoricalEncoder):
                cells = as_cells(columns[encoder.name], encoder.name, self.missing)
                seen = zip(as_texts(cells).tolist(), encoder.indices(cells), strict=True)
                counts = Counter(text for text, index in seen if index is None and text is not None)
                if counts:
                    found[encoder.name] = dict(counts.most_common())
        return found

    def _columns(self, data: Any) -> Mapping[str, Any]:
        if is_frame(data):
            return select_columns(columns_of(data), self.columns)
        array = np.asarray(data)
        if array.ndim != 2 or array.shape[1] != len(self.encoders):
            raise ShapeError(
                "the array does not fit the columns that the model was trained on",
                expected=f"shape (N, {len(self.encoders)}), columns {', '.join(self.columns[:8])}",
                got=f"shape {array.shape}",
            )
        return dict(zip(self.columns, array.T, strict=True))

    def to_dict(self) -> dict[str, Any]:
        """Return the inputs as a dictionary that JSON can hold."""
        return {
            "kind": self.kind,
            "columns": [write_encoder(encoder) for encoder in self.encoders],
            "missing": list(self.missing),
        }

    @classmethod
    def read(cls, fields: Fields) -> TableInputs:
        """Take inputs from a dictionary."""
        encoders = tuple(read_encoder(item, f"column {i}") for i, item in enumerate(fields.items("columns")))
        if not encoders or len({encoder.name for encoder in encoders}) < len(encoders):
            raise fields.error("has no columns, or two of the same name")
        return cls(encoders, fields.texts("missing"))


@dataclass(frozen=True, slots=True)
class ArrayInputs:
    """Samples of an array: their shape, the dtype that they are stored in, and a factor for whole-number samples."""

    kind: ClassVar[str] = "array"
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

    def transform(self, data: Any) -> Float32:
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


Inputs: TypeAlias = TableInputs | ArrayInputs


def encode_column(
    encode: Callable[[Cells], NDArray[Any]], column: Any, name: str, source: Any, missing: tuple[str, ...] = ()
) -> NDArray[Any]:
    """Encode a column of `source` as training read such cells, or else as the source reads it.

    The second way is for tables that write the same otherwise: 10,25 for 10.25, or the day before the month.

    Raises:
        DataError: as `encode` does for the cells as they stand.
    """
    try:
        return encode(as_cells(column, name, missing))
    except DataError:
        if isinstance(source, ColumnSource):
            with suppress(DataError):
                return encode(as_cells(source[name], name, missing))
        raise


def select_columns(columns: Mapping[str, Any], wanted: tuple[str, ...]) -> dict[str, Any]:
    """Return the wanted columns in order; others are left aside.

    Raises:
        DataError: naming every column that is not there.
    """
    lacking = [name for name in wanted if name not in columns]
    if lacking:
        listed = ", ".join(map(repr, lacking[:8])) + (f", … ({len(lacking)} in all)" if len(lacking) > 8 else "")
        if len(lacking) == len(wanted) > 1:
            got = ", ".join(map(repr, list(columns)[:8])) + (", …" if len(columns) > 8 else "")
            raise DataError(
                "the data do not look like those that the model was trained on; they lack all of its columns",
                expected=listed,
                got=got,
            )
        raise DataError(
            f"the data lack the column{'s' * (len(lacking) > 1)} {listed}",
            fix=did_you_mean(lacking[0], columns),
        )
    return {name: columns[name] for name in wanted}


def read_inputs(data: object) -> Inputs:
    """Take inputs from what ``to_dict`` returned.

    Raises:
        FormatError: if it is anything else.
    """
    fields = Fields(data, "inputs")
    kind = fields.text("kind", among=("table", "array"))
    inputs: Inputs = TableInputs.read(fields) if kind == "table" else ArrayInputs.read(fields)
    fields.finish()
    return inputs
