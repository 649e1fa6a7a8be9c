"""`cr.compile`: the same outputs as the network's own, for a row and for any number of rows."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import chainrule as cr
from chainrule import nn
from chainrule.engines import native_build
from chainrule.errors import DTypeError, ShapeError

RNG = np.random.default_rng(0)
NETWORKS: dict[str, Any] = {
    "small": lambda: nn.Sequential(nn.Linear(3, 2), nn.Sigmoid(), nn.Linear(2, 1)),
    "wide": lambda: nn.Sequential(nn.Linear(70, 200), nn.ReLU(), nn.Linear(200, 33), nn.GELU(), nn.Linear(33, 10)),
    "norms": lambda: nn.Sequential(
        nn.BatchNorm1d(5), nn.Linear(5, 40), nn.LayerNorm(40), nn.Tanh(), nn.Dropout(0.5), nn.Linear(40, 4)
    ),
    "softmax": lambda: nn.Sequential(nn.Linear(4, 40), nn.Softmax(), nn.Linear(40, 3), nn.LogSoftmax(dim=1)),
    "no bias": lambda: nn.Sequential(nn.Linear(33, 31, bias=False), nn.Mish()),
}


def outputs(model: nn.Module, x: np.ndarray) -> np.ndarray:
    model.eval()
    with cr.no_grad():
        return np.asarray(model(cr.tensor(x)).numpy())


def made(name: str, dtype: str) -> tuple[nn.Module, int]:
    cr.manual_seed(0)
    model = NETWORKS[name]().to(dtype)
    width = model[0].num_features if name == "norms" else model[0].in_features
    if name == "norms":  # running statistics that are not those of the beginning
        model.train()
        model(cr.tensor((3 * RNG.standard_normal((50, width)) + 1).astype(dtype)))
    return model, width


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("name", NETWORKS)
@pytest.mark.parametrize("rows", [1, 2, 7, 255, 256, 257, 600])
def test_outputs_are_the_networks(name: str, dtype: str, rows: int) -> None:
    model, width = made(name, dtype)
    x = RNG.standard_normal((rows, width)).astype(dtype)
    x[RNG.random(x.shape) < 0.4] = 0
    tolerance = 1e-5 if dtype == "float32" else 1e-12
    found = cr.compile(model)(x)
    assert found.dtype == dtype
    np.testing.assert_allclose(found, outputs(model, x), rtol=tolerance, atol=tolerance)
    np.testing.assert_allclose(cr.compile(model)(x[0]), found[0], rtol=tolerance, atol=tolerance)


def test_the_native_engine_does_it_where_it_can() -> None:
    if native_build.load().module is None:
        pytest.skip("the native engine was not built")
    assert cr.compile(NETWORKS["norms"]()).engine == "native"


def test_what_the_native_engine_cannot_run_is_copied() -> None:
    class Net(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.layer = nn.Linear(3, 2)

        def forward(self, x: Any) -> Any:
            return self.layer(x).sin()

    model = Net()
    compiled = cr.compile(model)
    assert compiled.engine == "eager"
    assert compiled.reason
    x = RNG.standard_normal((4, 3)).astype(np.float32)
    np.testing.assert_array_equal(compiled(x), outputs(model, x))
    assert compiled(x[0]).shape == (2,)


def test_it_does_not_follow_the_model() -> None:
    model, width = made("small", "float32")
    x = RNG.standard_normal((4, width)).astype(np.float32)
    compiled = cr.compile(model)
    before = compiled(x)
    with cr.no_grad():
        model[0].weight.mul_(3.0)
    np.testing.assert_array_equal(compiled(x), before)
    assert not np.allclose(cr.compile(model)(x), before)


def test_uint8_images_are_scaled() -> None:
    cr.manual_seed(0)
    model = nn.Sequential(nn.Flatten(), nn.Linear(36, 5))
    images = RNG.integers(0, 256, (3, 6, 6), dtype=np.uint8)
    expected = outputs(model, images.astype(np.float32) / np.float32(255))
    np.testing.assert_allclose(cr.compile(model)(images), expected, rtol=1e-5, atol=1e-6)


def test_infinite_weights_meet_zeros_as_everywhere() -> None:
    model = nn.Sequential(nn.Linear(2, 1))
    with cr.no_grad():
        model[0].weight.copy_(np.array([[np.inf, 1.0]], np.float32))
    assert np.isnan(cr.compile(model)([0.0, 1.0])).all()  # ∞·0


def test_lists_integers_and_empty_batches() -> None:
    model, _ = made("small", "float32")
    compiled = cr.compile(model)
    np.testing.assert_array_equal(compiled([1, 2, 3]), compiled(np.array([1.0, 2.0, 3.0], np.float32)))
    assert compiled(np.empty((0, 3))).shape == (0, 1)
    strided = np.asfortranarray(RNG.standard_normal((5, 3)).astype(np.float32))
    np.testing.assert_array_equal(compiled(strided), compiled(strided.copy()))
    row = np.arange(6, dtype=np.float32)[::2]
    np.testing.assert_array_equal(compiled(row), compiled(row.copy()))


def test_bad_input_is_named() -> None:
    model, _ = made("small", "float32")
    compiled = cr.compile(model)
    for wrong in (np.zeros(4), np.zeros((2, 4)), np.zeros(()), np.zeros((2, 3, 2))):
        with pytest.raises(ShapeError, match="another size"):
            compiled(wrong)
    with pytest.raises(DTypeError, match="numbers"):
        compiled(np.array(["a", "b", "c"]))
    with pytest.raises(DTypeError, match="model"):
        cr.compile("model")  # type: ignore[arg-type]
