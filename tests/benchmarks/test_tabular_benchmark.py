"""The benchmarks on tables: splits, results that survive, worked ratios, and the command from end to end."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest

pytest.importorskip("sklearn")
pytest.importorskip("pandas")

ROOT = Path(__file__).parents[2]
TABULAR = ROOT / "benchmarks" / "tabular"
MODULES = ("fitting", "methods", "report", "results", "scores", "sets", "splits")


@pytest.fixture
def tabular(monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[str, ModuleType]]:
    """The benchmark's modules, which have everyday names, and only for one test."""
    before = dict(sys.modules)
    for name in MODULES:
        sys.modules.pop(name, None)
    monkeypatch.syspath_prepend(str(TABULAR))
    yield {name: import_module(name) for name in MODULES}
    for name in list(sys.modules):
        if name.partition(".")[0] in MODULES:
            del sys.modules[name]
    sys.modules.update({name: module for name, module in before.items() if name.partition(".")[0] in MODULES})


def command(folder: Path, *arguments: str) -> list[str]:
    return [sys.executable, str(TABULAR / "run.py"), "--results", str(folder / "results.jsonl"), *arguments]


def environment() -> dict[str, str]:
    path = os.pathsep.join(filter(None, (str(ROOT / "src"), os.environ.get("PYTHONPATH"))))
    return {**os.environ, "PYTHONPATH": path}


def run(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command(folder, *arguments),
        check=False,
        cwd=folder,
        env=environment(),
        capture_output=True,
        text=True,
        timeout=300,
    )


def rows_of(folder: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (folder / "results.jsonl").read_text(encoding="utf-8").splitlines()]


# ------------------------------------------------------------------------------------------------ the command


def test_two_sets_and_two_methods_and_nothing_to_do_the_second_time(tmp_path: Path) -> None:
    arguments = ("--sets", "iris,diabetes", "--methods", "mlp,auto", "--seeds", "0")
    done = run(tmp_path, *arguments)
    assert done.returncode == 0, done.stderr
    errors = {(row["set"], row["method"]): row["error"] for row in rows_of(tmp_path)}
    assert errors.keys() == {(name, method) for name in ("iris", "diabetes") for method in ("mlp", "auto")}
    for (name, _), error in errors.items():
        assert error < 0.2 if name == "iris" else 0.5 < error < 1.0
    assert [row["rows"] for row in rows_of(tmp_path)] == [[120, 30], [120, 30], [354, 88], [354, 88]]
    for piece in ("| iris | 1 | ", "| diabetes | 1 | ", "| iris | 1.000 |", "| chainrule auto | 2 |", "CC BY 4.0"):
        assert piece in done.stdout
    assert (tmp_path / "results.md").read_text(encoding="utf-8") == done.stdout
    before = (tmp_path / "results.jsonl").read_bytes()
    again = run(tmp_path, *arguments)
    assert (tmp_path / "results.jsonl").read_bytes() == before
    assert again.stdout == done.stdout
    assert "error" not in again.stderr
    # A fit asked for again is fitted again, with the same outcome.
    run(tmp_path, *arguments[2:], "--sets", "iris", "--again")
    assert [row["error"] for row in rows_of(tmp_path)[4:]] == [errors["iris", "mlp"], errors["iris", "auto"]]


def test_a_killed_run_loses_one_fit(tmp_path: Path) -> None:
    arguments = ("--sets", "iris,wine,diabetes", "--methods", "mlp", "--seeds", "0,1")
    file = tmp_path / "results.jsonl"
    with subprocess.Popen(
        command(tmp_path, *arguments), env=environment(), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ) as child:
        end = time.monotonic() + 120
        while not (file.exists() and file.read_bytes().count(b"\n") >= 2):
            assert time.monotonic() < end
            assert child.poll() is None
            time.sleep(0.01)
        child.send_signal(signal.SIGTERM if os.name == "nt" else signal.SIGKILL)
    kept = [line for line in file.read_bytes().splitlines(keepends=True) if line.endswith(b"\n")]
    file.write_bytes(b"".join(kept) + b'{"set": "wine", "method": "ml')  # killed while it wrote, too
    done = run(tmp_path, *arguments)
    assert done.returncode == 0, done.stderr
    lines = file.read_bytes().splitlines(keepends=True)
    assert lines[: len(kept)] == kept
    rows = [json.loads(line) for line in (*lines[: len(kept)], *lines[len(kept) + 1 :])]
    wanted = [(name, "mlp", seed) for seed in (0, 1) for name in ("iris", "wine", "diabetes")]
    assert [(row["set"], row["method"], row["seed"]) for row in rows] == wanted
    assert done.stderr.count(": error ") == len(wanted) - len(kept)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--sets", "irs"), "unknown set 'irs'"),
        (("--methods", "xgb"), "unknown method 'xgb'"),
        (("--seeds", "0,-1"), "must be whole numbers"),
    ],
)
def test_bad_arguments_of_the_tables_end_with_one_line(
    tmp_path: Path, arguments: tuple[str, str], message: str
) -> None:
    done = run(tmp_path, *arguments)
    assert done.returncode == 2
    assert message in done.stderr
    assert "Traceback" not in done.stderr


