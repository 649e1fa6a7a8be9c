"""``model.plot``: every picture of a model, from the model and the user's own data."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import Any, Literal, TypedDict, Unpack

import numpy as np

from chainrule import metrics
from chainrule.core.backward import grad
from chainrule.core.tensor import Tensor
from chainrule.data import Dataset
from chainrule.errors import ConfigError, DataError, did_you_mean
from chainrule.explain.given import given_data, held_out, model_inputs, one_row, some_rows
from chainrule.explain.hidden import hidden_space as followed
from chainrule.explain.landscape import landscape as surveyed
from chainrule.explain.predictor import predictor_of
from chainrule.explain.regions import regions as divided
from chainrule.explain.supervised import supervised
from chainrule.explain.tracer import trace
from chainrule.explain.view import view_of
from chainrule.messages import text
from chainrule.nn.activation import Activation, LogSoftmax, Softmax
from chainrule.nn.module import Module
from chainrule.plot import canvas
from chainrule.plot.activations import activations
from chainrule.plot.confusion_matrix import confusion
from chainrule.plot.curves import training_curves
from chainrule.plot.exercise_sheet import exercise_sheet
from chainrule.plot.gradient_flow import gradient_flow
from chainrule.plot.graph import graph
from chainrule.plot.hidden_space import hidden_space
from chainrule.plot.histograms import activation_histograms
from chainrule.plot.images import images
from chainrule.plot.landscape import landscape
from chainrule.plot.network import network
from chainrule.plot.region_map import region_map
from chainrule.plot.surface import decision_surface
from chainrule.plot.surface3d import surface_3d
from chainrule.plot.user_plane import user_plane
from chainrule.plot.weights_image import weights_image

__all__ = ["Drawn", "ModelPlots", "Saved"]

# Gradients and activations of so many rows are as good as those of all.
_MOST_ROWS = 1000


class Saved(TypedDict, total=False):
    """What every figure takes: a file to write, a heading, and "en" or "ko"."""

    path: str | os.PathLike[str] | None
    title: str | None
    lang: str | None


class Drawn(Saved, total=False):
    """The same, and matplotlib's axes to draw into."""

    ax: Any


