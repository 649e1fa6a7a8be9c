// Products of a few rows with one panel, held in registers; and a panel turned on its side.
#pragma once

#include <algorithm>
#include <cstring>
#include <type_traits>
#include <utility>

#include "simd.hpp"

namespace cr {
inline namespace CR_ISA {

// Rows of a tile.  With two vectors a row, tile and factors together fill the registers: 32 with AVX-512, else 16.
inline constexpr std::size_t kTileRows = kVectorBytes == 64 ? 8 : 6;

// tile[r][v] += Σᵢ a[r·Row + i·Step] · b[i·kPanel + v·width], i < n.  Row and Step say which way `a` is read:
// (kPanel, 1) along its rows, (1, kPanel) down its columns.
template <class T, int Rows, int Vectors, std::size_t Row, std::size_t Step>
inline __attribute__((always_inline)) void accumulate(Vec<T> (&tile)[Rows][Vectors], const T* a, const T* b,
                                                      std::size_t n) {
  for (std::size_t i = 0; i < n; ++i) {
    Vec<T> line[Vectors];
#pragma GCC unroll 8
    for (int v = 0; v < Vectors; ++v) line[v] = load(b + i * kPanel + static_cast<std::size_t>(v) * kWidth<T>);
#pragma GCC unroll 16
    for (int r = 0; r < Rows; ++r) {
      const Vec<T> factor = broadcast(a[static_cast<std::size_t>(r) * Row + i * Step]);
#pragma GCC unroll 8
      for (int v = 0; v < Vectors; ++v) tile[r][v] += factor * line[v];
    }
  }
}

// out(rows × Vectors) = first + Σ over the panels of `a` (each `a_panel` numbers from the next) of accumulate(…).
// `first` is a row added to every row of the result, or null.
template <class T, int Rows, int Vectors>
void forward_tile(const T* a, std::size_t a_panel, const T* b, std::size_t depth, const T* first, T* out) {
  Vec<T> tile[Rows][Vectors];
#pragma GCC unroll 8
  for (int v = 0; v < Vectors; ++v) {
    const Vec<T> start = first ? load(first + static_cast<std::size_t>(v) * kWidth<T>) : Vec<T>{};
#pragma GCC unroll 16
    for (int r = 0; r < Rows; ++r) tile[r][v] = start;
  }
  for (; depth > kPanel; depth -= kPanel, a += a_panel, b += kPanel * kPanel)
    accumulate<T, Rows, Vectors, kPanel, 1>(tile, a, b, kPanel);
  accumulate<T, Rows, Vectors, kPanel, 1>(tile, a, b, depth);
#pragma GCC unroll 16
  for (int r = 0; r < Rows; ++r)
#pragma GCC unroll 8
    for (int v = 0; v < Vectors; ++v)
      store(out + static_cast<std::size_t>(r) * kPanel + static_cast<std::size_t>(v) * kWidth<T>, tile[r][v]);
}

// A piece of a weight's gradient: of Σ over samples of a's column r times b's row, each vector is handed to
// finish(place, value), place counting as in a panel.
template <class T, int Rows, int Vectors, class Finish>
inline __attribute__((always_inline)) void gradient_tile(const T* a, const T* b, std::size_t samples,
                                                         const Finish& finish) {
  Vec<T> tile[Rows][Vectors] = {};
  accumulate<T, Rows, Vectors, 1, kPanel>(tile, a, b, samples);
#pragma GCC unroll 16
  for (int r = 0; r < Rows; ++r)
#pragma GCC unroll 8
    for (int v = 0; v < Vectors; ++v)
      finish(static_cast<std::size_t>(r) * kPanel + static_cast<std::size_t>(v) * kWidth<T>, tile[r][v]);
}

template <int N>
using Count = std::integral_constant<int, N>;

// Tiles from the top row to the last, the last ones of fewer rows.
template <class T, class Vectors, class Job>
inline void tiles_down(std::size_t rows, Vectors vectors, std::size_t column, const Job& job) {
  std::size_t row = 0;
  for (; row + kTileRows <= rows; row += kTileRows) job(Count<static_cast<int>(kTileRows)>{}, vectors, row, column);
  switch (rows - row) {
    case 1: return job(Count<1>{}, vectors, row, column);
    case 2: return job(Count<2>{}, vectors, row, column);
    case 3: return job(Count<3>{}, vectors, row, column);
    case 4: return job(Count<4>{}, vectors, row, column);
    case 5: return job(Count<5>{}, vectors, row, column);
    case 6: return job(Count<6>{}, vectors, row, column);
    case 7: return job(Count<7>{}, vectors, row, column);
    default: return;
  }
}

// Calls job(Count<Rows>, Count<Vectors>, row, column) for tiles that cover `rows` × the vectors that hold `columns`.
template <class T, class Job>
inline void for_tiles(std::size_t rows, std::size_t columns, const Job& job) {
  const std::size_t vectors = (std::min(columns, kPanel) + kWidth<T> - 1) / kWidth<T>;
  std::size_t v = 0;
  for (; v + 2 <= vectors; v += 2) tiles_down<T>(rows, Count<2>{}, v * kWidth<T>, job);
  if (v < vectors) tiles_down<T>(rows, Count<1>{}, v * kWidth<T>, job);
}

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
