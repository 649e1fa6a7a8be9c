"""`model.plot`: figures of a model, in the units of the data."""

from __future__ import annotations

import copy
from collections import OrderedDict
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import chainrule as cr
from chainrule import nn
from chainrule.errors import ChainruleError, ConfigError, DataError, ShapeError

matplotlib = pytest.importorskip("matplotlib")

FIGURES = """activations confusion decision_surface exercise_sheet gradient_flow graph hidden_space histograms images
landscape network regions surface_3d training_curves weights""".split()


def table(rows: int = 80, seed: int = 0) -> cr.data.Table:
    """Two columns of very different sizes; the class is on which side of a line they lie."""
    random = np.random.default_rng(seed)
    age, income = random.uniform(20, 60, rows), random.uniform(1e4, 9e4, rows)
    choice = np.where(income > 2e3 * (age - 20) + 5e3, "buys", "leaves")
    return cr.data.Table({"age": age, "income": income, "choice": choice}, target="choice")


@pytest.fixture(scope="module")
def trained() -> nn.Sequential:
    cr.manual_seed(0)
    model = nn.Sequential(nn.Linear(2, 8), nn.ReLU(), nn.Linear(8, 1))
    cr.fit(model, table(), optimizer="adam", lr=0.05, epochs=40, verbose=0)
    return model


def drawn_texts(figure: Any) -> str:
    return " ".join(text.get_text() for text in figure.findobj(matplotlib.text.Text))


def test_every_figure_draws_and_saves(trained: nn.Sequential, tmp_path: Path) -> None:
    data = table(30, seed=1)
    plots = trained.plot
    figures = {
        "activations": lambda **o: plots.activations(**o),
        "confusion": lambda **o: plots.confusion(data, **o),
        "decision_surface": lambda **o: plots.decision_surface(data, **o),
        "gradient_flow": lambda **o: plots.gradient_flow(data, **o),
        "graph": lambda **o: plots.graph(data, row=3, **o),
        "exercise_sheet": lambda **o: plots.exercise_sheet(data, row=3, **o),
        "hidden_space": lambda **o: plots.hidden_space(data, **o),
        "histograms": lambda **o: plots.histograms(data, **o),
        "landscape": lambda **o: plots.landscape(data, ("0.weight[0,0]", "0.weight[0,1]"), points=3, **o),
        "network": lambda **o: plots.network(data, row=3, **o),
        "regions": lambda **o: plots.regions(data, **o),
        "surface_3d": lambda **o: plots.surface_3d(data, **o),
        "training_curves": lambda **o: plots.training_curves(**o),
    }
    for name, figure in figures.items():
        path = tmp_path / f"{name}.svg"
        found = figure(path=path, title=f"Heading of {name}", lang="en")
        assert isinstance(found, matplotlib.figure.Figure), name
        assert f"Heading of {name}" in path.read_text(encoding="utf-8"), name
    assert set(figures) | {"weights", "images"} == set(FIGURES)


def test_the_figures_are_known_by_name(trained: nn.Sequential) -> None:
    assert dir(trained.plot) == FIGURES
    assert "plot" in dir(trained)
    for name in FIGURES:
        assert getattr(trained.plot, name).__doc__
    with pytest.raises(AttributeError, match="Did you mean 'network'"):
        _ = trained.plot.netwrk
    assert not hasattr(trained.plot, "_nothing")
    copy.copy(trained.plot)


def test_the_boundary_is_drawn_in_the_units_of_the_data(trained: nn.Sequential) -> None:
    data = table()
    ax = trained.plot.decision_surface(data, lang="en").axes[0]
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("age", "income")
    line = ax.collections[1].get_paths()[0].vertices  # after the shades comes the line at one half
    inside = line[(line[:, 0] > 22) & (line[:, 0] < 58) & (line[:, 1] > 1e4) & (line[:, 1] < 9e4)]
    assert len(inside) > 5
    p = cr.predict_proba(trained, {"age": inside[:, 0], "income": inside[:, 1]})
    np.testing.assert_allclose(p[:, 1], 0.5, atol=0.06)


