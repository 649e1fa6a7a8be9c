"""Regions and boundaries against dense sampling, Euler's formula and pictures that can be drawn by hand."""

from __future__ import annotations

import json
import time

import numpy as np
import pytest

import chainrule as cr
from chainrule import nn
from chainrule.data.table import Table
from chainrule.errors import ConfigError, ShapeError, UnknownNameError
from chainrule.explain.planes import plane_of_features, plane_through
from chainrule.explain.regions import Regions, regions

spatial = pytest.importorskip("scipy.spatial")
sparse = pytest.importorskip("scipy.sparse")

SQUARE = (-2.0, 3.0, -1.0, 2.5)


def sampled(bounds: tuple[float, ...], count: int = 4000) -> np.ndarray:
    left, right, bottom, top = bounds
    return np.random.default_rng(0).uniform([left, bottom], [right, top], (count, 2))


def put(parameter: object, values: np.ndarray) -> None:
    with cr.no_grad():
        parameter._assign(values)


def outputs_of(model: nn.Module, x: np.ndarray) -> np.ndarray:
    model.eval()
    with cr.no_grad():
        return np.asarray(model(cr.tensor(x, dtype=np.float64)).numpy())


def network(seed: int, *layers: object, outputs: int = 1) -> nn.Sequential:
    """Widths (numbers) and activations, in float64, with weights large enough to bend the plane."""
    cr.manual_seed(seed)
    made, before = [], 2
    for layer in (*layers, outputs):
        made.append(nn.Linear(before, layer, dtype=np.float64) if isinstance(layer, int) else layer)
        before = layer if isinstance(layer, int) else before
    for layer in made:
        if isinstance(layer, nn.Linear):
            put(layer.weight, layer.weight._data * 2)
    model = nn.Sequential(*made)
    middle = np.median(outputs_of(model, sampled(SQUARE, 200)), axis=0)
    put(made[-1].bias, made[-1].bias._data - middle)
    return model


def check_maps(result: Regions, model: nn.Module, points: np.ndarray) -> None:
    """Every sampled point lies in a polygon whose map gives what the model gives."""
    where = result.locate(points)
    assert (where >= 0).all()
    values = (result.maps[where] @ np.c_[points, np.ones(len(points))][..., None])[..., 0]
    np.testing.assert_allclose(values, outputs_of(model, points), rtol=1e-7, atol=1e-7)


def distances(points: np.ndarray, segments: np.ndarray) -> np.ndarray:
    """From each point to the nearest segment."""
    best = np.full(len(points), np.inf)
    for a, b in segments:
        along = b - a
        share = np.clip((points - a) @ along / max(along @ along, 1e-300), 0, 1)
        best = np.minimum(best, np.hypot(*(points - a - share[:, None] * along).T))
    return best


def check_boundary(result: Regions, classes: np.ndarray, points: np.ndarray, classify: object) -> None:
    """Classes differ across each segment as it says, and two near points of two classes have a segment nearby."""
    span = max(result.bounds[1] - result.bounds[0], result.bounds[3] - result.bounds[2])
    for (a, b), (low, high) in zip(result.boundary, result.between, strict=True):
        length = np.hypot(*(b - a))
        if length < 1e-5 * span:
            continue
        normal = np.array([a[1] - b[1], b[0] - a[0]]) / length
        sides = (a + b) / 2 + np.outer([-1, 1], normal) * 1e-7 * span
        assert sorted(classify(sides).tolist()) == [low, high]
    offsets = np.random.default_rng(1).normal(0, 0.01 * span, points.shape)
    left, right, bottom, top = result.bounds
    moved = np.clip(points + offsets, [left, bottom], [right, top])
    changed = classify(moved) != classes
    near = distances(points[changed], result.boundary)
    assert (near <= np.hypot(*(moved - points)[changed].T) + 1e-9).all()


