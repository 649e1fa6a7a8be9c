"""One neuron and the line on which it is undecided."""

from __future__ import annotations

MESSAGES = {
    "sum": "z = {sum}; the neuron gives σ(z) = 1/(1 + e^(−z)).",
    "undecided": "It is undecided, σ(z) = 0.5, where {equation}.",
    "slope": "That is the line x2 = {line}.",
    "vertical": "That is a vertical line.",
    "intercept": "It meets the axis of {name} at {value}.",
    "parallel": "It does not meet the axis of {name}.",
    "normal": "z grows in the direction {normal}; the origin is {distance} away from z = 0, on the side where "
    "z {sign} 0.",
    "through": "z grows in the direction {normal}; z = 0 goes through the origin.",
}