class ModelPlots:
    """The pictures of one model; get it as ``model.plot``.

    Data are what `fit` and `predict` take: a `Dataset`, a `Table` or frame, a pair ``(X, y)``, inputs alone where no
    targets are needed, or `Splits`, of which the test part is drawn (else the validation, else the training part).
    Tables and arrays are prepared as the training data were, and pictures over the inputs are in the data's own units.

    Every figure returns matplotlib's ``Figure`` and takes `path` (a file to write), `title` and `lang` ("en" or
    "ko"); those of a single panel take `ax` (axes to draw into), too.  The model is left as it was.

    >>> import chainrule as cr
    >>> from chainrule import nn
    >>> model = nn.Sequential(nn.Linear(2, 3), nn.Tanh(), nn.Linear(3, 1))
    >>> history = cr.fit(model, cr.data.load("xor"), epochs=5, verbose=0)
    >>> figure = model.plot.network(cr.data.load("xor"), row=2, title="XOR")
    >>> figure = model.plot.training_curves()
    """

    __slots__ = ("_model",)

    def __init__(self, model: Module) -> None:
        self._model = model

    def __dir__(self) -> list[str]:
        return sorted(name for name in vars(type(self)) if not name.startswith("_"))

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        raise AttributeError(f"a model has no figure {name!r}. {did_you_mean(name, dir(self), limit=30)}")

    def __repr__(self) -> str:
        return f"<figures of a {type(self._model).__name__}: {', '.join(dir(self))}>"

    # The model itself

    def network(
        self,
        data: Any = None,
        row: int = 0,
        *,
        input_names: Sequence[str] | None = None,
        output_names: Sequence[str] | None = None,
        most: int = 10,
        **drawn: Unpack[Drawn],
    ) -> Any:
        """Draw neurons and connections with the real weights, and with the values of a sample; see `plot.network`.

        Args:
            data: whose row `row` stands in the neurons; or one sample, as ``[0, 1]``.
            row: which row.
            input_names: of the inputs; default: the columns that the model was trained on.
            output_names: of the outputs; default: the classes that the model was trained on.
            most: neurons drawn per layer.
            **drawn: path, ax, title, lang.
        """
        sample = None
        if data is not None:
            rows = self._rows([data] if _is_sample(data) else data)
            sample = model_inputs(self._model, one_row(rows, row))
        return network(self._model, sample, input_names=input_names, output_names=output_names, most=most, **drawn)

    def weights(self, *, shape: tuple[int, ...] | None = None, most: int = 40, **saved: Unpack[Saved]) -> Any:
        """Draw the first layer's weights as one image per neuron; see `plot.weights_image`.

        Args:
            shape: ``(height, width)``; default: that of the data that it was trained on, else a square.
            most: neurons drawn.
            **saved: path, title, lang.
        """
        return weights_image(self._model, shape=shape, most=most, **saved)

    def activations(self, *, bounds: tuple[float, float] = (-5.0, 5.0), **saved: Unpack[Saved]) -> Any:
        """Draw the model's own activation functions with their derivatives; see `plot.activations`.

        Args:
            bounds: left and right end of the axes.
            **saved: path, title, lang.

        Raises:
            ConfigError: if it has none that works on single numbers.
        """
        found = {
            repr(layer): layer
            for layer in self._model.modules()
            if isinstance(layer, Activation) and not isinstance(layer, (Softmax, LogSoftmax))
        }
        if not found:
            raise ConfigError("the model has no activation of single numbers", got=type(self._model).__name__)
        return activations(functions=list(found.values()), bounds=bounds, **saved)

    def training_curves(self, history: Mapping[str, Sequence[float]] | None = None, **drawn: Unpack[Drawn]) -> Any:
        """Draw loss and metrics over the epochs; see `plot.training_curves`.

        Args:
            history: what `fit` returned; default: the curves of the model's last training.
            **drawn: path, ax, title, lang.

        Raises:
            DataError: if there are no curves.
        """
        curves = self._model.history if history is None else history
        if not isinstance(curves, Mapping) or not curves:
            raise DataError("the model has no training curves", fix="Train it with cr.fit, or pass its history")
        return training_curves(curves, **drawn)

    # What it makes of data

    def decision_surface(self, data: Any, *, bounds: Sequence[float] | None = None, **drawn: Unpack[Drawn]) -> Any:
        """Colour the plane of two inputs by what the model predicts, with the samples; see `plot.decision_surface`.

        Args:
            data: with targets.
            bounds: left, right, bottom, top in the data's units; default: the samples with a margin.
            **drawn: path, ax, title, lang.
        """
        return decision_surface(**user_plane(self._model, self._rows(data), bounds), **drawn)

    def surface_3d(
        self,
        data: Any,
        *,
        bounds: Sequence[float] | None = None,
        view: tuple[float, float] = (26.0, -60.0),
        **drawn: Unpack[Drawn],
    ) -> Any:
        """Draw the prediction as a height over the plane of two inputs; see `plot.surface_3d`.

        Args:
            data: with targets.
            bounds: left, right, bottom, top in the data's units; default: the samples with a margin.
            view: elevation and azimuth of the eye, in degrees.
            **drawn: path, ax (three-dimensional), title, lang.
        """
        return surface_3d(**user_plane(self._model, self._rows(data), bounds), view=view, **drawn)

    def regions(
        self,
        data: Any = None,
        *,
        bounds: Sequence[float] | None = None,
        features: Sequence[str] | None = None,
        output: int = 0,
        **drawn: Unpack[Drawn],
    ) -> Any:
        """Draw the exact pieces of constant affine map, and the exact decision boundary; see `explain.regions`.

        Args:
            data: samples to draw, which also say what part of the plane; with or without targets.
            bounds: left, right, bottom, top in the data's units; one of `data` and `bounds` has to be given, unless
                the training data were standardised.
            features: names of two of more than two inputs; the others stay at their means.
            output: which output colours the polygons where there are no classes.
            **drawn: path, ax, title, lang.
        """
        view = view_of(self._model, None if data is None else self._rows(data), bounds, features)
        found = divided(self._model, view.bounds, view.slice)
        return region_map(found, view.points, view.labels, output=output, **drawn)

    def confusion(self, data: Any, **drawn: Unpack[Drawn]) -> Any:
        """Draw which classes are taken for which; see `plot.confusion`.

        Args:
            data: with targets.
            **drawn: path, ax, title, lang.

        Raises:
            ConfigError: if the model predicts quantities.
        """
        rows = self._rows(data)
        predictor = predictor_of(self._model, rows)
        if not predictor.classes:
            raise ConfigError("a confusion matrix is of classes, and this model predicts a quantity")
        true = predictor.truth(rows)
        if true is None:
            raise DataError("the data have no targets", fix="Pass (X, y)")
        shares = predictor(rows)
        count = max(shares.shape[1], int(true.max()) + 1)
        names = rows.classes if rows.classes is not None and len(rows.classes) == count else None
        return confusion(metrics.confusion_matrix(shares.argmax(axis=1), true, count), names, **drawn)

    def images(self, data: Any, *, most: int = 25, shape: tuple[int, ...] | None = None, **saved: Unpack[Saved]) -> Any:
        """Draw images with what the model takes them for; see `plot.images`.

        Args:
            data: images, with or without targets.
            most: images drawn, from the first on.
            shape: ``(height, width)``, if images are flattened and not square.
            **saved: path, title, lang.
        """
        return images(self._rows(data), self._model, most=most, shape=shape, **saved)

    def hidden_space(
        self,
        data: Any,
        *,
        bounds: Sequence[float] | None = None,
        units: tuple[int, int] | None = None,
        lines: int = 21,
        **saved: Unpack[Saved],
    ) -> Any:
        """Draw where each layer moves the samples, and a grid that bends with them; see `plot.hidden_space`.

        Args:
            data: with or without targets; at most 1,000 rows of it are drawn.
            bounds: left, right, bottom, top of the grid of two inputs, as the model sees them.
            units: which two numbers are drawn where there are more; default: principal components.
            lines: of the grid in each direction.
            **saved: path, title, lang.
        """
        rows = some_rows(self._rows(data), _MOST_ROWS)
        found = followed(self._model, rows, bounds, lines=lines)
        predictor = predictor_of(self._model, rows)
        classes = rows.classes if predictor.classes else None
        return hidden_space(found, predictor.truth(rows), classes=classes, units=units, **saved)

    # Inside

    def histograms(self, data: Any, *, bins: int = 50, **saved: Unpack[Saved]) -> Any:
        """Draw how the activations of each layer are distributed, over 1,000 rows; see `plot.activation_histograms`.

        Args:
            data: with or without targets.
            bins: bars per panel.
            **saved: path, title, lang.
        """
        inputs = model_inputs(self._model, some_rows(self._rows(data), _MOST_ROWS))
        return activation_histograms(self._model, inputs, bins=bins, **saved)

    def gradient_flow(self, data: Any = None, **drawn: Unpack[Drawn]) -> Any:
        """Draw the norm of each layer's gradient on a logarithmic scale, over 1,000 rows; see `plot.gradient_flow`.

        Args:
            data: with targets; default: the gradients that the last ``backward()`` left in the parameters.
            **drawn: path, ax, title, lang.
        """
        if data is None:
            return gradient_flow(self._model, **drawn)
        loss = supervised(self._model, some_rows(self._rows(data), _MOST_ROWS)).of(self._model)[0]
        weights = {n: p for n, p in self._model.named_parameters() if p.ndim > 1 and p.requires_grad}
        found = grad(loss, list(weights.values()), allow_unused=True)
        sizes = [0.0 if one is None else float(np.linalg.norm(one._data)) for one in found]
        return gradient_flow(dict(zip((n.removesuffix(".weight") for n in weights), sizes, strict=True)), **drawn)

    def graph(self, data: Any, row: int = 0, **drawn: Unpack[Drawn]) -> Any:
        """Draw the computational graph of one row's loss; see `plot.graph`.

        Args:
            data: with targets.
            row: which row.
            **drawn: path, ax, title, lang.
        """
        loss, inputs, targets = supervised(self._model, one_row(self._rows(data), row)).of(self._model)
        lang = canvas.shown_language(drawn.get("lang"))
        given = {text("pictures.graph_input", lang): inputs, text("pictures.graph_target", lang): targets}
        names = {**dict(self._model.named_parameters()), **given}
        return graph(loss, names=names, **drawn)

    def exercise_sheet(
        self,
        data: Any,
        row: int = 0,
        *,
        seed: int = 0,
        blanks: int = 8,
        solutions: Literal["page", "upside down"] | None = "page",
        **saved: Unpack[Saved],
    ) -> Any:
        """Set one row's forward and backward pass with blanks on pages to print; see `plot.exercise_sheet`.

        Args:
            data: with targets.
            row: which row.
            seed: which numbers are taken out.
            blanks: how many.
            solutions: "page" for a last page with them, "upside down" for small print, or None.
            **saved: path, title, lang.
        """
        found = supervised(self._model, one_row(self._rows(data), row))
        traced = trace(self._model, found.inputs, found.targets, found.loss, training=False)
        return exercise_sheet(traced.exercise(seed, blanks), solutions=solutions, **saved)

    def landscape(
        self,
        data: Any,
        weights: tuple[str, str] | None = None,
        *,
        directions: str = "random",
        trajectory: Sequence[Mapping[str, Any]] = (),
        span: float | None = None,
        points: int = 31,
        loss: Any = None,
        seed: int = 0,
        kind: Literal["contour", "3d"] = "contour",
        **drawn: Unpack[Drawn],
    ) -> Any:
        """Draw the loss over a plane through the weights; see `explain.landscape` and `plot.landscape`.

        Args:
            data: with targets.
            weights: two names such as ``("0.weight[1,0]", "2.bias[0]")``, for the exact slice over them.
            directions: else "random" ones, or "pca", the principal components of the trajectory.
            trajectory: states of training, as `train.Trajectory` keeps them.
            span: how far to go from the model on either side.
            points: of the grid along either axis.
            loss: name or `Loss`; default: the one that the model was trained with.
            seed: of the random directions.
            kind: "contour" or "3d".
            **drawn: path, ax, title, lang.
        """
        found = surveyed(
            self._model, self._rows(data), weights, directions=directions, trajectory=trajectory, span=span,
            points=points, loss=loss, seed=seed,
        )  # fmt: skip
        return landscape(found, kind=kind, **drawn)

    def _rows(self, data: Any) -> Dataset:
        return given_data(self._model, held_out(data), self._model.objective)


def _is_sample(data: Any) -> bool:
    """Whether it is one row of numbers, and not rows, nor a pair ``(X, y)``."""
    if isinstance(data, list | tuple):
        return bool(data) and all(isinstance(one, int | float | np.number) for one in data)
    return isinstance(data, np.ndarray | Tensor) and data.ndim == 1 and data.dtype.kind in "biuf"
