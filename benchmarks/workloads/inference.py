"""One row through a trained 784-128-10 by a Python call: an array in, an array out."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

import numpy as np
from harness import Result
from rivals import OURS

from workloads.base import Goal, Workload

__all__ = ["Inference"]

Predict = Callable[[np.ndarray], Any]
_SIZES = (784, 128, 10)


class Weights:
    """The same numbers for everybody."""

    def __init__(self) -> None:
        rng = np.random.default_rng(0)
        inputs, hidden, outputs = _SIZES
        self.w1 = rng.standard_normal((hidden, inputs)).astype(np.float32) / 28
        self.b1 = rng.standard_normal(hidden).astype(np.float32) / 28
        self.w2 = rng.standard_normal((outputs, hidden)).astype(np.float32) / 11
        self.b2 = rng.standard_normal(outputs).astype(np.float32) / 11

    def logits(self, x: np.ndarray) -> np.ndarray:
        return np.maximum(x @ self.w1.T + self.b1, 0) @ self.w2.T + self.b2


def _chainrule(weights: Weights) -> Predict:
    import chainrule as cr
    from chainrule import nn

    model = nn.Sequential(nn.Linear(784, 128), nn.ReLU(), nn.Linear(128, 10)).eval()
    names = {"0.weight": weights.w1, "0.bias": weights.b1, "2.weight": weights.w2, "2.bias": weights.b2}
    model.load_state_dict({name: cr.tensor(value) for name, value in names.items()})
    return cr.compile(model)


def _torch(weights: Weights, compiled: bool = False) -> Predict:
    import torch
    from torch import nn

    torch.set_num_threads(1)
    model = nn.Sequential(nn.Linear(784, 128), nn.ReLU(), nn.Linear(128, 10)).eval()
    given = (weights.w1, weights.b1, weights.w2, weights.b2)
    with torch.no_grad():
        for parameter, value in zip(model.parameters(), given, strict=True):
            parameter.copy_(torch.from_numpy(value))
    run = torch.compile(model) if compiled else model

    def predict(row: np.ndarray) -> np.ndarray:
        with torch.inference_mode():
            return run(torch.from_numpy(row)).numpy()

    return predict


def _torch_compiled(weights: Weights) -> Predict:
    return _torch(weights, compiled=True)


def _jax(weights: Weights) -> Predict:
    import jax
    import jax.numpy as jnp

    w1, w2 = jnp.asarray(weights.w1.T), jnp.asarray(weights.w2.T)
    b1, b2 = jnp.asarray(weights.b1), jnp.asarray(weights.b2)
    run = jax.jit(lambda x: jnp.maximum(x @ w1 + b1, 0) @ w2 + b2)
    return lambda row: np.asarray(run(row))


def _keras(weights: Weights) -> Predict:
    import keras

    layers = [keras.Input((784,)), keras.layers.Dense(128, "relu"), keras.layers.Dense(10)]
    model = keras.Sequential(layers)
    model.set_weights([weights.w1.T, weights.b1, weights.w2.T, weights.b2])
    model.compile(jit_compile="auto")
    return model.predict_on_batch  # type: ignore[no-any-return]


def _sklearn(weights: Weights) -> Predict:
    from sklearn.neural_network import MLPClassifier

    model = MLPClassifier((128,))
    model.partial_fit(np.zeros((10, 784), np.float32), np.arange(10), classes=np.arange(10))
    model.coefs_ = [weights.w1.T.copy(), weights.w2.T.copy()]
    model.intercepts_ = [weights.b1, weights.b2]
    return model.predict_proba  # type: ignore[no-any-return]


def _onnx(weights: Weights) -> Predict:
    import onnxruntime
    from onnx import TensorProto, helper, numpy_helper

    # Transposed beforehand: what an exporter's constant folding leaves of a Linear.
    given = {"w1": weights.w1.T.copy(), "b1": weights.b1, "w2": weights.w2.T.copy(), "b2": weights.b2}
    nodes = [
        helper.make_node("Gemm", ["x", "w1", "b1"], ["a"]),
        helper.make_node("Relu", ["a"], ["h"]),
        helper.make_node("Gemm", ["h", "w2", "b2"], ["y"]),
    ]
    graph = helper.make_graph(
        nodes,
        "mlp",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, [None, 784])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, [None, 10])],
        [numpy_helper.from_array(value, name) for name, value in given.items()],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = int(os.environ["BENCHMARK_THREADS"])
    session = onnxruntime.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])
    return lambda row: session.run(None, {"x": row})[0]


_MAKERS: dict[str, Callable[[Weights], Predict]] = {
    "chainrule": _chainrule,
    "torch": _torch,
    "torch-compile": _torch_compiled,
    "jax": _jax,
    "keras-jax": _keras,
    "keras-tensorflow": _keras,
    "sklearn": _sklearn,
    "onnx": _onnx,
}


class _Calls:
    """Many rows, one after the other."""

    def __init__(self, name: str, calls: int) -> None:
        self.weights = Weights()
        self.predict = _MAKERS[name](self.weights)
        rows = np.random.default_rng(1).random((256, 1, 784), np.float32)
        self.rows = list(rows[:, 0] if name == OURS.name else rows)  # others want a batch, if of one row
        self.calls = calls
        wrong = self._error()
        if not wrong < 1e-3:
            raise RuntimeError(f"its outputs are off by {wrong}")

    def reset(self, seed: int) -> None:
        pass

    def train(self) -> None:
        predict, rows = self.predict, self.rows
        for i in range(self.calls):
            predict(rows[i % 256])

    def score(self) -> dict[str, Any]:
        return {"error": self._error()}

    def _error(self) -> float:
        """The largest difference from logits, or from probabilities if it gives those."""
        worst = 0.0
        for row in self.rows[:4]:
            got, logits = np.asarray(self.predict(row)).reshape(1, -1), self.weights.logits(row)
            exponentials = np.exp(logits - logits.max())
            probabilities = exponentials / exponentials.sum()
            worst = max(worst, min(float(abs(got - wanted).max()) for wanted in (logits, probabilities)))
        return worst


class Inference(Workload):
    name = "inference"
    title = "One row through 784-128-10 by a Python call, an array in and an array out; 1 thread"
    unit = "µs/row"
    rivals = tuple(name for name in _MAKERS if name != "chainrule")
    threads = 1
    goals = (Goal("torch", 1.0, "ours at most 5 µs"),)

    def contender(self, name: str, smoke: bool) -> _Calls:
        return _Calls(name, self._calls(smoke))

    def _calls(self, smoke: bool) -> int:
        return 5 if smoke else 300

    def scale(self, smoke: bool) -> float:
        return 1e6 / self._calls(smoke)

    def verdict(self, result: Result) -> tuple[str, bool] | None:
        if result.rival != "torch":
            return None
        return "ours at most 5 µs", sorted(result.ours)[len(result.ours) // 2] <= 5
