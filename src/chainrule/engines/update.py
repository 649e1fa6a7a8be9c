"""Optimiser steps on one flat buffer for each parameter group.

A network's many small arrays become views of one long one, so a step costs a handful of array operations whatever
the number of layers.  Long buffers are updated piece by piece: a piece of every array involved stays in the cache
through all the operations of the algorithm.
"""

from __future__ import annotations

import itertools
import math
from typing import Any, TypeAlias

import numpy as np

from chainrule.core.mode import quiet
from chainrule.core.tensor import Tensor
from chainrule.optim.clip import clip_by_norm, clip_by_value, clip_factor, clip_grad_norm_, clip_grad_value_
from chainrule.optim.optimizer import Optimizer

__all__ = ["FlatUpdate", "Saved"]

_PIECE = 131_072  # elements: longer pieces leave the cache, shorter ones cost a microsecond for each array call


class _Run:
    """Parameters of one group, one dtype and one step count, laid end to end."""

    def __init__(self, optimizer: Optimizer, group: dict[str, Any], named: list[tuple[str, Tensor]], step: int) -> None:
        self.optimizer, self.group, self.step = optimizer, group, step
        self.paths = [path for path, _ in named]
        self.tensors = [tensor for _, tensor in named]
        bounds = np.cumsum([0, *(tensor.numel() for tensor in self.tensors)]).tolist()
        self.slices = [slice(start, stop) for start, stop in itertools.pairwise(bounds)]
        self.values = np.empty(bounds[-1], self.tensors[0].dtype)
        self.gradients = np.zeros_like(self.values)
        self.tensors_and_gradients = [
            (tensor, self.gradients[where].reshape(tensor.shape))
            for tensor, where in zip(self.tensors, self.slices, strict=True)
        ]
        self.slot_names = optimizer.slots(group)
        self.slots = {name: optimizer.initial_slot(name, self.values, group) for name in self.slot_names}
        self.states = [optimizer.state.get(path) for path in self.paths]
        self._take_over()
        self.pieces = [
            (self.values[a : a + _PIECE], self.gradients[a : a + _PIECE], self._slot_pieces(a))
            for a in range(0, bounds[-1], _PIECE)
        ]

    def _slot_pieces(self, start: int) -> tuple[np.ndarray, ...]:
        return tuple(slot[start : start + _PIECE] for slot in self.slots.values())

    def _take_over(self) -> None:
        """Copy values and optimiser state in, and let the tensors be views of the buffer from now on."""
        for tensor, where, known in zip(self.tensors, self.slices, self.states, strict=True):
            self.values[where] = tensor._data.reshape(-1)
            tensor._data = self.values[where].reshape(tensor.shape)
            for name, slot in self.slots.items():
                if known is not None and name in known:
                    slot[where] = np.asarray(known[name]).reshape(-1)

    def still_bound(self) -> bool:
        """Whether every tensor is still trained, and still a view of the buffer (a user may have replaced its data)."""
        return all(tensor._requires_grad and tensor._data.base is self.values for tensor in self.tensors)

    def still_known(self) -> bool:
        """Whether the optimiser's state is still what this run took over or wrote."""
        known = self.optimizer.state
        return all(known.get(path) is state for path, state in zip(self.paths, self.states, strict=True))

    def gather(self) -> bool:
        """Copy the gradients into the buffer; False if a tensor has none."""
        try:
            for tensor, gradient in self.tensors_and_gradients:
                gradient[...] = tensor.grad._data  # type: ignore[union-attr]  # None is what the handler is for
        except AttributeError:
            return False
        return True

    def apply(self) -> None:
        """Take the step, and clear the gradients."""
        self.step += 1
        update, step, group = self.optimizer.update, self.step, self.group
        if len(self.pieces) == 1:  # then new state arrays can take the place of the old ones
            slots = tuple(self.slots.values())
            self.values[...], fresh_slots = update(self.values, self.gradients, slots, step, group)
            self.slots = dict(zip(self.slots, fresh_slots, strict=True))
        else:
            for values, gradients, slots in self.pieces:
                values[...], fresh_slots = update(values, gradients, slots, step, group)
                for slot, fresh_slot in zip(slots, fresh_slots, strict=True):
                    slot[...] = fresh_slot
        for tensor in self.tensors:
            tensor.grad = None
            tensor._version += 1

    def first_nonfinite(self) -> str | None:
        """Path of the first parameter that holds an infinity or NaN."""
        if math.isfinite(self.values.sum()):  # one fast pass; a sum that overflows is looked at again
            return None
        finite = np.isfinite(self.values)
        return next((p for p, where in zip(self.paths, self.slices, strict=True) if not finite[where].all()), None)

    def write_back(self) -> None:
        """Put copies of the optimiser's state where `Optimizer.state_dict` finds them."""
        if not self.step:
            return
        for i, (path, tensor, where) in enumerate(zip(self.paths, self.tensors, self.slices, strict=True)):
            kept = self.states[i] = self.optimizer.state.setdefault(path, {})
            kept["step"] = self.step
            for name, slot in self.slots.items():
                kept[name] = slot[where].reshape(tensor.shape).copy()


