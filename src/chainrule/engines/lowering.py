"""What a compiled engine is told about a plan: the layers in the order in which they run, as names and numbers.

The names are those of the operations in `core.ops`.  Anything that is not described by them (a user's own class, a
hook, a layer used twice) is refused with the reason, and the plan then runs on the eager engine.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from chainrule import losses, nn
from chainrule.core.tensor import Tensor
from chainrule.data.dataset import Dataset
from chainrule.engines.base import Plan
from chainrule.losses import Loss
from chainrule.nn.module import Module
from chainrule.optim.registry import OPTIMIZERS

__all__ = [
    "Lowered",
    "LoweredLoss",
    "Refusal",
    "Stage",
    "described",
    "lower",
    "lower_data",
    "lower_inputs",
    "lower_loss",
    "lower_model",
    "parameter_count",
]


#: Losses that compiled engines do not know.
_ON_EAGER_ALONE = {"binary_focal", "focal", "multi_margin", "quantile"}


class Refusal(Exception):  # noqa: N818 - it is an answer: the reason why an engine cannot run a plan
    """Why a plan cannot be described so; caught by engines."""


@dataclass(frozen=True)
class Stage:
    """One layer.

    Attributes:
        kind: ``"linear"``, ``"batch_norm"``, … or the name of an activation.
        ints, floats: its options, see `_STAGES`.
        layer: the layer itself.
        path: its path in the model.
        parameters: its parameters with their paths, weight before bias.
    """

    kind: str
    ints: tuple[int, ...]
    floats: tuple[float, ...]
    layer: Module
    path: str
    parameters: tuple[tuple[str, Tensor], ...]


@dataclass(frozen=True)
class LoweredLoss:
    """A loss as a name and options.

    Attributes:
        name: as in `losses.LOSSES`.
        options: its `config`, without what is None; weights are one number for each class or output, or one for all.
    """

    name: str
    options: dict[str, Any]


@dataclass(frozen=True)
class Lowered:
    """A whole plan.

    Attributes:
        stages: the layers, without those that only give the input another shape.
        loss: what is minimised.
        dtype: float32 or float64.
        inputs, outputs: numbers in one row.
    """

    stages: tuple[Stage, ...]
    loss: LoweredLoss
    dtype: np.dtype[Any]
    inputs: int
    outputs: int


def described(stages: Sequence[Stage]) -> list[tuple[str, list[int], list[float]]]:
    """Stages as an extension takes them, and as they can be compared: without the parameters' values."""
    return [(stage.kind, list(stage.ints), list(stage.floats)) for stage in stages]


def parameter_count(stages: Sequence[Stage]) -> int:
    """How many numbers the stages learn, all together."""
    return sum(parameter.numel() for stage in stages for _, parameter in stage.parameters)


def lower_inputs(data: Dataset) -> np.ndarray:
    """Inputs as ``(N, columns)``, contiguous."""
    return np.ascontiguousarray(data.inputs.reshape(len(data), -1))


def lower_data(data: Dataset) -> tuple[np.ndarray, np.ndarray]:
    """Inputs as `lower_inputs` gives them, and targets, contiguous, too; classes as int64."""
    targets = np.ascontiguousarray(data.targets)
    if targets.dtype.kind != "f":
        targets = targets.astype(np.int64, copy=False)
    return lower_inputs(data), targets


def lower(plan: Plan) -> Lowered:
    """Describe a plan.

    Raises:
        Refusal: if it has a part that has no description; names the layer and the reason.
    """
    stages, dtype, inputs, outputs = lower_model(plan.model, plan.input_shape)
    known = {id(parameter) for stage in stages for _, parameter in stage.parameters}
    if not all(id(parameter) in known for _, parameter in plan.optimizer.named_parameters()):
        raise Refusal("the optimizer has parameters that are no layer's")
    if OPTIMIZERS.get(plan.optimizer.name) is not type(plan.optimizer):
        raise Refusal(f"{type(plan.optimizer).__name__} is not one of chainrule's own optimizers")
    return Lowered(stages, lower_loss(plan.loss, outputs), dtype, inputs, outputs)


