"""Delimited text: what pandas reads, we read; what is broken is named in one line."""

from __future__ import annotations

import csv
import gzip
import io
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chainrule.data.csv import parse_csv, read_csv
from chainrule.errors import ChainruleError, ConfigError, DataError, FormatError, MissingFileError

TEXTS = st.text(st.characters(blacklist_categories=["Cs"], blacklist_characters="\0"), max_size=8)


def parse(text: str | bytes, **options: object) -> dict[str, list[str]]:
    content = text if isinstance(text, bytes) else text.encode()
    return {name: column.tolist() for name, column in parse_csv(content, "a.csv", **options).items()}


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_finds_the_delimiter(delimiter: str) -> None:
    text = f'a{delimiter}b\n1{delimiter}"x,;y"\n2{delimiter}z, w\n'
    if delimiter == ",":
        text = text.replace("z, w", '"z, w"')
    assert parse(text) == {"a": ["1", "2"], "b": ["x,;y", "z, w"]}


def test_byte_order_mark_quotes_blank_lines_and_line_ends() -> None:
    text = '\ufeffname,note\r\n\r\nAnn,"said ""hi""\nand left"\r\nBob,\r\n'
    assert parse(text) == {"name": ["Ann", "Bob"], "note": ['said "hi"\nand left', ""]}


@given(st.integers(1, 4).flatmap(lambda n: st.lists(st.lists(TEXTS, min_size=n, max_size=n), min_size=1, max_size=5)))
def test_round_trip(rows: list[list[str]]) -> None:
    stream = io.StringIO(newline="")
    writer = csv.writer(stream, quoting=csv.QUOTE_ALL)
    names = [f"c{i}" for i in range(len(rows[0]))]
    writer.writerows([names, *rows])
    read = parse(stream.getvalue(), delimiter=",")
    assert list(map(list, zip(*read.values(), strict=True))) == rows
    assert list(read) == names


def test_equals_pandas(tmp_path: Path) -> None:
    pandas = pytest.importorskip("pandas")
    rng = np.random.default_rng(0)
    frame = pandas.DataFrame({"a": rng.normal(size=50), "b": rng.integers(0, 9, 50), "c": list("xy, z" * 10)})
    frame.loc[3, "a"] = np.nan
    frame.to_csv(tmp_path / "t.csv", index=False)
    table = read_csv(tmp_path / "t.csv")
    np.testing.assert_array_equal(table["a"], frame["a"])
    np.testing.assert_array_equal(table["b"], frame["b"])


@pytest.mark.parametrize("encoding", ["cp949", "utf-16", "utf-16-le", "latin-1"])
def test_encodings_on_request(encoding: str) -> None:
    text = "이름,나이\n김,31\n이,25\n" if encoding != "latin-1" else "né,é\n1,ü\n2,ö\n"
    expected = parse(text)
    assert parse(text.encode(encoding), encoding=encoding) == expected


@pytest.mark.parametrize(
    ("content", "error", "words"),
    [
        (b"", DataError, "empty"),
        (b" \n\n", DataError, "empty"),
        (b"\xef\xbb\xbf", DataError, "empty"),
        (b"a,b\n", DataError, "header but no rows"),
        (b"a,b\n1,2\n1,2,3\n", DataError, "line 3 has 3 fields, but the header has 2"),
        (b"a,b\n1,2\n\n1\n", DataError, "line 4 has 1 field,"),
        (b"a,b,a\n1,2,3\n", DataError, "two columns are called 'a'"),
        (b"1,2,1\n1,2,3\n", DataError, "header=False"),
        ("a,b\n1,2\n".encode("utf-16"), FormatError, 'UTF-16 text.*encoding="utf-16"'),
        ("a,b\n1,2\n3,4\n".encode("utf-16-le"), FormatError, 'UTF-16 text.*encoding="utf-16"'),
        ("이름,나이\n김,31\n".encode("cp949"), FormatError, 'line 1.*encoding="cp949"'),
        (b"a,b\n1,\xff\n", FormatError, "line 2.*latin-1"),
        (b"a,b\n1,2\n3,\0\n", FormatError, "NUL byte in line 3"),
        (b'a,b\n1,2\n"3,4\n5,6\n', DataError, "line 3.*never closed"),
        (b'a,b\n1,"x"y\n', DataError, "line 2"),
        (b"PK\x03\x04junk", FormatError, "workbook"),
        (b"PAR1junk", FormatError, "Parquet"),
    ],
)
def test_broken_files_are_named_in_one_line(content: bytes, error: type[Exception], words: str) -> None:
    with pytest.raises(error, match=words) as caught:
        parse(content)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "options", [{"delimiter": ",,"}, {"delimiter": '"'}, {"encoding": "utf-99"}, {"encoding": "hex"}, {"decimal": "x"}]
)
def test_options_that_make_no_sense(options: dict[str, str]) -> None:
    with pytest.raises((ConfigError, FormatError)):
        parse("a,b\n1,2\n", **options)


@given(st.binary(max_size=60))
def test_any_bytes_give_a_table_or_one_of_our_errors(content: bytes) -> None:
    try:
        columns = parse(content)
    except ChainruleError:
        return
    assert len({len(column) for column in columns.values()}) == 1


def test_no_header_unnamed_columns_and_decimal_comma() -> None:
    assert parse("1,2\n3,4\n", header=False) == {"column 1": ["1", "3"], "column 2": ["2", "4"]}
    assert list(parse("a,,\n1,2,\n")) == ["a", "column 2", "column 3"]
    assert parse("a;b\n1,5;x,y\n1.000,5;-\n", decimal=",") == {"a": ["1.5", "1000.5"], "b": ["x,y", "-"]}


def test_files(tmp_path: Path) -> None:
    (tmp_path / "t.csv.gz").write_bytes(gzip.compress(b"a,y\n1,2\n3,4\n"))
    table = read_csv(tmp_path / "t.csv.gz", "a")
    assert (table.name, table.target, len(table)) == ("t", "a", 2)
    (tmp_path / "cut.csv.gz").write_bytes(gzip.compress(b"a,y\n1,2\n3,4\n")[:-9])
    with pytest.raises(FormatError, match="damaged"):
        read_csv(tmp_path / "cut.csv.gz")
    with pytest.raises(MissingFileError, match="Did you mean"):
        read_csv(tmp_path / "t.csv.g")


def test_thousands_of_columns_and_huge_numbers() -> None:
    names = [f"c{i}" for i in range(5000)]
    read = parse(",".join(names) + "\n" + ",".join(["9" * 40] * 5000) + "\n")
    assert len(read) == 5000
    assert read["c4999"] == ["9" * 40]


def test_large_numeric_files_take_the_short_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    values = np.random.default_rng(0).normal(size=(50, 4))
    text = "a,b,c,d\n" + "\n".join(",".join(map(repr, row)) for row in values.tolist()) + "\n"
    slow = parse(text)
    monkeypatch.setattr("chainrule.data.csv.LARGE", 0)
    fast = parse_csv(text.encode(), "a.csv")
    assert fast["a"].dtype == np.float64
    assert slow["a"][0] == repr(values.tolist()[0][0])
    np.testing.assert_array_equal(np.stack(list(fast.values()), axis=1), values)
    assert parse("a,b\n1,\n2,3\n") == {"a": ["1", "2"], "b": ["", "3"]}  # a gap leads back to the long way
    with pytest.raises(DataError, match="line 3"):
        parse("a,b\n1,2\n3\n")
