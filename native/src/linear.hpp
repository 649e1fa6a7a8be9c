// y = x·Wᵀ + b, and its way back.
#pragma once

#include <memory>

#include "gemm.hpp"
#include "layers.hpp"

namespace cr {
inline namespace CR_ISA {

template <class T>
class Linear {
 public:
  Linear(std::size_t in, std::size_t out, bool with_bias)
      : weight(in, out, round_up(in, kPanel)), bias(with_bias ? std::make_unique<Parameter<T>>(1, out, 1) : nullptr) {}

  std::size_t in() const { return weight.rows; }
  std::size_t out() const { return weight.columns; }

  void forward(const Matrix<T>& x, Matrix<T>& y, Part part) const {
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

  // The gradient of panel q of the input: needs all panels of the output's.  `turned` has room for out × kPanel.
  void input_gradient(std::size_t rows, const Matrix<T>& gradient, Matrix<T>& x_gradient, std::size_t q,
                      T* turned) const {
    for (std::size_t p = 0; p < gradient.panels(); ++p)
      transpose_panel(weight.values.data() + weight.at(p, q * kPanel), gradient.columns_in(p),
                      turned + p * kPanel * kPanel);
    for_tiles<T>(rows, x_gradient.columns_in(q), [&](auto height, auto width, std::size_t row, std::size_t column) {
      forward_tile<T, height(), width()>(gradient.row(0, row), gradient.stride(), turned + column, out(), nullptr,
                                         x_gradient.row(q, row) + column);
    });
  }

  // Gradient and update of the weights between panel q of the input and panel p of the output.  The gradient never
  // reaches memory.
  void update_weight(const Pass<T>& pass, const Matrix<T>& x, const Matrix<T>& out_gradient, std::size_t p,
                     std::size_t q) {
    if (!weight.trained) return;
    const std::size_t at = weight.at(p, q * kPanel);
    if (pass.updater->is_plain_descent(weight)) {  // the gradient does not even leave the registers
      const Vec<T> rate = broadcast(weight.step->rate);
      gradient(pass, x, out_gradient, p, q, weight.values.data() + at,
               [rate](T* w, const Vec<T>& g) { store(w, load(w) - g * rate); });
      return;
    }
    const std::size_t height = x.columns_in(q), width = out_gradient.columns_in(p);
    alignas(kAlignment) T block[kPanel * kPanel];
    if (round_up(width, kWidth<T>) < kPanel) std::memset(block, 0, height * kPanel * sizeof(T));
    gradient(pass, x, out_gradient, p, q, block, [](T* to, const Vec<T>& g) { store(to, g); });
    pass.updater->take(weight, at, block, height * kPanel);
  }

  void update_bias(const Pass<T>& pass, const Matrix<T>& gradient, std::size_t p) {
    if (!bias || !bias->trained) return;
    alignas(kAlignment) T total[kPanel] = {};
    for (std::size_t v = 0; v < kPanel; v += kWidth<T>) {
      Vec<T> column{};
      for (std::size_t r = 0; r < pass.rows; ++r) column += load(gradient.row(p, r) + v);
      store(total + v, column);
    }
    pass.updater->take(*bias, bias->at(p), total, kPanel);
  }

  Parameter<T> weight;
  std::unique_ptr<Parameter<T>> bias;

 private:
  // Calls finish(to + place, value) with the gradient of the weights between panel q and panel p.
  template <class Finish>
  static void gradient(const Pass<T>& pass, const Matrix<T>& x, const Matrix<T>& out_gradient, std::size_t p,
                       std::size_t q, T* to, const Finish& finish) {
    for_tiles<T>(x.columns_in(q), out_gradient.columns_in(p),
                 [&](auto height, auto width, std::size_t row, std::size_t column) {
                   T* corner = to + row * kPanel + column;
                   gradient_tile<T, height(), width()>(
                       x.panel(q) + row, out_gradient.panel(p) + column, pass.rows,
                       [&](std::size_t place, const Vec<T>& value) { finish(corner + place, value); });
                 });
  }
};

}  // namespace CR_ISA
}  // namespace cr
