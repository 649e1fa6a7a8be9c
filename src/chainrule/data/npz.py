"""``.npz`` archives of NumPy arrays, of which nothing is ever unpickled."""

from __future__ import annotations

import math
import os
import tokenize
import zipfile
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from chainrule.data.arrays import from_arrays
from chainrule.data.cells import as_cells
from chainrule.data.dataset import Dataset, Splits
from chainrule.data.expansion import check_expansion
from chainrule.data.target import Task, class_names
from chainrule.errors import DataError, FormatError
from chainrule.files import existing_file

__all__ = ["read_npz"]

_INPUTS = ("x", "X", "inputs", "images", "data")
_TARGETS = ("y", "Y", "targets", "labels", "target")
_SMALL = 512 * 2**20  # bytes that an archive may expand to in any case
_LONGEST = 200  # characters of a text from the file in a message
_VALIDATION = ("val", "valid", "validation")


def read_npz(path: str | os.PathLike[str], *, task: Task | None = None) -> Dataset | Splits[Dataset]:
    """Read a data set from an archive with ``x`` and ``y``, or ``x_train``, ``y_train``, ``x_test``, ``y_test``.

    ``X``, ``inputs``, ``images``, ``data`` and ``Y``, ``targets``, ``labels``, ``target`` are understood as well, and
    so are a validation set (``x_val``, ``y_val``) and the texts ``classes`` and ``feature_names``.

    Raises:
        MissingFileError, FormatError: if there is no such file, or it is damaged or holds pickled objects.
        DataError: if no inputs are in it, or arrays that `from_arrays` refuses.
    """
    found = existing_file(path, ".npz file")
    arrays = _arrays(found)
    train = _pair(arrays, "_train")
    if train is None:
        whole = _pair(arrays, "")
        if whole is None:
            raise DataError(
                "the archive has no inputs",
                expected="x and y, or x_train and y_train",
                got=_brief(", ".join(arrays)),
                where=path,
            )
        return _dataset(*whole, arrays, found, task, training=True)
    validation = next((pair for key in _VALIDATION if (pair := _pair(arrays, f"_{key}"))), None)
    test = _pair(arrays, "_test")
    if "classes" not in arrays and train[1] is not None and train[1].dtype.kind in "UST":
        labels = [pair[1] for pair in (train, validation, test) if pair is not None and pair[1] is not None]
        arrays["classes"] = np.array(class_names(as_cells(np.concatenate(labels), "labels")))
    first = _dataset(*train, arrays, found, task, training=True)
    second, third = (
        None if pair is None else _dataset(*pair, arrays, found, first.task, training=False)
        for pair in (validation, test)
    )
    return Splits(first, second, third)


def _pair(arrays: Mapping[str, NDArray[Any]], suffix: str) -> tuple[NDArray[Any], NDArray[Any] | None] | None:
    x = next((arrays[key + suffix] for key in _INPUTS if key + suffix in arrays), None)
    y = next((arrays[key + suffix] for key in _TARGETS if key + suffix in arrays), None)
    return None if x is None else (x, y)


def _dataset(
    x: NDArray[Any],
    y: NDArray[Any] | None,
    arrays: Mapping[str, NDArray[Any]],
    path: Path,
    task: Task | None,
    training: bool,
) -> Dataset:
    classes, names = arrays.get("classes"), arrays.get("feature_names")
    return from_arrays(
        x,
        y,
        classes=None if classes is None else classes.ravel().tolist(),
        feature_names=None if names is None else names.ravel().tolist(),
        task=task,
        name=path.stem,
        training=training,
    )


def _arrays(path: Path) -> dict[str, NDArray[Any]]:
    try:
        with zipfile.ZipFile(path) as archive:
            found = [info for info in archive.infolist() if info.filename.endswith(".npy")]
            if len({info.filename for info in found}) < len(found):
                raise FormatError("the archive holds two arrays of one name", where=path)
            if any(info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED) for info in found):
                raise FormatError("the archive is compressed in a way that NumPy does not", where=path)
            check_expansion(sum(info.file_size for info in found), path.stat().st_size, _SMALL, path)
            return {info.filename.removesuffix(".npy"): _array(archive, info, path) for info in found}
    except (zipfile.BadZipFile, zlib.error, EOFError, OSError, ValueError, NotImplementedError, RuntimeError) as error:
        if isinstance(error, FormatError):
            raise
        raise FormatError(f"the file is not a readable .npz archive: {_brief(error)}", where=path) from error


def _array(archive: zipfile.ZipFile, info: zipfile.ZipInfo, path: Path) -> NDArray[Any]:
    """Read one array, after comparing the size that its header declares with what the archive holds."""
    name = _brief(info.filename.removesuffix(".npy"))
    with archive.open(info) as file:
        shape, fortran, dtype = _header(file, name, path)
        if dtype.hasobject:
            raise FormatError(
                f"array {name!r} holds pickled objects, which are never read",
                where=path,
                fix="Save it with a numeric or text dtype",
            )
        count = math.prod(shape)
        if count * dtype.itemsize > info.file_size:
            raise FormatError(f"array {name!r} is truncated", expected=f"shape {shape}", where=path)
        content = np.frombuffer(bytearray(file.read(count * dtype.itemsize)), dtype=dtype)
    return content.reshape(shape, order="F" if fortran else "C")


def _brief(value: object) -> str:
    """The start of what may be very long: names and texts are the file's own."""
    shown = " ".join(str(value).split())
    return shown if len(shown) <= _LONGEST else f"{shown[:_LONGEST]}…"


def _header(file: IO[bytes], name: str, path: Path) -> tuple[tuple[int, ...], bool, np.dtype[Any]]:
    version = np.lib.format.read_magic(file)
    if version in {(1, 0), (2, 0)}:
        read = np.lib.format.read_array_header_1_0 if version == (1, 0) else np.lib.format.read_array_header_2_0
        try:
            shape, fortran, dtype = read(file)
        except (TypeError, SyntaxError, tokenize.TokenError, MemoryError) as error:
            raise FormatError(f"array {name!r} has a damaged header: {_brief(error)}", where=path) from error
        if any(type(side) is not int or side < 0 for side in shape):
            raise FormatError(f"array {name!r} declares an impossible shape", got=_brief(shape), where=path)
        return shape, fortran, dtype
    raise FormatError(f"array {name!r} is in version {version} of the .npy format, which is not supported", where=path)
