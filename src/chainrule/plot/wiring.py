"""A network read as columns of neurons with weights between them, and the values of one sample in them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from chainrule.core.mode import no_grad
from chainrule.core.tensor import Tensor
from chainrule.errors import ConfigError, DTypeError, ShapeError
from chainrule.nn.container import ListOfModules
from chainrule.nn.dropout import Dropout
from chainrule.nn.evaluation import evaluating, model_dtype, watching
from chainrule.nn.flatten import Flatten
from chainrule.nn.linear import Linear
from chainrule.nn.module import Module
from chainrule.plot import canvas

__all__ = ["Wiring", "calls", "one_sample", "require_network", "wiring"]


@dataclass(frozen=True)
class Wiring:
    """The Linear layers of a network.

    Attributes:
        weights: one ``(out, in)`` per layer.
        biases: one ``(out,)`` per layer, or None.
        sizes: neurons of each column; one more than there are layers.
        functions: for each column the names of the modules that follow its Linear layer; empty for the inputs.
        values: for each column what its neurons hand on for one sample, or None if no sample was given.
    """

    weights: list[np.ndarray]
    biases: list[np.ndarray | None]
    sizes: list[int]
    functions: list[tuple[str, ...]]
    values: list[np.ndarray] | None


def wiring(model: Any, inputs: Any = None) -> Wiring:
    """Read the Linear layers of a network, in order.

    Args:
        model: the network.
        inputs: one sample as the model sees it, or a batch of which the first is taken.

    Raises:
        DTypeError: for something that is no network.
        ConfigError: if there is no Linear layer, or one does not take what the one before it gives.
        ShapeError: if the sample does not fit.
    """
    require_network(model)
    leaves = list(_leaves(model))
    places = [i for i, (_, module) in enumerate(leaves) if isinstance(module, Linear)]
    linear = [module for _, module in leaves if isinstance(module, Linear)]
    if not linear:
        raise ConfigError("there is no Linear layer to draw", got=type(model).__name__)
    sizes = [linear[0].in_features, *(layer.out_features for layer in linear)]
    for layer, size, place in zip(linear, sizes, places, strict=False):
        if layer.in_features != size:
            raise ConfigError(
                "the layers do not follow one another, so that they cannot be drawn as a row",
                expected=f"{size} inputs",
                got=f"{layer.in_features}",
                where=leaves[place][0],
            )
    ends = [*places[1:], len(leaves)]
    functions: list[tuple[str, ...]] = [()]
    for start, end in zip(places, ends, strict=True):
        between = [module for _, module in leaves[start + 1 : end]]
        functions.append(tuple(type(one).__name__ for one in between if not isinstance(one, (Dropout, Flatten))))
    return Wiring(
        [layer.weight._data for layer in linear],
        [None if layer.bias is None else layer.bias._data for layer in linear],
        sizes,
        functions,
        None if inputs is None else _values(model, linear, one_sample(inputs, linear[0].in_features)),
    )


def require_network(model: Any) -> None:
    """Refuse what is no network.

    Raises:
        DTypeError: for anything but a `Module`.
    """
    if not isinstance(model, Module) or not canvas.is_network(model):
        raise DTypeError("a network is drawn from its modules", expected="a chainrule.nn.Module", got=type(model))


def one_sample(inputs: Any, features: int) -> np.ndarray:
    """Return one sample with its batch dimension, ``(1, …)``, taken from a sample or a batch of samples.

    Raises:
        ShapeError: if a sample does not have that many numbers.
        DTypeError: for what are no numbers.
    """
    raw = np.asarray(inputs._data if isinstance(inputs, Tensor) else inputs)
    if raw.dtype.kind not in "biuf":
        raise DTypeError("a sample consists of numbers", got=f"dtype {raw.dtype}")
    if raw.size == features:
        return raw if raw.ndim > 1 and len(raw) == 1 else raw[None]
    if raw.ndim > 1 and len(raw) and raw[0].size == features:
        return raw[:1]
    raise ShapeError("the sample does not fit the network", expected=f"{features} numbers", got=raw.shape)


def calls(model: Module, batch: np.ndarray) -> tuple[list[tuple[str, Module, np.ndarray, np.ndarray]], np.ndarray]:
    """Run a network in evaluation mode; return ``(path, module, input, output)`` of every layer's call, and the output.

    Args:
        model: the network; its modes are put back afterwards.
        batch: ``(B, …)`` as the model sees it.
    """
    found: list[tuple[str, Module, np.ndarray, np.ndarray]] = []

    def keep(name: str, module: Module, args: tuple[Any, ...], output: Any) -> None:
        found.append((name, module, np.array(args[0]._data), np.array(output._data)))

    leaves = {id(module): (name, module) for name, module in _leaves(model)}
    with watching(leaves.values(), keep), evaluating(model), no_grad():
        output = model(Tensor.of(batch.astype(model_dtype(model))))
    return found, np.array(output._data)


def _leaves(module: Module, path: str = "") -> Iterator[tuple[str, Module]]:
    """The modules without children, one that is used twice in a row of layers twice, as `named_modules` does not."""
    inner = list(module.named_layers() if isinstance(module, ListOfModules) else module.named_children())
    if not inner:
        yield path, module
    for name, child in inner:
        yield from _leaves(child, f"{path}.{name}" if path else name)


def _values(model: Module, linear: list[Linear], sample: np.ndarray) -> list[np.ndarray]:
    """What each column hands on: the input of the next Linear layer; of the last column, the network's output."""
    made, output = calls(model, sample)
    used = {id(module): (x.reshape(-1), y.reshape(-1)) for _, module, x, y in made}
    if any(id(layer) not in used for layer in linear):
        raise ConfigError("a Linear layer is not used for this sample, so that its neurons have no values")
    columns = [used[id(layer)][0] for layer in linear]
    last = output.reshape(-1)
    return [*columns, last if len(last) == linear[-1].out_features else used[id(linear[-1])][1]]
