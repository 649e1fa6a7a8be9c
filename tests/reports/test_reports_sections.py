"""What the sections of a report say, and when they say nothing."""

from __future__ import annotations

import json
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import chainrule as cr
from chainrule import nn
from chainrule.errors import ConfigError, DTypeError, MissingDependencyError, UnknownNameError
from chainrule.explain.influence import influence
from chainrule.messages import keys
from chainrule.reports import build
from chainrule.reports.sections import SECTIONS

pytest.importorskip("matplotlib")
pytest.importorskip("sympy")
pytest.importorskip("scipy")


@pytest.fixture(scope="module")
def xor() -> nn.Sequential:
    cr.manual_seed(3)
    model = nn.Sequential(nn.Linear(2, 2), nn.Sigmoid(), nn.Linear(2, 1))
    cr.fit(model, cr.data.load("xor"), optimizer="adam", lr=0.1, epochs=400, batch_size=4, verbose=0)
    return model


def only(model: nn.Module, data: Any, *names: str, **options: Any) -> Any:
    found = cr.report(model, data, sections=names, lang="en", **options)
    assert [one.note for one in found.sections if one.state == "failed"] == []
    return found.section(names[0]) if len(names) == 1 else found


def shown(section: Any) -> str:
    return "".join(block.html() for block in section._blocks)


def test_every_section_has_its_heading_in_both_languages() -> None:
    for lang in ("en", "ko"):
        assert {f"report.{name}_title" for name in SECTIONS} <= set(keys(lang))


def test_the_verdict_compares_with_the_majority(xor: nn.Module) -> None:
    found = only(xor, cr.data.load("xor"), "verdict")
    assert found.facts["accuracy"] == 1.0
    assert found.facts["baseline"] == 0.5
    assert "right in 100.0%" in shown(found)
    assert "right in 50.0%" in shown(found)


def test_a_network_that_learned_nothing_is_told_so() -> None:
    cr.manual_seed(0)
    X = np.random.default_rng(0).normal(size=(60, 3))
    model = nn.Sequential(nn.Linear(3, 2))
    cr.fit(model, (X, np.arange(60) % 2), epochs=1, lr=1e-6, loss="cross_entropy", verbose=0)
    assert "goes beyond" not in (said := shown(only(model, (X, np.arange(60) % 2), "verdict")))
    assert "do not show that it is better than this baseline" in said or "worse than this baseline" in said


def test_the_equation_of_a_small_network_is_closed_and_right(xor: nn.Module) -> None:
    facts = only(xor, cr.data.load("xor"), "equation").facts
    assert facts["form"] == "closed"
    assert facts["worst_error"] < 0.01
    assert facts["rows"] == 4


def test_xor_is_proved_not_to_be_separable(xor: nn.Module) -> None:
    section = only(xor, cr.data.load("xor"), "separability")
    assert section.facts["separable"] is False
    assert "(0.5, 0.5)" in shown(section)


def test_the_trace_of_a_small_network_is_complete_and_the_exercise_has_its_solutions(xor: nn.Module) -> None:
    found = only(xor, cr.data.load("xor"), "trace", "exercise", rows=[1, 2])
    trace, exercise = found.section("trace"), found.section("exercise")
    assert [one["row"] for one in trace.facts["rows"]] == [1, 2]
    assert "Every number" in shown(trace)
    assert len(exercise.facts["blanks"]) == 8
    assert "____(8)" in shown(exercise)


def test_the_row_traced_by_default_has_no_zeros_if_there_is_one(xor: nn.Module) -> None:
    assert only(xor, cr.data.load("xor"), "trace").facts["rows"][0]["row"] == 3


def test_curves_come_from_the_model_its_file_or_the_caller(xor: nn.Module, tmp_path: Path) -> None:
    data = cr.data.load("xor")
    assert only(xor, data, "curves").facts["epochs"] == 400
    xor.save(tmp_path / "a.safetensors")
    loaded = cr.load(tmp_path / "a.safetensors")
    assert only(loaded, data, "curves").facts == only(xor, data, "curves").facts
    assert only(loaded, data, "curves", history={"loss": [2.0, 1.0]}).facts["epochs"] == 2
    loaded.history = None
    section = only(loaded, data, "curves")
    assert section.state == "skipped"
    assert "no training curves" in section.note


def test_many_rows_of_many_features_are_proved_too() -> None:
    random = np.random.default_rng(0)
    X = random.normal(size=(6000, 50)).astype(np.float32)
    cr.manual_seed(0)
    section = only(nn.Sequential(nn.Linear(50, 1)), (X, X[:, 0] > 0), "separability")
    assert section.state == "shown"
    assert section.facts["separable"] is True
    assert section.facts["n_samples"] == 6000


