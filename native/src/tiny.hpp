// Training a network of a few neurons on small batches: a lane is a sample.
#pragma once

#include <chrono>
#include <functional>
#include <optional>

#include "block.hpp"
#include "network.hpp"
#include "small.hpp"

namespace cr {
inline namespace CR_ISA {

// The layers if each is a Linear with at most one activation after it; what else there is makes them none.
template <class T>
std::optional<std::vector<SmallLayer>> small_layers(Network<T>& network) {
  std::vector<SmallLayer> layers;
  std::size_t columns = network.input_columns();
  for (const Operation<T>& one : network.operations()) {
    if (one.linear) {
      layers.push_back({columns, one.columns, one.linear->bias != nullptr, Activation::identity, {}});
      columns = one.columns;
      continue;
    }
    const auto* activation = dynamic_cast<const ActivationLayer<T>*>(one.layer.get());
    if (!activation || layers.empty() || layers.back().activation != Activation::identity) return std::nullopt;
    layers.back().activation = activation->kind(), layers.back().args = activation->args();
  }
  return layers;
}

// Losses that treat all rows and outputs alike.
inline bool is_plain(const LossSpec& loss, const Targets& targets) {
  if (!loss.weight.empty() || !loss.pos_weight.empty() || loss.label_smoothing != 0) return false;
  if (is_class_loss(loss.kind)) return loss.kind == LossKind::cross_entropy && targets.index;
  return !targets.index;
}

template <class T>
class TinyTrainer {
 public:
  static constexpr std::size_t kMostWeights = 128, kMostSlots = 2;

  // Null if the general path has to do it.
  static std::optional<std::vector<SmallLayer>> layers_of(Network<T>& network, const LossSpec& loss,
                                                          const Updater<T>& updater, const Block<T>& block) {
    if (block.rows > kMostSlots * kWidth<T> || !is_plain(loss, block.targets)) return std::nullopt;
    std::size_t weights = 0;
    for (const Parameter<T>* one : network.parameters()) {
      const Parameter<T>* first = network.parameters().front();
      weights += one->rows * one->columns;
      if (!one->trained || updater.waits(*one) || std::isfinite(updater.clip_value) || one->group != first->group ||
          one->steps != first->steps || weights > kMostWeights)
        return std::nullopt;
    }
    return small_layers(network);
  }

  static Outcome run(Network<T>& network, const std::vector<SmallLayer>& layers, const LossSpec& loss,
                     const Updater<T>& updater, const Block<T>& block, const std::function<bool()>& interrupted) {
    if (block.rows <= 4) return TinyRun<Quad<T>>(network, layers, block).run(loss, updater, interrupted);
    return TinyRun<Vec<T>>(network, layers, block).run(loss, updater, interrupted);
  }

 private:
  template <class V>
  class TinyRun {
   public:
    TinyRun(Network<T>& network, const std::vector<SmallLayer>& layers, const Block<T>& block)
        : network_(network), block_(block), slots_((block.rows + kLanes - 1) / kLanes), small_(layers, slots_) {}

    Outcome run(const LossSpec& loss, const Updater<T>& updater, const std::function<bool()>& interrupted) {
      const FlushDenormals flushed;
      exchange(true);
      const OptimizerKind kind = updater.kind();
      std::int64_t& steps = network_.parameters().front()->steps;
      const std::size_t group = network_.parameters().front()->group;
      T scale = 1;
      const bool constant = block_.hypers.size() == block_.groups;
      Step<T> step{};
      Outcome outcome;
      auto asked = std::chrono::steady_clock::now();
      const std::int64_t* batch = nullptr;
      for (std::size_t k = 0; k < block_.steps && !outcome.interrupted; ++k) {
        const std::int64_t* index = block_.index + k * block_.rows;
        if (!batch || !std::equal(index, index + block_.rows, batch)) {
          const double counted = gather(loss, index);
          small_.look_at_targets();
          if (loss.mean) scale = static_cast<T>(1 / counted);
        }
        batch = index;
        ++steps;
        if (k < 2 || !constant || depends_on_step(kind, block_.hypers_at(k)[group]))
          step = make_step<T>(kind, block_.hypers_at(k)[group], steps);
        const V lanes = small_.learn(loss, scale);
        T total = 0;
        for (std::size_t i = 0; i < kLanes; ++i) total += lanes[i];
        block_.losses[k] = static_cast<double>(total);
        outcome.steps = k + 1;
        if (block_.outputs) keep_outputs(k);
        if (!std::isfinite(total)) {
          outcome.stopped = true;
          --steps;
          break;
        }
        small_.update(kind, step);
        if (k % 1024 == 1023 && std::chrono::steady_clock::now() - asked > std::chrono::milliseconds(10)) {
          outcome.interrupted = interrupted();
          asked = std::chrono::steady_clock::now();
        }
      }
      exchange(false);
      return outcome;
    }

   private:
    static constexpr std::size_t kLanes = Lanes<V>::count;

    double outputs() const { return static_cast<double>(network_.output_columns()); }

    // Takes a batch; returns how many numbers its loss is a mean of.
    double gather(const LossSpec& loss, const std::int64_t* index) {
      double counted = 0;
      const std::size_t in = network_.input_columns(), out = network_.output_columns();
      for (std::size_t r = 0; r < slots_ * kLanes; ++r) {
        const std::size_t s = r / kLanes, lane = r % kLanes;
        // Lanes without a sample repeat the first one: they add zeros, of which only its infinities could make NaN.
        const std::int64_t row = index[r < block_.rows ? r : 0];
        const bool ignored = is_class_loss(loss.kind) && block_.targets.index[row] == loss.ignore_index;
        const bool counts = r < block_.rows && !ignored;
        small_.valid[s][lane] = counts ? T(1) : T(0);
        if (counts) counted += is_class_loss(loss.kind) ? 1.0 : outputs();
        for (std::size_t c = 0; c < in; ++c) small_.inputs[c * slots_ + s][lane] = block_.inputs.template number<T>(row, c);
        if (is_class_loss(loss.kind))
          small_.targets[s][lane] = static_cast<T>(block_.targets.index[row]);
        else
          for (std::size_t c = 0; c < out; ++c)
            small_.targets[c * slots_ + s][lane] = block_.targets.template number<T>(row, c);
      }
      return counted;
    }

    void keep_outputs(std::size_t k) {
      const std::size_t out = network_.output_columns();
      for (std::size_t r = 0; r < block_.rows; ++r)
        for (std::size_t c = 0; c < out; ++c)
          block_.outputs[(k * block_.rows + r) * out + c] = small_.output()[c * slots_ + r / kLanes][r % kLanes];
    }

    // Weights and state in (or back out of) the order of the small network, which is PyTorch's.
    void exchange(bool in) {
      std::size_t at = 0;
      if (in) small_.states().assign(network_.parameters().front()->slots.size(), {});
      for (auto& state : small_.states())
        if (in) state.resize(small_.weights.size());
      for (Parameter<T>* one : network_.parameters()) {
        swap_one(*one, one->values, small_.weights.data() + at, in);
        for (std::size_t s = 0; s < one->slots.size(); ++s) swap_one(*one, one->slots[s], small_.states()[s].data() + at, in);
        if (!in) one->steps = network_.parameters().front()->steps;
        at += one->rows * one->columns;
      }
    }
    static void swap_one(const Parameter<T>& parameter, Buffer<T>& panels, T* natural, bool in) {
      if (in)
        parameter.write(panels, natural);
      else
        parameter.read(panels, natural);
    }

    Network<T>& network_;
    const Block<T>& block_;
    std::size_t slots_;
    SmallNetwork<T, V> small_;
  };
};

}  // namespace CR_ISA
}  // namespace cr
