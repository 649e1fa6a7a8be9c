// Blocks of training steps.
#pragma once

#include <algorithm>
#include <atomic>
#include <chrono>
#include <functional>
#include <optional>

#include "block.hpp"
#include "losses.hpp"
#include "network.hpp"
#include "tiny.hpp"

namespace cr {
inline namespace CR_ISA {

template <class T>
class Trainer {
 public:
  Trainer(Network<T>& network, LossSpec loss, Updater<T>& updater)
      : network_(network), loss_(std::move(loss)), updater_(updater) {}

  // `interrupted` is asked now and then on the calling thread; it must not throw.
  Outcome run(const Block<T>& block, std::size_t threads, const std::function<bool()>& interrupted) {
    if (const auto layers = TinyTrainer<T>::layers_of(network_, loss_, updater_, block))
      return TinyTrainer<T>::run(network_, *layers, loss_, updater_, block, interrupted);
    std::optional<Barrier> barrier;
    Outcome outcome;
    on_threads(
        threads,
        [&](std::size_t granted) {
          threads = granted;
          barrier.emplace(threads);
          prepare(block, threads);
        },
        [&](std::size_t thread) { work(block, thread, threads, *barrier, interrupted, outcome); });
    settle_clocks();
    return outcome;
  }

 private:
  // A piece of a parameter whose gradient is kept until the end of the step.
  struct Piece {
    Parameter<T>* parameter;
    std::size_t begin, size;
  };
  static constexpr std::size_t kPiece = 4096;

  // What each thread has to itself.
  struct Own {
    Matrix<T> batch;  // a copy for each: a shared one has to travel between caches
    Samples samples;
    Buffer<T> turned;
    std::vector<T> z, dz;
  };

  // All that needs memory: threads that work must not run out of it.
  void prepare(const Block<T>& block, std::size_t threads) {
    network_.prepare(block.rows, threads);
    row_losses_.assign(block.rows, 0.0);
    all_samples_.prepare(block.rows, 0);
    owns_.resize(threads);
    for (Own& own : owns_) {
      if (network_.begins_with_linear()) {
        own.batch = Matrix<T>(block.rows, network_.input_columns());
        own.samples.prepare(block.rows, network_.input_columns());
      }
      own.turned.reset(network_.scratch());
      own.z.resize(network_.output_columns()), own.dz.resize(network_.output_columns());
    }
    list_clocks();
    list_waiting();
    stop_ = false;
    asked_ = std::chrono::steady_clock::now(), unasked_ = 0, patience_ = 1;
  }

  void work(const Block<T>& block, std::size_t thread, std::size_t threads, Barrier& barrier,
            const std::function<bool()>& interrupted, Outcome& outcome) {
    const FlushDenormals flushed;
    Own& own = owns_[thread];
    const bool shared = !network_.begins_with_linear();
    Matrix<T>& x = shared ? network_.input() : own.batch;
    Pass<T> pass;
    pass.rows = block.rows, pass.seed = block.seed, pass.updater = &updater_;
    pass.of_batch = &own.samples, pass.all = &all_samples_;
    const Range own_rows = Range::of(block.rows, thread, threads);
    for (std::size_t k = 0; k < block.steps; ++k) {
      const std::int64_t* index = block.index + k * block.rows;
      pass.step = block.first_step + k;
      block.inputs.gather(index, block.rows, shared ? Range::of(x.panels(), thread, threads) : Range{0, x.panels()}, x);
      if (!shared) block.inputs.look(index, own.samples);
      if (shared && network_.forward_phases().front().cut == Cut::rows) barrier.wait();
      if (k + 1 < block.steps)
        block.inputs.prefetch(index + block.rows + own_rows.begin, own_rows.end - own_rows.begin);
      if (thread == 0) begin_step(block, k);
      for (const Phase& phase : network_.forward_phases()) {
        network_.forward(phase, pass, x, thread);
        if (phase.meet) barrier.wait();
      }
      const double divisor = loss_divisor<T>(loss_, block.targets, index, block.rows, network_.output_columns(),
                                             block.weights);
      lose(block, index, own_rows, k, divisor, own);
      if (!own_rows.empty() && network_.loss_from() < network_.operations().size())
        network_.layers_backward(network_.operations().size() - 1, network_.loss_from(), pass, x,
                                 {{0, panels_of(network_.output_columns())}, own_rows});
      barrier.wait();
      const double loss = total_loss(divisor);
      if (thread == 0) block.losses[k] = loss, outcome.steps = k + 1;
      if (!std::isfinite(loss)) {
        if (thread == 0) refuse_step(), outcome.stopped = true;
        return;
      }
      for (const Phase& phase : network_.backward_phases()) {
        network_.backward(phase, pass, x, thread, own.turned.data());
        if (phase.meet) barrier.wait();
      }
      if (!waiting_.empty()) apply_waiting(thread, threads, barrier);
      if (thread == 0 && asks(interrupted)) stop_ = true, outcome.interrupted = true;
      barrier.wait();
      if (stop_) return;
    }
  }

  // What parameters of one group that have taken the same number of steps share.
  struct Clock {
    std::size_t group;
    std::int64_t steps;
    Step<T> step;
    std::vector<Parameter<T>*> parameters;
  };

  void list_clocks() {
    clocks_.clear();
    for (Parameter<T>* one : network_.parameters()) {
      if (!one->trained) continue;
      auto same = std::find_if(clocks_.begin(), clocks_.end(), [one](const Clock& clock) {
        return clock.group == one->group && clock.steps == one->steps;
      });
      if (same == clocks_.end()) same = clocks_.insert(same, Clock{one->group, one->steps, {}, {}});
      same->parameters.push_back(one);
    }
    for (Clock& clock : clocks_)  // now that they stay where they are
      for (Parameter<T>* one : clock.parameters) one->step = &clock.step;
    norms_.clear();
    for (Operation<T>& one : network_.operations())
      if (auto* norm = dynamic_cast<BatchNormLayer<T>*>(one.layer.get())) norms_.push_back(norm);
  }

  void begin_step(const Block<T>& block, std::size_t k) {
    const bool constant = block.hypers.size() == block.groups;
    for (Clock& clock : clocks_) {
      const Hyper& hyper = block.hypers_at(k)[clock.group];
      ++clock.steps;
      if (changes_at(k, constant, updater_.kind(), hyper))
        clock.step = make_step<T>(updater_.kind(), hyper, clock.steps);
    }
    for (BatchNormLayer<T>* norm : norms_) norm->count();
  }

  // Takes back what was counted for a step that is not applied.
  void refuse_step() {
    for (Clock& clock : clocks_) --clock.steps;
    for (BatchNormLayer<T>* norm : norms_) --norm->batches;
  }

  void settle_clocks() {
    for (Clock& clock : clocks_)
      for (Parameter<T>* one : clock.parameters) one->steps = clock.steps;
  }

  // The losses of some rows, and the gradient of the output.
  void lose(const Block<T>& block, const std::int64_t* index, Range rows, std::size_t k, double divisor, Own& own) {
    if (rows.empty()) return;
    const Matrix<T>& output = network_.output();
    Matrix<T>& gradient = network_.output_gradient();
    const std::size_t n = output.columns();
    const double scale = 1 / divisor;
    if (n == 1 && !block.weights && !is_class_loss(loss_.kind))
      losses_of_rows(loss_, output.row(0, rows.begin), block.targets, index + rows.begin, rows.end - rows.begin, scale,
                     gradient.row(0, rows.begin), row_losses_.data() + rows.begin);
    else
      for (std::size_t r = rows.begin; r < rows.end; ++r) lose_row(block, index[r], r, scale, own);
    if (!block.outputs) return;
    for (std::size_t r = rows.begin; r < rows.end; ++r)
      for (std::size_t c = 0; c < n; ++c)
        block.outputs[(k * block.rows + r) * n + c] = output.row(c / kPanel, r)[c % kPanel];
  }

  void lose_row(const Block<T>& block, std::int64_t row, std::size_t r, double scale, Own& own) {
    const Matrix<T>& output = network_.output();
    Matrix<T>& gradient = network_.output_gradient();
    const std::size_t n = output.columns();
    const double factor = block.weights ? row_factor(loss_, block.weights[row], n) : 1;
    if (n <= kPanel) {
      row_losses_[r] =
          factor * loss_row<T, true>(loss_, output.row(0, r), block.targets, row, n, factor * scale, gradient.row(0, r));
      return;
    }
    std::vector<T>&z = own.z, &dz = own.dz;
    for (std::size_t c = 0; c < n; ++c) z[c] = output.row(c / kPanel, r)[c % kPanel];
    row_losses_[r] = factor * loss_row<T>(loss_, z.data(), block.targets, row, n, factor * scale, dz.data());
    for (std::size_t c = 0; c < n; ++c) gradient.row(c / kPanel, r)[c % kPanel] = dz[c];
  }

  double total_loss(double divisor) const {
    double total = 0;
    for (const double loss : row_losses_) total += loss;
    return static_cast<double>(static_cast<T>(total / divisor));
  }

  // Asks every ten milliseconds or so, and looks at the clock hardly more often than that.
  bool asks(const std::function<bool()>& interrupted) {
    if (++unasked_ < patience_) return false;
    const auto now = std::chrono::steady_clock::now();
    const auto passed = now - asked_;
    unasked_ = 0, patience_ = passed < std::chrono::milliseconds(1) ? 2 * patience_ : std::max<std::size_t>(patience_ / 2, 1);
    if (passed < std::chrono::milliseconds(10)) return false;
    asked_ = now;
    return interrupted();
  }

  void list_waiting() {
    waiting_.clear();
    for (Parameter<T>* parameter : network_.parameters()) {
      if (!parameter->trained || !updater_.waits(*parameter)) continue;
      if (parameter->gradient.size() != parameter->values.size()) parameter->gradient.reset(parameter->values.size());
      for (std::size_t at = 0; at < parameter->values.size(); at += kPiece)
        waiting_.push_back({parameter, at, std::min(kPiece, parameter->values.size() - at)});
    }
    squares_.assign(waiting_.size(), 0.0);
  }

  // Updates that had to wait: for the norm of all gradients, or for other gradients to be computed.
  void apply_waiting(std::size_t thread, std::size_t threads, Barrier& barrier) {
    const Range own = Range::of(waiting_.size(), thread, threads);
    const bool clips = std::isfinite(updater_.clip_norm);
    T factor = 1;
    if (clips) {
      for (std::size_t i = own.begin; i < own.end; ++i) squares_[i] = sum_of_squares(waiting_[i]);
      barrier.wait();
      double total = 0;
      for (const double square : squares_) total += square;
      factor = static_cast<T>(std::min(updater_.clip_norm / (std::sqrt(total) + 1e-6), 1.0));
      if (std::isnan(total)) factor = static_cast<T>(NAN);
    }
    for (std::size_t i = own.begin; i < own.end; ++i) {
      const Piece& piece = waiting_[i];
      T* gradient = piece.parameter->gradient.data() + piece.begin;
      if (clips)
        for (std::size_t j = 0; j < piece.size; ++j) gradient[j] *= factor;
      updater_.apply(*piece.parameter, piece.begin, gradient, piece.size);
    }
  }

  // What only fills panels does not count.
  static double sum_of_squares(const Piece& piece) {
    const Parameter<T>& parameter = *piece.parameter;
    double total = 0;
    for (std::size_t at = piece.begin; at < piece.begin + piece.size; at += kPanel) {
      const std::size_t panel = at / kPanel / parameter.height, row = at / kPanel % parameter.height;
      if (row >= parameter.rows) continue;
      const T* g = parameter.gradient.data() + at;
      const std::size_t n = std::min(kPanel, parameter.columns - panel * kPanel);
      for (std::size_t c = 0; c < n; ++c) total += static_cast<double>(g[c]) * static_cast<double>(g[c]);
    }
    return total;
  }

  Network<T>& network_;
  LossSpec loss_;
  Updater<T>& updater_;
  std::vector<Own> owns_;
  Samples all_samples_;
  std::vector<double> row_losses_, squares_;
  std::vector<Piece> waiting_;
  std::vector<Clock> clocks_;
  std::vector<BatchNormLayer<T>*> norms_;
  std::atomic<bool> stop_{false};
  std::chrono::steady_clock::time_point asked_;
  std::size_t unasked_ = 0, patience_ = 1;
};

}  // namespace CR_ISA
}  // namespace cr
