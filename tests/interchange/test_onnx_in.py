"""ONNX graphs become networks that compute what onnxruntime computes; anything else is refused by name."""

from __future__ import annotations

import io
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import chainrule as cr
from chainrule import nn
from chainrule.errors import ChainruleError, ConfigError, DTypeError, FormatError, MissingDependencyError
from chainrule.interchange import from_object, read
from chainrule.interchange.onnx import from_onnx

onnx = pytest.importorskip("onnx")
onnxruntime = pytest.importorskip("onnxruntime")
helper, TensorProto = onnx.helper, onnx.TensorProto

CLOSE = 1e-6
RNG = np.random.default_rng(0)


def array(*shape: int) -> np.ndarray:
    return np.random.default_rng(sum(shape)).normal(size=shape).astype(np.float32)


def graph_of(
    nodes: Sequence[Any], constants: dict[str, Any] | None = None, shape: Sequence[Any] = ("N", 4), opset: int = 17,
    outputs: Sequence[Any] = (), inputs: Sequence[Any] = (), **options: Any,
) -> Any:  # fmt: skip
    """A model whose nodes lead from x to y."""
    x = helper.make_tensor_value_info("x", TensorProto.FLOAT, shape)
    y = helper.make_tensor_value_info("y", TensorProto.FLOAT, None)
    held = [onnx.numpy_helper.from_array(np.asarray(value), name) for name, value in (constants or {}).items()]
    graph = helper.make_graph(list(nodes), "g", [x, *inputs], list(outputs) or [y], held, **options)
    domains = [helper.make_opsetid("", opset), helper.make_opsetid("ai.onnx.ml", 3)]
    return helper.make_model(graph, opset_imports=domains, ir_version=8)


def node(operation: str, inputs: str, outputs: str = "y", **attributes: Any) -> Any:
    return helper.make_node(operation, inputs.split(" "), outputs.split(), **attributes)


def chain(*operations: tuple[Any, ...]) -> list[Any]:
    """Nodes one after the other; each is a name, its other inputs and attributes."""
    nodes, at = [], "x"
    for place, (operation, *more) in enumerate(operations):
        out = "y" if place == len(operations) - 1 else f"h{place}"
        others, attributes = (more[0] if more else ""), (more[1] if len(more) > 1 else {})
        nodes.append(node(operation, f"{at} {others}".strip(), out, **attributes))
        at = out
    return nodes


def run(model: Any, x: np.ndarray) -> Any:
    content = model if isinstance(model, bytes) else model.SerializeToString()
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4
    session = onnxruntime.InferenceSession(content, options, providers=["CPUExecutionProvider"])
    return session.run(None, {session.get_inputs()[0].name: x})


def assert_agrees(model: nn.Module, x: np.ndarray, expected: Any) -> None:
    found = model(cr.Tensor.of(x)).detach().numpy()
    assert found.shape == np.shape(expected)
    np.testing.assert_allclose(found, expected, rtol=CLOSE, atol=CLOSE)


def types(model: nn.Module) -> list[str]:
    return [type(layer).__name__ for layer in model]


def test_agreement_can_fail() -> None:
    with pytest.raises(AssertionError):
        assert_agrees(nn.Identity(), np.ones((2, 2), np.float32), np.ones((2, 2)) + 1e-5)


