"""An ONNX graph in the making: names that are taken once, constants, and nodes in order."""

from __future__ import annotations

from typing import Any

import numpy as np

from chainrule.errors import FormatError
from chainrule.interchange.onnx_file import MOST_BYTES, onnx_package

__all__ = ["Writer"]

# Operators that every runtime since 2022 has: onnxruntime 1.12, TensorRT 8.5, CoreML and so on.
_OPSET, _LEARNING_OPSET, _IR = 17, 3, 8
_LEARNING = ("LabelEncoder",)


class Writer:
    """Collects the parts of a graph.

    Args:
        reserved: names that values of the graph may not take.
    """

    def __init__(self, reserved: set[str]) -> None:
        self.onnx = onnx_package()
        self.nodes: list[Any] = []
        self.inputs: list[Any] = []
        self.outputs: list[Any] = []
        self.constants: list[Any] = []
        self._taken = set(reserved)
        self._scalars: dict[tuple[str, float], str] = {}

    def input(self, name: str, kind: str, shape: tuple[int, ...], note: str = "") -> str:
        """A value that comes in, for any number of samples of `shape`."""
        self.inputs.append(self._value(name, kind, shape, note))
        return name

    def output(self, name: str, kind: str, shape: tuple[int, ...], note: str = "") -> str:
        """A value that comes out."""
        self.outputs.append(self._value(name, kind, shape, note))
        return name

    def _value(self, name: str, kind: str, shape: tuple[int, ...], note: str) -> Any:
        number = getattr(self.onnx.TensorProto, kind)
        return self.onnx.helper.make_tensor_value_info(name, number, ["N", *shape], doc_string=note)

    def node(self, operation: str, *inputs: str, out: str | None = None, **attributes: Any) -> str:
        """An operation with one output; returns the output's name."""
        name = out or self.name(operation)
        domain = "ai.onnx.ml" if operation in _LEARNING else ""
        made = self.onnx.helper.make_node(operation, inputs, [name], name=name, domain=domain, **attributes)
        self.nodes.append(made)
        return name

    def name(self, wanted: str) -> str:
        """A name that nothing has, as near to the wanted one as can be."""
        found, count = wanted, 1
        while found in self._taken:
            count += 1
            found = f"{wanted}_{count}"
        self._taken.add(found)
        return found

    def constant(self, value: Any, name: str) -> str:
        """An array that is part of the file: float32, or its own dtype if it holds whole numbers, doubles or texts.

        Raises:
            FormatError: if it holds numbers that are not finite.
        """
        array = np.asarray(value)
        if array.dtype.kind == "f" and not np.isfinite(array).all():
            raise FormatError("the network holds numbers that are not finite", fix="Its training diverged")
        made = self.onnx.numpy_helper.from_array(np.ascontiguousarray(array).reshape(array.shape), self.name(name))
        self.constants.append(made)
        return str(made.name)

    def number(self, value: float, dtype: Any = np.float32) -> str:
        """A single number; the same one is kept once."""
        key = (np.dtype(dtype).name, float(value))
        if key not in self._scalars:
            made = self.onnx.numpy_helper.from_array(np.asarray(value, dtype), self.name(f"{value:g}"))
            self.constants.append(made)
            self._scalars[key] = made.name
        return self._scalars[key]

    def model(self, name: str, note: str) -> Any:
        """The finished ``ModelProto``.

        Raises:
            FormatError: if it is larger than a file of this format can be, or names hold what is no text.
        """
        size = sum(one.ByteSize() for one in self.constants)
        if size > MOST_BYTES - 2**24:
            raise FormatError("the network is too large for one ONNX file", expected="below 2 GB", got=f"{size} bytes")
        helper = self.onnx.helper
        graph = helper.make_graph(self.nodes, name, self.inputs, self.outputs, self.constants, doc_string=note)
        versions = [helper.make_opsetid("", _OPSET)]
        if any(node.domain for node in self.nodes):
            versions.append(helper.make_opsetid("ai.onnx.ml", _LEARNING_OPSET))
        made = helper.make_model(graph, opset_imports=versions, ir_version=_IR, producer_name="chainrule")
        self.onnx.checker.check_model(made, full_check=True)
        return made
