"""ONNX files as protocol buffers, and the arrays in them, after a look at their sizes.

The format: https://onnx.ai/onnx/repo-docs/IR.html.  Files are parsed by the package ``onnx``; what they say is checked
here, since a parser believes every size, and a loader of tensors follows paths to other files.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import numpy as np

from chainrule.errors import FormatError, MissingDependencyError
from chainrule.interchange.pickled_arrays import brief

__all__ = [
    "MOST_BYTES",
    "array_of",
    "check_model",
    "onnx_package",
    "opset_of",
    "parsed",
    "tensor_type",
]

MOST_BYTES = 2**31 - 1
"""Of one message, by the rules of protocol buffers."""
_MOST_BESIDES = 2**24  # bytes that are no weights: a parsed message takes fifty times as many
_MOST_FIELDS = 2**19
_OLDEST_OPSET = 7  # before it, operations stretched their operands by other rules

# Which fields hold messages with weights further in, by the message that they are fields of.
_INSIDE = {
    "model": {7: "graph"}, "graph": {1: "node", 5: "tensor"}, "node": {5: "attribute"}, "attribute": {5: "tensor"},
}  # fmt: skip
_WEIGHTS = (4, 9, 10)  # float_data, raw_data, double_data of a tensor

# Bytes of an element by its type; types that no network of ours could use are not here.
_SIZES = {
    "FLOAT": 4, "DOUBLE": 8, "FLOAT16": 2, "BFLOAT16": 2, "INT64": 8, "INT32": 4, "INT16": 2, "INT8": 1, "UINT8": 1,
    "BOOL": 1, "STRING": 0,
}  # fmt: skip
_TYPED = {
    "FLOAT": "float_data", "DOUBLE": "double_data", "INT64": "int64_data", "STRING": "string_data",
}  # fmt: skip


def onnx_package() -> Any:
    """The package ``onnx``.

    Raises:
        MissingDependencyError: without it.
    """
    try:
        import onnx
    except ImportError as error:
        raise MissingDependencyError(
            "reading and writing ONNX needs the package onnx", fix='pip install "chainrule[onnx]"'
        ) from error
    return onnx


def parsed(content: bytes) -> Any:
    """The ``ModelProto`` in a file's bytes.

    Raises:
        FormatError: if they are no such message, too many, or made to fill the memory.
        MissingDependencyError: without ``onnx``.
    """
    onnx = onnx_package()
    if len(content) > MOST_BYTES:
        raise FormatError("the ONNX file is too large", expected=f"at most {MOST_BYTES} bytes", got=len(content))
    counter = _Counter()
    besides = len(content) - counter.weights(memoryview(content), "model")
    if besides > _MOST_BESIDES:
        raise FormatError(
            "the ONNX file holds too much besides its weights", expected=f"at most {_MOST_BESIDES} bytes", got=besides
        )
    model = onnx.ModelProto()
    try:
        model.ParseFromString(content)
    except Exception as error:  # of google.protobuf, and of several kinds
        raise FormatError(f"the ONNX file is damaged: {brief(str(error))}") from error
    check_model(model)
    return model


def check_model(model: Any) -> None:
    """Refuse models that are more than one plain graph.

    Raises:
        FormatError: for functions, an unknown version of the operators, or no graph.
    """
    newest = onnx_package().defs.onnx_opset_version()
    versions = [one.version for one in model.opset_import if one.domain in ("", "ai.onnx")]
    if not model.HasField("graph") or not model.graph.node:
        raise FormatError("the ONNX file has no graph")
    if model.functions:
        raise FormatError(
            "the ONNX file defines functions of its own, which are not read",
            got=brief(model.functions[0].name),
            fix="Inline them with onnx.inliner.inline_local_functions",
        )
    if len(versions) != 1 or not _OLDEST_OPSET <= versions[0] <= newest:
        raise FormatError(
            "the ONNX file uses operators of a version that is not read",
            expected=f"opset {_OLDEST_OPSET} to {newest}",
            got=versions[0] if len(versions) == 1 else f"{len(versions)} versions",
            fix="Convert it with onnx.version_converter, or install a newer onnx",
        )


def opset_of(model: Any) -> int:
    """Version of the standard operators that a checked model uses."""
    return next(int(one.version) for one in model.opset_import if one.domain in ("", "ai.onnx"))


class _Counter:
    """Walks over the fields of a message without making anything of them."""

    def __init__(self) -> None:
        self.fields = 0

    def weights(self, view: memoryview, kind: str) -> int:
        """How many bytes of a message are numbers of tensors.

        Raises:
            FormatError: if the message is cut off or damaged, or has too many parts.
        """
        found = 0
        for number, part in self._parts(view):
            if kind == "tensor":
                found += len(part) if number in _WEIGHTS else 0
            elif number in _INSIDE[kind]:
                found += self.weights(part, _INSIDE[kind][number])
        return found

    def _parts(self, view: memoryview) -> Iterator[tuple[int, memoryview]]:
        """Number and content of each field that has a length."""
        at = 0
        while at < len(view):
            self.fields += 1
            if self.fields > _MOST_FIELDS:
                raise FormatError("the ONNX file has too many parts", expected=f"at most {_MOST_FIELDS} fields")
            tag, at = _varint(view, at)
            wire = tag & 7
            if wire == 0:
                _, at = _varint(view, at)
            elif wire in (1, 5):
                at += 8 if wire == 1 else 4
            elif wire == 2:
                size, at = _varint(view, at)
                if size > len(view) - at:
                    raise FormatError("the ONNX file is cut off")
                yield tag >> 3, view[at : at + size]
                at += size
            else:
                raise FormatError("not an ONNX file, or a damaged one")
        if at > len(view):
            raise FormatError("the ONNX file is cut off")


def _varint(view: memoryview, at: int) -> tuple[int, int]:
    """A number of seven bits a byte, and where it ends."""
    value = 0
    for place, byte in enumerate(view[at : at + 10]):
        value |= (byte & 0x7F) << (7 * place)
        if byte < 0x80:
            return value, at + place + 1
    raise FormatError("the ONNX file is cut off or damaged")


def tensor_type(number: int) -> str:
    """The name of a tensor's element type."""
    try:
        return str(onnx_package().TensorProto.DataType.Name(number))
    except ValueError:
        return f"type {number}"


