"""Our model file: one safetensors file that holds everything needed to use the model again.

Tensors are the state dict, under PyTorch's paths.  The metadata hold JSON: the layers (names from a closed registry),
the preprocessing with class labels, the loss, and the curves of the training.  Nothing in the file is executed or
imported; numbers and names are checked against what the layers need before the model is handed out.
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
from chainrule.errors import ChainruleError, DTypeError, FormatError, MissingFileError
from chainrule.files import existing_file
from chainrule.interchange import safetensors, strict_json
from chainrule.interchange.curves import described_curves, read_curves
from chainrule.losses import Loss
from chainrule.nn import registry
from chainrule.nn.module import Module

__all__ = ["load", "save"]

FORMAT = "chainrule.model"
VERSION = 1

_MOST_LAYERS = 10_000
# Characters; a preprocessing may know many categories.
_LONGEST = {"model": 2 * 2**20, "objective": 2 * 2**20, "history": 2 * 2**20}
_PARTS = ("model", "preprocessing", "objective", "history")
_OPTIONAL = {"history"}  # which files of earlier versions do not have


def save(model: Module, path: str | os.PathLike[str]) -> None:
    """Write `model` to one file; whatever stood there is replaced only when the new file is complete.

    Args:
        model: made of the library's own layers, which the file then describes; or a module of the user's own class, of
            which it keeps the numbers, the preprocessing and the loss, and `load` needs ``into``.
        path: usually ending in ``.safetensors``.

    Numbers are kept bit for bit, infinities and NaN included.  The same model gives the same bytes.  Of the training
    curves in ``model.history`` at most 1,000 epochs are kept, evenly spread; a curve named "epoch" then says which.

    Raises:
        FormatError: for a loss that is not the library's own, and for layers with options that JSON cannot hold.
        MissingFileError: if the folder does not exist or cannot be written to.
        DTypeError: if `model` is no module, or `path` no path.
    """
    if not isinstance(model, Module):
        raise DTypeError("not a model", expected="a Module", got=type(model).__name__)
    metadata = {
        "format": FORMAT,
        "version": str(VERSION),
        "model": _dumps(_described_model(model), "the layers"),
        "preprocessing": _dumps(
            None if model.preprocessing is None else model.preprocessing.to_dict(), "the preprocessing"
        ),
        "objective": _dumps(_described_loss(model.objective), "the loss"),
    }
    curves = described_curves(model.history)
    if curves is not None:
        metadata["history"] = _dumps(curves, "the training curves")
    tensors = {name: np.asarray(value._data, order="C") for name, value in model.state_dict().items()}
    safetensors.write(_path(path), tensors, metadata)


def load(path: str | os.PathLike[str], into: Module | None = None) -> Module:
    """Read a model that `save` wrote; it comes in evaluation mode, with its preprocessing, loss and training curves.

    Args:
        path: the model file.
        into: a model of the right shape to fill and return.  It is needed for a module of the user's own class, which
            only that class can build: ``cr.load("mine.safetensors", into=Mine())``.

    Raises:
        MissingFileError: if there is no such file.
        FormatError: if it is corrupt, truncated, of another kind, or of a newer version.
    """
    file = existing_file(_path(path), "model file")
    header = safetensors.read_header(file)
    described = _description(header.metadata, file)
    if into is None:
        _refuse_own_class(described["model"], file)
    try:
        if into is None:
            _check_size(described["model"], header.tensors)
            model = registry.build(described["model"])
        else:
            model = into
        tensors, _ = safetensors.read(file)
        _check_dtypes(model, tensors)
        model.load_state_dict(tensors)
        if described["preprocessing"] is not None:
            model.preprocessing = Preprocessing.from_dict(described["preprocessing"])
            if into is None:
                model.output_shape(model.preprocessing.shape)
        if described["objective"] is not None:
            model.objective = _loss(described["objective"])
        if described["history"] is not None:
            curves = read_curves(described["history"])
            if model.history is None or isinstance(model.history, dict):  # else the class's own
                model.history = curves
    except MissingFileError:
        raise
    except ChainruleError as error:
        problem = "is damaged" if into is None else "does not fit the model to fill"
        raise FormatError(f"the model file {problem}: {error}", where=file) from error
    model.eval()
    return model


def _described_model(model: Module) -> dict[str, Any]:
    """The layers; or of a module with a class of the user's own somewhere in it, its name alone."""
    if all(registry.LAYERS.get(type(part).__name__) is type(part) for part in model.modules()):
        return registry.describe(model)
    return {"class": type(model).__name__}


