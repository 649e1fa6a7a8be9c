"""Frames of any library, Parquet, NPZ: the same columns come out."""

from __future__ import annotations

import datetime
import io
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import numpy as np
import pytest

from chainrule.data import Dataset, Splits, Table, read, read_parquet
from chainrule.data.frames import columns_of
from chainrule.errors import (
    ConfigError,
    DataError,
    DTypeError,
    FormatError,
    MissingDependencyError,
    MissingFileError,
    ShapeError,
    UnknownNameError,
)

DAYS = [datetime.date(2024, 1, 1), None, datetime.date(2024, 3, 5), datetime.date(2023, 1, 1)] * 3
COLUMNS = {
    "whole": [1, None, 3, 4] * 3,
    "real": [0.5, 1.5, None, 2.5] * 3,
    "flag": [True, None, False, True] * 3,
    "word": ["a", "b", None, "a"] * 3,
    "day": DAYS,
    "y": ["p", "q"] * 6,
}


def expected() -> np.ndarray:
    return Table(COLUMNS).prepare(test=0).train.inputs


def test_pandas() -> None:
    pandas = pytest.importorskip("pandas")
    plain = pandas.DataFrame(COLUMNS)
    nullable = pandas.DataFrame(COLUMNS).convert_dtypes()
    category = plain.assign(word=plain["word"].astype("category"), day=pandas.to_datetime(plain["day"]))
    for frame in (plain, nullable, category):
        np.testing.assert_array_equal(Table(frame).prepare(test=0).train.inputs, expected())
    with pytest.raises(DataError, match="two columns are called 'a'"):
        Table(pandas.DataFrame([[1, 2]], columns=["a", "a"]))
    assert list(columns_of(pandas.DataFrame([[1, 2]]))) == ["0", "1"]


def test_polars() -> None:
    polars = pytest.importorskip("polars")
    frame = polars.DataFrame(COLUMNS)
    for other in (frame, frame.with_columns(polars.col("word").cast(polars.Categorical))):
        np.testing.assert_array_equal(Table(other).prepare(test=0).train.inputs, expected())
    with pytest.raises(DTypeError, match="column 'a' holds"):
        Table(polars.DataFrame({"a": [[1], [2, 3]]})).schema


def test_pyarrow_and_its_protocols() -> None:
    pa = pytest.importorskip("pyarrow")
    table = pa.table(COLUMNS)

    class Stream:
        def __arrow_c_stream__(self, requested_schema: object = None) -> object:
            return table.__arrow_c_stream__(requested_schema)

    class Interchange:
        def __dataframe__(self, **options: object) -> object:
            return table.drop_columns(["flag", "day"]).__dataframe__(**options)

    encoded = table.set_column(3, "word", table["word"].dictionary_encode())
    for frame in (table, encoded, Stream(), table.to_batches()[0]):
        np.testing.assert_array_equal(Table(frame).prepare(test=0).train.inputs, expected())
    assert list(columns_of(Interchange())) == ["whole", "real", "word", "y"]


def test_single_columns_are_no_frames() -> None:
    fit = Table(COLUMNS).prepare(test=0).train.preprocessing
    labels = ["p", "q", "q"]
    for library, make in (("pandas", "Series"), ("polars", "Series"), ("pyarrow", "chunked_array")):
        module = pytest.importorskip(library)
        column = getattr(module, make)([labels] if library == "pyarrow" else labels)
        assert fit.transform_targets(column).tolist() == [0, 1, 1]


def test_records_mappings_and_structured_arrays() -> None:
    records = [dict(zip(COLUMNS, row, strict=True)) for row in zip(*COLUMNS.values(), strict=True)]
    np.testing.assert_array_equal(Table(records).prepare(test=0).train.inputs, expected())
    structured = np.array([(1, 2.0), (3, 4.0)], dtype=[("a", "i4"), ("b", "f8")])
    assert {name: column.tolist() for name, column in columns_of(structured).items()} == {"a": [1, 3], "b": [2, 4]}
    assert columns_of({"a": 1, "b": "x"})["b"].tolist() == ["x"]
    assert columns_of({"a": [1, "x"]})["a"].tolist() == [1, "x"]
    for wrong, error in ((5, DTypeError), ("text", DTypeError), ({}, DataError), ({"a": [1], "b": [1, 2]}, ShapeError)):
        with pytest.raises(error):
            Table(wrong)


