"""Our networks as Keras's."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from chainrule.errors import DTypeError, FormatError, MissingDependencyError
from chainrule.files import atomic_write
from chainrule.nn.activation import softmax_dim
from chainrule.nn.evaluation import model_dtype
from chainrule.nn.module import Module
from chainrule.nn.registry import LAYERS
from chainrule.nn.sequential import Sequential

__all__ = ["Described", "Network", "described", "save_keras", "to_keras"]

Shape = tuple[int, ...]


@dataclass(frozen=True)
class Described:
    """A layer of Keras: name of its class, arguments, and numbers in Keras's order."""

    name: str
    options: dict[str, Any] = field(default_factory=dict)
    arrays: list[np.ndarray] = field(default_factory=list)


@dataclass(frozen=True)
class Network:
    """A ``keras.Sequential``: shape of one sample, dtype, and layers."""

    shape: Shape
    dtype: str
    layers: list[Described]


def to_keras(model: Module, link: bool = False) -> Any:
    """Make a ``keras.Sequential`` that computes the same; it is not compiled.

    Args:
        model: of the library's layers.  Its preprocessing stays behind: the network takes what `model` sees.
        link: end in the softmax, sigmoid or exponential that the model's loss puts behind the raw output, so that
            Keras's ``predict`` gives what `predict_proba` does.

    Raises:
        MissingDependencyError: without Keras, or the backend that it is set to.
        FormatError: for a layer that Keras does not have.
        DTypeError: if `model` is no module.
    """
    network = described(model, link)
    try:
        import keras
    except ImportError as error:
        raise MissingDependencyError(
            f"Keras cannot be imported: {error}",
            fix="pip install keras, and let KERAS_BACKEND name an installed one of tensorflow, jax and torch",
        ) from error
    made = keras.Sequential([keras.Input(network.shape, dtype=network.dtype)])
    for layer in network.layers:
        one = getattr(keras.layers, layer.name)(**layer.options, dtype=network.dtype)
        made.add(one)
        if layer.arrays:
            one.set_weights(layer.arrays)
    return made


def save_keras(model: Module, path: str | os.PathLike[str], link: bool = True) -> None:
    """Write `to_keras` of a model as a ``.keras`` file, through Keras; replaces what stands there when it is complete.

    Raises:
        MissingFileError: if the folder does not exist or cannot be written to.
        MissingDependencyError, FormatError, DTypeError: as `to_keras` does.
    """
    made = to_keras(model, link)
    with tempfile.TemporaryDirectory() as folder:
        whole = Path(folder) / "network.keras"
        made.save(whole)
        with atomic_write(path) as file:
            file.write(whole.read_bytes())


def described(model: Module, link: bool = False) -> Network:
    """What `to_keras` makes, without making it.

    Raises:
        FormatError, DTypeError: as `to_keras` does.
    """
    if not isinstance(model, Module):
        raise DTypeError("not a model", expected="a Module", got=type(model).__name__)
    leaves = list(_leaves(model))
    shape = first = _input_shape(model, leaves)
    layers: list[Described] = []
    for layer in leaves:
        name = type(layer).__name__
        if LAYERS.get(name) is not type(layer) or name not in _MAKERS:
            raise FormatError(f"Keras has no {name}", fix="Take another activation" if not layer._parameters else None)
        layers += _MAKERS[name](layer, shape)
        shape = layer.output_shape(shape)
    ending = _ending(model) if link else None
    if ending is not None:
        layers.append(_activation(ending))
    return Network(first, str(model_dtype(model)), layers)


_ENDINGS = {"cross_entropy": "softmax", "bce_with_logits": "sigmoid", "nll": "exponential", "poisson": "exponential"}


def _ending(model: Module) -> str | None:
    """The function that the link of the model's loss is, in Keras's words."""
    loss = model.objective
    if loss is None or not getattr(loss, "log_input", True):  # a Poisson loss of the counts themselves
        return None
    return _ENDINGS.get(loss.name)


def _leaves(module: Module) -> Any:
    if type(module) is Sequential:
        for _, child in module.named_layers():
            yield from _leaves(child)
    else:
        yield module


def _input_shape(model: Module, leaves: list[Module]) -> Shape:
    if model.preprocessing is not None:
        return tuple(model.preprocessing.shape)
    for layer in leaves:
        size = next((s for name in ("in_features", "num_features") if (s := getattr(layer, name, None))), None)
        if size is not None:
            return (int(size),)
        if hasattr(layer, "normalized_shape"):
            return tuple(layer.normalized_shape)
    raise FormatError("nothing says how many inputs the network has", fix="Give it a Linear layer")


def _activation(name: str) -> Described:
    return Described("Activation", {"activation": name})


def _named(name: str) -> _Maker:
    return lambda layer, shape: [_activation(name)]


