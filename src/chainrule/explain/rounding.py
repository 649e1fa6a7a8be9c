"""Rounding a network's numbers for a reader, and what that costs."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from chainrule.errors import ConfigError
from chainrule.explain.algebra import Affine, Floats, Piece

__all__ = ["check_digits", "check_most", "rounded", "significant"]


def check_digits(digits: Any) -> int | None:
    """Return `digits` if it is a number of significant digits, or None.

    Raises:
        ConfigError: for anything else.
    """
    if digits is None:
        return None
    if isinstance(digits, bool) or not isinstance(digits, int) or not 1 <= digits <= 17:
        raise ConfigError("bad digits", expected="a whole number from 1 to 17, or None", got=repr(digits))
    return digits


def check_most(count: Any) -> int:
    """Return `count` if it is a number of terms.

    Raises:
        ConfigError: for anything else.
    """
    if isinstance(count, bool) or not isinstance(count, int) or count < 1:
        raise ConfigError("bad max_terms", expected="a whole number from 1 on", got=repr(count))
    return count


def significant(values: Any, digits: int) -> Floats:
    """Round to `digits` significant digits.

    >>> significant([1234.5, 0.00012345], 2).tolist()
    [1200.0, 0.00012]
    """
    array = np.asarray(values, np.float64)
    return np.array([float(f"{value:.{digits - 1}e}") for value in array.ravel()]).reshape(array.shape)


def rounded(pieces: list[Piece], digits: int, reach: Floats) -> list[Piece]:
    """Round all weights and biases.

    A weight that moves its neuron by less than half a unit of the largest one's last digit becomes 0.

    Args:
        pieces: on inputs in the user's units.
        digits: significant digits.
        reach: how far each input moves, ``(in,)``: the scale of its unit, so that small weights of large numbers stay.
    """
    done: list[Piece] = []
    for position, piece in enumerate(pieces):
        if not isinstance(piece, Affine):
            done.append(piece)
            continue
        effect = np.abs(piece.weight) * (reach if position == 0 else 1.0)
        largest = np.maximum(effect if piece.weight.ndim == 1 else effect.max(axis=1, keepdims=True), _column(piece))
        weight = np.where(effect < 0.5 * 10.0**-digits * largest, 0.0, significant(piece.weight, digits))
        done.append(replace(piece, weight=weight, bias=_rounded_bias(piece, effect, digits)))
    return done


def _column(piece: Affine) -> Floats:
    bias = np.abs(piece.bias)
    return bias if piece.weight.ndim == 1 else bias[:, None]


def _rounded_bias(piece: Affine, effect: Floats, digits: int) -> Floats:
    largest = effect if effect.ndim == 1 else effect.max(axis=1)
    small = np.abs(piece.bias) < 0.5 * 10.0**-digits * largest
    return np.where(small, 0.0, significant(piece.bias, digits))
