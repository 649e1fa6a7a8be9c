"""Records of runs: what they hold, how they are found and compared, and what becomes of damaged ones."""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import chainrule as cr
from chainrule import nn
from chainrule.errors import ChainruleError, ConfigError, DTypeError, FormatError, MissingFileError, UnknownNameError
from chainrule.files import locked
from chainrule.train import Checkpoints, EarlyStopping, LambdaCallback, Recording, Run, Runs
from chainrule.train.runs import names, parts
from chainrule.train.runs.index import INDEX
from chainrule.train.runs.repository import commit_of

X = np.random.default_rng(0).standard_normal((40, 3)).astype(np.float32)
Y = (X[:, 0] > 0).astype(int)


def fit(record: Any = None, **options: Any) -> tuple[cr.History, nn.Module]:
    cr.manual_seed(0)
    width = options.pop("width", 4)
    model = nn.Sequential(nn.Linear(3, width), nn.Tanh(), nn.Linear(width, 2))
    usual: dict[str, Any] = {"epochs": 3, "seed": 0, "verbose": 0, "engine": "eager", "validation": 0.25}
    return cr.fit(model, (X, Y), record=record, **{**usual, **options}), model


@pytest.fixture(autouse=True)
def _no_waiting_for_disks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "fsync", lambda handle: None)


