"""The native engine's tables of layers, losses and optimisers, row by row against their Python originals."""

from __future__ import annotations

import importlib
import itertools
import warnings
from collections.abc import Callable
from types import ModuleType
from typing import Any

import numpy as np
import pytest

from chainrule import losses, nn, optim
from chainrule.core import ops
from chainrule.core.mode import quiet
from chainrule.core.tensor import Tensor


def _builds() -> list[ModuleType]:
    found = []
    for isa in ("v4", "v3", "base"):
        try:
            module = importlib.import_module(f"chainrule.engines._native_{isa}")
        except ImportError:  # not built, or not for this processor
            continue
        found += [module] if hasattr(module, "_activation") else []
    return found


BUILDS = _builds()
pytestmark = pytest.mark.skipif(not BUILDS, reason="the native engine is not built: python native/build.py --all")

DTYPES = (np.float32, np.float64)
EXTREMES = [
    0.0, -0.0, np.inf, -np.inf, np.nan, 1e-30, -1e-30, 1e-38, -1e-38, 1e-45, 88.0, -88.0, 88.8, -88.8, 104.0, -104.0,
    1e4, -1e4, 0.5, -0.5, 0.625, -0.625, 1.0, -1.0, 2.0, -2.0, 4.0, -4.0, 6.0, 20.0, 20.5, -20.0, 30.0, 3e38, -3e38,
]  # fmt: skip


@pytest.fixture(params=BUILDS, ids=lambda build: build.__name__.rpartition(".")[2])
def native(request: pytest.FixtureRequest) -> ModuleType:
    build: ModuleType = request.param
    return build


def numbers(dtype: Any, size: int = 3000, seed: int = 0) -> np.ndarray:
    """Ordinary numbers of all sizes, and the extreme ones."""
    rng = np.random.default_rng(seed)
    ordinary = rng.standard_normal(size) * 10.0 ** rng.uniform(-6, 2, size)
    return np.concatenate([EXTREMES, ordinary]).astype(dtype)


def assert_close(got: Any, wanted: Any, dtype: Any, units: float = 8, floor: Any = 0.0) -> None:
    """Equal but for some units in the last place of the larger of `wanted` and `floor`; NaN and infinities alike."""
    got, wanted = np.asarray(got, np.float64), np.asarray(wanted, np.float64)
    assert got.shape == wanted.shape
    infinite = ~np.isfinite(wanted) | ~np.isfinite(got)
    np.testing.assert_array_equal(got[infinite], wanted[infinite])
    room = units * np.finfo(dtype).eps * np.maximum(np.abs(wanted), floor) + 4 * np.finfo(dtype).smallest_normal
    with np.errstate(invalid="ignore"):
        wrong = ~infinite & ~(np.abs(got - wanted) <= room)
    assert not wrong.any(), (got[wrong][:5], wanted[wrong][:5], np.flatnonzero(wrong)[:5])


@pytest.mark.parametrize(
    "wrong", [[1.0, 2.0001], [np.nan, 2.0], [1.0, np.inf], [1.0]], ids=["value", "nan", "inf", "shape"]
)
def test_the_comparison_can_fail(wrong: list[float]) -> None:
    with pytest.raises(AssertionError):
        assert_close(wrong, [1.0, 2.0], np.float32)


# Activations

