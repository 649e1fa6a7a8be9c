// What one call trains on, and what came of it.
#pragma once

#include <cstdint>
#include <cstring>
#include <type_traits>
#include <vector>

#include "loss_spec.hpp"
#include "matrix.hpp"
#include "optimizers.hpp"
#include "samples.hpp"

namespace cr {
inline namespace CR_ISA {

// A data set as it lies in memory; bytes are multiplied by `factor` on the way into a batch.
struct Inputs {
  const std::uint8_t* bytes = nullptr;
  const float* f32 = nullptr;
  const double* f64 = nullptr;
  std::size_t columns = 0;
  float factor = 1;

  template <class T>
  T number(std::int64_t row, std::size_t column) const {
    const std::size_t at = static_cast<std::size_t>(row) * columns + column;
    if (bytes) return static_cast<T>(static_cast<float>(bytes[at]) * factor);
    return f32 ? static_cast<T>(f32[at]) : static_cast<T>(f64[at]);
  }

  template <class T>
  void gather(const std::int64_t* rows, std::size_t count, Range panels, Matrix<T>& into) const {
    if (bytes)
      gather_from(bytes, rows, count, panels, into, [this](std::uint8_t v) { return static_cast<float>(v) * factor; });
    else if (f32)
      gather_from(f32, rows, count, panels, into, [](float v) { return v; });
    else
      gather_from(f64, rows, count, panels, into, [](double v) { return v; });
  }

  // Finds out which samples of a batch count.
  void look(const std::int64_t* rows, Samples& samples) const {
    if (bytes) samples.look(bytes, columns, rows);
    else if (f32) samples.look(f32, columns, rows);
    else samples.look(f64, columns, rows);
  }

  // Lets the rows of a later batch travel towards the processor while this one is worked on.
  void prefetch(const std::int64_t* rows, std::size_t count) const {
    const std::size_t bytes_in_row = columns * (bytes ? 1 : f32 ? sizeof(float) : sizeof(double));
    const char* start = bytes ? reinterpret_cast<const char*>(bytes)
                        : f32 ? reinterpret_cast<const char*>(f32)
                              : reinterpret_cast<const char*>(f64);
    for (std::size_t r = 0; r < count; ++r) {
      const char* row = start + static_cast<std::size_t>(rows[r]) * bytes_in_row;
      for (std::size_t at = 0; at < bytes_in_row; at += kAlignment) __builtin_prefetch(row + at, 0, 2);
    }
  }

 private:
  template <class N, class T, class F>
  void gather_from(const N* from, const std::int64_t* rows, std::size_t count, Range panels, Matrix<T>& into,
                   const F& number) const {
    for (std::size_t r = 0; r < count; ++r) {
      const N* row = from + static_cast<std::size_t>(rows[r]) * columns;
      for (std::size_t p = panels.begin; p < panels.end; ++p) {
        T* to = into.row(p, r);
        const N* source = row + p * kPanel;
        const std::size_t n = into.columns_in(p);
        if constexpr (std::is_same_v<N, T>)
          std::memcpy(to, source, n * sizeof(T));
        else if (n == kPanel)  // a length that the compiler knows
          for (std::size_t c = 0; c < kPanel; ++c) to[c] = static_cast<T>(number(source[c]));
        else
          for (std::size_t c = 0; c < n; ++c) to[c] = static_cast<T>(number(source[c]));
      }
    }
  }
};

template <class T>
struct Block {
  Inputs inputs;
  Targets targets;
  const double* weights = nullptr;      // how much each of the data set's rows counts, or null
  const std::int64_t* index = nullptr;  // (steps, rows)
  std::size_t steps = 0, rows = 0;
  std::vector<Hyper> hypers;  // (steps or 1, groups)
  std::size_t groups = 1;
  std::uint64_t seed = 0, first_step = 0;
  double* losses = nullptr;  // (steps,)
  T* outputs = nullptr;      // (steps, rows, outputs), or null

  const Hyper* hypers_at(std::size_t step) const {
    return hypers.data() + (hypers.size() > groups ? step * groups : 0);
  }
};

struct Outcome {
  std::size_t steps = 0;  // whose loss was computed
  bool stopped = false;   // the last of them is not finite, and was not applied
  bool interrupted = false;
};

// Results too small for an ordinary float are taken as zero while this lives: they are of no use in training, and
// processors are slow at them.
class FlushDenormals {
 public:
#if defined(__SSE2__)
  FlushDenormals() : before_(__builtin_ia32_stmxcsr()) { __builtin_ia32_ldmxcsr(before_ | 0x8040u); }
  ~FlushDenormals() { __builtin_ia32_ldmxcsr(before_); }

 private:
  unsigned before_;
#endif
};

}  // namespace CR_ISA
}  // namespace cr
