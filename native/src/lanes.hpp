// One source for vectors and for single numbers: a number counts as a vector of one lane.
#pragma once

#include <cmath>
#include <cstdint>
#include <cstring>
#include <type_traits>
#include <utility>

#include "simd.hpp"

// For functions of a vector or two: as a call, the vectors and all constants would go through memory.
#define CR_INLINED __attribute__((always_inline))
#define CR_INLINE inline CR_INLINED

namespace cr {
inline namespace CR_ISA {

template <class V>
struct Lanes;
template <>
struct Lanes<float> {
  using number = float;
  using bits = std::uint32_t;
  static constexpr int count = 1;
};
template <>
struct Lanes<double> {
  using number = double;
  using bits = std::uint64_t;
  static constexpr int count = 1;
};
template <>
struct Lanes<Vec<float>> {
  using number = float;
  using bits = VectorOf<float>::bits;
  static constexpr int count = static_cast<int>(kWidth<float>);
};
template <>
struct Lanes<Vec<double>> {
  using number = double;
  using bits = VectorOf<double>::bits;
  static constexpr int count = static_cast<int>(kWidth<double>);
};


// Four lanes, for batches of four and fewer: what is added up across lanes is ready sooner.
template <class T>
struct QuadOf;
template <>
struct QuadOf<float> {
  typedef float type __attribute__((vector_size(16)));
  typedef std::uint32_t bits __attribute__((vector_size(16)));
};
template <>
struct QuadOf<double> {
  typedef double type __attribute__((vector_size(32)));
  typedef std::uint64_t bits __attribute__((vector_size(32)));
};
template <class T>
using Quad = typename QuadOf<T>::type;

#if CR_VECTOR_BYTES != 16  // else it is Vec<float>
template <>
struct Lanes<Quad<float>> {
  using number = float;
  using bits = QuadOf<float>::bits;
  static constexpr int count = 4;
};
#endif
#if CR_VECTOR_BYTES != 32  // else it is Vec<double>
template <>
struct Lanes<Quad<double>> {
  using number = double;
  using bits = QuadOf<double>::bits;
  static constexpr int count = 4;
};
#endif

template <class V>
using Number = typename Lanes<V>::number;
template <class V>
using Bits = typename Lanes<V>::bits;

template <class V>
inline constexpr bool kIsFloat = std::is_same_v<Number<V>, float>;

// The same value in every lane; a double is rounded to the lanes' type, as NumPy does with Python's numbers.
template <class V>
CR_INLINE V all(double value) {
  return static_cast<Number<V>>(value) - V{};
}

template <class V>
CR_INLINE Bits<V> bits_of(V x) {
  Bits<V> bits;
  std::memcpy(&bits, &x, sizeof bits);
  return bits;
}

template <class V>
CR_INLINE V number_of(Bits<V> bits) {
  V x;
  std::memcpy(&x, &bits, sizeof x);
  return x;
}

// f of every lane, for functions that there are only for single numbers.
template <class V, class F>
CR_INLINE V lane_by_lane(V x, F f) {
  if constexpr (Lanes<V>::count == 1) {
    return f(x);
  } else {
    V y{};
    for (int i = 0; i < Lanes<V>::count; ++i) y[i] = f(x[i]);
    return y;
  }
}

// f(0), f(1), … in the first `count` lanes, and a value that does no harm in the others.
template <class V, class F>
CR_INLINE V first_lanes(std::size_t count, double filling, F f) {
  Number<V> lanes[Lanes<V>::count];
  const V filled = all<V>(filling);
  std::memcpy(lanes, &filled, sizeof lanes);
  for (std::size_t i = 0; i < count && i < Lanes<V>::count; ++i) lanes[i] = f(i);
  V y;
  std::memcpy(&y, lanes, sizeof y);
  return y;
}

// Lane i of what comes back: lane i + Shift, and round again.
template <int Shift, class V, int... Lane>
CR_INLINE V rotated(V x, std::integer_sequence<int, Lane...>) {
  return __builtin_shufflevector(x, x, (Lane + Shift) % Lanes<V>::count...);
}

// In every lane what f makes of all lanes, always in the same order: halves first.
template <class V, int Half = Lanes<V>::count / 2, class F>
CR_INLINE V folded(V x, F f) {
  if constexpr (Half == 0) {
    return x;
  } else {
    return folded<V, Half / 2>(f(x, rotated<Half>(x, std::make_integer_sequence<int, Lanes<V>::count>{})), f);
  }
}

// a·b + c, rounded once where the processor can.  Where two products are added, this says which of them is rounded by
// itself: left to the compiler, the choice (and the last bit) could differ from one place of use to the next.
#if defined(FP_FAST_FMAF) && defined(FP_FAST_FMA)
inline constexpr bool kFused = true;
#else
inline constexpr bool kFused = false;
#endif
template <class V>
CR_INLINE V multiply_add(V a, V b, V c) {
  if constexpr (!kFused) {
    return a * b + c;
  } else if constexpr (Lanes<V>::count == 1) {
    return std::fma(a, b, c);
  } else {
    V y{};
    for (int i = 0; i < Lanes<V>::count; ++i) y[i] = std::fma(a[i], b[i], c[i]);
    return y;
  }
}

}  // namespace CR_ISA
}  // namespace cr
