"""Draw the picture of the README: XOR with one neuron, and with two hidden ones.

    python docs/figures.py

Needs the extra ``plot``; writes docs/images/xor.png.
"""

from __future__ import annotations

from pathlib import Path

import matplotlib.figure

import chainrule as cr
from chainrule import nn, plot

NETWORKS = {
    "One neuron: a shrug": lambda: nn.Sequential(nn.Linear(2, 1), nn.Sigmoid()),
    "2-2-1: solved": lambda: nn.Sequential(nn.Linear(2, 2), nn.Sigmoid(), nn.Linear(2, 1), nn.Sigmoid()),
}


def main() -> None:
    xor = cr.data.load("xor")
    figure = matplotlib.figure.Figure(figsize=(11, 4.6), layout="constrained")
    for axes, (title, build) in zip(figure.subplots(1, 2), NETWORKS.items(), strict=True):
        cr.manual_seed(1)
        model = build()
        history = cr.fit(
            model, xor, loss="bce", optimizer="sgd", lr=1.0, epochs=10_001, batch_size=4, metrics=[], verbose=0
        )
        plot.decision_surface(
            lambda points, model=model: cr.predict_proba(model, points)[:, 1],
            xor.inputs,
            xor.targets,
            ax=axes,
            title=f"{title} (loss {history['loss'][-1]:.4f})",
        )
    figure.savefig(Path(__file__).parent / "images" / "xor.png", dpi=110)


if __name__ == "__main__":
    main()
