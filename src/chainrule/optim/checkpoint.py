"""An optimiser's state as a dictionary, and back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from chainrule.errors import ConfigError, ShapeError
from chainrule.optim.checks import PERFORMANCE_FLAGS

__all__ = ["export", "jsonable", "restored"]

State = dict[str, dict[str, Any]]
Group = dict[str, Any]

# Keys of PyTorch's groups that say nothing here.
_NOT_RESTORED = ("params", "param_names", "decoupled_weight_decay", *PERFORMANCE_FLAGS)


def jsonable(value: Any) -> Any:
    """Tuples as lists, as JSON has them."""
    return [jsonable(item) for item in value] if isinstance(value, (tuple, list)) else value


def export(name: str, state: Mapping[str, Mapping[str, Any]], groups: Sequence[Group]) -> dict[str, Any]:
    """Return ``{"name", "state": {path: {"step", arrays…}}, "param_groups": [{"params": paths, …}]}``, copied."""
    return {
        "name": name,
        "state": {path: {key: _copied(value) for key, value in kept.items()} for path, kept in state.items()},
        "param_groups": [
            {
                **{key: jsonable(value) for key, value in group.items() if key not in ("params", "param_names")},
                "params": list(group["param_names"]),
            }
            for group in groups
        ],
    }


def restored(name: str, saved: Any, groups: Sequence[Group]) -> tuple[State, list[Group]]:
    """Return the state by this optimiser's paths, and for each group the hyperparameters that were saved.

    Raises:
        ConfigError: for the state of another optimiser, or groups or parameters that do not fit.
        ShapeError: for a state array of another shape than its parameter's.
    """
    if not isinstance(saved, Mapping) or "state" not in saved or "param_groups" not in saved:
        raise ConfigError("not an optimizer's state", expected="a dict with 'state' and 'param_groups'")
    if saved.get("name", name) != name:
        raise ConfigError("the state is another optimizer's", expected=name, got=saved["name"])
    old_groups = saved["param_groups"]
    if len(old_groups) != len(groups):
        raise ConfigError("the state has another number of parameter groups", expected=len(groups), got=len(old_groups))
    paths: dict[Any, str] = {}
    for i, (old, group) in enumerate(zip(old_groups, groups, strict=True)):
        paths |= _matched(old["params"], group["param_names"], f"parameter group {i}")
    tensors = {path: p for group in groups for path, p in zip(group["param_names"], group["params"], strict=True)}
    state: State = {}
    for old_path, kept in saved["state"].items():
        if old_path not in paths:
            raise ConfigError("the state has a parameter that is in none of its groups", got=repr(old_path))
        path = paths[old_path]
        state[path] = _restored_slots(path, kept, tensors[path]._data)
    return state, [{key: value for key, value in old.items() if key not in _NOT_RESTORED} for old in old_groups]


def _matched(old: Sequence[Any], new: Sequence[str], where: str) -> dict[Any, str]:
    """Map the saved paths to this optimiser's: by name where both sides have names, else by position."""
    if set(old) == set(new):
        return {path: path for path in new}
    if len(old) != len(new):
        raise ConfigError("the state has another number of parameters", expected=len(new), got=len(old), where=where)
    if _positional(old) or _positional(new):
        return dict(zip(old, new, strict=True))
    missing, extra = [path for path in new if path not in old], [path for path in old if path not in new]
    raise ConfigError(
        "the state is of other parameters", expected=", ".join(missing), got=", ".join(map(str, extra)), where=where
    )


def _positional(paths: Sequence[Any]) -> bool:
    return all(str(path).isdecimal() for path in paths)


def _restored_slots(path: str, kept: Mapping[str, Any], data: Any) -> dict[str, Any]:
    # PyTorch's SGD keeps no step; its momentum is there from the first one on.
    slots: dict[str, Any] = {"step": int(kept.get("step", 1))}
    for key, value in kept.items():
        if key == "step" or value is None:
            continue
        slots[key] = np.asarray(value).astype(data.dtype)
        if slots[key].shape != data.shape:
            raise ShapeError(f"{key} does not fit the parameter", expected=data.shape, got=slots[key].shape, where=path)
    return slots


def _copied(value: Any) -> Any:
    return value if isinstance(value, int) else np.array(value)
