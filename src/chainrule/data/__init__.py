"""Data sets: named ones, files, frames and arrays; their schema, preprocessing, splits and batches.

Everything is imported where it is first used, so that ``import chainrule.data`` costs nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from chainrule.lazy import lazily

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

#: Public name -> file of this package that holds it.
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

__getattr__, __dir__ = lazily(__name__, _HOMES)
