"""A network as a formula: the same numbers as the model, in the user's units, in a form that a person can read."""

from __future__ import annotations

import json
import time
import xml.dom.minidom

import numpy as np
import pytest

import chainrule as cr
from chainrule import nn
from chainrule.data.preprocessing import Preprocessing
from chainrule.data.table import Table
from chainrule.errors import ConfigError, DTypeError, ShapeError
from chainrule.explain.equation import Equation, equation

pytest.importorskip("sympy")

ELEMENTWISE = [
    nn.ReLU(), nn.ReLU6(), nn.LeakyReLU(0.2), nn.ELU(1.3), nn.SELU(), nn.GELU(), nn.GELU("tanh"), nn.SiLU(),
    nn.Softplus(2.0, 3.0), nn.Mish(), nn.Hardtanh(-0.5, 2.0), nn.Sigmoid(), nn.Tanh(), nn.Step(-1.0, 2.0),
    nn.SmoothClip(), nn.SmoothClip(0.5), nn.Identity(), nn.Dropout(0.5),
]  # fmt: skip
GATES = {"and": (0.5, 0.5, -0.25), "or": (0.5, 0.5, 0.25), "xor": (0.0, 0.0, 0.5)}


def formula_values(result: Equation, x: np.ndarray) -> np.ndarray:
    """What the printed formula gives."""
    with np.errstate(all="ignore"):
        columns = result.function()(*x.T)
    return np.stack([np.broadcast_to(np.asarray(column, float), len(x)) for column in columns], axis=1)


def model_values(model: nn.Module, x: np.ndarray) -> np.ndarray:
    model.eval()
    with cr.no_grad():
        return np.asarray(model(cr.tensor(x, dtype=np.float64)).numpy())


def trained_statistics(model: nn.Module, rng: np.random.Generator) -> nn.Module:
    """Give norms other numbers than 0 and 1."""
    for name, value in model.state_dict().items():
        if value.ndim and ("running" in name or value.ndim == 1):
            value._assign(rng.uniform(0.3, 2.0, value.shape))
    return model


@pytest.mark.parametrize("layer", ELEMENTWISE, ids=repr)
def test_every_activation_equals_the_model(layer: nn.Module) -> None:
    cr.manual_seed(3)
    kind = np.float64
    model = nn.Sequential(nn.Linear(3, 4, dtype=kind), layer, nn.Sequential(nn.Linear(4, 2, dtype=kind), layer))
    x = np.random.default_rng(0).normal(0, 3, (200, 3))
    result = equation(model, max_terms=10_000)
    assert result.form == "closed"
    np.testing.assert_allclose(formula_values(result, x), model_values(model, x), rtol=1e-6, atol=1e-6)
    np.testing.assert_allclose(result.evaluate(x), model_values(model, x), rtol=1e-9, atol=1e-9)


def test_the_comparison_would_notice_a_wrong_formula() -> None:
    model = nn.Sequential(nn.Linear(2, 2, dtype=np.float64), nn.Tanh())
    x = np.random.default_rng(0).normal(size=(5, 2))
    rounded = equation(model, digits=2)
    assert np.abs(formula_values(rounded, x) - model_values(model, x)).max() > 1e-6


