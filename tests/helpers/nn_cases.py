"""Layers and losses with random sizes and options, run alike by chainrule and by PyTorch.

A case's constructor calls take ``nn``, which is `chainrule.nn` or ``torch.nn``: the names and arguments are the same.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

import numpy as np

from helpers.compare import array_of, assert_close

RELATIVE = {"float64": 1e-9, "float32": 1e-4}
RECORDED_LOSSES = 6  # draws of each loss that are recorded


class Draw(random.Random):
    """Sizes and options that are the same on every platform."""

    def size(self, low: int, high: int) -> int:
        return low + int(self.random() * (high - low + 1))

    def pick(self, *options: Any) -> Any:
        return options[int(self.random() * len(options))]


@dataclass
class LayerCase:
    """A layer, and the shape of its input."""

    make: Callable[[Any], Any]
    shape: tuple[int, ...]
    steps: int = 1


@dataclass
class LossCase:
    """A loss, and what it compares; ``options`` are its arguments, weights among them as lists."""

    name: str
    options: dict[str, Any]
    output: np.ndarray
    target: np.ndarray


# Layers -------------------------------------------------------------------------------------------------------------


def _linear(d: Draw) -> LayerCase:
    i, o = d.size(1, 7), d.size(1, 6)
    bias = d.pick(True, False)
    lead = d.pick((d.size(1, 5),), (d.size(1, 4), d.size(1, 3)))
    return LayerCase(lambda nn: nn.Linear(i, o, bias=bias), (*lead, i))


def _linear_unbatched(d: Draw) -> LayerCase:
    i, o = d.size(1, 7), d.size(1, 6)
    return LayerCase(lambda nn: nn.Linear(i, o), (i,))


def _elementwise(name: str, **ranges: tuple[float, float]) -> Callable[[Draw], LayerCase]:
    def case(d: Draw) -> LayerCase:
        options = {key: low + d.random() * (high - low) for key, (low, high) in ranges.items()}
        shape = d.pick((4,), (3, d.size(1, 6)), (2, 3, d.size(1, 4)))
        return LayerCase(lambda nn: getattr(nn, name)(**options), shape)

    return case


def _along(name: str) -> Callable[[Draw], LayerCase]:
    def case(d: Draw) -> LayerCase:
        shape, dim = d.pick(((3, 5), 1), ((3, 5), 0), ((2, 4, 3), 1), ((2, 4, 3), -1))
        return LayerCase(lambda nn: getattr(nn, name)(dim=dim), shape)

    return case


def _batch_norm(**options: Any) -> Callable[[Draw], LayerCase]:
    def case(d: Draw) -> LayerCase:
        c, n = d.size(1, 5), d.size(2, 6)
        shape = d.pick((n, c), (n, c, d.size(1, 4)))
        return LayerCase(lambda nn: nn.BatchNorm1d(c, **options), shape, steps=4)

    return case


def _layer_norm(**options: Any) -> Callable[[Draw], LayerCase]:
    def case(d: Draw) -> LayerCase:
        a, b = d.size(2, 5), d.size(2, 5)
        last = d.pick((b,), (a, b))
        return LayerCase(lambda nn: nn.LayerNorm(last, **options), (3, a, b))

    return case


def _mlp(d: Draw) -> LayerCase:
    i, h = d.size(2, 5), d.size(3, 6)

    def make(nn: Any) -> Any:
        return nn.Sequential(
            nn.Flatten(),
            nn.Linear(2 * i, h),
            nn.BatchNorm1d(h),
            nn.ReLU(),
            nn.Sequential(nn.Linear(h, h, bias=False), nn.LayerNorm(h), nn.Tanh()),
            nn.Identity(),
            nn.Linear(h, 3),
        )

    return LayerCase(make, (d.size(3, 6), 2, i), steps=3)


LAYERS: dict[str, Callable[[Draw], LayerCase]] = {
    "linear": _linear,
    "linear_unbatched": _linear_unbatched,
    "flatten": lambda d: LayerCase(lambda nn: nn.Flatten(), (2, d.size(1, 4), 3)),
    "flatten_part": lambda d: LayerCase(lambda nn: nn.Flatten(0, 1), (2, d.size(1, 4), 3)),
    "relu": _elementwise("ReLU"),
    "relu6": lambda d: LayerCase(lambda nn: nn.Sequential(nn.Linear(4, 4), nn.ReLU6()), (5, 4)),
    "leaky_relu": _elementwise("LeakyReLU", negative_slope=(0.001, 0.5)),
    "elu": _elementwise("ELU", alpha=(0.5, 2.0)),
    "selu": _elementwise("SELU"),
    "gelu": _elementwise("GELU"),
    "gelu_tanh": lambda d: LayerCase(lambda nn: nn.GELU(approximate="tanh"), (3, d.size(1, 6))),
    "silu": _elementwise("SiLU"),
    "softplus": _elementwise("Softplus", beta=(0.5, 3.0), threshold=(1.0, 20.0)),
    "mish": _elementwise("Mish"),
    "hardtanh": _elementwise("Hardtanh", min_val=(-1.0, -0.2), max_val=(0.2, 1.0)),
    "sigmoid": _elementwise("Sigmoid"),
    "tanh": _elementwise("Tanh"),
    "softmax": _along("Softmax"),
    "log_softmax": _along("LogSoftmax"),
    "batch_norm": _batch_norm(),
    "batch_norm_options": _batch_norm(eps=1e-3, momentum=0.7),
    "batch_norm_cumulative": _batch_norm(momentum=None),
    "batch_norm_plain": _batch_norm(affine=False),
    "batch_norm_no_bias": _batch_norm(bias=False),
    "batch_norm_untracked": _batch_norm(track_running_stats=False),
    "layer_norm": _layer_norm(),
    "layer_norm_options": _layer_norm(eps=1e-2, bias=False),
    "layer_norm_plain": _layer_norm(elementwise_affine=False),
    "mlp": _mlp,
}


# Losses -------------------------------------------------------------------------------------------------------------


def _values(d: Draw, *shape: int, scale: float = 2.0) -> np.ndarray:
    return np.random.default_rng(d.size(0, 10**6)).normal(0, scale, shape)


def _uniform(d: Draw, *shape: int) -> np.ndarray:
    return np.random.default_rng(d.size(0, 10**6)).uniform(0.02, 0.98, shape)


def _integers(d: Draw, high: int, *shape: int) -> np.ndarray:
    return np.random.default_rng(d.size(0, 10**6)).integers(0, high, shape)


def _distributions(d: Draw, *shape: int) -> np.ndarray:
    powers = np.exp(_values(d, *shape))
    return powers / powers.sum(axis=1, keepdims=True)


def _regression(name: str, **ranges: tuple[float, float]) -> Callable[[Draw], LossCase]:
    def case(d: Draw) -> LossCase:
        options: dict[str, Any] = {key: low + d.random() * (high - low) for key, (low, high) in ranges.items()}
        options["reduction"] = d.pick("mean", "sum", "none")
        shape = d.pick((5,), (4, d.size(1, 3)))
        return LossCase(name, options, _values(d, *shape), _values(d, *shape))

    return case


def _poisson(d: Draw) -> LossCase:
    log_input = d.pick(True, False)
    options = {"log_input": log_input, "full": d.pick(True, False), "reduction": d.pick("mean", "sum", "none")}
    output = _values(d, 6, scale=1.0)
    return LossCase("PoissonNLLLoss", options, output if log_input else np.exp(output), 1.0 * _integers(d, 6, 6))


def _bce(d: Draw) -> LossCase:
    n, k = d.size(2, 6), d.size(1, 4)
    options = {"weight": d.pick(None, _uniform(d, k).tolist()), "reduction": d.pick("mean", "sum", "none")}
    target = d.pick(1.0 * _integers(d, 2, n, k), _uniform(d, n, k))
    return LossCase("BCELoss", options, _uniform(d, n, k), target)


def _bce_logits(d: Draw) -> LossCase:
    n, k = d.size(2, 6), d.size(1, 4)
    options = {
        "weight": d.pick(None, _uniform(d, k).tolist()),
        "pos_weight": d.pick(None, (3 * _uniform(d, k)).tolist()),
        "reduction": d.pick("mean", "sum", "none"),
    }
    target = d.pick(1.0 * _integers(d, 2, n, k), _uniform(d, n, k))
    return LossCase("BCEWithLogitsLoss", options, _values(d, n, k), target)


def _class_options(d: Draw, c: int) -> dict[str, Any]:
    return {
        "weight": d.pick(None, _uniform(d, c).tolist()),
        "ignore_index": d.pick(-100, 0),
        "reduction": d.pick("mean", "sum", "none"),
    }


def _cross_entropy(d: Draw) -> LossCase:
    n, c = d.size(2, 6), d.size(2, 5)
    extra = d.pick((), (d.size(1, 3),), (2, d.size(1, 3)))
    options = _class_options(d, c) | {"label_smoothing": d.pick(0.0, 0.1, 0.35)}
    target = _integers(d, c, n, *extra)
    target.flat[0] = 1  # so that not all rows are ignored
    return LossCase("CrossEntropyLoss", options, _values(d, n, c, *extra), target)


def _cross_entropy_soft(d: Draw) -> LossCase:
    n, c = d.size(2, 6), d.size(2, 5)
    extra = d.pick((), (d.size(1, 3),))
    options = _class_options(d, c) | {"label_smoothing": d.pick(0.0, 0.2), "ignore_index": -100}
    return LossCase("CrossEntropyLoss", options, _values(d, n, c, *extra), _distributions(d, n, c, *extra))


def _cross_entropy_unbatched(d: Draw) -> LossCase:
    c = d.size(2, 5)
    return LossCase("CrossEntropyLoss", {}, _values(d, c), np.array(d.size(0, c - 1)))


def _nll(d: Draw) -> LossCase:
    n, c = d.size(2, 6), d.size(2, 5)
    extra = d.pick((), (d.size(1, 3),))
    target = _integers(d, c, n, *extra)
    target.flat[0] = 1
    return LossCase("NLLLoss", _class_options(d, c), np.log(_distributions(d, n, c, *extra)), target)


LOSSES: dict[str, Callable[[Draw], LossCase]] = {
    "mse": _regression("MSELoss"),
    "l1": _regression("L1Loss"),
    "huber": _regression("HuberLoss", delta=(0.3, 3.0)),
    "smooth_l1": _regression("SmoothL1Loss", beta=(0.3, 3.0)),
    "smooth_l1_zero": _regression("SmoothL1Loss", beta=(0.0, 0.0)),
    "poisson": _poisson,
    "bce": _bce,
    "bce_with_logits": _bce_logits,
    "cross_entropy": _cross_entropy,
    "cross_entropy_soft": _cross_entropy_soft,
    "cross_entropy_unbatched": _cross_entropy_unbatched,
    "nll": _nll,
}

# Running them ---------------------------------------------------------------------------------------------------------


def chainrule_library() -> SimpleNamespace:
    from chainrule import nn
    from chainrule.core.backward import grad
    from chainrule.core.tensor import Tensor

    def tensor(array: np.ndarray, requires_grad: bool = False) -> Any:
        return Tensor(np.array(array), requires_grad=requires_grad)

    return SimpleNamespace(nn=nn, grad=grad, tensor=tensor)


def torch_library() -> SimpleNamespace:
    import torch

    def tensor(array: np.ndarray, requires_grad: bool = False) -> Any:
        return torch.tensor(np.asarray(array), requires_grad=requires_grad)

    return SimpleNamespace(nn=torch.nn, grad=torch.autograd.grad, tensor=tensor)


def layer_inputs(case: LayerCase, module: Any, seed: int) -> dict[str, np.ndarray]:
    """A state for `module`, and for each step an input and the gradient of the output; float64."""
    rng = np.random.default_rng(seed)
    inputs = {}
    for path, value in module.state_dict().items():
        if "num_batches" not in path:
            drawn = rng.normal(0, 0.7, tuple(value.shape))
            inputs[f"state/{path}"] = np.abs(drawn) + 0.5 if "var" in path else drawn
    for step in range(case.steps):
        inputs[f"x/{step}"] = rng.normal(0, 1.5, case.shape)
    return inputs


def layer_results(case: LayerCase, lib: Any, inputs: dict[str, np.ndarray], dtype: str) -> dict[str, np.ndarray]:
    """Outputs, gradients and state of a few steps in training mode, an evaluation, and second derivatives."""
    module = case.make(lib.nn).double() if dtype == "float64" else case.make(lib.nn).float()
    state = {key[6:]: lib.tensor(value.astype(dtype)) for key, value in inputs.items() if key.startswith("state/")}
    module.load_state_dict(state, strict=False)
    found: dict[str, Any] = {}
    for step in range(case.steps):
        module.zero_grad()
        x = lib.tensor(inputs[f"x/{step}"].astype(dtype), True)
        y = module(x)
        y.backward(lib.tensor(_upstream(y, dtype)))
        found |= {f"y/{step}": y, f"dx/{step}": x.grad}
        found |= {f"d{path}/{step}": parameter.grad for path, parameter in module.named_parameters()}
    found |= {f"after/{path}": np.array(array_of(value)) for path, value in module.state_dict().items()}
    module.eval()
    found["evaluated"] = module(lib.tensor(inputs["x/0"].astype(dtype)))
    if dtype == "float64":
        found |= second_order(module.train(), lib, inputs["x/0"])
    return {key: np.array(array_of(value)) for key, value in found.items()}


def second_order(module: Any, lib: Any, array: np.ndarray) -> dict[str, Any]:
    """d/dx and d/dθ of |dy/dx|², or zeros where dy/dx is constant."""
    x = lib.tensor(array, True)
    y = module(x)
    (gx,) = lib.grad((y * lib.tensor(_upstream(y, array.dtype))).sum(), [x], create_graph=True)
    module.zero_grad()
    x.grad = None
    if gx.requires_grad:
        (gx * gx).sum().backward()
    found = {"dd/x": x.grad if x.grad is not None else np.zeros_like(array)}
    for path, parameter in module.named_parameters():
        absent = np.zeros(tuple(parameter.shape), array.dtype)
        found[f"dd/{path}"] = absent if parameter.grad is None else np.array(array_of(parameter.grad))
    return found


def loss_results(case: LossCase, lib: Any, dtype: str) -> dict[str, np.ndarray]:
    """The loss, its gradient, and d/dz of |gradient|²."""
    options = {
        key: lib.tensor(np.array(value, dtype)) if isinstance(value, list) else value
        for key, value in case.options.items()
    }
    loss = getattr(lib.nn, case.name)(**options)
    target = case.target if case.target.dtype.kind == "i" else case.target.astype(dtype)
    z = lib.tensor(case.output.astype(dtype), True)
    value = loss(z, lib.tensor(target))
    weighted = value * lib.tensor(_upstream(value, dtype))
    (gz,) = lib.grad(weighted.sum(), [z], create_graph=True)
    if gz.requires_grad:
        (gz * gz).sum().backward()
    absent = np.zeros(case.output.shape, dtype)
    second = absent if z.grad is None else z.detach() * 0 + z.grad  # the sum makes PyTorch's symbolic zeros real
    return {key: np.array(array_of(one)) for key, one in (("loss", value), ("dz", gz), ("dd/z", second))}


def _upstream(y: Any, dtype: Any) -> np.ndarray:
    """A gradient of the output that differs from element to element."""
    size = int(np.prod(tuple(y.shape)))
    return np.cos(np.arange(1.0, size + 1)).reshape(tuple(y.shape)).astype(dtype)


def assert_same_results(actual: dict[str, np.ndarray], expected: dict[str, np.ndarray], dtype: str) -> None:
    """The same keys, and equal arrays up to 1e-9 (float64) or 1e-4 (float32) of the larger of value and scale.

    float32 results may be compared with float64 ones.  Second derivatives (``dd/…``) are compared in float64 only: in
    float32 their cancellations leave too few digits.
    """
    if dtype == "float32":
        actual, expected = ({k: v for k, v in one.items() if k[:3] != "dd/"} for one in (actual, expected))
    assert sorted(actual) == sorted(expected)
    relative = RELATIVE[dtype]
    for key, value in expected.items():
        wanted = value.astype(dtype) if value.dtype.kind == "f" else value
        scale = max(float(np.abs(wanted).max(initial=0.0)), 0.1)
        assert_close(actual[key], wanted, rtol=relative, atol=relative * scale, label=key)
