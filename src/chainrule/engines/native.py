"""The native engine: blocks of steps in C++ that never touch Python.

The extension keeps parameters and optimiser state in a layout of its own.  They go in before the first block, and again
after anybody may have looked at them or changed them; in between Python's copies are those of the last exchange, from
which a block that went wrong is done again.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from chainrule.core.tensor import Tensor
from chainrule.data.dataset import Dataset
from chainrule.engines import native_build
from chainrule.engines.base import BlockResult, Plan
from chainrule.engines.eager import EagerEngine
from chainrule.engines.lowering import Lowered, Refusal, described, lower, lower_data, lower_inputs, parameter_count
from chainrule.engines.threads import Crew, threads_for
from chainrule.nn import BatchNorm1d, Dropout

__all__ = ["NativeEngine", "hyperparameters", "overwrite"]

Settings = list[dict[str, Any]]
"""For each parameter group the hyperparameters of one step."""

_REPLAY_SECONDS = 1.0  # of training that may have to be done again to find the step that went wrong


@dataclass(frozen=True)
class Block:
    """Steps as the extension takes them.

    Attributes:
        index: ``(K, B)`` row numbers.
        options: names of the optimiser's hyperparameters.
        hypers: ``(K or 1, groups, options)``, their values.
    """

    index: np.ndarray
    options: list[str]
    hypers: np.ndarray

    def part(self, start: int, stop: int) -> Block:
        hypers = self.hypers if len(self.hypers) == 1 else self.hypers[start:stop]
        return Block(self.index[start:stop], self.options, hypers)


@dataclass
class State:
    """Where a run has got to.

    Attributes:
        lowered: the plan as the extension knows it.
        network: the extension's network.
        step: steps taken so far.
        exchanged: how many of them Python's copies know of.
        loaded: whether the extension has the newest parameters; if not, Python has.
        slots: names of the state arrays that the extension has, for each parameter group.
        log: blocks since the last exchange.
        seconds: what these took.
        arrays: the data set last used, with its inputs, targets and weights as the extension takes them.
        eager: the eager engine's state, once the plan was changed to something that only that engine can run.
        crew: how many threads there are.
    """

    lowered: Lowered
    network: Any
    step: int = 0
    exchanged: int = 0
    loaded: bool = False
    slots: list[tuple[str, ...]] = field(default_factory=list)
    log: list[Block] = field(default_factory=list)
    seconds: float = 0.0
    arrays: tuple[Dataset, np.ndarray, np.ndarray, np.ndarray | None] | None = None
    eager: Any = None
    crew: Crew = field(default_factory=Crew)

    @property
    def parameters(self) -> list[tuple[str, Tensor]]:
        return [pair for stage in self.lowered.stages for pair in stage.parameters]

    @property
    def statistics(self) -> list[tuple[int, BatchNorm1d]]:
        """Batch normalisations that keep running statistics, by their place among the stages."""
        layers = enumerate(stage.layer for stage in self.lowered.stages)
        return [(i, one) for i, one in layers if isinstance(one, BatchNorm1d) and one.track_running_stats]


class NativeEngine:
    """Runs chains of the library's own layers."""

    name = "native"

    def refusal(self, plan: Plan) -> str | None:
        build = native_build.load()
        if build.module is None:
            return build.reason
        try:
            lower(plan)
        except Refusal as reason:
            return str(reason)
        return None

    def prepare(self, plan: Plan) -> State:
        lowered = lower(plan)
        return State(lowered, _network(plan, lowered))

    def run(
        self,
        plan: Plan,
        state: State,
        data: Dataset,
        batch_index: np.ndarray,
        rates: list[Settings] | None,
    ) -> BlockResult:
        if not state.loaded and state.eager is None:
            self._take_over(plan, state, rates)
        lonely = batch_index.shape[1] < 2 and any(isinstance(one.layer, BatchNorm1d) for one in state.lowered.stages)
        if lonely and state.eager is None:  # a row that has nothing to be normalised by; the layer says so itself
            self.write_back(plan, state)
            self._fall_back(plan, state)
        if state.eager is not None:
            return EagerEngine().run(plan, state.eager, data, batch_index, rates)
        slots = _slots(plan, rates)
        if any(not set(needed) <= set(had) for needed, had in zip(slots, state.slots, strict=True)):
            self._exchange(plan, state)  # a schedule has switched momentum on
            self._load(plan, state, slots)
        began = time.perf_counter()
        block = Block(np.ascontiguousarray(batch_index, np.int64), *hyperparameters(plan, rates))
        result = self._steps(plan, state, data, block)
        if rates is not None:
            for group, settings in zip(plan.optimizer.param_groups, rates[len(result.losses) - 1], strict=True):
                group.update(settings)
        if not state.network.is_finite():
            return self._run_to_last_good(plan, state, data, block, result)
        state.log.append(block.part(0, len(result.losses) - result.stopped))
        state.seconds += time.perf_counter() - began
        if state.seconds > _REPLAY_SECONDS:
            self._exchange(plan, state)
        return result

    def write_back(self, plan: Plan, state: State) -> None:
        if state.eager is not None:
            EagerEngine().write_back(plan, state.eager)
        elif state.loaded:
            self._exchange(plan, state)
            state.loaded = False

    def read_back(self, plan: Plan, state: State) -> None:
        if state.eager is not None:
            EagerEngine().write_back(plan, state.eager)
        elif state.loaded:
            self._exchange(plan, state)

    def outputs(self, plan: Plan, state: State, data: Dataset) -> np.ndarray | None:
        if state.eager is not None or not state.loaded or any(not layer.track_running_stats for layer in _norms(state)):
            return None
        inputs = lower_inputs(data)
        found = np.empty((len(data), state.lowered.outputs), state.lowered.dtype)
        state.network.renew()
        state.network.predict(inputs, len(data), data.scale, _threads(state.lowered, len(data)), found)
        return found

    # Steps

    def _steps(self, plan: Plan, state: State, data: Dataset, block: Block) -> BlockResult:
        inputs, targets, weights = _arrays(state, data)
        losses = np.empty(len(block.index))
        shape = (*block.index.shape, state.lowered.outputs)
        outputs = np.empty(shape, state.lowered.dtype) if plan.keep_outputs else None
        done, stopped = state.crew.run(
            _threads(state.lowered, shape[1]),
            len(block.index),
            lambda threads: state.network.run(
                inputs, data.scale, targets, weights, block.index, block.options, block.hypers, plan.clip_norm,
                plan.clip_value, plan.seed & 0xFFFFFFFFFFFFFFFF, state.step, threads, losses, outputs,
            ),
        )  # fmt: skip
        state.step += done - stopped
        return BlockResult(losses[:done], None if outputs is None else list(outputs[:done]), stopped)

    def _run_to_last_good(
        self, plan: Plan, state: State, data: Dataset, block: Block, result: BlockResult
    ) -> BlockResult:
        """Go back to the last exchange, do again what followed, and end before the step that was too much.

        Looking at all parameters after each step would cost every training; this costs those that fail, and no more
        than `_REPLAY_SECONDS` or the block.
        """
        before = state.log
        self._replay(plan, state, data, before)
        for k in range(len(result.losses)):
            tried = self._steps(plan, state, data, block.part(k, k + 1))
            cause = None
            if not tried.stopped:
                if state.network.is_finite():
                    continue
                cause = self._first_nonfinite(plan, state)
                self._replay(plan, state, data, [*before, block.part(0, k)])
            state.log = [*before, block.part(0, k)]
            outputs = None if result.outputs is None else result.outputs[: k + 1]
            return BlockResult(result.losses[: k + 1], outputs, stopped=True, cause=cause)
        raise AssertionError("a block done again came out otherwise")

    def _replay(self, plan: Plan, state: State, data: Dataset, log: list[Block]) -> None:
        """Do all again since the last exchange."""
        self._load(plan, state, state.slots)
        for block in log:
            if len(block.index):
                self._steps(plan, state, data, block)

    def _first_nonfinite(self, plan: Plan, state: State) -> str | None:
        numbers = {id(tensor): i for i, (_, tensor) in enumerate(state.parameters)}
        for path, tensor in plan.optimizer.named_parameters():
            if not tensor.requires_grad:
                continue
            i = numbers[id(tensor)]
            values = np.empty(tensor.shape, tensor.dtype)
            state.network.get_parameter(i, values, _slots_like(state, i, tensor))
            if not np.isfinite(values).all():
                return path
        return None

    # Exchange between Python's copies and the extension's

    def _take_over(self, plan: Plan, state: State, rates: list[Settings] | None) -> None:
        """Load what Python has, which others may have changed in any way."""
        try:
            lowered = lower(plan)
            for stage in lowered.stages:
                if isinstance(stage.layer, (BatchNorm1d, Dropout)) and not stage.layer.training:
                    raise Refusal(f"layer {stage.path!r} is in evaluation mode")
        except Refusal:
            self._fall_back(plan, state)
            return
        if _identity(lowered) != _identity(state.lowered):
            state.network = _network(plan, lowered)
        state.lowered, state.exchanged = lowered, state.step
        self._load(plan, state, _slots(plan, rates))

    def _fall_back(self, plan: Plan, state: State) -> None:
        state.eager = EagerEngine().prepare(plan)
        state.eager.step = state.step

    def _load(self, plan: Plan, state: State, slots: list[tuple[str, ...]]) -> None:
        """Give the extension what Python has."""
        homes = _homes(plan)
        for i, (_, tensor) in enumerate(state.parameters):
            where, path = homes.get(id(tensor), (0, None))
            trained = path is not None and bool(tensor.requires_grad)
            kept: dict[str, Any] = {}
            arrays = []
            if path is not None and trained:
                kept = plan.optimizer.state.get(path, {})
                for name in slots[where]:
                    slot = kept.get(name)
                    if slot is None:
                        slot = plan.optimizer.initial_slot(name, tensor._data, plan.optimizer.param_groups[where])
                    arrays.append(np.ascontiguousarray(slot, tensor.dtype))
            values = np.ascontiguousarray(tensor._data)
            state.network.set_parameter(i, values, trained, where, int(kept.get("step", 0)), arrays)
        for i, layer in state.statistics:
            count = int(layer.num_batches_tracked._data)
            mean, variance = (np.ascontiguousarray(one._data) for one in (layer.running_mean, layer.running_var))
            state.network.set_statistics(i, mean, variance, count)
        state.loaded, state.slots = True, slots
        state.step, state.log, state.seconds = state.exchanged, [], 0.0

    def _exchange(self, plan: Plan, state: State) -> None:
        """Bring Python's copies up to date."""
        homes = _homes(plan)
        for i, (_, tensor) in enumerate(state.parameters):
            values = np.empty(tensor.shape, tensor.dtype)
            slots = _slots_like(state, i, tensor)
            steps = state.network.get_parameter(i, values, slots)
            where, path = homes.get(id(tensor), (0, None))
            if path is None or not tensor.requires_grad:
                continue
            overwrite(tensor, values)
            if steps:
                kept = plan.optimizer.state.get(path, {})  # may hold what these options do not need
                fresh = dict(zip(state.slots[where], slots, strict=True))
                plan.optimizer.state[path] = {**kept, "step": steps, **fresh}
        for _, tensor in state.parameters:
            tensor.grad = None
        for i, layer in state.statistics:
            mean, variance = (np.empty_like(one._data) for one in (layer.running_mean, layer.running_var))
            count = state.network.get_statistics(i, mean, variance)
            for buffer, fresh in ((layer.running_mean, mean), (layer.running_var, variance)):
                buffer._assign(fresh)
            layer.num_batches_tracked._assign(np.asarray(count, np.int64))
        state.exchanged, state.log, state.seconds = state.step, [], 0.0