ACTIVATIONS: dict[str, tuple[Callable[..., Any], dict[str, Any]]] = {
    "relu": (ops.relu, {}),
    "leaky_relu": (ops.leaky_relu, {"negative_slope": 0.01}),
    "leaky_relu of negative slope": (ops.leaky_relu, {"negative_slope": -0.3}),
    "elu": (ops.elu, {"alpha": 1.0}),
    "elu of alpha 0.7": (ops.elu, {"alpha": 0.7}),
    "selu": (ops.selu, {}),
    "gelu": (ops.gelu, {}),
    "gelu_tanh": (ops.gelu, {"approximate": "tanh"}),
    "silu": (ops.silu, {}),
    "softplus": (ops.softplus, {"beta": 1.0, "threshold": 20.0}),
    "softplus of beta 2.5": (ops.softplus, {"beta": 2.5, "threshold": 5.0}),
    "softplus of beta -1": (ops.softplus, {"beta": -1.0, "threshold": 20.0}),
    "mish": (ops.mish, {}),
    "hardtanh": (ops.hardtanh, {"min_val": -1.0, "max_val": 1.0}),
    "smooth_clip": (lambda x, limit: nn.SmoothClip(limit)(x), {"limit": 3.0}),
    "smooth_clip at a half": (lambda x, limit: nn.SmoothClip(limit)(x), {"limit": 0.5}),
    "hardtanh from 0 to 6": (ops.hardtanh, {"min_val": 0.0, "max_val": 6.0}),
    "sigmoid": (ops.sigmoid, {}),
    "tanh": (ops.tanh, {}),
    "step": (ops.step, {"low": 0.0, "high": 1.0}),
    "step of signs": (ops.step, {"low": -1.0, "high": 1.0}),
}


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("name", ACTIVATIONS)
def test_activation(native: ModuleType, name: str, dtype: Any) -> None:
    op, options = ACTIVATIONS[name]
    args = [value for value in options.values() if not isinstance(value, str)]
    x = numbers(dtype)
    g = np.random.default_rng(1).standard_normal(x.shape).astype(dtype)
    variable = Tensor.of(x.copy())
    variable.requires_grad_(True)
    with quiet():
        wanted = op(variable, **options)
        wanted.backward(Tensor.of(g))
    y = x.copy()
    native._activation(name.partition(" ")[0], y, *args)
    # Where the formula subtracts numbers of size |x| or 1 from each other, digits below them are rounding.
    with np.errstate(all="ignore"):
        floor = (
            np.where(np.abs(x) < 30, np.minimum(np.abs(x), 1), 0) if "elu" in name or name in ("silu", "mish") else 0
        )
    assert_close(y, wanted._data, dtype, floor=floor)
    gradient = g.copy()
    native._activation_backward(name.partition(" ")[0], x, wanted._data, gradient, *args)
    assert variable.grad is not None
    assert_close(gradient, variable.grad._data, dtype, floor=np.abs(g) * np.where(np.abs(x) < 30, 1 + np.abs(x), 1))


@pytest.mark.parametrize(("name", "value"), [("relu", 0.0), ("leaky_relu", 0.0), ("hardtanh", 1.0), ("hardtanh", -1.0)])
def test_no_gradient_passes_at_a_kink(native: ModuleType, name: str, value: float) -> None:
    x, g = np.array([value]), np.array([1.0])
    native._activation_backward(name, x, x.copy(), g, *((-1.0, 1.0) if name == "hardtanh" else (0.0,)))
    assert g[0] == 0


def test_an_unknown_name_is_an_error(native: ModuleType) -> None:
    with pytest.raises(ValueError, match="nothing_such"):
        native._activation("nothing_such", np.zeros(3))


# Losses

CLASSES = ["plain", "weight", "ignore_index", "smoothing", "all"]
CLASS_OPTIONS: dict[str, dict[str, Any]] = {
    "plain": {},
    "weight": {"weight": "classes"},
    "ignore_index": {"ignore_index": 1},
    "smoothing": {"label_smoothing": 0.1},
    "all": {"weight": "classes", "ignore_index": 0, "label_smoothing": 0.3},
}
SIZES = (1, 2, 3, 7, 10, 16, 31, 33, 100)


