"""Opening an estimator's box: explanations, pictures and the report, in the user's own units and names."""

from __future__ import annotations

import copy
import functools
import inspect
from typing import Any

from sklearn.utils.validation import check_is_fitted

from chainrule.errors import did_you_mean
from chainrule.estimators.targets import Quantities
from chainrule.nn.linear import Linear
from chainrule.nn.module import Module

__all__ = ["Explanations", "Opening"]


class Explanations:
    """The functions of `chainrule.explain` about one estimator: ``estimator.explain_.equation(digits=3)``.

    Args:
        estimator: a fitted one.
    """

    __slots__ = ("_estimator",)

    def __init__(self, estimator: Any) -> None:
        self._estimator = estimator

    def trace(self, X: Any, y: Any = None, **options: Any) -> Any:
        """Every number of one forward and backward pass, see `explain.trace`.

        Args:
            X: rows as in `fit`.
            y: their targets; default: what the estimator predicts.
            **options: of `explain.trace`.
        """
        from chainrule.explain import trace

        data = self._estimator._rows(X, self._estimator.predict(X) if y is None else y)
        return trace(self._estimator._answers.network, data.inputs, data.targets, **options)

    def hidden_space(self, X: Any, **options: Any) -> Any:
        """Where each layer moves rows, see `explain.hidden_space`.

        Args:
            X: rows as in `fit`, alone or in a pair with their targets.
            **options: of `explain.hidden_space`.
        """
        from chainrule.explain import hidden_space

        X = X[0] if isinstance(X, tuple) and len(X) == 2 else X
        rows = self._estimator._rows(X, self._estimator.predict(X))
        return hidden_space(self._estimator._answers.network, rows.inputs, **options)

    def __dir__(self) -> list[str]:
        from chainrule import explain

        return sorted(name for name in explain.__all__ if name.islower() and _takes_model(getattr(explain, name)))

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_") or name not in dir(self):
            raise AttributeError(f"there is no explanation {name!r}. {did_you_mean(name, dir(self), limit=30)}")
        from chainrule import explain

        return functools.partial(getattr(explain, name), self._estimator.model_)

    def __repr__(self) -> str:
        return f"<explanations of a {type(self._estimator).__name__}: {', '.join(dir(self))}>"


def _takes_model(function: Any) -> bool:
    try:
        first = next(iter(inspect.signature(function).parameters.values()), None)
    except (TypeError, ValueError):
        return False
    return first is not None and first.name == "model" and first.default is first.empty


def in_units(network: Module, targets: Quantities) -> Module:
    """A copy of a network of several outputs that gives each in its own unit: scales moved into its last layer."""
    copied = copy.deepcopy(network)
    last = [layer for layer in copied.modules() if isinstance(layer, Linear)][-1]
    dtype = last.weight.dtype
    last.weight._data = (last.weight._data * targets.std[:, None]).astype(dtype)
    if last.bias is not None:
        last.bias._data = (last.bias._data * targets.std + targets.mean).astype(dtype)
    return copied


class Opening:
    """What a fitted estimator shows of itself."""

    @property
    def model_(self) -> Module:
        """The trained network, with everything that turns a table's rows into its inputs; `cr.predict` and
        ``model_.save`` take it from here.
        """
        check_is_fitted(self, "_answers")
        network: Module = self._answers.network  # type: ignore[attr-defined]
        targets = self._targets  # type: ignore[attr-defined]
        return in_units(network, targets) if isinstance(targets, Quantities) and targets.outputs > 1 else network

    @property
    def explain_(self) -> Explanations:
        """Trace, equation, regions, …: the functions of `chainrule.explain`, about this network."""
        check_is_fitted(self, "_answers")
        return Explanations(self)

    @property
    def plot(self) -> Any:
        """The network's pictures, see ``model.plot``."""
        return self.model_.plot

    def report(self, X: Any, y: Any, path: Any = None, **options: Any) -> Any:
        """Write one page with all that can be said about this estimator on some rows, see `chainrule.report`.

        Args:
            X, y: rows with their targets.
            path: page to write, if any.
            **options: of `chainrule.report`.
        """
        from chainrule.reports import report

        return report(self.model_, (X, y), path, **options)
