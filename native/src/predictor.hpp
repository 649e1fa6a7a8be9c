// Using a network: the outputs of rows, in evaluation mode.
#pragma once

#include <optional>

#include "block.hpp"
#include "network.hpp"

namespace cr {
inline namespace CR_ISA {

template <class T>
class Predictor {
 public:
  explicit Predictor(Network<T>& network) : network_(network) {}

  // To be called when weights have changed.
  void renew() {
    skips_zeros_ = true;
    for (const Parameter<T>* one : network_.parameters()) skips_zeros_ = skips_zeros_ && one->is_finite();
  }

  // The outputs, (rows, output_columns).  With a row at a time nothing is started and nothing allocated.
  void run(const Inputs& inputs, std::size_t rows, std::size_t threads, T* outputs) {
    const FlushDenormals flushed;
    if (rows == 1) return run_one(inputs, outputs);
    const std::size_t chunk = std::min(rows, kChunk);
    std::optional<Barrier> barrier;
    on_threads(
        std::min(threads, chunk),
        [&](std::size_t granted) {
          threads = granted;
          barrier.emplace(threads);
          network_.prepare(chunk, threads, true);
        },
        [&](std::size_t thread) { work(inputs, rows, chunk, thread, threads, *barrier, outputs); });
  }

 private:
  static constexpr std::size_t kChunk = 256;  // rows: their values stay in the cache between layers

  void run_one(const Inputs& inputs, T* outputs) {
    static constexpr std::int64_t kFirst = 0;
    network_.prepare(1, 1, true);
    Matrix<T>& x = network_.input();
    inputs.gather(&kFirst, 1, {0, x.panels()}, x);
    Pass<T> pass;
    pass.rows = 1, pass.training = false;
    for (Operation<T>& one : network_.operations()) {
      if (one.linear)
        one.linear->forward_row(*one.input, *one.output, skips_zeros_);
      else
        one.layer->forward(pass, *one.input, *one.output, {{0, one.output->panels()}, {0, 1}});
    }
    copy_out(0, 1, outputs);
  }

  void work(const Inputs& inputs, std::size_t rows, std::size_t chunk, std::size_t thread, std::size_t threads,
            Barrier& barrier, T* outputs) {
    const FlushDenormals flushed;
    Matrix<T> own;
    const bool shared = !network_.begins_with_linear();
    if (!shared) own = Matrix<T>(chunk, network_.input_columns());
    Matrix<T>& x = shared ? network_.input() : own;
    const Range panels = shared ? Range::of(x.panels(), thread, threads) : Range{0, x.panels()};
    std::vector<std::int64_t> index(chunk);
    Pass<T> pass;
    pass.training = false;
    for (std::size_t start = 0; start < rows; start += chunk) {
      pass.rows = std::min(chunk, rows - start);
      for (std::size_t r = 0; r < pass.rows; ++r) index[r] = static_cast<std::int64_t>(start + r);
      inputs.gather(index.data(), pass.rows, panels, x);
      if (shared) barrier.wait();
      for (const Phase& phase : network_.forward_phases()) {
        network_.forward(phase, pass, x, thread);
        barrier.wait();
      }
      const Range own_rows = Range::of(pass.rows, thread, threads);
      copy_out(own_rows.begin, own_rows.end, outputs + start * network_.output_columns());
      barrier.wait();
    }
  }

  void copy_out(std::size_t begin, std::size_t end, T* outputs) {
    const Matrix<T>& y = network_.output();
    for (std::size_t r = begin; r < end; ++r)
      for (std::size_t p = 0; p < y.panels(); ++p)
        std::copy(y.row(p, r), y.row(p, r) + y.columns_in(p), outputs + r * y.columns() + p * kPanel);
  }

  Network<T>& network_;
  bool skips_zeros_ = false;
};

}  // namespace CR_ISA
}  // namespace cr
