"""Every record has a strict JSON Schema, and what `to_dict` returns is valid against it."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

import chainrule as cr
from chainrule import explain, nn
from chainrule.errors import DTypeError
from chainrule.explain.record import Record
from chainrule.explain.schema import record_schema

TYPES: dict[str, Callable[[Any], bool]] = {
    "object": lambda x: isinstance(x, dict),
    "array": lambda x: isinstance(x, list),
    "string": lambda x: isinstance(x, str),
    "boolean": lambda x: isinstance(x, bool),
    "integer": lambda x: isinstance(x, int) and not isinstance(x, bool),
    "number": lambda x: isinstance(x, int | float) and not isinstance(x, bool),
    "null": lambda x: x is None,
}
KNOWN = """$schema $ref $defs title description type enum anyOf properties required additionalProperties items
prefixItems minItems maxItems""".split()


def faults(value: Any, schema: Any, root: dict[str, Any], where: str = "$") -> list[str]:
    """What is wrong with a value, by the part of JSON Schema that records use; any other keyword is a fault."""
    if isinstance(schema, bool):
        return [] if schema else [f"{where}: nothing is allowed here"]
    found = [f"{where}: unknown keyword {key}" for key in schema if key not in KNOWN]
    if "$ref" in schema:
        found += faults(value, root["$defs"][schema["$ref"].removeprefix("#/$defs/")], root, where)
    kinds = [schema["type"]] if isinstance(schema.get("type"), str) else schema.get("type", [])
    if kinds and not any(TYPES[kind](value) for kind in kinds):
        return [*found, f"{where}: {value!r} is not {kinds}"]
    if "enum" in schema and value not in schema["enum"]:
        found.append(f"{where}: {value!r} is none of {schema['enum']}")
    if "anyOf" in schema:
        tries = [faults(value, one, root, where) for one in schema["anyOf"]]
        found += [] if any(not one for one in tries) else min(tries, key=len)
    if isinstance(value, dict):
        known, more = schema.get("properties", {}), schema.get("additionalProperties", True)
        found += [f"{where}: lacks {name}" for name in schema.get("required", ()) if name not in value]
        for name, item in value.items():
            found += faults(item, known.get(name, more), root, f"{where}.{name}")
    if isinstance(value, list):
        if not schema.get("minItems", 0) <= len(value) <= schema.get("maxItems", len(value)):
            found.append(f"{where}: {len(value)} items")
        first = schema.get("prefixItems", [])
        for i, item in enumerate(value):
            found += faults(item, first[i] if i < len(first) else schema.get("items", True), root, f"{where}[{i}]")
    return found


@cache
def network() -> nn.Sequential:
    cr.manual_seed(0)
    model = nn.Sequential(nn.Linear(2, 3), nn.ReLU(), nn.Linear(3, 1))
    cr.fit(model, cr.data.load("xor"), optimizer="adam", lr=0.1, epochs=20, verbose=0)
    return model


def trace() -> explain.Trace:
    return explain.trace(network(), [[0.0, 1.0]], [[1.0]], "bce_with_logits", optimizer="adam")


def large_trace() -> explain.Trace:
    model = nn.Sequential(nn.Linear(100, 2))
    return explain.trace(model, np.ones((1, 100)), np.array([1]), "cross_entropy", optimizer={"name": "sgd", "lr": 0.1})


def perceptron() -> explain.Perceptron:
    return explain.Perceptron(np.array([0.5, 0.5]), -0.7)


XOR = np.array([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]]), np.array([0, 1, 1, 0])
EXAMPLES: dict[str, list[Callable[[], Any]]] = {
    "ArrayProducts": [
        lambda: explain.array_products([1.0, 2.0], [3.0, 4.0]), lambda: explain.array_products([[1, 2]], [3, 4, 5]),
    ],
    "Check": [lambda: trace().check("0.weight[1,0].grad", 0.5), lambda: trace().check("loss", trace().loss)],
    "Collapse": [lambda: explain.collapse(nn.Sequential(nn.Linear(2, 3), nn.Linear(3, 1)))],
    "Composition": [explain.xor_from_gates],
    "DecisionLine": [lambda: perceptron().line()],
    "Diagnosis": [
        lambda: explain.diagnose(network(), cr.data.load("xor")),
        lambda: explain.diagnose(network(), None, {"loss": [1.0, float("nan")]}),
    ],
    "Finding": [lambda: explain.diagnose(network(), None, {"loss": [1.0, float("nan")]}).findings[0]],
    "LayerHealth": [lambda: explain.diagnose(network(), cr.data.load("xor")).layers[0]],
    "Equation": [
        lambda: explain.equation(network(), digits=3), lambda: explain.equation(network(), max_terms=1),
    ],
    "Exercise": [lambda: trace().exercise(1)],
    "ForwardPass": [explain.three_layer_forward],
    "HiddenSpace": [lambda: explain.hidden_space(network(), XOR[0], lines=2, steps=2)],
    "Stage": [lambda: explain.hidden_space(network(), XOR[0], lines=2, steps=2).stages[0]],
    "Landscape": [
        lambda: explain.landscape(network(), cr.data.load("xor"), points=3),
        lambda: explain.landscape(network(), cr.data.load("xor"), ("0.weight[0,0]", "2.bias[0]"), points=2),
    ],
    "Learning": [
        lambda: explain.Perceptron.fit(XOR[0], [0, 0, 0, 1]), lambda: explain.Perceptron.fit(*XOR, epochs=2),
    ],
    "LineRegions": [lambda: explain.line_regions([[1, 0, 0], [0, 1, 0], [1, 1, -1]])],
    "Neuron": [lambda: explain.neuron([3, -2], 1), lambda: explain.neuron([0, 1, 0], 1)],
    "Perceptron": [perceptron],
    "Plane": [lambda: explain.plane_of_features(["a", "b", "c"], "a", "c")],
    "Projection": [lambda: explain.projection([1, 2], [3, 4]), lambda: explain.projection([0, 0], [3, 4])],
    "Regions": [
        lambda: explain.regions(network(), (0, 1, 0, 1)),
        lambda: explain.regions(nn.Sequential(nn.Linear(2, 2), nn.Tanh(), nn.Linear(2, 1)), (0, 1, 0, 1)),
    ],
    "Separability": [
        lambda: explain.separability(*XOR), lambda: explain.separability(XOR[0], [0, 0, 0, 1]),
        lambda: explain.separability(XOR[0], ["a", "b", "c", "c"]),
    ],
    "SoftmaxOverflow": [explain.softmax_overflow, lambda: explain.softmax_overflow([1.0, 2.0], "float32")],
    "Trace": [trace, large_trace],
    "TracedNeuron": [lambda: trace().neuron("0", 1)],
}  # fmt: skip


@pytest.mark.parametrize("name", EXAMPLES)
def test_records_are_valid_against_their_schemas(name: str) -> None:
    pytest.importorskip("scipy")
    pytest.importorskip("sympy")
    for make in EXAMPLES[name]:
        record = make()
        schema = type(record).schema()
        assert schema == explain.schemas()[name]
        content = json.loads(record.to_json())
        assert faults(content, schema, schema) == []
        for change in ({**content, "more": 1}, dict(list(content.items())[1:]), [content]):
            assert faults(change, schema, schema), "the schema lets everything pass"


def test_there_is_an_example_of_every_public_record() -> None:
    assert set(EXAMPLES) == set(explain.schemas())


def test_records_of_training_are_valid_too() -> None:
    from chainrule.train import range_test, restarts

    def build() -> nn.Module:
        return nn.Sequential(nn.Linear(2, 2), nn.Tanh(), nn.Linear(2, 1))

    xor = cr.data.load("xor")
    for record in (range_test(build(), xor, steps=5), restarts(build, xor, 2, epochs=2, goal=0.5)):
        schema = type(record).schema()
        assert faults(json.loads(record.to_json()), schema, schema) == []


def every_record(kind: type[Record] = Record) -> list[type[Record]]:
    found = [one for sub in kind.__subclasses__() for one in [sub, *every_record(sub)]]
    return [one for one in found if one.__module__.startswith("chainrule.")]


def test_every_attribute_is_described() -> None:
    explain.schemas()
    kinds = every_record()
    assert len(kinds) > 30
    for kind in kinds:
        for name, definition in kind.schema()["$defs"].items():
            assert definition["description" if "properties" in definition else "anyOf"], name
            if name != "summary":
                assert all("description" in part for part in definition.get("properties", {}).values()), (kind, name)


def test_wrong_values_are_found() -> None:
    record = explain.neuron([3, -2], 1)
    schema, content = type(record).schema(), record.to_dict()
    for wrong in (
        {"bias": "one"}, {"bias": None}, {"bias": True}, {"weights": [1, "x"]}, {"weights": None}, {"intercepts": 3},
        {"slope": [1]},
    ):  # fmt: skip
        assert faults({**content, **wrong}, schema, schema), wrong
    for right in ({"bias": "NaN"}, {"bias": 1}, {"slope": None}, {"weights": [[1, 2], [3, "Infinity"]]}):
        assert not faults({**content, **right}, schema, schema), right


@dataclass(frozen=True)
class Inner(Record):
    """Inside.

    Attributes:
        a, b: two
            numbers.
    """

    a: int
    b: float


@dataclass(frozen=True)
class Outer(Record):
    """Around.

    Attributes:
        pair: a text and a number.
        many: any number: even none.
        table: by name.
        counts: whole numbers.
    """

    pair: tuple[str, float]
    many: tuple[Inner, ...]
    table: Mapping[str, list[bool]]
    counts: NDArray[np.int8] | None
    _private: Any = None

    @property
    def size(self) -> int:
        """How many there are.

        And more.
        """
        return len(self.many)

    @classmethod
    def json_names(cls) -> tuple[str, ...]:
        return (*super().json_names(), "size")


def test_hints_become_schemas() -> None:
    schema = Outer.schema()
    inner, outer = schema["$defs"]["Inner"], schema["$defs"]["Outer"]
    assert inner["properties"]["b"] == {"$ref": "#/$defs/number", "description": "two numbers."}
    assert outer["required"] == ["pair", "many", "table", "counts", "size"]
    assert outer["properties"]["size"] == {"type": "integer", "description": "How many there are."}
    assert outer["properties"]["many"]["description"] == "any number: even none."
    record = Outer(("a", 1.0), (Inner(1, 2.0),), {"x": [True]}, np.array([[1, 2]], np.int8), object())
    assert record.to_dict()["size"] == 1
    assert faults(json.loads(record.to_json()), schema, schema) == []
    for wrong in ({"pair": ["a"]}, {"pair": ["a", 1.0, 2]}, {"table": {"x": [1]}}, {"counts": [1.5]}, {"many": [{}]}):
        assert faults({**record.to_dict(), **wrong}, schema, schema), wrong


def test_two_classes_of_one_name_in_one_schema() -> None:
    first = type("Same", (Inner,), {"__module__": __name__, "__doc__": "One."})
    other = dataclass(frozen=True)(
        type("Same", (Record,), {"__annotations__": {"inner": first}, "__module__": __name__, "__doc__": "Other."})
    )
    names = [name for name in record_schema(other)["$defs"] if name.endswith("Same")]
    assert len(names) == 2


def test_what_has_no_form_in_json_is_refused() -> None:
    @dataclass(frozen=True)
    class Bad(Record):
        """A function."""

        call: complex

    with pytest.raises(DTypeError, match="no form in JSON"):
        Bad.schema()


def test_schemas_are_valid_themselves() -> None:
    jsonschema = pytest.importorskip("jsonschema")
    for schema in explain.schemas().values():
        jsonschema.Draft202012Validator.check_schema(schema)
    validator = jsonschema.Draft202012Validator(explain.Trace.schema())
    validator.validate(json.loads(large_trace().to_json()))
    assert re.fullmatch(r"https://json-schema\.org/.*", explain.Trace.schema()["$schema"])
