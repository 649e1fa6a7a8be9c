// What training changes: parameters with the optimiser's state, and how a gradient becomes an update.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <vector>

#include "matrix.hpp"
#include "optimizers.hpp"
#include "transpose.hpp"

namespace cr {
inline namespace CR_ISA {

// How a matrix lies in Python's memory: row by row, or (columns, rows).
enum class Order { rows, columns };

// Values panel by panel.  A Linear's weight has a row for each input and a column for each output, so that a panel
// holds what is multiplied together, or the other way round if there are few outputs; every other parameter is one row.
template <class T>
struct Parameter {
  Parameter(std::size_t rows_, std::size_t columns_, std::size_t height_, Order order_ = Order::columns)
      : rows(rows_), columns(columns_), height(height_), order(order_), values(panels_of(columns_) * height * kPanel) {}

  std::size_t at(std::size_t panel, std::size_t row = 0) const { return (panel * height + row) * kPanel; }

  // Between panels and the natural order, PyTorch's (out, in).  What only fills panels is zero.
  void read(Buffer<T>& panels, const T* natural) const {
    panels.reset(values.size());
    if (order == Order::rows)
      return for_parts([&](std::size_t c, std::size_t r, std::size_t width, std::size_t length) {
        for (std::size_t j = 0; j < length; ++j)
          std::copy_n(natural + (r + j) * columns + c, width, panels.data() + at(c / kPanel, r + j));
      });
    T square[kPanel * kPanel] = {};
    for_parts([&](std::size_t c, std::size_t r, std::size_t width, std::size_t length) {
      const T* from = natural + c * rows + r;
      T* to = panels.data() + at(c / kPanel, r);
      if (width == kPanel && length == kPanel) {
        for (std::size_t i = 0; i < kPanel; ++i) std::copy_n(from + i * rows, kPanel, square + i * kPanel);
        transpose_panel(square, kPanel, kPanel, to);
      } else {
        for (std::size_t i = 0; i < width; ++i)
          for (std::size_t j = 0; j < length; ++j) to[j * kPanel + i] = from[i * rows + j];
      }
    });
  }
  void write(const Buffer<T>& panels, T* natural) const {
    if (order == Order::rows)
      return for_parts([&](std::size_t c, std::size_t r, std::size_t width, std::size_t length) {
        for (std::size_t j = 0; j < length; ++j)
          std::copy_n(panels.data() + at(c / kPanel, r + j), width, natural + (r + j) * columns + c);
      });
    T square[kPanel * kPanel];
    for_parts([&](std::size_t c, std::size_t r, std::size_t width, std::size_t length) {
      const T* from = panels.data() + at(c / kPanel, r);
      T* to = natural + c * rows + r;
      if (width == kPanel && length == kPanel) {
        transpose_panel(from, kPanel, kPanel, square);
        for (std::size_t i = 0; i < kPanel; ++i) std::copy_n(square + i * kPanel, kPanel, to + i * rows);
      } else {
        for (std::size_t i = 0; i < width; ++i)
          for (std::size_t j = 0; j < length; ++j) to[i * rows + j] = from[j * kPanel + i];
      }
    });
  }

  bool is_finite() const {
    Vec<T> astray{};  // NaN from the first value on that is not finite
    const std::size_t full = columns / kPanel;
    for (std::size_t p = 0; p < full; ++p)
      for (std::size_t i = 0; i < rows * kPanel; i += kWidth<T>) {
        const Vec<T> some = load(values.data() + at(p) + i);
        astray += some - some;
      }
    for (std::size_t r = 0; r < rows; ++r)
      for (std::size_t c = full * kPanel; c < columns; ++c) {
        const T one = values[at(full, r) + c % kPanel];
        astray[0] += one - one;
      }
    return sum<T>(astray) == 0;
  }

  std::size_t rows, columns, height;
  Order order;
  Buffer<T> values;
  Buffer<T> gradient;  // only where the update has to wait for other gradients
  std::vector<Buffer<T>> slots;
  bool trained = false;
  bool waits = false;  // its gradient is kept, and applied at the end of the step
  std::size_t group = 0;
  std::int64_t steps = 0;
  const Step<T>* step = nullptr;  // the running one

 private:
  // Calls f(column, row, columns, rows) for parts of at most kPanel × kPanel that cover all.
  template <class F>
  void for_parts(const F& f) const {
    for (std::size_t c = 0; c < columns; c += kPanel)
      for (std::size_t r = 0; r < rows; r += kPanel) f(c, r, std::min(kPanel, columns - c), std::min(kPanel, rows - r));
  }
};

// Turns gradients into updates.
template <class T>
class Updater {
 public:
  explicit Updater(OptimizerKind kind) : kind_(kind) {}

  OptimizerKind kind() const { return kind_; }

  double clip_value = INFINITY;
  double clip_norm = INFINITY;

  bool waits(const Parameter<T>& parameter) const { return parameter.waits || std::isfinite(clip_norm); }

  // Whether the update is w ← w - ηg and nothing else.
  bool is_plain_descent(const Parameter<T>& parameter) const {
    return parameter.step->is_plain_descent(kind_) && !waits(parameter) && !std::isfinite(clip_value);
  }

  // Takes the gradient of `n` values from `offset` on; whole vectors.
  void take(Parameter<T>& parameter, std::size_t offset, T* gradient, std::size_t n) const {
    if (std::isfinite(clip_value)) clip(gradient, n);
    if (waits(parameter))
      std::memcpy(parameter.gradient.data() + offset, gradient, n * sizeof(T));
    else
      apply(parameter, offset, gradient, n);
  }

  void apply(Parameter<T>& parameter, std::size_t offset, const T* gradient, std::size_t n) const {
    T* slots[kMostSlots] = {};
    for (std::size_t s = 0; s < parameter.slots.size(); ++s) slots[s] = parameter.slots[s].data() + offset;
    update_array<T>(kind_, *parameter.step, parameter.values.data() + offset, gradient, slots, n);
  }

 private:
  void clip(T* gradient, std::size_t n) const {
    const T limit = static_cast<T>(clip_value);
    for (std::size_t i = 0; i < n; ++i) {
      const T g = gradient[i];
      gradient[i] = g > limit ? limit : g < -limit ? -limit : g;
    }
  }
  OptimizerKind kind_;
};

}  // namespace CR_ISA
}  // namespace cr
