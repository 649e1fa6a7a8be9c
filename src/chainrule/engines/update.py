"""Optimiser steps on one flat buffer for each parameter group.

A network's many small arrays become views of one long one, so a step costs a handful of array operations whatever
the number of layers.  Long buffers are updated piece by piece: a piece of every array involved stays in the cache
through all the operations of the algorithm.
"""

from __future__ import annotations

import itertools
import math
from typing import Any

import numpy as np

from chainrule.core.tensor import Tensor
from chainrule.optim.clip import clip_by_norm, clip_by_value, clip_grad_norm_, clip_grad_value_
from chainrule.optim.optimizer import Optimizer

__all__ = ["FlatUpdate"]

_PIECE = 16_384  # float32 elements: 64 KiB of each array, so that five of them fit into a 512 KiB second-level cache


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
        self.gradient_views = [
            self.gradients[where].reshape(tensor.shape) for where, tensor in zip(self.slices, self.tensors, strict=True)
        ]
        self.slots = {name: optimizer.initial_slot(name, self.values, group) for name in optimizer.slots(group)}
        self._take_over()
        self.pieces = [
            (self.values[a : a + _PIECE], self.gradients[a : a + _PIECE], self._slot_pieces(a))
            for a in range(0, bounds[-1], _PIECE)
        ]

    def _slot_pieces(self, start: int) -> tuple[np.ndarray, ...]:
        return tuple(slot[start : start + _PIECE] for slot in self.slots.values())

    def _take_over(self) -> None:
        """Copy values and optimiser state in, and let the tensors be views of the buffer from now on."""
        for path, tensor, where in zip(self.paths, self.tensors, self.slices, strict=True):
            self.values[where] = tensor._data.reshape(-1)
            tensor._data = self.values[where].reshape(tensor.shape)
            known = self.optimizer.state.get(path, {})
            for name, slot in self.slots.items():
                if name in known:
                    slot[where] = np.asarray(known[name]).reshape(-1)

    def still_bound(self) -> bool:
        """Whether every tensor still is a view of the buffer (a user may have replaced its data)."""
        return all(tensor._data.base is self.values for tensor in self.tensors)

    def missing(self) -> int:
        """How many of the tensors have no gradient."""
        return sum(tensor.grad is None for tensor in self.tensors)

    def gather(self) -> None:
        """Move the gradients into the buffer."""
        for tensor, view in zip(self.tensors, self.gradient_views, strict=True):
            if tensor.grad is not None:
                view[...] = tensor.grad._data
                tensor.grad = None

    def apply(self) -> None:
        self.step += 1
        update, step, group = self.optimizer.update, self.step, self.group
        for values, gradients, slots in self.pieces:
            fresh, fresh_slots = update(values, gradients, slots, step, group)
            values[...] = fresh
            for slot, fresh_slot in zip(slots, fresh_slots, strict=True):
                slot[...] = fresh_slot
        for tensor in self.tensors:
            tensor._version += 1

    def write_back(self) -> None:
        """Put copies of the optimiser's state where `Optimizer.state_dict` finds them."""
        if not self.step:
            return
        for path, tensor, where in zip(self.paths, self.tensors, self.slices, strict=True):
            arrays = {name: slot[where].reshape(tensor.shape).copy() for name, slot in self.slots.items()}
            self.optimizer.state[path] = {"step": self.step, **arrays}


class FlatUpdate:
    """An optimiser's `step`, bit for bit, on flat buffers.

    Args:
        optimizer: supplies the algorithm, the groups, and the state to go on from.
        clip_norm: largest norm of all gradients together, or None.
        clip_value: largest absolute value of a gradient element, or None.
    """

    def __init__(self, optimizer: Optimizer, clip_norm: float | None = None, clip_value: float | None = None) -> None:
        self.optimizer, self.clip_norm, self.clip_value = optimizer, clip_norm, clip_value
        self.runs = self._runs()

    def _runs(self) -> list[_Run]:
        runs = []
        for group in self.optimizer.param_groups:
            alike: dict[tuple[str, int], list[tuple[str, Tensor]]] = {}
            for path, tensor in zip(group["param_names"], group["params"], strict=True):
                if tensor.requires_grad and tensor.numel():
                    step = int(self.optimizer.state.get(path, {}).get("step", 0))
                    alike.setdefault((tensor.dtype.name, step), []).append((path, tensor))
            runs += [_Run(self.optimizer, group, named, step) for (_, step), named in alike.items()]
        return runs

    def step(self) -> None:
        """Apply the gradients that `backward` left in the tensors, and clear them."""
        active = []
        for run in self.runs:
            missing = run.missing()
            if missing and missing < len(run.tensors):
                self._step_apart()
                return
            if not missing:
                active.append(run)
        for run in active:
            run.gather()
        if self.clip_value is not None:
            for run in active:
                run.gradients[...] = clip_by_value(run.gradients, self.clip_value)
        if self.clip_norm is not None:
            self._clip_norm(active, self.clip_norm)
        for run in active:
            run.apply()

    def _step_apart(self) -> None:
        """A step in which some parameters were not used: they are left alone, and have their own count from now on."""
        self.write_back()
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
        total = math.sqrt(sum(float(np.vdot(run.gradients, run.gradients)) for run in active))
        factor = limit / (total + 1e-6)
        if factor < 1:
            for run in active:
                run.gradients *= run.gradients.dtype.type(factor)

    def write_back(self) -> None:
        """Bring the optimiser's state up to date; the parameters are already, unless somebody replaced their arrays."""
        for run in self.runs:
            run.write_back()
        if not all(run.still_bound() for run in self.runs):
            self.runs = self._runs()
