// The losses of chainrule.losses: loss and gradient of one row of outputs.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <vector>

#include "class_losses.hpp"
#include "element_losses.hpp"

namespace cr {
inline namespace CR_ISA {

inline LossKind loss_named(const std::string& name) {
  static constexpr std::array names = {"cross_entropy", "nll", "bce_with_logits", "bce",   "hinge",  "perceptron",
                                       "mse",           "l1",  "smooth_l1",       "huber", "poisson"};
  for (std::size_t i = 0; i < names.size(); ++i)
    if (name == names[i]) return static_cast<LossKind>(i);
  throw std::invalid_argument("no loss is called " + name);
}

// Sets the option of that name, as the loss's config has it; flags are 0 or 1.
inline void set_option(LossSpec& spec, const std::string& name, double value) {
  if (name == "label_smoothing") spec.label_smoothing = value;
  else if (name == "ignore_index") spec.ignore_index = static_cast<std::int64_t>(value);
  else if (name == "delta" || name == "beta" || name == "margin" || name == "eps") spec.a = value;
  else if (name == "log_input") spec.flag1 = value != 0;
  else if (name == "full") spec.flag2 = value != 0;
  else throw std::invalid_argument("no option of losses is called " + name);
}

// What the mean over rows with weights divides by, whatever the classes' weights are; 1 where none of them counts: the
// loss is then 0.
inline double total_weight(const double* weights, const std::int64_t* rows, std::size_t n_rows) {
  double total = 0;
  for (std::size_t r = 0; r < n_rows; ++r) total += weights[rows[r]];
  return total == 0 ? 1 : total;
}

// How often the loss of a row with a weight is counted: of several outputs it is the mean, even in a sum over rows.
inline double row_factor(const LossSpec& spec, double weight, std::size_t n_outputs) {
  return is_class_loss(spec.kind) ? weight : weight / static_cast<double>(n_outputs);
}

// What the mean over a batch divides by: the rows' weights, unless null; else the classes' weights, the rows against
// probabilities, or all numbers; 1 for a sum.  0 where all rows are ignored: the mean is then 0/0, NaN as in Python.
template <class T>
inline double loss_divisor(const LossSpec& spec, const Targets& targets, const std::int64_t* rows, std::size_t n_rows,
                           std::size_t n_outputs, const double* weights = nullptr) {
  if (!spec.mean) return 1;
  if (weights) return total_weight(weights, rows, n_rows);
  if (!is_class_loss(spec.kind)) return static_cast<double>(n_rows) * static_cast<double>(n_outputs);
  if (!targets.index) return static_cast<double>(n_rows);
  double total = 0;
  for (std::size_t r = 0; r < n_rows; ++r) total += class_weight(spec, targets.index[rows[r]]);
  return total;
}

// Calls f(form) with the form of a loss that compares each output with a target of its own.
template <class F>
inline auto with_form(const LossSpec& spec, const F& f) {
  switch (spec.kind) {
    case LossKind::bce_with_logits:
      if (spec.label_smoothing == 0) return f(element_loss::BinaryCrossEntropyOfLogits{});
      return f(element_loss::Smoothed<element_loss::BinaryCrossEntropyOfLogits>{});
    case LossKind::bce: return f(element_loss::BinaryCrossEntropy{});
    case LossKind::hinge: return f(element_loss::Hinge{});
    case LossKind::perceptron: return f(element_loss::Perceptron{});
    case LossKind::l1: return f(element_loss::Absolute{});
    case LossKind::smooth_l1: return f(element_loss::SmoothAbsolute{});
    case LossKind::huber: return f(element_loss::Huber{});
    case LossKind::poisson: return f(element_loss::Poisson{});
    default: return f(element_loss::Square{});
  }
}

// The loss of one row, not yet divided, and dz = ∂(loss·scale)/∂z; z and dz are n_outputs numbers each.  With Room
// there is memory for whole vectors, as in a row of a panel: what lies behind z counts for nothing, and behind dz
// something is written.  That is faster.
template <class T, bool Room = false>
inline double loss_row(const LossSpec& spec, const T* z, const Targets& targets, std::int64_t row,
                       std::size_t n_outputs, double scale, T* dz) {
  if (spec.kind == LossKind::cross_entropy) return cross_entropy<Room>(spec, z, targets, row, n_outputs, scale, dz);
  if (spec.kind == LossKind::nll) return negative_log_likelihood(spec, z, targets, row, n_outputs, scale, dz);
  return with_form(spec, [&](auto form) {
    return element_losses<decltype(form)>(spec, z, targets, row, n_outputs, scale, dz);
  });
}

// The same for some rows with one output each, which lies as in a panel: a lane for each row.
template <class T>
inline void losses_of_rows(const LossSpec& spec, const T* z, const Targets& targets, const std::int64_t* rows,
                           std::size_t n_rows, double scale, T* dz, double* losses) {
  with_form(spec, [&](auto form) {
    for (std::size_t r = 0; r < n_rows; r += kWidth<T>)
      element_losses_down<decltype(form)>(spec, z + r * kPanel, targets, rows + r, std::min(kWidth<T>, n_rows - r),
                                          scale, dz + r * kPanel, losses + r);
  });
}

}  // namespace CR_ISA
}  // namespace cr