@pytest.fixture(scope="module")
def three(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("three") / "runs"
    fit(folder, lr=0.1)
    fit(folder, lr=0.1, width=6, callbacks=[EarlyStopping(patience=9)])
    fit(Recording(folder, name="slow"), lr=0.001)
    return folder


@pytest.fixture
def root(three: Path, tmp_path: Path) -> Path:
    """A folder with three runs; the newest is called "slow"."""
    found = Path(shutil.copytree(three, tmp_path / "runs"))
    list(Runs(found))  # the copies have times of their own
    return found


# --------------------------------------------------------------------------------------------- what is recorded


def test_a_run_without_a_record_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert fit()[0].run is None
    assert not list(tmp_path.iterdir())


def test_the_numbers_are_those_of_a_run_without_a_record(tmp_path: Path) -> None:
    (plain, one), (recorded, other) = fit(), fit(tmp_path)
    assert dict(plain) == dict(recorded)
    for name, value in one.state_dict().items():
        assert value._data.tobytes() == other.state_dict()[name]._data.tobytes()


def test_what_a_record_holds(tmp_path: Path) -> None:
    before = datetime.now(UTC)
    history, model = fit(Recording(tmp_path / "runs", name="first", program={"why": "test"}), lr=0.1, clip_norm=1.0)
    assert history.run is not None
    files = {"configuration.json", "environment.json", "history.json", "lock", "metrics.json", "model.safetensors"}
    assert {path.name for path in history.run.iterdir()} == files | {"run.json"}
    run = Runs(tmp_path / "runs")["first"]
    assert (run.id, run.path) == (history.run.name, history.run)
    assert (run.status, run.epochs, run.parts, run.problem) == ("finished", 3, 1, None)
    assert names.timestamp(before) <= run.started < str(run.ended) <= names.timestamp(datetime.now(UTC))
    assert run.seconds == pytest.approx(history.seconds, abs=0.1)
    assert dict(run.history) == dict(history)
    assert (run.history.engine, run.history.seed, run.history.run) == ("eager", 0, run.path)
    assert run.metrics == {name: curve[-1] for name, curve in history.items() if name != "lr"}
    assert run.higher_is_better == {"loss": False, "accuracy": True, "val_loss": False, "val_accuracy": True}
    expected = {
        "rows": 30, "validation_rows": 10, "task": "multiclass", "widths": "3-4-2", "optimizer": "adam", "lr": 0.1,
        "network": "Linear(3→4), Tanh, Linear(4→2)", "epochs": 3, "batch_size": 30, "clip_norm": 1.0, "seed": 0,
        "manual_seed": 0, "engine": "eager", "schedule": None, "parameters": 26, "dtype": "float32",
        "shuffle": False, "drop_last": False,
    }  # fmt: skip
    expected["batch_size"] = run.settings["batch_size"]
    assert {name: run.settings[name] for name in expected} == expected
    assert run.configuration["program"] == {"why": "test"}
    assert run.configuration["training"]["optimizer"]["options"]["betas"] == [0.9, 0.999]
    environment = run.environment
    assert environment["chainrule"] == cr.__version__
    assert environment["numpy"] == np.__version__
    assert environment["processors"] == os.cpu_count()
    loaded = run.load()
    assert loaded.history == dict(history)
    np.testing.assert_array_equal(cr.predict_proba(loaded, X), cr.predict_proba(model, X))


def test_a_last_batch_that_is_left_out_is_recorded(tmp_path: Path) -> None:
    fit(tmp_path, batch_size=8, drop_last=True)
    fit(tmp_path, batch_size=10, drop_last=True)
    whole, left_out = Runs(tmp_path)
    assert (whole.settings["drop_last"], left_out.settings["drop_last"]) == (False, True)
    assert left_out.configuration["training"]["drop_last"] is True


def test_initial_weights_and_data_are_told_apart(tmp_path: Path) -> None:
    fit(tmp_path)
    fit(tmp_path)
    cr.manual_seed(1)
    cr.fit(nn.Sequential(nn.Linear(3, 2)), (X[:, ::-1].copy(), Y), record=tmp_path, verbose=0)
    third, second, first = Runs(tmp_path)
    for name in ("initial_weights", "data_checksum"):
        assert first.settings[name] == second.settings[name] != third.settings[name]


def test_metrics_are_those_of_the_epoch_that_the_model_has(tmp_path: Path) -> None:
    worse = iter([0.5, 0.9, 0.9])

    def spoil(epoch: int, logs: Any) -> None:
        logs["val_loss"] = next(worse)

    history, _ = fit(tmp_path, callbacks=[LambdaCallback(spoil), EarlyStopping(patience=2)], lr=0.1)
    run = Runs(tmp_path)["latest"]
    assert history.best_epoch == run.best_epoch == 1
    assert run.metrics["loss"] == history["loss"][0]
    assert run.stopped == history.stopped


@pytest.mark.parametrize(
    ("error", "status", "problem"),
    [(RuntimeError("it\nbroke"), "failed", "it broke"), (KeyboardInterrupt(), "interrupted", None)],
)
def test_a_run_that_raises(tmp_path: Path, error: BaseException, status: str, problem: str | None) -> None:
    def fail(epoch: int, logs: Any) -> None:
        if epoch == 1:
            raise error

    with pytest.raises(type(error)):
        fit(tmp_path, callbacks=[LambdaCallback(fail)])
    run = Runs(tmp_path)["latest"]
    assert (run.status, run.problem, run.has_model, run.metrics) == (status, problem, False, {})
    assert run.history.epochs == run.epochs >= 1
    with pytest.raises(FormatError, match="holds no model"):
        run.load()


def test_a_run_that_diverges_at_once(tmp_path: Path) -> None:
    with pytest.raises(cr.errors.TrainingError):
        cr.fit(nn.Linear(3, 1), (X, 1e30 * X[:, 0]), loss="mse", record=tmp_path, verbose=0)
    run = Runs(tmp_path)["latest"]
    assert run.status == "failed"
    assert "not finite" in str(run.problem) or "became" in str(run.problem)
    with pytest.raises(MissingFileError, match=r"lacks history\.json"):
        _ = run.history


def test_what_is_wrong_with_the_call_leaves_no_record(tmp_path: Path) -> None:
    with pytest.raises(UnknownNameError):
        fit(tmp_path / "runs", optimizer="adm")
    assert not (tmp_path / "runs").exists()


def test_long_curves_are_thinned(tmp_path: Path) -> None:
    from chainrule.train.runs.run import MOST_EPOCHS

    cr.fit(
        nn.Linear(3, 1), (X, X[:, :1]), epochs=MOST_EPOCHS + 7, batch_size=40, record=tmp_path, metrics=[], verbose=0
    )
    history = Runs(tmp_path)["latest"].history
    assert len(history["loss"]) == MOST_EPOCHS
    assert history["epoch"][-1] == MOST_EPOCHS + 7


def test_an_infinite_metric_comes_back(tmp_path: Path) -> None:
    def far(outputs: Any, targets: Any) -> float:
        return float("inf")

    history, _ = fit(tmp_path, metrics=[far])
    run = Runs(tmp_path)["latest"]
    assert run.metrics["far"] == float("inf")
    assert run.history["far"] == history["far"]
    assert json.loads(run.to_json())["metrics"]["far"] == "Infinity"


def test_a_loss_that_no_file_can_describe(tmp_path: Path) -> None:
    class Mine(cr.losses.CrossEntropyLoss):
        pass

    fit(tmp_path, loss=Mine())
    run = Runs(tmp_path)["latest"]
    assert (run.status, run.has_model) == ("finished", False)
    assert "the model is not in the record" in str(run.problem)


def test_a_layer_of_the_users_own(tmp_path: Path) -> None:
    class Twice(nn.Module):
        keeps_shape = True

        def forward(self, x: Any) -> Any:
            return x + x

    model = nn.Sequential(nn.Linear(3, 2), Twice())
    cr.fit(model, (X, Y), record=tmp_path, verbose=0)
    run = Runs(tmp_path)["latest"]
    assert run.settings["network"] == "Linear(3→2), Twice"
    run.load(into=nn.Sequential(nn.Linear(3, 2), Twice()))


def test_curves_are_written_while_training_goes_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("chainrule.train.runs.recording._FIRST", 0.0)
    monkeypatch.setattr("chainrule.train.runs.recording._SHARE", 0)
    seen: list[int] = []

    def look(epoch: int) -> None:
        run = Runs(tmp_path)["latest"]
        assert run.status == "running"
        seen.append(run.history.epochs if epoch else 0)

    fit(tmp_path, callbacks=[LambdaCallback(on_epoch_begin=look)])
    assert seen == [0, 1, 2]


@pytest.mark.parametrize(
    ("make", "error"),
    [
        (lambda: Recording(3), DTypeError),
        (lambda: Recording(""), ConfigError),
        (lambda: Recording("runs", name=""), ConfigError),
        (lambda: Recording("runs", name="a\nb"), ConfigError),
        (lambda: Recording("runs", name="20261122-031512-d7q3f"), ConfigError),
        (lambda: Recording("runs", name=7), DTypeError),
        (lambda: fit(7), DTypeError),
    ],
)
def test_bad_settings(make: Callable[[], Any], error: type[ChainruleError]) -> None:
    with pytest.raises(error) as caught:
        make()
    assert "\n" not in str(caught.value)


# --------------------------------------------------------------------------------------------- resumed runs


def test_a_resumed_run_goes_on_in_its_record(tmp_path: Path) -> None:
    runs, checkpoint = tmp_path / "runs", Checkpoints(tmp_path / "checkpoints", every=1)
    first, _ = fit(Recording(runs, name="long"), checkpoint=checkpoint, resume=True)
    again, _ = fit(runs, checkpoint=checkpoint, resume=True, epochs=5)
    assert first.run == again.run
    (run,) = Runs(runs)
    assert (run.name, run.parts, run.epochs, run.settings["epochs"], run.status) == ("long", 2, 5, 5, "finished")
    assert dict(run.history) == dict(again) == dict(fit(epochs=5)[0])
    assert fit(runs)[0].run != first.run  # without the checkpoints it is another one
    assert len(Runs(runs)) == 2


@pytest.mark.parametrize("spoil", ["link", "gone", "damaged", "outside", "moved"])
def test_a_resumed_run_whose_record_cannot_be_gone_on_with(tmp_path: Path, spoil: str) -> None:
    runs, folder = tmp_path / "runs", tmp_path / "checkpoints"
    first, _ = fit(runs, checkpoint=Checkpoints(folder, every=1))
    assert first.run is not None
    if spoil == "link":
        (folder / "record.json").write_text("[" * 2000)
    elif spoil == "gone":
        shutil.rmtree(first.run)
    elif spoil == "damaged":
        (first.run / "run.json").write_text("{}")
    elif spoil == "moved":
        first.run.rename(tmp_path / "elsewhere")
        first.run.symlink_to(tmp_path / "elsewhere")
    else:
        (folder / "record.json").write_text(
            '{"format": "chainrule.run-of-checkpoints", "version": 1, "id": "../checkpoints"}'
        )
    if spoil == "damaged":
        with pytest.warns(UserWarning, match="begins anew"):
            again, _ = fit(runs, checkpoint=folder, resume=True, epochs=4)
    else:
        again, _ = fit(runs, checkpoint=folder, resume=True, epochs=4)
    assert again.run not in (None, first.run)
    assert again.epochs == 4


# --------------------------------------------------------------------------------------------- names


def test_ids_sort_by_time() -> None:
    moments = [datetime(2026, 11, 22, 3, 15, second, part, UTC) for second in (9, 10) for part in (0, 977, 500_000)]
    found = [names.new_id(moment) for moment in moments]
    assert found == sorted(found)
    assert all(names.is_id(one) for one in found)
    assert found[0].startswith("20261122-031509-00")
    assert len({names.new_id(moments[0]) for _ in range(200)}) > 150


@pytest.mark.parametrize(
    "name",
    [
        *("", "..", "../20261122-031512-d7q3f", "20261122-031512-d7q3f/", "20261122-031512-D7Q3F"),
        *("20261122-031512-d7q3f\n", "iris", "20261122-031512-ilou0"),
    ],
)
def test_what_is_no_id(name: str) -> None:
    assert not names.is_id(name)


def test_finding_runs(root: Path) -> None:
    runs = Runs(root)
    newest, middle, oldest = runs
    assert len(runs) == 3
    assert newest.name == "slow"
    assert runs["slow"].id == runs["latest"].id == runs[newest.id].id == newest.id
    assert runs[middle.id[-5:]].id == middle.id
    assert runs[oldest.id[:-1]].id == oldest.id or oldest.id[:-1] == middle.id[:-1]
    with pytest.raises(ConfigError, match=r"'2' is not one run alone.*Write more"):
        runs["2"]
    with pytest.raises(UnknownNameError, match="Did you mean 'slow'"):
        runs["slwo"]
    near = newest.id[:-1] + ("0" if newest.id[-1] != "0" else "1")
    with pytest.raises(UnknownNameError, match="Did you mean"):
        runs[near]
    for hostile in ("../runs", "..", "/etc/passwd", "", "\0", "x" * 100_000):
        with pytest.raises((UnknownNameError, ConfigError)) as caught:
            runs[hostile]
        assert len(str(caught.value)) < 600
        assert "\n" not in str(caught.value)


def test_no_folder(tmp_path: Path) -> None:
    with pytest.raises(MissingFileError, match="no folder of runs"):
        Runs(tmp_path / "none")
    (tmp_path / "file").touch()
    with pytest.raises(MissingFileError, match="no folder of runs"):
        Runs(tmp_path / "file")
    assert list(Runs(tmp_path)) == []


# --------------------------------------------------------------------------------------------- comparing, changing


def test_comparing(root: Path) -> None:
    runs = Runs(root)
    slow, wide, first = runs
    found = runs.compare(first.id, wide.id, "slow")
    differ = {one.name: one.values for one in found.settings}
    assert differ["lr"] == (0.1, 0.1, 0.001)
    assert differ["widths"] == ("3-4-2", "3-6-2", "3-4-2")
    assert differ["callbacks"][0] is None
    assert "monitor=val_loss, patience=9" in str(differ["callbacks"][1])
    assert set(differ) == {"lr", "widths", "callbacks"}  # parameters and initial weights follow from the widths
    assert found.environment == ()
    rows = {row.name: row for row in found.metrics}
    losses = [run.metrics["val_loss"] for run in (first, wide, slow)]
    assert rows["val_loss"].values == tuple(losses)
    assert rows["val_loss"].best == (int(np.argmin(losses)),)
    assert rows["val_accuracy"].higher_is_better
    assert found.labels()[0] == f"{first.id[-5:]}: widths 3-4-2, lr 0.1, callbacks –"
    json.dumps(found.to_dict(), allow_nan=False)
    assert Run.schema()["$defs"]["Run"]["properties"]["path"]["type"] == "string"
    lines = found.lines("en")
    assert lines[0].split() == [first.id[-5:], wide.id[-5:], slow.id[-5:]]
    assert next(line for line in lines if line.startswith("lr")).split() == ["lr", "0.1", "0.1", "0.001"]
    assert sum("*" in line for line in lines) >= 3
    assert "가장 좋음" in found.lines("ko")[-2]
    assert str(Runs(root)) == f"<Runs: 3 in {root}>"
    with pytest.raises(ConfigError, match="two or more different"):
        runs.compare(first.id)
    with pytest.raises(ConfigError, match="two or more different"):
        runs.compare("slow", slow.id)


def test_adding_scores(root: Path) -> None:
    runs = Runs(root)
    found = runs.add_metrics("slow", {"test_accuracy": 0.75, "test_loss": 0.5, "mine": 1.0}, None)
    assert found.metrics["test_accuracy"] == 0.75
    assert found.higher_is_better == {
        **runs["slow"].higher_is_better, "test_accuracy": True, "test_loss": False, "mine": False
    }  # fmt: skip
    assert next(iter(runs)).metrics == found.metrics
    assert runs.add_metrics("slow", {"mine": 2.0}, {"mine": True}).higher_is_better["mine"] is True
    assert runs.mark_failed("slow", "no use").status == "failed"
    assert next(iter(runs)).problem == "no use"


def test_a_run_that_goes_on_is_left_alone(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("chainrule.train.runs.folder._PATIENCE", 0.05)
    runs = Runs(root)
    with locked(runs["slow"].path / "lock", "it"):
        for change in (lambda: runs.remove("slow"), lambda: runs.add_metrics("slow", {})):
            with pytest.raises(ConfigError, match="still going on"):
                change()
    runs.remove("slow")
    assert len(runs) == 2
    assert "slow" not in [run.name for run in runs]


# --------------------------------------------------------------------------------------------- the index


def listed(root: Path) -> list[dict[str, Any]]:
    return [run.to_dict() for run in Runs(root)]


def damage_middle(path: Path) -> None:
    content = bytearray(path.read_bytes())
    at = content.index(b'"status"')
    content[at + 3] ^= 1
    path.write_bytes(content)


def drop_table(path: Path) -> None:
    with sqlite3.connect(path) as connection:
        connection.execute("DROP TABLE runs")
    connection.close()


def empty_table(path: Path) -> None:
    with sqlite3.connect(path) as connection:
        connection.execute("DELETE FROM runs")
    connection.close()


def nonsense(path: Path) -> None:
    with sqlite3.connect(path) as connection:
        connection.execute("UPDATE runs SET content = x'ff00fe', sum = x'fe'")
    connection.close()


DAMAGE: dict[str, Callable[[Path], Any]] = {
    "gone": Path.unlink,
    "empty": lambda path: path.write_bytes(b""),
    "text": lambda path: path.write_bytes(b"no database" * 1000),
    "header": lambda path: path.write_bytes(b"\0" * 100 + path.read_bytes()[100:]),
    "cut": lambda path: path.write_bytes(path.read_bytes()[:5000]),
    "bit": damage_middle,
    "no table": drop_table,
    "no rows": empty_table,
    "nonsense": nonsense,
}


@pytest.mark.parametrize("how", DAMAGE)
def test_a_lost_or_damaged_index_is_made_anew(root: Path, how: str) -> None:
    expected = listed(root)
    assert len(expected) == 3
    DAMAGE[how](root / INDEX)
    assert listed(root) == expected
    with sqlite3.connect(root / INDEX) as connection:
        assert connection.execute("SELECT count(*) FROM runs").fetchone() == (3,)
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    connection.close()


def test_the_index_is_used(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is opened that has not changed."""
    expected = listed(root)
    monkeypatch.setattr(parts, "_text", lambda *_: pytest.fail("a folder was read"))
    assert listed(root) == expected


def test_folders_that_come_change_and_go(root: Path, tmp_path: Path) -> None:
    newest, middle, _ = listed(root)
    shutil.rmtree(root / newest["id"])
    changed = root / middle["id"] / "run.json"
    changed.write_text(changed.read_text().replace('"name": null', '"name": "changed"'))
    shutil.copytree(fit(tmp_path / "other")[0].run or Path(), root / names.new_id(datetime.now(UTC)))
    runs = Runs(root)
    assert [run.name for run in runs] == ["changed", None]
    (problem,) = runs.problems.values()
    assert "of another run" in problem  # a copy under another name


@pytest.mark.parametrize("kind", ["foreign", "newer", "link", "folder"])
def test_what_is_not_ours_is_left_alone(root: Path, tmp_path: Path, kind: str) -> None:
    expected = listed(root)
    path, other = root / INDEX, tmp_path / "other.sqlite"
    path.unlink()
    if kind == "folder":
        path.mkdir()
    else:
        with sqlite3.connect(other) as connection:
            connection.execute("CREATE TABLE precious (x)")
            if kind == "newer":
                connection.execute("PRAGMA user_version = 9")
        connection.close()
        path.symlink_to(other) if kind == "link" else shutil.move(other, path)
    content = None if kind == "folder" else path.read_bytes()
    assert listed(root) == expected
    assert fit(root)[0].run is not None
    assert len(Runs(root)) == 4
    assert content is None or path.read_bytes() == content


# --------------------------------------------------------------------------------------------- damaged records

HOSTILE: dict[str, Callable[[Path], Any]] = {
    "no run.json": lambda run: (run / "run.json").unlink(),
    "no configuration": lambda run: (run / "configuration.json").unlink(),
    "not JSON": lambda run: (run / "run.json").write_text("{'id'"),
    "not UTF-8": lambda run: (run / "run.json").write_bytes(b"\xff\xfe"),
    "empty": lambda run: (run / "run.json").write_bytes(b""),
    "a list": lambda run: (run / "run.json").write_text("[]"),
    "deep": lambda run: (run / "run.json").write_text("[" * 100_000),
    "too long": lambda run: (run / "run.json").write_bytes(b" " * (2**20 + 1)),
    "version": lambda run: edit(run, "run", version=2),
    "version text": lambda run: edit(run, "run", version="1"),
    "another ID": lambda run: edit(run, "run", id="20200101-000000-00000"),
    "ID with dots": lambda run: edit(run, "run", id="../../etc"),
    "more keys": lambda run: edit(run, "run", extra=1),
    "status": lambda run: edit(run, "run", status="killed"),
    "status list": lambda run: edit(run, "run", status=[]),
    "time": lambda run: edit(run, "run", started="yesterday"),
    "epochs": lambda run: edit(run, "run", epochs=-1),
    "seconds": lambda run: edit(run, "run", seconds=10**400),
    "settings": lambda run: edit(run, "configuration", settings={"lr": {}}),
    "many settings": lambda run: edit(run, "configuration", settings={str(i): i for i in range(2000)}),
    "metrics": lambda run: edit(run, "metrics", values={"loss": "low"}),
    "metrics list": lambda run: edit(run, "metrics", values=[1]),
    "directions": lambda run: edit(run, "metrics", higher_is_better={"loss": 1}),
    "a link": lambda run: replaced(run / "run.json", lambda path: path.symlink_to("/etc/passwd")),
    "a folder": lambda run: replaced(run / "run.json", Path.mkdir),
}
if sys.platform != "win32":
    HOSTILE["a pipe"] = lambda run: replaced(run / "run.json", os.mkfifo)


def edit(run: Path, part: str, **changes: Any) -> None:
    path = run / f"{part}.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), **changes}))


def replaced(path: Path, make: Callable[[Path], Any]) -> None:
    path.unlink()
    make(path)


@pytest.mark.parametrize("how", HOSTILE)
def test_a_damaged_record_is_left_out_and_named(root: Path, how: str) -> None:
    runs = Runs(root)
    run = runs["slow"]
    HOSTILE[how](run.path)
    assert len(list(runs)) == 2
    assert set(runs.problems) == {run.id}
    assert "\n" not in runs.problems[run.id]
    with pytest.raises((FormatError, MissingFileError)):
        runs[run.id]
    assert fit(root)[0].run is not None


@pytest.mark.parametrize("curves", ["[]", "{}", '{"loss": []}', '{"loss": ["x"]}', '{"loss": [1], "accuracy": [1, 2]}'])
def test_damaged_curves(root: Path, curves: str) -> None:
    run = Runs(root)["slow"]
    edit(run.path, "history", curves=json.loads(curves))
    with pytest.raises(FormatError):
        _ = run.history


def test_links_to_folders_are_no_records(root: Path, tmp_path: Path) -> None:
    run = Runs(root)["slow"]
    run.path.rename(tmp_path / run.id)
    run.path.symlink_to(tmp_path / run.id)
    runs = Runs(root)
    assert len(list(runs)) == 2
    with pytest.raises(UnknownNameError):
        runs[run.id]


def test_a_model_that_is_a_link_is_not_followed(root: Path) -> None:
    run = Runs(root)["slow"]
    replaced(run.path / "model.safetensors", lambda path: path.symlink_to("/etc/passwd"))
    assert isinstance(run, Run)
    with pytest.raises(FormatError, match="holds no model"):
        run.load()


# --------------------------------------------------------------------------------------------- Git


def test_the_commit_is_read_without_git(tmp_path: Path) -> None:
    git, commit = tmp_path / ".git", "0123456789abcdef0123456789abcdef01234567"
    (git / "refs/heads").mkdir(parents=True)
    (tmp_path / "inner").mkdir()
    (git / "HEAD").write_text("ref: refs/heads/main\n")
    assert commit_of(tmp_path) is None  # nothing committed
    (git / "packed-refs").write_text(f"# pack-refs\n{commit} refs/heads/main\n")
    assert commit_of(tmp_path / "inner") == {"commit": commit, "branch": "main"}
    (git / "refs/heads/main").write_text(commit[::-1] + "\n")
    assert commit_of(tmp_path) == {"commit": commit[::-1], "branch": "main"}
    (git / "HEAD").write_text(commit)
    assert commit_of(tmp_path) == {"commit": commit}
    for hostile in ("ref: ../../etc/passwd", "ref: refs/../../x", "\0", "x" * 1000, ""):
        (git / "HEAD").write_text(hostile)
        assert commit_of(tmp_path) is None


def test_the_commit_of_a_worktree(tmp_path: Path) -> None:
    main, tree, commit = tmp_path / "main/.git", tmp_path / "tree", "ab" * 20
    own = main / "worktrees/tree"
    own.mkdir(parents=True)
    tree.mkdir()
    (tree / ".git").write_text(f"gitdir: {own}\n")
    (own / "HEAD").write_text("ref: refs/heads/side\n")
    (own / "commondir").write_text("../..\n")
    (main / "refs/heads").mkdir(parents=True)
    (main / "refs/heads/side").write_text(commit)
    assert commit_of(tree) == {"commit": commit, "branch": "side"}
    (tree / ".git").write_text("gitdir: /dev/null\n")
    assert commit_of(tree) is None


def test_each_of_several_restarts_leaves_its_record(tmp_path: Path) -> None:
    cr.restarts(lambda: nn.Linear(3, 1), (X, X[:, :1]), n=3, epochs=2, record=tmp_path)
    assert sorted(run.settings["seed"] for run in Runs(tmp_path)) == [0, 1, 2]
