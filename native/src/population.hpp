// Training many networks of one shape at once: a lane is a network.
//
// Threads take groups of as many networks as a vector has lanes.  Nothing passes from one lane to another, so that a
// network comes out the same whatever the others do, and however many threads there are.
#pragma once

#include <algorithm>
#include <atomic>
#include <chrono>
#include <deque>
#include <functional>

#include "block.hpp"
#include "gate.hpp"
#include "small.hpp"
#include "threads.hpp"
#include "transpose.hpp"

namespace cr {
inline namespace CR_ISA {

template <class T>
struct PopulationBlock {
  Inputs inputs;
  Targets targets;
  const std::int64_t* index = nullptr;  // (steps, rows), or (networks, steps, rows); a short batch ends in -1
  bool own_rows = false;                // whether there is one index for each network
  std::size_t networks = 0, steps = 0, rows = 0;
  std::vector<Hyper> hypers;  // (steps or 1)
  std::int64_t steps_before = 0;
  T* weights = nullptr;              // (networks, parameters)
  T* states = nullptr;               // (slots, networks, parameters)
  T* losses = nullptr;               // (networks, steps)
  std::int64_t* refused = nullptr;   // (networks,): the first step whose loss is not finite, or -1

  const std::int64_t* batch(std::size_t network, std::size_t step) const {
    return index + ((own_rows ? network * steps : 0) + step) * rows;
  }
};

template <class T>
class Population {
 public:
  Population(std::vector<SmallLayer> layers, LossSpec loss, OptimizerKind optimizer)
      : layers_(std::move(layers)), loss_(std::move(loss)), optimizer_(optimizer) {}

  std::size_t inputs() const { return layers_.front().in; }
  std::size_t outputs() const { return layers_.back().out; }
  std::size_t parameters() const {
    std::size_t count = 0;
    for (const SmallLayer& layer : layers_) count += layer.out * (layer.in + layer.bias);
    return count;
  }
  std::size_t slots(const Hyper& hyper) const { return slot_count(optimizer_, hyper); }

  // Returns false if it was interrupted; what is in the block's arrays is then of no use.
  bool run(const PopulationBlock<T>& block, std::size_t threads, const std::function<bool()>& interrupted) const {
    const std::size_t groups = (block.networks + kLanes - 1) / kLanes;
    std::atomic<std::size_t> next{0};
    std::atomic<bool> stop{false};
    auto asked = std::chrono::steady_clock::now();
    const auto goes_on = [&](std::size_t thread) {
      const auto now = std::chrono::steady_clock::now();
      if (thread == 0 && now - asked > std::chrono::milliseconds(10)) {
        asked = now;
        if (interrupted()) stop = true;
      }
      return !stop;
    };
    std::deque<Group> rooms;  // made before threads work, who must not run out of memory
    on_threads(
        std::min(threads, groups),
        [&](std::size_t granted) {
          for (std::size_t t = 0; t < granted; ++t) rooms.emplace_back(*this, block);
        },
        [&](std::size_t thread) {
          const FlushDenormals flushed;
          for (std::size_t g = next++; g < groups && !stop; g = next++)
            rooms[thread].run(g * kLanes, [&] { return goes_on(thread); });
        });
    return !stop;
  }

 private:
  using V = Vec<T>;
  static constexpr std::size_t kLanes = kWidth<T>;

  class Group {
   public:
    Group(const Population& population, const PopulationBlock<T>& block)
        : population_(population), block_(block), small_(population.layers_, block.rows) {
      small_.states().assign(population.slots(block.hypers.front()), std::vector<V>(small_.weights.size()));
    }

    template <class Continue>
    void run(std::size_t first, const Continue& goes_on) {
      first_ = first, count_ = std::min(kLanes, block_.networks - first);
      exchange<true>();
      astray_ = V{};
      T scale = 1;
      std::size_t patience = kPatience;
      for (std::size_t k = 0; k < block_.steps;) {
        if (k == 0 || !same_batches(k, k + 1)) scale = gather(k), small_.look_at_targets();
        std::size_t end = std::min(k + kPatience, block_.steps);
        if (!same_batches(k + 1, end)) end = k + 1;
        if (!gate_steps(k, end, scale)) steps(k, end, scale);
        if (end >= patience) {
          patience = end + kPatience;
          if (!goes_on()) return;
        }
        k = end;
      }
      exchange<false>();
      find_refused();
    }

   private:
    static constexpr std::size_t kPatience = 64;  // steps between looks at the clock

    // Whether the batches of these steps are those of the step before them.
    bool same_batches(std::size_t begin, std::size_t end) const {
      for (std::size_t i = 0; i < (block_.own_rows ? count_ : 1); ++i) {
        const std::int64_t* index = block_.batch(first_ + i, begin);
        if (!std::equal(index, index + (end - begin) * block_.rows, index - block_.rows)) return false;
      }
      return true;
    }

    void renew_step(std::size_t k) {
      const bool constant = block_.hypers.size() == 1;
      const Hyper& hyper = block_.hypers[constant ? 0 : k];
      if (changes_at(k, constant, population_.optimizer_, hyper))
        step_ = make_step<T>(population_.optimizer_, hyper, block_.steps_before + static_cast<std::int64_t>(k) + 1);
    }

    void steps(std::size_t begin, std::size_t end, T scale) {
      for (std::size_t k = begin; k < end; ++k) {
        renew_step(k);
        note_losses(k, small_.learn(population_.loss_, scale));
        small_.update(population_.optimizer_, step_);
      }
    }

    // The same on the quick way, if it is a gate's network that is trained.
    bool gate_steps([[maybe_unused]] std::size_t begin, [[maybe_unused]] std::size_t end, [[maybe_unused]] T scale) {
      if constexpr (kIsFloat<V>) {
        renew_step(begin);
        if (small_.slots() != kGateRows || !step_.is_plain_descent(population_.optimizer_)) return false;
        return with_gate<V, false>(population_.layers_, population_.loss_.kind, small_.all_sure(), [&](auto gate) {
          const GateRows<V> rows{small_.inputs.data(), small_.targets.data(), small_.valid.data()};
          const bool constant = block_.hypers.size() == 1;
          for (std::size_t k = begin; k < end; k = constant ? end : k + 1) {
            renew_step(k);
            gate.run(small_.weights.data(), rows, all<V>(step_.rate * scale), constant ? end - k : 1,
                     [this, k, scale](std::size_t i, V loss, V) { return note_losses(k + i, loss * scale), true; });
          }
        });
      } else {
        return false;
      }
    }

    // Takes the batches of step k; returns what their summed losses are multiplied by.
    T gather(std::size_t k) {
      const std::int64_t* index = block_.batch(first_, k);
      std::size_t rows = block_.rows;
      while (rows > 1 && index[rows - 1] < 0) --rows;
      small_.use_slots(rows);
      if (block_.own_rows)
        for (std::size_t i = 0; i < count_; ++i) gather_rows(block_.batch(first_ + i, k), rows, i);
      else
        gather_rows(index, rows, kLanes);
      if (!population_.loss_.mean) return 1;
      const std::size_t numbers = is_class_loss(population_.loss_.kind) ? rows : rows * population_.outputs();
      return static_cast<T>(1 / static_cast<double>(numbers));
    }

    // One batch into a lane, or into all of them.
    void gather_rows(const std::int64_t* index, std::size_t rows, std::size_t lane) {
      const bool classes = is_class_loss(population_.loss_.kind);
      const std::size_t in = population_.inputs(), out = classes ? 1 : population_.outputs();
      const auto put = [lane](V& slot, T number) {
        if (lane == kLanes) slot = broadcast(number);
        else slot[lane] = number;
      };
      for (std::size_t r = 0; r < rows; ++r) {
        const std::int64_t row = index[r];
        for (std::size_t c = 0; c < in; ++c) put(small_.inputs[c * rows + r], block_.inputs.template number<T>(row, c));
        for (std::size_t c = 0; c < out; ++c)
          put(small_.targets[c * rows + r], classes ? static_cast<T>(block_.targets.index[row])
                                                    : block_.targets.template number<T>(row, c));
      }
    }

    // Written step by step, each network's would go to a page of its own; so some steps are turned round at a time.
    void note_losses(std::size_t k, V losses) {
      astray_ += losses - losses;  // NaN from the first loss on that is not finite
      store(noted_ + k % kPanel * kPanel, losses);
      const std::size_t n = k % kPanel + 1;
      if (n < kPanel && k + 1 < block_.steps) return;
      T each[kLanes * kPanel];
      transpose_panel(noted_, kPanel, kLanes, each);
      for (std::size_t i = 0; i < count_; ++i)
        std::copy_n(each + i * kPanel, n, block_.losses + (first_ + i) * block_.steps + k + 1 - n);
    }

    void find_refused() {
      for (std::size_t i = 0; i < count_; ++i) {
        const T* losses = block_.losses + (first_ + i) * block_.steps;
        std::size_t k = block_.steps;
        if (astray_[i] != 0) k = std::find_if(losses, losses + k, [](T loss) { return !std::isfinite(loss); }) - losses;
        block_.refused[first_ + i] = k < block_.steps ? static_cast<std::int64_t>(k) : -1;
      }
    }

    // Weights and states into the lanes, or back.
    template <bool In>
    void exchange() {
      const std::size_t n = small_.parameters();
      swap_lanes<In>(block_.weights + first_ * n, small_.weights.data());
      for (std::size_t s = 0; s < small_.states().size(); ++s)
        swap_lanes<In>(block_.states + (s * block_.networks + first_) * n, small_.states()[s].data());
    }
    template <bool In>
    void swap_lanes(T* numbers, V* lanes) const {
      const std::size_t n = small_.parameters();
      for (std::size_t i = 0; i < n; ++i) {
        T each[kLanes] = {};
        if (!In) store(each, lanes[i]);
        for (std::size_t network = 0; network < count_; ++network) {
          T& number = numbers[network * n + i];
          In ? each[network] = number : number = each[network];
        }
        if (In) lanes[i] = load(each);
      }
    }

    const Population& population_;
    const PopulationBlock<T>& block_;
    SmallNetwork<V, V> small_;
    Step<T> step_{};
    V astray_{};
    T noted_[kPanel * kPanel] = {};  // losses of the last steps, a row for each
    std::size_t first_ = 0, count_ = 0;
  };

  std::vector<SmallLayer> layers_;
  LossSpec loss_;
  OptimizerKind optimizer_;
};

}  // namespace CR_ISA
}  // namespace cr
