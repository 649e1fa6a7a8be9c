"""Engines: whatever runs training steps fast.  See `engines.base` for the boundary."""

from __future__ import annotations

from chainrule.engines import native_build
from chainrule.engines.base import BlockResult, Engine, Plan
from chainrule.engines.eager import EagerEngine
from chainrule.engines.native import NativeEngine
from chainrule.errors import DTypeError, EngineError, UnknownNameError

__all__ = ["BlockResult", "EagerEngine", "Engine", "NativeEngine", "Plan", "available", "choose"]

# In the order in which "auto" tries them: the fastest first, the one that runs anything last.
_ENGINES: dict[str, type[Engine]] = {"native": NativeEngine, "eager": EagerEngine}


def available() -> tuple[str, ...]:
    """Names of the engines that work on this machine, in the order in which ``"auto"`` tries them."""
    return tuple(name for name in _ENGINES if name != "native" or native_build.load().module is not None)


def choose(name: str | Engine, plan: Plan) -> Engine:
    """Return the engine called `name`, or an engine itself; ``"auto"`` takes the first that can run the plan.

    Raises:
        UnknownNameError: for a name that there is not.
        DTypeError: for anything that is neither a name nor an engine.
        EngineError: if the engine cannot run the plan; the message names the layer and the reason.
    """
    if name == "auto":
        for kind in _ENGINES.values():
            engine = kind()
            if engine.refusal(plan) is None:
                return engine
        raise EngineError("no engine can run this model")
    chosen = _named(name) if isinstance(name, str) else name
    if isinstance(chosen, type) or not all(hasattr(chosen, method) for method in ("refusal", "prepare", "run")):
        raise DTypeError("not an engine", expected=f"one of auto, {', '.join(_ENGINES)}", got=repr(name)[:80])
    reason = chosen.refusal(plan)
    if reason is not None:
        raise EngineError(f"engine {chosen.name!r} cannot run this model: {reason}", fix='Use engine="auto"')
    return chosen


def _named(name: str) -> Engine:
    if name not in _ENGINES:
        raise UnknownNameError("engine", name, ("auto", *_ENGINES))
    return _ENGINES[name]()
