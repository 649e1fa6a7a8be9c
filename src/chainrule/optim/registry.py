"""Optimisers by name."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from chainrule.errors import ConfigError, DTypeError, UnknownNameError
from chainrule.optim.adadelta import Adadelta
from chainrule.optim.adagrad import Adagrad
from chainrule.optim.adam import Adam
from chainrule.optim.adamw import AdamW
from chainrule.optim.optimizer import Optimizer
from chainrule.optim.rmsprop import RMSprop
from chainrule.optim.sgd import SGD

__all__ = ["NAMES", "OPTIMIZERS", "get"]

OPTIMIZERS: dict[str, type[Optimizer]] = {kind.name: kind for kind in (SGD, Adam, AdamW, Adagrad, Adadelta, RMSprop)}
"""Every optimiser by name."""

NAMES = tuple(OPTIMIZERS)
"""The names that `get` knows."""


def get(optimizer: Any, params: Any, **options: Any) -> Optimizer:
    """Return the optimiser of a name, a class or a `config`, made for `params`; an `Optimizer` is returned as it is.

    Args:
        optimizer: ``"adam"`` (capitals do not matter), `Adam`, ``{"name": "adam", "lr": 0.01}``, or an `Optimizer`.
        params: what the optimiser's constructor takes, e.g. ``model.named_parameters()``.
        **options: hyperparameters, e.g. ``lr=0.01``.

    Raises:
        UnknownNameError: for a name or option that does not exist.
        ConfigError: for options together with an optimiser that is made already, or out of range.
        DTypeError: for anything else.
    """
    if isinstance(optimizer, Optimizer):
        if options:
            fix = "Set them where the optimizer is made"
            raise ConfigError("an optimizer that exists takes no options", got=", ".join(options), fix=fix)
        return optimizer
    if isinstance(optimizer, Mapping):
        name = optimizer.get("name")
        return get(str(name), params, **{**{k: v for k, v in optimizer.items() if k != "name"}, **options})
    if isinstance(optimizer, str):
        if optimizer.lower() not in OPTIMIZERS:
            raise UnknownNameError("optimizer", optimizer, NAMES)
        return OPTIMIZERS[optimizer.lower()](params, **options)
    if isinstance(optimizer, type) and issubclass(optimizer, Optimizer):
        return optimizer(params, **options)
    raise DTypeError("not an optimizer", expected="a name, a class or an Optimizer", got=type(optimizer).__name__)
