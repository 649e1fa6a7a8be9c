"""Losses for one class out of several."""

from __future__ import annotations

from typing import Any

import numpy as np

from chainrule.core import ops
from chainrule.core.mode import quiet
from chainrule.core.op import namespace
from chainrule.errors import ConfigError, ShapeError
from chainrule.losses.base import Loss, array_of, constant_like
from chainrule.losses.validation import check_classes, check_range, number_from, weight_array

__all__ = ["ClassLoss", "CrossEntropyLoss", "NLLLoss", "picked"]


class ClassLoss(Loss):
    """What the losses over C classes share: class indices, their weights, and one index to be ignored."""

    task = "multiclass"
    probabilistic = True
    weight: np.ndarray | None
    ignore_index: int

    def __init__(self, weight: Any, ignore_index: int, reduction: str) -> None:
        super().__init__(reduction)
        self.weight = weight_array(weight, "weight")
        if self.weight is not None and self.weight.ndim != 1:
            raise ConfigError("bad weight", expected="one number for each class", got=f"shape {self.weight.shape}")
        if isinstance(ignore_index, bool) or not isinstance(ignore_index, (int, np.integer)):
            raise ConfigError("bad ignore_index", expected="an integer", got=repr(ignore_index))
        self.ignore_index = int(ignore_index)

    def _nll(self, log_p: Any, target: Any) -> tuple[Any, Any]:
        """For class indices: the losses one by one, and the weights that `_averaged` divides by (None: all 1)."""
        t = array_of(target)
        ignored = t == self.ignore_index
        plain = self.weight is None and isinstance(ignored, np.ndarray) and not ignored.any()
        if plain:
            return ops.neg(picked(log_p, t)), None
        xp = namespace((t,))
        t = xp.where(ignored, 0, t)
        w: Any = xp.astype(~ignored, log_p.dtype)
        if self.weight is not None:
            w = w * xp.astype(self.weight, log_p.dtype)[t]
        return ops.mul(picked(log_p, t), -w), w

    def _averaged(self, losses: Any, weights: Any) -> Any:
        if self.reduction != "mean" or weights is None:
            return self.reduce(losses)
        xp = namespace((weights,))
        total = xp.sum(weights)
        # Where every row is ignored the mean is NaN, as PyTorch's, and its gradient 0.
        mean = ops.div(ops.sum(losses), xp.where(total == 0, 1, total))
        return ops.add(mean, xp.where(total == 0, float("nan"), 0 * total))

    def check(self, output: Any, target: Any) -> None:
        z, t = array_of(output), array_of(target)
        if z.ndim == 0:
            raise ShapeError(f"{type(self).__name__} takes one output per class", got="a single number")
        n_classes = z.shape[_class_dim(z)]
        self._check_weight(n_classes)
        wanted = tuple(z.shape[:1] + z.shape[2:]) if z.ndim > 1 else ()
        if tuple(t.shape) != wanted:
            column = tuple(t.shape) == (*wanted, 1)
            raise ShapeError(
                f"{type(self).__name__} takes one class index for each row of outputs",
                expected=f"targets of shape {wanted} for outputs of shape {tuple(z.shape)}",
                got=tuple(t.shape),
                fix="Use target.squeeze(1)" if column else None,
            )
        check_classes(t, n_classes, self.ignore_index)

    def check_targets(self, targets: np.ndarray, n_outputs: int | None = None) -> None:
        array = array_of(targets)
        if n_outputs == 1:
            raise ShapeError(
                f"{type(self).__name__} needs one output for each class",
                got="a network with 1 output",
                fix="Use BCEWithLogitsLoss for two classes with one output",
            )
        if n_outputs is not None:
            self._check_weight(n_outputs)
        if array.ndim != 1:
            raise ShapeError("targets are class indices", expected="shape (rows,)", got=tuple(array.shape))
        check_classes(array, n_outputs, self.ignore_index)

    def _check_weight(self, n_classes: int) -> None:
        if self.weight is not None and len(self.weight) != n_classes:
            raise ShapeError(
                f"{type(self).__name__}'s weight has one number for each class",
                expected=f"{n_classes} numbers",
                got=len(self.weight),
            )


