"""JSON Schemas of records, from the type hints and the docstrings of their classes."""

from __future__ import annotations

import inspect
import re
import sys
import types
from collections.abc import Mapping, Sequence, Set
from pathlib import Path
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

import numpy as np

from chainrule.errors import DTypeError
from chainrule.explain.record import Record

__all__ = ["record_schema", "schemas"]

_DIALECT = "https://json-schema.org/draft/2020-12/schema"
_NOT_FINITE = ["NaN", "Infinity", "-Infinity"]
_FLOAT = {"anyOf": [{"type": "number"}, {"enum": _NOT_FINITE}]}
_PLAIN: dict[Any, dict[str, Any]] = {
    Any: {},
    bool: {"type": "boolean"},
    int: {"type": "integer"},
    float: {"$ref": "#/$defs/number"},
    str: {"type": "string"},
    Path: {"type": "string"},
    None: {"type": "null"},
    type(None): {"type": "null"},
}
# What arrays of a kind of dtype hold.
_ELEMENTS: dict[str, tuple[str, dict[str, Any]]] = {
    "f": ("numbers", {"$ref": "#/$defs/number"}),
    "i": ("integers", {"type": "integer"}),
    "u": ("integers", {"type": "integer"}),
    "b": ("booleans", {"type": "boolean"}),
    "any": ("array", {"type": ["number", "string", "boolean", "null"]}),
}
_ATTRIBUTE = re.compile(r"([a-z_]\w*(?:, [a-z_]\w*)*): (.+)")


def record_schema(kind: type[Record], summaries: bool = False) -> dict[str, Any]:
    """Return the JSON Schema (draft 2020-12) of what `to_dict` of a class of records returns.

    It is strict: every name has to be there, and no other.  Numbers that are NaN or infinite are the texts "NaN",
    "Infinity" and "-Infinity".

    Args:
        kind: the class.
        summaries: allow the summary that stands for a large array in a trace.

    Raises:
        DTypeError: for a type hint that has no form in JSON.
    """
    builder = _Builder(summaries)
    root = builder.record(kind)
    return {"$schema": _DIALECT, **root, "$defs": dict(sorted(builder.definitions.items()))}


def schemas() -> dict[str, dict[str, Any]]:
    """Return the JSON Schema of every public record of `chainrule.explain`, by the class's name."""
    from chainrule import explain

    kinds = ((name, getattr(explain, name)) for name in explain.__all__ if name != "Record")
    return {name: kind.schema() for name, kind in kinds if isinstance(kind, type) and issubclass(kind, Record)}