def test_quantities_are_drawn_in_their_own_units() -> None:
    random = np.random.default_rng(0)
    a, b = random.uniform(0, 1, 60), random.uniform(0, 100, 60)
    prices = cr.data.Table({"a": a, "b": b, "price": 1000.5 + 3000 * a + 10 * b}, target="price")
    model = nn.Sequential(nn.Linear(2, 1))
    cr.fit(model, prices, optimizer="adam", lr=0.1, epochs=60, verbose=0)
    ax = model.plot.surface_3d(prices).axes[0]
    assert ax.get_zlim()[1] == pytest.approx(5000, rel=0.3)
    with pytest.raises(ConfigError, match="quantity"):
        model.plot.confusion(prices)


def test_the_confusion_matrix_counts_what_predict_says(trained: nn.Sequential) -> None:
    data = table(50, seed=2)
    wrong = sum(cr.predict(trained, data) != np.asarray(data.raw["choice"]))
    assert f"{50 - wrong} of 50" in drawn_texts(trained.plot.confusion(data, lang="en"))


def test_margins_decide_without_probabilities() -> None:
    X = np.array([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]])
    y = np.array([-1, 1, 1, 1])
    model = nn.Sequential(nn.Linear(2, 1))
    cr.fit(model, (X, y), loss="hinge", optimizer="adam", lr=0.1, epochs=100, verbose=0)
    assert "4 of 4" in drawn_texts(model.plot.confusion((X, y), lang="en"))
    model.plot.decision_surface((X, y))


def test_an_untrained_model_takes_the_usual_loss() -> None:
    model = nn.Sequential(nn.Linear(2, 3), nn.Tanh(), nn.Linear(3, 1))
    xor = cr.data.load("xor")
    for figure in (model.plot.decision_surface, model.plot.gradient_flow, model.plot.graph, model.plot.confusion):
        figure(xor)
    with pytest.raises(DataError, match="curves"):
        model.plot.training_curves()
    model.plot.training_curves({"loss": [1.0, 0.5]})


def test_gradient_flow_is_that_of_the_loss_and_leaves_no_gradients(trained: nn.Sequential) -> None:
    data = table(40, seed=3)
    ax = trained.plot.gradient_flow(data).axes[0]
    drawn = ax.lines[0].get_ydata()
    assert all(parameter.grad is None for parameter in trained.parameters())
    rows = cr.data.Dataset(trained.preprocessing.transform(data), trained.preprocessing.transform_targets(data))
    loss = trained.objective(trained(cr.tensor(rows.inputs)), cr.tensor(rows.targets[:, None].astype(np.float32)))
    loss.backward()
    expected = [np.linalg.norm(trained[i].weight.grad.numpy()) for i in (0, 2)]
    trained.zero_grad()
    np.testing.assert_allclose(drawn, expected, rtol=1e-4)


def test_the_model_is_left_as_it_was(trained: nn.Sequential) -> None:
    model = nn.Sequential(nn.Linear(2, 4), nn.BatchNorm1d(4), nn.ReLU(), nn.Dropout(0.5), nn.Linear(4, 1)).train()
    model[0].eval()
    before = {name: value.numpy().copy() for name, value in model.state_dict().items()}
    modes = [module.training for module in model.modules()]
    xor = cr.data.load("xor")
    plots = model.plot
    for figure in (plots.network, plots.decision_surface, plots.gradient_flow, plots.graph, plots.histograms):
        figure(xor)
    plots.landscape(xor, points=2)
    assert [module.training for module in model.modules()] == modes
    for name, value in model.state_dict().items():
        np.testing.assert_array_equal(value.numpy(), before[name])


def test_one_sample_and_rows(trained: nn.Sequential) -> None:
    data = table(5, seed=4)
    row = [float(data.raw["age"][3]), float(data.raw["income"][3])]
    of_row = drawn_texts(trained.plot.network(data, row=3, lang="en"))
    assert of_row == drawn_texts(trained.plot.network(row, lang="en"))
    assert of_row != drawn_texts(trained.plot.network(data, lang="en"))
    for bad in (-1, 5):
        with pytest.raises(ConfigError, match="no such row"):
            trained.plot.network(data, row=bad)


