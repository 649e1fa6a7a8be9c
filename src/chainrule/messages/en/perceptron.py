"""The perceptron and its learning."""

from __future__ import annotations

MESSAGES = {
    "step.right": "right, the weights stay",
}
