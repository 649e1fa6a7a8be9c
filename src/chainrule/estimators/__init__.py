"""scikit-learn estimators: tables as they are, in scikit-learn's habits."""

from __future__ import annotations