class _Builder:
    """Collects what is used more than once."""

    def __init__(self, summaries: bool) -> None:
        self.summaries = summaries
        self.definitions: dict[str, dict[str, Any]] = {}
        self.names: dict[type[Record], str] = {}

    def record(self, kind: type[Record]) -> dict[str, Any]:
        """A reference to the definition of a class, which is made if it is not there yet."""
        if kind not in self.names:
            name = kind.__name__
            if name in self.definitions:  # two classes of one name
                name = f"{kind.__module__.rpartition('.')[2]}.{name}"
            self.names[kind] = name
            self.definitions[name] = {}  # a class may contain itself
            self.definitions[name] = self._object(kind)
        return {"$ref": f"#/$defs/{self.names[kind]}"}

    def _object(self, kind: type[Record]) -> dict[str, Any]:
        names, hints, texts = kind.json_names(), _hints(kind), _attributes(kind)
        properties = {}
        for name in names:
            about = texts.get(name)
            properties[name] = {**self.of(hints[name]), **({} if about is None else {"description": about})}
        return {
            "title": kind.__name__,
            "description": (inspect.getdoc(kind) or "").split("\n\n")[0].replace("\n", " "),
            "type": "object",
            "properties": properties,
            "required": list(names),
            "additionalProperties": False,
        }

    def of(self, hint: Any) -> dict[str, Any]:
        """The schema of a type hint."""
        if hint in _PLAIN:
            if hint is float:
                self.definitions["number"] = _FLOAT
            return dict(_PLAIN[hint])
        if isinstance(hint, type) and issubclass(hint, Record):
            return self.record(hint)
        origin, arguments = get_origin(hint), get_args(hint)
        if origin is Literal:
            return {"enum": list(arguments)}
        if origin in (Union, types.UnionType):
            return {"anyOf": [self.of(one) for one in arguments]}
        container = hint if origin is None else origin
        if not isinstance(container, type):
            raise DTypeError("a type hint has no form in JSON", got=hint)
        if issubclass(container, np.ndarray):
            return self._array(arguments)
        if issubclass(container, tuple) and arguments[1:] != (Ellipsis,):
            return self._row(arguments)
        if issubclass(container, Mapping):
            return {"type": "object", "additionalProperties": self.of(arguments[1]) if arguments else {}}
        if issubclass(container, Sequence | Set):
            return {"type": "array", "items": self.of(arguments[0]) if arguments else {}}
        raise DTypeError("a type hint has no form in JSON", got=hint)

    def _row(self, arguments: tuple[Any, ...]) -> dict[str, Any]:
        places = {"prefixItems": [self.of(one) for one in arguments], "items": False} if arguments else {}
        return {"type": "array", **places, "minItems": len(arguments), "maxItems": len(arguments)}

    def _array(self, arguments: tuple[Any, ...]) -> dict[str, Any]:
        scalar = get_args(arguments[1])[0] if len(arguments) > 1 and get_args(arguments[1]) else Any
        known = isinstance(scalar, type) and issubclass(scalar, np.generic) and scalar is not np.generic
        name, element = _ELEMENTS.get(np.dtype(scalar).kind if known else "any", _ELEMENTS["any"])
        self.of(float)
        nested = {"type": "array", "items": {"$ref": f"#/$defs/{name}"}}
        choices = [element, nested]
        if self.summaries:
            self.definitions["summary"] = self._summary()
            choices.append({"$ref": "#/$defs/summary"})
        self.definitions[name] = {"description": "An array of any number of axes, row by row.", "anyOf": choices}
        return {"$ref": f"#/$defs/{name}"}

    def _summary(self) -> dict[str, Any]:
        number = self.of(float)
        properties = {
            "shape": {"type": "array", "items": {"type": "integer"}},
            **dict.fromkeys(("min", "max", "mean", "norm"), number),
            "first": {"type": "array", "items": number},
        }
        return {
            "description": "What stands for an array of many numbers.", "type": "object", "properties": properties,
            "required": list(properties), "additionalProperties": False,
        }  # fmt: skip


def _hints(kind: type[Record]) -> dict[str, Any]:
    """Type hints of the fields and properties that JSON shows; private ones may name what cannot be imported."""
    found: dict[str, Any] = {}
    for base in reversed(kind.__mro__):
        names = vars(sys.modules[base.__module__])
        shown = {name: hint for name, hint in inspect.get_annotations(base).items() if name in kind.json_names()}
        found |= get_type_hints(types.SimpleNamespace(__annotations__=shown), names)
        for name, part in vars(base).items():
            if name in kind.json_names() and isinstance(part, property):
                found[name] = get_type_hints(part.fget)["return"]
    return found


def _attributes(kind: type[Record]) -> dict[str, str]:
    """What the docstring says of each attribute, and of the properties that JSON shows."""
    found = {
        name: (inspect.getdoc(part) or "").split("\n")[0]
        for name in kind.json_names()
        if isinstance(part := getattr(kind, name, None), property)
    }
    for base in reversed(kind.__mro__):
        found |= _section(inspect.cleandoc(base.__doc__ or ""))
    return found


def _section(docstring: str) -> dict[str, str]:
    """The part "Attributes:" of a docstring."""
    found: dict[str, str] = {}
    names: list[str] = []
    for line in docstring.partition("Attributes:\n")[2].split("\n\n")[0].splitlines():
        begins = _ATTRIBUTE.fullmatch(line.removeprefix("    ")) if not line.startswith("     ") else None
        if begins is not None:
            names = begins[1].split(", ")
            found |= dict.fromkeys(names, begins[2])
        else:
            found |= {name: f"{found[name]} {line.strip()}" for name in names}
    return found
