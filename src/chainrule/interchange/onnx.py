"""ONNX graphs of multilayer perceptrons as networks."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from chainrule import losses
from chainrule.data.inputs import ArrayInputs
from chainrule.data.preprocessing import Preprocessing
from chainrule.data.target import Target
from chainrule.errors import DTypeError, FormatError
from chainrule.interchange import onnx_file, onnx_layers, onnx_values
from chainrule.interchange.onnx_chain import Chain
from chainrule.interchange.onnx_graph import Graph, Node, graph_of, uses
from chainrule.interchange.onnx_regions import Both, recognised
from chainrule.interchange.pickled_arrays import brief
from chainrule.nn.activation import Sigmoid, Softmax
from chainrule.nn.module import Module
from chainrule.nn.sequential import Sequential

__all__ = ["from_onnx", "is_onnx", "read_onnx"]

_MOST_TOGETHER = 24  # operations that may amount to one layer


def is_onnx(value: object) -> bool:
    """Whether `value` is a model of the package ``onnx``."""
    return type(value).__name__ == "ModelProto" and hasattr(value, "SerializeToString")


def from_onnx(source: Any) -> Module:
    """Make a network of an ONNX model: a chain of layers from one input to one output.

    Operations that together are one layer, such as those that PyTorch writes for a GELU, become this layer.  Constants
    that are added or multiplied go into the linear layer before them, factors into the one after them; what has no
    place there becomes a `BatchNorm1d` with fixed statistics.  A classifier with labels, as scikit-learn's converter
    and `to_onnx` write it, loses its last Softmax or Sigmoid to the loss: `predict` and `predict_proba` give its
    labels and probabilities.

    Args:
        source: the bytes of a file, or an ``onnx.ModelProto``.

    Returns:
        a `Sequential` in evaluation mode.

    Raises:
        FormatError: if the file is damaged, refers to other files, or has anything in it that is no such chain; the
            node is named.
        MissingDependencyError: without the package ``onnx``.
        DTypeError: for anything else.
    """
    if is_onnx(source):
        onnx_file.check_model(source)
        model = source
    elif isinstance(source, bytes):
        model = onnx_file.parsed(source)
    else:
        raise DTypeError("not ONNX", expected="bytes or an onnx.ModelProto", got=type(source).__name__)
    graph = graph_of(model)
    result, labels = _output(graph)
    nodes = graph.needed([result])
    layers = _layers(graph, nodes, result)
    if not layers:
        raise FormatError("the graph has no layer")
    return _finished(layers, labels, graph.shape)


def read_onnx(path: Path) -> Module:
    """Make a network of an ONNX file; see `from_onnx`.  No other file is opened.

    Raises:
        FormatError, MissingDependencyError: as `from_onnx` does.
    """
    size = path.stat().st_size
    if size > onnx_file.MOST_BYTES:
        raise FormatError(
            "the ONNX file is too large", expected=f"at most {onnx_file.MOST_BYTES} bytes", got=size, where=path
        )
    return from_onnx(path.read_bytes())


def _layers(graph: Graph, nodes: Sequence[Node], result: str) -> list[Module]:
    """Follow the value from the input to the result."""
    chain, cursor, at = Chain(graph.shape), graph.input, 0
    left = uses(nodes, [result])
    while at < len(nodes):
        end = at + 1
        closed = _closes(nodes[at:end], cursor, left)
        node = nodes[at]
        together = _known_run(nodes[at:])
        layer = None
        if together and _closes(nodes[at : at + together], cursor, left):
            layer = recognised(nodes[at : at + together], cursor, graph.constants, graph.opset, chain.shape)
        if layer is not None:
            chain.append(layer, node.where)
            end = at + together
        elif closed and node.inputs.count(cursor) == 1 and node.operation in onnx_layers.OPERATIONS:
            given = {place: graph.constants[name] for place, name in enumerate(node.inputs) if name in graph.constants}
            place = node.inputs.index(cursor)
            onnx_layers.attach(chain, onnx_layers.Operands(node, place, given, graph.opset))
        else:
            end = _attach_several(chain, graph, nodes, at, cursor, left)
        cursor, at = nodes[end - 1].outputs[0], end
    if cursor != result:
        raise FormatError("the graph does not end in its output", got=brief(cursor), expected=brief(result))
    return chain.finished()


def _attach_several(chain: Chain, graph: Graph, nodes: Sequence[Node], at: int, cursor: str, left: Any) -> int:
    """Find the shortest run of nodes that is one layer; return its end."""
    unknown = next((node for node in nodes[at : at + 1] if not _could_be(node)), None)
    if unknown is not None:
        raise unknown.refuse(f"chainrule has no layer for the operation {brief(unknown.operation)}")
    last = min(len(nodes), at + _MOST_TOGETHER)
    seen = 0
    for end in range(at + 1, last + 1):
        if not _could_be(nodes[end - 1]):
            if not _closes(nodes[at : end - 1], cursor, left):
                raise nodes[end - 1].refuse(
                    f"chainrule has no layer for the operation {brief(nodes[end - 1].operation)}"
                )
            break
        if not _closes(nodes[at:end], cursor, left):
            continue
        seen = end
        layer = recognised(nodes[at:end], cursor, graph.constants, graph.opset, chain.shape)
        if layer is not None:
            if isinstance(layer, Both) and any(node.operation not in ("Identity", "Cast") for node in nodes[end:]):
                break
            chain.append(layer, nodes[at].where)
            return end
    names = ", ".join(node.operation for node in nodes[at : seen or last][:8])
    if nodes[at].inputs.count(cursor) == left[cursor] and nodes[at].operation not in onnx_layers.OPERATIONS:
        raise nodes[at].refuse(f"chainrule has no layer for the operation {brief(nodes[at].operation)}", got=names)
    raise nodes[at].refuse("the graph branches, and what follows is none of chainrule's layers", got=brief(names))


def _known_run(nodes: Sequence[Node]) -> int:
    """How many nodes are one layer together although each of them, or the first, is a layer: 0 for none."""
    names = ["Mul" if node.operation == "Div" else node.operation for node in nodes[:3]]
    if names == ["Mul", "Softplus", "Mul"]:
        return 3
    return 2 if set(names[:2]) == {"Max", "Min"} or names[:2] == ["LogSoftmax", "Exp"] else 0


def _could_be(node: Node) -> bool:
    return node.operation in onnx_layers.OPERATIONS or node.operation in onnx_values.OPERATIONS


def _closes(run: Sequence[Node], cursor: str, left: Any) -> bool:
    """Whether nothing but the last node's first output is used after a run of nodes."""
    inside = uses(run, [])
    made = {cursor, *(name for node in run for name in node.outputs if name)} - {run[-1].outputs[0]}
    return all(left[name] == inside[name] for name in made)


