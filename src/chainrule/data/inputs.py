"""The input side of a fitted preprocessing: the columns of a table, or the samples of an array."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, TypeAlias

import numpy as np
from numpy.typing import NDArray

from chainrule.data.array_inputs import ArrayInputs
from chainrule.data.cells import as_cells, as_texts, encode_column
from chainrule.data.encoders import CategoricalEncoder, Encoder, read_encoder, write_encoder
from chainrule.data.fields import Fields
from chainrule.data.finite import check_finite
from chainrule.data.frames import columns_of, is_frame, select_columns
from chainrule.errors import ShapeError

__all__ = ["ArrayInputs", "Inputs", "TableInputs", "read_inputs"]

Float32: TypeAlias = NDArray[np.float32]


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


Inputs: TypeAlias = TableInputs | ArrayInputs


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