def array_of(tensor: Any, what: str) -> np.ndarray:
    """The numbers (or texts, as an object array of ``str``) of a ``TensorProto``; 16-bit floats become float32.

    Args:
        tensor: the message.
        what: the tensor, for messages.

    Raises:
        FormatError: if they lie in another file, are of a type that is not read, or are not as many as the shape says.
    """
    if tensor.data_location != 0 or tensor.external_data:
        raise FormatError(
            f"the numbers of {what} lie in another file, and no other file is opened",
            fix="Save the model as one file (onnx.save with save_as_external_data=False)",
        )
    kind, shape = tensor_type(tensor.data_type), tuple(tensor.dims)
    if kind not in _SIZES or tensor.HasField("segment"):
        raise FormatError(f"{what} has elements that cannot be read", expected=", ".join(_SIZES), got=kind)
    if len(shape) > 8 or any(size < 0 for size in shape):
        raise FormatError(f"{what} has no possible shape", got=brief(shape))
    count, raw = math.prod(shape), tensor.raw_data
    typed = _TYPED.get(kind, "int32_data")
    held = len(raw) if raw else len(getattr(tensor, typed))
    wanted = count * _SIZES[kind] if raw else count
    if held != wanted or (raw and (kind == "STRING" or len(getattr(tensor, typed)))):
        raise FormatError(f"the numbers of {what} are not as many as its shape {brief(shape)} says", got=held)
    return _decoded(tensor, kind, shape, what)


def _decoded(tensor: Any, kind: str, shape: tuple[int, ...], what: str) -> np.ndarray:
    if kind == "STRING":
        try:
            texts = [one.decode() for one in tensor.string_data]
        except UnicodeDecodeError as error:
            raise FormatError(f"{what} holds bytes that are no text") from error
        return np.array([*texts, None], object)[:-1].reshape(shape)
    try:
        made = np.asarray(onnx_package().numpy_helper.to_array(tensor))
    except (ValueError, TypeError, OverflowError) as error:
        raise FormatError(f"{what} cannot be read: {brief(str(error))}") from error
    return made.astype(np.float32) if kind in ("FLOAT16", "BFLOAT16") else made