@pytest.mark.parametrize(
    "layers",
    [
        [nn.BatchNorm1d(3, dtype=np.float64)],
        [nn.BatchNorm1d(3, affine=False, dtype=np.float64), nn.Tanh()],
        [nn.LayerNorm(3, dtype=np.float64)],
        [nn.SmoothClip(0.8), nn.Scale(3, dtype=np.float64)],
        [nn.LayerNorm(3, elementwise_affine=False), nn.Sigmoid()],
        [nn.Softmax(dim=1)],
        [nn.LogSoftmax(dim=-1)],
        [nn.Flatten(), nn.BatchNorm1d(3, bias=False, dtype=np.float64), nn.Softmax()],
    ],
    ids=repr,
)
def test_norms_and_softmaxes_equal_the_model(layers: list[nn.Module]) -> None:
    rng = np.random.default_rng(1)
    model = trained_statistics(nn.Sequential(nn.Linear(2, 3, dtype=np.float64), *layers), rng)
    x = rng.normal(0, 3, (100, 2))
    np.testing.assert_allclose(formula_values(equation(model), x), model_values(model, x), rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize("gate", GATES)
def test_gates_trained_by_squared_error_are_the_textbook_planes(gate: str) -> None:
    data = cr.data.gates(gate)
    cr.manual_seed(0)
    model = nn.Sequential(nn.Linear(2, 1))
    cr.fit(model, data, loss="mse", optimizer="sgd", lr=0.3, epochs=2000, batch_size=4, verbose=0)
    w1, w2, bias = GATES[gate]
    exact = equation(model)
    np.testing.assert_allclose(exact.evaluate([[1, 0], [0, 1], [0, 0]])[:, 0], [w1 + bias, w2 + bias, bias], atol=1e-4)
    sign = "+" if bias > 0 else "-"
    shown = "0.5" if gate == "xor" else f"0.5*x1 + 0.5*x2 {sign} 0.25"
    assert equation(model, digits=3).text() == f"y = {shown}"


def test_xor_in_sigmoids_is_a_closed_formula_that_gives_the_truth_table() -> None:
    model = nn.Sequential(nn.Linear(2, 2), nn.Sigmoid(), nn.Linear(2, 1), nn.Sigmoid())
    model.load_state_dict(
        {
            "0.weight": cr.tensor([[20.0, 20.0], [-20.0, -20.0]]),
            "0.bias": cr.tensor([-10.0, 30.0]),
            "2.weight": cr.tensor([[20.0, 20.0]]),
            "2.bias": cr.tensor([-30.0]),
        }
    )
    result = equation(model)
    (expression,) = result.expressions
    table = [float(expression.subs(dict(zip(result.symbols, row, strict=True)))) for row in np.ndindex(2, 2)]
    np.testing.assert_allclose(table, [0, 1, 1, 0], atol=1e-3)
    assert result.text() == (
        "y = 1/(exp(30 - 20/(exp(20*x1 + 20*x2 - 30) + 1) - 20/(exp(-20*x1 - 20*x2 + 10) + 1)) + 1)"
    )


def test_rounding_states_its_worst_error() -> None:
    cr.manual_seed(1)
    model = nn.Sequential(nn.Linear(2, 3), nn.Tanh(), nn.Linear(3, 1))
    x = np.random.default_rng(0).normal(size=(50, 2))
    result = equation(model, digits=2, data=x)
    assert result.rows == 50
    difference = np.abs(formula_values(result, x) - formula_values(equation(model), x)).max()
    assert result.worst_error == pytest.approx(difference, rel=1e-9)
    assert 1e-5 < difference < 0.1
    assert equation(model, data=x).worst_error == 0
    assert "over 50 rows" in "".join(result.notes("en"))
    assert "유효 숫자 2자리" in "".join(result.notes("ko"))


def table_model() -> tuple[nn.Module, list[dict[str, object]]]:
    rng = np.random.default_rng(5)
    kinds = np.array(["Adelie", "Gentoo"])[rng.integers(0, 2, 60)]
    mass = rng.normal(4200, 800, 60)
    columns = {
        "mass (g)": mass.tolist(),
        "species": kinds.tolist(),
        "length": (mass / 100 + rng.normal(0, 1, 60)).tolist(),
    }
    table = Table(columns, target="length")
    splits = table.prepare(test=0)
    cr.manual_seed(0)
    model = nn.Sequential(nn.Linear(splits.train.inputs.shape[1], 3), nn.Tanh(), nn.Linear(3, 1))
    cr.fit(model, splits.train, loss="mse", epochs=2, verbose=0)
    return model, columns


def test_scaling_is_folded_in() -> None:
    model, columns = table_model()
    assert isinstance(model.preprocessing, Preprocessing)
    result = equation(model)
    assert result.inputs[:3] == ("mass (g)", '[species = "Adelie"]', '[species = "Gentoo"]')
    assert result.outputs == ("length",)
    kinds = np.array(columns["species"])
    x = np.stack([columns["mass (g)"], kinds == "Adelie", kinds == "Gentoo", np.zeros(60)], axis=1).astype(float)
    np.testing.assert_allclose(formula_values(result, x)[:, 0], cr.predict(model, columns), rtol=1e-5)
    seen = equation(model, scaling=False)
    z = model.preprocessing.transform(columns).astype(float)
    np.testing.assert_allclose(formula_values(seen, z), model_values(model, z), atol=1e-5)


def test_small_weights_of_large_numbers_survive_rounding() -> None:
    model, _ = table_model()
    rounded = equation(model, digits=3)
    assert all("mass" in formula.text for formula in rounded.formulas)


def test_rounding_spares_terms_that_nearly_cancel() -> None:
    """A year times its weight is some thousand times what the years differ by."""
    rng = np.random.default_rng(0)
    year = rng.integers(2007, 2010, 80)
    columns = {"year": year.astype(float), "x": rng.normal(size=80), "y": (year - 2008) + rng.normal(0, 0.1, 80)}
    data = Table(columns, target="y", kinds={"year": "numeric"}).prepare(test=0).train
    cr.manual_seed(0)
    model = nn.Sequential(nn.Linear(2, 4), nn.Tanh(), nn.Linear(4, 1))
    cr.fit(model, data, loss="mse", epochs=30, lr=0.05, optimizer="adam", verbose=0)
    result = equation(model, digits=3, data=data)
    assert "year" in result.text()
    assert result.worst_error is not None
    assert result.worst_error < 0.01
    with cr.no_grad():  # a year that hardly matters goes, and with it its share of the bias
        model[0].weight._assign(model[0].weight._data * np.array([1e-5, 1], np.float32))
    result = equation(model, digits=3, data=data)
    assert "year" not in result.text()
    assert result.worst_error is not None
    assert result.worst_error < 0.01


def test_a_link_goes_on_to_probabilities() -> None:
    cr.manual_seed(0)
    model = nn.Sequential(nn.Linear(2, 1))
    data = cr.data.gates("or")
    cr.fit(model, data, epochs=3, verbose=0)
    x = np.array([[0.0, 0.0], [1.0, 1.0]])
    p = formula_values(equation(model, link=True), x)[:, 0]
    np.testing.assert_allclose(p, cr.predict_proba(model, x.astype(np.float32))[:, 1], rtol=1e-6)


def test_beyond_a_size_the_layered_form_comes() -> None:
    model = nn.Sequential(nn.Linear(2, 8), nn.Tanh(), nn.Linear(8, 8), nn.Tanh(), nn.Linear(8, 1))
    result = equation(model, max_terms=100)
    assert result.form == "layered"
    assert result.terms > 100
    assert "more than 100" in result.notes("en")[0]
    assert [formula.name for formula in result.formulas][:9] == [*(f"z1_{i}" for i in range(1, 9)), "h1_1"]
    values: dict[object, float] = dict(zip(result.symbols, (0.3, -0.7), strict=True))
    for formula in result.formulas:
        named = {symbol.name: value for symbol, value in values.items()}
        value = formula.expression.subs({one: named[one.name] for one in formula.expression.free_symbols})
        values[type(result.symbols[0])(formula.name, real=True)] = float(value)
    assert value == pytest.approx(float(result.evaluate([[0.3, -0.7]])[0, 0]), abs=1e-9)
    with pytest.raises(ConfigError, match="more than 100"):
        result.function()


@pytest.mark.timing
def test_large_networks_do_not_hang() -> None:
    model = nn.Sequential(nn.Flatten(), nn.Linear(784, 128), nn.ReLU(), nn.Linear(128, 10))
    start = time.perf_counter()
    result = equation(model)
    assert time.perf_counter() - start < 2
    assert result.form == "matrix"
    assert result.text().splitlines()[1] == "h1 = ReLU(z1)"
    deep = nn.Sequential(*(nn.Linear(16, 16) for _ in range(300)))
    assert equation(deep).form == "matrix"
    assert equation(deep).notes("en")


def test_names_of_every_kind_are_typeset() -> None:
    model = nn.Sequential(nn.Linear(2, 1), nn.Sigmoid())
    result = equation(model, names=["bill_length <mm>", "x & y"], digits=3)
    assert r"\text{bill\_length <mm>}" in result.latex()
    assert r"\text{x \& y}" in result.latex()
    xml.dom.minidom.parseString(result.mathml())
    assert json.loads(result.to_json())["formulas"][0]["text"] in str(result)


def test_bad_input_is_one_line() -> None:
    model = nn.Sequential(nn.Linear(2, 1))
    with pytest.raises(ShapeError, match="names do not fit"):
        equation(model, names=["a"])
    with pytest.raises(ConfigError, match="same name"):
        equation(model, names=["a", "a"])
    with pytest.raises(ConfigError, match="digits"):
        equation(model, digits=0)
    with pytest.raises(ConfigError, match="max_terms"):
        equation(model, max_terms=0)
    with pytest.raises(ShapeError, match="data do not fit"):
        equation(model, data=np.zeros((4, 3)))
    with pytest.raises(DTypeError, match="not a model"):
        equation("model")
    lost = nn.Linear(2, 1)
    with cr.no_grad():
        lost.bias._assign(np.array([np.nan], np.float32))
    with pytest.raises(ConfigError, match="not finite"):
        equation(nn.Sequential(lost))
    with pytest.raises(ConfigError, match="running statistics"):
        equation(nn.Sequential(nn.Linear(2, 2), nn.BatchNorm1d(2, track_running_stats=False)))
    with pytest.raises(ShapeError, match="does not fit"):
        equation(nn.Sequential(nn.Linear(2, 2), nn.Linear(3, 1)))

    class Own(nn.Module):
        pass

    with pytest.raises(ConfigError, match="not a layer"):
        equation(nn.Sequential(nn.Linear(2, 2), Own()))
