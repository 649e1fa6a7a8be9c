"""Hostile files of Keras end in one line, and touch nothing."""

from __future__ import annotations

import io
import json
import struct
import warnings
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from chainrule import nn
from chainrule.errors import ChainruleError, FormatError
from chainrule.interchange import keras_apart, read
from chainrule.interchange.keras_apart import read_here
from helpers.keras_cases import recorded

ENDLESS = [(1156, 235), (2995, 166), (4360, 255), (12008, 131), (13051, 41)]


def refused(content: bytes, folder: Path, message: str = "", reader: Callable[[Path], nn.Module] = read_here) -> None:
    """In this process, for there are many; `read` has one of its own for each."""
    path = folder / "file"
    path.write_bytes(content)
    with pytest.raises(ChainruleError, match=message) as caught:
        reader(path)
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 1000


def test_files_that_end_too_soon(tmp_path: Path) -> None:
    pytest.importorskip("h5py")
    for content in recorded()["plain"][0].values():
        ends = {*range(0, 200, 7), *range(200, len(content), 97), *range(len(content) - 60, len(content), 3)}
        for end in sorted(ends):
            refused(content[:end], tmp_path)
        for end in (0, 1, 7, 8, len(content) // 2, len(content) - 1):
            refused(content[:end], tmp_path, reader=read)


def changed_zip(
    content: bytes, change: Callable[[str, bytes], bytes | None], compression: int = 0, **more: bytes
) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(made, "w", compression) as new:
        for name in old.namelist():
            if (kept := change(name, old.read(name))) is not None:
                new.writestr(name, kept)
        for name, one in more.items():
            new.writestr(name, one)
    return made.getvalue()


def changed_config(name: str, change: Callable[[Any], Any]) -> bytes:
    def on_config(entry: str, content: bytes) -> bytes:
        if entry != "config.json":
            return content
        config = json.loads(content)
        return json.dumps(change(config) or config).encode()

    return changed_zip(recorded()[name][0]["keras"], on_config)


def test_archives_that_lie(tmp_path: Path) -> None:
    pytest.importorskip("h5py")
    good = recorded()["plain"][0]["keras"]

    def same(name: str, content: bytes) -> bytes:
        return content

    refused(changed_zip(good, same, zipfile.ZIP_DEFLATED), tmp_path, "compressed")
    refused(changed_zip(good, same, **{"../../evil": b"x"}), tmp_path, "leads out")
    refused(changed_zip(good, same, **{"assets/..\\evil": b"x"}), tmp_path, "leads out")
    refused(changed_zip(good, same, **{"/etc/passwd": b"x"}), tmp_path, "leads out")
    refused(changed_zip(good, lambda n, c: None if n.endswith(".h5") else c), tmp_path, "lacks the network's numbers")
    refused(changed_zip(good, lambda n, c: b"[" * 10**6 if n == "config.json" else c), tmp_path, "nested too deeply")
    refused(changed_zip(good, lambda n, c: b"{" if n == "config.json" else c), tmp_path, "JSON")
    refused(changed_zip(good, lambda n, c: b"3" if n == "config.json" else c), tmp_path, "damaged")
    refused(changed_zip(good, lambda n, c: b"\xff" if n == "config.json" else c), tmp_path, "damaged")
    refused(changed_zip(good, lambda n, c: b" " * 2**25 if n == "config.json" else c), tmp_path, "too long")
    refused(changed_zip(good, lambda n, c: c[:3000] if n.endswith(".h5") else c), tmp_path, "HDF5")
    refused(changed_zip(good, lambda n, c: b"" if n.endswith(".h5") else c), tmp_path, "HDF5")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        refused(changed_zip(good, same, **{"config.json": b"{}"}), tmp_path, "two entries")
    bomb = io.BytesIO()
    with zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("config.json", b" " * 10**8)
        archive.writestr("model.weights.h5", b"")
    refused(bomb.getvalue(), tmp_path, "too long")
    claimed = bytearray(good)  # a size of 4 GiB in the central directory
    place = good.rindex(b"model.weights.h5") - 46
    claimed[place + 20 : place + 28] = struct.pack("<II", 0xFFFFFFF0, 0xFFFFFFF0)
    refused(bytes(claimed), tmp_path, "size|larger than the file")


def dense(config: Any) -> Any:
    return next(one for one in config["config"]["layers"] if one["class_name"] == "Dense")


def test_descriptions_that_lie(tmp_path: Path) -> None:
    pytest.importorskip("h5py")

    def layer(**values: Any) -> bytes:
        return changed_config("plain", lambda config: dense(config).update(values))

    def arguments(**values: Any) -> bytes:
        return changed_config("plain", lambda config: dense(config)["config"].update(values))

    refused(layer(class_name="Lambda"), tmp_path, "runs code")
    refused(layer(module="os", class_name="system"), tmp_path, r"own code.*os\.system")
    refused(layer(module="__main__"), tmp_path, "own code")
    refused(layer(registered_name="mine>Dense"), tmp_path, "mine>Dense")
    refused(layer(class_name="Conv2D"), tmp_path, "Conv2D.*Known: InputLayer, Dense")
    refused(layer(class_name=3), tmp_path, "without a class")
    refused(layer(config=3), tmp_path, "without arguments")
    refused(layer(class_name="Sequential"), tmp_path, "without layers")
    refused(arguments(units=10**12), tmp_path, "size and numbers disagree")
    refused(arguments(use_bias="yes"), tmp_path, "neither true nor false")
    refused(arguments(use_bias=False), tmp_path, "other numbers")
    refused(arguments(activation={"class_name": "__lambda__", "config": {"value": "x"}}), tmp_path, "runs code")
    refused(arguments(activation={"module": "os", "class_name": "function", "config": "system"}), tmp_path, "own code")
    refused(arguments(activation={"class_name": "function", "config": "system"}), tmp_path, "system")
    refused(arguments(activation="no\nsuch" + "x" * 10**5), tmp_path, "no such")
    refused(changed_config("plain", lambda config: {**config, "class_name": "MyModel"}), tmp_path, "MyModel")
    refused(changed_config("plain", lambda config: config["config"].update(layers=3)), tmp_path, "without layers")
    refused(
        changed_config("plain", lambda config: config["config"]["layers"].append(None)), tmp_path, "without a class"
    )
    refused(
        changed_config("plain", lambda config: config["config"]["layers"].append(dense(config))), tmp_path, "same name"
    )
    refused(changed_config("plain", lambda config: config["config"].update(layers=[])), tmp_path, "no layers")

    def nested(config: Any) -> Any:
        for _ in range(60):
            config = {"module": "keras", "class_name": "Sequential", "config": {"name": "x", "layers": [config]}}
        return config

    refused(changed_config("plain", nested), tmp_path, "nested too deeply")

    def in_circles(config: Any) -> None:
        for one in config["config"]["layers"]:
            one["inbound_nodes"] = config["config"]["layers"][-1]["inbound_nodes"]

    refused(changed_config("functional", in_circles), tmp_path, "branches")
    for value in (3, [3], [[3]], [{"args": 3}], [{"args": [{"class_name": "__keras_tensor__", "config": 3}]}], [[[]]]):
        changed = changed_config("functional", lambda c, v=value: c["config"]["layers"][2].update(inbound_nodes=v))
        refused(changed, tmp_path)
    for key in ("epsilon", "momentum", "axis", "scale"):
        for value in ("x", None, [], {}, 1e300, True, [[1]], {"config": {"value": "x"}}):

            def change(config: Any, key: str = key, value: Any = value) -> None:
                norm = next(one for one in config["config"]["layers"] if one["class_name"] == "BatchNormalization")
                norm["config"][key] = value

            if (key, value) != ("scale", True):
                refused(changed_config("classes", change), tmp_path)
    assert read_changed(tmp_path, lambda config: config.update(compile_config={"loss": {"class_name": "os>system"}}))
    assert read_changed(tmp_path, lambda config: config.update(compile_config=[3]))


def read_changed(folder: Path, change: Callable[[Any], Any]) -> nn.Module:
    (folder / "file").write_bytes(changed_config("plain", change))
    return read_here(folder / "file")


def with_numbers(change: Callable[[Any], None]) -> bytes:
    """A file of Keras whose first kernel was put there by `change`, which gets its group."""
    import h5py

    def on_numbers(name: str, content: bytes) -> bytes:
        if not name.endswith(".h5"):
            return content
        file = io.BytesIO(content)
        with h5py.File(file, "r+") as opened:
            group = opened["layers/dense/vars"]
            del group["0"]
            change(group)
        return file.getvalue()

    return changed_zip(recorded()["plain"][0]["keras"], on_numbers)


def test_numbers_that_lie(tmp_path: Path) -> None:
    h5py = pytest.importorskip("h5py")
    secret = tmp_path / "secret"
    secret.write_bytes(np.ones(9, np.float32).tobytes())
    with h5py.File(tmp_path / "other.h5", "w") as other:
        other["kernel"] = np.ones((3, 3), np.float32)

    def kernel(group: Any) -> None:
        group["0"] = np.ones((3, 3), np.float32)

    (tmp_path / "good").write_bytes(with_numbers(kernel))
    assert read_here(tmp_path / "good")[0].weight.detach().numpy().tolist() == np.ones((3, 3)).tolist()

    def virtual(group: Any) -> None:
        layout = h5py.VirtualLayout((3, 3), np.float32)
        layout[:] = h5py.VirtualSource(str(tmp_path / "other.h5"), "kernel", (3, 3))
        group.create_virtual_dataset("0", layout)

    def linked(link: Any) -> Callable[[Any], None]:
        return lambda group: group.__setitem__("0", link)

    def made(*args: Any, **options: Any) -> Callable[[Any], None]:
        return lambda group: group.create_dataset("0", *args, **options)

    outside = [(str(secret), 0, 36)]
    elsewhere = h5py.ExternalLink(str(tmp_path / "other.h5"), "kernel")
    cases: dict[str, list[Callable[[Any], None]]] = {
        "links to another": [linked(elsewhere), linked(h5py.SoftLink("/layers"))],
        "another file, or a view": [made((3, 3), np.float32, external=outside), virtual],
        "promises more": [made((10**6, 10**6), np.float32), made((10**4, 10**4), np.float32, chunks=(10, 10))],
        "packed": [made(data=np.ones((3, 3)), compression="gzip", chunks=(3, 3))],
        "holds no numbers": [made(data=np.array([b"abc"])), made(data=h5py.Empty("f4")), made(data=np.ones(2, "c8"))],
        "quantised": [made(data=np.ones((3, 3), np.int8))],
        "no array of numbers with 2 axes": [made(data=np.ones(3)), made(data=np.ones((3, 3, 3)))],
        "do not fit": [made(data=np.ones((3, 4)))],
        "something else in the place": [lambda group: group.create_group("0")],
        "lacks numbers": [lambda group: group.create_group("x")],
        "cannot be taken over": [made(data=np.ones((5, 3), np.float32))],
    }  # fmt: skip
    for message, changes in cases.items():
        for change in changes:
            refused(with_numbers(change), tmp_path, message)


def test_whole_files_of_hdf5_that_lie(tmp_path: Path) -> None:
    h5py = pytest.importorskip("h5py")
    good = recorded()["plain"][0]["h5"]

    def changed(change: Callable[[Any], None]) -> bytes:
        file = io.BytesIO(good)
        with h5py.File(file, "r+") as opened:
            change(opened)
        return file.getvalue()

    def attribute(name: str, value: Any, group: str = "/") -> bytes:
        return changed(lambda file: file[group].attrs.__setitem__(name, value))

    refused(changed(lambda file: file.attrs.__delitem__("model_config")), tmp_path, "Save the whole network")
    refused(changed(lambda file: file.__delitem__("model_weights")), tmp_path, "Save the whole network")
    refused(attribute("model_config", 3), tmp_path, "no text")
    refused(attribute("model_config", np.bytes_(b"\xff\xfe")), tmp_path)
    refused(attribute("model_config", "[" * 10**5), tmp_path, "nested too deeply")
    refused(attribute("model_config", "{}"), tmp_path, "without a class")
    refused(attribute("training_config", "{"), tmp_path, "JSON")
    paths = [name for name in _groups(good) if "weight_names" in _groups(good)[name]]
    for value in (["../secret", "x"], ["/etc/passwd", "x"], ["a" * 10**4, "x"], ["/".join("a" * 99), "b"], [1, 2]):
        refused(attribute("weight_names", value, paths[0]), tmp_path)
    assert read_h5(tmp_path, attribute("model_config", np.bytes_(_config(good))))[0].weight.shape == (3, 3)


def read_h5(folder: Path, content: bytes) -> nn.Module:
    (folder / "file").write_bytes(content)
    return read_here(folder / "file")


def _groups(content: bytes) -> dict[str, list[str]]:
    import h5py

    found: dict[str, list[str]] = {}
    with h5py.File(io.BytesIO(content)) as file:
        for name, group in file["model_weights"].items():
            if len(group.attrs.get("weight_names", ())):
                found[f"model_weights/{name}"] = list(group.attrs)
    return found


def _config(content: bytes) -> str:
    import h5py

    with h5py.File(io.BytesIO(content)) as file:
        return str(file.attrs["model_config"])


def an_endless_file() -> bytes:
    """A recorded network changed so that HDF5's library goes round in circles."""
    content = bytearray(recorded()["plain"][0]["h5"])
    for place, value in ENDLESS:
        content[place] = value
    return bytes(content)


def test_reading_that_does_not_end_is_ended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("h5py")
    monkeypatch.setattr(keras_apart, "SECONDS", 4.0)
    path = tmp_path / "a.h5"
    path.write_bytes(an_endless_file())
    with pytest.raises(FormatError, match="damaged"):
        read(path)


@pytest.mark.parametrize("end", ["os._exit(0)", "os._exit(3)", "os.abort()", "print('[1]')", "print('{')"])
def test_a_reader_that_dies_or_lies(end: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a.h5"
    path.write_bytes(b"\x89HDF\r\n\x1a\n")
    (tmp_path / "impostor.py").write_text(f"import os\n{end}\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setattr(keras_apart, "__name__", "impostor")
    with pytest.raises(FormatError, match="cannot bear"):
        read(path)
