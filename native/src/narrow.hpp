// Products with the weight of a Linear that has few outputs, such as the one of a regression or of two classes.  Its
// weight has a row for each output, so that vectors run along the inputs: along the outputs most of their lanes would
// be empty.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>
#include <type_traits>

#include "lanes.hpp"
#include "parameter.hpp"

namespace cr {
inline namespace CR_ISA {

inline constexpr std::size_t kNarrow = 4;  // outputs at most

// Whether there are inputs enough to make up for adding up each sum's lanes.
inline bool is_narrow(std::size_t in, std::size_t out) { return out <= kNarrow && in >= 16 * out; }

// Only the first `count` lanes; what the others hold, not a number perhaps, is gone.
template <class T>
inline Vec<T> first_lanes_of(const Vec<T>& value, std::size_t count) {
  using Whole = std::conditional_t<std::is_same_v<T, float>, std::uint32_t, std::uint64_t>;
  static constexpr auto kept = [] {
    std::array<Whole, 2 * kWidth<T>> bits{};
    for (std::size_t i = 0; i < kWidth<T>; ++i) bits[i] = ~Whole{0};
    return bits;
  }();
  Bits<Vec<T>> mask;
  std::memcpy(&mask, kept.data() + kWidth<T> - std::min(count, kWidth<T>), sizeof mask);
  return number_of<Vec<T>>(bits_of(value) & mask);
}

// y = x·Wᵀ + b for some rows.
template <class T>
void narrow_forward(const Parameter<T>& weight, const T* bias, const Matrix<T>& x, Range rows, Matrix<T>& y) {
  const std::size_t in = weight.columns, full = in / kPanel, left = in % kPanel;
  for (std::size_t r = rows.begin; r < rows.end; ++r)
    for (std::size_t o = 0; o < weight.rows; ++o) {
      const T* w = weight.values.data() + weight.at(0, o);
      Vec<T> sums[kPanel / kWidth<T>] = {};
      for (std::size_t q = 0; q < full; ++q)
#pragma GCC unroll 8
        for (std::size_t v = 0; v < kPanel; v += kWidth<T>)
          sums[v / kWidth<T>] += load(x.row(q, r) + v) * load(w + weight.at(q) + v);
      for (std::size_t v = 0; v < left; v += kWidth<T>)
        sums[0] += first_lanes_of<T>(load(x.row(full, r) + v) * load(w + weight.at(full) + v), left - v);
#pragma GCC unroll 8
      for (std::size_t i = 1; i < kPanel / kWidth<T>; ++i) sums[0] += sums[i];
      const T sum = folded(sums[0], [](Vec<T> a, Vec<T> b) CR_INLINED { return a + b; })[0];
      y.row(0, r)[o] = bias ? sum + bias[o] : sum;
    }
}

// Panel q of the input's gradient.
template <class T>
void narrow_input_gradient(const Parameter<T>& weight, const Matrix<T>& gradient, std::size_t rows, std::size_t q,
                           Matrix<T>& x_gradient) {
  for (std::size_t v = 0; v < kPanel; v += kWidth<T>) {
    Vec<T> w[kNarrow];
    for (std::size_t o = 0; o < weight.rows; ++o) w[o] = load(weight.values.data() + weight.at(q, o) + v);
    for (std::size_t r = 0; r < rows; ++r) {
      const T* g = gradient.row(0, r);
      Vec<T> sum = w[0] * g[0];
      for (std::size_t o = 1; o < weight.rows; ++o) sum += w[o] * g[o];
      store(x_gradient.row(q, r) + v, sum);
    }
  }
}

// The gradient of what belongs to panel q of the input, a row of a panel for each output.
template <class T>
void narrow_weight_gradient(const Matrix<T>& x, const Matrix<T>& out_gradient, std::size_t rows, std::size_t outputs,
                            std::size_t q, T* to) {
  constexpr std::size_t vectors = kPanel / kWidth<T>;
  for (std::size_t o = 0; o < outputs; ++o) {
    Vec<T> sums[vectors] = {};
    for (std::size_t r = 0; r < rows; ++r) {
      const Vec<T> g = broadcast(out_gradient.row(0, r)[o]);
#pragma GCC unroll 8
      for (std::size_t v = 0; v < vectors; ++v) sums[v] += g * load(x.row(q, r) + v * kWidth<T>);
    }
    for (std::size_t v = 0; v < vectors; ++v) store(to + o * kPanel + v * kWidth<T>, sums[v]);
  }
}

}  // namespace CR_ISA
}  // namespace cr