# ------------------------------------------------------------------------------------------------ its pieces


def test_splits_share_nothing_and_have_the_classes_in_equal_shares(tabular: dict[str, ModuleType]) -> None:
    split = tabular["splits"].split
    y = np.repeat(["a", "b", "c"], [600, 300, 100])
    rows = split("some", y, True, 0)
    everything = np.concatenate([rows.train, rows.valid, rows.test])
    assert sorted(everything) == list(range(1000))
    assert (len(rows.train), len(rows.valid), len(rows.test)) == (640, 160, 200)
    for part in (rows.train, rows.valid, rows.test):
        shares = [np.mean(y[part] == label) for label in "abc"]
        np.testing.assert_allclose(shares, [0.6, 0.3, 0.1], atol=1.5 / len(part))
    same, other, elsewhere = (
        split(*where) for where in (("some", y, True, 0), ("some", y, True, 1), ("b", y, True, 0))
    )
    assert np.array_equal(same.test, rows.test)
    assert not np.array_equal(other.test, rows.test)
    assert not np.array_equal(elsewhere.test, rows.test)


def test_a_cap_leaves_the_test_rows_alone(tabular: dict[str, ModuleType]) -> None:
    split, y = tabular["splits"].split, np.arange(1000.0)
    whole, capped = split("some", y, False, 3), split("some", y, False, 3, cap=100)
    assert np.array_equal(whole.test, capped.test)
    assert (len(capped.train), len(capped.valid)) == (80, 20)
    seen = {*whole.train, *whole.valid}
    assert {*capped.train, *capped.valid} < seen


def test_there_are_sets_of_every_kind_each_with_its_licence(tabular: dict[str, ModuleType]) -> None:
    sets = tabular["sets"].SETS
    assert len(sets) >= 20
    assert all(
        row.licence and row.source and row.package and row.task in ("classes", "quantity") for row in sets.values()
    )
    installed = [row for row in sets.values() if row.missing() is None]
    assert {"iris", "wine", "breast-cancer", "digits", "diabetes"} <= {row.name for row in installed}
    for row in installed:
        table = row.load()
        assert 150 <= len(table.X) == len(table.y) <= 20_000, row.name
        assert row.target not in table.X.columns
        assert {str(kind) for kind in table.X.dtypes} <= {"float64", "object"}, row.name
        assert table.y.dtype.kind == ("U" if row.classes else "f")
        assert row.classes or np.isfinite(table.y).all()
        for name in table.text:
            assert table.X[name].map(lambda cell: cell is None or isinstance(cell, str)).all(), (row.name, name)


def test_the_latest_success_counts_and_failures_are_tried_again(tabular: dict[str, ModuleType], tmp_path: Path) -> None:
    results, Result = tabular["results"].Results(tmp_path / "new" / "r.jsonl"), tabular["results"].Result
    assert results.read() == {}
    failed = Result("iris", "mlp", 0, 5000, message="ValueError: no")
    results.add(failed)
    assert not results.done(failed.key)
    results.add(Result("iris", "mlp", 0, 5000, error=0.5))
    results.add(Result("iris", "mlp", 0, 5000, error=0.25, rows=(120, 30)))
    results.add(failed)
    assert results.done(failed.key)
    assert results.read()[failed.key].error == 0.25
    assert results.read()[failed.key].rows == (120, 30)
    assert not results.done(Result("iris", "mlp", 0, 100).key)