def test_splits_show_their_test_part(trained: nn.Sequential) -> None:
    splits = table(50).split(test=0.2, seed=0)
    assert "of 10" in drawn_texts(trained.plot.confusion(splits, lang="en"))


def test_frames_with_and_without_the_target(trained: nn.Sequential) -> None:
    raw = dict(table(20).raw)
    trained.plot.confusion(raw)
    del raw["choice"]
    trained.plot.histograms(raw)
    trained.plot.regions(raw)
    with pytest.raises(DataError, match="no targets"):
        trained.plot.confusion(raw)


def test_images_and_weights() -> None:
    images = np.random.default_rng(0).integers(0, 255, (12, 4, 4), dtype=np.uint8)
    model = nn.Sequential(nn.Flatten(), nn.Linear(16, 2))
    cr.fit(model, (images, np.arange(12) % 2), epochs=1, verbose=0)
    assert len(model.plot.images((images, np.arange(12) % 2), most=5).axes) == 5
    assert len(model.plot.weights().axes) == 3  # two neurons and the scale
    with pytest.raises(ChainruleError):
        model.plot.decision_surface((images, np.arange(12) % 2))
    with pytest.raises(ConfigError, match="activation"):
        model.plot.activations()


def test_more_inputs_need_features() -> None:
    model = nn.Sequential(nn.Linear(4, 5), nn.ReLU(), nn.Linear(5, 3))
    iris = cr.data.load("iris")
    cr.fit(model, iris, epochs=2, verbose=0)
    with pytest.raises(ShapeError, match="2 inputs"):
        model.plot.decision_surface(iris)
    with pytest.raises(ShapeError, match="features"):
        model.plot.regions(iris)
    names = tuple(model.preprocessing.feature_names[:2])
    assert model.plot.regions(iris, features=names).axes[0].get_xlabel() == names[0]
    assert model.plot.regions(bounds=(4, 8, 2, 5), features=names).axes[0].get_xlim() == (4, 8)


def test_axes_of_the_users_own(trained: nn.Sequential) -> None:
    figure = matplotlib.figure.Figure()
    left, right = figure.subplots(1, 2)
    assert trained.plot.confusion(table(), ax=left) is figure
    assert trained.plot.regions(table(), ax=right) is figure
    assert right.get_xlabel() == "age"


class Plotter(nn.Module):
    """A program written for PyTorch, that has a part of this name."""

    def __init__(self) -> None:
        super().__init__()
        self.plot = nn.Linear(2, 1)

    def forward(self, x: Any) -> Any:
        return self.plot(x)


def test_a_users_own_plot_comes_first() -> None:
    model = Plotter()
    assert isinstance(model.plot, nn.Linear)
    assert list(model.state_dict()) == ["plot.weight", "plot.bias"]
    assert model(cr.ones(3, 2)).shape == (3, 1)
    model.plot = nn.Linear(2, 4)
    assert model.plot.out_features == 4
    del model.plot
    assert hasattr(model.plot, "network")

    named = nn.Sequential(OrderedDict(plot=nn.Linear(2, 1), history=nn.ReLU()))
    assert isinstance(named.plot, nn.Linear)
    assert isinstance(copy.deepcopy(named).plot, nn.Linear)

    plain = nn.Linear(2, 1)
    plain.plot = "a text"
    assert plain.plot == "a text"
    plain.register_buffer("extra", cr.ones(1))
    with pytest.raises(ConfigError, match="already exists"):
        plain.register_buffer("plot", cr.ones(1))
    with pytest.raises(ConfigError, match="already exists"):
        plain.register_buffer("forward", cr.ones(1))

    class Method(nn.Module):
        def plot(self) -> str:
            return "mine"

    assert Method().plot() == "mine"
