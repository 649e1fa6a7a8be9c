"""Data sets: named ones, files, frames and arrays; their schema, preprocessing, splits and batches.

Everything is imported where it is first used, so that ``import chainrule.data`` costs nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from chainrule.data.arrays import from_arrays
    from chainrule.data.batching import batch_index, batches
    from chainrule.data.csv import read_csv
    from chainrule.data.dataset import Dataset, Splits
    from chainrule.data.idx import read_idx
    from chainrule.data.npz import read_npz
    from chainrule.data.parquet import read_parquet
    from chainrule.data.preprocessing import Preprocessing
    from chainrule.data.reading import read
    from chainrule.data.registry import load, names
    from chainrule.data.schema import Column, Schema
    from chainrule.data.splitting import split_indices
    from chainrule.data.table import Table
    from chainrule.data.toy import blobs, circles, gates, moons, spirals

__all__ = [
    "Column",
    "Dataset",
    "Preprocessing",
    "Schema",
    "Splits",
    "Table",
    "batch_index",
    "batches",
    "blobs",
    "circles",
    "from_arrays",
    "gates",
    "load",
    "moons",
    "names",
    "read",
    "read_csv",
    "read_idx",
    "read_npz",
    "read_parquet",
    "spirals",
    "split_indices",
]

# No file of this package may bear one of these names: importing it would put the module in the function's place.
_HOMES = {
    "Column": "schema",
    "Dataset": "dataset",
    "Preprocessing": "preprocessing",
    "Schema": "schema",
    "Splits": "dataset",
    "Table": "table",
    "batch_index": "batching",
    "batches": "batching",
    "blobs": "toy",
    "circles": "toy",
    "from_arrays": "arrays",
    "gates": "toy",
    "load": "registry",
    "moons": "toy",
    "names": "registry",
    "read": "reading",
    "read_csv": "csv",
    "read_idx": "idx",
    "read_npz": "npz",
    "read_parquet": "parquet",
    "spirals": "toy",
    "split_indices": "splitting",
}


def __getattr__(name: str) -> object:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    value: object = getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
