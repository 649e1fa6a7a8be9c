"""Opening the box: results as plain records that know nothing of screens.

Everything is imported where it is first used, so that ``import chainrule.explain`` costs nothing.
"""

from __future__ import annotations

import sys
from types import ModuleType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from chainrule.explain.equation import Equation, equation
    from chainrule.explain.exercise import Exercise
    from chainrule.explain.mistakes import Check
    from chainrule.explain.neuron import Neuron, neuron
    from chainrule.explain.perceptron import Perceptron
    from chainrule.explain.record import Record
    from chainrule.explain.separability import Separability, separability
    from chainrule.explain.trace_neuron import TracedNeuron
    from chainrule.explain.trace_record import Trace
    from chainrule.explain.tracer import Tracing, trace, tracing


__all__ = [
    "Check",
    "Equation",
    "Exercise",
    "Neuron",
    "Perceptron",
    "Record",
    "Separability",
    "Trace",
    "TracedNeuron",
    "Tracing",
    "equation",
    "neuron",
    "separability",
    "trace",
    "tracing",
]

#: Public name -> file of this package that holds it.
_HOMES = {
    "Check": "mistakes",
    "Equation": "equation",
    "Exercise": "exercise",
    "Neuron": "neuron",
    "Perceptron": "perceptron",
    "Record": "record",
    "Separability": "separability",
    "Trace": "trace_record",
    "TracedNeuron": "trace_neuron",
    "Tracing": "tracer",
    "equation": "equation",
    "neuron": "neuron",
    "separability": "separability",
    "trace": "tracer",
    "tracing": "tracer",
}


class _Face(ModuleType):
    """Keeps a file that bears the name of its function from taking the function's place when it is imported."""

    def __setattr__(self, name: str, value: object) -> None:
        if name not in _HOMES or not isinstance(value, ModuleType):
            super().__setattr__(name, value)


sys.modules[__name__].__class__ = _Face


def __getattr__(name: str) -> object:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    value: object = getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
