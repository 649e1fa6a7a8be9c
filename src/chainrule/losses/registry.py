"""Losses by name."""

from __future__ import annotations

from typing import Any

from chainrule.errors import ConfigError, DTypeError, UnknownNameError
from chainrule.losses.base import Loss
from chainrule.losses.binary import BCELoss, BCEWithLogitsLoss, HingeLoss, PerceptronLoss
from chainrule.losses.focal import BinaryFocalLoss, FocalLoss
from chainrule.losses.margin import MultiMarginLoss
from chainrule.losses.multiclass import CrossEntropyLoss, NLLLoss
from chainrule.losses.regression import HuberLoss, L1Loss, MSELoss, PoissonNLLLoss, QuantileLoss, SmoothL1Loss

__all__ = ["LOSSES", "get"]

LOSSES: dict[str, type[Loss]] = {
    loss.name: loss
    for loss in (
        CrossEntropyLoss, NLLLoss, BCEWithLogitsLoss, BCELoss, HingeLoss, PerceptronLoss,
        MSELoss, L1Loss, SmoothL1Loss, HuberLoss, PoissonNLLLoss, QuantileLoss, BinaryFocalLoss, FocalLoss,
        MultiMarginLoss,
    )
}  # fmt: skip
"""Every loss by the name that `get` and model files know it by."""

_ALIASES = {"mae": "l1"}


def get(loss: Any, **options: Any) -> Loss:
    """A loss by name, e.g. ``get("cross_entropy", label_smoothing=0.1)``; a `Loss` is returned as it is.

    Args:
        loss: a name, a `Loss`, or a class of losses.
        **options: arguments of the loss's constructor.

    Raises:
        DTypeError: if it is neither.
        UnknownNameError: if there is no such loss, or it has no such option.
        ConfigError: if a finished loss comes with options.
    """
    if isinstance(loss, Loss):
        if options:
            raise ConfigError(
                f"{loss!r} is finished", got=f"options {sorted(options)}", fix="Give them to its constructor"
            )
        return loss
    if isinstance(loss, str):
        name = loss.lower().replace("-", "_").replace(" ", "_")
        kind = LOSSES.get(_ALIASES.get(name, name))
        if kind is None:
            raise UnknownNameError("loss", loss, [*LOSSES, *_ALIASES])
    elif isinstance(loss, type) and issubclass(loss, Loss):
        kind = loss
    else:
        fix = "For a loss of your own, subclass chainrule.losses.Loss"
        raise DTypeError("a loss is a name or a Loss", got=f"{type(loss).__name__} {loss!r}", fix=fix)
    for option in options:
        if option not in kind.arguments:
            raise UnknownNameError(f"option of {kind.__name__}", option, kind.arguments)
    return kind(**options)
