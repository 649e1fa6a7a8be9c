"""Keras's networks: objects, ``.keras`` files and whole networks in ``.h5`` files.  Keras is not needed for either."""

from __future__ import annotations

import io
import re
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np

from chainrule.errors import DTypeError, FormatError
from chainrule.interchange import keras_hdf5, strict_json, zips
from chainrule.interchange.keras_layers import layers_of
from chainrule.interchange.keras_losses import objective_of
from chainrule.interchange.keras_parts import Weights, parts_of
from chainrule.interchange.pickled_arrays import brief
from chainrule.nn.module import Module
from chainrule.nn.sequential import Sequential

__all__ = ["from_keras", "is_archive", "is_keras", "read_archive", "read_hdf5"]

_LIBRARIES = ("keras", "tf_keras")
_DESCRIPTION, _NUMBERS = "config.json", "model.weights.h5"
_LONGEST = 2**24  # of a description, in bytes


def is_keras(value: object) -> bool:
    """Whether `value` is one of Keras's networks, or an object of a class derived from one."""
    return any(
        kind.__module__.partition(".")[0] in _LIBRARIES and kind.__name__ in ("Model", "Sequential", "Functional")
        for kind in type(value).__mro__
    )


def from_keras(model: Any) -> Module:
    """Make a network of Keras's.

    Args:
        model: a built ``keras.Sequential``, or a functional network whose layers follow each other (of the package
            ``tf_keras``, too).

    Returns:
        a `Sequential` in evaluation mode, that computes what Keras does at inference.  With the loss that the network
        was compiled with, if we have it, as its `objective`; where that is a cross-entropy of probabilities, the
        softmax or sigmoid at the end becomes the loss's link: the output are then logits, and `predict_proba` gives
        what Keras's ``predict`` does.  A ``Rescaling`` is taken in by the Dense layer beside it; a ``Normalization``
        becomes a `BatchNorm1d`, whose statistics stay as they are; layers that do something in training alone, other
        than Dropout, become `Identity`.

    Raises:
        DTypeError: for anything else, and for networks whose computation is in their class's code.
        FormatError: for a layer without a counterpart, by name, or a network that is not built yet.
    """
    plain = type(model).__module__.partition(".")[0] in _LIBRARIES and hasattr(model, "layers")
    if not is_keras(model) or not plain or type(model).__name__ not in ("Sequential", "Functional"):
        raise DTypeError(
            "not a network that can be taken over",
            expected="a keras.Sequential or functional network",
            got=f"{type(model).__module__}.{type(model).__qualname__}",
            fix="What a class of your own computes is only in its code" if is_keras(model) else None,
        )
    if not model.built:
        raise FormatError("the network is not built: it has no numbers yet", fix="Call it once, or give it an Input")
    description = {"class_name": type(model).__name__, "module": "keras", "config": model.get_config()}
    compiled = model.get_compile_config() if getattr(model, "compiled", False) else None
    return _network(description, compiled, _Object(model))


def is_archive(path: Path) -> bool:
    """Whether an existing zip file is one of Keras's."""
    with zips.opened(path) as archive:
        return _DESCRIPTION in archive.entries


def read_archive(path: Path) -> Module:
    """Read a ``.keras`` file; see `from_keras`.

    Raises:
        FormatError: if it is damaged, or holds anything that `from_keras` refuses.
        MissingDependencyError: without h5py.
    """
    with zips.opened(path) as archive:
        strange = [name for name in archive.entries if name.startswith("/") or ".." in re.split(r"[/\\]", name)]
        if strange:
            raise FormatError("the zip file has a name that leads out of it", got=brief(strange[0]), where=path)
        if _NUMBERS not in archive.entries:
            raise FormatError("the file lacks the network's numbers", expected=_NUMBERS, where=path)
        if archive.entries[_DESCRIPTION].file_size > _LONGEST:
            raise FormatError("the description of the network is too long", where=path)
        description = _parsed(archive.read(_DESCRIPTION).decode("utf-8"), path)
        content = archive.read(_NUMBERS)
    if not isinstance(description, dict):
        raise FormatError("the file is damaged: a description of nothing", where=path)
    with keras_hdf5.opened(io.BytesIO(content), len(content)) as group:
        return _network(description, description.get("compile_config"), _Stored(group))


