"""What each neuron of the first layer looks for, as an image."""

from __future__ import annotations

import os
from typing import Any

import numpy as np

from chainrule.errors import ConfigError
from chainrule.plot import canvas
from chainrule.plot.pixels import as_images, grid, refuse_table
from chainrule.plot.wiring import wiring

__all__ = ["weights_image"]


def weights_image(
    model: Any,
    path: str | os.PathLike[str] | None = None,
    *,
    shape: tuple[int, ...] | None = None,
    most: int = 40,
    title: str | None = None,
    lang: str | None = None,
) -> Any:
    """Draw the weights of each neuron of the first Linear layer at the pixels that they belong to.

    Positive weights are blue, negative ones vermillion, on one scale for all neurons; the 1 % of largest weights
    share the end of the scale, so that a few outliers do not make the rest pale.

    Args:
        model: a network for images.
        path: file to write, if any.
        shape: ``(height, width)`` of the images; default: that of the data that it was trained on, else a square.
        most: neurons drawn; of more, those with the largest norms.
        title: heading.
        lang: "en" or "ko".

    Returns:
        matplotlib's ``Figure``.

    Raises:
        DTypeError: for something that is no network.
        ShapeError: if the inputs do not make an image.
        ConfigError: if there is no Linear layer, or `most` is below 1.
        MissingDependencyError: if matplotlib is not installed.
    """
    if most < 1:
        raise ConfigError("bad number of neurons to draw", expected="at least 1", got=most)
    weights = np.asarray(wiring(model).weights[0], float)
    if shape is None and model.preprocessing is not None:
        refuse_table(model.preprocessing)
        shape = tuple(model.preprocessing.shape)
    pictures = as_images(weights, shape, "the weights")
    shown = np.sort(np.argsort(-np.linalg.norm(weights, axis=1), kind="stable")[:most])
    finite = np.abs(weights[np.isfinite(weights)])
    end = float(np.quantile(finite, 0.99)) if finite.size and finite.any() else 1.0
    end = end or float(finite.max())
    with canvas.drawing():
        figure, panels = grid(len(shown), height=1.25)
        colors = canvas.signed_colors()
        for ax, unit in zip(panels, shown, strict=True):
            drawn = ax.imshow(_one_channel(pictures[unit]), cmap=colors, vmin=-end, vmax=end, interpolation="nearest")
            ax.set_title(str(unit), size=8, weight="normal", pad=2)
        bar = figure.colorbar(drawn, ax=panels, shrink=0.6, aspect=30, pad=0.02, extend="both")
        bar.set_label(canvas.caption("weight", lang), size=9)
        bar.outline.set_visible(False)
        heading = title or canvas.caption("first_weights", lang)
        if len(shown) < len(weights):
            heading += ": " + canvas.caption("some_of", lang, shown=len(shown), count=len(weights))
        figure.suptitle(heading, x=0.01, ha="left", fontsize=11, weight="bold")
        return canvas.save(figure, path)


def _one_channel(picture: np.ndarray) -> np.ndarray:
    """A weight has a sign, which a coloured pixel cannot show: the channels are averaged."""
    return picture if picture.ndim == 2 else picture.mean(axis=2)