def euler(polygons: list[np.ndarray]) -> int:
    """V − E + F of the subdivision, with the outside as a face; 2 for a plane graph in one piece."""
    corners = np.concatenate(polygons)
    # Corners that differ by rounding alone are one vertex.
    pairs = spatial.cKDTree(corners).query_pairs(1e-9, output_type="ndarray")
    graph = sparse.coo_matrix((np.ones(len(pairs)), pairs.T), shape=(len(corners),) * 2)
    vertices, names = sparse.csgraph.connected_components(graph, directed=False)
    edges, start = set(), 0
    for polygon in polygons:
        own = names[start : start + len(polygon)]
        start += len(polygon)
        edges |= {tuple(sorted(pair)) for pair in zip(own, np.roll(own, -1), strict=True) if pair[0] != pair[1]}
    return vertices - len(edges) + len(polygons) + 1


PIECEWISE = {
    "relu": (8, nn.ReLU(), 8, nn.ReLU()),
    "leaky": (6, nn.LeakyReLU(0.2), 5, nn.LeakyReLU(0.3)),
    "hardtanh": (6, nn.Hardtanh(-0.5, 0.8), 6, nn.ReLU6()),
    "norm": (6, nn.BatchNorm1d(6, dtype=np.float64), nn.ReLU(), nn.Dropout(0.5), nn.Identity(), 5, nn.ReLU()),
}


@pytest.mark.parametrize("name", PIECEWISE)
@pytest.mark.parametrize("outputs", [1, 3])
def test_maps_areas_euler_and_boundary(name: str, outputs: int) -> None:
    model = network(4, *PIECEWISE[name], outputs=outputs)
    for layer in model:
        if isinstance(layer, nn.BatchNorm1d):
            put(layer.running_mean, np.linspace(-1, 1, 6))
            put(layer.running_var, np.linspace(0.5, 2, 6))
    result = regions(model, SQUARE, level=0.1 if outputs == 1 else None)
    assert result.kind == "exact"
    assert len(result) > 10
    points = sampled(SQUARE)
    check_maps(result, model, points)
    assert result.areas.min() > 0
    assert result.areas.sum() == pytest.approx(5 * 3.5, rel=1e-9)
    assert euler(result.polygons) == 2
    assert euler(result.cells) == 2

    def classify(x: np.ndarray) -> np.ndarray:
        z = outputs_of(model, x)
        return z.argmax(axis=1) if outputs > 1 else (z[:, 0] > 0.1).astype(int)

    assert len(result.boundary)
    check_boundary(result, classify(points), points, classify)


def test_the_checks_notice_wrong_maps_and_a_missing_segment() -> None:
    model = network(4, *PIECEWISE["relu"])
    result = regions(model, SQUARE)
    points = sampled(SQUARE)
    with pytest.raises(AssertionError):
        check_maps(result, network(5, *PIECEWISE["relu"]), points)
    less = Regions(**{**vars(result), "boundary": result.boundary[::3], "between": result.between[::3]})

    def classify(x: np.ndarray) -> np.ndarray:
        return (outputs_of(model, x)[:, 0] > 0).astype(int)

    check_boundary(result, classify(points), points, classify)
    with pytest.raises(AssertionError):
        check_boundary(less, classify(points), points, classify)
    assert euler(result.polygons[:-1][::2]) != 2


def test_one_relu_by_hand() -> None:
    """|x| < 1 as relu(x + 1) − 2 relu(x) + relu(x − 1) > 0."""
    model = nn.Sequential(nn.Linear(2, 3, dtype=np.float64), nn.ReLU(), nn.Linear(3, 1, dtype=np.float64))
    put(model[0].weight, np.array([[1.0, 0], [1, 0], [1, 0]]))
    put(model[0].bias, np.array([1.0, 0, -1]))
    put(model[2].weight, np.array([[1.0, -2, 1]]))
    put(model[2].bias, np.zeros(1))
    result = regions(model, (-4, 4, -1, 1))
    assert len(result) == 4
    assert sorted(result.areas.tolist()) == [2, 2, 6, 6]
    assert result.formula(int(result.locate([[0.5, 0]])[0])) == "y = −1·x1 + 0·x2 + 1"
    # The boundary coincides with edges of polygons: the output is 0 all over outside of it.
    assert sorted(result.boundary[:, :, 0].ravel().tolist()) == [-1, -1, 1, 1]
    assert result.between.tolist() == [[0, 1], [0, 1]]
    assert json.loads(result.to_json())["polygons"]


