"""What was trained and how: in short for people, in full for repeating it."""

from __future__ import annotations

import hashlib
import json
from typing import Any

import numpy as np

from chainrule.core.rng import initial_seed
from chainrule.nn.linear import Linear
from chainrule.nn.module import Module
from chainrule.train.callbacks import Callback
from chainrule.train.checkpoint_run import describe_run
from chainrule.train.loop import Training

__all__ = ["Value", "describe_configuration"]

Value = str | int | float | bool | None
"""What one setting can be."""

_SHORT_SUM = 12
_LONGEST = 400


def describe_configuration(training: Training) -> dict[str, Any]:
    """Return the settings by name, and the whole description of the run, JSON-able; before anything is trained."""
    full = describe_run(training)
    return {"settings": _settings(training, full), "training": full}


def _settings(training: Training, full: dict[str, Any]) -> dict[str, Value]:
    plan, data, held_out = training.plan, training.data, training.validation
    rates = [group["lr"] for group in full["optimizer"]["groups"]]
    found: dict[str, Value] = {
        "data": data.name,
        "target": data.target_name,
        "task": plan.loss.task,
        "rows": len(data),
        "validation_rows": 0 if held_out is None else len(held_out),
        "data_checksum": _checksum([full["data"], full["validation"]]),
        "widths": _widths(plan.model),
        "network": ", ".join(_layer(one) for one in _leaves(plan.model)),
        "parameters": sum(int(value.numel()) for value in plan.model.parameters()),
        "initial_weights": _weights(plan.model),
        "dtype": next((np.asarray(value._data).dtype.name for value in plan.model.parameters()), None),
        "loss": _called(full["loss"]),
        "optimizer": full["optimizer"]["name"],
        "optimizer_options": _options(full["optimizer"]["options"]),
        "lr": rates[0] if len(rates) == 1 else _listed(rates),
        "schedule": None if full["schedule"] is None else _called(full["schedule"]),
        "epochs": training.epochs,
        "batch_size": training.batches.batch_size,
        "shuffle": training.batches.shuffle,
        "drop_last": training.batches.drop_last,
        "clip_norm": plan.clip_norm,
        "clip_value": plan.clip_value,
        "metrics": ", ".join(metric.name for metric in training.metrics),
        "callbacks": ", ".join(_callback(one) for one in training.callbacks),
        "seed": plan.seed,
        "manual_seed": initial_seed(),
        "engine": training.engine.name,
    }
    return {name: value[:_LONGEST] or None if isinstance(value, str) else value for name, value in found.items()}


def _leaves(model: Module) -> list[Module]:
    return [part for part in model.modules() if not list(part.children())]


def _layer(layer: Module) -> str:
    if isinstance(layer, Linear):
        return f"Linear({layer.in_features}→{layer.out_features}{'' if layer.bias is not None else ', no bias'})"
    try:
        config = layer.config()
    except (AttributeError, NotImplementedError):  # a class of the user's own
        config = {}
    options = _options({name: value for name, value in config.items() if name != "dtype"})
    return f"{type(layer).__name__}({options})" if options else type(layer).__name__


def _widths(model: Module) -> str | None:
    """``"4-16-3"`` for a chain of linear layers."""
    linear = [layer for layer in _leaves(model) if isinstance(layer, Linear)]
    if not linear:
        return None
    return "-".join(map(str, [linear[0].in_features, *(layer.out_features for layer in linear)]))


def _called(described: dict[str, Any]) -> str:
    options = _options({name: value for name, value in described.items() if name not in ("name", "total_steps")})
    return f"{described['name']}({options})" if options else str(described["name"])


def _callback(callback: Callback) -> str:
    """The class and what it was given: plain values, before training adds its own."""
    plain = {
        name: value
        for name, value in vars(callback).items()
        if not name.startswith("_") and (value is None or isinstance(value, (bool, int, float, str)))
    }
    options = _options(plain)
    return f"{type(callback).__name__}({options})" if options else type(callback).__name__


def _options(options: dict[str, Any]) -> str:
    return ", ".join(f"{name}={_listed(value)}" for name, value in options.items() if value is not None)


def _listed(value: Any) -> str:
    if isinstance(value, (list, tuple)):
        return f"({', '.join(map(_listed, value))})"
    return f"{value:g}" if isinstance(value, float) else str(value)


def _weights(model: Module) -> str:
    state = model.state_dict().items()
    arrays = {path: hashlib.sha256(np.ascontiguousarray(value._data).tobytes()).hexdigest() for path, value in state}
    return _checksum(arrays)


def _checksum(described: Any) -> str:
    return hashlib.sha256(json.dumps(described, sort_keys=True).encode()).hexdigest()[:_SHORT_SUM]
