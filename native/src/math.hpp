// Elementary functions on vectors, and on single numbers with the same bits.
//
// float: polynomials, at most 1.6 units in the last place from the true value, right at zeros, infinities and NaN;
// results below the normal range are rounded too, or flushed where the processor is told to.
// double: the C library's functions, lane by lane.
//
// The reductions of the argument are those of Cephes (S. L. Moshier, Methods and Programs for Mathematical Functions,
// 1989; expf.c, logf.c, tanhf.c) after W. J. Cody & W. Waite, Software Manual for the Elementary Functions, 1980.
// The coefficients are minimax fits made for these ranges (native/tools/minimax.py).
#pragma once

#include <cmath>
#include <limits>

#include "instructions.hpp"

namespace cr {
inline namespace CR_ISA {

inline constexpr double kInfinity = std::numeric_limits<double>::infinity();
inline constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

// ln 2 in two parts.  The first has few digits, so that its product with a small whole number is exact.
inline constexpr double kLn2High = 0.693359375, kLn2Low = -2.12194440e-4;

// Added to a float below 2²², it leaves the nearest whole number in the lowest bits.
inline constexpr double kRounder = 12582912.0;  // 1.5 · 2²³
inline constexpr std::uint32_t kRounderBits = 0x4B400000u;

// c₀ + c₁x + c₂x² + … by Horner's rule.
template <class V>
CR_INLINE V polynomial(V, double last) {
  return all<V>(last);
}
template <class V, class... More>
CR_INLINE V polynomial(V x, double first, More... more) {
  return polynomial(x, more...) * x + all<V>(first);
}

// The larger of two; NaN if either is.
template <class V>
CR_INLINE V maximum(V a, V b) {
  return b != b ? b : at_least(a, b);
}

template <class V>
inline constexpr auto kSign = static_cast<decltype(Bits<Number<V>>{})>(Bits<Number<V>>{1} << (sizeof(Number<V>) * 8 - 1));

template <class V>
CR_INLINE V abs(V x) {
  return number_of<V>(bits_of(x) & ~kSign<V>);
}

// `magnitude` ≥ 0 with the sign of x.
template <class V>
CR_INLINE V with_sign(V magnitude, V x) {
  return number_of<V>(bits_of(magnitude) | (bits_of(x) & kSign<V>));
}

template <class V>
CR_INLINE V sqrt(V x) {
  return lane_by_lane(x, [](Number<V> lane) { return std::sqrt(lane); });
}

// x - k·ln 2 within 2e-9·|k|: where the processor rounds a product and a sum once, one constant is enough for that.
template <class V>
CR_INLINE V less_ln2(V x, V k) {
  if constexpr (kFused) return multiply_add(k, all<V>(-0.693147180559945), x);
  else return (x - k * all<V>(kLn2High)) - k * all<V>(kLn2Low);
}

// e^x = 2^k·e^r, |r| ≤ ½ ln 2.
template <class V>
CR_INLINE V exp(V x) {
  if constexpr (kIsFloat<V>) {
    constexpr double least = kLeastPower<V> * 0.6931;  // where rounding ends at that power
    const V clipped = at_most(at_least(x, all<V>(least)), all<V>(89));  // beyond: 0 and ∞
    const V rounded = clipped * all<V>(1.4426950408889634) + all<V>(kRounder);
    const V k = rounded - all<V>(kRounder);
    const V r = (clipped - k * all<V>(kLn2High)) - k * all<V>(kLn2Low);
    const V y = polynomial(r, 1, 1, 0.499998719, 0.166665405, 0.0417008884, 0.00836689118, 0.00118866703);
    return times_power_of_two(y, k, bits_of(rounded));
  } else {
    return lane_by_lane(x, [](double lane) { return std::exp(lane); });
  }
}

// e^x - 1 = (1 + rest) · scale² - 1 = scale · (scale·rest + (scale - 1/scale)), scale a power of two: nothing cancels
// near 0, where scale is 1.  Two factors reach to infinity where one would overflow; the range that is left for `rest`,
// |r| ≤ ln 2, costs one more term.
template <class V>
CR_INLINE V expm1(V x) {
  if constexpr (kIsFloat<V>) {
    const V clipped = at_most(at_least(x, all<V>(-104)), all<V>(89));  // beyond: -1 and ∞
    const V rounded = clipped * all<V>(0.5 * 1.4426950408889634) + all<V>(kRounder);
    const V k = rounded - all<V>(kRounder);
    const V r = (clipped - k * all<V>(2 * kLn2High)) - k * all<V>(2 * kLn2Low);
    const V tail = polynomial(r, 0.500000358, 0.166666135, 0.0416611508, 0.00833610352, 0.00141071517, 0.000196208493);
    const V rest = r * r * tail + r;
    const Bits<V> exponent = bits_of(rounded);
    const V scale = number_of<V>((exponent + 127u) << 23), inverse = number_of<V>((127u - exponent) << 23);
    return (rest * scale + (scale - inverse)) * scale;
  } else {
    return lane_by_lane(x, [](double lane) { return std::expm1(lane); });
  }
}

// ln x = e·ln 2 + ln(1 + f), 1 + f from √½ to √2.
template <class V>
CR_INLINE V log(V x) {
  if constexpr (kIsFloat<V>) {
    const auto denormal = x < all<V>(std::numeric_limits<float>::min());
    const V normal = denormal ? x * all<V>(33554432.0) : x;  // 2²⁵
    const Bits<V> offset = bits_of(normal) - 0x3F3504F3u;     // √½
    const V exponent = number_of<V>(((offset + 0x80000000u) >> 23) + kRounderBits) -
                       (denormal ? all<V>(kRounder + 256 + 25) : all<V>(kRounder + 256));
    const V f = number_of<V>((offset & 0x007FFFFFu) + 0x3F3504F3u) - all<V>(1);
    const V square = f * f;
    const V cubic = polynomial(f, 0.333333135, -0.250000715, 0.200021029, -0.166646838, 0.142175496, -0.124594763,
                               0.119512312, -0.113971047, 0.0629312098);
    const V tail = multiply_add(f * square, cubic, exponent * all<V>(kLn2Low)) - square * all<V>(0.5);
    const V y = (f + tail) + exponent * all<V>(kLn2High);
    const V finite = x > V{} ? y : x == V{} ? all<V>(-kInfinity) : all<V>(kNaN);
    return x == all<V>(kInfinity) ? x : finite;
  } else {
    return lane_by_lane(x, [](double lane) { return std::log(lane); });
  }
}

// ln(1 + x): what 1 + x loses of x in rounding, u = 1 + x, is put back as (x - (u - 1))/u.  W. Kahan's device.
template <class V>
CR_INLINE V log1p(V x) {
  if constexpr (kIsFloat<V>) {
    const V u = x + all<V>(1);
    const V lost = (x - (u - all<V>(1))) / u;
    return log(u) + (((u > V{}) & (u < all<V>(kInfinity))) ? lost : V{});
  } else {
    return lane_by_lane(x, [](double lane) { return std::log1p(lane); });
  }
}

template <class V>
CR_INLINE V tanh(V x) {
  if constexpr (kIsFloat<V>) {
    const V size = abs(x), square = x * x;
    const V series = polynomial(square, -0.333332807, 0.133314058, -0.0537365153, 0.0206281673, -0.00569229666);
    const V far = all<V>(1) - all<V>(2) / (exp(size + size) + all<V>(1));
    return size < all<V>(0.625) ? x * square * series + x : with_sign(far, x);
  } else {
    return lane_by_lane(x, [](double lane) { return std::tanh(lane); });
  }
}

// 2/√π ∫₀ˣ e^(-t²) dt: a series in x² up to 1, beyond it 1 - e^(-Q(|x|)), which is 1 in float from 3.92 on.
template <class V>
CR_INLINE V erf(V x) {
  if constexpr (kIsFloat<V>) {
    const V size = at_most(abs(x), all<V>(4)), square = size * size;
    const V series = polynomial(square, 0.128379166, -0.37612626, 0.112835787, -0.0268533472, 0.0051871622,
                                -0.00079978531, 7.80690389e-05);
    const V q = polynomial(size, 0.000341524486, 1.12708914, 0.63814497, 0.103106596, -0.021837974, 0.00294763339,
                           -0.000186376506);
    return size < all<V>(1) ? x * series + x : with_sign(all<V>(1) - exp(-q), x);
  } else {
    return lane_by_lane(x, [](double lane) { return std::erf(lane); });
  }
}

// 1 / (1 + e^-x), within 4 units in the last place in float: a shorter polynomial than exp's, and 2^k goes into the sum.
// Below -87 it may be 0 at once.
template <class V>
CR_INLINE V sigmoid(V x) {
  if constexpr (kIsFloat<V>) {
    const V clipped = at_most(at_least(x, all<V>(-88.3)), all<V>(87));
    const V rounded = clipped * all<V>(-1.4426950408889634) + all<V>(kRounder);
    const V k = rounded - all<V>(kRounder);
    const V r = less_ln2(-clipped, k);
    const V y = polynomial(r, 1, 0.999999702, 0.499991298, 0.166676328, 0.0419004522, 0.00829154905);
    const V power = number_of<V>((bits_of(rounded) + 127u) << 23);
    return quick_inverse(y * power + all<V>(1));
  } else {
    return all<V>(1) / (all<V>(1) + exp(-x));
  }
}

// The same, but exactly 0 where it is no ordinary number any more: for products with x, which may be infinite.
template <class V>
CR_INLINE V vanishing_sigmoid(V x) {
  return x < all<V>(-88) ? V{} : sigmoid(x);
}

// ln(1 + e^x), stable on both sides.
template <class V>
CR_INLINE V log1p_exp(V x) {
  return at_least(x, V{}) + log1p(exp(-abs(x)));
}

}  // namespace CR_ISA
}  // namespace cr