def batch_loss(native: ModuleType, loss: losses.Loss, z: np.ndarray, t: np.ndarray) -> tuple[float, np.ndarray]:
    config = {
        key: np.atleast_1d(value).tolist() if "weight" in key else value
        for key, value in loss.config().items()
        if value is not None
    }
    dz, dz_in_room = np.full_like(z, np.nan), np.full_like(z, np.nan)
    value = native._loss(loss.name, config, z, t, dz)
    # The same formulas, compiled twice: products may be fused with sums in one place and not in the other.
    assert_close(native._loss(loss.name, config, z, t, dz_in_room, room=True), value, z.dtype)
    assert_close(dz_in_room, dz, z.dtype, floor=1)
    return value, dz


def check_loss(native: ModuleType, loss: losses.Loss, z: np.ndarray, t: np.ndarray, units: float = 64) -> None:
    variable = Tensor.of(z.copy())
    variable.requires_grad_(True)
    with quiet():
        wanted = loss.forward(variable, Tensor.of(t))
        wanted.backward()
    value, gradient = batch_loss(native, loss, z, t)
    assert_close(value, wanted._data, z.dtype, units=units, floor=1e-3)
    assert variable.grad is not None
    assert_close(gradient, variable.grad._data, z.dtype, units=units, floor=np.abs(variable.grad._data).max() / 4)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("reduction", ["mean", "sum"])
@pytest.mark.parametrize("options", CLASSES)
@pytest.mark.parametrize("name", ["cross_entropy", "nll"])
def test_class_loss(native: ModuleType, name: str, options: str, reduction: str, dtype: Any) -> None:
    for size in SIZES[1:]:
        rng = np.random.default_rng(size)
        z = (rng.standard_normal((7, size)) * 4).astype(dtype)
        given = dict(CLASS_OPTIONS[options])
        if "weight" in given:
            given["weight"] = rng.uniform(0, 3, size)
        if name == "nll":
            given.pop("label_smoothing", None)
            z = np.asarray(ops.log_softmax(z, dim=1))
        check_loss(native, losses.get(name, reduction=reduction, **given), z, rng.integers(0, size, 7))


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("options", ["plain", "weight", "smoothing", "all"])
def test_cross_entropy_against_probabilities(native: ModuleType, options: str, dtype: Any) -> None:
    for size in SIZES[1:]:
        rng = np.random.default_rng(size)
        z = (rng.standard_normal((5, size)) * 4).astype(dtype)
        given = dict(CLASS_OPTIONS[options])
        if "weight" in given:
            given["weight"] = rng.uniform(0, 3, size)
        check_loss(native, losses.get("cross_entropy", **given), z, rng.dirichlet(np.ones(size), 5).astype(dtype))


@pytest.mark.parametrize("dtype", DTYPES)
def test_cross_entropy_of_extreme_logits(native: ModuleType, dtype: Any) -> None:
    z = np.array([[1e4, -1e4, 0], [-200, 100, 0], [0, 0, 0], [1e30, 1e30, -1e30]], dtype)
    for t in itertools.product(range(3), repeat=2):
        check_loss(native, losses.get("cross_entropy"), z, np.array([*t, 0, 1]))
    for bad in (np.nan, np.inf):
        value, gradient = batch_loss(native, losses.get("cross_entropy"), np.array([[bad, 0, 0]], dtype), np.array([1]))
        assert np.isnan(value)
        assert np.isnan(gradient).all()


@pytest.mark.parametrize("name", ["cross_entropy", "nll"])
@pytest.mark.parametrize("size", [3, 20])
def test_where_every_row_is_ignored_the_mean_is_nan_and_the_gradient_zero(
    native: ModuleType, name: str, size: int
) -> None:
    for dtype in DTYPES:
        value, gradient = batch_loss(
            native, losses.get(name, ignore_index=1), np.ones((4, size), dtype), np.ones(4, int)
        )
        assert np.isnan(value)
        assert not gradient.any()