def _refuse_own_class(described: Any, file: Any) -> None:
    if isinstance(described, Mapping) and set(described) == {"class"}:
        name = str(described["class"])[:60]
        raise FormatError(
            f"the file holds the numbers of a {name!r}, which only that class can build",
            where=file,
            fix=f"Give load a model to fill: load(path, into={name}(...))",
        )


def _path(path: str | os.PathLike[str]) -> str:
    try:
        return os.fsdecode(path)
    except TypeError as error:
        raise DTypeError("not a path", expected="a text or a Path", got=type(path).__name__) from error


def _dumps(value: Any, what: str) -> str:
    try:
        return json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    except (TypeError, ValueError) as error:
        raise FormatError(f"{what} cannot be described in a file: {error}") from error


def _described_loss(loss: Loss | None) -> dict[str, Any] | None:
    if loss is None:
        return None
    if losses.LOSSES.get(loss.name) is not type(loss):
        raise FormatError(
            f"{type(loss).__name__} is not one of chainrule's own losses, which alone can be described",
            fix="Set model.objective to one of chainrule.losses, or to None, and save again",
        )
    return {"name": loss.name, **loss.config()}


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
    found: dict[str, Any] = dict.fromkeys(_PARTS)
    for part in _PARTS:
        if part not in metadata and part in _OPTIONAL:
            continue
        if part not in metadata:
            raise FormatError(f"the model file lacks its {part!r} part", where=file)
        if len(metadata[part]) > _LONGEST.get(part, math.inf):
            raise FormatError(f"the model file's {part!r} part is too long", got=len(metadata[part]), where=file)
        found[part] = strict_json.loads(metadata[part], part, str(file))
    return found


def _check_size(layers: Any, tensors: Mapping[str, safetensors.TensorInfo]) -> None:
    """Refuse layers that ask for more memory than the file has numbers for, before they are made."""
    stored = sum(math.prod(info.shape) for info in tensors.values())
    wanted, made = registry.parameter_count(layers), 0
    pending = [layers]
    while pending:
        one, made = pending.pop(), made + 1
        if not isinstance(one, Mapping):
            continue
        inner, config = one.get("layers"), one.get("config")
        if isinstance(inner, list):
            pending += [entry[1] for entry in inner if isinstance(entry, list) and len(entry) == 2]
        if one.get("type") != "BatchNorm1d" or not isinstance(config, Mapping):
            continue
        if isinstance(features := config.get("num_features"), int):
            wanted += 2 * features * bool(config.get("track_running_stats", True))
    if wanted > stored or made > _MOST_LAYERS:
        raise FormatError(
            "its layers are larger than what it holds",
            expected=f"{stored} numbers in at most {_MOST_LAYERS} layers",
            got=f"{wanted} in {made}",
        )


def _check_dtypes(model: Module, tensors: Mapping[str, np.ndarray]) -> None:
    """A file's tensors have the dtypes of the layers that they belong to: nothing is converted in silence."""
    for name, value in model.state_dict().items():
        if name in tensors and tensors[name].dtype != value._data.dtype:
            raise FormatError(
                f"tensor {name!r} has another dtype than its layer",
                expected=value._data.dtype,
                got=tensors[name].dtype,
            )


def _loss(config: Any) -> Loss:
    if not isinstance(config, dict) or not isinstance(config.get("name"), str):
        raise FormatError("its loss is not described by a name and options")
    options = {key: value for key, value in config.items() if key != "name"}
    try:
        return losses.get(config["name"], **options)
    except (TypeError, ValueError, OverflowError) as error:
        if isinstance(error, ChainruleError):
            raise
        raise FormatError(f"its loss has unusable options: {error}") from error
