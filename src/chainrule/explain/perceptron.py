"""The perceptron: a weighted sum and a step."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from chainrule.data.finite import check_finite
from chainrule.errors import ConfigError, ShapeError, UnknownNameError
from chainrule.explain.numbers import as_numbers
from chainrule.explain.record import Record
from chainrule.explain.wording import line_equation, number, vector
from chainrule.messages import text

if TYPE_CHECKING:
    from chainrule.explain.perceptron_learning import Learning

__all__ = ["DecisionLine", "Perceptron"]

#: Weights and threshold of the gates that one perceptron can be.
_GATES: dict[str, tuple[tuple[float, float], float]] = {
    "and": ((0.5, 0.5), 0.7),
    "nand": ((-0.5, -0.5), -0.7),
    "or": ((0.5, 0.5), 0.2),
    "nor": ((-0.5, -0.5), -0.2),
}


@dataclass(frozen=True)
class DecisionLine(Record):
    """Where the weighted sum is zero: w₁x₁ + … + w₀ = 0.

    Attributes:
        weights: (w₁, …).
        offset: w₀.
        normal: w/‖w‖; it points to the side of the second class.
        distance: w₀/‖w‖, the distance of the origin from the line, negative on the side of the first class.
        intercepts: where the line cuts each axis; None for an axis that it is parallel to.
        equation: the line as text.
    """

    weights: NDArray[np.float64]
    offset: float
    normal: NDArray[np.float64]
    distance: float
    intercepts: tuple[float | None, ...]
    equation: str

    def explain(self, lang: str | None = None) -> str:
        """Return the line in words, "en" or "ko"."""
        return text(
            "perceptron.line",
            lang,
            equation=self.equation,
            normal=vector(self.normal),
            distance=number(abs(self.distance)),
        )


@dataclass(frozen=True)
class Perceptron(Record):
    """A neuron with a step: the second class if w·x + b > 0, else the first.

    Attributes:
        weights: w, ``(D,)``.
        bias: b; the threshold is θ = −b, so that w·x > θ says the same.
        classes: the two outputs, (0, 1) or (−1, 1) or any two labels.
        names: of the inputs.

    Source: F. Rosenblatt, "The perceptron", Psychological Review 65 (1958), 386–408.
    """

    weights: NDArray[np.float64]
    bias: float
    classes: tuple[Any, Any] = (0, 1)
    names: tuple[str, ...] = ()

    @classmethod
    def by_hand(
        cls,
        weights: ArrayLike,
        *,
        threshold: float | None = None,
        bias: float | None = None,
        signed: bool = False,
        names: Sequence[str] | None = None,
    ) -> Perceptron:
        """Set a perceptron by hand, in the threshold form or the bias form.

        Args:
            weights: one number per input.
            threshold: θ of w·x > θ.
            bias: b of w·x + b > 0; one of the two is to be given.
            signed: whether the outputs are −1 and 1 rather than 0 and 1.
            names: of the inputs; default x1, x2, …

        Raises:
            ConfigError: unless exactly one of `threshold` and `bias` is given.
            DataError, DTypeError, ShapeError: for weights that are no finite numbers in a row.

        >>> Perceptron.by_hand([0.5, 0.5], threshold=0.7)([[0, 0], [0, 1], [1, 0], [1, 1]]).tolist()
        [0, 0, 0, 1]
        """
        if (threshold is None) == (bias is None):
            raise ConfigError("a perceptron has a threshold or a bias", fix="Pass one of them: threshold=θ or bias=−θ")
        values = _numbers(weights, "weights")
        offset = float(_numbers(-threshold if bias is None else bias, "bias"))  # type: ignore[operator]
        if values.ndim != 1 or len(values) == 0:
            raise ShapeError("weights do not form a row", expected="shape (D,)", got=values.shape)
        chosen = tuple(names) if names is not None else tuple(f"x{i + 1}" for i in range(len(values)))
        if len(chosen) != len(values):
            raise ShapeError("names do not fit the weights", expected=f"{len(values)} names", got=len(chosen))
        return cls(values, offset, (-1, 1) if signed else (0, 1), chosen)

    @classmethod
    def gate(cls, name: str, *, signed: bool = False) -> Perceptron:
        """Return a logic gate: "and", "nand", "or" or "nor".

        Raises:
            ConfigError: for "xor" and "xnor", which no perceptron can be.
            UnknownNameError: for what is no gate.
        """
        key = str(name).lower()
        if key in {"xor", "xnor"}:
            raise ConfigError(
                f"no single perceptron is {key.upper()}: no line divides its ones from its zeros",
                fix="Compose it of NAND, OR and AND: explain.xor_from_gates()",
            )
        if key not in _GATES:
            raise UnknownNameError("gate", name, _GATES)
        weights, threshold = _GATES[key]
        return cls.by_hand(weights, threshold=threshold, signed=signed)

    @classmethod
    def fit(
        cls,
        X: Any,
        y: Any = None,
        *,
        mode: Literal["online", "batch"] = "online",
        lr: float = 1.0,
        epochs: int = 100,
        start: Perceptron | None = None,
        shuffle: bool = False,
        seed: int = 0,
        keep: int = 1000,
        prove: bool = True,
    ) -> Learning:
        """Learn by the delta rule; see `chainrule.explain.perceptron_learning.learn`.

        >>> Perceptron.fit([[0, 0], [0, 1], [1, 0], [1, 1]], [0, 0, 0, 1], prove=False).converged
        True
        """
        from chainrule.explain.perceptron_learning import learn

        return learn(
            X, y, mode=mode, lr=lr, epochs=epochs, start=start, shuffle=shuffle, seed=seed, keep=keep, prove=prove
        )

    @property
    def threshold(self) -> float:
        """θ = −b."""
        return 0.0 - self.bias

    def score(self, X: Any) -> NDArray[np.float64]:
        """Return the weighted sum w·x + b of each point; ``(N, D)`` gives ``(N,)``, ``(D,)`` a single number.

        Raises:
            DataError, DTypeError, ShapeError: for what are no D finite numbers per point.
        """
        values = _numbers(X, "inputs")
        if values.ndim not in {1, 2} or values.shape[-1] != len(self.weights):
            expected = f"({len(self.weights)},) or (N, {len(self.weights)})"
            raise ShapeError("inputs do not fit the perceptron", expected=expected, got=values.shape)
        result: NDArray[np.float64] = values @ self.weights + self.bias
        return result

    def __call__(self, X: Any) -> NDArray[Any]:
        """Return the class of each point."""
        fires = np.asarray(self.score(X) > 0)
        result: NDArray[Any] = np.asarray(self.classes)[fires.astype(np.intp)]
        return result

    def line(self) -> DecisionLine:
        """Return the decision line (in more dimensions, the hyperplane).

        Raises:
            ConfigError: if all weights are zero.
        """
        length = float(np.linalg.norm(self.weights))
        if length == 0:
            raise ConfigError("a perceptron with all weights zero has no decision line", got=f"bias {self.bias}")
        return DecisionLine(
            weights=self.weights,
            offset=self.bias,
            normal=self.weights / length,
            distance=self.bias / length,
            intercepts=tuple(None if w == 0 else float(0.0 - self.bias / w) for w in self.weights),
            equation=line_equation(self.weights, self.bias, self.names or _usual_names(len(self.weights))),
        )


def _usual_names(count: int) -> tuple[str, ...]:
    return tuple(f"x{i + 1}" for i in range(count))


def _numbers(values: Any, what: str) -> NDArray[np.float64]:
    raw = as_numbers(values, what)
    check_finite(np.atleast_1d(raw), what)
    return raw.astype(np.float64)
