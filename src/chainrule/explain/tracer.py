"""Every number of one forward and backward pass: `trace` for models, `tracing` for programs of one's own."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from types import TracebackType
from typing import Any, Self

import numpy as np

from chainrule import losses, optim
from chainrule.core import rng
from chainrule.core.mode import enable_grad, quiet
from chainrule.core.node import OpNode
from chainrule.core.tensor import Tensor
from chainrule.errors import ConfigError, DataError, DTypeError, GradientError
from chainrule.explain.graph import Graph, gather
from chainrule.explain.naming import Known, name_values
from chainrule.explain.recorder import Recorder, Span
from chainrule.explain.steps import Arrival, Input, LayerTrace, Source, Step
from chainrule.explain.trace_record import Trace
from chainrule.explain.updates import Update, update_of
from chainrule.losses import Loss
from chainrule.nn.evaluation import keeping_buffers, keeping_modes
from chainrule.nn.module import Module
from chainrule.optim import Optimizer

__all__ = ["Tracing", "trace", "tracing"]

# Operations whose output element depends on the inputs' elements at the same place alone: they have a local
# derivative that is one number per element.
ELEMENTWISE = frozenset(
    """add sub mul div neg pow exp expm1 log log1p sqrt abs sign sin cos erf tanh sigmoid relu leaky_relu elu selu gelu
    silu softplus mish hardtanh step maximum minimum clip binary_cross_entropy""".split()
)


def trace(
    model: Module,
    x: Any,
    y: Any = None,
    loss: Any = None,
    optimizer: Any = None,
    *,
    training: bool | None = None,
    seed: int | None = None,
    step: int = 1,
) -> Trace:
    """Trace one forward and backward pass of `model`, and the update that an optimiser would make.

    The model is left as it was: parameters, gradients, running statistics, mode and random numbers.

    Args:
        model: any network.
        x: one sample or a batch, as the model sees it; or a pair ``(x, y)``, or a `Dataset`.
        y: the target or targets, in the loss's form.
        loss: name or `Loss`; default: the one that the model was trained with.
        optimizer: name, `optim.Optimizer.config` or an optimiser that has been training this model, whose moments
            are then gone on from; default: no update.
        training: trace in training mode (True: dropout drops, batch normalisation uses the batch) or in evaluation
            mode; default: the mode that the model is in.
        seed: of the dropout masks; default: that of `manual_seed`.
        step: number of the training step whose dropout masks are used.

    Returns:
        a `Trace`.

    Raises:
        ConfigError: if no loss is known, or it does not give one number.
        DataError: if the target is missing.
        ShapeError, DTypeError: for inputs or targets that do not fit.
    """
    if not isinstance(model, Module):
        raise DTypeError("trace takes a model", expected="a Module", got=type(model).__name__)
    objective = _objective(model, loss)
    if y is None:
        x, y = _pair(x)
    with _borrowed(model, training):
        inputs, targets, single = _prepared(model, objective, x, y)
        recording = Tracing(model)
        with rng.at_step(rng.initial_seed() if seed is None else seed, step), recording, quiet():
            output = model(inputs)
            if not isinstance(output, Tensor):
                raise DTypeError("a model to trace gives one tensor", got=type(output).__name__)
            target = _target(objective, targets, output, single)
            recording.recorder.begin("loss")
            value = objective(output, target)
            recording.recorder.end()
        recording.known.add("x", inputs, "input")
        recording.known.add("y", target, "target")
        return recording.finish(value, model, objective, optimizer, len(output) if output.ndim else 1)


class Tracing:
    """Context in which a program of one's own is traced.

    ::

        with explain.tracing() as t:
            hidden = (x @ w1 + b1).sigmoid()
            loss = ((hidden @ w2 + b2 - y) ** 2).mean()
        found = t.trace(loss)

    Args:
        model: whose layers' calls are to be told apart; None for plain tensor code.
    """

    def __init__(self, model: Module | None = None) -> None:
        self.recorder, self.known = Recorder(), Known()
        self._model = model
        self._grad = enable_grad()

    def __enter__(self) -> Self:
        if self._model is not None:
            self.recorder.attach(self._model)
            self.known.add_model(self._model)
        self._grad.__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._grad.__exit__(kind, error, trace)
        self.recorder.detach()

    def trace(self, loss: Tensor, optimizer: Any = None, **names: Any) -> Trace:
        """The trace of everything that led to `loss`; call it before `backward` frees the graph.

        Args:
            loss: a tensor of one number.
            optimizer: as for `trace`; one by name updates the leaves that are parameters.
            **names: tensors by the names they shall have; default: those of the caller's variables.

        Raises:
            GradientError: if `loss` was not recorded or is not one number.
        """
        for name, tensor in names.items():
            self.known.add(name, tensor, "parameter" if getattr(tensor, "requires_grad", False) else "value")
        caller = sys._getframe(1)
        self.known.add_variables({**caller.f_globals, **caller.f_locals})
        return self.finish(loss, self._model, None, optimizer, None)

    def finish(
        self, loss: Any, model: Module | None, objective: Loss | None, optimizer: Any, samples: int | None
    ) -> Trace:
        """Walk back from `loss` and put everything found into a `Trace`."""
        if not isinstance(loss, Tensor) or loss._data.size != 1:
            raise GradientError(
                "a trace ends in one number",
                got=f"shape {tuple(getattr(loss, 'shape', ()))}",
                fix="Reduce it with mean() or sum()",
            )
        graph = gather(loss)
        name_values(graph, self.recorder, self.known)
        totals, parts = graph.backward()
        arrivals = {
            key: tuple(Arrival(graph.items[part.user].name, part.gradient) for part in found)
            for key, found in parts.items()
        }
        sources = tuple(
            Source(leaf.name, leaf.kind, leaf.value, totals.get(-1 - n), arrivals.get(-1 - n, ()))
            for n, leaf in enumerate(graph.leaves)
        )
        steps = tuple(
            _step(graph, i, totals.get(i), arrivals.get(i, ()), parts, self.known) for i in range(len(graph.items))
        )
        return Trace(
            float(loss._data.reshape(-1)[0]),
            None if objective is None else objective.name,
            samples,
            _layers(self.recorder, graph),
            steps,
            sources,
            _update(optimizer, model, graph, totals),
            graph,
        )


def tracing(model: Module | None = None) -> Tracing:
    """A context that traces a program of one's own; see `Tracing`."""
    return Tracing(model)


