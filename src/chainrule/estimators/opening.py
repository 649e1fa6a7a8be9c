"""Opening an estimator's box: explanations, pictures and the report, in the user's own units and names."""

from __future__ import annotations

import functools
import inspect
from typing import Any

from sklearn.utils.validation import check_is_fitted

from chainrule.errors import did_you_mean
from chainrule.nn.module import Module

__all__ = ["Explanations", "Opening"]


class Explanations:
    """The functions of `chainrule.explain` about one model: ``estimator.explain_.equation(digits=3)``."""

    __slots__ = ("_model",)

    def __init__(self, model: Module) -> None:
        self._model = model

    def __dir__(self) -> list[str]:
        from chainrule import explain

        return sorted(name for name in explain.__all__ if name.islower() and _takes_model(getattr(explain, name)))

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_") or name not in dir(self):
            raise AttributeError(f"there is no explanation {name!r}. {did_you_mean(name, dir(self), limit=30)}")
        from chainrule import explain

        return functools.partial(getattr(explain, name), self._model)

    def __repr__(self) -> str:
        return f"<explanations of a {type(self._model).__name__}: {', '.join(dir(self))}>"


def _takes_model(function: Any) -> bool:
    try:
        first = next(iter(inspect.signature(function).parameters.values()), None)
    except (TypeError, ValueError):
        return False
    return first is not None and first.name == "model" and first.default is first.empty


class Opening:
    """What a fitted estimator shows of itself."""

    @property
    def model_(self) -> Module:
        """The trained network, with everything that turns a table's rows into its inputs; `cr.predict` and
        ``model_.save`` take it from here.
        """
        check_is_fitted(self, "_answers")
        network: Module = self._answers.network  # type: ignore[attr-defined]
        return network

    @property
    def explain_(self) -> Explanations:
        """Trace, equation, regions, …: the functions of `chainrule.explain`, about this network."""
        return Explanations(self.model_)

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
