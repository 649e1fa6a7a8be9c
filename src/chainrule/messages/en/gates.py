"""Gates, regions of the plane, and linear networks."""

from __future__ import annotations

MESSAGES = {
    "composed": "{name} composed of perceptrons, each giving 1 if its weighted sum exceeds its threshold:",
    "stage": "  {name}: {sum} > {threshold}",
    "why": "The two hidden perceptrons draw two lines; the last one takes what lies between them.",
    "regions_general": "{lines} lines in general position cut the plane into {regions} regions, the most that is "
    "possible.",
    "regions_special": "{lines} lines cut the plane into {regions} regions ({crossings} crossings); "
    "in general position it would be {most}.",
    "collapse": "{layers} linear layers are one linear layer, whose weight is the product of theirs:",
    "superposition": "Superposition, with g(x) = f(x) − f(0), x = {x}, z = {z}: g({alpha}·x + ({beta})·z) = {together} "
    "and {alpha}·g(x) + ({beta})·g(z) = {apart}.",
    "parameters": "The layers have {before} parameters, the one layer {after}; without a non-linear activation, depth "
    "adds nothing.",
}
