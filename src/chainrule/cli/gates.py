"""Training logic gates: a network that is small enough to read."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from chainrule import data as sets
from chainrule import nn
from chainrule.cli.tables import undecided
from chainrule.core.rng import manual_seed
from chainrule.data import Dataset
from chainrule.train import History, fit, predict_proba

__all__ = ["STEPS", "GateResult", "equations", "needs_hidden_layer", "train_gate"]

STEPS = 3000


@dataclass(frozen=True)
class GateResult:
    """The last try at a gate.

    Attributes:
        outputs: probability of a 1 for each row of the truth table.
        tries: how many starts it took, or were made in vain.
        seed: of the last start.
        solved: whether every output is on the right side of one half.
    """

    data: Dataset
    model: nn.Sequential
    history: History
    outputs: np.ndarray
    tries: int
    seed: int
    solved: bool


def needs_hidden_layer(gate: str) -> bool:
    """Whether no straight line divides the gate's ones from its zeros."""
    return gate.lower() in {"xor", "xnor"}


def train_gate(gate: str, neurons: int, tries: int = 10, seed: int = 0) -> GateResult:
    """Train one neuron, or two hidden ones and an output, by full-batch gradient descent at learning rate 1.

    A try that ends in a bad minimum is followed by another from the next seed; one neuron has a single minimum, so
    that it gets one try.

    Args:
        gate: "and", "or", "nand", "nor", "xor" or "xnor".
        neurons: 1 for a single neuron, 2 for two hidden ones.
        tries: how many starts to make at most.
        seed: of the first start.
    """
    data = sets.load(gate)
    assert isinstance(data, Dataset)
    assert data.targets is not None
    for attempt in range(1 if neurons == 1 else tries):
        manual_seed(seed + attempt)
        hidden = [] if neurons == 1 else [nn.Linear(2, neurons), nn.Sigmoid()]
        model = nn.Sequential(*hidden, nn.Linear(2, 1))
        history = fit(
            model,
            data,
            loss="bce_with_logits",
            optimizer="sgd",
            lr=1.0,
            epochs=STEPS,
            batch_size=len(data),
            metrics=[],
            seed=seed + attempt,
            verbose=0,
        )
        outputs = predict_proba(model, data)[:, 1]
        right = [not undecided(p) and round(float(p)) == y for p, y in zip(outputs, data.targets, strict=True)]
        if all(right):
            break
    return GateResult(data, model, history, outputs, attempt + 1, seed + attempt, all(right))


def equations(model: nn.Sequential) -> list[str]:
    """The network as equations, ``h1 = σ(6.2·x1 − 6.1·x2 + 3.0)``, one line per neuron."""
    layers = [layer for layer in model if isinstance(layer, nn.Linear)]
    names = ["x1", "x2"]
    lines = []
    for depth, layer in enumerate(layers):
        last = depth == len(layers) - 1
        given = ["y"] if last else [f"h{i + 1}" for i in range(layer.out_features)]
        weight, bias = layer.weight.detach().numpy(), _bias(layer)
        for name, row, offset in zip(given, weight, bias, strict=True):
            terms = [f"{_rounded(value):+.3f}·{x}" for value, x in zip(row, names, strict=True)]
            terms.append(f"{_rounded(offset):+.3f}")
            joined = " ".join(f"{term[0]} {term[1:]}" for term in terms).removeprefix("+ ")
            lines.append(f"{name} = σ({joined})".replace("(- ", "(−").replace(" - ", " − "))
        names = given
    return lines


def _rounded(value: float) -> float:
    return round(float(value), 3) + 0.0  # adding 0 turns -0.0 into 0.0


def _bias(layer: nn.Linear) -> np.ndarray:
    return np.zeros(layer.out_features) if layer.bias is None else layer.bias.detach().numpy()