def read_hdf5(path: Path) -> Module:
    """Read a whole network that Keras saved as HDF5 (``.h5``, ``.hdf5``); see `from_keras`.

    Raises:
        FormatError: if it is damaged, or holds anything that `from_keras` refuses, or weights alone.
        MissingDependencyError: without h5py.
    """
    with path.open("rb") as file, keras_hdf5.opened(file, path.stat().st_size) as group:
        text, numbers = group.text("model_config"), group.group("model_weights")
        if text is None or numbers is None:
            raise FormatError(
                "the HDF5 file holds no network of Keras, or weights without the layers",
                where=path,
                fix="Save the whole network in Keras: model.save('network.keras')",
            )
        training = group.text("training_config")
        compiled = None if training is None else _parsed(training, path)
        return _network(_parsed(text, path), compiled, _Legacy(numbers))


def _parsed(text: str, path: Path) -> Any:
    if len(text) > _LONGEST:
        raise FormatError("the description of the network is too long", where=path)
    return strict_json.loads(text, "the description of the network", path)


def _network(description: Any, compiled: Any, weights: Weights) -> Module:
    layers = layers_of(parts_of(description, weights))
    objective = objective_of(compiled, layers)
    if not layers:
        raise FormatError("the network has no layers")
    model = Sequential(*layers)
    model.objective = objective
    return model.eval()


class _Object:
    """Numbers of an object of Keras."""

    def __init__(self, layer: Any) -> None:
        self.layer = layer

    def arrays(self) -> list[np.ndarray]:
        return [np.asarray(array) for array in self.layer.get_weights()]

    def inside(self, kind: str, name: str) -> Weights:
        return _Object(next((one for one in self.layer.layers if one.name == name), _Nothing()))


class _Nothing:
    """A layer that an object leaves out, as Sequential does with its input."""

    layers = ()

    def get_weights(self) -> list[np.ndarray]:
        return []


class _Stored:
    """Numbers in a ``.keras`` file, where layers bear the names of their classes and are counted."""

    def __init__(self, group: keras_hdf5.Group | None) -> None:
        self.group = group
        self.counts: Counter[str] = Counter()

    def arrays(self) -> list[np.ndarray]:
        held = None if self.group is None else self.group.group("vars")
        return [] if held is None else [held.array(str(place)) for place in range(len(held.names()))]

    def inside(self, kind: str, name: str) -> Weights:
        stem = _snake(kind)
        number = self.counts[stem]
        self.counts[stem] += 1
        place = f"layers/{stem}_{number}" if number else f"layers/{stem}"
        return _Stored(None if self.group is None else self.group.group(place))


class _Legacy:
    """Numbers in an HDF5 file of a whole network, where layers bear their own names."""

    def __init__(self, group: keras_hdf5.Group | None, name: str = "", outermost: bool = True) -> None:
        self.group, self.name, self.outermost = group, name, outermost

    def arrays(self) -> list[np.ndarray]:
        if self.group is None:
            return []
        paths = self.group.texts("weight_names")
        # A network within the network keeps the numbers of all its layers in one list.
        within = [path for path in paths if path.split("/")[-2:-1] == [self.name]]
        return [self.group.array(path) for path in (within or paths)]

    def inside(self, kind: str, name: str) -> Weights:
        found = self.group.group(name) if self.outermost and self.group is not None else self.group
        return _Legacy(found, name, outermost=False)


def _snake(name: str) -> str:
    """A class's name as Keras writes it in files: ``BatchNormalization`` is ``batch_normalization``."""
    name = re.sub(r"(.)([A-Z][a-z]+)", r"\1_\2", re.sub(r"\W+", "", name))
    return re.sub(r"([a-z])([A-Z])", r"\1_\2", name).lower()
