"""The computational graph: the layout, what the boxes say, and the two ways to draw it."""

from __future__ import annotations

import itertools
import random
import sys
from pathlib import Path
from xml.etree import ElementTree

import pytest

import chainrule as cr
from chainrule import nn, plot
from chainrule.errors import ConfigError, DTypeError, GradientError
from chainrule.plot.layered import layered
from chainrule.plot.recorded import recorded

matplotlib = pytest.importorskip("matplotlib")


def example() -> tuple[cr.Tensor, dict[str, cr.Tensor]]:
    a, b = cr.tensor(2.0, requires_grad=True), cr.tensor(3.0, requires_grad=True)
    return (a * b + a.sin()) * (a - b / a), {"a": a, "b": b}


def test_boxes_and_edges_are_the_computation() -> None:
    root, names = example()
    found = recorded(root, names)
    lines = [box.lines for box in found.boxes]
    assert sorted(lines[:2]) == [("a", "2"), ("b", "3")]
    assert sorted(line[0] for line in lines[2:]) == ["add", "div", "mul", "mul", "sin", "sub"]
    assert lines[-1] == ("mul", "3.455")
    drawn = sorted((lines[a][0], lines[b][0]) for a, b in found.edges)
    assert drawn == [
        ("a", "div"), ("a", "mul"), ("a", "sin"), ("a", "sub"), ("add", "mul"), ("b", "div"), ("b", "mul"),
        ("div", "sub"), ("mul", "add"), ("sin", "add"), ("sub", "mul"),
    ]  # fmt: skip


def test_names_of_parameters_and_of_constants() -> None:
    model, x = nn.Linear(2, 3), cr.ones(4, 2)
    loss = ((model(x) - cr.zeros(4, 3)) ** 2).mean()
    found = recorded(loss, {**dict(model.named_parameters()), "x": x})
    assert {(box.kind, *box.lines) for box in found.boxes if box.kind != "operation"} == {
        ("leaf", "weight", "3×2"),
        ("leaf", "bias", "(3)"),
        ("constant", "x", "4×2"),
        ("constant", "constant", "4×3"),
    }
    assert "pow (2)" in {box.lines[0] for box in found.boxes}


@pytest.mark.parametrize("seed", range(20))
def test_edges_lead_right_and_boxes_do_not_overlap(seed: int) -> None:
    rng = random.Random(seed)
    count = rng.randint(2, 30)
    edges = [(rng.randrange(b), b) for b in range(1, count) for _ in range(rng.randint(1, 3))]
    layout = layered(count, edges)
    for (a, b), route in zip(edges, layout.routes, strict=True):
        assert (route[0], route[-1]) == (layout.places[a], layout.places[b])
        assert [x2 - x1 for (x1, _), (x2, _) in itertools.pairwise(route)] == [1.0] * (len(route) - 1)
    for i, (x, y) in enumerate(layout.places):
        assert 0 <= y <= layout.height
        assert not any(x == x2 and abs(y - y2) < 1 - 1e-9 for x2, y2 in layout.places[:i])


def test_crossings_that_can_be_avoided_are() -> None:
    # 0 and 1 are sources, 2 belongs to 1 and 3 to 0: in the order of their numbers the edges would cross.
    layout = layered(5, [(1, 2), (0, 3), (2, 4), (3, 4)])
    assert (layout.places[0][1] - layout.places[1][1]) * (layout.places[3][1] - layout.places[2][1]) > 0


def test_drawn_with_matplotlib(tmp_path: Path) -> None:
    root, names = example()
    figure = plot.graph(root, tmp_path / "graph.svg", names=names, title="f")
    assert len(figure.axes[0].texts) == 2 * 8
    assert (tmp_path / "graph.svg").stat().st_size > 1000


def test_svg_needs_no_matplotlib(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    root, names = example()
    page = ElementTree.fromstring(plot.graph_svg(root, names={"<a&": names["a"]}))
    space = "{http://www.w3.org/2000/svg}"
    assert len(page.findall(f"{space}rect")) == 8
    assert len(page.findall(f"{space}path")) == 11
    assert "<a&" in [one.text for one in page.findall(f"{space}text")]


def test_refusals() -> None:
    root, _ = example()
    with pytest.raises(DTypeError, match="tensor"):
        plot.graph(3.0)
    with pytest.raises(DTypeError, match="names"):
        plot.graph(root, names=["a"])
    with pytest.raises(GradientError):
        plot.graph(cr.tensor(1.0))
    long = cr.tensor(1.0, requires_grad=True)
    for _ in range(200):
        long = long + 1
    with pytest.raises(ConfigError, match="too large"):
        plot.graph(long)
    root.backward()
    with pytest.raises(GradientError):
        plot.graph(root)


def test_long_names_are_broken_and_fit_their_boxes() -> None:
    from chainrule.plot.graph import _written

    rows = _written(("binary_cross_entropy", "0.5"))
    assert [line for line, *_ in rows] == ["binary_", "cross_entropy", "0.5"]
    assert [below for _, below, *_ in rows] == sorted(below for _, below, *_ in rows)
    assert [line for line, *_ in _written(("mul", "2"))] == ["mul", "2"]
    (one, *_), *_ = _written(("averyverylongoperation", "2"))
    assert one == "averyverylongoperation"
    share = _written(("averyverylongoperation", "2"))[0][3]
    assert share < 0.6


def test_an_input_that_is_only_flattened_keeps_its_name() -> None:
    model, x = nn.Sequential(nn.Flatten(), nn.Linear(4, 1)), cr.ones(1, 2, 2)
    found = recorded(model(x).sum(), {**dict(model.named_parameters()), "picture": x})
    assert ("constant", "picture", "1×4") in {(box.kind, *box.lines) for box in found.boxes}
