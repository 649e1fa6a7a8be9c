"""An optimiser's step of one parameter as lines of numbers."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

from chainrule.explain.substitute import numeral, term
from chainrule.explain.trace_terms import Index, Show, element
from chainrule.messages import text

if TYPE_CHECKING:
    from chainrule.explain.updates import ParameterUpdate, Update

__all__ = ["update_lines"]

_SHOWN = 3  # elements of a large parameter
_DIGITS, _MOST_DIGITS = 4, 15
_OF_CHANGE = 2  # digits of what changes


def update_lines(
    change: ParameterUpdate, update: Update, show: Show, lang: str | None = None, complete: int = 64
) -> list[str]:
    """The formula, the hyperparameters, and each element's way from before to after."""
    options = ", ".join(f"{key}={value}" for key, value in change.options.items() if value not in (0, False, None))
    lines = [text("trace.formula", lang, formula=update.formula)]
    lines.append(text("trace.step_number", lang, step=change.step, options=options))
    elements = list(np.ndindex(change.before.shape))
    shown = elements if len(elements) <= complete else elements[:_SHOWN]
    for index in shown:
        lines += _element(change, index, show, update.optimizer)
    if len(elements) > len(shown):
        path = element(change.name, elements[-1]) + ".after"
        lines.append(text("trace.more", lang, n=len(elements) - len(shown), path=path))
    return lines


def _element(change: ParameterUpdate, index: Index, show: Show, optimizer: str) -> Iterator[str]:
    name = element(change.name, index)
    old_value, new_value = float(change.before[index]), float(change.after[index])
    show = _precise(show, {old_value, new_value}, _digits(old_value, new_value))
    before = show(change.name, "value", index, old_value)
    g = show(change.name, "grad", index, float(change.gradient[index]))
    after = show(change.name, "after", index, new_value)
    for slot, state in change.slots_after.items():
        ends = float(change.slots_before[slot][index]), float(state[index])
        digits = _digits(*ends)
        old = numeral(ends[0], digits)
        now = _precise(show, {ends[1]}, digits)(change.name, slot, index, ends[1])
        yield f"{name}.{slot}: {old} → {_slot_rule(change, slot, old, g)}{now}"
    for key, values in change.derived.items():
        state_name = {"m_hat": "exp_avg", "v_hat": "exp_avg_sq"}[key]
        beta = change.options["betas"][0 if key == "m_hat" else 1]
        divided = show(change.name, state_name, index, float(change.slots_after[state_name][index]))
        corrected = show(change.name, key, index, float(values[index]))
        yield f"{name}.{key} = {divided}/(1 - {beta:g}^{change.step}) = {corrected}"
    yield f"{name}: {before} → {_rule(change, optimizer, index, before, g, show)}{after}"


def _digits(before: float, after: float) -> int:
    """How many digits tell a number from what it was before, and how far it went."""
    change, size = abs(after - before), max(abs(before), abs(after))
    if not (math.isfinite(size) and change > 0):
        return _DIGITS
    places = math.floor(math.log10(size)) - math.floor(math.log10(change))
    return min(max(_DIGITS, places + _OF_CHANGE), _MOST_DIGITS)


def _precise(show: Show, values: set[float], digits: int) -> Show:
    """Write these values with so many digits, unless they are blanks."""

    def written(name: str, what: str, index: Index, value: float) -> str:
        usual = show(name, what, index, value)
        return numeral(value, digits) if value in values and usual == numeral(value) else usual

    return written


def _slot_rule(change: ParameterUpdate, slot: str, old: str, g: str) -> str:
    options = change.options
    if options.get("weight_decay") or options.get("maximize") or options.get("dampening"):
        return ""
    if slot == "momentum_buffer" and "betas" not in options and "alpha" not in options:
        return f"{options['momentum']:g}·{term(old)} + {term(g)} = "
    if slot == "exp_avg":
        beta = options["betas"][0]
        return f"{beta:g}·{term(old)} + {1 - beta:.4g}·{term(g)} = "
    if slot == "exp_avg_sq":
        beta = options["betas"][1]
        return f"{beta:g}·{term(old)} + {1 - beta:.4g}·{term(g)}² = "
    return ""


def _rule(change: ParameterUpdate, optimizer: str, index: Index, before: str, g: str, show: Show) -> str:
    options, lr = change.options, f"{change.options['lr']:g}"
    if options.get("weight_decay") or options.get("maximize") or options.get("nesterov"):
        return ""
    if optimizer == "sgd":
        velocity = change.slots_after.get("momentum_buffer")
        step = g if velocity is None else show(change.name, "momentum_buffer", index, float(velocity[index]))
        return f"{before} - {lr}·{term(step)} = "
    if change.derived:
        m, v = (show(change.name, key, index, float(change.derived[key][index])) for key in ("m_hat", "v_hat"))
        return f"{before} - {lr}·{term(m)}/(√{v} + {options['eps']:g}) = "
    return ""
