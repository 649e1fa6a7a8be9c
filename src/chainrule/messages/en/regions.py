"""How a network divides a plane."""

from __future__ import annotations

MESSAGES = {
    "exact": (
        "{first} from {left} to {right}, {second} from {bottom} to {top}. Regions on each of which the network is "
        "one affine map: {regions}. Straight segments of the decision boundary: {segments}. Exact, without a grid."
    ),
    "sampled": (
        "{first} from {left} to {right}, {second} from {bottom} to {top}. The activations are smooth, so there are no "
        "exact regions. Short segments of the decision boundary, sampled on a grid: {segments}."
    ),
    "largest": "On the largest regions:",
}
