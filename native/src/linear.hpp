// y = x·Wᵀ + b, and its way back.
#pragma once

#include <memory>

#include "gemm.hpp"
#include "layers.hpp"
#include "narrow.hpp"
#include "samples.hpp"
#include "transpose.hpp"

namespace cr {
inline namespace CR_ISA {

template <class T>
class Linear {
 public:
  Linear(std::size_t in, std::size_t out, bool with_bias)
      : weight(is_narrow(in, out) ? Parameter<T>(out, in, out, Order::rows) : Parameter<T>(in, out, round_up(in, kPanel))),
        bias(with_bias ? std::make_unique<Parameter<T>>(1, out, 1) : nullptr) {}

  std::size_t in() const { return narrow() ? weight.columns : weight.rows; }
  std::size_t out() const { return narrow() ? weight.rows : weight.columns; }

  void forward(const Matrix<T>& x, Matrix<T>& y, Part part) const {
    if (narrow()) {
      if (!part.panels.empty()) narrow_forward(weight, bias ? bias->values.data() : nullptr, x, part.rows, y);
      return;
    }
    const std::size_t first = part.rows.begin, rows = part.rows.end - first;
    for (std::size_t p = part.panels.begin; p < part.panels.end; ++p) {
      const T* w = weight.values.data() + weight.at(p);
      const T* b = bias ? bias->values.data() + bias->at(p) : nullptr;
      for_tiles<T>(rows, y.columns_in(p), [&](auto height, auto width, std::size_t row, std::size_t column) {
        forward_tile<T, height(), width()>(x.row(0, first + row), x.stride(), w + column, in(), b ? b + column : b,
                                           y.row(p, first + row) + column);
      });
    }
  }

  // One row, whose panels lie one after another in a matrix made for one row.  A single row leaves each weight to be
  // used once, so what counts is how many are read: none for inputs that are zero, as much of an image is.  That is
  // right only where weights are finite (`skips_zeros`).
  void forward_row(const Matrix<T>& x, Matrix<T>& y, bool skips_zeros) {
    if (narrow()) return forward(x, y, {{0, 1}, {0, 1}});
    const T* values = x.panel(0);
    std::size_t count = 0;
    used_.resize(in());
    for (std::size_t k = 0; k < in(); ++k) {
      used_[count] = static_cast<std::uint32_t>(k);
      count += !skips_zeros || values[k] != 0;
    }
    std::size_t p = 0;
    for (; p + 4 <= y.panels(); p += 4) panels_of_row<4>(values, count, p, y);
    for (; p < y.panels(); ++p) panels_of_row<1>(values, count, p, y);
  }

  // The gradient of panel q of the input: needs all panels of the output's.  `turned` has room for out × kPanel.
  void input_gradient(std::size_t rows, const Matrix<T>& gradient, Matrix<T>& x_gradient, std::size_t q,
                      T* turned) const {
    if (narrow()) return narrow_input_gradient(weight, gradient, rows, q, x_gradient);
    for (std::size_t p = 0; p < gradient.panels(); ++p)
      transpose_panel(weight.values.data() + weight.at(p, q * kPanel), x_gradient.columns_in(q),
                      gradient.columns_in(p), turned + p * kPanel * kPanel);
    for_tiles<T>(rows, x_gradient.columns_in(q), [&](auto height, auto width, std::size_t row, std::size_t column) {
      forward_tile<T, height(), width()>(gradient.row(0, row), gradient.stride(), turned + column, out(), nullptr,
                                         x_gradient.row(q, row) + column);
    });
  }

  // Gradient and update of the weights between panel q of the input and panel p of the output.  The gradient never
  // reaches memory.
  void update_weight(const Pass<T>& pass, const Samples& samples, const Matrix<T>& x, const Matrix<T>& out_gradient,
                     std::size_t p, std::size_t q) {
    if (!weight.trained) return;
    if (narrow()) {
      alignas(kAlignment) T block[kNarrow * kPanel];
      narrow_weight_gradient(x, out_gradient, pass.rows, out(), q, block);
      pass.updater->take(weight, weight.at(q), block, out() * kPanel);
      return;
    }
    const std::size_t at = weight.at(p, q * kPanel);
    if (pass.updater->is_plain_descent(weight)) {  // the gradient does not even leave the registers
      const Vec<T> rate = broadcast(weight.step->rate);
      gradient(samples, x, out_gradient, p, q, weight.values.data() + at,
               [rate](T* w, const Vec<T>& g) { store(w, load(w) - g * rate); });
      return;
    }
    const std::size_t height = x.columns_in(q), width = out_gradient.columns_in(p);
    alignas(kAlignment) T block[kPanel * kPanel];
    if (round_up(width, kWidth<T>) < kPanel) std::memset(block, 0, height * kPanel * sizeof(T));
    gradient(samples, x, out_gradient, p, q, block, [](T* to, const Vec<T>& g) { store(to, g); });
    pass.updater->take(weight, at, block, height * kPanel);
  }

  void update_bias(const Pass<T>& pass, const Matrix<T>& gradient, std::size_t p) {
    if (!bias || !bias->trained) return;
    constexpr std::size_t vectors = kPanel / kWidth<T>;
    Vec<T> even[vectors] = {}, odd[vectors] = {};  // two sums, so that neither has to wait for itself
    std::size_t r = 0;
    for (; r + 2 <= pass.rows; r += 2)
#pragma GCC unroll 8
      for (std::size_t v = 0; v < vectors; ++v) {
        even[v] += load(gradient.row(p, r) + v * kWidth<T>);
        odd[v] += load(gradient.row(p, r + 1) + v * kWidth<T>);
      }
    alignas(kAlignment) T total[kPanel];
    for (std::size_t v = 0; v < vectors; ++v) {
      if (r < pass.rows) even[v] += load(gradient.row(p, r) + v * kWidth<T>);
      store(total + v * kWidth<T>, even[v] + odd[v]);
    }
    pass.updater->take(*bias, bias->at(p), total, kPanel);
  }

  Parameter<T> weight;
  std::unique_ptr<Parameter<T>> bias;

 private:
  bool narrow() const { return weight.order == Order::rows; }

  // Several panels at once, so that sums do not wait for each other.
  template <std::size_t Panels>
  void panels_of_row(const T* x, std::size_t count, std::size_t p, Matrix<T>& y) const {
    constexpr std::size_t vectors = kPanel / kWidth<T>;
    const T* w = weight.values.data() + weight.at(p);
    const std::size_t next = weight.at(1);
    Vec<T> sums[Panels][vectors];
    for (std::size_t i = 0; i < Panels; ++i)
      for (std::size_t v = 0; v < vectors; ++v)
        sums[i][v] = bias ? load(bias->values.data() + bias->at(p + i) + v * kWidth<T>) : Vec<T>{};
    for (std::size_t n = 0; n < count; ++n) {
      const T* row = w + used_[n] * kPanel;
      const Vec<T> factor = broadcast(x[used_[n]]);
#pragma GCC unroll 4
      for (std::size_t i = 0; i < Panels; ++i)
#pragma GCC unroll 8
        for (std::size_t v = 0; v < vectors; ++v) sums[i][v] += factor * load(row + i * next + v * kWidth<T>);
    }
    for (std::size_t i = 0; i < Panels; ++i)
      for (std::size_t v = 0; v < vectors; ++v) store(y.row(p + i, 0) + v * kWidth<T>, sums[i][v]);
  }
  std::vector<std::uint32_t> used_;

  // Calls finish(to + place, value) with the gradient of the weights between panel q and panel p.
  template <class Finish>
  static void gradient(const Samples& samples, const Matrix<T>& x, const Matrix<T>& out_gradient, std::size_t p,
                       std::size_t q, T* to, const Finish& finish) {
    const auto sum = [&](auto height, auto width, std::size_t row, std::size_t column, std::size_t n, const auto& sample) {
      T* corner = to + row * kPanel + column;
      gradient_tile<T, height(), width()>(
          x.panel(q) + row, out_gradient.panel(p) + column, n, sample,
          [&](std::size_t place, const Vec<T>& value) { finish(corner + place, value); });
    };
    const std::size_t rows = x.columns_in(q), columns = out_gradient.columns_in(p);
    if (samples.all_count())
      for_tiles<T>(rows, columns, [&, n = samples.rows()](auto height, auto width, std::size_t row, std::size_t column) {
        sum(height, width, row, column, n, in_turn);
      });
    else
      for_tiles<T>(rows, columns, [&](auto height, auto width, std::size_t row, std::size_t column) {
        const Samples::List list = samples.at(q, row);
        sum(height, width, row, column, list.count, [&list](std::size_t k) { return list.rows[k]; });
      });
  }
};

}  // namespace CR_ISA
}  // namespace cr
