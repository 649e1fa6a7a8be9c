"""Dicts and lists of tensors, numbers and texts (state dicts, checkpoints) in one safetensors file.

A dict of tensors alone is a plain safetensors file, which other programs read.  Anything deeper keeps its structure as
JSON in the metadata, where the tensors stand by name.
"""

from __future__ import annotations

import json
import math
import os
from collections.abc import Mapping
from typing import Any

import numpy as np

from chainrule.core.tensor import Tensor
from chainrule.errors import DTypeError, FormatError
from chainrule.interchange import safetensors, strict_json

__all__ = ["load", "save"]

FORMAT = "chainrule.nested"
VERSION = 1

_DEEPEST = 64  # each step is four in the JSON


def save(value: Any, path: str | os.PathLike[str]) -> None:
    """Write `value` to a file, atomically.

    Args:
        value: a tensor, an array, a number, a text, None, or dicts (keys: texts, integers), lists and tuples of those.
        path: the file to create or replace.

    Raises:
        DTypeError: for anything else in it; says where.
        MissingFileError: if the folder does not exist or cannot be written to.
    """
    if isinstance(value, Mapping) and value and all(_is_plain(key, item) for key, item in value.items()):
        safetensors.write(path, {name: np.asarray(tensor._data) for name, tensor in value.items()})
        return
    arrays: dict[str, np.ndarray] = {}
    structure = json.dumps(_described(value, (), arrays), ensure_ascii=False, separators=(",", ":"))
    metadata = {"format": FORMAT, "version": str(VERSION), "structure": structure}
    safetensors.write(path, arrays, metadata)


def load(path: str | os.PathLike[str]) -> Any:
    """Read what `save` wrote, or any safetensors file as a dict of tensors.

    Raises:
        MissingFileError: if there is no such file.
        FormatError: if it is corrupt, of another kind, or of a newer version.
    """
    arrays, metadata = safetensors.read(path)
    if metadata.get("format") != FORMAT:
        return {name: Tensor.of(array) for name, array in arrays.items()}
    if metadata.get("version") != str(VERSION):
        raise FormatError("file of another version", expected=VERSION, got=repr(metadata.get("version")), where=path)
    described = strict_json.loads(metadata.get("structure", ""), "the structure", path)
    try:
        return _restored(described, arrays)
    except (KeyError, TypeError, ValueError, RecursionError) as error:
        raise FormatError("the structure in the file is damaged", where=path) from error


def _is_plain(key: Any, item: Any) -> bool:
    return isinstance(key, str) and key != safetensors.METADATA and isinstance(item, Tensor)


def _described(value: Any, place: tuple[str, ...], arrays: dict[str, np.ndarray]) -> Any:
    """`value` as JSON of one-entry objects that name its type; its arrays go to `arrays`."""
    if len(place) > _DEEPEST:
        raise DTypeError(
            "cannot save this: it is nested too deeply, or holds itself", expected=f"at most {_DEEPEST} levels"
        )
    if isinstance(value, (Tensor, np.ndarray)):
        name = _free_name(".".join(place) or "value", arrays)
        arrays[name] = np.asarray(getattr(value, "_data", value))
        return {"tensor" if isinstance(value, Tensor) else "array": name}
    if isinstance(value, Mapping):
        pairs = [[_key(key, place), _described(item, (*place, str(key)), arrays)] for key, item in value.items()]
        return {"dict": pairs}
    if isinstance(value, (list, tuple)):
        items = [_described(item, (*place, str(i)), arrays) for i, item in enumerate(value)]
        return {"list" if isinstance(value, list) else "tuple": items}
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, float) and not math.isfinite(value):
        return {"float": repr(value)}
    if value is None or isinstance(value, (bool, int, float, str)):
        return {"value": value}
    raise DTypeError(
        "cannot save this: a file holds tensors, numbers, texts, dicts and lists",
        got=type(value).__name__,
        where=".".join(place) or None,
        fix="Save the state_dict() of models, optimizers and schedules",
    )


def _key(key: Any, place: tuple[str, ...]) -> str | int:
    if isinstance(key, bool) or not isinstance(key, (str, int)):
        raise DTypeError("keys are texts or integers", got=repr(key)[:60], where=".".join(place) or None)
    return key


def _free_name(wanted: str, taken: Mapping[str, Any]) -> str:
    name, number = wanted, 1
    while name in taken or name == safetensors.METADATA:
        number += 1
        name = f"{wanted}~{number}"
    return name


def _restored(described: Any, arrays: Mapping[str, np.ndarray]) -> Any:
    """The reverse of `_described`; KeyError, TypeError or ValueError for anything that it never wrote."""
    ((kind, content),) = _checked(described, (dict,)).items()
    if kind in ("tensor", "array"):
        return Tensor.of(arrays[content]) if kind == "tensor" else arrays[content]
    if kind == "dict":
        return {_checked(key, (str, int)): _restored(item, arrays) for key, item in content}
    if kind in ("list", "tuple"):
        items = [_restored(item, arrays) for item in _checked(content, (list,))]
        return items if kind == "list" else tuple(items)
    if kind == "float":
        return float(_checked(content, (str,)))
    if kind == "value":
        return _checked(content, (type(None), bool, int, float, str))
    raise KeyError(kind)


def _checked(value: Any, types: tuple[type, ...]) -> Any:
    if not isinstance(value, types):
        raise TypeError(type(value).__name__)
    return value