def test_ratios_and_wins_by_hand(tabular: dict[str, ModuleType]) -> None:
    Result, scores, report = tabular["results"].Result, tabular["scores"], tabular["report"]

    def row(name: str, method: str, seed: int, error: float | None, cpu: float = 1.0) -> Any:
        return Result(name, method, seed, 5000, error, rows=(120, 50), cpu_s=cpu)

    found = scores.Scores(
        [
            row("iris", "strong", 0, 0.0, 2.0),
            row("iris", "strong", 1, 0.02, 4.0),
            row("iris", "strong", 2, 0.9, 3.0),  # a seed that the rivals lack
            row("iris", "mlp", 0, 0.06),
            row("iris", "mlp", 1, 0.04),
            row("iris", "mlp-es", 0, 0.02),
            row("iris", "mlp-es", 1, 0.04),
            row("diabetes", "strong", 0, 0.6),
            row("diabetes", "mlp", 0, 0.8),
            row("diabetes", "mlp-es", 0, None),
        ]
    )
    # Half a test row is 0.01: (0.01 + 0.01) / (0.03 + 0.01), the better MLP; nothing is added to a quantity's error.
    assert found.ratios("strong", ("mlp", "mlp-es")) == pytest.approx({"iris": 0.5, "diabetes": 0.75})
    assert found.ratios("strong", ("mlp",)) == pytest.approx({"iris": 1 / 3, "diabetes": 0.75})
    assert found.ratios("strong", ("mlp",), shift=0.1) == pytest.approx({"iris": 0.11 / 0.15, "diabetes": 0.7 / 0.9})
    assert found.ratios("strong", ("td-s",)) == {}
    assert found.time_ratios("strong", "mlp") == pytest.approx({"iris": 3.0, "diabetes": 1.0})
    assert found.mean("iris", "strong") == pytest.approx(0.92 / 3)
    assert report._mean({"a": 0.5, "b": 2.0, "c": 1.0}) == pytest.approx(1.0)
    assert report._share({"a": 0.5, "b": 2.0, "c": 1.0, "d": 0.9}) == 2.5 / 4
    assert report._judge("0.7", 0.7, "vs_mlp", -1) == "0.7 (met)"
    assert report._judge("0.8", 0.8, "vs_mlp", -1) == "0.8 (missed)"
    assert report._judge("74%", 0.74, "wins_mlp", 1) == "74% (missed)"


def test_errors_by_hand(tabular: dict[str, ModuleType]) -> None:
    error = tabular["fitting"]._error
    assert error(np.array(["a", "b", "b"]), np.array(["a", "b", "c"]), None) == pytest.approx(1 / 3)
    assert error(np.array([[1.0], [2.0]]), np.array([1.0, 5.0]), 3.0) == pytest.approx(np.sqrt(4.5) / 3)
    with pytest.raises(ValueError, match="not finite"):
        error(np.array([np.nan]), np.array([1.0]), 1.0)
    with pytest.raises(ValueError, match="2 predictions for 1 rows"):
        error(np.array([1.0, 2.0]), np.array([1.0]), 1.0)


def test_a_method_that_fails_is_in_the_table(tabular: dict[str, ModuleType], monkeypatch: pytest.MonkeyPatch) -> None:
    from sklearn.neural_network import MLPClassifier

    Key, fits = tabular["results"].Key, tabular["fitting"].Fits()
    fit = MLPClassifier.fit

    def broken(self: Any, X: Any, y: Any) -> Any:
        if len(X) == 120:
            raise ValueError("of iris it knows nothing\nat all")
        return fit(self, X, y)

    monkeypatch.setattr(MLPClassifier, "fit", broken)
    failed, fine = (fits.fit(Key(name, "mlp", 0, 5000)) for name in ("iris", "wine"))
    assert (failed.error, failed.message) == (None, "ValueError: of iris it knows nothing")
    assert fine.error is not None
    text = tabular["report"].as_markdown({row.key: row for row in (failed, fine)}, ["iris", "wine"], 5000, [0])
    assert "- iris, seed 0, scikit-learn MLP: FAILED: ValueError: of iris it knows nothing" in text


@pytest.mark.parametrize("classes", [True, False])
def test_missing_values_and_new_categories_reach_every_installed_method(
    tabular: dict[str, ModuleType], classes: bool
) -> None:
    import pandas as pd

    rng = np.random.default_rng(0)
    n = 400
    X = pd.DataFrame({"a": rng.normal(size=n), "b": rng.normal(size=n), "t": rng.choice(["x", "y", "z"], n)})
    y = np.where(X["a"] > 0, "yes", "no") if classes else 3 * X["a"].to_numpy() + (X["t"] == "x")
    X.loc[::7, "b"], X.loc[::9, "t"] = np.nan, None
    test = pd.DataFrame({"a": [2.0, -2.0], "b": [np.nan, 0.0], "t": ["new", None]})
    for frame in (X, test):
        frame["t"] = tabular["sets"]._texts(frame["t"])
        assert set(frame["t"]) <= {"x", "y", "z", "new", None}
    methods = tabular["methods"]
    names = [name for name, method in methods.METHODS.items() if method.missing() is None]
    assert {"mlp", "mlp-es", "hgb"} <= set(names)
    for name in names:
        model = methods.METHODS[name].make(methods.Fold(X, y, np.arange(320, n), ["t"], classes, 0))
        model.fit()
        predicted = model.predict(test)
        if classes:
            assert list(predicted) == ["yes", "no"], name
        else:
            assert predicted[0] > predicted[1], name
