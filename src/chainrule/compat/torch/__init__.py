"""PyTorch's layout over chainrule: programs written for its multilayer perceptrons run after changing the import.

>>> import chainrule.compat.torch as torch
>>> x = torch.ones(2, 2, requires_grad=True)
>>> ((x + 2) ** 3).mean().backward()
>>> x.grad
tensor([[6.7500, 6.7500],
        [6.7500, 6.7500]])

``torch.nn``, ``torch.nn.functional``, ``torch.optim``, ``torch.utils.data`` and ``torch.autograd`` are where PyTorch
has them: ``import chainrule.compat.torch.nn as nn``.  Everything runs on the CPU; convolutions, recurrent layers and
the like do not exist here.
"""

from __future__ import annotations

from math import e, inf, nan, pi
from typing import Any

from chainrule import __version__
from chainrule.compat.torch import autograd, backends, cuda, dtypes, functions, nn, optim, types, utils
from chainrule.compat.torch.dtypes import *  # noqa: F403
from chainrule.compat.torch.functions import *  # noqa: F403
from chainrule.compat.torch.missing import missing
from chainrule.compat.torch.serialization import load, save
from chainrule.compat.torch.types import *  # noqa: F403
from chainrule.core import create
from chainrule.core.create import *  # noqa: F403
from chainrule.core.device import Device as device
from chainrule.core.functions import allclose, cat, equal, is_tensor, stack
from chainrule.core.mode import (
    enable_grad,
    get_default_dtype,
    is_grad_enabled,
    no_grad,
    set_default_dtype,
    set_grad_enabled,
)
from chainrule.core.rng import Generator, initial_seed, manual_seed
from chainrule.core.tensor import Size

concat = concatenate = cat
inference_mode = no_grad

__all__ = [  # noqa: PLE0604 - lists of names
    "Generator", "Size", "allclose", "autograd", "backends", "cat", "concat", "concatenate", "cuda", "device", "e",
    "enable_grad", "equal", "get_default_dtype", "inf", "inference_mode", "initial_seed", "is_grad_enabled",
    "is_tensor", "load", "manual_seed", "nan", "nn", "no_grad", "optim", "pi", "save", "set_default_dtype",
    "set_grad_enabled", "stack", "utils", *create.__all__, *dtypes.__all__, *functions.__all__, *types.__all__,
]  # fmt: skip


def __getattr__(name: str) -> Any:
    raise missing("torch", name, __all__)
