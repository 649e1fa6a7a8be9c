"""What is shown on screens that are narrow, or cannot hold every character."""

from __future__ import annotations

import codecs
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import chainrule as cr


def shown(table: object, width: int = 80) -> str:
    from rich.console import Console

    console = Console(width=width)
    with console.capture() as capture:
        console.print(table)
    return capture.get()


@pytest.mark.parametrize("encoding", ["ascii", "cp949", "latin-1", "utf-8"])
def test_formulas_keep_their_signs_in_every_encoding(encoding: str) -> None:
    sources = str(Path(cr.__file__).parents[1])
    told = subprocess.run(
        [sys.executable, "-m", "chainrule", "gate", "nand"],
        check=True,
        capture_output=True,
        env={**os.environ, "PYTHONPATH": sources, "PYTHONIOENCODING": encoding},
        timeout=60,
    ).stdout.decode(encoding)
    equation = next(line for line in told.splitlines() if line.startswith("y = "))
    assert "?" not in equation
    assert equation.count("−" if encoding == "utf-8" else "-") == 2
    assert ("σ(" if encoding in {"utf-8", "cp949"} else "sigmoid(") in equation


def test_only_what_cannot_be_held_is_replaced() -> None:
    from chainrule.cli.encoding import ERRORS, soften_output

    soften_output()
    assert "a−b→…한".encode("latin-1", ERRORS) == b"a-b->...?"
    assert "−한".encode("cp949", ERRORS) == b"-" + "한".encode("cp949")
    with pytest.raises(UnicodeDecodeError):
        b"\xff".decode("ascii", ERRORS)
    assert codecs.lookup_error(ERRORS)


@pytest.mark.parametrize("classes", [2, 3, 10, 12])
@pytest.mark.parametrize("most", [9, 99, 1000])
@pytest.mark.parametrize("width", [40, 60, 80])
def test_confusion_matrices_never_lose_digits(classes: int, most: int, width: int) -> None:
    from chainrule.cli.tables import confusion_table

    matrix = np.full((classes, classes), most) - np.arange(classes)
    names = [f"class {chr(97 + i)}" for i in range(classes)]
    text = shown(confusion_table(matrix, names, width), width)
    assert "…" not in text
    assert str(most) in text
    if classes == 10 and width == 80 and most < 1000:
        assert "mistakes" not in text
        assert "found" in text
    if classes == 10 and width == 40:
        assert "Commonest mistakes" in text


def test_brackets_in_the_users_names_are_no_markup() -> None:
    from chainrule.cli.tables import confusion_table, grid

    told = shown(confusion_table(np.eye(2, dtype=np.int64), ["[/]", "[red]"]))
    assert told.count("[/]") == told.count("[red]") == 2
    table = grid("[bold]", title="a[red].csv")
    table.add_row("[/nothing]")
    told = shown(table)
    for text in ("[bold]", "a[red].csv", "[/nothing]"):
        assert text in told
