"""An estimator's hidden layer as a transformer of tables."""

from __future__ import annotations

from typing import Any

from numpy.typing import NDArray
from sklearn.base import ClassNamePrefixFeaturesOutMixin, TransformerMixin
from sklearn.utils.validation import check_is_fitted

from chainrule.errors import ConfigError
from chainrule.estimators.given import read_given

__all__ = ["HiddenLayer"]


class HiddenLayer(ClassNamePrefixFeaturesOutMixin, TransformerMixin):  # type: ignore[misc]
    """``transform`` and what belongs to it."""

    def transform(self, X: Any) -> NDArray[Any]:
        """What leaves the last hidden layer, ``(N, neurons)``: the table as the network has learned to see it.

        Args:
            X: as in `fit`.

        Raises:
            ConfigError: for a network without hidden layers.
        """
        check_is_fitted(self, "_answers")
        given = read_given(self, X, reset=False)
        if not self.settings_.hidden_layer_sizes:
            raise ConfigError("a network without hidden layers has nothing to transform to")
        features = self._features.transform(given, self._dtype())
        found: NDArray[Any] = self._answers.hidden(features, -1)
        return found

    @property
    def _n_features_out(self) -> int:
        return int(self.settings_.hidden_layer_sizes[-1])

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.transformer_tags.preserves_dtype = []
        return tags
