"""Our networks as PyTorch's."""

from __future__ import annotations

from collections import OrderedDict
from typing import Any

import numpy as np

from chainrule.errors import DTypeError, FormatError, MissingDependencyError
from chainrule.nn.module import Module
from chainrule.nn.registry import LAYERS
from chainrule.nn.sequential import Sequential

__all__ = ["OWN", "constructor", "layers_of", "to_torch"]

OWN = frozenset({"Scale", "SmoothClip", "Step"})
"""The layers that PyTorch does not have."""


def to_torch(model: Module) -> Any:
    """Make a ``torch.nn`` network with the same layers, numbers and parameter paths; in evaluation mode.

    Args:
        model: of the library's layers.  Preprocessing and loss stay behind: PyTorch's layers have no place for them.

    Raises:
        MissingDependencyError: without PyTorch.
        FormatError: for a layer that PyTorch does not have (`OWN`, and layers of the user's own).
        DTypeError: if `model` is no module.
    """
    if not isinstance(model, Module):
        raise DTypeError("not a model", expected="a Module", got=type(model).__name__)
    try:
        import torch
    except ImportError as error:
        raise MissingDependencyError("PyTorch is not installed", fix="pip install torch") from error
    made = _made(model, torch)
    state = {path: torch.from_numpy(np.array(value._data)) for path, value in model.state_dict().items()}
    made.load_state_dict(state)
    return made.eval()


def layers_of(module: Module) -> list[tuple[str, Module]] | None:
    """Names and layers of a `Sequential`; None for a layer."""
    return list(module.named_layers()) if type(module) is Sequential else None


def constructor(layer: Module) -> tuple[str, dict[str, Any], str | None]:
    """The name of PyTorch's layer, its arguments, and its dtype if it has one.

    Raises:
        FormatError: if PyTorch has no such layer.
    """
    name = type(layer).__name__
    if LAYERS.get(name) is not type(layer) or name in OWN:
        raise FormatError(f"PyTorch has no {name}", fix="Take another activation" if name == "Step" else None)
    options = dict(layer.config())
    dtype = options.pop("dtype", None)
    if name == "BatchNorm1d":
        if layer.weight is not None and layer.bias is None:
            raise FormatError("PyTorch has no BatchNorm1d with a weight and without a bias")
        options.pop("bias")
    return name, options, dtype


def _made(module: Module, torch: Any) -> Any:
    children = layers_of(module)
    if children is not None:
        return torch.nn.Sequential(OrderedDict((key, _made(child, torch)) for key, child in children))
    name, options, dtype = constructor(module)
    if dtype is not None:
        options["dtype"] = getattr(torch, dtype)
    return getattr(torch.nn, name)(**options)
