"""Engines: whatever runs training steps fast.  See `engines.base` for the boundary."""

from __future__ import annotations

from chainrule.engines.base import BlockResult, Engine, Plan
from chainrule.engines.eager import EagerEngine
from chainrule.errors import EngineError, UnknownNameError

__all__ = ["BlockResult", "EagerEngine", "Engine", "Plan", "available", "choose"]

# In the order in which "auto" tries them: the fastest first, the one that runs anything last.
_ENGINES: dict[str, type[Engine]] = {"eager": EagerEngine}


def available() -> tuple[str, ...]:
    """Names of the engines that work on this machine, in the order in which ``"auto"`` tries them."""
    return tuple(_ENGINES)


def choose(name: str | Engine, plan: Plan) -> Engine:
    """Return the engine called `name`; ``"auto"`` takes the first that can run the plan.

    Raises:
        UnknownNameError: for a name that is not in `available`.
        EngineError: if the engine cannot run the plan; the message names the layer and the reason.
    """
    if not isinstance(name, str):
        return name
    if name == "auto":
        for kind in _ENGINES.values():
            engine = kind()
            if engine.refusal(plan) is None:
                return engine
        raise EngineError("no engine can run this model")
    if name not in _ENGINES:
        raise UnknownNameError("engine", name, ("auto", *_ENGINES))
    engine = _ENGINES[name]()
    reason = engine.refusal(plan)
    if reason is not None:
        raise EngineError(f"engine {name!r} cannot run this model: {reason}", fix='Use engine="auto"')
    return engine
