"""A network in evaluation mode as a short list of steps, which every target language writes in its own way.

Dropout and `Flatten` vanish; batch normalisation is folded into the linear layer before it, or becomes a scaling.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from chainrule.data.encoders import BooleanEncoder, CategoricalEncoder, Encoder, NumericEncoder
from chainrule.data.inputs import TableInputs
from chainrule.errors import FormatError
from chainrule.interchange.codegen.expression import Expression, constant, equals, filled, is_missing, variable
from chainrule.interchange.codegen.formulas import FORMULAS, exponential, formula, sigmoid
from chainrule.nn.activation import LogSoftmax, Softmax
from chainrule.nn.dropout import Dropout
from chainrule.nn.evaluation import model_dtype
from chainrule.nn.flatten import Flatten, Identity
from chainrule.nn.linear import Linear
from chainrule.nn.module import Module
from chainrule.nn.norm import BatchNorm1d, LayerNorm
from chainrule.nn.scale import Scale as ScaleLayer
from chainrule.nn.sequential import Sequential

__all__ = [
    "Affine",
    "Elementwise",
    "Normalise",
    "Program",
    "Scale",
    "Share",
    "Step",
    "digits",
    "feature",
    "program_of",
    "vectors",
]


@dataclass(frozen=True)
class Affine:
    """W·x + b, with W (outputs, inputs)."""

    weight: np.ndarray
    bias: np.ndarray


@dataclass(frozen=True)
class Scale:
    """a·x + b, number by number."""

    factor: np.ndarray
    shift: np.ndarray


@dataclass(frozen=True)
class Normalise:
    """(x - mean)/√(variance + ε)·γ + β over the numbers of one sample."""

    eps: float
    weight: np.ndarray
    bias: np.ndarray


@dataclass(frozen=True)
class Elementwise:
    """A formula of the variable ``x``, for each number."""

    name: str
    formula: Expression


@dataclass(frozen=True)
class Share:
    """Softmax over the numbers of one sample, or its logarithm."""

    log: bool


Step = Affine | Scale | Normalise | Elementwise | Share


@dataclass(frozen=True)
class Program:
    """What a network computes of one sample.

    Attributes:
        inputs: a name for each value that comes in: columns of a table, or features.
        features: what the first step sees, as expressions of the variables ``{0}``, ``{1}``, … (see `feature`).
        steps: one after the other.
        outputs: a name for each number that comes out.
        dtype: of the network.
        notes: lines about inputs and outputs for whoever reads the code.
    """

    inputs: list[str]
    features: list[Expression]
    steps: list[Step]
    outputs: list[str]
    dtype: np.dtype[Any]
    notes: list[str] = field(default_factory=list)

    @property
    def encodes(self) -> bool:
        """Whether the features are anything else than the inputs."""
        return any(one.operation != "variable" for one in self.features)


def program_of(model: Module, preprocessing: bool = True, link: bool = True) -> Program:
    """Take a network apart.

    Args:
        model: of the library's layers, for samples of one axis (or flattened first).
        preprocessing: whether to begin with the columns of the data, as the model's preprocessing reads them.
        link: whether to go on to probabilities, or to the target's own units.

    Raises:
        FormatError: for a layer, a shape or a column that generated code cannot have; it is named.
    """
    steps: list[Step] = []
    for layer in _leaves(model):
        _append(steps, layer)
    width = _width(steps, model)
    inputs, features, notes = _inputs(model, width, preprocessing)
    if len(features) != width:
        raise FormatError("the preprocessing does not fit the network", expected=f"{width} features", got=len(features))
    outputs = _size(steps, width)
    if link:
        steps += _link(model, outputs)
    return Program(inputs, features, steps, _output_names(model, outputs), model_dtype(model), notes)


def _leaves(module: Module) -> list[Module]:
    if isinstance(module, Sequential):
        return [leaf for _, child in module.named_layers() for leaf in _leaves(child)]
    return [module]


def _append(steps: list[Step], layer: Module) -> None:
    name = type(layer).__name__
    if isinstance(layer, (Dropout, Identity)) or (isinstance(layer, Flatten) and not steps):
        return
    if isinstance(layer, Linear):
        weight = _array(layer.weight)
        steps.append(Affine(weight, np.zeros(len(weight)) if layer.bias is None else _array(layer.bias)))
    elif isinstance(layer, ScaleLayer):
        factor = _array(layer.weight)
        steps.append(Scale(factor, 0 * factor))
    elif isinstance(layer, BatchNorm1d):
        _fold(steps, layer)
    elif isinstance(layer, LayerNorm):
        if len(layer.normalized_shape) != 1:
            raise FormatError("generated code cannot have a LayerNorm over several axes", got=repr(layer))
        ones = np.ones(layer.normalized_shape)
        weight = ones if layer.weight is None else _array(layer.weight)
        steps.append(Normalise(layer.eps, weight, 0 * ones if layer.bias is None else _array(layer.bias)))
    elif isinstance(layer, (Softmax, LogSoftmax)):
        if layer.dim not in (None, 1, -1):
            raise FormatError(f"generated code cannot have {layer!r}", expected="dim=1")
        steps.append(Share(isinstance(layer, LogSoftmax)))
    elif name in FORMULAS:
        steps.append(Elementwise(name, formula(layer, variable("x"))))
    else:
        raise FormatError(f"generated code cannot have a {name}", expected="the library's own layers")


def _array(tensor: Any) -> np.ndarray:
    found = np.asarray(tensor._data, np.float64)
    if not np.isfinite(found).all():
        raise FormatError("the network holds numbers that are not finite", fix="Its training diverged")
    return found


def _fold(steps: list[Step], layer: BatchNorm1d) -> None:
    if layer.running_mean is None or layer.running_var is None:
        raise FormatError(
            "a BatchNorm1d without running statistics needs a batch", fix="Train with track_running_stats"
        )
    factor = 1 / np.sqrt(_array(layer.running_var) + layer.eps)
    factor = factor if layer.weight is None else factor * _array(layer.weight)
    shift = -_array(layer.running_mean) * factor
    shift = shift if layer.bias is None else shift + _array(layer.bias)
    if steps and isinstance(last := steps[-1], Affine) and len(last.bias) == len(factor):
        steps[-1] = Affine(last.weight * factor[:, None], last.bias * factor + shift)
    else:
        steps.append(Scale(factor, shift))


def _sizes(step: Step) -> tuple[int, int] | None:
    if isinstance(step, Affine):
        return step.weight.shape[1], step.weight.shape[0]
    vector = step.factor if isinstance(step, Scale) else step.weight if isinstance(step, Normalise) else None
    return None if vector is None else (len(vector), len(vector))


def _width(steps: Sequence[Step], model: Module) -> int:
    for step in steps:
        if (sizes := _sizes(step)) is not None:
            return sizes[0]
    if model.preprocessing is not None:
        return int(model.preprocessing.n_features)
    raise FormatError("nothing says how many inputs the network has", fix="Give it a Linear layer")


def _size(steps: Sequence[Step], width: int) -> int:
    for step in steps:
        if (sizes := _sizes(step)) is not None:
            if sizes[0] != width:
                raise FormatError("two layers do not fit", expected=f"{width} inputs", got=sizes[0])
            width = sizes[1]
    return width


# Inputs --------------------------------------------------------------------------------------------------------------


def _inputs(model: Module, width: int, wanted: bool) -> tuple[list[str], list[Expression], list[str]]:
    fitted = model.preprocessing
    inputs = None if fitted is None else fitted.inputs
    if wanted and isinstance(inputs, TableInputs):
        features, notes = [], []
        for place, encoder in enumerate(inputs.encoders):
            features += _encoded(encoder, place)
            notes.append(_input_note(encoder))
        return list(inputs.columns), features, notes
    names = list(inputs.feature_names) if inputs is not None else [f"x{place + 1}" for place in range(width)]
    notes = []
    if inputs is not None and inputs.scale != 1:
        notes = [f"Inputs are stored numbers times {inputs.scale:.9g}."]
    return names, [variable(f"{{{place}}}") for place in range(len(names))], notes


def _encoded(encoder: Encoder, place: int) -> list[Expression]:
    name = f"{{{place}}}"
    if isinstance(encoder, NumericEncoder):
        value = (filled(name, encoder.median) - encoder.center) / encoder.scale
    elif isinstance(encoder, BooleanEncoder):
        value = _shifted(filled(name, float(encoder.fill)) + 0.0, encoder.center, encoder.scale)
    elif isinstance(encoder, CategoricalEncoder):
        return _categories(encoder, name)
    else:
        raise FormatError(
            f"generated code cannot read dates, as column {encoder.name!r} holds",
            fix="Export without the preprocessing, and bring the features that the model sees",
        )
    return [value, is_missing(name)] if encoder.indicator else [value]


def _categories(encoder: CategoricalEncoder, name: str) -> list[Expression]:
    hot = [equals(name, text, index) for index, text in enumerate(encoder.categories)]
    rest = constant(1.0)
    for one in hot:
        rest = rest - one
    features = [hot[1] + 0.5 * rest] if encoder.single else [*hot, rest] if encoder.rest else hot
    if not encoder.scales:
        return features
    return [_shifted(*numbers) for numbers in zip(features, encoder.centers, encoder.scales, strict=True)]


def _shifted(feature: Expression, center: float, scale: float) -> Expression:
    return feature if (center, scale) == (0.0, 1.0) else (feature - center) / scale


def _input_note(encoder: Encoder) -> str:
    if isinstance(encoder, CategoricalEncoder):
        listed = ", ".join(f"{index} {text!r}" for index, text in enumerate(encoder.categories))
        return f"{encoder.name!r}: one of {listed}; anything else counts as unseen or missing"
    return f"{encoder.name!r}: " + ("0 or 1" if isinstance(encoder, BooleanEncoder) else "a number")


# Outputs -------------------------------------------------------------------------------------------------------------


def _link(model: Module, outputs: int) -> list[Step]:
    loss, fitted = model.objective, model.preprocessing
    if loss is None:
        return []
    x = variable("x")
    if loss.name == "cross_entropy":
        return [Share(False)]
    if loss.name == "bce_with_logits":
        return [Elementwise("Sigmoid", sigmoid(x))]
    steps: list[Step] = []
    if loss.name == "nll" or (loss.name == "poisson" and getattr(loss, "log_input", True)):
        steps.append(Elementwise("exp", exponential(x)))
    if fitted is not None and fitted.task == "regression" and (fitted.target_mean, fitted.target_std) != (0.0, 1.0):
        steps.append(Scale(np.full(outputs, fitted.target_std), np.full(outputs, fitted.target_mean)))
    return steps


def _output_names(model: Module, outputs: int) -> list[str]:
    fitted = model.preprocessing
    classes = None if fitted is None else fitted.classes
    if classes is not None and len(classes) == outputs:
        return list(classes)
    if classes is not None and outputs == 1 and len(classes) == 2:
        return [classes[1]]
    if outputs == 1 and fitted is not None and fitted.target_name:
        return [fitted.target_name]
    return [f"y{place + 1}" for place in range(outputs)] if outputs > 1 else ["y"]


def feature(expression: Expression, names: Sequence[str]) -> Expression:
    """A feature with a language's own variables in the place of ``{0}``, ``{1}``, …"""
    operands = tuple(
        feature(one, names) if isinstance(one, Expression) else _named(one, names, expression, place)
        for place, one in enumerate(expression.operands)
    )
    return Expression(expression.operation, operands)


def _named(value: Any, names: Sequence[str], expression: Expression, place: int) -> Any:
    if place or expression.operation not in ("variable", "missing", "filled", "equals"):
        return value
    return names[int(value[1:-1])]


def vectors(step: Step) -> dict[str, np.ndarray]:
    """The vectors of a step by the letter that generated code gives them: what multiplies, and what is added."""
    if isinstance(step, Affine):
        return {"B": step.bias}
    if isinstance(step, Scale):
        return {"A": step.factor, "B": step.shift}
    return {"A": step.weight, "B": step.bias} if isinstance(step, Normalise) else {}


def digits(values: np.ndarray, dtype: np.dtype[Any]) -> list[str]:
    """Numbers with as many digits as the network's dtype has."""
    if dtype == np.float64:
        return [repr(float(value)).removesuffix(".0") for value in values.ravel()]
    return [_short(value) for value in values.ravel().astype(np.float32)]


def _short(value: np.float32) -> str:
    if value == 0 or 1e-4 <= abs(value) < 1e9:
        return str(np.format_float_positional(value, unique=True, trim="-"))
    return f"{value:.9g}"