_COLUMN_WEIGHTS = {"weight": "columns", "pos_weight": "columns"}
ELEMENT_LOSSES: dict[str, tuple[str, dict[str, Any]]] = {
    "bce_with_logits": ("bce_with_logits", {}),
    "bce_with_logits, weights": ("bce_with_logits", _COLUMN_WEIGHTS),
    "bce_with_logits, one weight": ("bce_with_logits", {"pos_weight": 2.5, "weight": 0.5}),
    "bce": ("bce", {}),
    "bce, weights": ("bce", {"weight": "columns"}),
    "hinge": ("hinge", {}),
    "hinge of margin 0.3": ("hinge", {"margin": 0.3}),
    "perceptron": ("perceptron", {}),
    "mse": ("mse", {}),
    "l1": ("l1", {}),
    "smooth_l1": ("smooth_l1", {}),
    "smooth_l1 of beta 0.2": ("smooth_l1", {"beta": 0.2}),
    "smooth_l1 of beta 0": ("smooth_l1", {"beta": 0.0}),
    "huber": ("huber", {}),
    "huber of delta 2": ("huber", {"delta": 2.0}),
    "poisson": ("poisson", {}),
    "poisson, full": ("poisson", {"full": True}),
    "poisson of means": ("poisson", {"log_input": False}),
    "poisson of means, full": ("poisson", {"log_input": False, "full": True, "eps": 1e-3}),
}


def _element_batch(name: str, options: dict[str, Any], shape: tuple[int, int], dtype: Any) -> tuple[np.ndarray, ...]:
    rng = np.random.default_rng(shape[1])
    z = rng.standard_normal(shape) * 3
    if name == "bce":
        z = np.clip(1 / (1 + np.exp(-z)), 1e-6, 1 - 1e-6)
        z.flat[:2] = 0, 1
    if name == "poisson" and not options.get("log_input", True):
        z = np.abs(z)
    targets = {
        "bce": rng.choice([0, 1, 0.3, 0.5, 0.9], shape),
        "bce_with_logits": rng.choice([0, 1, 0.3, 0.5, 0.9], shape),
        "hinge": rng.choice([-1, 1], shape),
        "perceptron": rng.integers(0, 2, shape),
        "poisson": rng.poisson(2, shape),
    }
    t = targets.get(name, rng.standard_normal(shape))
    if name != "bce":
        z.flat[-1] = 0
    return z.astype(dtype), t.astype(dtype)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("reduction", ["mean", "sum"])
@pytest.mark.parametrize("case", ELEMENT_LOSSES)
def test_element_loss(native: ModuleType, case: str, reduction: str, dtype: Any) -> None:
    name, options = ELEMENT_LOSSES[case]
    for size in SIZES:
        rng = np.random.default_rng(size)
        given = {key: rng.uniform(0, 3, size) if value == "columns" else value for key, value in options.items()}
        z, t = _element_batch(name, options, (5, size), dtype)
        check_loss(native, losses.get(name, reduction=reduction, **given), z, t)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("name", ["bce_with_logits", "mse", "l1", "huber", "smooth_l1", "hinge", "perceptron"])
@pytest.mark.parametrize("size", [1, 16])
def test_element_loss_of_extreme_outputs(native: ModuleType, name: str, size: int, dtype: Any) -> None:
    for value in [*(v for v in EXTREMES if np.isfinite(v) and abs(v) < 1e30), np.nan]:
        for t in (0.0, 1.0):
            z = np.full((1, size), value, dtype)
            loss = losses.get(name, reduction="sum")
            if np.isnan(value):
                assert np.isnan(batch_loss(native, loss, z, np.full_like(z, t))[0])
            else:
                check_loss(native, loss, z, np.full_like(z, t))


def test_confident_mistakes_cost_100(native: ModuleType) -> None:
    for dtype in DTYPES:
        value, gradient = batch_loss(native, losses.get("bce"), np.array([[0.0]], dtype), np.array([[1.0]], dtype))
        assert value == 100
        assert gradient[0, 0] == pytest.approx(-1e12, rel=1e-6)


# Optimisers

