"""Random architectures, sizes and options: the native engine does what the eager one does."""

from __future__ import annotations

from typing import Any

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

import chainrule as cr
from chainrule import nn, optim
from chainrule.data.dataset import Dataset
from helpers.parity import Trained, assert_parity, needs_native, rebuilt, trained

pytestmark = needs_native

widths = st.one_of(st.integers(1, 9), st.sampled_from([16, 31, 32, 33, 64, 65, 97]))
# Smooth ones: where rounding puts a number on the other side of a kink, whole curves separate.
smooth = st.sampled_from([nn.Tanh, nn.Sigmoid, nn.SiLU, nn.Softplus, nn.GELU, nn.ELU, nn.Mish, nn.Identity])


OPTIMIZERS: list[tuple[Any, dict[str, float]]] = [
    (optim.SGD, {"lr": 1e-3, "momentum": 0.9}),
    (optim.Adam, {"lr": 1e-3, "eps": 1e-2}),
    (optim.Adagrad, {"lr": 1e-3, "eps": 1e-2}),
]


@st.composite
def layers(draw: Any) -> tuple[list[Any], int]:
    """Functions that make the layers, and the number of inputs."""
    inputs = width = draw(widths)
    found: list[Any] = []
    for _ in range(draw(st.integers(0, 3))):
        kind = draw(st.sampled_from(["linear", "linear", "activation", "batch", "layer", "dropout", "softmax"]))
        if kind == "linear":
            n, bias = draw(widths), draw(st.booleans())
            found.append(lambda i=width, o=n, b=bias: nn.Linear(i, o, bias=b))
            width = n
        elif kind == "activation":
            found.append(draw(smooth))
        elif kind == "batch":
            affine, tracked = draw(st.booleans()), draw(st.booleans())
            found.append(lambda n=width, a=affine, t=tracked: nn.BatchNorm1d(n, 0.1, 0.3, a, t))
        elif kind == "layer":
            affine = draw(st.booleans())
            found.append(lambda n=width, a=affine: nn.LayerNorm(n, 0.1, a))
        elif kind == "dropout":
            p = draw(st.floats(0, 1))
            found.append(lambda p=p: nn.Dropout(p))
        else:
            found.append(lambda: nn.Softmax(dim=1))
    outputs = draw(widths)
    found.append(lambda i=width, o=outputs: nn.Linear(i, o))
    return found, inputs


@settings(max_examples=40)
@given(
    layers(),
    st.sampled_from(["float64", "float64", "float32"]),
    st.sampled_from([("mse", {}), ("mse", {"reduction": "sum"}), ("cross_entropy", {}), ("bce_with_logits", {})]),
    st.sampled_from(OPTIMIZERS),
    st.integers(2, 70),
    st.integers(2, 40),
    st.sampled_from([{}, {"clip_norm": 0.1}, {"clip_value": 0.05}]),
    st.tuples(st.integers(1, 4), st.integers(2, 9)),
    st.integers(0, 2**40),
)  # fmt: skip
def test_random_trainings(
    made: tuple[list[Any], int], dtype: str, loss: Any, optimizer: Any, rows: int, batch: int, clips: dict[str, float],
    counts: tuple[int, int], seed: int,
) -> None:  # fmt: skip
    makers, inputs = made
    rng = np.random.default_rng(seed)
    X = rng.standard_normal((rows, inputs)).astype(dtype)

    def run(engine: str) -> Trained:
        model = rebuilt(lambda: nn.Sequential(*(make() for make in makers)), dtype)
        outputs = model[-1].out_features
        name, options = loss
        if name == "cross_entropy" and outputs == 1:
            name = "mse"
        targets = np.random.default_rng(seed + 1)
        y: np.ndarray = targets.integers(0, outputs, rows)
        if name != "cross_entropy":
            y = targets.uniform(0, 1, (rows, outputs)).astype(dtype)
        algorithm = optimizer[0](model.parameters(), **optimizer[1])
        history = cr.fit(
            model, Dataset(X, y), loss=cr.losses.get(name, **options), optimizer=algorithm, epochs=3, batch_size=batch,
            metrics=[], seed=seed, engine=engine, verbose=0, **clips,
        )  # fmt: skip
        return trained(model, history, algorithm)

    assert_parity(run, dtype, counts)
