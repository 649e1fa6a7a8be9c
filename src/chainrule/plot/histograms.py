"""How the activations of each layer are distributed."""

from __future__ import annotations

import math
import os
from collections.abc import Mapping
from typing import Any

import numpy as np

from chainrule.core.tensor import Tensor
from chainrule.errors import ConfigError, DataError, DTypeError
from chainrule.nn.flatten import Flatten
from chainrule.plot import canvas
from chainrule.plot.wiring import calls, require_network

__all__ = ["activation_histograms"]

# A value that makes up more than this share of a layer would hide the rest of its histogram.
_MUCH = 0.02


def activation_histograms(
    source: Any,
    inputs: Any = None,
    path: str | os.PathLike[str] | None = None,
    *,
    bins: int = 50,
    title: str | None = None,
    lang: str | None = None,
) -> Any:
    """Draw a histogram for each layer's outputs, with mean and standard deviation.

    Zeros, of which ReLU makes many, are counted above the panel and left out of the bars.

    Args:
        source: a network, whose layers' outputs for `inputs` are drawn; or name -> array of any shape.
        inputs: a batch as the network sees it.
        path: file to write, if any.
        bins: bars per panel.
        title: heading.
        lang: "en" or "ko".

    Returns:
        matplotlib's ``Figure``.

    Raises:
        DTypeError: for a source that is neither, or values that are no numbers.
        ConfigError: for a network without `inputs`, or fewer than 1 bins.
        DataError: if there is nothing to draw.
        MissingDependencyError: if matplotlib is not installed.
    """
    if bins < 1:
        raise ConfigError("bad number of bins", expected="at least 1", got=bins)
    layers = {name: _numbers(name, values) for name, values in _by_name(source, inputs).items()}
    if not layers:
        raise DataError("there is no layer to draw", expected="at least one layer's activations")
    with canvas.drawing():
        across = min(4, len(layers))
        down = math.ceil(len(layers) / across)
        figure = canvas.new_figure(max(2.9 * across, 3.6), 2.5 * down + 0.3)
        for i, (name, values) in enumerate(layers.items()):
            _panel(figure.add_subplot(down, across, i + 1), name, values, bins, lang)
        figure.suptitle(title or canvas.caption("histograms", lang), x=0.01, ha="left", fontsize=12, weight="bold")
        return canvas.save(figure, path)


def _by_name(source: Any, inputs: Any) -> dict[str, Any]:
    if isinstance(source, Mapping):
        return {str(name): values for name, values in source.items()}
    require_network(source)
    if inputs is None:
        raise ConfigError("a network's activations need inputs", fix="Pass a batch: activation_histograms(model, x)")
    batch = np.asarray(inputs._data if isinstance(inputs, Tensor) else inputs)
    made, _ = calls(source, batch)
    found: dict[str, Any] = {}
    for name, module, _, output in made:
        if not isinstance(module, Flatten):
            label = f"{name} {type(module).__name__}".strip()
            found[label if label not in found else f"{label} ({len(found)})"] = output
    return found


def _numbers(name: str, values: Any) -> np.ndarray:
    flat = np.asarray(values._data if isinstance(values, Tensor) else values).reshape(-1)
    if flat.dtype.kind not in "biuf":
        raise DTypeError(f"the activations of {name} are no numbers", got=f"dtype {flat.dtype}")
    if not flat.size:
        raise DataError(f"{name} has no activations", got="an empty array")
    return flat.astype(float)


def _panel(ax: Any, name: str, values: np.ndarray, bins: int, lang: str | None) -> None:
    finite = values[np.isfinite(values)]
    zeros = float((values == 0).mean())
    shown = finite[finite != 0] if zeros > _MUCH else finite
    notes = [canvas.caption("not_finite", lang)]
    if finite.size:
        notes = [
            canvas.caption("mean_std", lang, mean=f"{finite.mean():.3g}".replace("-", "−"), std=f"{finite.std():.3g}")
        ]
    if zeros > _MUCH:
        notes.append(canvas.caption("zeros", lang, share=f"{zeros:.0%}"))
    if shown.size:
        ax.hist(shown, bins=bins, color=canvas.COLORS[0])
    ax.axvline(0, color=canvas.INK, lw=0.8)
    ax.set_yticks([])
    ax.spines["left"].set_visible(False)
    ax.set_title(name, pad=16)
    ax.annotate("; ".join(notes), (0, 1), xytext=(0, 4), textcoords="offset points", xycoords="axes fraction", size=8)