def _linear(layer: Any, shape: Shape) -> list[Described]:
    arrays = [np.ascontiguousarray(layer.weight._data.T)]
    arrays += [] if layer.bias is None else [np.array(layer.bias._data)]
    return [Described("Dense", {"units": layer.out_features, "use_bias": layer.bias is not None}, arrays)]


def _flatten(layer: Any, shape: Shape) -> list[Described]:
    if layer.start_dim != 1 or layer.end_dim not in (-1, len(shape)):
        raise FormatError(f"Keras's Flatten folds all dimensions of a sample, unlike {layer!r}")
    return [Described("Flatten")]


def _softmax(layer: Any, shape: Shape) -> list[Described]:
    axis = softmax_dim(np.empty((2, *(0 for _ in shape))), layer.dim) % (len(shape) + 1)
    if axis != len(shape):
        raise FormatError(f"{layer!r} is not along the last dimension, where Keras's is")
    return [_activation("log_softmax") if type(layer).__name__ == "LogSoftmax" else Described("Softmax")]


def _batch_norm(layer: Any, shape: Shape) -> list[Described]:
    if layer.running_mean is None:
        raise FormatError("Keras's BatchNormalization has running statistics; this BatchNorm1d does not track any")
    options: dict[str, Any] = {
        "axis": 1,
        "epsilon": layer.eps,
        "scale": layer.weight is not None,
        "center": layer.bias is not None,
    }
    if layer.momentum is not None:  # Keras has no plain mean of all batches
        options["momentum"] = 1 - layer.momentum
    held = (layer.weight, layer.bias, layer.running_mean, layer.running_var)
    return [Described("BatchNormalization", options, [np.array(one._data) for one in held if one is not None])]


def _layer_norm(layer: Any, shape: Shape) -> list[Described]:
    axes = list(range(-len(layer.normalized_shape), 0))
    held = [one for one in (layer.weight, layer.bias) if one is not None]
    options = {"epsilon": layer.eps, "scale": layer.weight is not None, "center": layer.bias is not None}
    axis = axes if len(axes) > 1 else -1
    return [Described("LayerNormalization", {"axis": axis, **options}, [np.array(one._data) for one in held])]


def _gelu(layer: Any, shape: Shape) -> list[Described]:
    if layer.approximate != "none":
        raise FormatError("Keras can keep no GELU with tanh in a file", fix="Take GELU() itself")
    return [_activation("gelu")]


_ROUGH = 15.0  # from where on softplus is x itself to six digits


def _softplus(layer: Any, shape: Shape) -> list[Described]:
    if layer.threshold < _ROUGH:
        raise FormatError(f"Keras has no {layer!r} with so low a threshold")
    if layer.beta == 1:
        return [_activation("softplus")]
    return [_rescaling(layer.beta), _activation("softplus"), _rescaling(1 / layer.beta)]


_FARTHEST = 8.0  # moving numbers by more than this would cost more than the seventh digit


def _hardtanh(layer: Any, shape: Shape) -> list[Described]:
    least, most = layer.min_val, layer.max_val
    if (least, most) == (-1, 1):
        return [_activation("hard_tanh")]
    if abs(least) > _FARTHEST or not np.isfinite(most):
        raise FormatError(f"Keras has no {layer!r}")
    cut = Described("ReLU", {"max_value": most - least})
    return [_rescaling(1.0, -least), cut, _rescaling(1.0, least)] if least else [cut]


def _scale(layer: Any, shape: Shape) -> list[Described]:
    return [_rescaling(layer.weight._data.tolist())]


def _rescaling(scale: float | list[float], offset: float = 0.0) -> Described:
    return Described("Rescaling", {"scale": scale, "offset": offset})


_Maker = Callable[[Any, Shape], list[Described]]

_MAKERS: dict[str, _Maker] = {
    "Linear": _linear, "Flatten": _flatten, "BatchNorm1d": _batch_norm, "LayerNorm": _layer_norm, "Scale": _scale,
    "Softmax": _softmax, "LogSoftmax": _softmax, "GELU": _gelu, "Softplus": _softplus, "Hardtanh": _hardtanh,
    "SELU": _named("selu"), "SiLU": _named("silu"), "Mish": _named("mish"), "Sigmoid": _named("sigmoid"),
    "Tanh": _named("tanh"),
    "Identity": lambda layer, shape: [Described("Identity")],
    "Dropout": lambda layer, shape: [Described("Dropout", {"rate": layer.p})],
    "ReLU": lambda layer, shape: [Described("ReLU")],
    "ReLU6": lambda layer, shape: [Described("ReLU", {"max_value": 6.0})],
    "LeakyReLU": lambda layer, shape: [Described("LeakyReLU", {"negative_slope": layer.negative_slope})],
    "ELU": lambda layer, shape: [Described("ELU", {"alpha": layer.alpha})],
}  # fmt: skip
