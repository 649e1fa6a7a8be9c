"""Every way that bytes from a file come in: for each, files that are sound, and what opens them."""

from __future__ import annotations

import contextlib
import gzip
import hashlib
import io
import json
import pickle
import struct
import warnings
import zipfile
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

import chainrule as cr
from chainrule import data, losses, nn
from chainrule.data import Splits, Table
from chainrule.data.inputs import ArrayInputs, TableInputs
from chainrule.data.preprocessing import Preprocessing
from chainrule.data.target import Target
from chainrule.errors import MissingDependencyError
from chainrule.interchange import from_onnx, keras_apart, nested, pickles, read, safetensors, to_onnx
from chainrule.interchange.sklearn import RECORDS
from chainrule.train import Checkpoints
from chainrule.train.checkpoint_folder import Folder
from helpers.bundle_cases import trained

Open = Callable[[bytes, Path], Any]
"""Given the content of a file and a folder for it: opens it as a user would."""


@dataclass(frozen=True)
class Door:
    """One way in.

    Attributes:
        open: what a user's call comes to; anything but a `ChainruleError` is a fault.
        seeds: makes contents that it opens without error.
    """

    open: Open
    seeds: Callable[[], list[bytes]]


def _written(content: bytes, folder: Path, name: str) -> Path:
    path = folder / name
    path.write_bytes(content)
    return path


class _Once:
    """The value of a function that is called when it is first needed."""

    def __init__(self, make: Callable[[], Any]) -> None:
        self.make, self.made = make, list[Any]()

    def __call__(self) -> Any:
        if not self.made:
            self.made.append(self.make())
        return self.made[0]


# Models --------------------------------------------------------------------------------------------------------------


def _saved(save: Callable[[Path], Any]) -> bytes:
    import tempfile

    with tempfile.TemporaryDirectory() as name:
        path = Path(name) / "file"
        save(path)
        return path.read_bytes()


def a_model() -> bytes:
    """Our model file, with preprocessing, loss and curves."""
    return _saved(trained().save)


def a_table_model() -> bytes:
    """The same of a table with every kind of column."""
    table = _TABLE()
    prepared = table.prepare(test=0, seed=0).train
    model = nn.Sequential(nn.Linear(prepared.inputs.shape[1], 3), nn.Tanh(), nn.Linear(3, 1))
    cr.fit(model, prepared, epochs=1, verbose=0, seed=0, engine="eager")
    return _saved(model.save)