# Outputs -------------------------------------------------------------------------------------------------------------


def _output(graph: Graph) -> tuple[str, tuple[str, ...] | None]:
    """The value that the network ends in, and a classifier's labels (empty where they are not told; None for others).

    Raises:
        FormatError: if there are several outputs, and they are not a classifier's.
    """
    makers = {name: node for node in graph.nodes for name in node.outputs if name}
    numbers = [_before_map(name, makers) for name, kind in graph.outputs.items() if kind not in ("STRING", "INT64")]
    labelled = [name for name, kind in graph.outputs.items() if kind in ("STRING", "INT64")]
    if len(numbers) != 1:
        listed = ", ".join(map(brief, list(graph.outputs)[:6]))
        raise FormatError("a network has one output, besides a label", got=f"{len(graph.outputs)}: {listed}")
    if not labelled:
        return numbers[0], None
    tail = [node for node in graph.needed(labelled) if node not in graph.needed(numbers)]
    if not any(node.operation in ("ArgMax", "Greater", "TopK") for node in tail):
        raise FormatError("an output is neither numbers nor the label of the largest", got=brief(labelled[0]))
    return numbers[0], _labels(graph, tail)


def _before_map(name: str, makers: dict[str, Node]) -> str:
    while name in makers and makers[name].operation == "ZipMap":
        name = makers[name].inputs[0]
    return name


def _labels(graph: Graph, tail: Sequence[Node]) -> tuple[str, ...]:
    """The classes: what the largest number's place is looked up in."""
    for node in tail:
        if node.operation in ("Gather", "ArrayFeatureExtractor"):
            found = graph.constants.get(node.inputs[0])
            if found is not None and found.dtype.kind in "iuO":
                return tuple(str(one) for one in found.ravel().tolist())
        if node.operation == "LabelEncoder" and "values_strings" in node.attributes:
            return tuple(one.decode("utf-8", "replace") for one in node.attributes["values_strings"])
    return ()


def _finished(layers: list[Module], labels: tuple[str, ...] | None, shape: tuple[int, ...] | None) -> Module:
    both = isinstance(layers[-1], Both)
    if both:
        layers = layers[:-1]
    objective = None
    if layers and isinstance(layers[-1], Sigmoid) and both:
        objective, layers = losses.get("bce_with_logits"), layers[:-1]
    elif layers and isinstance(layers[-1], Softmax) and labels is not None:
        objective, layers = losses.get("cross_entropy"), layers[:-1]
    if both and objective is None:
        raise FormatError("the graph ends in 1 - p and p, and p is no sigmoid")
    if not layers:
        raise FormatError("the graph has no layer before its probabilities")
    model = Sequential(*layers)
    model.objective = objective
    width = shape or _inputs(model)
    if objective is not None and labels and width is not None:
        outputs = 2 if both else _outputs(model, width)
        if outputs == len(labels) and len(set(labels)) == len(labels):
            target = Target(None, "binary" if both else "multiclass", labels)
            model.preprocessing = Preprocessing(ArrayInputs(width, "float32", 1.0, None), target)
    return model.eval()


def _inputs(model: Sequential) -> tuple[int, ...] | None:
    first = model[0]
    size = getattr(first, "in_features", None) or getattr(first, "num_features", None)
    return None if size is None else (int(size),)


def _outputs(model: Sequential, shape: tuple[int, ...]) -> int:
    found = model.output_shape(shape)
    return int(np.prod(found)) if len(found) == 1 else 0
