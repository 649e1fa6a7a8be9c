"""Products of arrays, projection, softmax, and a forward pass."""

from __future__ import annotations

MESSAGES = {
    "broadcast": "does not exist: the shapes do not broadcast",
    "inner": "does not exist: the dimensions that are summed over differ in size",
    "scalar": "does not exist: matmul takes no scalars",
    "same": "dot and matmul agree.",
    "different": "dot and matmul differ: dot pairs every row of a with every column of b in all the other dimensions; "
    "matmul multiplies the matrices of two stacks pair by pair.",
    "projection": "a = {a}, b = {b}: a·b = {inner}; divided by ‖b‖ = {norm_b} it is the length {length} of the shadow "
    "of a on b. a = {along} along b + {across} across it.",
    "angle": "cos θ = {cosine}, θ = {angle}°.",
    "softmax_naive": "As written: exp(z) = {exps}, exp(z)/Σexp(z) = {result}",
    "softmax_stable": "Stable: z − max z = {shifted}, softmax = {result}",
    "softmax_overflows": "exp overflows above {limit} in {dtype}, and ∞/∞ is not a number. Subtracting the largest "
    "logit changes nothing, since exp(−max z) cancels, and no exponential exceeds 1.",
    "softmax_agrees": "Both ways agree here; beyond {limit} exp would overflow in {dtype}.",
    "layer": "Layer {depth}, input {input}:",
}