def test_parquet(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pa = pytest.importorskip("pyarrow")
    pq = pytest.importorskip("pyarrow.parquet")
    pq.write_table(pa.table(COLUMNS), tmp_path / "t.parquet")
    np.testing.assert_array_equal(read(tmp_path / "t.parquet").prepare(test=0).train.inputs, expected())
    assert read_parquet(tmp_path / "t.parquet", "word").target == "word"
    whole = (tmp_path / "t.parquet").read_bytes()
    for content in (b"", b"a,b\n1,2\n", whole[:-20], whole[20:]):
        (tmp_path / "bad.parquet").write_bytes(content)
        with pytest.raises(FormatError, match="Parquet") as caught:
            read(tmp_path / "bad.parquet")
        assert "\n" not in str(caught.value)
    pq.write_table(pa.table({"a": pa.array([], pa.int64())}), tmp_path / "none.parquet")
    with pytest.raises(DataError, match="no rows"):
        read(tmp_path / "none.parquet")
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(MissingDependencyError, match=r'pip install "chainrule\[tables\]"'):
        read(tmp_path / "t.parquet")


def test_npz(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(9, 3)), np.array(["u", "v", "w"] * 3)
    np.savez_compressed(tmp_path / "one.npz", X=np.asfortranarray(x), y=y)
    one = read(tmp_path / "one.npz")
    assert isinstance(one, Dataset)
    assert one.classes == ["u", "v", "w"]
    np.testing.assert_array_equal(one.inputs, x.astype(np.float32))
    np.savez(tmp_path / "two.npz", x_train=x, y_train=y, x_val=x[:2], y_val=y[:2], x_test=x[:1], y_test=y[2:3])
    two = read(tmp_path / "two.npz")
    assert isinstance(two, Splits)
    assert two.test.targets.tolist() == [2]
    assert len(two.validation) == 2


def test_damaged_npz(tmp_path: Path) -> None:
    path = tmp_path / "a.npz"
    np.savez(path, x=np.array([{"a": 1}], dtype=object), y=[1])
    with pytest.raises(FormatError, match="pickled objects"):
        read(path)
    np.savez(path, weights=np.zeros(3))
    with pytest.raises(DataError, match="no inputs"):
        read(path)
    np.savez_compressed(path, x=np.arange(40.0).reshape(20, 2), y=np.arange(20) % 2)
    whole = path.read_bytes()
    for cut in range(0, len(whole), 7):
        path.write_bytes(whole[:cut])
        with pytest.raises(FormatError):
            read(path)
    for place in range(0, len(whole), 3):
        damaged = bytearray(whole)
        damaged[place] ^= 0xFF
        path.write_bytes(bytes(damaged))
        try:
            read(path)
        except (FormatError, DataError, ShapeError, DTypeError):
            continue


def test_npz_declaring_more_than_it_holds(tmp_path: Path) -> None:
    stream = io.BytesIO()
    np.lib.format.write_array_header_1_0(stream, {"descr": "<f8", "fortran_order": False, "shape": (10**12, 2)})
    with zipfile.ZipFile(tmp_path / "a.npz", "w") as archive:
        archive.writestr("x.npy", stream.getvalue())
    with pytest.raises(FormatError, match="truncated"):
        read(tmp_path / "a.npz")


def test_reading_by_suffix(tmp_path: Path) -> None:
    (tmp_path / "t.tsv").write_text("a,b\ty\n1\t2\n3\t4\n")
    assert read(tmp_path / "t.tsv").columns == ["a,b", "y"]
    (tmp_path / "t.doc").write_text("x")
    with pytest.raises(UnknownNameError, match="kind of file"):
        read(tmp_path / "t.doc")
    with pytest.raises(UnknownNameError, match="unknown column 'z'"):
        read(tmp_path / "t.tsv", "z")
    with pytest.raises(ConfigError, match="option 'sep'"):
        read(tmp_path / "t.tsv", sep=";")
    with pytest.raises(MissingFileError, match="does not exist"):
        read(tmp_path / "none.csv")
    with pytest.raises(MissingFileError, match="folder"):
        read(tmp_path)


def test_nothing_heavy_is_imported() -> None:
    code = (
        "import sys, chainrule.data as d\n"
        "t = d.load('penguins'); t.prepare(); d.load('xor'); d.from_arrays([[1.], [2.]], [0, 1])\n"
        "heavy = {'pandas', 'polars', 'pyarrow', 'sklearn', 'scipy', 'urllib.request', 'http.client'}\n"
        "print(sorted(heavy & set(sys.modules)))"
    )
    source = {"PYTHONPATH": str(Path(columns_of.__code__.co_filename).parents[2])}
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=os.environ | source)
    assert (done.stdout.strip(), done.stderr) == ("[]", "")
