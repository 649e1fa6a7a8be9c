"""Linear separability and its proofs."""

from __future__ import annotations

MESSAGES = {
    "rest": "the rest",
    "yes": "Linearly separable: a hyperplane divides {positive} from {negative}.",
    "plane": "Hyperplane: {equation}",
    "margin_widest": "Margin: {margin}, the largest that any hyperplane has.",
    "margin_some": "Margin: {margin}; another hyperplane may have a larger one.",
    "no": "Not linearly separable: no hyperplane divides {positive} from {negative}.",
    "twins": "Samples {first} ({negative}) and {second} ({positive}) are the same point {point}, and no function of it "
    "can give two answers.",
    "common": "Proof: the point {point} lies in the convex hulls of both classes.",
    "mix": "  {label}: {mixture}",
    "why": "A hyperplane with a class on one side has every such mixture of it there too; this point would have to be "
    "on both sides.",
    "undecided_limit": "Whether a hyperplane divides {positive} from {negative} was not decided in the time allowed.",
    "undecided_precision": "{positive} and {negative} come so near to each other that double precision cannot tell "
    "whether a hyperplane divides them. Scaling or shifting the features may help.",
    "single_layer": "Note: no hyperplane divides {positive} from {negative} on these rows, for a mixture of "
    "{positive_count} rows of the one is a mixture of {negative_count} of the other; a single linear layer cannot be "
    "right on all of them. Hidden layers could: --layers 8.",
}
