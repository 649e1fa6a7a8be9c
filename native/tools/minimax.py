"""Print the polynomials of src/math.hpp: minimax fits with coefficients that are floats.  Needs mpmath.

Remez's exchange finds the polynomial whose weighted error swings between equal extremes; then the lowest coefficient
is rounded to float and the others are fitted again, and so on, so that each makes up for the roundings before it.
E. Ya. Remez 1934; N. Brisebarre & S. Chevillard, *Efficient polynomial L∞-approximations*, 2007, on the rounding.
"""

from __future__ import annotations

import struct
from collections.abc import Callable

from mpmath import cos, erf, erfc, exp, log, log1p, lu_solve, matrix, mp, mpf, pi, sqrt, tanh

Function = Callable[[mpf], mpf]
GRID = 600


def remez(f: Function, weight: Function, low: mpf, high: mpf, powers: list[int]) -> list[mpf]:
    """Coefficients c of the powers that make the largest of weight·|f - Σ c·x^power| smallest."""
    n = len(powers)
    grid = [low + (high - low) * (1 - cos(pi * mpf(i) / GRID)) / 2 for i in range(GRID + 1)]
    values, weights = [f(x) for x in grid], [weight(x) for x in grid]
    nodes = [round(GRID * (2 * i + 1) / (2 * (n + 1))) for i in range(n + 1)]
    best: tuple[mpf, list[mpf]] = (mpf("inf"), [])
    for _ in range(30):
        system, right = matrix(n + 1, n + 1), matrix(n + 1, 1)
        for row, k in enumerate(nodes):
            for column, power in enumerate(powers):
                system[row, column] = grid[k] ** power
            system[row, n] = (-1) ** row / weights[k]
            right[row] = values[k]
        coefficients = list(lu_solve(system, right))[:n]
        errors = [w * (v - evaluate(coefficients, powers, x)) for w, v, x in zip(weights, values, grid, strict=True)]
        best = min(best, (max(abs(e) for e in errors), coefficients))
        extremes = _extremes(errors)
        while len(extremes) > n + 1:
            extremes.pop(0 if abs(errors[extremes[0]]) < abs(errors[extremes[-1]]) else -1)
        if len(extremes) < n + 1 or extremes == nodes:
            break
        nodes = extremes
    return best[1]


def _extremes(errors: list[mpf]) -> list[int]:
    """Where the error is largest in each stretch of one sign."""
    found = [0]
    for k in range(1, len(errors)):
        if (errors[k] >= 0) != (errors[found[-1]] >= 0):
            found.append(k)
        elif abs(errors[k]) > abs(errors[found[-1]]):
            found[-1] = k
    return found


def evaluate(coefficients: list[mpf], powers: list[int], x: mpf) -> mpf:
    return sum((c * x**power for c, power in zip(coefficients, powers, strict=True)), mpf(0))


def rounded(f: Function, weight: Function, low: mpf, high: mpf, terms: int) -> list[float]:
    """Float coefficients of 1, x, x², …"""
    fixed: list[float] = []
    for term in range(terms):

        def rest(x: mpf) -> mpf:
            return f(x) - evaluate([mpf(c) for c in fixed], list(range(len(fixed))), x)

        first = remez(rest, weight, low, high, list(range(term, terms)))[0]
        fixed.append(struct.unpack("f", struct.pack("f", float(first)))[0])
    return fixed


def main() -> None:
    """Every polynomial, with the largest relative error that it leaves in the function."""
    mp.dps = 40
    ln2, nearly0 = log(mpf(2)), mpf("1e-9")

    def away(x: mpf) -> mpf:  # from 0, where the quotients below are limits
        return x if abs(x) > nearly0 else nearly0

    fits: dict[str, tuple[Function, Function, mpf, mpf, int]] = {
        "expm1: e^r = 1 + r + r²·P(r)": (
            lambda r: (exp(away(r)) - 1 - away(r)) / away(r) ** 2,
            lambda r: away(r) ** 2 / exp(r),
            *(-ln2 * mpf("1.005"), ln2 * mpf("1.005"), 6),
        ),
        **{
            f"{name}: e^r = 1 + r·P(r)": (
                lambda r: (exp(away(r)) - 1) / away(r),
                lambda r: abs(away(r)) / exp(r),
                *(-ln2 / 2 * mpf("1.005"), ln2 / 2 * mpf("1.005"), terms),
            )
            for name, terms in (("exp", 6), ("sigmoid", 5))
        },
        "log: ln(1 + f) = f - f²/2 + f³·P(f)": (
            lambda f: (log1p(away(f)) - away(f) + away(f) ** 2 / 2) / away(f) ** 3,
            lambda f: abs(away(f) ** 3 / log1p(away(f))),
            *(sqrt(mpf(1) / 2) - 1, sqrt(mpf(2)) - 1, 9),
        ),
        "tanh: x + x³·P(x²)": (
            lambda u: (tanh(sqrt(away(u))) - sqrt(away(u))) / sqrt(away(u)) ** 3,
            lambda u: sqrt(away(u)) ** 3 / tanh(sqrt(away(u))),
            *(mpf(0), mpf("0.625") ** 2, 5),
        ),
        "erf: x + x·P(x²) up to 1": (
            lambda u: erf(sqrt(away(u))) / sqrt(away(u)) - 1,
            lambda u: sqrt(away(u)) / erf(sqrt(away(u))),
            *(mpf(0), mpf(1), 7),
        ),
        "erf: 1 - e^(-Q(x)) from 1 on": (lambda x: -log(erfc(x)), lambda x: erfc(x) / erf(x), mpf(1), mpf(4), 7),
    }
    for name, (f, weight, low, high, terms) in fits.items():
        coefficients = rounded(f, weight, low, high, terms)
        points = [low + (high - low) * i / 997 for i in range(998)]
        exact = [mpf(c) for c in coefficients]
        error = max(abs(weight(x) * (f(x) - evaluate(exact, list(range(terms)), x))) for x in points)
        print(f"{name}, error {float(error):.1e}\n  " + ", ".join(f"{c:.9g}" for c in coefficients))


if __name__ == "__main__":
    main()