# Before the walk -----------------------------------------------------------------------------------------------------


def _objective(model: Module, loss: Any) -> Loss:
    found = model.objective if loss is None else losses.get(loss)
    if found is None:
        raise ConfigError("the model does not know its loss", fix='Name one, e.g. loss="cross_entropy"')
    if found.reduction == "none":
        raise ConfigError("a trace ends in one number", got="reduction='none'", fix="Use 'mean' or 'sum'")
    return found


def _pair(x: Any) -> tuple[Any, Any]:
    if hasattr(x, "batch") and hasattr(x, "targets"):
        x = x.batch(np.arange(len(x)))
    if isinstance(x, tuple) and len(x) == 2 and x[1] is not None:
        return x[0], x[1]
    raise DataError("a trace needs the target, too", fix="Pass trace(model, x, y)")


@contextmanager
def _borrowed(model: Module, training: bool | None) -> Iterator[None]:
    """Give the model back with the modes and buffers that it came with."""
    with keeping_modes(model), keeping_buffers(model):
        if training is not None:
            model.train(training)
        yield


def _prepared(model: Module, objective: Loss, x: Any, y: Any) -> tuple[Tensor, np.ndarray, bool]:
    """The batch as a tensor that gradients reach, the targets, and whether it was one sample."""
    dtype = next((p.dtype for p in model.parameters()), np.dtype(np.float32))
    values, targets = _array(x, "inputs"), _array(y, "targets")
    shape = getattr(getattr(model.preprocessing, "inputs", None), "shape", None)
    single = values.ndim < 2 or targets.ndim == 0 or (shape is not None and values.shape == tuple(shape))
    if values.dtype == np.uint8:
        values = values.astype(dtype) * dtype.type(getattr(model.preprocessing, "scale", None) or 1 / 255)
    batch = np.array(values[None] if single else values, dtype)
    if not np.isfinite(batch).all():
        raise DataError("inputs hold NaN or infinity")
    inputs = Tensor.of(batch)
    inputs.requires_grad = True
    return inputs, targets, single


