"""Columns made ready for methods that read numbers only, as scikit-learn's documentation advises."""

from __future__ import annotations

from typing import Any

from sklearn.compose import ColumnTransformer
from sklearn.impute import SimpleImputer
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

__all__ = ["UNKNOWN", "encoder"]

UNKNOWN = "(missing)"


def encoder(text: list[str]) -> Any:
    """Numbers: median for what is missing, with a column that says so, then standardised. Text: one-hot.

    A missing text is a category of its own; a category that training did not have is all zeros.
    """
    numbers = make_pipeline(SimpleImputer(strategy="median", add_indicator=True), StandardScaler())
    texts = make_pipeline(
        SimpleImputer(strategy="constant", missing_values=None, fill_value=UNKNOWN),
        OneHotEncoder(handle_unknown="ignore", drop="if_binary", sparse_output=False),
    )
    return ColumnTransformer([("text", texts, text)], remainder=numbers)