def a_table() -> Table:
    """A table with every kind of column and missing values."""
    rows = range(24)
    return Table(
        {
            "size": [None if i == 5 else i * 0.5 for i in rows],
            "colour": [("red", "green", "blau")[i % 3] for i in rows],
            "old": [("yes", "no")[i // 2 % 2] for i in rows],
            "day": [f"2024-01-{i + 1:02d}" for i in rows],
            "kind": [("cat", "dog")[i % 5 > 2] for i in rows],
        },
        "kind",
    )


_TABLE = _Once(a_table)


def _load(content: bytes, folder: Path) -> None:
    model = cr.load(_written(content, folder, "a.safetensors"))
    fitted = model.preprocessing
    if fitted is not None and isinstance(fitted.inputs, TableInputs):
        rows: Any = _TABLE()
    else:
        rows = np.ones((2, *((3,) if fitted is None else fitted.shape)))
    with contextlib.suppress(cr.errors.ChainruleError):
        cr.predict(model, rows)


def _split(content: bytes) -> tuple[bytes, bytes]:
    start = 8 + int.from_bytes(content[:8], "little")
    return content[8:start], content[start:]


def _header_of(content: bytes) -> bytes:
    return _split(content)[0]


_model = _Once(a_model)


def _load_header(content: bytes, folder: Path) -> None:
    """The content is a header; the numbers behind it are those of a sound file."""
    _load(len(content).to_bytes(8, "little") + content + _split(_model())[1], folder)


_PARTS = ("model", "preprocessing", "objective", "history")


def _load_part(content: bytes, folder: Path) -> None:
    """The content is one part of the metadata, after a byte that says which; the rest is of a sound file."""
    header, numbers = _split(_model())
    described = json.loads(header)
    part = _PARTS[content[0] % 4 if content else 0]
    described["__metadata__"][part] = content[1:].decode("utf-8", "replace")
    text = json.dumps(described).encode()
    _load(len(text).to_bytes(8, "little") + text + numbers, folder)


def _parts() -> list[bytes]:
    metadata = json.loads(_header_of(_model()))["__metadata__"]
    return [bytes([i]) + metadata[name].encode() for i, name in enumerate(_PARTS)]


def _preprocessings() -> list[bytes]:
    files = (_model(), a_table_model())
    return [json.loads(_header_of(one))["__metadata__"]["preprocessing"].encode() for one in files]


def _nested() -> list[bytes]:
    values = [{"w": cr.tensor([1.0, 2.0])}, {"a": [1, (2, "x"), None, float("nan")], "b": {"t": np.arange(3)}}]
    return [_saved(lambda path, value=value: nested.save(value, path)) for value in values]


# Checkpoints ---------------------------------------------------------------------------------------------------------


def _fit(folder: Path, epochs: int = 1, **options: Any) -> Any:
    X = np.arange(12.0).reshape(4, 3)
    cr.manual_seed(0)
    model = nn.Sequential(nn.Linear(3, 2), nn.BatchNorm1d(2), nn.Dropout(0.1), nn.Linear(2, 1))
    return cr.fit(
        model, (X, X[:, 0]), checkpoint=Checkpoints(folder, every=1), epochs=epochs, seed=0, verbose=0, engine="eager",
        optimizer="adam", schedule="cosine", callbacks=[cr.train.EarlyStopping(patience=5)], validation=0.5, **options,
    )  # fmt: skip


def _run_files() -> dict[str, bytes]:
    import tempfile

    with tempfile.TemporaryDirectory() as name:
        _fit(Path(name))
        return {path.name: path.read_bytes() for path in Path(name).iterdir()}


_run = _Once(_run_files)
_CHECKPOINT = "checkpoint-00000001.safetensors"


def _resume(files: dict[str, bytes], folder: Path) -> None:
    run = folder / "run"
    run.mkdir(exist_ok=True)
    for old in run.iterdir():
        old.unlink()
    for name, content in files.items():
        (run / name).write_bytes(content)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # of a checkpoint that is gone round
        _fit(run, resume=True)


def _open_manifest(content: bytes, folder: Path) -> None:
    run = folder / "run"
    run.mkdir(exist_ok=True)
    (run / "manifest.json").write_bytes(content)
    manifest = Folder(run).manifest()
    assert manifest is not None
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        (run / _CHECKPOINT).write_bytes(_run()[_CHECKPOINT])
        Folder(run).newest(manifest)


def _resume_from(content: bytes, folder: Path) -> None:
    """The content is the state of a checkpoint whose checksum is right."""
    header, numbers = _split(_run()[_CHECKPOINT])
    described = json.loads(header)
    described["__metadata__"]["state"] = content.decode("utf-8", "replace")
    text = json.dumps(described).encode()
    text += b" " * (-len(text) % 8)
    file = len(text).to_bytes(8, "little") + text + numbers
    manifest = json.loads(_run()["manifest.json"])
    entry = {**manifest["checkpoints"][-1], "bytes": len(file), "sha256": hashlib.sha256(file).hexdigest()}
    manifest["checkpoints"] = [entry]
    _resume({"manifest.json": json.dumps(manifest).encode(), _CHECKPOINT: file}, folder)


def _states() -> list[bytes]:
    return [json.loads(_split(_run()[_CHECKPOINT])[0])["__metadata__"]["state"].encode()]


# Other libraries' models ---------------------------------------------------------------------------------------------


def _import(content: bytes, folder: Path) -> None:
    path = _written(content, folder, "a.bin")
    model = None
    for activation in (None, "relu"):
        with contextlib.suppress(cr.errors.ConfigError):
            model = read(path, activation)
            break
    if model is not None:
        model.save(folder / "b.safetensors")
        cr.load(folder / "b.safetensors")


def books() -> list[bytes]:
    """The textbook's dictionary, in every protocol."""
    weights = {"W1": np.ones((3, 2)), "b1": np.zeros(2), "W2": np.ones((2, 1), "f4"), "b2": np.zeros(1, "f4")}
    return [pickle.dumps(weights, protocol) for protocol in range(6)]


def estimators() -> list[bytes]:
    """scikit-learn's, as pickles; where it is not installed, none."""
    try:
        from sklearn.linear_model import Perceptron
        from sklearn.neural_network import MLPClassifier, MLPRegressor
    except ImportError:
        return []
    X = np.arange(24.0).reshape(8, 3) % 5
    labels = np.array(["a", "b"])[(X[:, 0] > 2).astype(int)]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        made: list[Any] = [
            MLPClassifier(hidden_layer_sizes=(2,), max_iter=2, random_state=0).fit(X, labels),
            MLPRegressor(hidden_layer_sizes=(2,), max_iter=2, random_state=0).fit(X, X[:, 1]),
            Perceptron(random_state=0).fit(X, labels),
        ]
    return [pickle.dumps(one, protocol) for one in made for protocol in (2, 4)]


def zipped(entries: dict[str, bytes], compression: int = zipfile.ZIP_STORED) -> bytes:
    """A zip file of the entries."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", compression) as archive:
        for name, content in entries.items():
            archive.writestr(name, content)
    return made.getvalue()


def torch_program(kind: bytes = b"FloatStorage") -> bytes:
    """The pickle in a file of PyTorch's with a state dict of one linear layer: weight (2, 3) and bias (2,)."""

    def text(value: bytes) -> bytes:
        return b"X" + len(value).to_bytes(4, "little") + value

    def tensor(key: bytes, count: int, size: bytes, stride: bytes) -> bytes:
        storage = b"(" + text(b"storage") + b"ctorch\n" + kind + b"\n" + text(key) + text(b"cpu")
        storage += b"K" + bytes([count]) + b"tQ"
        return b"ctorch._utils\n_rebuild_tensor_v2\n(" + storage + b"K\x00" + size + stride + b"\x89Nt" + b"R"

    weight = tensor(b"w", 6, b"K\x02K\x03\x86", b"K\x03K\x01\x86")
    bias = tensor(b"b", 2, b"K\x02\x85", b"K\x01\x85")
    start = b"\x80\x02ccollections\nOrderedDict\n)R("
    return start + text(b"0.weight") + weight + text(b"0.bias") + bias + b"u."


def torch_file(program: bytes | None = None, storages: dict[str, bytes] | None = None) -> bytes:
    """A file as PyTorch writes it, without PyTorch."""
    numbers = {"w": np.arange(6, dtype="f4").tobytes(), "b": np.ones(2, "f4").tobytes(), **(storages or {})}
    entries = {"archive/data.pkl": torch_program() if program is None else program, "archive/byteorder": b"little"}
    return zipped({**entries, **{f"archive/data/{key}": content for key, content in numbers.items()}})


def _import_keras(content: bytes, folder: Path) -> None:
    """In this process, for the thousands of damaged ones; `interchange.read` has another one for each."""
    keras_apart.read_here(_written(content, folder, "a.bin")).save(folder / "b.safetensors")


def _import_torch(content: bytes, folder: Path) -> None:
    """The content is the pickle in a sound zip file."""
    _import(torch_file(content, _STORAGES()), folder)


def torch_modules() -> list[bytes]:
    """Files and programs that PyTorch wrote; where it is not installed, none."""
    try:
        import torch
    except ImportError:
        return []
    module = torch.nn.Sequential(OrderedDict(a=torch.nn.Linear(3, 2), b=torch.nn.BatchNorm1d(2), c=torch.nn.GELU()))
    made = io.BytesIO()
    torch.save(module.eval(), made)
    return [made.getvalue()]


def _entries_of_torch() -> dict[str, bytes]:
    found = {}
    for content in torch_modules():
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            found |= {name.partition("/")[2]: archive.read(name) for name in archive.namelist()}
    return found


_ENTRIES = _Once(_entries_of_torch)
_STORAGES = _Once(lambda: {name[5:]: content for name, content in _ENTRIES().items() if name.startswith("data/")})


def torch_programs() -> list[bytes]:
    """The pickles in such files."""
    return [torch_program(), *(content for name, content in _ENTRIES().items() if name == "data.pkl")]


def _plain() -> list[bytes]:
    tensors = {"0.weight": np.ones((2, 3), "f4"), "0.bias": np.ones(2, "f4"), "2.weight": np.ones((1, 2), "f4")}
    return [_saved(lambda path: safetensors.write(path, tensors))]


def keras_files(ending: str) -> list[bytes]:
    """The three shortest networks that Keras wrote, as ``keras`` or ``h5``; where h5py is not installed, none."""
    try:
        import h5py  # noqa: F401
    except ImportError:
        return []
    from helpers.keras_cases import recorded

    return sorted((files[ending] for files, _, _ in recorded().values() if ending in files), key=len)[:3]


# Runs ----------------------------------------------------------------------------------------------------------------


def _record_files() -> dict[str, bytes]:
    import tempfile

    with tempfile.TemporaryDirectory() as name:
        X = np.arange(12.0).reshape(4, 3)
        model = nn.Sequential(nn.Linear(3, 1))
        cr.fit(model, (X, X[:, 0]), epochs=2, seed=0, verbose=0, engine="eager", record=Path(name))
        (run,) = (path for path in Path(name).iterdir() if path.is_dir())
        return {path.name: path.read_bytes() for path in run.iterdir()}


_RECORD = _Once(_record_files)


_RECORD_PARTS = ("run", "configuration", "metrics", "history", "environment")


def _part_of_record(part: str) -> Callable[[], list[bytes]]:
    return lambda: [_RECORD()[f"{part}.json"]]


def _list_runs(name: str) -> Open:
    """The content is one file of a run's record."""

    def opened(content: bytes, folder: Path) -> None:
        from chainrule.train.runs import Runs

        root = folder / "runs"
        run = root / "20260101-000000-abcde"
        run.mkdir(parents=True, exist_ok=True)
        for file, kept in _RECORD().items():
            (run / file).write_bytes(content if file == name else kept)
        (root / "index.sqlite").unlink(missing_ok=True)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)  # of runs that are left out
            for one in Runs(root):
                _ = one.history, one.configuration, one.environment, one.metrics

    return opened


# Data ----------------------------------------------------------------------------------------------------------------


def _prepared(found: Any) -> None:
    """As far as a command goes with data before a network sees them."""
    if isinstance(found, Table):
        found.prepare(test=0)
    elif isinstance(found, Splits):
        assert len(found.train)
    else:
        assert len(found)


def _read(name: str, **options: Any) -> Open:
    return lambda content, folder: _prepared(data.read(_written(content, folder, name), **options))


def tables() -> list[bytes]:
    """Text of tables."""
    plain = "a,b,kind\n1,2.5,x\n,3.5,y\n-4e2,NA,x\n7,8,y\n"
    dates = 'day;"name, first";price;ok\n2024-01-02;"A;""B";1,50;yes\n2024-02-03;C;2,25;no\n2025-01-01;D;-3,00;yes\n'
    korean = "키\t몸무게\t반\n170\t60\t가\n160\t50\t나\n150\t45\t가\n"
    return [plain.encode(), dates.encode("utf-8-sig"), korean.encode(), plain.replace("\n", "\r\n").encode()]


def idx_file(shape: tuple[int, ...] = (3, 2, 2)) -> bytes:
    """Images in the format of MNIST."""
    header = bytes([0, 0, 8, len(shape)]) + struct.pack(f">{len(shape)}I", *shape)
    return header + bytes(range(int(np.prod(shape))))


def npy_file(array: np.ndarray) -> bytes:
    """One array of an archive."""
    made = io.BytesIO()
    np.save(made, array, allow_pickle=True)
    return made.getvalue()


def npz_file(**arrays: Any) -> bytes:
    """An archive of NumPy's."""
    made = io.BytesIO()
    np.savez_compressed(made, **arrays)
    return made.getvalue()


def _archives() -> list[bytes]:
    x = np.arange(12, dtype="f4").reshape(4, 3)
    y = np.array([0, 1, 0, 1])
    return [
        npz_file(x=x, y=y),
        npz_file(x_train=x, y_train=np.array(list("abab")), x_test=x, y_test=np.array(list("aabb"))),
    ]


def _read_array(content: bytes, folder: Path) -> None:
    """The content is one array in a sound archive."""
    _read("a.npz")(zipped({"x.npy": content, "y.npy": npy_file(np.array([0, 1, 0, 1]))}), folder)


def _arrays() -> list[bytes]:
    x = np.arange(12, dtype="f4").reshape(4, 3)
    return [npy_file(x), npy_file(x.astype(">f8")), npy_file(np.asfortranarray(x)), npy_file(x > 3)]


def onnx_files() -> list[bytes]:
    """A classifier with labels, and a chain of layers; where onnx is not installed, none."""
    layers = (
        nn.GELU(),
        nn.LayerNorm(3),
        nn.Softplus(2.0, 3.0),
        nn.BatchNorm1d(3),
        nn.Hardtanh(-2, 0.5),
        nn.Linear(3, 1),
    )
    model = nn.Sequential(nn.Linear(2, 3), *layers).eval()
    try:
        plain = to_onnx(model).SerializeToString()
    except MissingDependencyError:
        return []
    model.objective = losses.get("bce_with_logits")
    model.preprocessing = Preprocessing(ArrayInputs((2,), "float32", 1.0, None), Target("y", "binary", ("a", "b")))
    return [plain, to_onnx(model).SerializeToString()]


def parquet_files() -> list[bytes]:
    """Tables of Arrow; where it is not installed, none."""
    try:
        import pyarrow as pa
        import pyarrow.parquet as pq
    except ImportError:
        return []
    made = io.BytesIO()
    columns = {"a": [1.0, None, 3.0, 4.0], "b": ["x", "y", "x", "z"], "c": [True, False, None, True]}
    pq.write_table(pa.table(columns), made, compression="none")
    return [made.getvalue()]


def _unzip_and_read(name: str) -> Open:
    """The content is what a sound gzip file holds."""
    return lambda content, folder: _read(name)(gzip.compress(content, 1), folder)


def _preprocessing(content: bytes, folder: Path) -> None:
    from chainrule.data.preprocessing import Preprocessing
    from chainrule.interchange import strict_json

    found = Preprocessing.from_dict(strict_json.loads(content.decode("utf-8", "replace"), "it", "file"))
    Preprocessing.from_dict(json.loads(json.dumps(found.to_dict())))


def _read_safetensors(content: bytes, folder: Path) -> None:
    safetensors.read(_written(content, folder, "a"))


DOORS: dict[str, Door] = {
    "model": Door(_load, lambda: [_model(), a_table_model()]),
    "model-header": Door(_load_header, lambda: [_header_of(_model())]),
    "model-part": Door(_load_part, _parts),
    "safetensors": Door(_read_safetensors, lambda: [*_plain(), *_nested()]),
    "nested": Door(lambda content, folder: nested.load(_written(content, folder, "a")), _nested),
    "preprocessing": Door(_preprocessing, _preprocessings),
    "manifest": Door(_open_manifest, lambda: [_run()["manifest.json"]]),
    "checkpoint": Door(
        lambda content, folder: _resume({**_run(), _CHECKPOINT: content}, folder), lambda: [_run()[_CHECKPOINT]]
    ),
    "checkpoint-state": Door(_resume_from, _states),
    "import": Door(
        _import, lambda: [*books()[2:5], *estimators(), torch_file(), *torch_modules(), *_plain(), _model()]
    ),
    "import-onnx": Door(lambda content, folder: from_onnx(content), onnx_files),
    "import-keras": Door(_import_keras, lambda: keras_files("keras")),
    "import-hdf5": Door(_import_keras, lambda: keras_files("h5")),
    "import-torch": Door(_import_torch, torch_programs),
    "pickle": Door(lambda content, folder: pickles.loads(content, records=RECORDS), lambda: [*books(), *estimators()]),
    **{f"run-{part}": Door(_list_runs(f"{part}.json"), _part_of_record(part)) for part in _RECORD_PARTS},
    "csv": Door(_read("a.csv"), tables),
    "csv-gz": Door(_read("a.csv.gz"), lambda: [gzip.compress(one) for one in tables()]),
    "idx": Door(_read("a-idx3-ubyte"), lambda: [idx_file()]),
    "idx-gz": Door(_read("a.gz"), lambda: [gzip.compress(idx_file())]),
    "idx-unzipped": Door(_unzip_and_read("a.gz"), lambda: [idx_file()]),
    "npz": Door(_read("a.npz"), _archives),
    "npz-array": Door(_read_array, _arrays),
    "parquet": Door(_read("a.parquet"), parquet_files),
}
