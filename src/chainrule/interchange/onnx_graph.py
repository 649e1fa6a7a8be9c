"""An ONNX graph as a list of operations on one input, with everything computed that hangs on no input."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from chainrule.errors import FormatError
from chainrule.interchange.onnx_file import array_of, onnx_package, opset_of, tensor_type
from chainrule.interchange.onnx_values import OPERATIONS, compute
from chainrule.interchange.pickled_arrays import brief

__all__ = ["Graph", "Node", "graph_of", "uses"]

_MOST_NODES = 20_000
_ROOM = 2**22  # numbers that are computed from constants, besides four times as many as there are
_STANDARD = ("", "ai.onnx")
_LEARNING = "ai.onnx.ml"
# Of the operators for classical models: a scaler before a network, and what gives a classifier's labels after it.
_OF_LEARNING = ("Scaler", "ZipMap", "ArrayFeatureExtractor", "LabelEncoder", "Normalizer")


@dataclass(frozen=True)
class Node:
    """One operation.

    Attributes:
        operation: its name in ONNX.
        inputs: names of values; empty for those left out.
        outputs: likewise.
        attributes: numbers, texts (as bytes), lists and arrays.
        where: the node, for messages.
    """

    operation: str
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    attributes: Mapping[str, Any]
    where: str

    def refuse(self, problem: str, **more: Any) -> FormatError:
        """An error about this node, to be raised."""
        return FormatError(problem, where=self.where, **more)


@dataclass(frozen=True)
class Graph:
    """What is left of a graph when constants are computed.

    Attributes:
        input: name of the one input.
        shape: of one sample; None where the file does not say.
        outputs: name -> element type ("FLOAT", "STRING", …; "MAP" for what ``ZipMap`` gives).
        nodes: those that hang on the input, each after those that it needs.
        constants: name -> array.
        opset: version of the standard operators.
    """

    input: str
    shape: tuple[int, ...] | None
    outputs: Mapping[str, str]
    nodes: tuple[Node, ...]
    constants: Mapping[str, np.ndarray]
    opset: int

    def needed(self, names: Sequence[str]) -> list[Node]:
        """The nodes that some values are made by, in order."""
        wanted, found = set(names), []
        for node in reversed(self.nodes):
            if wanted & set(node.outputs):
                wanted |= set(node.inputs)
                found.append(node)
        return found[::-1]


def graph_of(model: Any) -> Graph:
    """Take a checked ``ModelProto`` apart.

    Raises:
        FormatError: for anything that is no graph of plain operations on one input.
    """
    graph = model.graph
    if len(graph.node) > _MOST_NODES:
        raise FormatError("the graph is too large", expected=f"at most {_MOST_NODES} nodes", got=len(graph.node))
    if graph.sparse_initializer:
        raise FormatError("the graph holds sparse tensors, which are not read")
    constants: dict[str, np.ndarray] = {}
    for tensor in graph.initializer:
        _define(constants, tensor.name, array_of(tensor, f"tensor {brief(tensor.name)}"))
    inputs = [one for one in graph.input if one.name not in constants]
    if len(inputs) != 1:
        raise FormatError(
            "a network has one input",
            got=f"{len(inputs)}: {', '.join(brief(one.name) for one in inputs[:6])}" if inputs else "none",
            fix="Export it without the preprocessing of its columns" if inputs else None,
        )
    nodes = _folded(graph.node, constants, inputs[0].name, opset_of(model))
    made = {inputs[0].name, *constants, *(name for node in nodes for name in node.outputs)}
    outputs = {one.name: _kind(one) for one in graph.output}
    lost = [name for name in outputs if name not in made]
    if lost or not outputs:
        raise FormatError("the graph does not make what it gives", got=brief(lost[0]) if lost else "no output")
    return Graph(inputs[0].name, _shape(inputs[0]), outputs, tuple(nodes), constants, opset_of(model))


def _define(constants: dict[str, np.ndarray], name: str, value: np.ndarray) -> None:
    if name in constants or not name:
        raise FormatError("the graph has two values of one name, or one without", got=brief(name))
    constants[name] = value


def _folded(protos: Any, constants: dict[str, np.ndarray], data: str, opset: int) -> list[Node]:
    """Compute what hangs on no input; return the other nodes."""
    known, nodes = {data}, []
    room = _ROOM + 4 * sum(value.size for value in constants.values())
    for place, proto in enumerate(protos):
        node = _node(proto, place)
        given = [name for name in node.inputs if name]
        lost = [name for name in given if name not in constants and name not in known]
        if lost:
            raise node.refuse("a node needs a value that was not made before it", got=brief(lost[0]))
        for name in filter(None, node.outputs):
            if name in known or name in constants:
                raise node.refuse("two nodes make a value of one name", got=brief(name))
        if node.operation == "Constant":
            _define(constants, node.outputs[0], _constant(node))
        elif given and not known & set(given) and node.operation in OPERATIONS:
            operands = [constants.get(name) for name in node.inputs]
            made = _computed(node, operands, opset)
            room -= made.size
            if room < 0:
                raise node.refuse("the graph computes too many constants")
            _define(constants, node.outputs[0], made)
        else:
            nodes.append(node)
            known |= set(filter(None, node.outputs))
    return nodes


def _computed(node: Node, operands: Sequence[Any], opset: int) -> np.ndarray:
    try:
        return compute(node.operation, operands, node.attributes, opset)
    except FormatError as error:
        raise node.refuse(str(error)) from error


def _node(proto: Any, place: int) -> Node:
    name = f" {brief(proto.name)}" if proto.name else f" {place + 1}"
    where = f"node{name}, {brief(proto.op_type)}"
    known = proto.domain in _STANDARD or (proto.domain == _LEARNING and proto.op_type in _OF_LEARNING)
    if not known or not proto.output:
        raise FormatError(
            "an operation of a domain that is not read", got=brief(f"{proto.domain}.{proto.op_type}"), where=where
        )
    attributes = {one.name: _attribute(one, where) for one in proto.attribute}
    if len(attributes) != len(proto.attribute):
        raise FormatError("a node has two attributes of one name", where=where)
    return Node(proto.op_type, tuple(proto.input), tuple(proto.output), attributes, where)


def _attribute(proto: Any, where: str) -> Any:
    kinds = onnx_package().AttributeProto
    if proto.type == kinds.TENSOR:
        return array_of(proto.t, f"attribute {brief(proto.name)} of {where}")
    plain = {kinds.FLOAT: "f", kinds.INT: "i", kinds.STRING: "s"}
    lists = {kinds.FLOATS: "floats", kinds.INTS: "ints", kinds.STRINGS: "strings"}
    if proto.type in plain and not proto.ref_attr_name:
        return getattr(proto, plain[proto.type])
    if proto.type in lists:
        return list(getattr(proto, lists[proto.type]))
    kind = kinds.AttributeType.Name(proto.type) if proto.type in kinds.AttributeType.values() else proto.type
    raise FormatError(
        "a node has an attribute that is not read (a graph inside the graph, or a tensor of another kind)",
        got=f"{brief(proto.name)}: {kind}",
        where=where,
    )


def _constant(node: Node) -> np.ndarray:
    if len(node.attributes) != 1 or len(node.outputs) != 1:
        raise node.refuse("a constant has one value", got=", ".join(map(brief, node.attributes)) or "none")
    (name, value), kinds = next(iter(node.attributes.items())), {"i": np.int64, "f": np.float32}
    if name == "value":
        return np.asarray(value)
    if name in ("value_float", "value_int", "value_floats", "value_ints"):
        return np.array(value, kinds[name[6]])
    texts = [value] if name == "value_string" else value
    if name not in ("value_string", "value_strings"):
        raise node.refuse("a constant of an unknown kind", got=brief(name))
    found = np.array([one.decode("utf-8", "replace") for one in texts], object)
    return found if name == "value_strings" else found.reshape(())


def _kind(value: Any) -> str:
    """Element type of an output; "MAP" for what is no tensor."""
    which = value.type.WhichOneof("value")
    if which is None:
        return "FLOAT"
    return tensor_type(value.type.tensor_type.elem_type) if which == "tensor_type" else "MAP"


def _shape(value: Any) -> tuple[int, ...] | None:
    """Shape of one sample, where the file says it all."""
    kind = value.type.tensor_type
    if value.type.WhichOneof("value") != "tensor_type" or tensor_type(kind.elem_type) == "STRING":
        raise FormatError("the graph's input holds no numbers", where=f"input {brief(value.name)}")
    if not kind.HasField("shape"):
        return None
    sizes = [one.dim_value if one.WhichOneof("value") == "dim_value" else 0 for one in kind.shape.dim]
    if len(sizes) < 2:
        raise FormatError("the graph takes no batches of samples", got=f"{len(sizes)} axes", expected="2 or more")
    return tuple(sizes[1:]) if all(0 < size < 2**31 for size in sizes[1:]) else None


def uses(nodes: Sequence[Node], outputs: Sequence[str]) -> Counter[str]:
    """How often each value is used."""
    return Counter([name for node in nodes for name in node.inputs] + list(outputs))