@pytest.mark.parametrize(("lang", "answer"), [("en", "Undecided"), ("ko", "판정하지 못했습니다")])
def test_no_answer_in_time_is_a_third_answer(monkeypatch: pytest.MonkeyPatch, lang: str, answer: str) -> None:
    monkeypatch.setattr(import_module("chainrule.reports.sections.separability"), "_SECONDS", 1e-9)
    random = np.random.default_rng(0)
    X = random.normal(size=(600, 60)).astype(np.float32)
    data = X, X[:, 0] + random.normal(size=600) > 0
    found = cr.report(nn.Sequential(nn.Linear(60, 1)), data, sections=["separability"], lang=lang)
    section = found.section("separability")
    assert section.facts["separable"] is None
    assert answer in shown(section)


def test_the_diagnosis_gets_the_curves(xor: nn.Module) -> None:
    diverging = {"loss": [1.0, 5.0, 50.0, 500.0, 5000.0, 9000.0]}
    section = only(xor, cr.data.load("xor"), "diagnosis", history=diverging)
    assert "diverging" in [finding["kind"] for finding in section.facts["findings"]]
    assert "What to do" in shown(section)


def test_a_slice_shows_the_two_most_influential_inputs_in_their_units() -> None:
    random = np.random.default_rng(0)
    X = np.stack([random.normal(50, 10, 200), random.normal(0, 1, 200), random.normal(1000, 300, 200)], axis=1)
    y = 3 * X[:, 0] + 0.1 * X[:, 2]
    frame = {"age": X[:, 0], "noise": X[:, 1], "income": X[:, 2], "spent": y}
    table = cr.data.Table(frame, target="spent", name="people")
    cr.manual_seed(0)
    model = nn.Sequential(nn.Linear(3, 8), nn.ReLU(), nn.Linear(8, 1))
    cr.fit(model, table, epochs=60, lr=0.02, verbose=0)
    section = only(model, table, "decision")
    assert set(section.facts["names"]) == {"age", "income"}
    left, right, _, _ = section.facts["bounds"]
    i = ["age", "noise", "income"].index(section.facts["names"][0])
    assert left < X[:, i].min()
    assert right > X[:, i].max()
    assert "noise = " in shown(section)
    assert "off by" in shown(only(model, table, "verdict"))
    assert only(model, table, "scores").facts["scores"]["r2"] > 0.9


def test_region_formulas_of_a_quantity_are_in_its_unit() -> None:
    x = np.random.default_rng(0).normal(size=(300, 2))
    table = cr.data.Table({"a": x[:, 0], "b": x[:, 1], "y": 1000 + 200 * x[:, 0]}, target="y", name="t")
    cr.manual_seed(0)
    model = nn.Sequential(nn.Linear(2, 1))
    cr.fit(model, table, epochs=200, lr=0.05, verbose=0)
    found = cr.explain.regions(model, (-1, 1, -1, 1))
    assert found.maps[0, 0] == pytest.approx([200, 0, 1000], abs=5)


def test_influence_is_the_slope_times_the_spread() -> None:
    model = nn.Sequential(nn.Linear(3, 2))
    model[0].weight._data[...] = [[3, 0, 1], [4, 0, 0]]
    x = np.random.default_rng(0).normal(size=(50, 3)).astype(np.float32) * [1, 5, 2]
    found = influence(model.eval(), x.astype(np.float32), ("a", "b", "c"))
    assert found.values == pytest.approx(x.std(axis=0) * [5, 0, 1], rel=1e-5)
    assert found.order() == [0, 2, 1]


def test_pictures_show_mistakes_first(tmp_path: Path) -> None:
    random = np.random.default_rng(0)
    inputs = random.integers(0, 255, (60, 6, 5), dtype=np.uint8)
    np.savez(tmp_path / "p.npz", x=inputs, y=random.integers(0, 3, 60))
    data = cr.data.read(tmp_path / "p.npz")
    cr.manual_seed(0)
    model = nn.Sequential(nn.Flatten(), nn.Linear(30, 4), nn.ReLU(), nn.Linear(4, 3))
    cr.fit(model, data, epochs=2, verbose=0)
    found = only(model, data, "images", "weights", "decision", "equation", "hidden")
    assert found.section("images").facts["mistakes"] == int((cr.predict(model, data) != data.targets).sum()) > 0
    assert "three pictures" in shown(found.section("decision"))
    assert [one.state for one in found.sections] == ["shown"] * 5