W, B = array(4, 3), array(3)
CHAINS: dict[str, tuple[list[Any], dict[str, Any], list[str]]] = {
    "gemm": (chain(("Gemm", "w b")), {"w": W, "b": B}, ["Linear"]),
    "gemm with everything": (
        chain(("Gemm", "w b", {"alpha": 0.5, "beta": 2.0, "transB": 1})), {"w": W.T.copy(), "b": B[None]}, ["Linear"],
    ),
    "gemm without bias": (chain(("Gemm", "w")), {"w": W}, ["Linear"]),
    "gemm with one number": (chain(("Gemm", "w b")), {"w": W, "b": np.float32(3)}, ["Linear"]),
    "matmul": (chain(("MatMul", "w")), {"w": W}, ["Linear"]),
    "matmul and add": (chain(("MatMul", "w"), ("Add", "b"), ("Relu",)), {"w": W, "b": B}, ["Linear", "ReLU"]),
    "add, the other way": (
        [node("MatMul", "x w", "h"), node("Add", "b h", "y")], {"w": W, "b": B[None]}, ["Linear"],
    ),
    "scaled outputs": (
        chain(("Gemm", "w b"), ("Mul", "m"), ("Sub", "b"), ("Div", "d"), ("Neg",)),
        {"w": W, "b": B, "m": array(3), "d": np.float32(7)}, ["Linear"],
    ),
    "scaled inputs": (chain(("Mul", "m"), ("Gemm", "w b")), {"w": W, "b": B, "m": array(4)}, ["Linear"]),
    "standardised inputs": (
        chain(("Sub", "m"), ("Div", "s"), ("Gemm", "w b")),
        {"w": W, "b": B, "m": 1000 + array(4), "s": 2 + np.abs(array(4))}, ["BatchNorm1d", "Linear"],
    ),
    "a number from which": ([node("Sub", "m x", "h"), node("Gemm", "h w b")], {"w": W, "b": B, "m": array(4)},
                            ["BatchNorm1d", "Linear"]),
    "a scaler": (
        [helper.make_node("Scaler", ["x"], ["h"], domain="ai.onnx.ml", offset=[1.0, 2, 3, 4], scale=[1.0, 2, 3, 4]),
         node("Gemm", "h w b")], {"w": W, "b": B}, ["BatchNorm1d", "Linear"],
    ),
    "affine at the end": (
        chain(("Gemm", "w b"), ("Tanh",), ("Mul", "m"), ("Add", "b")), {"w": W, "b": B, "m": array(3)},
        ["Linear", "Tanh", "BatchNorm1d"],
    ),
    "factors at the end": (chain(("Gemm", "w b"), ("Tanh",), ("Mul", "m")), {"w": W, "b": B, "m": array(3)},
                           ["Linear", "Tanh", "Scale"]),
    "what cancels": (chain(("Tanh",), ("Mul", "m"), ("Div", "m"), ("Relu",)), {"m": np.float32(4)}, ["Tanh", "ReLU"]),
    "batch normalisation": (
        chain(("Gemm", "w b"), ("BatchNormalization", "b m m2 v", {"epsilon": 1e-3})),
        {"w": W, "b": B, "m": array(3), "m2": B, "v": np.abs(B)}, ["Linear", "BatchNorm1d"],
    ),
    "layer normalisation": (
        chain(("Gemm", "w b"), ("LayerNormalization", "s b", {"axis": 1, "epsilon": 0.1})),
        {"w": W, "b": B, "s": array(3)}, ["Linear", "LayerNorm"],
    ),
    "dropout, identity, cast": (
        chain(("Identity",), ("Cast", "", {"to": TensorProto.FLOAT}), ("Dropout",), ("Gemm", "w b")),
        {"w": W, "b": B}, ["Dropout", "Linear"],
    ),
    "softplus with a beta": (
        chain(("Mul", "t"), ("Softplus",), ("Div", "t"), ("Gemm", "w b")), {"w": W, "b": B, "t": np.float32(3)},
        ["Softplus", "Linear"],
    ),
    "clips": (
        chain(("Gemm", "w b"), ("Clip", "z"), ("Clip", "z s"), ("Clip", "m t")),
        {"w": W, "b": B, "z": np.float32(0), "s": np.float32(6), "m": np.float32(-1), "t": np.float32(2)},
        ["Linear", "ReLU", "ReLU6", "Hardtanh"],
    ),
    "a hard sigmoid": (chain(("Gemm", "w b"), ("HardSigmoid", "", {"alpha": 0.3})), {"w": W, "b": B},
                       ["Linear", "Hardtanh"]),
    "constants that are computed": (
        [node("Transpose", "wt", "w", perm=[1, 0]), node("Add", "b b", "b2"), node("MatMul", "x w", "h"),
         node("Add", "h b2", "y")], {"wt": W.T.copy(), "b": B}, ["Linear"],
    ),
    "a reshape": (chain(("Reshape", "s"), ("Gemm", "w b")), {"w": W, "b": B, "s": np.array([-1, 4])}, ["Linear"]),
    "float16": (chain(("Gemm", "w b")), {"w": W.astype(np.float16), "b": B.astype(np.float16)}, ["Linear"]),
}  # fmt: skip


