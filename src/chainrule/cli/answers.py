"""A model's answers for rows of data, and these as further columns of the rows' own text."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from chainrule.cli.options import TextFile
from chainrule.cli.sources import Data, named
from chainrule.data import Splits, Table
from chainrule.data.csv import read_records
from chainrule.data.inputs import TableInputs
from chainrule.nn import Module
from chainrule.train import predict, predict_proba

__all__ = ["Answers", "answer", "as_csv", "unseen"]


@dataclass(frozen=True)
class Answers:
    """Predictions ``(N,)`` or ``(N, k)``, and probabilities ``(N, C)`` of the classes, where there are any."""

    predictions: np.ndarray
    probabilities: np.ndarray | None
    classes: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.predictions)

    def to_dict(self) -> dict[str, Any]:
        """The same for JSON."""
        found: dict[str, Any] = {"predictions": self.predictions}
        if self.probabilities is not None:
            found["probabilities"] = {name: self.probabilities[:, i] for i, name in enumerate(self.classes)}
        return found

    @property
    def columns(self) -> list[str]:
        """Names of the columns to add."""
        wide = self.predictions.ndim > 1
        names = [f"prediction_{i + 1}" for i in range(self.predictions.shape[1])] if wide else ["prediction"]
        return names + [f"probability_{name}" for name in self.classes if self.probabilities is not None]

    def fields(self) -> Iterable[list[str]]:
        """What to add to each row."""
        for row in range(len(self)):
            said = np.atleast_1d(self.predictions[row]).tolist()
            shares = [] if self.probabilities is None else self.probabilities[row].tolist()
            yield [f"{x:.7g}" if isinstance(x, float) else str(x) for x in said] + [f"{p:.6f}" for p in shares]


def answer(model: Module, data: Data) -> Answers:
    """Ask `model` about every row (of splits, about the test rows)."""
    rows = (data.train if data.test is None else data.test) if isinstance(data, Splits) else data
    probabilistic = model.objective is not None and model.objective.probabilistic
    predictions = predict(model, rows)
    if not probabilistic or predictions.ndim > 1:
        return Answers(predictions, None, ())
    shares = predict_proba(model, rows)
    known = None if model.preprocessing is None else model.preprocessing.classes
    return Answers(predictions, shares, tuple(known or map(str, range(shares.shape[1]))))


def unseen(model: Module, data: Data) -> list[str]:
    """Return a note for each column of categories with some that the model did not see in training."""
    fitted = model.preprocessing
    if not isinstance(data, Table) or fitted is None or not isinstance(fitted.inputs, TableInputs):
        return []
    notes = []
    for name, found in fitted.inputs.unseen(data).items():
        rows, first = sum(found.values()), next(iter(found))
        kinds = "1 category" if len(found) == 1 else f"{len(found)} categories"
        notes.append(
            f"column {name!r}: {rows:,} row{'s' * (rows > 1)} with {kinds} that training did not see, "
            f"such as {first[:40]!r}"
        )
    return notes


def as_csv(answers: Answers, source: str, data: Data, text: TextFile, out: str = "") -> tuple[str, str]:
    """Return the rows with the answers' columns behind their own, and the encoding that they came in.

    The rows of a text file are its own text, untouched; those of another table are written anew; arrays are not
    repeated, their rows are numbered from 0.

    Args:
        answers: what to add.
        source: where the data came from.
        data: the data.
        text: how `source` was read, if it is a text file.
        out: name of the file to write; ``.tsv`` asks for tabs between fields.
    """
    if isinstance(data, Table) and named(source) is None and Path(source).suffix.lower() not in {".parquet", ".pq"}:
        return _appended(source, data, answers, text, out)
    names = data.columns if isinstance(data, Table) else ["row"]
    columns = map(_texts, data.raw.values()) if isinstance(data, Table) else [map(str, range(len(answers)))]
    rows = map(list, zip(*columns, strict=True))
    return _written([*names, *_free(answers.columns, names)], rows, answers, _delimiter(out)), "utf-8"


def _delimiter(out: str, own: str = ",") -> str:
    """What stands between the fields of the file `out`, made from one that has `own` between them."""
    name = out.lower().removesuffix(".gz")
    if name.endswith((".tsv", ".tab")):
        return "\t"
    return "," if own == "\t" and name.endswith(".csv") else own


def _texts(column: np.ndarray) -> list[str]:
    return ["" if value is None or value != value else str(value) for value in column.tolist()]


def _written(header: Sequence[str] | None, rows: Iterable[list[str]], answers: Answers, delimiter: str) -> str:
    stream = io.StringIO()
    writer = csv.writer(stream, delimiter=delimiter, lineterminator="\n")
    if header is not None:
        writer.writerow(header)
    writer.writerows([*row, *fields] for row, fields in zip(rows, answers.fields(), strict=True))
    return stream.getvalue()


def _appended(source: str, data: Table, answers: Answers, text: TextFile, out: str) -> tuple[str, str]:
    asked = text.asked
    delimiter, encoding, records, _ = read_records(
        source, delimiter=asked.get("delimiter"), encoding=asked.get("encoding")
    )
    added = None if text.no_header else _free(answers.columns, data.columns)
    wanted = _delimiter(out, delimiter)
    if wanted != delimiter:
        rows = csv.reader(io.StringIO("".join(records), newline=""), delimiter=delimiter)
        header = None if added is None else [*next(rows), *added]
        return _written(header, rows, answers, wanted), encoding
    new = [*([] if added is None else [added]), *answers.fields()]
    parts = []
    for record, fields in zip(records, new, strict=True):
        line = record.rstrip("\r\n")
        end = record[len(line) :] or "\n"
        parts.append(f"{line}{delimiter}{_joined(fields, delimiter)}{end}")
    return "".join(parts), encoding


def _joined(fields: Sequence[str], delimiter: str) -> str:
    stream = io.StringIO()
    csv.writer(stream, delimiter=delimiter, lineterminator="").writerow(fields)
    return stream.getvalue()


def _free(wanted: Sequence[str], taken: Iterable[str]) -> list[str]:
    """Return the wanted names, with a number behind those that are taken."""
    used = set(taken)
    free = []
    for name in wanted:
        choice, number = name, 2
        while choice in used:
            choice, number = f"{name}_{number}", number + 1
        used.add(choice)
        free.append(choice)
    return free
