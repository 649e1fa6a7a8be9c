"""Draw the pictures of the README.

    python docs/figures.py

Needs the extra ``plot``; writes docs/images/xor.png (XOR with one neuron, and with two hidden ones) and gallery.png.
"""

from __future__ import annotations

from pathlib import Path

import matplotlib.figure

import chainrule as cr
from chainrule import nn, plot
from chainrule.train import Trajectory, range_test

IMAGES = Path(__file__).parent / "images"
NETWORKS = {
    "One neuron: a shrug": lambda: nn.Sequential(nn.Linear(2, 1), nn.Sigmoid()),
    "2-2-1: solved": lambda: nn.Sequential(nn.Linear(2, 2), nn.Sigmoid(), nn.Linear(2, 1), nn.Sigmoid()),
}


def xor() -> None:
    """What one neuron makes of XOR, and what a 2-2-1 network does."""
    gate = cr.data.load("xor")
    figure = matplotlib.figure.Figure(figsize=(11, 4.6), layout="constrained")
    for axes, (title, build) in zip(figure.subplots(1, 2), NETWORKS.items(), strict=True):
        cr.manual_seed(1)
        model = build()
        history = cr.fit(
            model, gate, loss="bce", optimizer="sgd", lr=1.0, epochs=10_001, batch_size=4, metrics=[], verbose=0
        )
        plot.decision_surface(
            lambda points, model=model: cr.predict_proba(model, points)[:, 1],
            gate.inputs,
            gate.targets,
            ax=axes,
            title=f"{title} (loss {history['loss'][-1]:.4f})",
        )
    save(figure, "xor.png", 110)


def gallery() -> None:
    """Four figures of ``model.plot`` of a network on two half moons, and two of training."""
    cr.manual_seed(1)
    gate, moons = cr.data.load("xor"), cr.data.load("moons")
    small = nn.Sequential(nn.Linear(2, 2), nn.Tanh(), nn.Linear(2, 1))
    cr.fit(small, gate, optimizer="adam", lr=0.1, epochs=200, verbose=0)
    cr.manual_seed(5)
    model = nn.Sequential(nn.Linear(2, 8), nn.ReLU(), nn.Linear(8, 8), nn.ReLU(), nn.Linear(8, 1))
    tested = range_test(model, moons)
    path = Trajectory()
    cr.fit(model, moons, optimizer="adam", lr=0.01, epochs=120, validation=0.2, callbacks=[path], verbose=0)
    figure = matplotlib.figure.Figure(figsize=(16.5, 10), layout="constrained")
    figure.get_layout_engine().set(w_pad=0.2, h_pad=0.2)
    places = [figure.add_subplot(2, 3, i, projection="3d" if i == 3 else None) for i in range(1, 7)]
    small.plot.network(gate, 2, ax=places[0], title="model.plot.network")
    model.plot.regions(moons, ax=places[1], title="model.plot.regions")
    model.plot.surface_3d(moons, ax=places[2], title="model.plot.surface_3d")
    model.plot.training_curves(ax=places[3])
    model.plot.landscape(moons, directions="pca", trajectory=path.states, ax=places[4], title="model.plot.landscape")
    plot.range_test(tested, ax=places[5], title="plot.range_test")
    save(figure, "gallery.png", 72)


def save(figure: matplotlib.figure.Figure, name: str, dpi: int) -> None:
    """Write a small PNG: 256 colours, found well, are enough."""
    from PIL import Image

    file = IMAGES / name
    figure.savefig(file, dpi=dpi)
    with Image.open(file) as picture:
        few = picture.convert("RGB").quantize(256, method=Image.Quantize.MAXCOVERAGE, kmeans=1)
    few.save(file, optimize=True)


if __name__ == "__main__":
    xor()
    gallery()
