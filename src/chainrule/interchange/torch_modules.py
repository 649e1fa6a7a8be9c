"""Layers of ``torch.nn`` as ours: from objects, or from what a file says of them."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from typing import Any

import numpy as np

from chainrule.errors import DTypeError, FormatError, UnknownNameError
from chainrule.interchange.layers import set_state
from chainrule.interchange.pickles import Record
from chainrule.interchange.torch_out import OWN
from chainrule.nn import init
from chainrule.nn.module import Module
from chainrule.nn.registry import LAYERS
from chainrule.nn.sequential import Sequential

__all__ = ["CLASSES", "array_of", "from_module", "is_module"]

_HOMES = {
    "Sequential": "container", "Linear": "linear", "Identity": "linear", "Flatten": "flatten", "Dropout": "dropout",
    "BatchNorm1d": "batchnorm", "LayerNorm": "normalization",
}  # fmt: skip
CLASSES = frozenset(f"torch.nn.modules.{_HOMES.get(name, 'activation')}.{name}" for name in LAYERS if name not in OWN)
"""The layers of PyTorch that we have, too, by their full names."""

_DEEPEST = 32


def is_module(value: object) -> bool:
    """Whether `value` is a layer of ``torch.nn`` that we have, too, or what a file says of one."""
    return _full_name(value) in CLASSES


def from_module(module: Any) -> Module:
    """Make our layer, or `Sequential` of layers, of one of PyTorch's.

    Args:
        module: an object of ``torch.nn``, or a `Record` of one.

    Returns:
        the network in evaluation mode, with PyTorch's parameter paths.

    Raises:
        DTypeError: for anything else.
        FormatError: if a layer has no counterpart here, or its numbers do not fit it.
    """
    if not is_module(module):
        raise DTypeError(
            "not a network that can be taken over",
            expected="a torch.nn.Sequential of layers that chainrule has",
            got=_full_name(module),
            fix="For a class of your own, take its state_dict()",
        )
    return _made(module, "", 0).eval()


def _full_name(value: object) -> str:
    return value.name if isinstance(value, Record) else f"{type(value).__module__}.{type(value).__qualname__}"


def _made(module: Any, path: str, depth: int) -> Module:
    full = _full_name(module)
    name, where = full.rpartition(".")[2], f"layer {path or '(root)'}"
    if full not in CLASSES:
        raise UnknownNameError("layer of PyTorch", full, sorted(LAYERS), where)
    if depth > _DEEPEST:
        raise FormatError("layers are nested too deeply", where=where)
    state = module.state if isinstance(module, Record) else vars(module)
    if name == "Sequential":
        children = _mapping(state, "_modules", where)
        return Sequential(
            {key: _made(child, f"{path}.{key}" if path else key, depth + 1) for key, child in children.items()}
        )
    held = {**_mapping(state, "_parameters", where), **_mapping(state, "_buffers", where)}
    arrays = {key: array_of(value, f"{key} of {where}") for key, value in held.items() if value is not None}
    return _layer(name, state, arrays, where)


def _mapping(state: Mapping[str, Any], name: str, where: str) -> Mapping[str, Any]:
    found = state.get(name, {})
    if not isinstance(found, Mapping):
        raise FormatError("the file is damaged: a layer without parts", where=where)
    return found


def _layer(name: str, state: Mapping[str, Any], arrays: dict[str, np.ndarray], where: str) -> Module:
    layer = LAYERS[name]
    wanted = [option for option in inspect.signature(layer.__init__).parameters if option in state]
    options = {option: state[option] for option in wanted if option not in ("weight", "bias", "dtype", "device")}
    if options.get("normalized_shape") is not None:
        options["normalized_shape"] = list(options["normalized_shape"])
    if name in ("Linear", "BatchNorm1d", "LayerNorm"):
        _check_sizes(name, options, arrays, where)
        options["bias"] = "bias" in arrays
        options["dtype"] = next((a.dtype for a in arrays.values() if a.dtype.kind == "f"), None)
    try:
        with init.skipped():
            made = layer(**options)
        set_state(made, arrays)
    except (TypeError, ValueError) as error:
        raise FormatError(f"a {name} of PyTorch cannot be taken over: {error}", where=where) from error
    return made


def _check_sizes(name: str, options: Mapping[str, Any], arrays: Mapping[str, np.ndarray], where: str) -> None:
    """Let no layer be made that is larger than its numbers."""
    if name == "Linear":
        said: Any = (options.get("out_features"), options.get("in_features"))
        fits = "weight" in arrays and arrays["weight"].shape == said
    else:
        said = options.get("num_features", tuple(options.get("normalized_shape", ())))
        said = (said,) if isinstance(said, int) else said
        fits = all(array.shape in (said, ()) for array in arrays.values())
        fits = fits and all(type(size) is int and 0 < size < 2**24 for size in said)
    if not fits:
        raise FormatError("a layer's size and numbers disagree", expected=said, where=where)


def array_of(value: Any, what: str) -> np.ndarray:
    """The numbers of a tensor of PyTorch, or an array: float32, float64 or whole numbers.

    Raises:
        FormatError: if it is neither.
    """
    if hasattr(value, "detach"):
        tensor = value.detach().cpu()
        value = tensor.float().numpy() if str(tensor.dtype) in ("torch.bfloat16", "torch.float16") else tensor.numpy()
    if not isinstance(value, np.ndarray) or value.dtype.kind not in "fiub":
        raise FormatError(f"{what} is no tensor", got=type(value).__name__)
    return value.astype(np.float32) if value.dtype == np.float16 else value
