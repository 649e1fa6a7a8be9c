// What a compiler does not make of plain vector code: the one place that names instructions, each with what stands in
// for it elsewhere.  Masks that take every lane: without one, GCC 12 warns of its own headers.
#pragma once

#include "lanes.hpp"

#if defined(__SSE2__)
#include <immintrin.h>
#endif

namespace cr {
inline namespace CR_ISA {

// The larger (smaller) of two; NaN if x is, as NumPy's maximum and PyTorch's clamp.  As a comparison and a choice it is
// two instructions, and slow ones with AVX-512.
template <class V>
CR_INLINE V at_least(V x, V low) {
  return x < low ? low : x;
}
template <class V>
CR_INLINE V at_most(V x, V high) {
  return x > high ? high : x;
}

#if defined(__SSE2__)
#if defined(__AVX512F__)
CR_INLINE Vec<float> at_least(Vec<float> x, Vec<float> low) { return _mm512_maskz_max_ps(0xFFFF, low, x); }
CR_INLINE Vec<float> at_most(Vec<float> x, Vec<float> high) { return _mm512_maskz_min_ps(0xFFFF, high, x); }
#elif defined(__AVX2__)
CR_INLINE Vec<float> at_least(Vec<float> x, Vec<float> low) { return _mm256_max_ps(low, x); }
CR_INLINE Vec<float> at_most(Vec<float> x, Vec<float> high) { return _mm256_min_ps(high, x); }
#endif
CR_INLINE Quad<float> at_least(Quad<float> x, Quad<float> low) { return _mm_max_ps(low, x); }
CR_INLINE Quad<float> at_most(Quad<float> x, Quad<float> high) { return _mm_min_ps(high, x); }
#endif

// y·2^k for y between ½ and 2 and whole k up to 128; from -126 down it may be 0.  `rounded` is kRounder + k, in whose
// lowest bits k stands; it must not be below kLeastPower.
template <class V>
inline constexpr int kLeastPower = -126;
template <class V>
CR_INLINE V times_power_of_two(V y, V, Bits<V> rounded) {
  return y * number_of<V>((rounded + 126u) << 23) * all<V>(2);  // 2^128 alone would be no number
}
#if defined(__AVX512VL__)
template <>
inline constexpr int kLeastPower<Vec<float>> = -151;
template <>
inline constexpr int kLeastPower<Quad<float>> = -151;
CR_INLINE Vec<float> times_power_of_two(Vec<float> y, Vec<float> k, Bits<Vec<float>>) {
  return _mm512_maskz_scalef_ps(0xFFFF, y, k);
}
CR_INLINE Quad<float> times_power_of_two(Quad<float> y, Quad<float> k, Bits<Quad<float>>) { return _mm_scalef_ps(y, k); }
#endif

// Whether a comparison holds in any lane.
template <class M>
CR_INLINE bool any(M comparison) {
  std::uint64_t words[sizeof(M) / 8], together = 0;
  std::memcpy(words, &comparison, sizeof words);
  for (const std::uint64_t word : words) together |= word;
  return together != 0;
}
#if defined(__AVX512DQ__)
CR_INLINE bool any(Mask<float> comparison) {
  return _mm512_movepi32_mask(reinterpret_cast<__m512i>(comparison)) != 0;
}
#endif

// Where a vector is used several times: GCC would read it from memory each time, and loads become the bottleneck.
template <class V>
CR_INLINE void keep_in_register([[maybe_unused]] V& x) {
#if defined(__SSE2__)
  if constexpr (sizeof(V) <= kVectorBytes) {  // four doubles are two registers where vectors are narrow
#if defined(__AVX512F__)
    __asm__("" : "+v"(x));
#else
    __asm__("" : "+x"(x));
#endif
  }
#endif
}

#if defined(__AVX512F__)
CR_INLINE Vec<float> reciprocal_estimate(Vec<float> x) { return _mm512_maskz_rcp14_ps(0xFFFF, x); }
#elif defined(__AVX2__)
CR_INLINE Vec<float> reciprocal_estimate(Vec<float> x) { return _mm256_rcp_ps(x); }
#endif

// 1/d where the last digit may go for speed, for an ordinary number d up to 3e38.  In float with AVX it is the
// processor's estimate and one step of Newton's method, r(2 - dr), which doubles its digits: within 2 units in the last
// place, and free of the divider.  (Four lanes are divided as fast.)
template <class V>
CR_INLINE V quick_inverse(V d) {
#if defined(__AVX2__)
  if constexpr (std::is_same_v<V, Vec<float>>) {
    const V estimate = reciprocal_estimate(d);
    return estimate * (all<V>(2) - d * estimate);
  }
#endif
  return all<V>(1) / d;
}

// m / d in the same way, for a denominator that is an ordinary number, zero or infinity, such as √v + ε.  Newton's step
// makes NaN of d = 0, where m/d is no finite number either, and would of d = ∞, where m/d is 0: hence the bound.
template <class V>
CR_INLINE V quick_divide(V m, V d) {
#if defined(__AVX2__)
  if constexpr (std::is_same_v<V, Vec<float>>) return m * quick_inverse(at_most(d, all<V>(3e38)));
#endif
  return m / d;
}

}  // namespace CR_ISA
}  // namespace cr
