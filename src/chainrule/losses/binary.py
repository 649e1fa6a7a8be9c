"""Losses for two classes (or several independent yes-no questions)."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from chainrule.core import ops
from chainrule.core.mode import quiet
from chainrule.core.op import namespace
from chainrule.core.tensor import Tensor
from chainrule.errors import DataError
from chainrule.losses.base import Loss, array_of, constant_like
from chainrule.losses.validation import check_binary, check_range, number_from, weight_array

__all__ = ["BCELoss", "BCEWithLogitsLoss", "HingeLoss", "PerceptronLoss"]


class BCELoss(Loss):
    """-w·(t·ln p + (1 - t)·ln(1 - p)) on probabilities p; each logarithm is at least -100, as in PyTorch.

    `BCEWithLogitsLoss` does the same on logits and loses no digits; this one is for networks that end in a sigmoid.

    Args:
        weight: w, broadcast against the output.
        reduction: ``"mean"``, ``"sum"`` or ``"none"``.
    """

    name = "bce"
    task = "binary"
    arguments = ("weight", "reduction")
    probabilistic = True

    def __init__(self, weight: Any = None, reduction: str = "mean") -> None:
        super().__init__(reduction)
        self.weight = weight_array(weight, "weight")

    def forward(self, output: Any, target: Any) -> Any:
        t = target if isinstance(target, Tensor) else constant_like(target, output)
        loss = ops.binary_cross_entropy(output, t)
        return self.reduce(loss if self.weight is None else ops.mul(loss, constant_like(self.weight, output)))

    def check(self, output: Any, target: Any) -> None:
        super().check(output, target)
        p = array_of(output)
        if isinstance(p, np.ndarray) and ((p < 0) | (p > 1)).any():
            raise DataError(
                "BCELoss takes probabilities",
                expected="outputs from 0 to 1",
                got=f"values from {p.min():.6g} to {p.max():.6g}",
                fix="End the network in a Sigmoid, or use BCEWithLogitsLoss",
            )

    def check_values(self, targets: Any) -> None:
        check_range(targets, 0, 1)


class BCEWithLogitsLoss(Loss):
    """-w·(v·t·ln σ(z) + (1 - t)·ln(1 - σ(z))) on logits z; stable for logits of any size.

    Args:
        weight: w, broadcast against the output.
        reduction: ``"mean"``, ``"sum"`` or ``"none"``.
        pos_weight: v, weight of the positive examples, broadcast against the output.
        label_smoothing: ε; targets become (1 - ε)·t + ε/2, as in Keras (and as `CrossEntropyLoss` does for two
            classes); default 0.

    Raises:
        ConfigError: for a label smoothing outside 0 to 1.
    """

    name = "bce_with_logits"
    task = "binary"
    arguments = ("weight", "reduction", "pos_weight", "label_smoothing")
    probabilistic = True

    def __init__(
        self, weight: Any = None, reduction: str = "mean", pos_weight: Any = None, label_smoothing: float = 0.0
    ) -> None:
        super().__init__(reduction)
        self.weight, self.pos_weight = weight_array(weight, "weight"), weight_array(pos_weight, "pos_weight")
        self.label_smoothing = number_from(label_smoothing, "label_smoothing", 0, 1)

    def forward(self, output: Any, target: Any) -> Any:
        if self.label_smoothing:
            target = (1 - self.label_smoothing) * target + self.label_smoothing / 2
        if isinstance(target, Tensor) and target.requires_grad:
            loss = self._soft(output, target)
        else:
            loss = self._hard(output, constant_like(target, output))
        return self.reduce(loss if self.weight is None else ops.mul(loss, constant_like(self.weight, output)))

    def _hard(self, z: Any, t: Any) -> Any:
        """ln(1 + e^(s·z)) + c·z with s = ±1 by the nearer label: exact to the last digits on either side.

        c is 0 for labels 0 and 1, so that nothing cancels; only labels between them need the second term.
        """
        xp = namespace((t,))
        nearer = xp.astype(t >= 0.5, t.dtype)
        loss = ops.softplus(ops.mul(z, 1 - 2 * nearer), threshold=math.inf)
        rest = nearer - t
        if self.pos_weight is not None:
            v = constant_like(self.pos_weight, z)
            loss = ops.mul(loss, 1 + (v - 1) * t)
            rest = xp.where(t >= 0.5, rest, v * rest)
        if isinstance(rest, np.ndarray) and not rest.any():
            return loss
        return ops.add(loss, ops.mul(z, rest))

    def _soft(self, z: Any, t: Any) -> Any:
        """The same with a target that gradients are wanted of: v·t·softplus(-z) + (1 - t)·softplus(z)."""
        positive = ops.mul(t, ops.softplus(ops.neg(z), threshold=math.inf))
        if self.pos_weight is not None:
            positive = ops.mul(positive, constant_like(self.pos_weight, z))
        return ops.add(positive, ops.mul(ops.sub(1.0, t), ops.softplus(z, threshold=math.inf)))

    def check_values(self, targets: Any) -> None:
        check_range(targets, 0, 1)

    def link(self, output: Any) -> Any:
        """The probability σ(z) of the second class."""
        with quiet():
            return ops.sigmoid(output)


class HingeLoss(Loss):
    """max(0, margin - y·z) with y = ±1 (Cortes & Vapnik 1995); the output z is a score, positive for the second class.

    Args:
        margin: how far on the right side a score has to be to cost nothing.
        reduction: ``"mean"``, ``"sum"`` or ``"none"``.

    Targets may be -1 and 1, or 0 and 1, where 0 stands for -1.
    """

    name = "hinge"
    task = "binary"
    arguments = ("margin", "reduction")
    threshold = 0.0

    def __init__(self, margin: float = 1.0, reduction: str = "mean") -> None:
        super().__init__(reduction)
        self.margin = number_from(margin, "margin", 0)

    def forward(self, output: Any, target: Any) -> Any:
        return self.reduce(ops.relu(ops.sub(self.margin, ops.mul(output, _signs(target, output)))))

    def check_values(self, targets: Any) -> None:
        check_binary(targets)


class PerceptronLoss(Loss):
    """Σ -y·z over the misclassified, y = ±1 (Rosenblatt 1958); z is the weighted sum, positive for the second class.

    An output of exactly 0 counts as misclassified, so that a perceptron whose weights begin at zero learns: the
    gradient is -y there.  Gradient descent on one example at a time is then Rosenblatt's rule.

    Args:
        reduction: ``"sum"`` as in the formula, ``"mean"`` over all examples, or ``"none"``.

    Targets may be -1 and 1, or 0 and 1, where 0 stands for -1.
    """

    name = "perceptron"
    task = "binary"
    threshold = 0.0

    def __init__(self, reduction: str = "sum") -> None:
        super().__init__(reduction)

    def forward(self, output: Any, target: Any) -> Any:
        y = _signs(target, output)
        z = array_of(output)
        wrong = namespace((z,)).astype(y * z <= 0, z.dtype)
        return self.reduce(ops.mul(output, -y * wrong))

    def check_values(self, targets: Any) -> None:
        check_binary(targets)


def _signs(target: Any, output: Any) -> Any:
    """Labels as ±1 in the output's dtype."""
    t = constant_like(target, output)
    return 2 * namespace((t,)).astype(t > 0, t.dtype) - 1
