"""`Loss`: how far an output is from its target, and the link from the output to the prediction a user wants."""

from __future__ import annotations

import copy
from typing import Any, ClassVar, Self

import numpy as np

from chainrule.core import ops
from chainrule.core.op import namespace
from chainrule.errors import DTypeError, ShapeError, UnknownNameError

__all__ = ["Loss", "array_of", "constant_like"]

REDUCTIONS = ("mean", "sum", "none")


class Loss:
    """A loss function.  Calling it checks output and target, then computes `forward`.

    Args:
        reduction: ``"mean"`` over all elements, ``"sum"``, or ``"none"`` for one number per element.

    Attributes:
        name: what `losses.get` calls it.
        task: ``"binary"``, ``"multiclass"`` or ``"regression"``.
        threshold: for a binary task, the value of `link` above which the prediction is the second class.
        probabilistic: whether `link` gives probabilities.
    """

    name: ClassVar[str]
    task: ClassVar[str]
    arguments: ClassVar[tuple[str, ...]] = ("reduction",)
    threshold: ClassVar[float] = 0.5
    probabilistic: ClassVar[bool] = False

    def __init__(self, reduction: str = "mean") -> None:
        if reduction not in REDUCTIONS:
            raise UnknownNameError("reduction", reduction, REDUCTIONS)
        self.reduction = reduction

    def __call__(self, output: Any, target: Any) -> Any:
        output, target = _shaped(output), _shaped(target)
        self.check(output, target)
        return self.forward(output, target)

    def forward(self, output: Any, target: Any) -> Any:
        """The loss, without any checks; for loops that have checked their targets once."""
        raise NotImplementedError

    def weighted(self, output: Any, target: Any, weight: Any) -> Any:
        """Σ wᵢ·lossᵢ / Σ wᵢ over the rows i (Σ wᵢ·lossᵢ if the reduction is a sum); without checks.

        Args:
            output: ``(N, …)``.
            target: as `forward` takes it.
            weight: ``(N,)`` numbers of at least 0.
        """
        each = self.rows(output, target)
        if len(each.shape) > 1:
            each = ops.mean(ops.reshape(each, shape=(each.shape[0], -1)), dim=1)
        w = constant_like(weight, each)
        total = ops.sum(ops.mul(each, w))
        if self.reduction == "sum":
            return total
        whole = namespace((w,)).sum(w)
        return ops.div(total, namespace((w,)).where(whole == 0, 1, whole))

    def rows(self, output: Any, target: Any) -> Any:
        """One loss for each element, whatever the reduction."""
        alone = copy.copy(self)
        alone.reduction = "none"
        return alone.forward(output, target)

    def check(self, output: Any, target: Any) -> None:
        """Raise if output and target do not fit each other, or the target's values make no sense for this loss."""
        z, t = array_of(output), array_of(target)
        if tuple(z.shape) != tuple(t.shape):
            columns = tuple(z.shape[:-1]) == tuple(t.shape) and z.shape[-1:] == (1,)
            raise ShapeError(
                f"{type(self).__name__} compares equal shapes",
                expected=f"a target of the output's shape {tuple(z.shape)}",
                got=f"shape {tuple(t.shape)}",
                fix="Use target.reshape(-1, 1) or output.squeeze(1)" if columns else None,
            )
        self.check_values(t)

    def check_values(self, targets: Any) -> None:
        """Raise if the values of targets make no sense for this loss."""

    def check_targets(self, targets: np.ndarray, n_outputs: int | None = None) -> None:
        """Check a whole data set's targets once, before training.

        Args:
            targets: (N,), or (N, n_outputs).
            n_outputs: how many outputs the network has; None if not known.

        Raises:
            DataError: if values make no sense for this loss; names the first row.
            DTypeError: if the targets are not numbers of the right kind.
            ShapeError: if the shape does not fit the network's outputs.
        """
        array = array_of(targets)
        self._check_columns(array, n_outputs)
        self.check_values(array)

    def _check_columns(self, targets: Any, n_outputs: int | None) -> None:
        columns = 1 if targets.ndim == 1 else targets.shape[-1] if targets.ndim else 0
        if targets.ndim not in (1, 2) or (n_outputs is not None and columns != n_outputs):
            wanted = "(rows,) or (rows, 1)" if n_outputs == 1 else f"(rows, {n_outputs or 'outputs'})"
            raise ShapeError(
                f"targets do not fit the network's {n_outputs or ''} output(s)".replace("  ", " "),
                expected=f"shape {wanted}",
                got=tuple(targets.shape),
            )

    def link(self, output: Any) -> Any:
        """Turn the network's output into the prediction in the user's units; on a Tensor or an array."""
        return output

    def reduce(self, loss: Any) -> Any:
        """Apply the reduction to one loss per element."""
        if self.reduction == "mean":
            return ops.mean(loss)
        return ops.sum(loss) if self.reduction == "sum" else loss

    def config(self) -> dict[str, Any]:
        """The constructor's arguments, as JSON can hold them."""
        values = {name: getattr(self, name) for name in self.arguments}
        return {name: value.tolist() if isinstance(value, np.ndarray) else value for name, value in values.items()}

    def to(self, *_: Any, **__: Any) -> Self:
        """Itself: a loss lives wherever its inputs do.  For programs written for PyTorch, where losses are modules."""
        return self

    def __repr__(self) -> str:
        return f"{type(self).__name__}()"


def _shaped(value: Any) -> Any:
    return value if hasattr(value, "shape") else array_of(value)


def array_of(value: Any) -> Any:
    """The array in a tensor, an array as it is, or an array made from lists."""
    array = getattr(value, "_data", value)
    if not hasattr(array, "__array_namespace__"):
        try:
            array = np.asarray(array)
        except (ValueError, TypeError) as error:
            raise ShapeError("targets are not a table of numbers", where=str(error)) from error
    if isinstance(array, np.ndarray) and array.dtype.kind not in "fiub":
        kind = f"{type(value).__name__} of dtype {array.dtype}"
        raise DTypeError("losses take numbers", got=kind, fix="Encode text labels as numbers first")
    return array


def constant_like(values: Any, output: Any) -> Any:
    """An array of constants (labels, weights) in the dtype and the array namespace of `output`."""
    z = array_of(output)
    constants = array_of(values)
    if type(constants) is type(z) and constants.dtype == z.dtype:
        return constants
    return namespace((z, constants)).astype(constants, z.dtype)
