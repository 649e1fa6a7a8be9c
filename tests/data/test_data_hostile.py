"""Input that is legal in part: huge, wide, masked, damaged, or a bomb."""

from __future__ import annotations

import gzip
import io
import time
import warnings
import zipfile
from pathlib import Path

import numpy as np
import pytest

from chainrule.data import Table, from_arrays, read
from chainrule.data.encoders import NumericEncoder
from chainrule.data.idx import read_idx
from chainrule.errors import DataError, DTypeError, FormatError


def test_idx_dimensions_that_no_array_has(tmp_path: Path) -> None:
    path = tmp_path / "a.idx"
    path.write_bytes(bytes([0, 0, 8, 3]) + bytes(4) + b"\xff" * 8)
    with pytest.raises(FormatError, match="dimensions"):
        read_idx(path)


@pytest.mark.parametrize("header", ["((((", "{'descr': '<f8', 'fortran_order': False, 'shape': (True,)}", "{'a': ["])
def test_npz_headers(tmp_path: Path, header: str) -> None:
    path = tmp_path / "a.npz"
    text = header.encode() + b"\n"
    stream = io.BytesIO(b"\x93NUMPY\x01\x00" + len(text).to_bytes(2, "little") + text + bytes(64))
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("x.npy", stream.getvalue())
    with pytest.raises(FormatError):
        read(path)


def test_huge_numbers_do_not_overflow() -> None:
    table = Table({"a": [1e308, 1.7e308] * 10, "b": [-1e308, 1e308] * 10, "y": ["u", "v"] * 10})
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        inputs = table.prepare(test=0).train.inputs
    assert np.isfinite(inputs).all()
    cells = np.array([1e308, 1.7e308])
    assert NumericEncoder.fit(table.schema["a"], cells, "standard").median == pytest.approx(1.35e308)


def test_wide_tables_take_time_in_proportion() -> None:
    table = Table({f"c{i}": [1.5, 2.5, 0.5] for i in range(8000)} | {"y": [0.5, 1.5, 2.25]})
    names = [column.name for column in table.schema.columns]
    began = time.process_time()
    assert [table.schema[name].name for name in names] == names
    assert time.process_time() - began < 0.5


def test_compressed_text_expands_within_bounds(tmp_path: Path) -> None:
    path = tmp_path / "bomb.csv.gz"
    path.write_bytes(gzip.compress(b"a,b\n" + b"0,0\n" * (20 * 2**20)))
    with pytest.raises(FormatError, match="expands"):
        read(path)


def test_masked_values_are_missing_in_tables_and_refused_in_arrays() -> None:
    masked = np.ma.array([1, 2, 3, 4], mask=[False, True, False, False])
    table = Table({"a": masked, "y": [0.5, 1.5, 2.5, 4.0]})
    assert table.schema["a"].missing == 1
    with pytest.raises(DataError, match="masked"):
        from_arrays(masked.reshape(4, 1), [0, 1, 0, 1])


def test_generators_are_to_be_lists() -> None:
    with pytest.raises(DTypeError, match="Pass a list or an array"):
        from_arrays(([i] for i in range(4)), [0, 1, 0, 1])


def test_a_lacking_column_lists_what_the_data_have() -> None:
    prepared = Table({"a": [1.0, 2, 3, 5], "b": [1.5, 2, 7, 5], "y": [0.5, 1, 2, 4]}, "y").prepare(test=0).train
    with pytest.raises(DataError, match="Known: a, c"):
        prepared.preprocessing.transform({"a": [1.0], "c": [2.0]})


@pytest.mark.parametrize("method", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA, 99])
def test_archives_compressed_in_other_ways(tmp_path: Path, method: int) -> None:
    stream = io.BytesIO()
    np.savez(stream, x=np.ones((4, 2)), y=np.array([0, 1, 0, 1]))
    content = stream.getvalue()
    for signature, place in ((b"PK\x03\x04", 8), (b"PK\x01\x02", 10)):
        parts = content.split(signature)
        content = signature.join(
            [parts[0], *(part[: place - 4] + bytes([method, 0]) + part[place - 2 :] for part in parts[1:])]
        )
    (tmp_path / "a.npz").write_bytes(content)
    with pytest.raises(FormatError, match="in a way that NumPy does not"):
        read(tmp_path / "a.npz")


def test_long_names_in_archives_stay_out_of_messages(tmp_path: Path) -> None:
    stream = io.BytesIO()
    np.savez(stream, **{"n" * 60_000: np.ones(2)})
    (tmp_path / "a.npz").write_bytes(stream.getvalue())
    with pytest.raises(DataError, match="no inputs") as caught:
        read(tmp_path / "a.npz")
    assert len(str(caught.value)) < 600


def test_parquet_whose_text_is_none(tmp_path: Path) -> None:
    pa = pytest.importorskip("pyarrow")
    import pyarrow.parquet as pq

    table = pa.table({"a": ["text", "texts"], "b": [1, 2]})
    pq.write_table(table, tmp_path / "a.parquet", compression="none", use_dictionary=False)
    content = (tmp_path / "a.parquet").read_bytes()
    (tmp_path / "a.parquet").write_bytes(content.replace(b"texts", b"te\xff\xfes"))
    with pytest.raises(FormatError, match="UTF8"):
        read(tmp_path / "a.parquet")