@pytest.mark.parametrize("name", CHAINS)
def test_chains(name: str) -> None:
    nodes, constants, expected = CHAINS[name]
    x = array(6, 4) * 2
    model = graph_of(nodes, constants)
    wide = {key: value.astype(np.float32) if np.asarray(value).dtype == np.float16 else value
            for key, value in constants.items()}  # fmt: skip
    (y,) = run(graph_of(nodes, wide), x)
    for source in (model, model.SerializeToString()):
        made = from_onnx(source)
        assert types(made) == expected
        assert not made.training
        assert_agrees(made, x, y)


ACTIVATIONS: dict[str, tuple[str, dict[str, Any], nn.Module, int]] = {
    "Relu": ("Relu", {}, nn.ReLU(), 17), "LeakyRelu": ("LeakyRelu", {"alpha": 0.2}, nn.LeakyReLU(0.2), 17),
    "Elu": ("Elu", {"alpha": 1.5}, nn.ELU(1.5), 17), "Selu": ("Selu", {}, nn.SELU(), 17),
    "Sigmoid": ("Sigmoid", {}, nn.Sigmoid(), 17), "Tanh": ("Tanh", {}, nn.Tanh(), 17),
    "Softplus": ("Softplus", {}, nn.Softplus(), 17), "Celu": ("Celu", {}, nn.ELU(), 17),
    "Softmax": ("Softmax", {}, nn.Softmax(-1), 17), "LogSoftmax": ("LogSoftmax", {"axis": 1}, nn.LogSoftmax(1), 17),
    "old Softmax": ("Softmax", {}, nn.Softmax(1), 11), "Gelu": ("Gelu", {}, nn.GELU(), 20),
    "Gelu tanh": ("Gelu", {"approximate": "tanh"}, nn.GELU("tanh"), 20), "Mish": ("Mish", {}, nn.Mish(), 18),
    "old Clip": ("Clip", {"min": -0.5, "max": 2.0}, nn.Hardtanh(-0.5, 2.0), 10),
}  # fmt: skip


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_activations(name: str) -> None:
    operation, attributes, layer, opset = ACTIVATIONS[name]
    x = array(9, 4) * 4
    model = graph_of(chain((operation, "", attributes)), opset=opset)
    made = from_onnx(model)
    assert repr(made[0]) == repr(layer)
    assert_agrees(made, x, run(model, x)[0])