def _array(value: Any, what: str) -> np.ndarray:
    try:
        array = np.asarray(getattr(value, "_data", value))
    except (ValueError, TypeError) as error:
        raise DataError(f"{what} are not one array of numbers", where=str(error)[:80]) from error
    if array.dtype.kind not in "fiub":
        raise DTypeError(f"{what} are numbers", got=f"dtype {array.dtype}", fix="Encode text as numbers first")
    return array


def _target(objective: Loss, targets: np.ndarray, output: Tensor, single: bool) -> np.ndarray:
    if single and (targets.ndim == 0 or targets.shape == tuple(output.shape[1:])):
        targets = targets[None]
    if objective.task == "multiclass" and targets.shape != tuple(output.shape):
        whole = targets.dtype.kind != "f" or bool((targets == np.floor(targets)).all())
        return targets.reshape(-1).astype(np.int64) if whole and targets.size == len(output) else targets
    if targets.size == output._data.size:
        targets = targets.reshape(tuple(output.shape))
    return targets.astype(output.dtype)


# After the walk ------------------------------------------------------------------------------------------------------


def _step(
    graph: Graph, i: int, upstream: Any, arrivals: tuple[Arrival, ...], parts: dict[int, list[Any]], known: Known
) -> Step:
    item = graph.items[i]
    sent = {
        part.place: part.gradient
        for source in set(item.sources)
        if source is not None
        for part in parts.get(source, ())
        if part.user == i
    }
    op = item.op
    originals = item.node.args if isinstance(item.node, OpNode) else item.args
    inputs = []
    for place, (arg, source) in enumerate(zip(item.args, item.sources, strict=True)):
        name, kind = _label(graph, source, originals[place], known)
        value = np.asarray(arg) if arg is not None else _value(graph, source)
        local = None
        if op is not None and op.name in ELEMENTWISE and source is not None:
            with quiet():
                local = np.asarray(op.vjp(place, np.ones_like(item.value), item.value, item.args, item.params))
        inputs.append(Input(name, kind, value, local, sent.get(place)))
    return Step(
        item.name,
        item.layer,
        op.name if op is not None else item.name,
        op.formula if op is not None else "",
        op.derivative if op is not None else "",
        op.latex if op is not None else ("", ""),
        item.params,
        tuple(inputs),
        item.value,
        None if upstream is None else np.asarray(upstream),
        arrivals,
    )


def _label(graph: Graph, source: int | None, original: Any, known: Known) -> tuple[str, str]:
    if source is None:
        return known.arrays.get(id(original), ("", "constant"))
    if source >= 0:
        return graph.items[source].name, "value"
    leaf = graph.leaves[-1 - source]
    return leaf.name, leaf.kind


def _value(graph: Graph, source: int | None) -> np.ndarray:
    if source is None:
        return np.asarray(np.nan)
    return np.asarray(graph.items[source].value if source >= 0 else graph.leaves[-1 - source].value)


def _layers(recorder: Recorder, graph: Graph) -> tuple[LayerTrace, ...]:
    found = []
    if any(not item.layer for item in graph.items):
        found.append(LayerTrace("", "", "", tuple(item.name for item in graph.items if not item.layer)))
    for span in recorder.spans:
        own = tuple(item.name for item in graph.items if recorder.innermost(item.sequence) is span)
        if span.path and (own or not span.inner):
            found.append(_layer(span, own))
    return tuple(found)


def _layer(span: Span, steps: tuple[str, ...]) -> LayerTrace:
    if span.module is None:
        return LayerTrace(span.path, "loss", "", steps)
    kind = type(span.module).__name__
    shown = repr(span.module)
    return LayerTrace(span.path, kind, kind if "\n" in shown else shown, steps)


def _update(optimizer: Any, model: Module | None, graph: Graph, totals: dict[int, Any]) -> Update | None:
    if optimizer is None:
        return None
    leaves = [(leaf, totals.get(-1 - n)) for n, leaf in enumerate(graph.leaves) if leaf.kind == "parameter"]
    if not isinstance(optimizer, Optimizer):
        named = [(leaf.name, leaf.tensor) for leaf, _ in leaves]
        optimizer = optim.get(optimizer, list(model.named_parameters()) if model is not None else named)
    return update_of(optimizer, [(leaf.name, leaf.tensor, leaf.value, g) for leaf, g in leaves])
