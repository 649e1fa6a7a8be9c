"""Optimisers as they are raced: a name for each, its hyperparameters, and the learning rate that is usual for it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from chainrule.errors import ConfigError, DTypeError, UnknownNameError
from chainrule.optim.registry import NAMES

__all__ = ["entrants", "title"]

_VARIANTS: dict[str, dict[str, Any]] = {
    "momentum": {"name": "sgd", "momentum": 0.9},
    "nesterov": {"name": "sgd", "momentum": 0.9, "nesterov": True},
}

_TITLES = {
    "sgd": "SGD",
    "momentum": "Momentum",
    "nesterov": "Nesterov",
    "adagrad": "AdaGrad",
    "adadelta": "Adadelta",
    "rmsprop": "RMSprop",
    "adam": "Adam",
    "adamw": "AdamW",
}


def entrants(
    names: Sequence[str] | Mapping[str, Mapping[str, Any]], lr: Any, usual: Mapping[str, float]
) -> dict[str, dict[str, Any]]:
    """Name -> what `optim.get` takes, the learning rate included.

    Args:
        names: optimisers by name, "momentum" and "nesterov" among them; or a mapping from names to configurations
            such as ``{"name": "sgd", "lr": 0.1, "momentum": 0.5}``.
        lr: one learning rate for all, or a mapping from names to rates; for those that have none yet.
        usual: the rates of those that then still have none.

    Raises:
        UnknownNameError: for an optimiser that does not exist, or a rate for one that takes no part.
        ConfigError: if nobody takes part.
        DTypeError: for a configuration that is no mapping.
    """
    if isinstance(names, str):
        names = [names]
    found = (
        {str(name): _checked(config) for name, config in names.items()}
        if isinstance(names, Mapping)
        else {str(name).lower(): _named(str(name).lower()) for name in names}
    )
    if not found:
        raise ConfigError("there is no optimizer to compare", expected="at least one name", got=names)
    rates = lr if isinstance(lr, Mapping) else {} if lr is None else dict.fromkeys(found, lr)
    for name in rates:
        if name not in found:
            raise UnknownNameError("optimizer in lr", name, found)
    for name, config in found.items():
        rate = rates.get(name, usual.get(name, usual.get(config["name"])))
        if "lr" not in config and rate is not None:
            config["lr"] = rate
    return found


def _named(name: str) -> dict[str, Any]:
    config = _VARIANTS.get(name, {"name": name})
    return _checked(config, name)


def _checked(config: Any, name: str | None = None) -> dict[str, Any]:
    if not isinstance(config, Mapping) or not isinstance(config.get("name"), str):
        raise DTypeError("an optimizer's configuration is a mapping with a name", got=repr(config)[:80])
    if config["name"].lower() not in NAMES:
        raise UnknownNameError("optimizer", name or config["name"], (*NAMES, *_VARIANTS))
    return {**config, "name": config["name"].lower()}


def title(name: str) -> str:
    """An optimiser's name as people write it."""
    return _TITLES.get(name, name)
