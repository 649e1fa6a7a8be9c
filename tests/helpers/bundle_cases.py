"""A small trained model with all that a model file can hold."""

from __future__ import annotations

from typing import Any

import numpy as np

import chainrule as cr
from chainrule import nn


def trained(dtype: str = "float32", **options: Any) -> nn.Sequential:
    cr.manual_seed(0)
    model = nn.Sequential(nn.Linear(3, 5), nn.BatchNorm1d(5), nn.ReLU(), nn.Dropout(0.2), nn.Linear(5, 3)).to(dtype)
    X = np.random.default_rng(0).standard_normal((30, 3))
    y = np.array(["amber", "beige", "cyan"])[(X[:, 0] > 0).astype(int) + (X[:, 1] > 0)]
    cr.fit(model, (X, y), epochs=2, verbose=0, seed=0, **options)
    return model