def _norms(state: State) -> list[BatchNorm1d]:
    return [stage.layer for stage in state.lowered.stages if isinstance(stage.layer, BatchNorm1d)]


def _network(plan: Plan, lowered: Lowered) -> Any:
    module = native_build.load().module
    assert module is not None  # else the plan was refused
    kind = module.Network32 if lowered.dtype == np.float32 else module.Network64
    loss = lowered.loss
    return kind(lowered.inputs, described(lowered.stages), loss.name, loss.options, plan.optimizer.name)


def _identity(lowered: Lowered) -> tuple[Any, ...]:
    return lowered.dtype, described(lowered.stages), lowered.loss


def _homes(plan: Plan) -> dict[int, tuple[int, str | None]]:
    """The number of each tensor's parameter group, and the path that the optimiser knows it by."""
    return {
        id(tensor): (number, path)
        for number, group in enumerate(plan.optimizer.param_groups)
        for path, tensor in zip(group["param_names"], group["params"], strict=True)
    }


def _slots(plan: Plan, rates: list[Settings] | None) -> list[tuple[str, ...]]:
    """Names of the state arrays of each parameter group that a block needs in any of its steps."""
    found = []
    for number, group in enumerate(plan.optimizer.param_groups):
        if rates is not None and "momentum" in rates[0][number]:
            most = max(settings[number]["momentum"] for settings in rates)
            group = {**group, "momentum": max(most, group["momentum"])}
        found.append(plan.optimizer.slots(group))
    return found