def lower_model(
    model: Module, input_shape: tuple[int, ...] | None = None
) -> tuple[tuple[Stage, ...], np.dtype[Any], int, int]:
    """Describe a network: its stages, its dtype, and the numbers in a row of its input and of its output.

    Raises:
        Refusal: as `lower` does.
    """
    stages: list[Stage] = []
    seen: set[int] = set()
    # None: not known yet; before the first layer that knows its width, nothing depends on it.
    walk = _Walk(flat=input_shape is None or len(input_shape) == 1, width=_size(input_shape))
    for path, layer in _leaves(model, ""):
        where = f"layer {path!r} ({type(layer).__name__})"
        describe = _STAGES.get(type(layer))
        if describe is None:
            raise Refusal(f"{where} is not one of the layers that it knows")
        try:
            own = _own_parameters(layer)
        except Refusal as reason:
            raise Refusal(f"{where} {reason}") from None
        parameters = tuple((f"{path}.{name}" if path else name, one) for name, one in own)
        has_state = bool(parameters or layer._buffers)
        for one in (layer, *(parameter for _, parameter in parameters)):
            if id(one) in seen and (has_state or isinstance(one, Tensor)):
                raise Refusal(f"{where} is used twice")
            seen.add(id(one))
        try:
            described = describe(layer, walk)
        except Refusal as reason:
            raise Refusal(f"{where} {reason}") from None
        if described is not None:
            kind, ints, floats = described
            stages.append(Stage(kind, ints, floats, layer, path, parameters))
    if not stages or walk.first is None or walk.width is None:
        raise Refusal("the model has no layer with a width")
    return tuple(stages), _dtype(stages), walk.first, walk.width


def lower_loss(loss: Loss, outputs: int) -> LoweredLoss:
    """Describe a loss.

    Raises:
        Refusal: for one of the user's own, one without reduction, and weights of an unusual shape.
    """
    if losses.LOSSES.get(loss.name) is not type(loss):
        raise Refusal(f"{type(loss).__name__} is not one of chainrule's own losses")
    if loss.name in _ON_EAGER_ALONE:
        raise Refusal(f"loss {loss.name!r} is not one of those that it knows")
    if loss.reduction == "none":
        raise Refusal("a loss without reduction is not one number")
    options = {name: value for name, value in loss.config().items() if value is not None}
    for name in ("weight", "pos_weight"):
        if name in options:
            options[name] = _weights(options[name], outputs)
    return LoweredLoss(loss.name, options)


def _weights(values: Any, outputs: int) -> list[float]:
    array = np.asarray(values, np.float64)
    if array.size != 1 and array.shape not in {(outputs,), (1, outputs)}:
        raise Refusal(f"its loss has weights of shape {array.shape}, not one for each of {outputs} outputs")
    found: list[float] = array.reshape(-1).tolist()
    return found


def _own_parameters(layer: Module) -> list[tuple[str, Tensor]]:
    """A layer's weight and bias; refuses what its class does not have."""
    if _has_hooks(layer):
        raise Refusal("has hooks")
    if "forward" in vars(layer):
        raise Refusal("has a forward of its own")
    if layer._modules or not layer._parameters.keys() <= {"weight", "bias"}:
        raise Refusal("has parts that layers of its kind do not have")
    found: list[tuple[str, Tensor]] = []
    for name in ("weight", "bias"):
        parameter = layer._parameters.get(name)
        if parameter is None:
            continue
        found.append((name, parameter))
        if parameter._hooks:
            raise Refusal(f"has hooks on its {name}")
        if not isinstance(parameter._data, np.ndarray):
            raise Refusal(f"has a {name} that is not in NumPy's memory")
    return found


def _has_hooks(module: Module) -> bool:
    hooks = module._hooks
    return hooks is not None and any((hooks.before, hooks.after, hooks.backward))


def _require_shapes(layer: Module, **shapes: tuple[int, ...]) -> None:
    """Refuse parameters and buffers that were replaced by some of another shape."""
    for name, shape in shapes.items():
        tensor = getattr(layer, name)
        if tensor is not None and tuple(tensor.shape) != shape:
            raise Refusal(f"has a {name} of shape {tuple(tensor.shape)}, not {shape}")


def _leaves(module: Module, path: str) -> Iterator[tuple[str, Module]]:
    if type(module) is not nn.Sequential:
        yield path, module
        return
    where = f"{f'layer {path!r}' if path else 'the model'} (Sequential)"
    if _has_hooks(module):
        raise Refusal(f"{where} has hooks")
    if "forward" in vars(module):
        raise Refusal(f"{where} has a forward of its own")
    for name, child in module._modules.items():  # not named_children: a module that is there twice runs twice
        if child is not None:
            yield from _leaves(child, f"{path}.{name}" if path else name)


def _size(shape: tuple[int, ...] | None) -> int | None:
    return None if shape is None else math.prod(shape)


def _dtype(stages: list[Stage]) -> np.dtype[Any]:
    found = {parameter.dtype for stage in stages for _, parameter in stage.parameters}
    found |= {buffer.dtype for stage in stages for buffer in stage.layer.buffers() if buffer.dtype.kind == "f"}
    if len(found) != 1:
        raise Refusal("its parameters are of several dtypes" if found else "it has no parameters")
    (dtype,) = found
    if dtype.name not in {"float32", "float64"}:
        raise Refusal(f"its parameters are {dtype}")
    found_dtype: np.dtype[Any] = np.dtype(dtype)
    return found_dtype


