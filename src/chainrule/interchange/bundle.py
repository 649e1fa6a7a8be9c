"""Our model file: one safetensors file that holds everything needed to use the model again.

Tensors are the state dict, under PyTorch's paths.  The metadata hold JSON: the layers (names from a closed registry),
the preprocessing with class labels, and the loss.  Nothing in the file is executed or imported; numbers and names
are checked against what the layers need before the model is handed out.
"""

from __future__ import annotations

import json
import math
import os
from collections.abc import Mapping
from typing import Any

import numpy as np

from chainrule import losses
from chainrule.data.preprocessing import Preprocessing
from chainrule.errors import ChainruleError, FormatError
from chainrule.files import existing_file
from chainrule.interchange import safetensors, strict_json
from chainrule.losses import Loss
from chainrule.nn import registry
from chainrule.nn.module import Module

__all__ = ["load", "save"]

FORMAT = "chainrule.model"
VERSION = 1


def save(model: Module, path: str | os.PathLike[str]) -> None:
    """Write `model` to one file; whatever stood there is replaced only when the new file is complete.

    Args:
        model: made of the library's own layers.
        path: usually ending in ``.safetensors``.

    Raises:
        FormatError: for a layer that the registry does not know: such a model can be rebuilt only by its own code.
        MissingFileError: if the folder does not exist or cannot be written to.
    """
    loss = model.objective
    metadata = {
        "format": FORMAT,
        "version": str(VERSION),
        "model": _dumps(registry.describe(model)),
        "preprocessing": _dumps(None if model.preprocessing is None else model.preprocessing.to_dict()),
        "objective": _dumps(None if loss is None else {"name": loss.name, **loss.config()}),
    }
    tensors = {name: np.asarray(value._data, order="C") for name, value in model.state_dict().items()}
    safetensors.write(path, tensors, metadata)


def load(path: str | os.PathLike[str]) -> Module:
    """Read a model that `save` wrote; it comes in evaluation mode, with its preprocessing and loss.

    Raises:
        MissingFileError: if there is no such file.
        FormatError: if it is corrupt, truncated, of another kind, or of a newer version.
    """
    file = existing_file(path, "model file")
    header = safetensors.read_header(file)
    described = _description(header.metadata, file)
    model = _built(described["model"], header.tensors, file)
    tensors, _ = safetensors.read(file)
    _fill(model, tensors, file)
    try:
        if described["preprocessing"] is not None:
            model.preprocessing = Preprocessing.from_dict(described["preprocessing"])
        if described["objective"] is not None:
            model.objective = _loss(described["objective"])
    except ChainruleError as error:
        raise FormatError(f"the model file is damaged: {error}", where=file) from error
    model.eval()
    return model


def _dumps(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False)


def _description(metadata: Mapping[str, str], file: Any) -> dict[str, Any]:
    if metadata.get("format") != FORMAT:
        raise FormatError(
            "a safetensors file, but not a chainrule model",
            expected=f"format {FORMAT!r} in its metadata",
            got=repr(metadata.get("format")),
            where=file,
            fix="Build the model and use load_state_dict for bare tensors",
        )
    version = metadata.get("version", "")
    if version != str(VERSION):
        raise FormatError(
            "model file of another version",
            expected=VERSION,
            got=version,
            where=file,
            fix="Install a newer chainrule" if version.isdecimal() else "Save the model again",
        )
    found = {}
    for part in ("model", "preprocessing", "objective"):
        if part not in metadata:
            raise FormatError(f"the model file lacks its {part!r} part", where=file)
        found[part] = strict_json.loads(metadata[part], part, str(file))
    return found


def _built(layers: Any, tensors: Mapping[str, safetensors.TensorInfo], file: Any) -> Module:
    """Build the layers, unless their description asks for more memory than the file has numbers for."""
    stored = sum(math.prod(info.shape) for info in tensors.values())
    if _wanted(layers) > max(stored, 1 << 16):
        raise FormatError("the model file is damaged: its layers are larger than what it holds", where=file)
    try:
        return registry.build(layers)
    except ChainruleError as error:
        raise FormatError(f"the model file is damaged: {error}", where=file) from error


def _wanted(described: Any) -> int:
    """At least as many numbers as the largest described layer has: the product of its sizes."""
    if isinstance(described, dict):
        if "config" in described:
            return math.prod(_sizes(described["config"]))
        return max((_wanted(value) for value in described.values()), default=0)
    return max((_wanted(value) for value in described), default=0) if isinstance(described, list) else 0


def _sizes(config: Any) -> list[int]:
    if isinstance(config, dict):
        return [size for value in config.values() for size in _sizes(value)]
    if isinstance(config, list):
        return [size for value in config for size in _sizes(value)]
    return [config] if isinstance(config, int) and config > 1 else []


def _fill(model: Module, tensors: Mapping[str, np.ndarray], file: Any) -> None:
    for name, parameter in model.named_parameters():
        # The file's precision is the model's precision.
        if name in tensors and tensors[name].dtype.kind == "f":
            parameter._data = parameter._data.astype(tensors[name].dtype)
    try:
        model.load_state_dict(tensors)
    except ChainruleError as error:
        raise FormatError(f"the model file is damaged: {error}", where=file) from error


def _loss(config: Any) -> Loss:
    if not isinstance(config, dict) or not isinstance(config.get("name"), str):
        raise FormatError("its loss is not described by a name and options")
    options = {key: value for key, value in config.items() if key != "name"}
    try:
        return losses.get(config["name"], **options)
    except TypeError as error:
        raise FormatError(f"its loss has unknown options: {error}") from error
