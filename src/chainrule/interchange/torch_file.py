"""PyTorch's ``.pt`` and ``.pth`` files, read without PyTorch and without unpickling anything.

Such a file is a zip of a pickle, whose tensors are persistent ids, and of one entry of raw numbers for each storage
(https://docs.pytorch.org/docs/stable/notes/serialization.html).  Before version 1.6 it was another format.
"""

from __future__ import annotations

import math
from collections import OrderedDict
from pathlib import Path
from typing import Any, Literal

import numpy as np

from chainrule.errors import FormatError
from chainrule.interchange import zips
from chainrule.interchange.pickled_arrays import Budget, brief
from chainrule.interchange.pickles import loads
from chainrule.interchange.torch_modules import CLASSES

__all__ = ["read_zip"]

_STORAGES = {
    "torch.DoubleStorage": "f8", "torch.FloatStorage": "f4", "torch.HalfStorage": "f2", "torch.BFloat16Storage": "u2",
    "torch.LongStorage": "i8", "torch.IntStorage": "i4", "torch.ShortStorage": "i2", "torch.CharStorage": "i1",
    "torch.ByteStorage": "u1", "torch.BoolStorage": "b1",
}  # fmt: skip


def read_zip(path: Path) -> Any:
    """Return what was saved, tensors as arrays, and layers of ``torch.nn`` as `pickles.Record`.

    Args:
        path: an existing zip file.

    Raises:
        FormatError: if it is damaged, is no file of PyTorch, or holds anything but plain values, tensors and layers.
    """
    with zips.opened(path) as archive:
        return _Archive(archive).read()


class _Archive:
    """An open file, and the storages read from it."""

    def __init__(self, archive: zips.Zip) -> None:
        self.archive, self.path, self.entries = archive, archive.path, archive.entries
        programs = [name for name in self.entries if name.rpartition("/")[2] == "data.pkl"]
        if len(programs) != 1:
            raise FormatError(
                "a zip file, but none that PyTorch wrote",
                expected="one data.pkl in it",
                where=self.path,
                fix="A .npz file is another format",
            )
        self.folder = programs[0].rpartition("/")[0]
        self.storages: dict[str, np.ndarray] = {}

    def read(self) -> Any:
        self.order: Literal["<", ">"] = ">" if self._optional("byteorder") == b"big" else "<"
        functions = {
            "torch._utils._rebuild_tensor_v2": _tensor,
            "torch._utils._rebuild_parameter": _parameter,
            "collections.OrderedDict": _ordered,
            "builtins.set": _set,
            **dict.fromkeys(_STORAGES, _never),
        }
        program = self._entry("data.pkl")
        return loads(program, where=self.path, records=CLASSES, functions=functions, persistent=self._storage)

    def _entry(self, name: str) -> bytes:
        return self.archive.read(f"{self.folder}/{name}" if self.folder else name)

    def _optional(self, name: str) -> bytes:
        return self._entry(name).strip() if f"{self.folder}/{name}" in self.entries else b""

    def _storage(self, identity: Any) -> np.ndarray:
        if len(identity) != 5 or identity[0] != "storage" or identity[1] not in _STORAGES:
            raise FormatError("the file holds a storage that is not understood", got=brief(identity[1:2]))
        _, kind, key, _, count = identity
        if not isinstance(key, str) or type(count) is not int or f"{self.folder}/data/{key}" not in self.entries:
            raise FormatError("the file lacks the numbers of a storage", got=brief(key))
        if key not in self.storages:
            content = self._entry(f"data/{key}")
            dtype = np.dtype(_STORAGES[kind])
            if len(content) != count * dtype.itemsize:
                raise FormatError(
                    "a storage has another size than declared",
                    expected=f"{count * dtype.itemsize} bytes",
                    got=len(content),
                )
            self.storages[key] = _widened(np.frombuffer(content, dtype.newbyteorder(self.order)), kind)
        return self.storages[key]


def _widened(stored: np.ndarray, kind: str) -> np.ndarray:
    """The numbers in this machine's order; bfloat16, the upper half of a float32, as that."""
    if kind == "torch.BFloat16Storage":
        return (stored.astype(np.uint32) << 16).view(np.float32)
    if kind == "torch.BoolStorage" and stored.size and stored.view(np.uint8).max() > 1:
        raise FormatError("a boolean is neither 0 nor 1")
    return stored.astype(stored.dtype.newbyteorder("="), copy=False)


def _tensor(args: tuple[Any, ...], budget: Budget) -> np.ndarray:
    """A view of a storage, made contiguous, after a look at every place that it would touch."""
    if len(args) not in (6, 7) or not isinstance(args[0], np.ndarray):
        raise FormatError("the file is damaged: a tensor without storage")
    storage, offset, size, stride = args[:4]
    counts = (offset, *size, *stride) if isinstance(size, tuple) and isinstance(stride, tuple) else (None,)
    if len(size) != len(stride) or len(size) > 64 or any(type(n) is not int or not 0 <= n < 2**48 for n in counts):
        raise FormatError("the file is damaged: an unusable tensor")
    count = math.prod(size)
    last = offset + sum((n - 1) * step for n, step in zip(size, stride, strict=True))
    if count and last >= len(storage):
        raise FormatError("the file is damaged: a tensor beyond its storage")
    width = storage.itemsize
    budget.left += len(storage) * width  # of the file, but not of the program
    budget.spend(count * width)
    if not count:
        return np.zeros(size, storage.dtype)
    steps = tuple(step * width for step in stride)
    return np.lib.stride_tricks.as_strided(storage[offset:], size, steps, writeable=False).copy()


def _parameter(args: tuple[Any, ...], budget: Budget) -> np.ndarray:
    if not args or not isinstance(args[0], np.ndarray):
        raise FormatError("the file is damaged: a parameter without numbers")
    return args[0]


def _ordered(args: tuple[Any, ...], budget: Budget) -> dict[str, Any]:
    """An ordered dictionary, empty or of pairs as Python 2 wrote it."""
    pairs = args[0] if args else []
    if not isinstance(pairs, list) or any(not isinstance(p, (list, tuple)) or len(p) != 2 for p in pairs):
        raise FormatError("the file is damaged: an unusable dictionary")
    if any(not isinstance(key, str) for key, _ in pairs):
        raise FormatError("the file is damaged: keys that are not texts")
    return dict(OrderedDict(pairs))


def _set(args: tuple[Any, ...], budget: Budget) -> list[Any]:
    """The names of a layer's transient buffers, of which our layers have none."""
    return list(args[0]) if args and isinstance(args[0], list) else []


def _never(args: tuple[Any, ...], budget: Budget) -> Any:
    raise FormatError("the file is damaged: it calls the class of a storage")
