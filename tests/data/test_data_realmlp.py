"""The scaling "realmlp": numbers, categories and yes/no against the paper's formula, and back from a file."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest

import chainrule as cr
from chainrule import explain, nn
from chainrule.data import Table
from chainrule.data.encoders import CategoricalEncoder
from chainrule.data.preprocessing import Preprocessing
from chainrule.errors import FormatError

ROWS = 40


def columns() -> dict[str, Any]:
    rng = np.random.default_rng(3)
    return {
        "number": rng.normal(5, 3, ROWS),
        "spiky": np.where(np.arange(ROWS) % 5 == 0, rng.normal(0, 9, ROWS), 0.0),
        "two": rng.choice(["no", "yes"], ROWS, p=[0.85, 0.15]),
        "even": np.array(["a", "b"])[np.arange(ROWS) % 2],
        "three": rng.choice(["p", "q", "r"], ROWS, p=[0.8, 0.15, 0.05]),
        "gaps": np.array([None if i % 7 == 0 else "uv"[i % 2] for i in range(ROWS)], object),
        "flag": rng.random(ROWS) < 0.1,
        "y": rng.integers(0, 2, ROWS),
    }


def published(x: np.ndarray) -> np.ndarray:
    """Section 3 of the paper: s·(x - median), s the inverse of the quartiles' distance, or 2/range without one."""
    low, middle, high = np.quantile(x, [0.25, 0.5, 0.75])
    if high > low:
        return np.asarray((x - middle) / (high - low))
    spread = x.max() - x.min()
    return np.asarray((x - middle) * (2 / spread if spread else 0.0))


def prepared(**changed: Any) -> Any:
    return Table({**columns(), **changed}).prepare("y", test=0, scaling="realmlp").train


def test_every_feature_is_scaled_as_published() -> None:
    data, train = columns(), prepared()
    plain = {
        "number": data["number"],
        "spiky": data["spiky"],
        "two": 2.0 * (data["two"] == "yes") - 1,
        "even=b": 2.0 * (data["even"] == "b") - 1,
        **{f"three={label}": 1.0 * (data["three"] == label) for label in "pqr"},
        **{f"gaps={label}": 1.0 * (data["gaps"] == label) for label in "uv"},
        "gaps (unseen or missing)": 1.0 * (data["gaps"] == np.array(None)),
        "flag": 2.0 * data["flag"] - 1,
    }
    assert train.feature_names == list(plain)
    expected = np.stack([published(column) for column in plain.values()], axis=1)
    np.testing.assert_allclose(train.preprocessing.transform(data), expected, atol=1e-5)


def test_what_training_did_not_see_lies_between_two_categories_and_is_none_of_three() -> None:
    fitted = prepared().preprocessing
    names = fitted.feature_names

    def encoded(column: str, value: Any) -> np.ndarray:
        row = {name: values[:1] for name, values in columns().items()}
        found = fitted.transform({**row, column: np.array([value], object)})[0]
        return np.asarray(found[[i for i, name in enumerate(names) if name.startswith(f"{column}=")]])

    middle = (encoded("even", "a") + encoded("even", "b")) / 2
    np.testing.assert_allclose(encoded("even", "z"), middle, atol=1e-6)
    np.testing.assert_allclose(encoded("even", None), middle, atol=1e-6)
    absent = [encoded("three", label)[i - 1] for i, label in enumerate("pqr")]  # each where it does not hold
    np.testing.assert_allclose(encoded("three", "z"), [absent[1], absent[2], absent[0]], atol=1e-6)


def test_it_comes_back_from_a_file() -> None:
    fitted = prepared().preprocessing
    back = Preprocessing.from_dict(json.loads(json.dumps(fitted.to_dict())))
    assert back == fitted
    data = {name: values for name, values in columns().items() if name != "y"}
    np.testing.assert_array_equal(back.transform(data), fitted.transform(data))


def test_other_scalings_are_written_as_before() -> None:
    described = Table(columns()).prepare("y", test=0).train.preprocessing.to_dict()["inputs"]["columns"]
    categories = next(one for one in described if one["kind"] == "categorical")
    assert set(categories) == {"kind", "name", "categories"}
    assert set(next(one for one in described if one["kind"] == "boolean")) == {"kind", "name", "fill", "indicator"}


@pytest.mark.parametrize(
    "change",
    [
        {"single": True, "rest": True},
        {"single": True, "categories": ["a", "b", "c"]},
        {"scales": [0.0]},
        {"scales": [1.0, 1.0]},
        {"centers": [float("nan")]},
        {"rest": 1},
    ],
)
def test_a_damaged_description_is_refused(change: dict[str, Any]) -> None:
    described = prepared().preprocessing.to_dict()
    at = next(i for i, one in enumerate(described["inputs"]["columns"]) if one["name"] == "even")
    assert CategoricalEncoder.kind == described["inputs"]["columns"][at]["kind"]
    described["inputs"]["columns"][at].update(change)
    with pytest.raises(FormatError):
        Preprocessing.from_dict(described)


def test_the_equation_takes_the_users_own_units() -> None:
    pytest.importorskip("sympy")
    data = {name: columns()[name] for name in ("number", "even", "flag", "y")}
    train = Table(data).prepare("y", test=0, scaling="realmlp").train
    model = nn.Sequential(nn.SmoothClip(), nn.Scale(3), nn.Linear(3, 1))
    model.preprocessing = train.preprocessing
    found = explain.equation(model)
    assert [str(name) for name in found.inputs] == ["number", '[even = "b"]', "[flag]"]
    own = np.stack([data["number"], data["even"] == "b", data["flag"]], axis=1).astype(float)
    with cr.no_grad():
        expected = model(cr.tensor(train.preprocessing.transform(data))).numpy()
    np.testing.assert_allclose(found.evaluate(own), expected, atol=1e-5)
