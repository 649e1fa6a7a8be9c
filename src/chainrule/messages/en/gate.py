"""What `chainrule gate` says of the network that it trained."""

from __future__ import annotations

MESSAGES = {
    "output": "output",
    "rounded": "rounded",
    "right": "right?",
    "yes": "yes",
    "no": "no",
    "loss": "loss {curve} {first} → {last}, {epochs} epochs",
    "neuron": "one neuron",
    "network": "two hidden neurons and an output",
    "try": "1 try",
    "tries": "{count} tries",
    "learned": "{gate} is learned by {shape}, in {tries} (seed {seed}).",
    "failed": "{gate} was not learned in {tries}; the last ended at loss {loss}. Try another --seed.",
    "hopeless": "One neuron ends at loss {loss} = ln 2 with every output at 0.5. It divides the plane by ONE straight "
    "line, and no line has the ones of {gate} on one side and the zeros on the other; its loss has a single minimum, "
    "so that no other start would help. Two hidden neurons draw two lines: --neurons 2.",
}