_Slots: TypeAlias = dict[str, np.ndarray]
Saved: TypeAlias = list[tuple[_Run, int, np.ndarray, _Slots]]
"""What `FlatUpdate.save` remembers of each run: its step count, values and slots."""


class FlatUpdate:
    """An optimiser's `step`, bit for bit, on flat buffers.

    Args:
        optimizer: supplies the algorithm, the groups, and the state to go on from.
        clip_norm: largest norm of all gradients together, or None.
        clip_value: largest absolute value of a gradient element, or None; applied before the norm.
    """

    def __init__(self, optimizer: Optimizer, clip_norm: float | None = None, clip_value: float | None = None) -> None:
        self.optimizer, self.clip_norm, self.clip_value = optimizer, clip_norm, clip_value
        self.runs = self._runs()

    def _runs(self) -> list[_Run]:
        runs = []
        for group in self.optimizer.param_groups:
            alike: dict[tuple[str, int], list[tuple[str, Tensor]]] = {}
            for path, tensor in _trained(group):
                step = int(self.optimizer.state.get(path, {}).get("step", 0))
                alike.setdefault((tensor.dtype.name, step), []).append((path, tensor))
            runs += [_Run(self.optimizer, group, named, step) for (_, step), named in alike.items()]
        return runs

    def refresh(self) -> None:
        """Notice what was changed from outside since the last step.

        That is: arrays of parameters, the optimiser's state, parameters that were frozen, unfrozen or added, and
        options that need other state (momentum that was 0).
        """
        if not all(run.still_known() for run in self.runs):
            self.runs = self._runs()  # someone loaded another state: it counts, not what is here
            return
        trained = sum(1 for group in self.optimizer.param_groups for _ in _trained(group))
        if trained != sum(len(run.tensors) for run in self.runs) or not all(run.still_bound() for run in self.runs):
            self._rebuild()
        else:
            self.refresh_slots()

    def refresh_slots(self) -> None:
        """Notice options that need other state than before."""
        if any(run.slot_names != self.optimizer.slots(run.group) for run in self.runs):
            self._rebuild()

    def _rebuild(self) -> None:
        for run in self.runs:
            run.write_back()
        self.runs = self._runs()

    def step(self) -> None:
        """Apply the gradients that `backward` left in the tensors, and clear them."""
        active = []
        for run in self.runs:
            if run.gather():
                active.append(run)
            elif any(tensor.grad is not None for tensor in run.tensors):
                self._step_apart()
                return
        if self.clip_value is not None:
            for run in active:
                run.gradients[...] = clip_by_value(run.gradients, self.clip_value)
        if self.clip_norm is not None:
            self._clip_norm(active, self.clip_norm)
        for run in active:
            run.apply()

    def _step_apart(self) -> None:
        """A step in which some parameters were not used: they are left alone, and have their own count from now on."""
        for run in self.runs:
            run.write_back()
        tensors = [tensor for run in self.runs for tensor in run.tensors]
        if self.clip_value is not None:
            clip_grad_value_(tensors, self.clip_value)
        if self.clip_norm is not None:
            clip_grad_norm_(tensors, self.clip_norm)
        self.optimizer.step()
        self.optimizer.zero_grad()
        self.runs = self._runs()

    @staticmethod
    def _clip_norm(active: list[_Run], limit: float) -> None:
        if len(active) == 1:
            run = active[0]
            run.gradients[...] = clip_by_norm(run.gradients, limit)[0]
            return
        total = np.sqrt(np.float64(sum(float(np.vdot(run.gradients, run.gradients)) for run in active)))
        factor = clip_factor(total, limit)
        for run in active:
            run.gradients *= run.gradients.dtype.type(factor)

    def write_back(self) -> None:
        """Bring the optimiser's state up to date; the parameters are, for they are views of the buffers."""
        for run in self.runs:
            run.write_back()

    # Going back to where a step went wrong

    def first_nonfinite(self) -> str | None:
        """Path of the first parameter that holds an infinity or NaN, or None."""
        with quiet():
            return next((path for run in self.runs if (path := run.first_nonfinite()) is not None), None)

    def save(self) -> Saved:
        """Copies of parameters and optimiser state, for `restore`."""
        return [
            (run, run.step, run.values.copy(), {name: slot.copy() for name, slot in run.slots.items()})
            for run in self.runs
        ]

    def restore(self, saved: Saved) -> None:
        """Put parameters and optimiser state back."""
        for run, step, values, slots in saved:
            for path, tensor, where in zip(run.paths, run.tensors, run.slices, strict=True):
                tensor._data = values[where].reshape(tensor.shape)
                tensor._version += 1
                tensor.grad = None
                self.optimizer.state.pop(path, None)
                if step:
                    kept = {name: slot[where].reshape(tensor.shape) for name, slot in slots.items()}
                    self.optimizer.state[path] = {"step": step, **kept}
        self.runs = self._runs()


def _trained(group: dict[str, Any]) -> list[tuple[str, Tensor]]:
    """A group's parameters that are not frozen, with their paths."""
    named = zip(group["param_names"], group["params"], strict=True)
    return [(path, tensor) for path, tensor in named if tensor.requires_grad and tensor.numel()]
