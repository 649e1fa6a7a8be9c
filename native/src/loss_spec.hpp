// Which loss, with which options, against which targets.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "simd.hpp"

namespace cr {
inline namespace CR_ISA {

// Names and order of chainrule.losses.LOSSES.
enum class LossKind {
  cross_entropy, nll, bce_with_logits, bce, hinge, perceptron, mse, l1, smooth_l1, huber, poisson,
};

inline bool is_class_loss(LossKind kind) { return kind == LossKind::cross_entropy || kind == LossKind::nll; }

struct LossSpec {
  LossKind kind = LossKind::mse;
  bool mean = true;
  double label_smoothing = 0;
  std::int64_t ignore_index = -100;
  double a = 0;                             // delta | beta | margin | eps
  bool flag1 = false, flag2 = false;        // log_input, full
  std::vector<double> weight, pos_weight;  // one for each class or output, or one for all; empty: 1
};

// The data set's own array: class indices, or `columns` numbers in each row.  One of the pointers is set.
struct Targets {
  const std::int64_t* index = nullptr;
  const float* f32 = nullptr;
  const double* f64 = nullptr;
  std::size_t columns = 1;

  template <class T>
  T number(std::int64_t row, std::size_t column) const {
    const std::size_t at = static_cast<std::size_t>(row) * columns + column;
    return f32 ? static_cast<T>(f32[at]) : static_cast<T>(f64[at]);
  }
};

inline double weight_at(const std::vector<double>& weights, std::size_t column) {
  return weights.empty() ? 1 : weights[weights.size() == 1 ? 0 : column];
}

// 0 for the class that is to be ignored.
inline double class_weight(const LossSpec& spec, std::int64_t index) {
  return index == spec.ignore_index ? 0 : weight_at(spec.weight, static_cast<std::size_t>(index));
}

}  // namespace CR_ISA
}  // namespace cr
