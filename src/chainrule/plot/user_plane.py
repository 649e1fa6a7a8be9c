"""What a surface is drawn from: a model asked in the units of the data, and the samples in these units."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from chainrule.data import Dataset
from chainrule.errors import DataError, ShapeError
from chainrule.explain.given import model_inputs
from chainrule.explain.predictor import predictor_of
from chainrule.explain.units import units_of
from chainrule.nn.module import Module

__all__ = ["user_plane"]


def user_plane(model: Module, data: Dataset, bounds: Sequence[float] | None) -> dict[str, Any]:
    """Return the arguments of `decision_surface` and `surface_3d`.

    Args:
        model: with two inputs.
        data: samples with targets, prepared for the model.
        bounds: in the user's units.

    Raises:
        ShapeError: if the inputs are not two.
        DataError: if there are no targets.
    """
    if data.n_features != 2:
        raise ShapeError(
            "a surface lies over two inputs", expected="2 inputs", got=data.n_features,
            fix="model.plot.regions(data, features=(a, b)) cuts a plane through more",
        )  # fmt: skip
    predictor = predictor_of(model, data)
    targets = predictor.truth(data)
    if targets is None:
        raise DataError("the data have no targets", fix="Pass (X, y)")
    seen = model_inputs(model, data)
    units = units_of(model, 2, 1)

    def predict(points: np.ndarray) -> np.ndarray:
        inputs = units.to_model(points.astype(np.float64)).astype(seen.dtype)
        return predictor(Dataset(inputs.reshape(-1, *seen.shape[1:]), preprocessing=data.preprocessing))

    return {
        "predict": predict,
        "inputs": units.to_user(seen.reshape(-1, 2).astype(np.float64)),
        "targets": targets,
        "classes": data.classes if predictor.classes else None,
        "bounds": None if bounds is None else tuple(bounds),
        "feature_names": units.names if model.preprocessing is not None else data.feature_names,
    }
