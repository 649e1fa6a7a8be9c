// y = x·w, column by column.
#pragma once

#include "layers.hpp"

namespace cr {
inline namespace CR_ISA {

template <class T>
class ScaleLayer final : public Layer<T> {
 public:
  explicit ScaleLayer(std::size_t columns) : weight(1, columns, 1) {}
  Cut cut() const override { return Cut::columns; }
  bool needs_input() const override { return true; }
  std::vector<Parameter<T>*> parameters() override { return {&weight}; }

  void forward(const Pass<T>&, const Matrix<T>& x, Matrix<T>& y, Part part) override {
    for (std::size_t p = part.panels.begin; p < part.panels.end; ++p)
      for (std::size_t v = 0; v < kPanel; v += kWidth<T>) {
        const Vec<T> factor = load(weight.values.data() + p * kPanel + v);
        for (std::size_t r = part.rows.begin; r < part.rows.end; ++r)
          store(y.row(p, r) + v, load(x.row(p, r) + v) * factor);
      }
  }

  void backward(const Pass<T>& pass, const Matrix<T>& x, const Matrix<T>&, Matrix<T>& gradient, Part part) override {
    for (std::size_t p = part.panels.begin; p < part.panels.end; ++p) {
      alignas(kAlignment) T of_weight[kPanel];
      for (std::size_t v = 0; v < kPanel; v += kWidth<T>) {
        const Vec<T> factor = load(weight.values.data() + p * kPanel + v);
        Vec<T> along{};
        for (std::size_t r = 0; r < pass.rows; ++r) {
          const Vec<T> g = load(gradient.row(p, r) + v);
          along += g * load(x.row(p, r) + v);
          store(gradient.row(p, r) + v, g * factor);
        }
        store(of_weight + v, along);
      }
      if (weight.trained) pass.updater->take(weight, p * kPanel, of_weight, kPanel);
    }
  }

  Parameter<T> weight;
};

}  // namespace CR_ISA
}  // namespace cr
