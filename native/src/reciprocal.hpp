// m / d, where the last digit may go for speed: the one place that names an instruction.
#pragma once

#include "lanes.hpp"

#if defined(__AVX2__)
#include <immintrin.h>
#endif

namespace cr {
inline namespace CR_ISA {

// In float with AVX, the processor's estimate of 1/d and one step of Newton's method, r(2 - dr), which doubles its
// digits: within 2 units in the last place of the quotient, and free of the divider that the square root keeps busy.
// For d = 0 and d = ∞ the step gives NaN and the estimate, ∞ and 0, is right.
template <class V>
inline V quick_divide(V m, V d) {
#if defined(__AVX2__)
  if constexpr (std::is_same_v<V, Vec<float>>) {
#if defined(__AVX512F__)
    const V estimate = _mm512_maskz_rcp14_ps(0xFFFF, d);
#else
    const V estimate = _mm256_rcp_ps(d);
#endif
    const V refined = estimate * (all<V>(2) - d * estimate);
    return m * (refined == refined ? refined : estimate);
  }
#endif
  return m / d;
}

}  // namespace CR_ISA
}  // namespace cr
