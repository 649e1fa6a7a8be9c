"""Names of the values of a computation: parameters by path, results by layer, a program's values by its variables."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from chainrule.core.tensor import Tensor
from chainrule.explain.graph import Graph, Item
from chainrule.explain.recorder import Recorder
from chainrule.nn.module import Module

__all__ = ["Known", "name_values"]


class Known:
    """Tensors and arrays that have names: (name, kind) by identity."""

    def __init__(self) -> None:
        self.tensors: dict[int, tuple[str, str]] = {}
        self.arrays: dict[int, tuple[str, str]] = {}
        self.nodes: dict[int, str] = {}
        self._alive: list[Any] = []

    def add(self, name: str, value: Any, kind: str) -> None:
        """Remember a tensor or an array by a name."""
        self._alive.append(value)
        if isinstance(value, Tensor):
            self.tensors.setdefault(id(value), (name, kind))
            if value.grad_fn is not None:
                self.nodes.setdefault(id(value.grad_fn), name)
            value = value._data
        if isinstance(value, np.ndarray) and value.ndim:
            self.arrays.setdefault(id(value), (name, kind))

    def add_model(self, model: Module) -> None:
        """Remember a model's parameters and buffers by their paths."""
        for path, parameter in model.named_parameters():
            self.add(path, parameter, "parameter")
        for path, buffer in model.named_buffers():
            self.add(path, buffer, "buffer")

    def add_variables(self, variables: Mapping[str, Any]) -> None:
        """Remember the tensors among a program's variables."""
        for name, value in variables.items():
            if isinstance(value, Module) and not name.startswith("_"):
                self.add_model(value)
        for name, value in variables.items():
            if isinstance(value, Tensor) and not name.startswith("_"):
                leaf = value.grad_fn is None and value.requires_grad
                self.add(name, value, "parameter" if leaf else "value")


def name_values(graph: Graph, recorder: Recorder, known: Known) -> None:
    """Give every leaf and every item a name of its own, and every item its layer."""
    taken: set[str] = set()
    for leaf in graph.leaves:
        name, leaf.kind = known.tensors.get(id(leaf.tensor), ("leaf", "value"))
        leaf.name = _free(name, taken)
    last: dict[int, Item] = {}
    spans = {id(item): recorder.innermost(item.sequence) for item in graph.items}
    for item in graph.items:
        span = spans[id(item)]
        if span is not None:
            item.layer = span.path
            last[id(span)] = item
    final = {id(item) for item in last.values()}
    for item in graph.items:
        span = spans[id(item)]
        own = known.nodes.get(id(item.node))
        operation = item.op.name if item.op is not None else item.node.name.removesuffix("Backward")
        if own is not None:
            name = own
        elif item.layer == "loss":
            name = "loss" if item is graph.items[-1] else f"loss.{operation}"
        elif span is None or not item.layer:
            name = "loss" if item is graph.items[-1] else operation
        elif id(item) in final and not span.inner:
            name = f"{item.layer}.output"
        else:
            name = f"{item.layer}.{operation}"
        item.name = _free(name, taken)


def _free(name: str, taken: set[str]) -> str:
    choice, number = name, 2
    while choice in taken:
        choice, number = f"{name}_{number}", number + 1
    taken.add(choice)
    return choice
