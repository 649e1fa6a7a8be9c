"""``fit`` and what is done with the models that it saves: ``evaluate``, ``predict``, ``info``."""

from __future__ import annotations

import csv
import io
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import chainrule as cr

Run = Callable[..., Any]


def flats(rows: int = 60) -> str:
    """A regression whose target is 100 + 10·rooms − 2·floor, with odd but legal quoting."""
    draw = random.Random(0)
    lines = ["rooms;floor;name;rent"]
    for i in range(rows):
        rooms, floor = draw.randint(1, 6), draw.randint(0, 9)
        lines.append(f'{rooms};{floor};"flat ""{i % 3}""; old";{100 + 10 * rooms - 2 * floor + draw.random():.2f}')
    return "\r\n".join(lines)


@pytest.fixture
def flats_file(tmp_path: Path) -> Path:
    path = tmp_path / "flats.csv"
    path.write_bytes(flats().encode())
    return path


@pytest.fixture
def penguins_model(run: Run) -> Path:
    run("fit", "penguins", "--layers", "16", "--epochs", "30", "--lr", "0.01", "--quiet")
    return Path("penguins.safetensors")


def test_fit_shows_schema_network_scores_and_saves(run: Run) -> None:
    text = run("fit", "penguins", "--layers", "16", "--epochs", "3").stdout
    for expected in ("bill_length_mm", "(N, 16)", "Epoch 3/3", "Test scores (69 rows)", "Chinstrap", "baseline"):
        assert expected in text
    assert "Saved penguins.safetensors" in text
    assert Path("penguins.safetensors").is_file()
    assert "Replaced penguins.safetensors" in run("fit", "penguins", "--epochs", "1").stdout


def test_fit_json_is_one_document_with_everything(run_json: Run) -> None:
    found = run_json(
        "fit", "penguins", "--epochs", "25", "--lr", "0.01", "--validation", "0.1", "--out", "p.safetensors"
    )
    assert found["data"]["rows"] == {"training": 240, "validation": 35, "test": 69}
    assert found["data"]["classes"] == ["Adelie", "Chinstrap", "Gentoo"]
    assert found["training"]["epochs"] == len(found["history"]["val_loss"]) == 25
    assert found["evaluation"]["scores"]["accuracy"] > 0.9
    assert np.sum(found["evaluation"]["confusion"]["matrix"]) == 69
    assert found["file"] == {"path": "p.safetensors", "bytes": Path("p.safetensors").stat().st_size, "replaced": False}


def test_the_same_command_writes_the_same_bytes(run: Run) -> None:
    options = ("--layers", "8,8", "--dropout", "0.2", "--batch-norm", "--epochs", "4", "--quiet", "--validation", "0.1")
    for name in ("a", "b"):
        assert run("fit", "penguins", *options, "--out", name, "--seed", "3").output == ""
    run("fit", "penguins", *options, "--out", "c", "--seed", "4")
    assert Path("a").read_bytes() == Path("b").read_bytes()
    assert Path("a").read_bytes() != Path("c").read_bytes()


def test_every_option_reaches_the_training(run_json: Run) -> None:
    found = run_json(
        *("fit", "spirals", "--layers", "8,4", "--activation", "tanh", "--loss", "bce", "--optimizer", "sgd", "--lr"),
        *("0.1", "--epochs", "6", "--batch-size", "16", "--dropout", "0.1", "--batch-norm", "--schedule", "cosine"),
        *("--test", "60", "--validation", "0.2", "--seed", "5", "--engine", "eager"),
    )
    types = [layer["type"] for layer in found["model"]["layers"]]
    block = ["Linear", "BatchNorm1d", "Tanh", "Dropout"]
    assert types == [*block, *block, "Linear", "Sigmoid"]
    assert [layer["output_shape"] for layer in found["model"]["layers"]][0:5:4] == [[8], [4]]
    assert found["data"]["rows"] == {"training": 180, "validation": 60, "test": 60}
    assert (found["training"]["loss"], found["training"]["optimizer"], found["training"]["seed"]) == ("bce", "sgd", 5)
    assert found["history"]["lr"][0] == 0.1
    assert found["history"]["lr"][-1] < 0.05


@pytest.mark.parametrize("words", [["--early-stopping"], ["--early-stopping", "2"]])
def test_early_stopping_with_and_without_its_number(run_json: Run, words: list[str]) -> None:
    found = run_json("fit", "moons", *words, "--epochs", "400", "--lr", "0.05", "--layers", "8")
    assert found["data"]["rows"]["validation"] == 30
    assert found["training"]["epochs"] < 400
    assert str(2 if len(words) > 1 else 10) in found["training"]["stopped"]


