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


def rounded(pieces: list[Piece], digits: int, center: Floats, scale: Floats) -> list[Piece]:
    """Round all weights and biases.

    A weight that moves its neuron by less than half a unit of the largest one's last digit becomes 0. Numbers that
    nearly cancel, as of a year and the bias that takes 2008 of them off again, keep as many digits more as that costs.

    Args:
        pieces: on inputs in the user's units.
        digits: significant digits of each neuron's sum.
        center, scale: about where each input lies, and how far it moves, ``(in,)``.
    """
    done: list[Piece] = []
    for position, piece in enumerate(pieces):
        if not isinstance(piece, Affine):
            done.append(piece)
            continue
        width = piece.weight.shape[-1]
        middle, reach = (center, scale) if position == 0 else (np.zeros(width), np.ones(width))
        done.append(_rounded(piece, digits, middle, reach))
    return done


def _rounded(piece: Affine, digits: int, center: Floats, scale: Floats) -> Affine:
    diagonal = piece.weight.ndim == 1
    effect = np.abs(piece.weight) * scale
    at_center = piece.weight * center if diagonal else piece.weight @ center
    largest = np.maximum(effect if diagonal else effect.max(axis=1), np.abs(piece.bias + at_center))
    by_weight = largest if diagonal else largest[:, None]
    least = 0.5 * 10.0**-digits
    size = np.abs(piece.weight) * np.maximum(np.abs(center), scale)
    small = effect < least * by_weight
    weight = np.where(small, 0.0, _kept(piece.weight, digits, size, by_weight))
    # A weight that goes leaves behind what it gives where its input lies.
    left = np.where(small, piece.weight, 0.0)
    bias = piece.bias + (left * center if diagonal else left @ center)
    bias = np.where(np.abs(bias) < least * largest, 0.0, _kept(bias, digits, np.abs(bias), largest))
    return replace(piece, weight=weight, bias=bias)


def _kept(values: Floats, digits: int, size: Floats, largest: Floats) -> Floats:
    """Significant digits, and more where a term is larger than the sum that counts."""
    with np.errstate(divide="ignore", invalid="ignore"):
        more = np.ceil(np.log10(size / largest))
    more = np.clip(np.nan_to_num(np.broadcast_to(more, values.shape), nan=0.0), 0, 17 - digits).astype(int)
    done = values.copy()
    for extra in np.unique(more).tolist():
        done[more == extra] = significant(values[more == extra], digits + extra)
    return done