def test_a_boundary_along_the_bend_of_a_neuron() -> None:
    """relu(x) − relu(−x) is x, whose zero is where both neurons bend."""
    model = nn.Sequential(nn.Linear(2, 2, bias=False, dtype=np.float64), nn.ReLU(), nn.Linear(2, 1, dtype=np.float64))
    put(model[0].weight, np.array([[1.0, 0], [-1, 0]]))
    put(model[2].weight, np.array([[1.0, -1]]))
    put(model[2].bias, np.zeros(1))
    result = regions(model, (-1, 1, -1, 1))
    assert len(result.boundary) == 1
    np.testing.assert_allclose(result.boundary[0][:, 0], 0, atol=1e-12)


def test_steps_jump() -> None:
    """XOR of two perceptrons: a band between two lines."""
    model = nn.Sequential(nn.Linear(2, 2, dtype=np.float64), nn.Step(), nn.Linear(2, 1, dtype=np.float64), nn.Step())
    put(model[0].weight, np.array([[1.0, 1], [-1, -1]]))
    put(model[0].bias, np.array([-0.5, 1.5]))
    put(model[2].weight, np.array([[1.0, 1]]))
    put(model[2].bias, np.array([-1.5]))
    result = regions(model, (-1, 2, -1, 2))
    assert len(result) == 3
    assert len(result.boundary) == 2
    assert sorted(round(float(segment.mean(axis=0).sum()), 9) for segment in result.boundary) == [0.5, 1.5]


def test_steps_with_neighbours_that_are_cut_elsewhere() -> None:
    model = network(11, 5, nn.Step(), 5, nn.ReLU(), 4, nn.Step(-1.0, 1.0), outputs=3)
    result = regions(model, SQUARE)
    points = sampled(SQUARE)
    check_maps(result, model, points)
    classes = outputs_of(model, points).argmax(axis=1)
    check_boundary(result, classes, points, lambda x: outputs_of(model, x).argmax(axis=1))


@pytest.mark.parametrize(("last", "outputs"), [(nn.Sigmoid(), 1), (nn.Tanh(), 1), (nn.Softmax(dim=1), 4)])
def test_a_last_squashing_layer_is_left_aside(last: nn.Module, outputs: int) -> None:
    model = network(2, 6, nn.ReLU(), outputs=outputs)
    plain = regions(model, SQUARE)
    result = regions(nn.Sequential(*model, last), SQUARE)
    assert result.before == type(last).__name__
    np.testing.assert_array_equal(result.boundary, plain.boundary)


@pytest.mark.timing
def test_three_hidden_layers_of_64_take_less_than_two_seconds() -> None:
    model = network(0, 64, nn.ReLU(), 64, nn.ReLU(), 64, nn.ReLU(), outputs=3)
    start = time.perf_counter()
    result = regions(model, (-1, 1, -1, 1))
    took = time.perf_counter() - start
    assert len(result) > 3000
    assert took < 2
    check_maps(result, model, sampled((-1, 1, -1, 1), 500))
    assert result.areas.sum() == pytest.approx(4)


def test_slices_of_more_inputs() -> None:
    cr.manual_seed(3)
    model = nn.Sequential(
        nn.Flatten(), nn.Linear(6, 12, dtype=np.float64), nn.ReLU(), nn.Linear(12, 3, dtype=np.float64)
    )
    samples = np.random.default_rng(0).normal(size=(3, 2, 3))
    plane = plane_through(*samples)
    np.testing.assert_allclose(plane.embed(plane.marks), samples.reshape(3, 6), atol=1e-12)
    result = regions(model, (-3, 4, -3, 4), plane)
    points = sampled(result.bounds, 500)
    where = result.locate(points)
    values = (result.maps[where] @ np.c_[points, np.ones(500)][..., None])[..., 0]
    np.testing.assert_allclose(values, outputs_of(model, plane.embed(points)), atol=1e-9)
    names = list("abcdef")
    other = plane_of_features(names, "b", "e", fixed=np.arange(6.0), values={"a": -1})
    assert other.embed([7, 8]).tolist() == [-1, 7, 2, 3, 8, 5]
    assert regions(model, (-3, 4, -3, 4), other).names == ("b", "e")
    with pytest.raises(ShapeError, match="no plane"):
        regions(model, (0, 1, 0, 1))
    with pytest.raises(ConfigError, match="one line"):
        plane_through([0, 0], [1, 1], [2, 2])
    with pytest.raises(UnknownNameError, match="feature"):
        plane_of_features(names, "b", "z")
    with pytest.raises(ConfigError, match="same"):
        plane_of_features(names, "b", 1)


