"""`PerceptronClassifier`: Rosenblatt's."""

from __future__ import annotations

from chainrule.estimators.classifier import MLPClassifier

__all__ = ["PerceptronClassifier"]


class PerceptronClassifier(MLPClassifier):
    """placeholder"""