def test_a_truth_table_is_learned_whole(run_json: Run) -> None:
    found = run_json("fit", "xor", "--layers", "8", "--lr", "0.05", "--epochs", "300", "--activation", "tanh")
    assert found["data"]["rows"] == {"training": 4}
    assert found["training"]["epochs"] == 300
    assert found["evaluation"]["on"] == "training"
    weights = cr.load("xor.safetensors")
    assert cr.predict(weights, [[0, 1], [1, 1]]).tolist() == ["1", "0"]


def test_batch_normalisation_survives_a_last_batch_of_one(run_json: Run) -> None:
    path = Path("points.csv")
    path.write_text("x,y\n" + "".join(f"{i},{i % 2}\n" for i in range(33)))
    found = run_json("fit", path, "--test", "0", "--batch-norm", "--epochs", "2", "--layers", "4")
    assert found["data"]["rows"] == {"training": 33}


def test_regression_is_scored_in_the_targets_units(run_json: Run, flats_file: Path) -> None:
    found = run_json("fit", flats_file, "--layers", "32", "--epochs", "150", "--lr", "0.01", "--test", "0.2")
    scores = found["evaluation"]["scores"]
    assert found["data"]["task"] == "regression"
    assert found["data"]["target"] == "rent"
    assert scores["mae"] < 3
    assert scores["r2"] > 0.9
    again = run_json("evaluate", "flats.safetensors", flats_file)
    assert again["rows"] == 60
    assert again["scores"]["mae"] < 3
    assert "confusion" not in again


def test_predict_keeps_the_files_own_text(run: Run, flats_file: Path) -> None:
    run("fit", flats_file, "--layers", "16", "--epochs", "30", "--quiet")
    told = run("predict", "flats.safetensors", flats_file).stdout_bytes.decode()
    before, after = flats().split("\r\n"), told.split("\r\n")
    assert after[0] == before[0] + ";prediction"
    assert len(after) == len(before)
    for old, new in zip(before[1:], after[1:], strict=True):
        assert new.startswith(old + ";")
        assert 50 < float(new.strip().rsplit(";", 1)[1]) < 200
    asked = cr.predict(cr.load("flats.safetensors"), cr.data.read(flats_file))
    np.testing.assert_allclose([float(line.strip().rsplit(";", 1)[1]) for line in after[1:]], asked, rtol=1e-6)


def test_predict_adds_probabilities_and_gives_way_to_columns_that_exist(run: Run, penguins_model: Path) -> None:
    rows = ["prediction,island,bill_length_mm,bill_depth_mm,flipper_length_mm,body_mass_g,sex,year,probability_Adelie"]
    rows += ["mine,Torgersen,39.1,18.7,181,3750,male,2007,x", "", "mine,Biscoe,NA,,215,5100,,2008,y"]
    Path("new.csv").write_text("\n".join(rows) + "\n")
    run("predict", penguins_model, "new.csv", "--out", "answers.csv")
    found = list(csv.DictReader(io.StringIO(Path("answers.csv").read_text())))
    assert [row["prediction"] for row in found] == ["mine", "mine"]
    assert [row["prediction_2"] for row in found] == ["Adelie", "Gentoo"]
    shares = [float(found[0][name]) for name in ("probability_Adelie_2", "probability_Chinstrap", "probability_Gentoo")]
    assert sum(shares) == pytest.approx(1, abs=1e-5)
    assert found[0]["probability_Adelie"] == "x"


def test_predict_reads_other_encodings_and_files_without_a_header(run: Run, run_json: Run) -> None:
    lines = ["a\tb\tkind", *(f"{i},5\t{i % 7}\t{'예' if i % 2 else '아니오'}" for i in range(40))]
    Path("t.tsv").write_bytes("\n".join(lines).encode("cp949"))
    options = ("--encoding", "cp949", "--decimal", ",")
    found = run_json("fit", "t.tsv", *options, "--epochs", "2", "--layers", "4")
    assert found["data"]["classes"] == ["아니오", "예"]
    told = run("predict", "t.safetensors", "t.tsv", *options).stdout_bytes.decode("utf-8").splitlines()
    assert told[0].split("\t") == ["a", "b", "kind", "prediction", "probability_아니오", "probability_예"]
    assert told[1].startswith("0,5\t0\t아니오\t")
    Path("bare.csv").write_text("".join(f"{3 * i % 11},{i % 2}\n" for i in range(30)))
    run("fit", "bare.csv", "--no-header", "--epochs", "2", "--quiet", "--layers", "4")
    told = run("predict", "bare.safetensors", "bare.csv", "--no-header").stdout.splitlines()
    assert len(told) == 30
    assert told[0].startswith("0,0,")


def test_predict_from_arrays_numbers_the_rows(run: Run, run_json: Run) -> None:
    x = np.linspace(-1, 1, 40, dtype=np.float32).reshape(-1, 1)
    np.savez("line.npz", x=x, y=(2 * x[:, 0]).astype(np.float32))
    run("fit", "line.npz", "--epochs", "2", "--layers", "4", "--quiet")
    told = run("predict", "line.safetensors", "line.npz").stdout.splitlines()
    assert told[0] == "row,prediction"
    assert [line.split(",")[0] for line in told[1:]] == [str(i) for i in range(40)]
    assert len(run_json("predict", "line.safetensors", "line.npz")["predictions"]) == 40


