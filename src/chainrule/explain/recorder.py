"""Which layer an operation belongs to: each layer's call is a span of the numbers that recorded operations get."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from chainrule.core.node import Node
from chainrule.core.tensor import HookHandle
from chainrule.nn.module import Module

__all__ = ["Recorder", "Span"]


@dataclass
class Span:
    """One call of a layer."""

    path: str
    module: Module | None
    start: int
    stop: int = 0
    call: int = 1
    inner: bool = False  # other layers were called within

    def holds(self, sequence: int) -> bool:
        return self.start < sequence < self.stop


class Recorder:
    """Notes the calls of a model's layers while it is attached."""

    def __init__(self) -> None:
        self.spans: list[Span] = []
        self._open: list[Span] = []
        self._handles: list[HookHandle] = []
        self._bare: list[Module] = []

    def attach(self, model: Module) -> None:
        """Watch every layer of `model`."""
        for path, module in model.named_modules():
            if module._hooks is None:
                self._bare.append(module)
            self._handles.append(module.register_forward_pre_hook(self._enter(path)))
            self._handles.append(module.register_forward_hook(self._leave))

    def detach(self) -> None:
        """Leave the model as it was found."""
        for handle in self._handles:
            handle.remove()
        for module in self._bare:
            module._hooks = None  # a module without hooks is called without detours
        self._bare.clear()
        self._handles.clear()
        self._open.clear()

    def begin(self, path: str, module: Module | None = None) -> None:
        """A layer's call begins."""
        for outer in self._open:
            outer.inner = True
        calls = sum(span.path == path for span in self.spans)
        span = Span(path, module, _now(), call=calls + 1)
        self.spans.append(span)
        self._open.append(span)

    def end(self) -> None:
        """The innermost call ends."""
        self._open.pop().stop = _now()

    def innermost(self, sequence: int) -> Span | None:
        """The call in which an operation was recorded."""
        return next((span for span in reversed(self.spans) if span.holds(sequence)), None)

    def _enter(self, path: str) -> Callable[..., None]:
        def hook(module: Module, args: Any) -> None:
            self.begin(path, module)

        return hook

    def _leave(self, module: Module, args: Any, output: Any) -> None:
        self.end()


def _now() -> int:
    """A number between those of the operations recorded before and after."""
    return Node(()).sequence
