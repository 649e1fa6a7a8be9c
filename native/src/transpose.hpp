// A panel turned on its side.
#pragma once

#include <cstring>
#include <type_traits>
#include <utility>

#include "simd.hpp"

namespace cr {
inline namespace CR_ISA {

// Interleaves the first, or the second, halves of two vectors.
template <class V, std::size_t... I>
inline V interleave_low(const V& a, const V& b, std::index_sequence<I...>) {
  return __builtin_shufflevector(a, b, (I % 2 ? sizeof...(I) + I / 2 : I / 2)...);
}
template <class V, std::size_t... I>
inline V interleave_high(const V& a, const V& b, std::index_sequence<I...>) {
  return __builtin_shufflevector(a, b, (sizeof...(I) / 2 + (I % 2 ? sizeof...(I) + I / 2 : I / 2))...);
}

// to[c][r] = from[r][c] for a square of kWidth rows of panels.  A perfect shuffle of all rows, done log₂(width)
// times, is a transposition.
template <class T>
inline void transpose_square(const T* from, T* to) {
  constexpr std::size_t n = kWidth<T>;
  constexpr auto lanes = std::make_index_sequence<n>{};
  Vec<T> now[n], next[n];
#pragma GCC unroll 16
  for (std::size_t r = 0; r < n; ++r) now[r] = load(from + r * kPanel);
#pragma GCC unroll 4
  for (std::size_t round = 1; round < n; round *= 2) {
#pragma GCC unroll 8
    for (std::size_t r = 0; r < n / 2; ++r) {
      next[2 * r] = interleave_low(now[r], now[r + n / 2], lanes);
      next[2 * r + 1] = interleave_high(now[r], now[r + n / 2], lanes);
    }
#pragma GCC unroll 16
    for (std::size_t r = 0; r < n; ++r) now[r] = next[r];
  }
#pragma GCC unroll 16
  for (std::size_t r = 0; r < n; ++r) store(to + r * kPanel, now[r]);
}

// The side of the squares in which a panel is turned.
template <class T>
inline constexpr std::size_t kSquare = std::is_same_v<T, float> && kVectorBytes >= 32 ? 8 : kWidth<T>;

#if CR_VECTOR_BYTES >= 32
// The same for 8 × 8 floats: rows i and i + 4 come into one vector on their way from memory, and half the shuffles are
// left, of vectors for which processors have twice the room.
template <std::size_t Half>
inline void transpose_half(const float* from, float* to) {
  typedef float Four __attribute__((vector_size(16)));
  typedef float Eight __attribute__((vector_size(32)));
  Eight rows[4];
#pragma GCC unroll 4
  for (std::size_t i = 0; i < 4; ++i) {
    Four upper, lower;
    std::memcpy(&upper, from + i * kPanel + Half * 4, sizeof upper);
    std::memcpy(&lower, from + (i + 4) * kPanel + Half * 4, sizeof lower);
    rows[i] = __builtin_shufflevector(upper, lower, 0, 1, 2, 3, 4, 5, 6, 7);
  }
  Eight pairs[4], columns[4];
#pragma GCC unroll 2
  for (std::size_t i = 0; i < 4; i += 2) {
    pairs[i] = __builtin_shufflevector(rows[i], rows[i + 1], 0, 8, 1, 9, 4, 12, 5, 13);
    pairs[i + 1] = __builtin_shufflevector(rows[i], rows[i + 1], 2, 10, 3, 11, 6, 14, 7, 15);
  }
#pragma GCC unroll 2
  for (std::size_t i = 0; i < 2; ++i) {
    columns[2 * i] = __builtin_shufflevector(pairs[i], pairs[i + 2], 0, 1, 8, 9, 4, 5, 12, 13);
    columns[2 * i + 1] = __builtin_shufflevector(pairs[i], pairs[i + 2], 2, 3, 10, 11, 6, 7, 14, 15);
  }
#pragma GCC unroll 4
  for (std::size_t i = 0; i < 4; ++i) std::memcpy(to + (Half * 4 + i) * kPanel, &columns[i], sizeof columns[i]);
}
template <>
inline void transpose_square(const float* from, float* to) {
  transpose_half<0>(from, to);
  transpose_half<1>(from, to);
}
#endif

// to[c][r] = from[r][c] for `rows` × `columns` numbers of a panel, and for what fills up the vectors of `to`.
template <class T>
inline void transpose_panel(const T* from, std::size_t rows, std::size_t columns, T* to) {
  for (std::size_t c = 0; c < columns; c += kSquare<T>)
    for (std::size_t r = 0; r < round_up(rows, kWidth<T>); r += kSquare<T>) transpose_square(from + r * kPanel + c, to + c * kPanel + r);
}

}  // namespace CR_ISA
}  // namespace cr
