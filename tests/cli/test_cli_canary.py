"""A malicious pickle under every name, at every place of the command line where a file goes: nothing is executed."""

from __future__ import annotations

import gzip
import io
import pickle
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import chainrule as cr
from chainrule import data
from chainrule.compat import torch
from chainrule.errors import ChainruleError
from chainrule.interchange import keras_apart, nested, pickles, read, safetensors
from helpers.keras_cases import read_at_home

Run = Any


class Canary:
    """Unpickling it writes a file."""

    path = ""

    def __reduce__(self) -> Any:
        return open, (self.path, "w")


def evil() -> dict[str, bytes]:
    """Pickles of it by themselves, and inside all that may hold one."""
    plain = {f"protocol {number}": pickle.dumps({"W1": np.ones((2, 2)), "b1": Canary()}, number) for number in range(6)}
    zipped, arrays, array = io.BytesIO(), io.BytesIO(), io.BytesIO()
    with zipfile.ZipFile(zipped, "w") as archive:
        archive.writestr("archive/data.pkl", plain["protocol 2"])
        archive.writestr("archive/version", "3")
        archive.writestr("model.weights.h5", plain["protocol 4"])
        archive.writestr("config.json", "{}")
    np.savez(arrays, x=np.array([[Canary()], [Canary()]], object), y=np.array([0, 1]))
    np.save(array, np.array([Canary()], object), allow_pickle=True)
    held = {"zip": zipped.getvalue(), "npz": arrays.getvalue(), "npy": array.getvalue()}
    packed = {f"{name}, gzip": gzip.compress(content) for name, content in {**plain, **held}.items()}
    return {**plain, **held, **packed}


MODELS = """model.safetensors model.pkl model.pickle model.joblib model.pt model.pth model.bin model.npz model.npy
model.keras model.h5 model.onnx model""".split()
DATA = """rows.csv rows.tsv rows.txt rows.csv.gz rows.tsv.gz rows.parquet rows.pq rows.npz rows.npy rows.idx rows.gz
rows.xlsx rows-images-idx3-ubyte rows-images-idx3-ubyte.gz rows.pkl""".split()


@pytest.fixture
def canary(tmp_path: Path) -> Path:
    """The file that must not be there; that it would be is seen at the end."""
    path = tmp_path / "canary"
    Canary.path = str(path)
    return path


@pytest.fixture
def sound(tmp_path: Path) -> Path:
    X = np.arange(8.0).reshape(4, 2)
    model = cr.nn.Sequential(cr.nn.Linear(2, 1))
    cr.fit(model, (X, X[:, 0]), epochs=1, verbose=0, seed=0, engine="eager")
    model.save(tmp_path / "sound.safetensors")
    return tmp_path / "sound.safetensors"


def test_the_canary_sings_when_it_is_let(canary: Path) -> None:
    pickle.loads(evil()["protocol 4"])["b1"].close()
    assert canary.exists()


@pytest.mark.parametrize("name", MODELS)
def test_models(name: str, canary: Path, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    if name != "model.keras":  # what is taken for a file of Keras is by its content, and then read alike
        monkeypatch.setattr(keras_apart, "read", read_at_home)
    Path("rows.csv").write_text("a,b\n1,2\n3,4\n")
    for place, content in enumerate(evil().values()):
        Path(name).write_bytes(content)
        commands: list[list[str]] = [["import", name, "-o", "out.safetensors", "--activation", "relu"]]
        if place in (3, 6, 7):  # the others open models as these do
            commands += [
                ["import", name, "-o", "out.safetensors"], ["info", name], ["predict", name, "rows.csv"],
                ["evaluate", name, "rows.csv"], ["export", name, "--to", "c"], ["explain", name, "rows.csv"],
            ]  # fmt: skip
        for command in commands:
            run(*command, code=2)
        assert not canary.exists()
        assert not Path("out.safetensors").exists()


@pytest.mark.parametrize("name", DATA)
def test_data_files(name: str, canary: Path, sound: Path, run: Run) -> None:
    for place, content in enumerate(evil().values()):
        Path(name).write_bytes(content)
        commands = [["predict", sound.name, name]]
        if place in (3, 6, 7, 13):
            commands += [["evaluate", sound.name, name], ["fit", name, "--epochs", "1"], ["data", "describe", name]]
        for command in commands:
            run(*command, code=2)
        assert not canary.exists()


def test_labels_beside_images(canary: Path, run: Run) -> None:
    from helpers.doors import idx_file

    Path("train-images-idx3-ubyte").write_bytes(idx_file())
    for content in evil().values():
        for name in ("train-labels-idx1-ubyte", "train-labels-idx1-ubyte.gz"):
            Path(name).write_bytes(content)
            run("fit", "train-images-idx3-ubyte", "--epochs", "1", code=2)
            run("fit", ".", "--epochs", "1", code=2)
            Path(name).unlink()
        assert not canary.exists()


def test_a_folder_of_checkpoints(canary: Path, run: Run) -> None:
    Path("rows.csv").write_text("a,b\n" + "".join(f"{i},{i % 7}.5\n" for i in range(40)))
    fit = ["fit", "rows.csv", "--epochs", "2", "--seed", "0", "--checkpoint", "kept", "--out", "m.safetensors"]
    run(*fit)
    saved = sorted(Path("kept").glob("checkpoint-*"))
    kept = {path: path.read_bytes() for path in Path("kept").iterdir()}
    assert len(kept) > len(saved) > 0
    for content in evil().values():
        for spoilt in (saved, [Path("kept/manifest.json")]):
            for path in spoilt:
                path.write_bytes(content)
            run(*fit[:3], "3", *fit[4:], "--resume", code=2)
            for path in spoilt:
                path.write_bytes(kept[path])
        assert not canary.exists()


OPENERS = {
    "load": cr.load, "read": read, "pickles": pickles.load, "nested": nested.load, "safetensors": safetensors.read,
    "torch.load": torch.load, "data.read": data.read,
}  # fmt: skip


@pytest.mark.parametrize("opener", OPENERS)
def test_from_python(opener: str, canary: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in sorted({*MODELS, *DATA}, key="model.keras".__ne__):
        if name != "model.keras":
            monkeypatch.setattr(keras_apart, "read", read_at_home)
        for content in evil().values():
            Path(name).write_bytes(content)
            with pytest.raises(ChainruleError) as caught:
                OPENERS[opener](name)
            assert "\n" not in str(caught.value)
            assert not canary.exists()
