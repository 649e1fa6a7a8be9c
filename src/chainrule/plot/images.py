"""Images with what a model takes them for."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Any

import numpy as np

from chainrule.errors import ConfigError, DTypeError, ShapeError
from chainrule.plot import canvas
from chainrule.plot.pixels import as_images, grid, refuse_table
from chainrule.plot.wiring import calls

__all__ = ["images"]


def images(
    data: Any,
    predictions: Any = None,
    path: str | os.PathLike[str] | None = None,
    *,
    targets: Any = None,
    classes: Sequence[str] | None = None,
    shape: tuple[int, ...] | None = None,
    most: int = 25,
    title: str | None = None,
    lang: str | None = None,
) -> Any:
    """Draw images in a grid, each with its class, and with what it was taken for where that is wrong.

    Args:
        data: images ``(N, H, W)``, ``(N, H, W, 3)`` or flattened, or a data set of them.
        predictions: class indices or names, one per image, as `chainrule.predict` returns them; or a network with one
            output per class, which is then asked about the images that are drawn.
        path: file to write, if any.
        targets: true class indices; default: the data set's.
        classes: class names in order; default: the data set's, else their numbers.
        shape: ``(height, width)``, if images are flattened and not square.
        most: images drawn, from the first on.
        title: heading; with predictions, how many are right stands there, too.
        lang: "en" or "ko".

    Returns:
        matplotlib's ``Figure``.

    Raises:
        ShapeError: if there are no images, or predictions or targets are not as many.
        DTypeError: for images that are no numbers.
        ConfigError: if `most` is below 1, or a class index has no name.
        MissingDependencyError: if matplotlib is not installed.
    """
    if most < 1:
        raise ConfigError("bad number of images to draw", expected="at least 1", got=most)
    values, seen = data, None
    if hasattr(data, "inputs") and hasattr(data, "targets"):
        if shape is None:
            refuse_table(data.preprocessing)
        targets = data.targets if targets is None else targets
        classes = data.classes if classes is None else classes
        values = data.inputs
        seen = data.batch(np.arange(min(most, len(data))))[0]
    try:
        values = np.asarray(values)
    except ValueError:
        raise ShapeError("images are of one size", got="samples of different lengths") from None
    if values.dtype.kind not in "biuf":
        raise DTypeError("images consist of numbers", got=f"dtype {values.dtype}")
    pictures = as_images(values[:most], shape, "these samples")
    if canvas.is_network(predictions):
        predictions = _asked(predictions, values[:most] if seen is None else seen)
    true = _named(targets, classes, len(pictures), "targets")
    taken = _named(predictions, classes, len(pictures), "predictions")
    with canvas.drawing():
        figure, panels = grid(len(pictures))
        colors = canvas.grey_levels()
        low, high = float(np.nanmin(pictures)), float(np.nanmax(pictures))
        for i, (ax, picture) in enumerate(zip(panels, pictures, strict=True)):
            scaled = (picture - low) / ((high - low) or 1.0) if picture.ndim == 3 else picture
            ax.imshow(scaled, cmap=colors, vmin=low, vmax=high, interpolation="nearest")
            _label(ax, None if true is None else true[i], None if taken is None else taken[i], lang)
        heading = [title] if title else []
        if true is not None and taken is not None:
            right = sum(one == other for one, other in zip(true, taken, strict=True))
            heading.append(canvas.caption("right_of", lang, right=right, count=len(true)))
        if heading:
            figure.suptitle(": ".join(heading), x=0.01, ha="left", fontsize=11, weight="bold")
        return canvas.save(figure, path)


def _asked(model: Any, batch: np.ndarray) -> np.ndarray:
    output = calls(model, batch)[1]
    if output.ndim == 1 or output.shape[1] == 1:
        loss = model.objective
        shares = output if loss is None else np.asarray(loss.link(output))
        return (shares.reshape(len(batch)) > 0.5).astype(np.int64)
    return np.asarray(output.argmax(axis=1))


def _named(values: Any, classes: Sequence[str] | None, count: int, what: str) -> list[str] | None:
    """The first `count` of these as names."""
    if values is None:
        return None
    flat = np.asarray(values)
    flat = flat.reshape(-1) if flat.ndim < 2 or flat.shape[1:] == (1,) else flat.argmax(axis=1)
    if len(flat) < count:
        raise ShapeError(f"{what} are not as many as the images", expected=f"{count} or more", got=len(flat))
    if flat.dtype.kind not in "iufb" or classes is None:
        return [str(one) for one in flat[:count].tolist()]
    indices = flat[:count].astype(np.int64)
    if indices.min(initial=0) < 0 or indices.max(initial=0) >= len(classes):
        raise ConfigError(f"{what} name a class that there is not", expected=f"0 to {len(classes) - 1}")
    return [str(classes[i]) for i in indices]


def _label(ax: Any, true: str | None, taken: str | None, lang: str | None) -> None:
    if true is None and taken is None:
        return
    wrong = true is not None and taken is not None and true != taken
    color = canvas.COLORS[1] if wrong else canvas.INK
    shown = taken if true is None else true
    if wrong:
        shown = canvas.caption("mistake", lang, predicted=taken, true=true)
        for spine in ax.spines.values():
            spine.set(color=color, linewidth=2)
    ax.set_title(shown, size=7.5, weight="bold" if wrong else "normal", color=color, pad=3, loc="center")