class CrossEntropyLoss(ClassLoss):
    """-ln softmax(z)ₜ on logits z: multinomial cross-entropy; stable for logits of any size.

    With class indices t and weights w the mean is Σ wₜ·lossₜ / Σ wₜ, as in PyTorch.  With probabilities as targets
    the loss is -Σ_c w_c·t_c·ln softmax(z)_c, averaged over the rows.  Class indices are never expanded to one-hot rows.

    Args:
        weight: (C,), weight of each class.
        ignore_index: rows with this class index cost nothing and do not count.
        reduction: ``"mean"``, ``"sum"`` or ``"none"``.
        label_smoothing: ε: the target becomes (1 - ε)·target + ε/C (Szegedy et al. 2016).

    Shapes:
        logits (N, C) with indices (N,) or probabilities (N, C); (N, C, d…) with (N, d…) or (N, C, d…);
        (C,) with () or (C,).

    Raises:
        ConfigError: if label_smoothing is not from 0 to 1, or weight is not one number for each class.
    """

    name = "cross_entropy"
    arguments = ("weight", "ignore_index", "reduction", "label_smoothing")

    def __init__(
        self, weight: Any = None, ignore_index: int = -100, reduction: str = "mean", label_smoothing: float = 0.0
    ) -> None:
        super().__init__(weight, ignore_index, reduction)
        self.label_smoothing = number_from(label_smoothing, "label_smoothing", 0, 1)

    def forward(self, output: Any, target: Any) -> Any:
        dim = _class_dim(output)
        log_p = ops.log_softmax(output, dim=dim)
        if len(target.shape) == len(output.shape):
            return self._against_probabilities(log_p, target, dim)
        losses, weights = self._nll(log_p, target)
        if self.label_smoothing:
            losses = self._smoothed(losses, log_p, target, dim)
        return self._averaged(losses, weights)

    def _smoothed(self, losses: Any, log_p: Any, target: Any, dim: int) -> Any:
        """(1 - ε)·loss + ε/C·Σ_c -w_c·ln p_c, 0 for ignored rows."""
        spread = ops.neg(ops.sum(self._class_weighted(log_p, dim), dim=dim))
        counted = namespace((array_of(target),)).astype(array_of(target) != self.ignore_index, log_p.dtype)
        share = self.label_smoothing / log_p.shape[dim]
        return ops.add(ops.mul(losses, 1 - self.label_smoothing), ops.mul(spread, share * counted))

    def _against_probabilities(self, log_p: Any, target: Any, dim: int) -> Any:
        n_classes = log_p.shape[dim]
        if self.label_smoothing:
            target = ops.add(ops.mul(target, 1 - self.label_smoothing), self.label_smoothing / n_classes)
        losses = ops.neg(ops.sum(ops.mul(self._class_weighted(log_p, dim), target), dim=dim))
        # PyTorch's mean is over the rows (and positions); the classes' weights do not enter the divisor.
        return self.reduce(losses)

    def _class_weighted(self, log_p: Any, dim: int) -> Any:
        if self.weight is None:
            return log_p
        along = tuple(-1 if axis == dim else 1 for axis in range(len(log_p.shape)))
        return ops.mul(log_p, constant_like(self.weight.reshape(along), log_p))

    def check(self, output: Any, target: Any) -> None:
        z, t = array_of(output), array_of(target)
        if z.ndim and t.shape == z.shape and t.dtype.kind == "f":
            self._check_weight(z.shape[_class_dim(z)])
            check_range(t, 0, 1)
        else:
            super().check(output, target)

    def check_targets(self, targets: np.ndarray, n_outputs: int | None = None) -> None:
        array = array_of(targets)
        if array.ndim == 2 and array.dtype.kind == "f" and n_outputs != 1:
            self._check_columns(array, n_outputs)
            check_range(array, 0, 1)
        else:
            super().check_targets(targets, n_outputs)

    def link(self, output: Any) -> Any:
        """The classes' probabilities softmax(z)."""
        with quiet():
            return ops.softmax(output, dim=_class_dim(output))


class NLLLoss(ClassLoss):
    """-log_pₜ on log-probabilities, such as `LogSoftmax` gives; the mean is Σ wₜ·lossₜ / Σ wₜ.

    Args:
        weight: (C,), weight of each class.
        ignore_index: rows with this class index cost nothing and do not count.
        reduction: ``"mean"``, ``"sum"`` or ``"none"``.

    Shapes:
        (N, C) with (N,); (N, C, d…) with (N, d…); (C,) with ().
    """

    name = "nll"
    arguments = ("weight", "ignore_index", "reduction")

    def __init__(self, weight: Any = None, ignore_index: int = -100, reduction: str = "mean") -> None:
        super().__init__(weight, ignore_index, reduction)

    def forward(self, output: Any, target: Any) -> Any:
        return self._averaged(*self._nll(output, target))

    def link(self, output: Any) -> Any:
        """The classes' probabilities."""
        with quiet():
            return ops.exp(output)


def _class_dim(output: Any) -> int:
    return 0 if len(output.shape) == 1 else 1


def picked(log_p: Any, t: Any) -> Any:
    """log_p at the class that each row's target names."""
    shape = log_p.shape
    if len(shape) == 2:
        return ops.getitem(log_p, index=(np.arange(shape[0]), t))
    if len(shape) == 1:
        return ops.getitem(log_p, index=t)
    grid = np.ogrid[tuple(slice(size) for size in (shape[0], *shape[2:]))]
    return ops.getitem(log_p, index=(grid[0], t, *grid[1:]))
