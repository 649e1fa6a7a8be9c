"""One neuron of a Linear layer within a trace, with its numbers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from chainrule.errors import ShapeError, UnknownNameError
from chainrule.explain.record import Record

if TYPE_CHECKING:
    from chainrule.explain.steps import Input, Step
    from chainrule.explain.trace_record import Trace

__all__ = ["Linearity", "Term", "TracedNeuron", "linearity", "neuron_of"]


@dataclass(frozen=True)
class Term(Record):
    """One weight of a neuron.

    Attributes:
        weight, input: paths of the two factors.
        w, x: their numbers.
        product: w·x, a term of z.
        grad: of the loss with respect to the weight, Σ δ·x over the samples.
    """

    weight: str
    input: str
    w: float
    x: float
    product: float
    grad: float | None


@dataclass(frozen=True)
class TracedNeuron(Record):
    """z = w₁·x₁ + … + b of one neuron and one sample.

    Attributes:
        layer, unit, sample: which neuron, which sample.
        terms: one for each weight.
        bias: None without bias.
        bias_grad: Σ δ over the samples.
        z: the weighted sum.
        delta: δ, the gradient of the loss with respect to z.
    """

    layer: str
    unit: int
    sample: int
    terms: tuple[Term, ...]
    bias: float | None
    bias_grad: float | None
    z: float
    delta: float | None


@dataclass(frozen=True)
class Linearity:
    """The parts of a step that is x·Wᵀ + b."""

    step: Step
    x: Input
    weight: Input
    bias: Input | None

    @property
    def rows(self) -> np.ndarray:
        """The weights, one row per neuron."""
        return self.weight.value if self.step.op == "linear" else self.weight.value.T


def linearity(step: Step) -> Linearity | None:
    """The step's parts if it is a product of inputs with a matrix of weights, else None."""
    if step.op == "linear":
        return Linearity(step, step.inputs[0], step.inputs[1], step.inputs[2])
    if step.op == "matmul" and step.inputs[1].value.ndim == 2 and step.inputs[0].value.ndim <= 2:
        return Linearity(step, step.inputs[0], step.inputs[1], None)
    return None


def neuron_of(trace: Trace, layer: str, unit: int, sample: int) -> TracedNeuron:
    """See `Trace.neuron`."""
    found = next((one for one in trace.linear_layers() if one.path == layer), None)
    product = next((p for name in (found.steps if found else ()) if (p := linearity(trace.step(name)))), None)
    if product is None:
        raise UnknownNameError("Linear layer", layer, [one.path for one in trace.linear_layers()])
    z = product.step.value
    units = z.shape[-1]
    rows = z.reshape(-1, units)
    if not (0 <= unit < units and 0 <= sample < len(rows)):
        raise ShapeError(
            f"no such neuron of layer {layer}",
            expected=f"a neuron below {units} and a sample below {len(rows)}",
            got=f"neuron {unit}, sample {sample}",
        )
    upstream = product.step.upstream
    bias_grad = _grad(trace, f"{layer}.bias")
    return TracedNeuron(
        layer,
        unit,
        sample,
        _terms(trace, product, layer, unit, sample),
        None if product.bias is None else float(product.bias.value[unit]),
        None if bias_grad is None else float(bias_grad[unit]),
        float(rows[sample, unit]),
        None if upstream is None else float(upstream.reshape(-1, units)[sample, unit]),
    )


def _terms(trace: Trace, product: Linearity, layer: str, unit: int, sample: int) -> tuple[Term, ...]:
    lead = "".join(f"{i}," for i in np.unravel_index(sample, product.step.value.shape[:-1]))
    x = product.x.value.reshape(-1, product.x.value.shape[-1])[sample]
    w, g = product.rows[unit], _grad(trace, f"{layer}.weight")
    return tuple(
        Term(
            f"{layer}.weight[{unit},{i}]",
            f"{product.x.name or 'x'}[{lead}{i}]",
            float(w[i]),
            float(x[i]),
            float(w[i] * x[i]),
            None if g is None else float(g[unit, i]),
        )
        for i in range(len(w))
    )


def _grad(trace: Trace, name: str) -> np.ndarray | None:
    return next((source.grad for source in trace.sources if source.name == name), None)
