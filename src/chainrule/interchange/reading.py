"""Any model file that is understood, told by its content and never by its name."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from chainrule.errors import ConfigError, DTypeError, FormatError
from chainrule.files import existing_file
from chainrule.interchange import bundle, keras_apart, keras_hdf5, pickles, safetensors, signatures
from chainrule.interchange.book import from_book, is_book
from chainrule.interchange.keras import from_keras, is_archive, is_keras
from chainrule.interchange.onnx import from_onnx, is_onnx, read_onnx
from chainrule.interchange.pickles import Record
from chainrule.interchange.sklearn import RECORDS, from_record, from_sklearn, is_sklearn
from chainrule.interchange.torch import from_torch, is_torch
from chainrule.interchange.torch_file import read_zip
from chainrule.nn.module import Module

__all__ = ["from_object", "read"]

_OLD_TORCH = 0x1950A86A20F9469CFC6C  # with which PyTorch before 1.6 began its files
_ZIP = (b"PK\x03\x04", b"PK\x05\x06")


def read(path: str | os.PathLike[str], activation: str | None = None) -> Module:
    """Read a network from a file of ours or of another library.  Nothing in any file is executed or imported.

    Args:
        path: our own file; a pickle of the textbook's weights, or of scikit-learn's MLPClassifier, MLPRegressor or
            Perceptron (``joblib`` files without compression, too); PyTorch's ``.pt`` of a state dict or Sequential;
            a state dict as safetensors; Keras's ``.keras`` and whole networks as ``.h5``; ONNX.  The content decides,
            not the name.
        activation: of the hidden layers, where the file does not say it: for state dicts, where it has to be named,
            and for the textbook's weights, whose default is ``"sigmoid"``.

    Returns:
        the network in evaluation mode.

    Raises:
        MissingFileError: if there is no such file.
        FormatError: if the file is damaged, of another kind, or asks for anything that it may not have.
        ConfigError: if the activation has to be named, or is named where the file says it.
        MissingDependencyError: for a file of Keras without h5py, and for ONNX without onnx.
    """
    file = existing_file(path, "model file")
    try:
        return _read(file, activation)
    except (FormatError, DTypeError) as error:
        if str(file) in str(error):
            raise
        raise FormatError(str(error), where=file) from error


def from_object(source: Any, activation: str | None = None) -> Module:
    """Make a network of an object: scikit-learn's, PyTorch's, Keras's or ONNX's, a state dict, textbook weights.

    Args:
        source: the object.
        activation: as in `read`.

    Raises:
        DTypeError: for anything else.
        ConfigError: as in `read`.
        FormatError: if its parts do not fit each other.
    """
    if is_book(source):
        return from_book(source, activation or "sigmoid")
    if is_sklearn(source):
        _refuse_activation(activation, "an estimator of scikit-learn")
        return from_record(source) if isinstance(source, Record) else from_sklearn(source)
    if is_keras(source):
        _refuse_activation(activation, "a network of Keras")
        return from_keras(source)
    if is_onnx(source):
        _refuse_activation(activation, "a graph of ONNX")
        return from_onnx(source)
    if is_torch(source) and not isinstance(source, dict):
        _refuse_activation(activation, "a network of PyTorch")
    return from_torch(source, activation)


def _read(file: Path, activation: str | None) -> Module:
    with file.open("rb") as opened:
        first = opened.read(signatures.ENOUGH)
    if first.startswith(_ZIP):
        if not is_archive(file):
            return from_object(read_zip(file), activation)
        _refuse_activation(activation, "a file of Keras")
        return keras_apart.read(file)
    if first.startswith(keras_hdf5.SIGNATURE):
        _refuse_activation(activation, "a file of Keras")
        return keras_apart.read(file)
    if signatures.looks_like_onnx(first):
        _refuse_activation(activation, "a graph of ONNX")
        return read_onnx(file)
    if _looks_pickled(first):
        return _pickled(file, activation)
    header = safetensors.read_header(file)
    if header.metadata.get("format") == bundle.FORMAT:
        _refuse_activation(activation, "a file of chainrule")
        return bundle.load(file)
    tensors, _ = safetensors.read(file)
    return from_torch(dict(sorted(tensors.items(), key=lambda item: _natural(item[0]))), activation)


def _looks_pickled(first: bytes) -> bool:
    """Whether a file begins as pickles do: with a protocol, or of protocol 0 and 1 with a container."""
    if first[4:9] == b"\x00\x00\x00\x00{":  # safetensors, whose length of the header may begin with any byte
        return False
    return first[:1] == b"\x80" or first[:2] in (b"(d", b"(l", b"}q", b"}(", b"cc", b"cs", b"ci") or first == b"}."


def _pickled(file: Path, activation: str | None) -> Module:
    found = pickles.load(file, records=RECORDS)
    if found == _OLD_TORCH:
        raise FormatError(
            "PyTorch wrote this file before version 1.6", fix="Load it there, and torch.save its state_dict() again"
        )
    return from_object(found, activation)


def _natural(path: str) -> list[tuple[int, int | str]]:
    """Numbers in a path by size: layer 10 comes after layer 2."""
    return [(0, int(step)) if step.isdecimal() and len(step) < 9 else (1, step) for step in path.split(".")]


def _refuse_activation(activation: str | None, what: str) -> None:
    if activation is not None:
        raise ConfigError(f"{what} says itself which activations it has", got=f"activation={activation!r}")