OPTIMIZERS: list[tuple[str, dict[str, Any]]] = [
    ("sgd", {}),
    ("sgd", {"weight_decay": 0.1, "maximize": True}),
    ("sgd", {"momentum": 0.9}),
    ("sgd", {"momentum": 0.9, "dampening": 0.5, "weight_decay": 0.01}),
    ("sgd", {"momentum": 0.9, "nesterov": True, "maximize": True}),
    ("adam", {}),
    ("adam", {"betas": (0.8, 0.99), "eps": 1e-3, "weight_decay": 0.1}),
    ("adam", {"amsgrad": True, "maximize": True}),
    ("adam", {"betas": (0.0, 0.0)}),
    ("adamw", {}),
    ("adamw", {"amsgrad": True, "weight_decay": 0.5, "maximize": True}),
    ("adamw", {"weight_decay": 0}),
    ("rmsprop", {}),
    ("rmsprop", {"momentum": 0.9}),
    ("rmsprop", {"centered": True}),
    ("rmsprop", {"centered": True, "momentum": 0.5, "weight_decay": 0.1, "maximize": True}),
    ("adagrad", {}),
    ("adagrad", {"lr_decay": 0.1, "initial_accumulator_value": 0.5, "weight_decay": 0.1}),
    ("adagrad", {"maximize": True}),
    ("adadelta", {}),
    ("adadelta", {"rho": 0.5, "eps": 1e-3, "weight_decay": 0.1, "maximize": True}),
]


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize(("name", "options"), OPTIMIZERS, ids=lambda value: str(value))
def test_optimizer(native: ModuleType, name: str, options: dict[str, Any], dtype: Any) -> None:
    rng = np.random.default_rng(3)
    w = rng.standard_normal(133).astype(dtype)
    optimizer = optim.get(name, [("w", Tensor.of(w.copy()))], **options)
    (group,) = optimizer.param_groups
    kept = {key: value for key, value in group.items() if key not in ("params", "param_names")}
    wanted = w.copy()
    states = [np.asarray(optimizer.initial_slot(slot, w, group)).astype(dtype) for slot in optimizer.slots(group)]
    slots = [state.copy() for state in states]
    for step in range(1, 12):
        g = (rng.standard_normal(w.shape) * 10.0 ** rng.uniform(-3, 1, w.shape)).astype(dtype)
        if step == 5:
            g[:10] = 0
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            wanted, fresh = optimizer.update(wanted, g, tuple(states), step, group)
        states = [np.array(state) for state in fresh]
        native._update(name, kept, step, w, g, slots)
        assert w.dtype == wanted.dtype == dtype
        assert_close(w, wanted, dtype, units=64, floor=1.0)
        for slot, state in zip(slots, states, strict=True):
            assert_close(slot, state, dtype, units=64, floor=np.abs(state).mean())
        w[...] = wanted  # so that rounding does not add up


@pytest.mark.parametrize("eps", [0.0, 1e-8])
@pytest.mark.parametrize("name", ["adam", "adamw", "rmsprop", "adagrad"])
def test_extreme_gradients_harm_the_same_weights(native: ModuleType, name: str, eps: float) -> None:
    for dtype in DTYPES:
        huge = 30 * np.sqrt(np.finfo(dtype).max)  # its square overflows: the weight is left where it is
        w, g = np.ones(6, dtype), np.array([0, 1, -1, np.inf, np.nan, huge], dtype)
        optimizer = optim.get(name, [("w", Tensor.of(w.copy()))], eps=eps)
        (group,) = optimizer.param_groups
        kept = {key: value for key, value in group.items() if key not in ("params", "param_names")}
        slots = [np.zeros_like(w) for _ in optimizer.slots(group)]
        with quiet():
            wanted, _ = optimizer.update(w, g, tuple(slots), 1, group)
        native._update(name, kept, 1, w, g, slots)
        sound = np.isfinite(wanted)
        np.testing.assert_array_equal(np.isfinite(w), sound)
        assert_close(w[sound], wanted[sound], dtype)
