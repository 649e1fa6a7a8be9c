"""``torch.save`` and ``torch.load`` on safetensors files, which hold no code."""

from __future__ import annotations

import os
from typing import Any

from chainrule.core.device import require_cpu
from chainrule.errors import DTypeError, FormatError
from chainrule.interchange import bundle, nested, safetensors
from chainrule.nn import Module, registry

__all__ = ["load", "save"]


def save(obj: Any, f: str | os.PathLike[str]) -> None:
    """Write a model, a state dict, or a checkpoint (dicts and lists of tensors, numbers, texts) to a safetensors file.

    Args:
        obj: what to write; a model must be made of the library's own layers (save the ``state_dict()`` of any other).
        f: the file's path, with any ending.

    Raises:
        DTypeError: for an object that such a file cannot hold, or an open file instead of a path.
        FormatError: for a model with layers of the user's own.
    """
    path = _path(f)
    if isinstance(obj, Module):
        registry.describe(obj)  # raises for a module of the user's own, which `load` could not build
        bundle.save(obj, path)
    else:
        nested.save(obj, path)


def load(f: str | os.PathLike[str], map_location: Any = None, weights_only: bool = True) -> Any:
    """Read what `save` wrote, or any safetensors file as a dict of tensors.

    Args:
        f: the file's path.
        map_location: None or the CPU.
        weights_only: accepted for PyTorch's sake: nothing but numbers and texts is ever read.

    Raises:
        MissingFileError: if there is no such file.
        FormatError: if it is no safetensors file, as those are not that PyTorch itself writes: they may hold any code.
    """
    require_cpu(map_location)
    path = _path(f)
    try:
        metadata = safetensors.read_header(path).metadata
    except FormatError as error:
        raise FormatError(
            str(error),
            fix="In PyTorch, load it and call safetensors.torch.save_file(model.state_dict(), path)",
        ) from error
    return bundle.load(path) if metadata.get("format") == bundle.FORMAT else nested.load(path)


def _path(f: Any) -> str:
    if not isinstance(f, (str, os.PathLike)):
        raise DTypeError("save and load take a path", got=type(f).__name__)
    return os.fspath(f)
