"""What makes two runs the same run: everything that decides the numbers, as JSON, and how two of them differ."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from chainrule.data.dataset import Dataset
from chainrule.errors import FormatError
from chainrule.nn import registry
from chainrule.nn.module import Module
from chainrule.optim.lr_scheduler import LRScheduler
from chainrule.optim.optimizer import Optimizer
from chainrule.train.loop import Training

__all__ = ["describe_run", "differences"]

# What schedules change in a parameter group, or note there; and what changes in a schedule as it goes on.
_MOVING = ("lr", "momentum", "betas", "initial_lr", "max_lr", "min_lr", "max_momentum", "base_momentum", "params")
_GOES_ON = ("last_epoch", "_last_lr", "base_lrs", "best", "num_bad_epochs", "cooldown_counter", "T_cur", "T_i")
_PIECE = 1 << 22  # bytes hashed at once
_MOST_NAMED = 3
_BRIEF = 60


def describe_run(training: Training) -> dict[str, Any]:
    """Everything that decides the numbers, except how many epochs there will be; JSON-able."""
    plan = training.plan
    return {
        "seed": plan.seed,
        "batch_size": training.batches.batch_size,
        "shuffle": training.batches.shuffle,
        "drop_last": training.batches.drop_last,
        "model": _model(plan.model),
        "loss": _plain({"name": plan.loss.name, **plan.loss.config()}),
        "optimizer": _optimizer(plan.optimizer),
        "schedule": _schedule(training.rates.schedule),
        "clip_norm": plan.clip_norm,
        "clip_value": plan.clip_value,
        "data": _data(training.data),
        "validation": None if training.validation is None else _data(training.validation),
        "recorded": list(training.recorded),
        "callbacks": [type(callback).__name__ for callback in training.callbacks],
        "engine": training.engine.name,
    }


def differences(then: Any, now: Any) -> str:
    """In one line how two descriptions differ, or "" if they do not."""
    found = list(_differences(then, now, ""))
    more = len(found) - _MOST_NAMED
    return "; ".join(found[:_MOST_NAMED]) + (f"; and {more} more" if more > 0 else "")


def _differences(then: Any, now: Any, path: str) -> Iterator[str]:
    if then == now:
        return
    if isinstance(then, dict) and isinstance(now, dict):
        named = next((key for key in ("type", "name") if then.get(key) != now.get(key)), None)
        for key in [named] if named else {**then, **now}:
            yield from _differences(then.get(key), now.get(key), f"{path}.{key}" if path else str(key))
            if key == "array" and then.get(key) != now.get(key):
                return  # other numbers are no news where the shape is another
        return
    if path.endswith(".values"):
        yield f"{path.removesuffix('.values')} has other values"
    elif isinstance(then, list) and isinstance(now, list) and len(then) == len(now):
        for i, (old, new) in enumerate(zip(then, now, strict=True)):
            yield from _differences(old, new, f"{path}.{i}")
    else:
        yield f"{path} was {_brief(then)} and is {_brief(now)}"


def _brief(value: Any) -> str:
    shown = repr(value)
    return shown if len(shown) <= _BRIEF else f"{shown[:_BRIEF]}…"


def _model(model: Module) -> dict[str, Any]:
    try:
        layers: Any = _plain(registry.describe(model))
    except FormatError:  # a class of the user's own
        layers = type(model).__name__
    frozen = [path for path, parameter in model.named_parameters() if not parameter.requires_grad]
    return {
        "arrays": {path: _shape(np.asarray(value._data)) for path, value in model.state_dict().items()},
        "frozen": frozen,
        "layers": layers,
    }


def _optimizer(optimizer: Optimizer) -> dict[str, Any]:
    groups = [
        {
            "lr": float(group.get("max_lr", group.get("initial_lr", group["lr"]))),
            **{key: _plain(value) for key, value in group.items() if key not in _MOVING},
        }
        for group in optimizer.param_groups
    ]
    options = {name: _plain(value) for name, value in optimizer.defaults.items() if name != "lr"}
    return {"name": optimizer.name, "options": options, "groups": groups}


def _schedule(schedule: LRScheduler | None) -> Any:
    if schedule is None:
        return None
    return {"name": type(schedule).__name__, **_settings(schedule.state_dict())}


def _settings(state: Mapping[str, Any]) -> dict[str, Any]:
    """What of a schedule's state was given to it; the rest moves."""
    kept = {key: value for key, value in state.items() if key not in _GOES_ON}
    if isinstance(kept.get("schedulers"), list):
        kept["schedulers"] = [_settings(one) for one in kept["schedulers"]]
    return {key: _plain(value) for key, value in kept.items()}


def _data(data: Dataset) -> dict[str, Any]:
    targets = None if data.targets is None else _plain(data.targets)
    return {"inputs": _plain(data.inputs), "targets": targets, "scale": _plain(data.scale)}


def _plain(value: Any) -> Any:
    """`value` as JSON has it; arrays by their shape and a checksum, what JSON cannot hold by its type."""
    if isinstance(value, np.generic):
        value = value.item()
    if value is None or isinstance(value, (bool, int, str)):
        return value
    if isinstance(value, float):
        return value if np.isfinite(value) else repr(value)
    if isinstance(value, np.ndarray):
        return {"array": _shape(value), "values": _checksum(value)}
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if hasattr(value, "_data"):  # a tensor
        return _plain(np.asarray(value._data))
    return type(value).__name__


def _shape(value: np.ndarray) -> str:
    return f"{value.dtype.name} {tuple(value.shape)}"


def _checksum(value: np.ndarray) -> str:
    """SHA-256 of the numbers in C order, whatever their order in memory, without a second copy of all of them."""
    digest = hashlib.sha256()
    rows = max(1, _PIECE // max(value.nbytes // max(len(value), 1), 1)) if value.ndim else 1
    for start in range(0, len(value), rows) if value.ndim else ():
        digest.update(np.ascontiguousarray(value[start : start + rows]).data)
    if not value.ndim:
        digest.update(value.tobytes())
    return digest.hexdigest()
