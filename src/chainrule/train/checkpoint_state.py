"""All that a run has become, taken out of it and put back: parameters, optimiser, random numbers, callbacks, …"""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from typing import Any

import numpy as np

from chainrule.core import rng
from chainrule.errors import ConfigError, FormatError
from chainrule.train.loop import Snapshot, Training

__all__ = ["PARTS", "checked_snapshot", "put_back", "taken"]

PARTS = {
    "epoch", "step", "seconds", "stopped", "best_epoch", "curves", "model", "optimizer", "schedule", "order", "random",
    "best", "callbacks",
}  # fmt: skip


def taken(training: Training) -> dict[str, Any]:
    """The state between two epochs; arrays are the run's own, not copies."""
    training.write_back()
    schedule, history = training.rates.schedule, training.history
    return {
        "epoch": training.epoch,
        "step": training.step,
        "seconds": training.seconds,
        "stopped": history.stopped,
        "best_epoch": history.best_epoch,
        "curves": {name: np.array(values, np.float64) for name, values in history.items()},
        "model": _arrays(training),
        "optimizer": training.optimizer.state_dict(),
        "schedule": None if schedule is None else schedule.state_dict(),
        "order": training.order.bit_generator.state,
        "random": rng.get_rng_state(),
        "best": training.best,
        "callbacks": [[type(callback).__name__, callback.state_dict()] for callback in training.callbacks],
    }


def put_back(training: Training, state: Mapping[str, Any]) -> None:
    """Let a run that has not begun go on from `state`.

    Raises:
        ChainruleError, KeyError, TypeError, ValueError, …: if the state does not fit; the model and the optimiser are
            then as they were.
    """
    _check_progress(training, state)
    schedule = training.rates.schedule
    if schedule is not None:
        _check_like(schedule, schedule.state_dict(), state["schedule"], "the schedule")
    saved = state["callbacks"]
    if [name for name, _ in saved] != [type(callback).__name__ for callback in training.callbacks]:
        raise FormatError("the callbacks are others than the checkpoint's")
    fresh = [callback.state_dict() for callback in training.callbacks]
    for callback, new, (name, kept) in zip(training.callbacks, fresh, saved, strict=True):
        _check_like(callback, new, kept, name)
    model, optimizer = _arrays(training, copied=True), training.optimizer.state_dict()
    try:
        training.order.bit_generator.state = state["order"]
        checked_snapshot(training, 0, 0, state["model"])
        training.model.load_state_dict(state["model"])
        training.optimizer.load_state_dict(state["optimizer"])
        if schedule is not None:
            schedule.load_state_dict(state["schedule"])
        rng.set_rng_state(state["random"])
        for callback, (_, kept) in zip(training.callbacks, saved, strict=True):
            callback.load_state_dict(kept)
    except BaseException:
        for callback, new in zip(training.callbacks, fresh, strict=True):
            with contextlib.suppress(Exception):  # the first error is the one to be told
                callback.load_state_dict(new)
        training.model.load_state_dict(model)
        training.optimizer.load_state_dict(optimizer)
        raise
    history = training.history
    for name, values in state["curves"].items():
        history[name] = values.tolist()
    history.stopped, history.best_epoch = state["stopped"], state["best_epoch"]
    training.best = state["best"]
    training.resume(state["epoch"], state["step"], float(state["seconds"]))


def checked_snapshot(training: Training, epoch: Any, step: Any, state: Any) -> Snapshot:
    """A snapshot that `training` could have taken.

    Raises:
        FormatError: if it could not.
    """
    own = _arrays(training)
    described = {path: (value.shape, value.dtype) for path, value in own.items()}
    fits = isinstance(state, dict) and all(isinstance(value, np.ndarray) for value in state.values())
    if not fits or {path: (value.shape, value.dtype) for path, value in state.items()} != described:
        raise FormatError("the checkpoint's arrays are not those of the model")
    if not (_is_count(epoch) and _is_count(step)):
        raise FormatError("the checkpoint's counters are malformed")
    return Snapshot(epoch, step, state)


def _arrays(training: Training, copied: bool = False) -> dict[str, np.ndarray]:
    values = {path: np.asarray(value._data) for path, value in training.model.state_dict().items()}
    return {path: value.copy() for path, value in values.items()} if copied else values


def _check_progress(training: Training, state: Mapping[str, Any]) -> None:
    """Counters, curves and the reasons why training ended."""
    if set(state) != PARTS:
        raise FormatError("the checkpoint lacks parts", got=", ".join(sorted(PARTS ^ set(state)))[:200])
    epoch, step, best = state["epoch"], state["step"], state["best"]
    if not (_is_count(epoch) and _is_count(step)) or step != epoch * len(training.batches.rows_per_step):
        raise FormatError("the checkpoint's counters are malformed")
    curves = state["curves"]
    names = set(training.recorded) if epoch else set()
    lengths = {
        value.shape if isinstance(value, np.ndarray) and value.dtype == np.float64 else None
        for value in curves.values()
    }
    if set(curves) != names or not lengths <= {(epoch,)}:
        raise FormatError("the checkpoint's curves do not fit its epochs")
    texts = isinstance(state["stopped"], (str, type(None)))
    if not texts or not (state["best_epoch"] is None or _is_count(state["best_epoch"])):
        raise FormatError("the checkpoint's history is malformed")
    if not (best is None or (isinstance(best, tuple) and len(best) == 2 and isinstance(best[1], Snapshot))):
        raise FormatError("the checkpoint's best state is malformed")
    if epoch > training.epochs:
        raise ConfigError(
            "the run has gone further than that", expected=f"epochs from {epoch}", got=training.epochs,
            fix="Ask for more epochs, or name another folder",
        )  # fmt: skip


def _is_count(value: object) -> bool:
    return type(value) is int and 0 <= value < 2**63


def _check_like(owner: object, fresh: Any, saved: Any, where: str) -> None:
    """What the library's own objects get back looks like what they gave; a user's own class knows best itself."""
    if type(owner).__module__.partition(".")[0] == "chainrule" and not _is_like(fresh, saved):
        raise FormatError(f"the checkpoint's state of {where} is malformed")


def _is_like(fresh: Any, saved: Any) -> bool:
    if fresh is None:
        return True
    if isinstance(fresh, dict):
        same = isinstance(saved, dict) and set(saved) == set(fresh)
        return same and all(_is_like(value, saved[key]) for key, value in fresh.items())
    if isinstance(fresh, (list, tuple)):
        if not isinstance(saved, (list, tuple)):
            return False
        models = fresh if len(fresh) == len(saved) else fresh[:1] * len(saved)
        return not models or all(_is_like(model, one) for model, one in zip(models, saved, strict=True))
    if isinstance(fresh, bool) or isinstance(saved, bool):
        return type(fresh) is type(saved)
    if isinstance(fresh, (int, float)):
        return isinstance(saved, (int, float))
    return isinstance(saved, type(fresh))
