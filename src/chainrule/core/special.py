"""The error function on any array namespace; NumPy has none of its own."""

from __future__ import annotations

from typing import Any

__all__ = ["erf"]

# ln(erfc(z)/t) + z² on t = 2/(2 + z) in [0, 1], expanded in Chebyshev polynomials of 2t - 1 with 40 digits.
# Truncated at 1e-17; the first 14 terms already serve float32.
_CHEBYSHEV = (
    -0.651326859890854717, 0.64196979235649026, 0.0194764732041858363, -0.00956151478680863164,
    -0.000946595344482036866, 0.000366839497852761452, 0.0000425233248069077716, -0.0000202785781125342432,
    -1.62429000464702551e-6, 1.3036558355805232e-6, 1.56264417220661432e-8, -8.52380959149265425e-8,
    6.5290544390988515e-9, 5.05934349555146894e-9, -9.91364156493033087e-10, -2.27365122293183586e-10,
    9.6467911020155268e-11, 2.39403808303911474e-12, -6.8860275264975534e-12, 8.94487927309072572e-13,
    3.13092139934295808e-13, -1.12708223613672524e-13, 3.81090525518923206e-16, 7.10609761360923699e-15,
    -1.5230282014571043e-15, -9.457494571291234e-17, 1.21023718922427899e-16, -2.81666308774717697e-17,
)  # fmt: skip
_FLOAT32_TERMS = 14

# erf(x) = 2/√π · Σ (-1)ⁿ x²ⁿ⁺¹ / (n! (2n + 1)); twelve terms reach 1e-17 for |x| < 1/2.
_TAYLOR = (
    1.1283791670955126, -0.37612638903183754, 0.11283791670955126, -0.026866170645131252,
    0.005223977625442188, -0.0008548327023450852, 0.00012055332981789664, -1.492565035840625e-05,
    1.6462114365889246e-06, -1.6365844691234924e-07, 1.4807192815879218e-08, -1.2290555301717926e-09,
)  # fmt: skip


def erf(xp: Any, x: Any) -> Any:
    """erf(x) = 2/√π ∫₀ˣ e^(-t²) dt, accurate to the last few bits of x's dtype."""
    terms = _CHEBYSHEV if x.dtype.itemsize > 4 else _CHEBYSHEV[:_FLOAT32_TERMS]
    z = xp.abs(x)
    square = x * x
    t = 2.0 / (2.0 + z)
    complement = t * xp.exp(_clenshaw(4.0 * t - 2.0, terms) - square)
    series = _TAYLOR[-1]
    for coefficient in _TAYLOR[-2::-1]:
        series = series * square + coefficient
    # The series overflows far from zero, where it is not selected.
    return xp.where(z < 0.5, x * xp.where(z < 0.5, series, 0.0), xp.sign(x) * (1.0 - complement))


def _clenshaw(doubled: Any, coefficients: tuple[float, ...]) -> Any:
    """Σ cₖ Tₖ(u) for doubled = 2u."""
    high: Any = 0.0
    higher: Any = 0.0
    for coefficient in coefficients[:0:-1]:
        high, higher = doubled * high - higher + coefficient, high
    return 0.5 * doubled * high - higher + coefficients[0]