def test_a_section_that_fails_says_why_and_the_rest_goes_on(xor: nn.Module, monkeypatch: pytest.MonkeyPatch) -> None:
    def without(m: Any) -> Any:
        raise MissingDependencyError("formulas need SymPy", fix='Run: pip install "chainrule[explain]"')

    def broken(m: Any) -> Any:
        raise ZeroDivisionError("of a <kind>")

    monkeypatch.setitem(build.SECTIONS, "equation", without)
    monkeypatch.setitem(build.SECTIONS, "gradients", broken)
    found = cr.report(xor, cr.data.load("xor"), sections=["verdict", "equation", "gradients"], lang="en")
    assert [one.state for one in found.sections] == ["shown", "failed", "failed"]
    assert "chainrule[explain]" in found.section("equation").note
    assert "ZeroDivisionError" in found.section("gradients").note
    assert "of a &lt;kind&gt;" in found.html()


def test_the_model_and_its_gradients_are_left_alone(xor: nn.Module) -> None:
    xor.train()
    before = {name: value._data.copy() for name, value in xor.state_dict().items()}
    only(xor, cr.data.load("xor"), "gradients", "landscape", "diagnosis")
    assert xor.training
    assert all(parameter.grad is None for parameter in xor.parameters())
    assert all((value._data == before[name]).all() for name, value in xor.state_dict().items())


def test_a_network_trained_by_hand() -> None:
    cr.manual_seed(0)
    model = nn.Sequential(nn.Linear(2, 3), nn.Tanh(), nn.Linear(3, 1))
    X = np.random.default_rng(0).normal(size=(40, 2))
    found = cr.report(model, (X, X[:, 0] > 0), sections=["verdict", "scores", "decision", "trace"], lang="ko")
    assert [one.note for one in found.sections] == [""] * 4
    assert model.objective is None


def test_facts_are_json_and_have_the_times(xor: nn.Module) -> None:
    found = only(xor, cr.data.load("xor"), "verdict", "overview", "decision", "separability", "hidden")
    content = json.loads(found.to_json())
    assert all(one["seconds"] >= 0 for one in content["sections"])
    assert found.seconds == pytest.approx(sum(one["seconds"] for one in content["sections"]))


def test_arguments_that_make_no_sense(xor: nn.Module, tmp_path: Path) -> None:
    data = cr.data.load("xor")
    with pytest.raises(UnknownNameError, match="equation"):
        cr.report(xor, data, sections="equatoin")
    with pytest.raises(ConfigError, match="0 to 3"):
        cr.report(xor, data, rows=4)
    with pytest.raises(ConfigError, match="needs a section"):
        cr.report(xor, data, sections=[])
    with pytest.raises(DTypeError, match="not a model"):
        cr.report("xor.safetensors", data)  # type: ignore[arg-type]
    with pytest.raises(UnknownNameError):
        cr.report(xor, data, lang="xx")
    with pytest.raises(ConfigError, match="folder"):
        cr.report(xor, data, tmp_path / "nowhere" / "a.html")


class Own(nn.Module):
    """A network that is no chain of the library's layers."""

    def __init__(self) -> None:
        super().__init__()
        self.inner = nn.Linear(2, 3)
        self.outer = nn.Linear(3, 1)

    def forward(self, x: Any) -> Any:
        return self.outer(self.inner(x).tanh()) + x.sum(dim=1, keepdim=True)


def several_outputs() -> tuple[nn.Module, Any]:
    X = np.random.default_rng(0).normal(size=(40, 2))
    return nn.Sequential(nn.Linear(2, 4), nn.BatchNorm1d(4), nn.ReLU(), nn.Dropout(0.1), nn.Linear(4, 2)), (
        X,
        3 * X + 1,
    )


def one_input() -> tuple[nn.Module, Any]:
    x = np.linspace(-1, 1, 40)[:, None]
    return nn.Sequential(nn.Linear(1, 4), nn.Tanh(), nn.Linear(4, 1)), (x, np.sin(3 * x))


def by_hand() -> tuple[nn.Module, Any]:
    X = np.random.default_rng(0).normal(size=(40, 2))
    return Own(), (X, X[:, 0] > 0)


@pytest.mark.parametrize(
    ("make", "skipped"), [(several_outputs, ()), (one_input, ("decision",)), (by_hand, ("equation", "decision"))]
)
def test_networks_of_other_kinds(make: Any, skipped: tuple[str, ...]) -> None:
    cr.manual_seed(0)
    model, data = make()
    cr.fit(model, data, epochs=2, verbose=0)
    found = only(model, data, "verdict", "scores", "diagnosis", "equation", "decision", "trace")
    assert {one.name for one in found.sections if one.state == "skipped"} == set(skipped)
