"""Taking named columns out of whatever a user brings, without importing the library that it comes from."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, TypeGuard

import numpy as np
from numpy.typing import NDArray

from chainrule.data.checks import has_masked
from chainrule.errors import DataError, DTypeError, MissingDependencyError, ShapeError, did_you_mean

if TYPE_CHECKING:
    from chainrule.data.table import Table

__all__ = ["ColumnSource", "columns_of", "is_frame", "is_table", "select_columns"]

Columns = dict[str, NDArray[Any]]


class ColumnSource(ABC):
    """Something that has read its columns already, and still knows what stood in them."""

    @abstractmethod
    def cells(self) -> Columns:
        """Return the columns as they stand: ``01``, ``yes`` and ``1,5`` as text, not as 1, True and 1.5."""

    @abstractmethod
    def __getitem__(self, name: str) -> NDArray[Any]:
        """Return a column as its own cells have it read."""


def is_table(data: object) -> TypeGuard[Table]:
    """Tell whether `data` is a `Table`, without loading what tables are made of."""
    return isinstance(data, ColumnSource)  # the only one there is


def is_frame(data: object) -> bool:
    """Tell whether `data` has named columns: a frame of any library, a mapping, a structured array, records."""
    if isinstance(data, np.ndarray):
        return data.dtype.names is not None
    if isinstance(data, Mapping):
        return True
    if isinstance(data, list):
        return bool(data) and all(isinstance(row, Mapping) for row in data)
    return _looks_tabular(data)


def columns_of(data: Any) -> Columns:
    """Return the columns of `data` by name, in order.

    Args:
        data: a mapping of columns (single values make one row), a list of mappings (rows), a structured array, or a
            frame: pandas, polars, pyarrow, or anything with ``__arrow_c_stream__`` or ``__dataframe__``.

    Raises:
        DTypeError: if it is none of these.
        DataError: for column names that occur twice.
        ShapeError: for columns of different lengths.
    """
    if isinstance(data, ColumnSource):
        return data.cells()
    if isinstance(data, Mapping):
        pairs: Iterable[tuple[Any, Any]] = [(name, np.atleast_1d(_array(values))) for name, values in data.items()]
    elif isinstance(data, np.ndarray) and data.dtype.names is not None:
        pairs = [(name, data[name]) for name in data.dtype.names]
    elif isinstance(data, list) and is_frame(data):
        names = dict.fromkeys(name for row in data for name in row)
        pairs = [(name, _array([row.get(name) for row in data])) for name in names]
    elif _looks_tabular(data):
        pairs = _frame_pairs(data)
    else:
        raise DTypeError(
            "these data have no named columns",
            expected="a table, a frame (pandas, polars, Arrow) or a mapping of columns",
            got=type(data).__name__,
        )
    return _checked(pairs)


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


def _looks_tabular(data: object) -> bool:
    if isinstance(data, type):
        return False
    if hasattr(data, "columns") or hasattr(data, "column_names"):
        return hasattr(data, "__len__")
    if hasattr(data, "dtype") or hasattr(data, "chunks") or hasattr(data, "to_numpy"):
        return False  # a single column: it has the Arrow protocol too
    return hasattr(data, "__arrow_c_stream__") or hasattr(data, "__dataframe__")


def _frame_pairs(data: Any) -> list[tuple[Any, NDArray[Any]]]:
    if hasattr(data, "column_names") and hasattr(data, "column"):  # pyarrow tables and record batches
        return [(name, _array(data.column(i))) for i, name in enumerate(data.column_names)]
    if hasattr(data, "iloc"):  # pandas; by position, for names may occur twice
        return [(name, _array(data.iloc[:, i])) for i, name in enumerate(data.columns)]
    if hasattr(data, "get_column"):  # polars
        return [(name, _array(data.get_column(name))) for name in data.columns]
    if hasattr(data, "__arrow_c_stream__") or hasattr(data, "__dataframe__"):
        return _frame_pairs(_through_arrow(data))
    return [(name, _array(data[name])) for name in data.columns]


def _through_arrow(data: Any) -> Any:
    try:
        import pyarrow as pa
        from pyarrow import interchange
    except ImportError:
        raise MissingDependencyError(
            f"reading a {type(data).__name__} needs pyarrow", fix='Run: pip install "chainrule[tables]"'
        ) from None
    try:
        return pa.table(data) if hasattr(data, "__arrow_c_stream__") else interchange.from_dataframe(data)
    except (pa.ArrowException, TypeError, ValueError) as error:
        raise DTypeError(f"a {type(data).__name__} cannot be read as a table: {error}") from error


def _array(values: Any) -> NDArray[Any]:
    """Return one column as an array: numbers, booleans and dates as they are, the rest as Python objects."""
    if has_masked(values) and values.ndim == 1:
        return _objects(values.tolist())  # None where masked
    array = _native(values)
    if array.dtype.kind in "biufM" and array.ndim == 1:
        return array
    if hasattr(values, "to_pylist"):
        return _objects(values.to_pylist())
    if hasattr(values, "to_list"):
        return _objects(values.to_list())
    if array.dtype.kind == "U" and not isinstance(values, np.ndarray) and not np.isscalar(values):
        return _objects(list(values))  # NumPy would have turned the numbers among texts into text
    return array


def _native(values: Any) -> NDArray[Any]:
    try:
        return np.asarray(values.to_numpy() if hasattr(values, "to_numpy") else values)
    except (TypeError, ValueError):  # a ragged list, or a type that NumPy does not know
        return _objects(values.to_pylist() if hasattr(values, "to_pylist") else list(values))


def _objects(values: list[Any]) -> NDArray[Any]:
    array = np.empty(len(values), dtype=object)
    array[:] = values
    return array


def _checked(pairs: Iterable[tuple[Any, NDArray[Any]]]) -> Columns:
    columns: Columns = {}
    for name, column in pairs:
        if str(name) in columns:
            raise DataError(f"two columns are called {str(name)!r}", fix="Rename one of them")
        columns[str(name)] = column
    lengths = {name: len(column) for name, column in columns.items()}
    if len(set(lengths.values())) > 1:
        short, long = min(lengths, key=lengths.__getitem__), max(lengths, key=lengths.__getitem__)
        raise ShapeError(
            "columns differ in length", got=f"{lengths[long]} rows in {long!r} and {lengths[short]} in {short!r}"
        )
    return columns