def test_predict_json_agrees_with_the_library(run_json: Run, penguins_model: Path) -> None:
    found = run_json("predict", penguins_model, "penguins")
    model = cr.load(penguins_model)
    table = cr.data.load("penguins")
    assert found["predictions"] == cr.predict(model, table).tolist()
    shares = np.stack([found["probabilities"][name] for name in ("Adelie", "Chinstrap", "Gentoo")], axis=1)
    np.testing.assert_allclose(shares, cr.predict_proba(model, table), atol=1e-7)


def test_evaluate_agrees_with_the_library(run: Run, run_json: Run, penguins_model: Path) -> None:
    found = run_json("evaluate", penguins_model, "penguins")
    expected = cr.evaluate(cr.load(penguins_model), cr.data.load("penguins"))
    assert found["scores"]["accuracy"] == pytest.approx(expected["accuracy"])
    assert found["scores"]["baseline"] == pytest.approx(152 / 344)
    assert np.trace(found["confusion"]["matrix"]) == round(expected["accuracy"] * 344)
    shown = run("evaluate", penguins_model, "penguins").stdout
    assert "Confusion matrix" in shown
    assert "has seen most of these rows" in " ".join(shown.split())


def test_hinge_has_no_probabilities_but_a_confusion_matrix(run_json: Run) -> None:
    found = run_json("fit", "moons", "--loss", "hinge", "--epochs", "20", "--layers", "8", "--lr", "0.02")
    assert found["evaluation"]["scores"]["accuracy"] > 0.7
    assert np.sum(found["evaluation"]["confusion"]["matrix"]) == 40
    assert "probabilities" not in run_json("predict", "moons.safetensors", "moons")


def test_info_tells_layers_classes_and_preprocessing(run: Run, run_json: Run, penguins_model: Path) -> None:
    text = run("info", penguins_model).stdout
    for expected in ("multiclass", "species", "Gentoo", "flipper_length_mm", "cross_entropy", "Linear"):
        assert expected in text
    found = run_json("info", penguins_model)
    assert found["model"]["parameters"] == 16 * 16 + 16 + 16 * 3 + 3
    assert found["preprocessing"]["target"]["classes"] == ["Adelie", "Chinstrap", "Gentoo"]
    assert found["file"]["bytes"] == penguins_model.stat().st_size


def test_a_folder_of_idx_files(run_json: Run, tmp_path: Path) -> None:
    folder = tmp_path / "digits"
    folder.mkdir()
    draw = np.random.default_rng(0)
    for part, rows in (("train", 40), ("t10k", 20)):
        labels = (np.arange(rows) % 3).astype(np.uint8)
        images = draw.integers(0, 50, (rows, 4, 5)).astype(np.uint8) + 60 * labels[:, None, None]
        for kind, array in (("images-idx3", images), ("labels-idx1", labels)):
            head = bytes([0, 0, 8, array.ndim]) + b"".join(size.to_bytes(4, "big") for size in array.shape)
            (folder / f"{part}-{kind}-ubyte").write_bytes(head + array.astype(np.uint8).tobytes())
    found = run_json("fit", folder, "--layers", "16", "--epochs", "40", "--lr", "0.01")
    assert found["data"]["rows"] == {"training": 40, "test": 20}
    assert found["model"]["layers"][0]["type"] == "Flatten"
    assert found["evaluation"]["scores"]["accuracy"] > 0.9
    assert Path("digits.safetensors").is_file()


def test_fashion_mnist_through_the_data_variable(
    run_json: Run, data_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CHAINRULE_DATA", str(data_folder))
    found = run_json("data", "fashion-mnist")
    assert found["folder"] == str(data_folder / "fashion-mnist")
    assert found["parts"]["training"]["class_counts"] == [6000] * 10
    found = run_json("fit", "fashion-mnist", "--layers", "none", "--epochs", "1", "--batch-size", "256")
    assert found["data"]["rows"] == {"training": 60_000, "test": 10_000}
    assert found["evaluation"]["scores"]["accuracy"] > 0.7


def test_the_screen_speaks_korean(run: Run, tmp_path: Path) -> None:
    shown = run("fit", "iris", "--epochs", "5", "--lang", "ko").stdout
    for word in ("신경망", "매개변수", "에포크 학습", "시험 점수", "혼동 행렬", "파일로 저장했습니다", "사용법"):
        assert word in shown
    for word in ("Network", "Training ", "Test scores", "Confusion", "Saved", "Use it", "rows:"):
        assert word not in shown
    note = run("explain", "iris.safetensors", "iris", "--html", "trace.html", "--lang", "ko").stderr
    assert note == "trace.html 파일을 만들었습니다.\n"
