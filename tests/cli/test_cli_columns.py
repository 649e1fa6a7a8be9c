"""Options for columns, lines named in errors, and what is found before anything is shown."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Run = Callable[..., Any]
QUICK = ("--layers", "4", "--epochs", "1")


def table(rows: int = 40, head: str = "id,zip,size,kind") -> list[str]:
    lines = [f"{7 * i % 40},{i % 3},{i % 5 if i % 4 else -99},{'yes' if i % 2 else 'no'}" for i in range(rows)]
    return [head, *lines]


@pytest.fixture
def file() -> Path:
    path = Path("t.csv")
    path.write_text("\n".join(table()) + "\n")
    return path


def test_columns_are_dropped_and_given_kinds(run_json: Run, file: Path) -> None:
    assert run_json("fit", file, *QUICK)["data"]["features"] == 3
    found = run_json(
        *("fit", file, *QUICK, "--drop", "id", "--kind", "zip=categorical", "--missing", "-99", "--drop", "size")
    )
    assert found["data"]["features"] == 4
    inputs = run_json("info", "t.safetensors")["preprocessing"]["inputs"]
    assert inputs["missing"] == ["-99"]
    assert [column["name"] for column in inputs["columns"]] == ["zip"]
    assert run_json("fit", file, *QUICK, "--drop", "id,zip")["data"]["features"] == 1
    assert run_json("fit", "penguins", *QUICK, "--drop", "island,sex")["data"]["rows"]["test"] > 0


def test_columns_that_do_not_exist(run: Run, file: Path) -> None:
    assert "Did you mean 'zip'" in run("fit", file, "--drop", "zipp", code=2).stderr
    assert "Did you mean 'size'" in run("fit", file, "--kind", "sise=numeric", code=2).stderr
    assert "Did you mean 'numeric'" in run("fit", file, "--kind", "size=numerik", code=2).stderr
    assert "COLUMN=KIND" in run("fit", file, "--kind", "size", code=2).stderr


def test_errors_speak_of_options_and_lines(run: Run, file: Path) -> None:
    lines = table()
    lines[10:10] = ["", ""]
    lines[20] = "1,2,big,yes"
    file.write_text("\n".join(lines) + "\n")
    told = run("fit", file, "--kind", "size=numeric", code=2).stderr
    assert "'big' in line 21" in told
    file.write_bytes("이름,나이\n김,31\n".encode("cp949"))
    told = run("fit", file, code=2).stderr
    assert "--encoding cp949 (Korean Windows) or latin-1" in told
    assert "encoding=" not in told
    file.write_bytes("a,b\n1,2\n".encode("utf-16"))
    assert "--encoding utf-16" in run("fit", file, code=2).stderr
    file.write_text("1,1\n2,2\n")
    assert "--no-header" in run("fit", file, code=2).stderr
    file.write_text("a;y\n1,234;no\n2,345;yes\n")
    assert "--decimal , or --decimal ." in run("fit", file, code=2).stderr


def test_predict_names_lines(run: Run, file: Path) -> None:
    run("fit", file, *QUICK, "--quiet")
    Path("new.csv").write_text("id,zip,size\n1,2,3\n4,x,6\n")
    assert "'x' in line 3" in run("predict", "t.safetensors", "new.csv", code=2).stderr


@pytest.mark.parametrize(
    "option",
    [
        ("--layers", "4,x"), ("--activation", "rleu"), ("--optimizer", "adan"), ("--lr", "-1"), ("--loss", "mean"),
        ("--loss", "mse"), ("--engine", "jet"), ("--schedule", "cosin"), ("--task", "guess"),
        ("--early-stopping", "3", "--validation", "0"), ("--test", "35"),
    ],
)  # fmt: skip
def test_bad_options_are_found_before_anything_is_shown(run: Run, file: Path, option: tuple[str, ...]) -> None:
    assert run("fit", file, *option, code=2).stdout == ""


def test_too_few_rows_are_left_for_training(run: Run, file: Path) -> None:
    assert "5 rows would be left" in run("fit", file, "--test", "35", code=2).stderr
    run("fit", file, "--test", "30", *QUICK, "--quiet")


def test_a_loss_that_rises_fails_with_code_1(run: Run) -> None:
    Path("t.csv").write_text("a,b,y\n" + "".join(f"{i},{i * i % 7},{(i * 37) % 11}.5\n" for i in range(60)))
    options = ("--optimizer", "sgd", "--layers", "none", "--epochs", "8", "--batch-size", "60")
    result = run("fit", "t.csv", *options, "--lr", "3", "--quiet", code=1)
    assert "diverged" in result.stderr
    assert "--lr" in result.stderr
    assert not Path("t.safetensors").exists()
    run("fit", "t.csv", *options, "--lr", "0.1", "--quiet")


def test_categories_that_training_did_not_see_are_counted(run: Run) -> None:
    Path("t.csv").write_text("town,y\n" + "".join(f"{'Oslo' if i % 3 else 'Bonn'},{i % 2}\n" for i in range(40)))
    run("fit", "t.csv", *QUICK, "--quiet")
    Path("new.csv").write_text("town\nOslo\nRome\nRome\nBern\n\n")
    told = run("predict", "t.safetensors", "new.csv").stderr
    assert told == "Note: column 'town': 3 rows with 2 categories that training did not see, such as 'Rome'\n"
    assert run("predict", "t.safetensors", "t.csv").stderr == ""
