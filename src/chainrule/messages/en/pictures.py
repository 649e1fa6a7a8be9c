"""Labels of pictures."""

from __future__ import annotations

MESSAGES = {
    "input": "input",
    "hidden": "hidden {number}",
    "output": "output",
    "positive": "weight > 0",
    "negative": "weight < 0",
    "width_is_size": "width: |weight|, relative to its layer",
    "function": "f(x)",
    "derivative": "f′(x)",
    "activations": "Activation functions and their derivatives",
    "gate_one": "output 1",
    "gate_zero": "output 0",
    "no_line": "no line divides the ones from the zeros",
    "first_weights": "Weights of the first layer",
    "some_of": "{shown} of {count}",
    "weight": "weight",
    "mistake": "{predicted}\n(is {true})",
    "right_of": "{right} of {count} right",
    "gradient_flow": "Gradient norm per layer",
    "gradient_norm": "‖gradient‖",
    "layer": "layer",
    "zero_gradient": "0: no gradient",
    "not_finite": "not finite",
    "histograms": "Activations per layer",
    "mean_std": "mean {mean}, std {std}",
    "zeros": "{share} zero",
}
