"""The columns of a table as inputs of an ONNX graph, and what the preprocessing makes of them as its first nodes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from chainrule.data.encoders import BooleanEncoder, CategoricalEncoder, Encoder, NumericEncoder
from chainrule.errors import FormatError
from chainrule.interchange.onnx_writer import Writer

__all__ = ["column_names", "write_columns"]

_LONGEST_NOTE = 1000


def column_names(encoders: Sequence[Encoder]) -> list[str]:
    """Names of the graph's inputs: the columns', but none is empty."""
    names = [encoder.name for encoder in encoders]
    found = []
    for place, name in enumerate(names, 1):
        wanted = name or f"x{place}"
        while not name and wanted in names:
            wanted += "_"
        found.append(wanted)
    return found


def write_columns(writer: Writer, encoders: Sequence[Encoder]) -> str:
    """Write one input (N, 1) for each column and all that makes features of them.

    Numbers come in double precision, NaN for a missing one, since a year in single precision is too coarse to be
    scaled.  A category comes as text; one that training did not see counts as missing.

    Args:
        writer: of the graph.
        encoders: of the columns.

    Returns:
        the value (N, features).

    Raises:
        FormatError: for a column of dates, which ONNX does not have.
    """
    parts: list[str] = []
    for name, encoder in zip(column_names(encoders), encoders, strict=True):
        if isinstance(encoder, CategoricalEncoder):
            parts += _category(writer, name, encoder)
        elif isinstance(encoder, NumericEncoder):
            value = writer.input(name, "DOUBLE", (1,), "a number; NaN if it is missing")
            parts += _number(writer, value, encoder, encoder.median)
        elif isinstance(encoder, BooleanEncoder):
            value = writer.input(name, "DOUBLE", (1,), "0 or 1; NaN if it is missing")
            parts += _number(writer, value, encoder, float(encoder.fill))
        else:
            raise FormatError(
                f"ONNX cannot read dates, as column {encoder.name!r} holds",
                fix="Export without the preprocessing (--features), and bring the features that the model sees",
            )
    return writer.node("Concat", *parts, axis=1)


def _number(w: Writer, value: str, encoder: NumericEncoder | BooleanEncoder, fill: float) -> list[str]:
    absent = w.node("IsNaN", value)
    value = w.node("Where", absent, w.number(fill, np.float64), value)
    if encoder.center != 0:
        value = w.node("Sub", value, w.number(encoder.center, np.float64))
    if encoder.scale != 1:
        value = w.node("Div", value, w.number(encoder.scale, np.float64))
    parts = [w.node("Cast", value, to=w.onnx.TensorProto.FLOAT)]
    return [*parts, w.node("Cast", absent, to=w.onnx.TensorProto.FLOAT)] if encoder.indicator else parts


def _category(w: Writer, name: str, encoder: CategoricalEncoder) -> list[str]:
    """The row of a table that has one row for each category, and a last one for anything else."""
    known = encoder.categories
    note = f"one of {', '.join(map(repr, known))}; anything else counts as unseen or missing"
    value = w.input(name, "STRING", (1,), note if len(note) <= _LONGEST_NOTE else f"{note[:_LONGEST_NOTE]}…")
    cells: np.ndarray[Any, Any] = np.array([*known, None], object)
    rows = encoder.encode(cells).astype(np.float32)
    if not rows.shape[1]:
        return []
    keys = known or ("",)  # there has to be one
    places = range(len(keys))
    place = w.node("LabelEncoder", value, keys_strings=keys, values_int64s=places, default_int64=len(known))
    found = w.node("Gather", w.constant(rows, "categories"), place)
    return [w.node("Reshape", found, w.constant(np.array([-1, rows.shape[1]]), "shape"))]
