"""Commands on tables whose class labels look like something else: yes and no, 01 and 02, true and false."""

from __future__ import annotations

import csv
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Run = Callable[..., Any]


@pytest.mark.parametrize("labels", [("no", "yes"), ("false", "true"), ("01", "02"), ("1.0", "2.0"), ("$1", "$2")])
def test_a_model_is_used_on_the_table_that_it_was_trained_on(run: Run, run_json: Run, labels: tuple[str, str]) -> None:
    rows = [f"{(1 if i % 3 else -1) * (i % 10 + 5)},{i % 7},{labels[i % 3 > 0]}" for i in range(40)]
    Path("yn.csv").write_text("\n".join(["a,b,c", *rows]) + "\n")
    run("fit", "yn.csv", "--layers", "4", "--epochs", "60", "--lr", "0.1", "--seed", "0")
    model = "yn.safetensors"
    found = run_json("evaluate", model, "yn.csv")
    assert found["scores"]["accuracy"] == 1
    assert found["confusion"]["classes"] == [label.removesuffix(".0") for label in labels]
    Path("one.csv").write_text("\n".join(["a,b,c", *(row for row in rows if row.endswith(labels[1]))]) + "\n")
    assert run_json("evaluate", model, "one.csv")["scores"]["accuracy"] == 1
    said = list(csv.DictReader(run("predict", model, "yn.csv").stdout.splitlines()))
    assert [row["prediction"] for row in said] == [row["c"].removesuffix(".0") for row in said]
    assert run_json("diagnose", model, "yn.csv")["model"] == model
    assert run("explain", model, "yn.csv", "--row", "3").stdout
    run("plot", "confusion", model, "yn.csv", "--out", "c.png")