def test_bounds_are_in_the_users_units() -> None:
    rng = np.random.default_rng(0)
    mass, length = rng.normal(4000, 500, 80), rng.normal(40, 5, 80)
    columns = {"mass": mass.tolist(), "length": length.tolist(), "kind": np.where(mass > 80 * length + 800, "a", "b")}
    data = Table(columns, target="kind").prepare(test=0).train
    cr.manual_seed(0)
    model = nn.Sequential(nn.Linear(2, 6), nn.ReLU(), nn.Linear(6, 1))
    cr.fit(model, data, epochs=20, lr=0.05, optimizer="adam", verbose=0)
    result = regions(model, (2500, 5500, 25, 55))
    assert result.names == ("mass", "length")
    assert result.classes == ("a", "b")
    points = sampled(result.bounds, 200)
    where = result.locate(points)
    z = (result.maps[where] @ np.c_[points, np.ones(200)][..., None])[:, 0, 0]
    said = cr.predict(model, {"mass": points[:, 0].tolist(), "length": points[:, 1].tolist()})
    assert (np.where(z > 0, "b", "a") == said)[np.abs(z) > 1e-3].all()


def test_smooth_activations_are_sampled_and_refined() -> None:
    model = network(6, 8, nn.Tanh(), 8, nn.Sigmoid(), outputs=1)
    put(model[-1].bias, -outputs_of(model, np.array([[0.5, 0.7]]))[0] + model[-1].bias._data)
    result = regions(model, SQUARE)
    assert result.kind == "sampled"
    assert len(result) == 0
    assert len(result.boundary) > 20
    z = outputs_of(model, result.boundary.reshape(-1, 2))
    assert np.abs(z).max() < 1e-7
    points = sampled(SQUARE, 1000)
    check = (outputs_of(model, points)[:, 0] > 0).astype(int)
    far = distances(points, result.boundary) > 0.05
    close = points + np.random.default_rng(3).uniform(-0.03, 0.03, points.shape)
    assert ((outputs_of(model, close)[:, 0] > 0) == check)[far].all()


def test_a_smooth_boundary_of_three_classes() -> None:
    model = network(7, 8, nn.Tanh(), outputs=3)
    result = regions(model, SQUARE)
    for (a, b), pair in zip(result.boundary, result.between, strict=True):
        for end in (a, b):
            top = np.sort(outputs_of(model, end[None])[0])[::-1]
            assert top[0] - top[1] < 1e-7
        assert pair[0] < pair[1]


def test_networks_without_classes_and_bad_input() -> None:
    model = network(1, 4, nn.ReLU())
    rng = np.random.default_rng(0)
    cr.fit(model, (rng.normal(size=(20, 2)), rng.normal(size=(20, 1))), loss="mse", epochs=1, verbose=0)
    result = regions(model, SQUARE)
    assert len(result.boundary) == 0
    assert result.classes == ()
    assert len(regions(model, SQUARE, level=0.0).classes) == 2
    for bounds in ((0, 0, 1, 2), (0, 1, 2), "ab", (0, np.nan, 0, 1), None):
        with pytest.raises(ConfigError, match="bad bounds"):
            regions(model, bounds)
    with pytest.raises(ConfigError, match="too many"):
        regions(network(0, 32, nn.ReLU(), 32, nn.ReLU()), SQUARE, max_regions=50)
