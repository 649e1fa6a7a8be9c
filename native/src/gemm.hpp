// Products of a few rows with one panel, held in registers.
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

// tile[r][v] += Σₖ a[r·Row + i·Step] · b[i·kPanel + v·width], i = place(k), k < n.  Row and Step say which way `a` is
// read: (kPanel, 1) along its rows, (1, kPanel) down its columns.
template <class T, int Rows, int Vectors, std::size_t Row, std::size_t Step, class Place>
inline __attribute__((always_inline)) void accumulate(Vec<T> (&tile)[Rows][Vectors], const T* a, const T* b,
                                                      std::size_t n, const Place& place) {
  for (std::size_t k = 0; k < n; ++k) {
    const std::size_t i = place(k);
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

inline constexpr auto in_turn = [](std::size_t k) { return k; };

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
    accumulate<T, Rows, Vectors, kPanel, 1>(tile, a, b, kPanel, in_turn);
  accumulate<T, Rows, Vectors, kPanel, 1>(tile, a, b, depth, in_turn);
#pragma GCC unroll 16
  for (int r = 0; r < Rows; ++r)
#pragma GCC unroll 8
    for (int v = 0; v < Vectors; ++v)
      store(out + static_cast<std::size_t>(r) * kPanel + static_cast<std::size_t>(v) * kWidth<T>, tile[r][v]);
}

// A piece of a weight's gradient: of Σ over `n` samples, sample(0) and so on, of a's column r times b's row, each vector
// is handed to finish(place, value), place counting as in a panel.
template <class T, int Rows, int Vectors, class Sample, class Finish>
inline __attribute__((always_inline)) void gradient_tile(const T* a, const T* b, std::size_t n, const Sample& sample,
                                                         const Finish& finish) {
  Vec<T> tile[Rows][Vectors] = {};
  accumulate<T, Rows, Vectors, 1, kPanel>(tile, a, b, n, sample);
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

}  // namespace CR_ISA
}  // namespace cr
