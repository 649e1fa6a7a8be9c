// m / d where the last digit may go for speed: the one place that names instructions.
#pragma once

#include "lanes.hpp"

#if defined(__AVX2__)
#include <immintrin.h>
#endif

namespace cr {
inline namespace CR_ISA {

#if defined(__AVX512F__)
inline Vec<float> reciprocal_estimate(Vec<float> x) { return _mm512_maskz_rcp14_ps(0xFFFF, x); }
inline Vec<float> smaller(Vec<float> a, Vec<float> b) { return _mm512_maskz_min_ps(0xFFFF, a, b); }
#elif defined(__AVX2__)
inline Vec<float> reciprocal_estimate(Vec<float> x) { return _mm256_rcp_ps(x); }
inline Vec<float> smaller(Vec<float> a, Vec<float> b) { return _mm256_min_ps(a, b); }
#endif

// For a denominator that is an ordinary number, zero or infinity, such as √v + ε.  In float with AVX it is the
// processor's estimate of 1/d and one step of Newton's method, r(2 - dr), which doubles its digits: within 2 units in
// the last place of the quotient, and free of the divider, which the square root keeps busy.  The step makes NaN of
// d = 0, where m/d is no finite number either, and would of d = ∞, where m/d is 0: hence the bound.
template <class V>
inline V quick_divide(V m, V d) {
#if defined(__AVX2__)
  if constexpr (std::is_same_v<V, Vec<float>>) {
    d = smaller(all<V>(1e37), d);  // in this order NaN stays NaN
    const V estimate = reciprocal_estimate(d);
    return m * (estimate * (all<V>(2) - d * estimate));
  }
#endif
  return m / d;
}

}  // namespace CR_ISA
}  // namespace cr
