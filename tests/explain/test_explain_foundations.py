"""The numeric foundations against NumPy, einsum and worked numbers."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chainrule import nn, tensor
from chainrule.errors import ConfigError, DataError, DTypeError, ShapeError
from chainrule.explain import array_products, product_table, projection, softmax_overflow, three_layer_forward

SHAPES = st.lists(st.integers(1, 3), min_size=0, max_size=3).map(tuple)


def try_numpy(operation: Any, a: np.ndarray, b: np.ndarray) -> np.ndarray | None:
    try:
        return np.asarray(operation(a, b))
    except ValueError:
        return None


@given(SHAPES, SHAPES)
def test_products_exist_when_numpy_has_them(left: tuple[int, ...], right: tuple[int, ...]) -> None:
    a = np.arange(1, 1 + np.prod(left, dtype=int)).reshape(left)
    b = np.arange(2, 2 + np.prod(right, dtype=int)).reshape(right)
    found = array_products(a, b)
    for name, operation in (("elementwise", np.multiply), ("dot", np.dot), ("matmul", np.matmul)):
        expected, item = try_numpy(operation, a, b), found[name]
        assert (item.value is None) == (expected is None) == (item.reason is not None)
        if expected is not None:
            assert item.shape == expected.shape
            np.testing.assert_array_equal(item.value, expected)
    for lang in ("en", "ko"):
        assert found.explain(lang)


def test_dot_and_matmul_part_in_three_dimensions() -> None:
    a, b = np.arange(24).reshape(2, 3, 4), np.arange(40).reshape(2, 4, 5)
    found = array_products(a, b)
    np.testing.assert_array_equal(found["dot"].value, np.einsum("ijk,lkm->ijlm", a, b))
    np.testing.assert_array_equal(found["matmul"].value, np.einsum("ijk,ikm->ijm", a, b))
    assert found["dot"].shape == (2, 3, 2, 5)
    assert found["matmul"].shape == (2, 3, 5)
    assert found["elementwise"].reason == "broadcast"
    assert not found.same
    assert "pair by pair" in found.explain("en")
    assert "짝이 되는 행렬끼리" in found.explain("ko")


def test_the_table_covers_one_to_three_dimensions() -> None:
    table = product_table()
    assert [(item.a.ndim, item.b.ndim) for item in table] == [(i, j) for i in (1, 2, 3) for j in (1, 2, 3)]
    assert [item.same for item in table] == [True, True, True, True, True, False, True, True, False]
    assert table[0]["dot"].value == 1 * 10 + 2 * 20
    json.loads(table[-1].to_json())


@pytest.mark.parametrize(
    ("a", "b", "error"),
    [([[1], [1, 2]], [1], ShapeError), (["x"], [1], DTypeError), (np.ones((400, 1)), np.ones((1, 400)), ConfigError)],
)
def test_products_of_what_are_no_arrays(a: Any, b: Any, error: type[Exception]) -> None:
    with pytest.raises(error):
        array_products(a, b)


@given(st.integers(1, 6).flatmap(lambda n: st.tuples(*[st.lists(st.integers(-9, 9), min_size=n, max_size=n)] * 2)))
def test_projection_splits_a_vector(pair: tuple[list[int], list[int]]) -> None:
    a, b = pair
    if not any(b):
        with pytest.raises(DataError, match="no direction"):
            projection(a, b)
        return
    found = projection(a, b)
    np.testing.assert_allclose(found.along + found.across, a, atol=1e-12)
    assert found.across @ np.array(b) == pytest.approx(0, abs=1e-10)
    assert found.length * found.norm_b == pytest.approx(found.inner, abs=1e-10)
    np.testing.assert_allclose(found.along, np.dot(a, b) / np.dot(b, b) * np.array(b), atol=1e-12)
    if any(a):
        assert found.norm_a * found.norm_b * np.cos(np.radians(found.angle)) == pytest.approx(found.inner, abs=1e-6)
    else:
        assert found.angle is None


def test_projection_in_words_and_mistakes() -> None:
    found = projection([3, 4], [2, 0])
    assert "the length 3 of the shadow" in found.explain("en")
    assert "정사영한 길이" in found.explain("ko")
    assert "53.13°" in found.explain("ko")
    for a, b in (([1], [1, 2]), ([[1]], [1]), ([], [])):
        with pytest.raises(ShapeError):
            projection(a, b)
    with pytest.raises(DataError, match="not finite"):
        projection([np.inf], [1])


def test_softmax_overflows_as_written_and_not_when_shifted() -> None:
    found = softmax_overflow()
    assert found.overflows
    assert np.isnan(found.naive).all()
    exact = np.exp([-2.0, -1, 0]) / np.exp([-2.0, -1, 0]).sum()
    np.testing.assert_allclose(found.stable, exact, rtol=1e-14)
    assert found.limit == pytest.approx(709.78, abs=0.01)
    assert found.to_dict()["exponentials"] == ["Infinity"] * 3
    assert "∞/∞" in found.explain("en")
    assert "오버플로" in found.explain("ko")
    calm = softmax_overflow([1.0, 2.0, 3.0])
    assert not calm.overflows
    np.testing.assert_allclose(calm.naive, calm.stable, rtol=1e-14)
    assert "agree" in calm.explain("en")
    assert "같습니다" in calm.explain("ko")


def test_softmax_in_single_precision_overflows_earlier() -> None:
    assert not softmax_overflow([100.0, 0.0]).overflows
    found = softmax_overflow([100.0, 0.0], dtype="float32")
    assert found.overflows
    assert found.stable.dtype == np.float32
    assert found.limit == pytest.approx(88.72, abs=0.01)
    with pytest.raises(ConfigError, match="dtype"):
        softmax_overflow([1.0], dtype="int8")  # type: ignore[arg-type]


def test_the_textbooks_forward_pass() -> None:
    found = three_layer_forward()
    np.testing.assert_allclose(found.layers[0].sums, [0.3, 0.7, 1.1], atol=1e-15)
    np.testing.assert_allclose(found.layers[0].output, [0.57444252, 0.66818777, 0.75026011], atol=5e-9)
    np.testing.assert_allclose(found.layers[1].sums, [0.51615984, 1.21402696], atol=5e-9)
    np.testing.assert_allclose(found.layers[1].output, [0.62624937, 0.7710107], atol=5e-9)
    np.testing.assert_allclose(found.output, [0.31682708, 0.69627909], atol=5e-9)
    for lang, word in (("en", "Layer 1, input (1, 0.5)"), ("ko", "1층, 입력 (1, 0.5)")):
        shown = found.explain(lang)
        assert word in shown
        assert "a1 = 1·0.1 + 0.5·0.2 + 0.1 = 0.3" in shown
        assert "a = (0.31682708, 0.69627909)" in shown


def test_the_forward_pass_is_that_of_the_network() -> None:
    found = three_layer_forward()
    linear = [nn.Linear(*layer.weight.shape, dtype="float64") for layer in found.layers]
    for layer, given_layer in zip(linear, found.layers, strict=True):
        layer.load_state_dict({"weight": given_layer.weight.T, "bias": given_layer.bias})
    model = nn.Sequential(linear[0], nn.Sigmoid(), linear[1], nn.Sigmoid(), linear[2])
    output = model(tensor([[1.0, 0.5]], dtype="float64")).detach().numpy()
    np.testing.assert_allclose(output[0], found.output, rtol=1e-14)


def test_layers_that_do_not_fit() -> None:
    with pytest.raises(ShapeError, match="in 2"):
        three_layer_forward([1.0], [([[1.0, 2.0]], [0.0, 0.0]), ([[1.0]], [0.0])])
    with pytest.raises(ConfigError, match="no layers"):
        three_layer_forward([1.0], [])
