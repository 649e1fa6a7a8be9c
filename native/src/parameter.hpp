// What training changes: parameters with the optimiser's state, and how a gradient becomes an update.
#pragma once

#include <cmath>
#include <cstdint>
#include <vector>

#include "matrix.hpp"
#include "optimizers.hpp"

namespace cr {
inline namespace CR_ISA {

// Values panel by panel.  A Linear's weight has a row for each input and a column for each output, so that a panel
// holds what is multiplied together; every other parameter is one row.
template <class T>
struct Parameter {
  Parameter(std::size_t rows_, std::size_t columns_, std::size_t height_)
      : rows(rows_), columns(columns_), height(height_), values(panels_of(columns_) * height * kPanel) {}

  std::size_t at(std::size_t panel, std::size_t row = 0) const { return (panel * height + row) * kPanel; }

  // Between panels and the natural order, (columns, rows), PyTorch's (out, in).  What only fills panels is zero.
  void read(Buffer<T>& panels, const T* natural) const {
    panels.reset(values.size());
    for (std::size_t c = 0; c < columns; ++c)
      for (std::size_t r = 0; r < rows; ++r) panels[at(c / kPanel, r) + c % kPanel] = natural[c * rows + r];
  }
  void write(const Buffer<T>& panels, T* natural) const {
    for (std::size_t c = 0; c < columns; ++c)
      for (std::size_t r = 0; r < rows; ++r) natural[c * rows + r] = panels[at(c / kPanel, r) + c % kPanel];
  }

  bool is_finite() const {
    for (std::size_t p = 0; p < panels_of(columns); ++p)
      for (std::size_t r = 0; r < rows; ++r)
        for (std::size_t c = 0; c < std::min(kPanel, columns - p * kPanel); ++c)
          if (!std::isfinite(values[at(p, r) + c])) return false;
    return true;
  }

  std::size_t rows, columns, height;
  Buffer<T> values;
  Buffer<T> gradient;  // only where the update has to wait for other gradients
  std::vector<Buffer<T>> slots;
  bool trained = false;
  bool waits = false;  // its gradient is kept, and applied at the end of the step
  std::size_t group = 0;
  std::int64_t steps = 0;
  const Step<T>* step = nullptr;  // the running one
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