@dataclass
class _Walk:
    """What is known of the rows on the way through the layers."""

    flat: bool
    width: int | None
    first: int | None = None
    dropouts: int = 0

    def __post_init__(self) -> None:
        self.first = self.width

    def take(self, width: int) -> None:
        """A layer takes rows of so many numbers."""
        if not self.flat:
            raise Refusal("takes inputs of several dimensions: put a Flatten before it")
        if self.width is None:
            self.first = self.width = width
        elif self.width != width:
            raise Refusal(f"takes {width} numbers and gets {self.width}")


Described = tuple[str, tuple[int, ...], tuple[float, ...]] | None


def _linear(layer: Any, walk: _Walk) -> Described:
    if layer.weight is None:
        raise Refusal("has no weight")
    _require_shapes(layer, weight=(layer.out_features, layer.in_features), bias=(layer.out_features,))
    walk.take(layer.in_features)
    walk.width = layer.out_features
    return "linear", (layer.in_features, layer.out_features, int(layer.bias is not None)), ()


def _batch_norm(layer: Any, walk: _Walk) -> Described:
    walk.take(layer.num_features)
    row = (layer.num_features,)
    _require_shapes(layer, weight=row, bias=row, running_mean=row, running_var=row)
    statistics = (layer.running_mean, layer.running_var, layer.num_batches_tracked)
    if layer.track_running_stats and any(one is None for one in statistics):
        raise Refusal("lacks the statistics that it should track")
    present = (int(layer.weight is not None), int(layer.bias is not None), int(layer.track_running_stats))
    momentum = -1.0 if layer.momentum is None else float(layer.momentum)
    if layer.momentum is not None and momentum < 0:
        raise Refusal("has a negative momentum")
    return "batch_norm", (layer.num_features, *present), (float(layer.eps), momentum)


def _scale(layer: Any, walk: _Walk) -> Described:
    if layer.weight is None:
        raise Refusal("has no weight")
    _require_shapes(layer, weight=(layer.num_features,))
    walk.take(layer.num_features)
    return "scale", (layer.num_features,), ()


def _layer_norm(layer: Any, walk: _Walk) -> Described:
    if len(layer.normalized_shape) != 1:
        raise Refusal("normalises over several dimensions")
    walk.take(layer.normalized_shape[0])
    _require_shapes(layer, weight=layer.normalized_shape, bias=layer.normalized_shape)
    present = (int(layer.weight is not None), int(layer.bias is not None))
    return "layer_norm", (layer.normalized_shape[0], *present), (float(layer.eps),)


def _dropout(layer: Any, walk: _Walk) -> Described:
    if layer.p == 0:
        return None
    walk.dropouts += 1
    return "dropout", (walk.dropouts - 1,), (float(layer.p),)


def _flatten(layer: Any, walk: _Walk) -> Described:
    if layer.start_dim != 1 or layer.end_dim != -1:
        raise Refusal("folds other dimensions than all but the first")
    walk.flat = True
    return None


def _along_rows(kind: str) -> Callable[[Any, _Walk], Described]:
    def describe(layer: Any, walk: _Walk) -> Described:
        if not walk.flat or layer.dim not in (None, 1, -1):
            raise Refusal("is not along rows")
        return kind, (), ()

    return describe


def _activation(kind: str, *options: str) -> Callable[[Any, _Walk], Described]:
    def describe(layer: Any, walk: _Walk) -> Described:
        return kind, (), tuple(float(getattr(layer, name)) for name in options)

    return describe


def _gelu(layer: Any, walk: _Walk) -> Described:
    return "gelu" if layer.approximate == "none" else "gelu_tanh", (), ()


_STAGES: dict[type, Callable[[Any, _Walk], Described]] = {
    nn.Linear: _linear,
    nn.BatchNorm1d: _batch_norm,
    nn.LayerNorm: _layer_norm,
    nn.Scale: _scale,
    nn.Dropout: _dropout,
    nn.Flatten: _flatten,
    nn.Identity: lambda layer, walk: None,
    nn.Softmax: _along_rows("softmax"),
    nn.LogSoftmax: _along_rows("log_softmax"),
    nn.ReLU: _activation("relu"),
    nn.ReLU6: lambda layer, walk: ("hardtanh", (), (0.0, 6.0)),
    nn.LeakyReLU: _activation("leaky_relu", "negative_slope"),
    nn.ELU: _activation("elu", "alpha"),
    nn.SELU: _activation("selu"),
    nn.GELU: _gelu,
    nn.SiLU: _activation("silu"),
    nn.Softplus: _activation("softplus", "beta", "threshold"),
    nn.Mish: _activation("mish"),
    nn.Hardtanh: _activation("hardtanh", "min_val", "max_val"),
    nn.Sigmoid: _activation("sigmoid"),
    nn.Tanh: _activation("tanh"),
    nn.SmoothClip: _activation("smooth_clip", "limit"),
    nn.Step: _activation("step", "low", "high"),
}
"""What each layer is called and which numbers go with it: ints and floats."""