F = np.float32
TOGETHER: dict[str, tuple[list[Any], dict[str, Any], nn.Module]] = {
    "silu": ([node("Sigmoid", "x", "s"), node("Mul", "s x")], {}, nn.SiLU()),
    "mish": ([node("Softplus", "x", "s"), node("Tanh", "s", "t"), node("Mul", "x t")], {}, nn.Mish()),
    "gelu": (
        [node("Mul", "x c", "a"), node("Erf", "a", "e"), node("Add", "e one", "p"), node("Mul", "x p", "q"),
         node("Mul", "q half")], {"c": F(0.70710677), "one": F(1), "half": F(0.5)}, nn.GELU(),
    ),
    "gelu, half first": (
        [node("Mul", "x half", "h"), node("Div", "x c", "a"), node("Erf", "a", "e"), node("Add", "one e", "p"),
         node("Mul", "h p")], {"c": F(2**0.5), "one": F(1), "half": F(0.5)}, nn.GELU(),
    ),
    "softplus written out": (chain(("Exp",), ("Add", "one"), ("Log",)), {"one": F(1)}, nn.Softplus()),
    "tanh of sigmoid": (
        chain(("Mul", "two"), ("Sigmoid",), ("Mul", "two"), ("Sub", "one")), {"one": F(1), "two": F(2)}, None,
    ),
    "step": (chain(("Greater", "zero"), ("Cast", "", {"to": 1})), {"zero": F(0)}, nn.Step()),
    "signs": (
        [node("Greater", "x zero", "g"), node("Where", "g one minus")], {"zero": F(0), "one": F(1), "minus": F(-1)},
        nn.Step(signed=True),
    ),
    "leaky relu": ([node("Mul", "x a", "m"), node("Max", "m x")], {"a": F(0.3)}, nn.LeakyReLU(0.3)),
    "relu": ([node("Max", "x zero")], {"zero": F(0)}, nn.ReLU()),
    "relu6": ([node("Max", "x zero", "m"), node("Min", "m six")], {"zero": F(0), "six": F(6)}, nn.ReLU6()),
    "relu6, the other way": (
        [node("Min", "x six", "m"), node("Max", "m zero")], {"zero": F(0), "six": F(6)}, nn.ReLU6(),
    ),
    "smooth clip": (
        [node("Div", "x c", "r"), node("Mul", "r r", "q"), node("Add", "q one", "p"), node("Sqrt", "p", "s"),
         node("Div", "x s")], {"c": F(3), "one": F(1)}, nn.SmoothClip(3),
    ),
    "softmax written out": (
        [node("Exp", "x", "e"), node("ReduceSum", "e axes", "s"), node("Div", "e s")], {"axes": np.array([-1])},
        nn.Softmax(-1),
    ),
    "flatten, by the batch's size": (
        [node("Shape", "x", "s"), node("Gather", "s i", "n"), node("Unsqueeze", "n i", "n1"),
         node("Concat", "n1 rest", "to", axis=0), node("Reshape", "x to", "f"), node("Relu", "f")],
        {"i": np.array(0), "rest": np.array([-1])}, None,
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", TOGETHER)
def test_operations_that_are_one_layer(name: str) -> None:
    nodes, constants, layer = TOGETHER[name]
    if name.startswith("flatten"):
        constants = {**constants, "i": np.array([0])}
        nodes = [node("Shape", "x", "s"), node("Gather", "s i", "n1"), *nodes[3:]]
    x = array(9, 4) * 4
    model = graph_of(nodes, constants)
    made = from_onnx(model)
    if layer is not None:
        assert repr(made[0]) == repr(layer)
        assert len(made) == 1
    assert_agrees(made, x, run(model, x)[0])


def test_images_are_flattened() -> None:
    w, x = array(12, 3), array(5, 3, 4)
    for first in (("Flatten",), ("Reshape", "s"), ("Reshape", "s0")):
        nodes = chain(("Div", "c"), first, ("MatMul", "w"))
        model = graph_of(nodes, {"w": w, "c": F(255), "s": np.array([-1, 12]), "s0": np.array([0, -1])}, ("N", 3, 4))
        made = from_onnx(model)
        assert types(made) == ["Flatten", "Linear"]
        assert_agrees(made, x, run(model, x)[0])


REFUSED: dict[str, tuple[Any, str]] = {
    "a convolution": (lambda: graph_of(chain(("Conv", "w")), {"w": array(1, 1, 1)}), r"operation Conv .*node 1, Conv"),
    "named": (
        lambda: graph_of([helper.make_node("LSTM", ["x", "w", "w"], ["y"], name="memory")], {"w": array(1, 4, 4)}),
        "operation LSTM .*node memory, LSTM",
    ),
    "a residual": (
        lambda: graph_of([node("MatMul", "x w", "h"), node("Add", "h x")], {"w": array(4, 4)}), "the graph branches",
    ),
    "hard swish": (lambda: graph_of(chain(("HardSwish",))), "no layer for the operation HardSwish"),
    "rows as features": (
        lambda: graph_of(chain(("Gemm", "w", {"transA": 1})), {"w": W}), "does not multiply rows of samples",
    ),
    "matrix first": (lambda: graph_of([node("MatMul", "w x")], {"w": W.T.copy()}), "does not multiply rows"),
    "two matrices": (lambda: graph_of(chain(("Gemm", "w b"), ("Gemm", "w b")), {"w": W, "b": B}), "does not fit"),
    "a bias too long": (lambda: graph_of(chain(("Gemm", "w b")), {"w": W, "b": array(5)}), "does not fit"),
    "a bias for each sample": (lambda: graph_of(chain(("Gemm", "w b")), {"w": W, "b": array(2, 3)}), "no row"),
    "samples together": (
        lambda: graph_of(chain(("Reshape", "s")), {"s": np.array([-1, 8])}), "does not keep samples apart",
    ),
    "softmax over samples": (lambda: graph_of(chain(("Softmax", "", {"axis": 0}))), "another axis"),
    "division by zero": (lambda: graph_of(chain(("Div", "z")), {"z": F(0)}), "is zero"),
    "a training graph": (
        lambda: graph_of(chain(("BatchNormalization", "b b b b", {"training_mode": 1})), {"b": array(4)}), "trains",
    ),
    "an attribute": (lambda: graph_of([node("Relu", "x", what=3)]), "attribute that is not read: got what"),
    "two inputs": (
        lambda: graph_of([node("Add", "x z")],
                         inputs=[helper.make_tensor_value_info("z", TensorProto.FLOAT, ["N", 4])]),
        "one input: got 2: x, z",
    ),
    "two outputs": (
        lambda: graph_of([node("Relu", "x"), node("Tanh", "x", "z")],
                         outputs=[helper.make_tensor_value_info(n, TensorProto.FLOAT, ["N", 4]) for n in "yz"]),
        "one output",
    ),
    "an output that nothing makes": (lambda: graph_of([node("Relu", "x", "z")]), "does not make what it gives"),
    "a value before it is made": (
        lambda: graph_of([node("Relu", "h"), node("Tanh", "x", "h")]), "was not made before it",
    ),
    "one name twice": (lambda: graph_of([node("Relu", "x"), node("Tanh", "x")]), "of one name"),
    "another domain": (
        lambda: graph_of([helper.make_node("FusedGemm", ["x"], ["y"], domain="com.microsoft")]),
        r"not read: got com\.microsoft\.FusedGemm",
    ),
    "an old operator set": (lambda: graph_of(chain(("Relu",)), opset=6), "opset 7 to"),
    "one of the future": (lambda: graph_of(chain(("Relu",)), opset=999), "got 999"),
    "a vector": (lambda: graph_of(chain(("Relu",)), shape=(4,)), "no batches"),
    "nothing": (lambda: graph_of([node("Identity", "x")]), "no layer"),
    "no node": (lambda: graph_of([]), "no graph"),
    "texts": (lambda: graph_of(chain(("Add", "t")), {"t": np.array(["a"], object)}), "no row of numbers"),
    "one limit": (lambda: graph_of(chain(("Min", "s")), {"s": F(6)}), "no layer for the operation Min"),
    "a long loop": (
        lambda: graph_of([node("Relu", "x" if not i else f"h{i}", f"h{i + 1}") for i in range(20001)]), "too large",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", REFUSED)
def test_refusals(name: str) -> None:
    make, message = REFUSED[name]
    with pytest.raises(FormatError, match=message) as caught:
        from_onnx(make().SerializeToString())
    assert "\n" not in str(caught.value)


def test_graphs_in_graphs_and_functions_are_refused() -> None:
    inner = graph_of(chain(("Relu",))).graph
    branch = graph_of([helper.make_node("If", ["c"], ["y"], then_branch=inner, else_branch=inner)], {"c": np.bool_(1)})
    with pytest.raises(FormatError, match=r"graph inside the graph.*_branch: GRAPH"):
        from_onnx(branch)
    model = graph_of(chain(("Relu",)))
    model.functions.append(helper.make_function("", "Mine", ["a"], ["b"], [node("Relu", "a", "b")], []))
    with pytest.raises(FormatError, match=r"functions of its own.*Mine.*inline"):
        from_onnx(model)


# -------------------------------------------------------------------------------- classifiers with labels


def labelled(tail: list[Any], constants: dict[str, Any], label: int = TensorProto.STRING) -> Any:
    outputs = [helper.make_tensor_value_info("label", label, ["N"]), helper.make_tensor_value_info("p", 1, ["N", None])]
    return graph_of([node("Gemm", "x w b", "z"), *tail], {"w": W, "b": B, **constants}, outputs=outputs)


def test_labels_make_a_classifier() -> None:
    tail = [node("Softmax", "z", "p"), node("ArgMax", "p", "i", axis=1, keepdims=0), node("Gather", "names i", "label")]
    model = labelled(tail, {"names": np.array(["setosa", "né", "c"], object)})
    x = array(8, 4)
    made = from_onnx(model)
    label, p = run(model, x)
    assert types(made) == ["Linear"]
    np.testing.assert_allclose(cr.predict_proba(made, x), p, rtol=CLOSE, atol=CLOSE)
    assert cr.predict(made, x).tolist() == label.tolist()


def test_two_classes_from_one_probability() -> None:
    w, b, x = array(4, 1), array(1), array(8, 4)
    nodes = [
        node("MatMul", "x w", "m"), node("Add", "m b", "z"), node("Sigmoid", "z", "s"), node("Sub", "one s", "q"),
        node("Concat", "q s", "p", axis=1), node("ArgMax", "p", "i", axis=1),
        helper.make_node("ArrayFeatureExtractor", ["names", "i"], ["f"], domain="ai.onnx.ml"),
        node("Reshape", "f flat", "label"),
    ]  # fmt: skip
    outputs = [helper.make_tensor_value_info("label", 7, ["N"]), helper.make_tensor_value_info("p", 1, ["N", 2])]
    constants = {"w": w, "b": b, "one": F(1), "names": np.array([3, 7]), "flat": np.array([-1])}
    model = graph_of(nodes, constants, outputs=outputs)
    made = from_onnx(model)
    label, p = run(model, x)
    np.testing.assert_allclose(cr.predict_proba(made, x), p, rtol=CLOSE, atol=CLOSE)
    assert cr.predict(made, x).tolist() == [str(one) for one in label.tolist()]


def test_what_scikit_learns_converter_writes() -> None:
    converter = pytest.importorskip("skl2onnx", reason="skl2onnx is not here: graphs of its form are tested instead")
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.neural_network import MLPClassifier, MLPRegressor
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    x = array(60, 4) * 3 + 5
    for y in (x[:, 0] > 5, np.digitize(x[:, 1], [4, 6])):
        for steps in ((), (StandardScaler(),)):
            model = make_pipeline(*steps, MLPClassifier((3,), max_iter=5))
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", ConvergenceWarning)
                model.fit(x, y)
            made = from_onnx(converter.to_onnx(model, x).SerializeToString())
            np.testing.assert_allclose(cr.predict_proba(made, x), model.predict_proba(x), rtol=1e-5, atol=CLOSE)
            assert cr.predict(made, x).tolist() == [str(int(one)) for one in model.predict(x)]
    regressor = make_pipeline(StandardScaler(), MLPRegressor(hidden_layer_sizes=(3,), tol=1.0)).fit(x, x[:, 0])
    made = from_onnx(converter.to_onnx(regressor, x).SerializeToString())
    np.testing.assert_allclose(np.ravel(cr.predict(made, x)), regressor.predict(x), rtol=1e-5, atol=1e-5)


# ---------------------------------------------------------------------------------------------- PyTorch


def torch_network(torch: Any) -> Any:
    tnn = torch.nn
    torch.manual_seed(0)
    network = tnn.Sequential(
        tnn.Flatten(), tnn.Linear(4, 5), tnn.GELU(), tnn.GELU("tanh"), tnn.SiLU(), tnn.Mish(), tnn.Softplus(2.0, 20.0),
        tnn.LayerNorm(5), tnn.BatchNorm1d(5), tnn.ReLU6(), tnn.Hardtanh(-2, 0.5), tnn.LeakyReLU(0.2), tnn.ELU(1.5),
        tnn.SELU(), tnn.Dropout(), tnn.Linear(5, 6, bias=False), tnn.BatchNorm1d(6, affine=False), tnn.Tanh(),
        tnn.Linear(6, 3), tnn.LogSoftmax(-1),
    )  # fmt: skip
    for _ in range(3):
        network(torch.randn(20, 4) * 2 + 1)
    return network.eval()


@pytest.mark.parametrize("opset", [9, 11, 13, 17, 20])
def test_pytorchs_exporter(opset: int) -> None:
    torch = pytest.importorskip("torch")
    network, x, file = torch_network(torch), torch.randn(7, 4) * 3, io.BytesIO()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.onnx.export(network, (torch.randn(2, 4),), file, dynamo=False, opset_version=opset)
    made = from_onnx(file.getvalue())
    assert_agrees(made, x.numpy(), network(x).detach().numpy())
    assert {"GELU", "SiLU", "Mish", "Softplus", "LayerNorm", "LeakyReLU", "LogSoftmax"} <= set(types(made))


def test_pytorchs_other_exporter() -> None:
    torch = pytest.importorskip("torch")
    pytest.importorskip("onnxscript", reason="onnxscript is not here: torch's new exporter not tested")
    network, x, file = torch_network(torch), torch.randn(7, 4) * 3, io.BytesIO()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.onnx.export(network, (torch.randn(2, 4),), file, dynamo=True, verbose=False)
    assert_agrees(from_onnx(file.getvalue()), x.numpy(), network(x).detach().numpy())


# -------------------------------------------------------------------------------------- files that lie


GOOD = graph_of(chain(("Gemm", "w b"), ("Relu",)), {"w": W, "b": B})


def test_a_file_is_read_by_its_content(tmp_path: Path) -> None:
    path = tmp_path / "model.pkl"
    path.write_bytes(GOOD.SerializeToString())
    x = array(5, 4)
    for made in (read(path), from_object(GOOD)):
        assert_agrees(made, x, run(GOOD, x)[0])
    with pytest.raises(ConfigError, match="says itself"):
        read(path, "relu")
    with pytest.raises(DTypeError, match="not ONNX"):
        from_onnx(3)
    with pytest.raises(FormatError, match="ONNX"):
        cr.load(path)


def one_line_or_none(content: bytes) -> str | None:
    """What is said about a file that is refused; it must be one line."""
    try:
        from_onnx(content)
    except ChainruleError as error:
        said = str(error)
    else:
        return None
    assert said
    assert "\n" not in said
    return said


def test_cut_off_anywhere_and_flipped() -> None:
    good = GOOD.SerializeToString()
    for end in range(len(good)):
        refused = one_line_or_none(good[:end])
        assert refused or end > len(good) - 20  # at the end only the name of an operator set that is not used is lost
    flipped = bytearray(good)
    for place in range(len(good)):
        for mask in (0x01, 0x80, 0xFF):
            flipped[place] ^= mask
            one_line_or_none(bytes(flipped))
            flipped[place] ^= mask


def lying(change: Any) -> bytes:
    model = onnx.ModelProto()
    model.CopyFrom(GOOD)
    change(model.graph.initializer[0])
    return model.SerializeToString()


def external(tensor: Any) -> None:
    tensor.ClearField("raw_data")
    tensor.data_location = TensorProto.EXTERNAL
    tensor.external_data.add(key="location", value="../../../../etc/passwd")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (external, "lie in another file"),
        (lambda t: t.external_data.add(key="location", value="/etc/passwd"), "lie in another file"),
        (lambda t: t.dims.__setitem__(0, 2**40), "as many as its shape"),
        (lambda t: (t.ClearField("raw_data"), t.dims.__setitem__(0, 2**62)), "as many as its shape"),
        (lambda t: t.dims.__setitem__(0, -4), "no possible shape"),
        (lambda t: t.dims.extend([1] * 100), "no possible shape"),
        (lambda t: setattr(t, "raw_data", t.raw_data[:-1]), "as many as its shape"),
        (lambda t: setattr(t, "raw_data", t.raw_data + b"1234"), "as many as its shape"),
        (lambda t: t.float_data.append(1.0), "as many as its shape"),
        (lambda t: setattr(t, "data_type", TensorProto.COMPLEX64), "cannot be read.*COMPLEX64"),
        (lambda t: setattr(t, "data_type", 7777), "cannot be read"),
        (lambda t: setattr(t, "data_type", TensorProto.DOUBLE), "as many as its shape"),
        (lambda t: setattr(t, "name", "b"), "of one name"),
        (lambda t: setattr(t, "name", ""), "or one without"),
    ],
)  # fmt: skip
def test_tensors_that_lie(change: Any, message: str) -> None:
    with pytest.raises(FormatError, match=message) as caught:
        from_onnx(lying(change))
    assert "\n" not in str(caught.value)


def test_constants_that_would_fill_the_memory() -> None:
    doubling = [node("Concat", f"c{i} c{i}", f"c{i + 1}", axis=0) for i in range(60)]
    with pytest.raises(FormatError, match=r"too (large|many)"):
        from_onnx(graph_of([*doubling, node("Add", "x c60")], {"c0": array(1000)}))
    copies = [node("Neg", f"c{i}", f"c{i + 1}") for i in range(40)]
    with pytest.raises(FormatError, match="too many constants"):
        from_onnx(graph_of([*copies, node("Add", "x c40")], {"c0": array(500_000)}))
    square = [node("Unsqueeze", "c axis", "d"), node("Mul", "c d", "e"), node("Add", "x e")]
    with pytest.raises(FormatError, match="too large"):
        from_onnx(graph_of(square, {"c": array(100_000), "axis": np.array([1])}))


def test_files_made_to_fill_the_memory(tmp_path: Path) -> None:
    head = b"\x08\x08:"
    size = 2**25
    length = bytes([size & 0x7F | 0x80, size >> 7 & 0x7F | 0x80, size >> 14 & 0x7F | 0x80, size >> 21])
    with pytest.raises(FormatError, match="too many parts"):
        from_onnx(head + length + b"\x0a\x00" * (size // 2))
    name = b"\x12" + length + bytes(size)
    with pytest.raises(FormatError, match="too much besides"):
        from_onnx(b"\x08\x08" + name)
    huge = tmp_path / "huge.onnx"
    with huge.open("wb") as file:
        file.write(b"\x08\x08\x12\x01")
        file.truncate(2**33)  # sparse
    with pytest.raises(FormatError, match="too large"):
        read(huge)


def test_input_sizes_that_would_fill_the_memory() -> None:
    nodes = [node("Sigmoid", "x", "s"), node("Mul", "x s")]
    with pytest.raises(FormatError, match="branches"):
        from_onnx(graph_of(nodes, shape=("N", 2**30, 2**30)))


def test_without_the_package(monkeypatch: pytest.MonkeyPatch) -> None:
    content = GOOD.SerializeToString()
    monkeypatch.setitem(__import__("sys").modules, "onnx", None)
    with pytest.raises(MissingDependencyError, match=r"chainrule\[onnx\]"):
        from_onnx(content)