def _slots_like(state: State, i: int, tensor: Tensor) -> list[np.ndarray]:
    return [np.empty(tensor.shape, tensor.dtype) for _ in range(state.network.slot_count(i))]


def overwrite(tensor: Tensor, values: np.ndarray) -> None:
    """In place, so that arrays which share the parameter's memory follow it."""
    if tensor._data.flags.writeable:
        np.copyto(tensor._data, values)
    else:
        tensor._data = values
    tensor._version += 1


def _arrays(state: State, data: Dataset) -> tuple[np.ndarray, np.ndarray, np.ndarray | None]:
    if state.arrays is None or state.arrays[0] is not data:
        weights = None if data.weights is None else np.ascontiguousarray(data.weights, np.float64)
        state.arrays = (data, *lower_data(data), weights)
    return state.arrays[1:]


def hyperparameters(plan: Plan, rates: list[Settings] | None) -> tuple[list[str], np.ndarray]:
    """Names, and ``(K or 1, groups, names)`` values."""
    groups = plan.optimizer.param_groups
    rows = [_flat({name: group[name] for name in plan.optimizer.defaults}) for group in groups]
    names = list(rows[0])
    values = np.array([[list(row.values()) for row in rows]], np.float64)
    if rates is None:
        return names, values
    values = np.repeat(values, len(rates), axis=0)
    for g in range(len(groups)):
        scheduled = [_flat(settings[g]) for settings in rates]
        for name in scheduled[0]:
            values[:, g, names.index(name)] = [one[name] for one in scheduled]
    return names, values


def _flat(options: dict[str, Any]) -> dict[str, float]:
    found = {name: float(value) for name, value in options.items() if name != "betas"}
    if "betas" in options:
        found["beta1"], found["beta2"] = map(float, options["betas"])
    return found


def _threads(lowered: Lowered, rows: int) -> int:
    """How many threads a step is worth."""
    weights = parameter_count(lowered.stages)
    return threads_for(3 * weights * rows)
