"""Why depth needs a non-linearity: linear layers one after the other are one linear layer."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chainrule import nn
from chainrule.errors import ConfigError, DTypeError, ShapeError
from chainrule.explain.record import Record
from chainrule.explain.wording import number, vector
from chainrule.messages import text

__all__ = ["Collapse", "Superposition", "collapse"]

Matrix = NDArray[np.float64]


@dataclass(frozen=True)
class Superposition(Record):
    """The principle of superposition with numbers: g(αx + βz) = α·g(x) + β·g(z) for g(x) = f(x) − f(0).

    Attributes:
        x: an input.
        z: another.
        alpha: α.
        beta: β.
        together: g(αx + βz), through all the layers.
        apart: α·g(x) + β·g(z), through all the layers.
        difference: the largest between the two; rounding alone.
    """

    x: Matrix
    z: Matrix
    alpha: float
    beta: float
    together: Matrix
    apart: Matrix
    difference: float


@dataclass(frozen=True)
class Collapse(Record):
    """A linear network and the one layer that it is.

    Attributes:
        weights: of the layers, each ``(out, in)``.
        biases: of the layers.
        products: W₁, W₂W₁, W₃W₂W₁, …
        weight: the product of all.
        bias: Wₙ…W₂b₁ + … + bₙ.
        superposition: shown on two inputs.
        parameters_before: number of weights and biases of the layers.
        parameters_after: number of those of the one layer.
    """

    weights: tuple[Matrix, ...]
    biases: tuple[Matrix, ...]
    products: tuple[Matrix, ...]
    weight: Matrix
    bias: Matrix
    superposition: Superposition
    parameters_before: int
    parameters_after: int

    def linear(self) -> nn.Linear:
        """Return the one layer."""
        layer = nn.Linear(self.weight.shape[1], self.weight.shape[0], dtype="float64")
        layer.load_state_dict({"weight": self.weight, "bias": self.bias})
        return layer

    def explain(self, lang: str | None = None) -> str:
        """Return the product of the weights and the superposition in words, "en" or "ko"."""
        shown = self.superposition
        lines = [text("gates.collapse", lang, layers=len(self.weights))]
        for depth, product in enumerate(self.products, 1):
            name = "·".join(f"W{k}" for k in range(depth, 0, -1))
            lines.append(f"  {name} = {_matrix(product)}")
        lines.append(f"  b = {vector(self.bias)}")
        lines.append(
            text(
                "gates.superposition",
                lang,
                alpha=number(shown.alpha),
                beta=number(shown.beta),
                x=vector(shown.x),
                z=vector(shown.z),
                together=vector(shown.together),
                apart=vector(shown.apart),
            )
        )
        counts = {"before": self.parameters_before, "after": self.parameters_after}
        return "\n".join([*lines, text("gates.parameters", lang, **counts)])


def collapse(model: nn.Module | Sequence[tuple[Any, Any]]) -> Collapse:
    """Multiply the layers of a linear network out: Wₙ(…(W₁x + b₁)…) + bₙ = Wx + b.

    Args:
        model: a network of `Linear` layers (`Identity` and `Flatten` may stand among them), or the pairs (W, b) of
            its layers; None for b stands for zeros.

    Raises:
        ConfigError: if a layer is not linear, or there is none.
        ShapeError: if the layers do not fit each other.

    >>> found = collapse([([[1, 2], [3, 4]], [1, 1]), ([[1, -1]], [5])])
    >>> found.weight.tolist(), found.bias.tolist()
    ([[-2.0, -2.0]], [5.0])
    """
    layers = list(_layers(model))
    if not layers:
        raise ConfigError("there are no linear layers to multiply")
    product, offset = layers[0]
    products = [product]
    for depth, (weight, bias) in enumerate(layers[1:], 2):
        if weight.shape[1] != product.shape[0]:
            raise ShapeError(
                "layers do not fit", expected=product.shape[0], got=weight.shape[1], where=f"layer {depth}"
            )
        product, offset = weight @ product, weight @ offset + bias
        products.append(product)
    return Collapse(
        weights=tuple(weight for weight, _ in layers),
        biases=tuple(bias for _, bias in layers),
        products=tuple(products),
        weight=product,
        bias=offset,
        superposition=_superposition(layers),
        parameters_before=sum(weight.size + bias.size for weight, bias in layers),
        parameters_after=product.size + offset.size,
    )


def _layers(model: Any) -> Iterator[tuple[Matrix, Matrix]]:
    if not isinstance(model, nn.Module):
        try:
            pairs = [(weight, bias) for weight, bias in model]
        except (TypeError, ValueError):
            raise DTypeError("no linear layers", expected="a network, or pairs (W, b)", got=repr(model)[:60]) from None
        for depth, (weight, bias) in enumerate(pairs, 1):
            yield _pair(weight, bias, depth)
    elif isinstance(model, nn.Linear):
        weight = model.weight.detach().numpy()
        yield _pair(weight, None if model.bias is None else model.bias.detach().numpy(), 1)
    elif isinstance(model, nn.Sequential):
        for layer in model:
            yield from _layers(layer)
    elif not isinstance(model, nn.Identity | nn.Flatten):
        raise ConfigError(
            "only linear layers collapse into one", got=type(model).__name__, fix="A non-linearity is what prevents it"
        )


def _pair(weight: Any, bias: Any, depth: int) -> tuple[Matrix, Matrix]:
    try:
        w = np.asarray(weight, dtype=np.float64)
        b = np.zeros(len(w)) if bias is None else np.asarray(bias, dtype=np.float64)
    except (TypeError, ValueError):
        raise DTypeError(
            "the weights of a layer are not numbers", got=repr(weight)[:60], where=f"layer {depth}"
        ) from None
    if w.ndim != 2 or b.shape != (w.shape[0],):
        expected = "W (out, in) and b (out,)"
        raise ShapeError(
            "a layer does not fit", expected=expected, got=f"{w.shape} and {b.shape}", where=f"layer {depth}"
        )
    return w, b


def _superposition(layers: list[tuple[Matrix, Matrix]]) -> Superposition:
    width, alpha, beta = layers[0][0].shape[1], 2.0, -3.0
    x, z = np.arange(1.0, width + 1), np.where(np.arange(width) % 2 == 0, 1.0, -1.0)
    origin = _through(layers, np.zeros(width))
    together = _through(layers, alpha * x + beta * z) - origin
    apart = alpha * (_through(layers, x) - origin) + beta * (_through(layers, z) - origin)
    return Superposition(x, z, alpha, beta, together, apart, float(np.abs(together - apart).max()))


def _through(layers: list[tuple[Matrix, Matrix]], x: Matrix) -> Matrix:
    for weight, bias in layers:
        x = weight @ x + bias
    return x


def _matrix(values: Matrix) -> str:
    rows = [vector(row).strip("()") for row in values[:6]]
    return f"[{'; '.join(rows)}{'; …' if len(values) > 6 else ''}]"
