"""`GradientTape`: TensorFlow's way of asking for gradients, on ordinary tensors."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from types import TracebackType
from typing import Any

import numpy as np

from chainrule.core.backward import grad
from chainrule.core.mode import state
from chainrule.core.tensor import Tensor
from chainrule.errors import GradientError, UnknownNameError

__all__ = ["GradientTape"]


class _Active(threading.local):
    def __init__(self) -> None:
        self.tapes: list[GradientTape] = []


_active = _Active()


class GradientTape:
    """Record what is computed in a block, and differentiate it afterwards.

    Args:
        persistent: allow `gradient` to be called more than once.
        watch_accessed_variables: record operations on tensors with ``requires_grad=True`` (TensorFlow's variables)
            without being told to; if False, only those given to `watch`.

    Example::

        x = cr.tensor(3.0)
        with cr.GradientTape() as tape:
            tape.watch(x)
            y = x * x
        tape.gradient(y, x)  # 6

    Tapes nest: a gradient taken inside an outer tape's block is itself recorded by that tape.
    """

    def __init__(self, persistent: bool = False, watch_accessed_variables: bool = True) -> None:
        self.persistent = persistent
        self.watch_accessed_variables = watch_accessed_variables
        self._watched: list[tuple[Tensor, bool]] = []
        self._hidden: list[Tensor] = []
        self._used = False
        self._outer_mode = True

    def __enter__(self) -> GradientTape:
        _active.tapes.append(self)
        self._outer_mode = state.grad_enabled
        state.grad_enabled = True
        self._used = False
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        _active.tapes.remove(self)
        state.grad_enabled = self._outer_mode
        for tensor, before in reversed(self._watched):
            tensor._requires_grad = before

    def watch(self, tensor: Any) -> None:
        """Record what is done from now on with `tensor` (a tensor, or a list or dict of tensors).

        Raises:
            GradientError: outside the tape's block.
            DTypeError: if the tensor does not hold floating-point numbers.
        """
        if self not in _active.tapes:
            raise GradientError(
                "watch() works only inside the tape's block", fix="Write `with GradientTape() as tape:`"
            )
        for one in _flat(tensor):
            if not isinstance(one, Tensor):
                raise GradientError("watch() takes tensors", got=type(one).__name__, fix="Make one with cr.tensor(…)")
            if one.grad_fn is None and not one.requires_grad:
                self._watched.append((one, False))
                one.requires_grad = True
            self._hidden.append(one)

    def watched_variables(self) -> tuple[Tensor, ...]:
        """The tensors given to `watch`, in order."""
        return tuple(self._hidden)

    def gradient(
        self, target: Any, sources: Any, output_gradients: Any = None, unconnected_gradients: str = "none"
    ) -> Any:
        """d(Σ target)/d(source) for each source, in the structure of `sources` (a tensor, list, tuple or dict).

        Args:
            target: tensor (or list of tensors) computed in the block; several elements are summed, as in TensorFlow.
            sources: watched tensors, parameters, or intermediate results.
            output_gradients: weights for the elements of `target`, instead of ones.
            unconnected_gradients: ``"none"`` or ``"zero"`` for sources that `target` does not depend on.

        Raises:
            GradientError: on a second call, unless the tape is persistent.
            UnknownNameError: for any other ``unconnected_gradients``.
        """
        if self._used and not self.persistent:
            raise GradientError(
                "A non-persistent GradientTape can only be used to compute one set of gradients",
                fix="Use GradientTape(persistent=True)",
            )
        if unconnected_gradients not in ("none", "zero"):
            raise UnknownNameError("unconnected_gradients", unconnected_gradients, ("none", "zero"))
        self._used = True
        targets = _flat(target)
        weights = _flat(output_gradients) if output_gradients is not None else [None] * len(targets)
        pairs = [(t, _ones(t) if w is None else w) for t, w in zip(targets, weights, strict=True) if t.requires_grad]
        wanted = _flat(sources)
        higher = any(tape is not self for tape in _active.tapes) or (self.persistent and self in _active.tapes)
        found = self._differentiate(pairs, wanted, higher)
        if unconnected_gradients == "zero":
            found = [w.zeros_like() if g is None else g for w, g in zip(wanted, found, strict=True)]
        return _rebuilt(sources, iter(found))

    def _differentiate(self, pairs: list[tuple[Tensor, Any]], wanted: Sequence[Tensor], higher: bool) -> list[Any]:
        # Leaving the block gave watched tensors their old flag back; the recorded graph still ends at them.
        asleep = [w for w in wanted if not w.requires_grad]
        for tensor in asleep:
            tensor._requires_grad = tensor.dtype.kind == "f"
        try:
            if not pairs:
                return [None] * len(wanted)
            usable = [w for w in wanted if w.requires_grad and self._sees(w)]
            gradients = iter(
                grad(
                    [t for t, _ in pairs],
                    usable,
                    [w for _, w in pairs],
                    retain_graph=True,
                    create_graph=higher,
                    allow_unused=True,
                )
            )
            return [next(gradients) if any(w is u for u in usable) else None for w in wanted]
        finally:
            for tensor in asleep:
                tensor._requires_grad = False

    def _sees(self, tensor: Tensor) -> bool:
        if self.watch_accessed_variables or tensor.grad_fn is not None:
            return True
        return any(tensor is watched for watched in self._hidden)

    def jacobian(self, target: Tensor, source: Tensor) -> Tensor:
        """d target / d source, of shape ``target.shape + source.shape``."""
        if self._used and not self.persistent:
            raise GradientError("A non-persistent GradientTape can only be used to compute one set of gradients")
        rows = []
        for i in range(target.numel()):
            weight = np.zeros(target.numel(), target.dtype)
            weight[i] = 1
            self._used = False
            row = self.gradient(target, source, Tensor.of(weight.reshape(target.shape)), "zero")
            rows.append(row)
        self._used = True
        from chainrule.core.functions import stack

        return stack(rows).reshape(*target.shape, *source.shape)  # type: ignore[no-any-return]

    def reset(self) -> None:
        """Forget that gradients were taken and what was watched."""
        for tensor, before in reversed(self._watched):
            tensor._requires_grad = before
        self._watched, self._hidden, self._used = [], [], False


def _ones(tensor: Tensor) -> Tensor:
    return Tensor.of(np.ones(tensor.shape, tensor.dtype))


def _flat(value: Any) -> list[Any]:
    if isinstance(value, dict):
        return [leaf for part in value.values() for leaf in _flat(part)]
    if isinstance(value, (list, tuple)):
        return [leaf for part in value for leaf in _flat(part)]
    return [value]


def _rebuilt(structure: Any, leaves: Any) -> Any:
    if isinstance(structure, dict):
        return {key: _rebuilt(part, leaves) for key, part in structure.items()}
    if isinstance(structure, (list, tuple)):
        return type(structure)([_rebuilt(part, leaves) for part in structure])
    return next(leaves)
