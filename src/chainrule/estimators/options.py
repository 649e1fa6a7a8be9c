"""An estimator's parameters, checked, and laid over what its preset says."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from chainrule.errors import ConfigError
from chainrule.estimators.presets import Settings, TableFacts, resolve

__all__ = ["check_parameters", "settings_of"]

# Parameter -> setting, where the parameter is not None.
_SAME = {
    "hidden_layer_sizes": "hidden_layer_sizes", "activation": "activation", "dropout": "dropout", "norm": "norm",
    "loss": "loss", "label_smoothing": "label_smoothing", "solver": "optimizer", "alpha": "l2",
    "learning_rate_init": "lr", "learning_rate": "schedule", "max_iter": "epochs", "tol": "tol",
    "clip_norm": "clip_norm", "clip_value": "clip_value", "monitor": "monitor", "n_iter_no_change": "patience",
    "validation_fraction": "validation_fraction", "ensemble": "ensemble",
}  # fmt: skip

_WHOLE = {"max_iter": 1, "batch_size": 1, "n_iter_no_change": 1, "n_init": 1, "ensemble": 1}
_NUMBERS = {
    "alpha": (0, None), "eta0": (0, None), "learning_rate_init": (0, None), "tol": (0, None),
    "momentum": (0, 1), "beta_1": (0, 1), "beta_2": (0, 1), "epsilon": (0, None), "label_smoothing": (0, 1),
    "clip_norm": (0, None), "clip_value": (0, None), "validation_fraction": (0, 1),
}  # fmt: skip
_SWITCHES = ("shuffle", "warm_start", "nesterovs_momentum")
_POSITIVE = {"eta0", "learning_rate_init", "clip_norm", "clip_value", "epsilon", "validation_fraction"}

#: Share of the rows that is held out where early stopping is asked for, and after how many epochs it comes.
_FRACTION, _PATIENCE = 0.1, 10


def check_parameters(given: dict[str, Any]) -> None:
    """Check the parameters that are plain numbers or switches.

    Raises:
        ConfigError: naming the first that makes no sense.
    """
    for name, low in _WHOLE.items():
        value = given.get(name)
        if value is None or (name == "batch_size" and isinstance(value, str) and value == "auto"):
            continue
        if not _is_whole(value) or value < low:
            raise ConfigError(f"bad {name}", expected=f"a whole number from {low}", got=repr(value))
    for name, (least, most) in _NUMBERS.items():
        value = given.get(name)
        if value is None:
            continue
        wrong = not _is_number(value) or not value >= least or value == float("inf")
        if wrong or (most is not None and value >= most) or (name in _POSITIVE and value <= 0):
            above = "above" if name in _POSITIVE else "from"
            to = "" if most is None else f" and below {most}"
            raise ConfigError(f"bad {name}", expected=f"a number {above} {least}{to}", got=repr(value))
    for name in _SWITCHES:
        if not isinstance(given.get(name, False), (bool, np.bool_)):
            raise ConfigError(f"bad {name}", expected="True or False", got=repr(given[name]))
    if _is_number(given.get("learning_rate")):
        raise ConfigError("learning_rate names a schedule", got=given["learning_rate"], fix="Use learning_rate_init")


def _is_whole(value: Any) -> bool:
    return isinstance(value, (int, np.integer)) and not isinstance(value, bool)


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float, np.integer, np.floating)) and not isinstance(value, bool)


def settings_of(given: dict[str, Any], facts: TableFacts) -> Settings:
    """The preset's settings with the parameters that the user set in their place.

    Args:
        given: the estimator's parameters.
        facts: of the training data.

    Raises:
        ConfigError, UnknownNameError: for parameters that make no sense.
    """
    settings = resolve(given["preset"], facts)
    changes: dict[str, Any] = {setting: given[name] for name, setting in _SAME.items() if given.get(name) is not None}
    if "hidden_layer_sizes" in changes:
        changes["hidden_layer_sizes"] = _sizes(changes["hidden_layer_sizes"])
        changes["build"] = None
        changes.setdefault("ensemble", 1)  # as many neurons as asked for, and no more
    for name in ("activation", "dropout"):
        if isinstance(changes.get(name), list):
            changes[name] = tuple(changes[name])
    size = given["batch_size"]
    if size is not None and size != "auto":
        changes["batch_size"] = int(size)
    if isinstance(given["scaling"], str) and given["scaling"] != "auto":
        changes["scaling"] = given["scaling"]
    elif given["scaling"] is None:
        changes["scaling"] = None
    elif given["scaling"] != "auto":
        raise ConfigError("bad scaling", expected='a name such as "standard", or None', got=repr(given["scaling"]))
    changes["optimizer_options"] = _optimizer_options(given, settings, changes)
    changes.update(_stopping(given, settings))
    found = replace(settings, **changes)
    return replace(found, batch_size=min(found.batch_size, facts.rows), epochs=int(found.epochs))


def _sizes(value: Any) -> tuple[int, ...]:
    sizes: Any = (value,) if _is_whole(value) else value
    sizes = tuple(sizes) if isinstance(sizes, (Sequence, np.ndarray)) and not isinstance(sizes, str) else None
    if sizes is None or not all(_is_whole(one) and one > 0 for one in sizes):
        raise ConfigError("bad hidden_layer_sizes", expected="whole numbers above 0, such as (64, 32)", got=repr(value))
    return tuple(int(one) for one in sizes)


def _optimizer_options(given: dict[str, Any], settings: Settings, changes: dict[str, Any]) -> dict[str, Any]:
    name = changes.get("optimizer", settings.optimizer)
    if not isinstance(name, str):
        raise ConfigError("bad solver", expected='a name such as "adam"', got=repr(name))
    if name == "lbfgs":
        raise ConfigError("solver 'lbfgs' is not offered", fix='Use solver="adam"')
    options = dict(settings.optimizer_options) if name == settings.optimizer else {}
    if name == "sgd":
        momentum = 0.9 if given["momentum"] is None else given["momentum"]
        options = {"momentum": momentum, "nesterov": bool(given["nesterovs_momentum"]) and momentum > 0}
    if name in ("adam", "adamw"):
        first, second = options.get("betas", (0.9, 0.999))
        options["betas"] = (
            first if given["beta_1"] is None else given["beta_1"],
            second if given["beta_2"] is None else given["beta_2"],
        )
        if given["epsilon"] is not None:
            options["eps"] = given["epsilon"]
    more = given["solver_options"] or {}
    if not isinstance(more, Mapping):
        raise ConfigError("bad solver_options", expected='a dictionary such as {"amsgrad": True}', got=repr(more))
    options.update(more)
    return options


def _stopping(given: dict[str, Any], settings: Settings) -> dict[str, Any]:
    """Whether rows are held out, and when training ends early."""
    wanted = given["early_stopping"]
    if wanted is None:
        return {}
    if not isinstance(wanted, bool):
        raise ConfigError("bad early_stopping", expected="True, False or None", got=repr(wanted))
    if not wanted:
        return {"validation_fraction": 0.0}
    changes: dict[str, Any] = {"keep_best": True}
    if given["validation_fraction"] is None and not settings.validation_fraction:
        changes["validation_fraction"] = _FRACTION
    if given["n_iter_no_change"] is None and settings.patience is None:
        changes["patience"] = _PATIENCE
    return changes
