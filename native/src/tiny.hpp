// Training a network of a few neurons on small batches: a lane is a sample.
#pragma once

#include <chrono>
#include <functional>
#include <optional>

#include "block.hpp"
#include "gate.hpp"
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
    if (block.rows > kMostSlots * kWidth<T> || block.weights || !is_plain(loss, block.targets)) return std::nullopt;
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
        : network_(network), block_(block), slots_((block.rows + kLanes - 1) / kLanes), layers_(layers), small_(layers, slots_) {}

    Outcome run(const LossSpec& loss, const Updater<T>& updater, const std::function<bool()>& interrupted) {
      const FlushDenormals flushed;
      exchange(true);
      Outcome outcome;
      T scale = 1;
      auto asked = std::chrono::steady_clock::now();
      for (std::size_t k = 0; k < block_.steps && !outcome.stopped && !outcome.interrupted;) {
        const std::int64_t* index = block_.index + k * block_.rows;
        if (k == 0 || !same_batches(k, k + 1)) {
          const double counted = gather(loss, index);
          small_.look_at_targets();
          if (loss.mean) scale = static_cast<T>(1 / counted);
        }
        std::size_t end = std::min((k / kPatience + 1) * kPatience, block_.steps);
        if (!same_batches(k + 1, end)) end = k + 1;
        if (!gate_steps(loss, updater, k, end, scale, outcome)) steps(loss, updater, k, end, scale, outcome);
        if (end % kPatience == 0 && std::chrono::steady_clock::now() - asked > std::chrono::milliseconds(10)) {
          outcome.interrupted = interrupted();
          asked = std::chrono::steady_clock::now();
        }
        k = end;
      }
      exchange(false);
      return outcome;
    }

   private:
    static constexpr std::size_t kLanes = Lanes<V>::count;
    static constexpr std::size_t kPatience = 1024;  // steps between looks at the clock

    bool same_batches(std::size_t begin, std::size_t end) const {
      const std::int64_t* index = block_.index + begin * block_.rows;
      return std::equal(index, index + (end - begin) * block_.rows, index - block_.rows);
    }

    void renew_step(const Updater<T>& updater, std::size_t k) {
      Parameter<T>& first = *network_.parameters().front();
      const Hyper& hyper = block_.hypers_at(k)[first.group];
      if (changes_at(k, block_.hypers.size() == block_.groups, updater.kind(), hyper))
        step_ = make_step<T>(updater.kind(), hyper, first.steps + 1);
    }

    void steps(const LossSpec& loss, const Updater<T>& updater, std::size_t begin, std::size_t end, T scale,
               Outcome& outcome) {
      for (std::size_t k = begin; k < end; ++k) {
        renew_step(updater, k);
        const V lanes = small_.learn(loss, scale);
        if (!note(k, lanes, outcome)) return;
        small_.update(updater.kind(), step_);
      }
    }

    // The same on the quick way, if it is a gate's network that is trained.
    bool gate_steps([[maybe_unused]] const LossSpec& loss, [[maybe_unused]] const Updater<T>& updater,
                    [[maybe_unused]] std::size_t begin, [[maybe_unused]] std::size_t end, [[maybe_unused]] T scale,
                    [[maybe_unused]] Outcome& outcome) {
      if constexpr (std::is_same_v<V, Quad<float>>) {
        renew_step(updater, begin);
        if (!step_.is_plain_descent(updater.kind())) return false;
        return with_gate<V, true>(layers_, loss.kind, small_.all_sure(), [&](auto gate) {
          V weights[gate.kWeights];
          for (std::size_t i = 0; i < gate.kWeights; ++i) weights[i] = all<V>(small_.weights[i]);
          const GateRows<V> rows{small_.inputs.data(), small_.targets.data(), small_.valid.data()};
          const bool constant = block_.hypers.size() == block_.groups;
          for (std::size_t k = begin; k < end && !outcome.stopped; k = constant ? end : k + 1) {
            renew_step(updater, k);
            gate.run(weights, rows, all<V>(step_.rate * scale), constant ? end - k : 1,
                     [this, k, scale, &rows, &outcome](std::size_t i, V loss, V output) CR_INLINED {
                       if (block_.outputs) small_.output().front() = output;
                       return note(k + i, rows.valid[0] > V{} ? loss * scale : V{}, outcome);
                     });
          }
          for (std::size_t i = 0; i < gate.kWeights; ++i) small_.weights[i] = weights[i][0];
        });
      } else {
        return false;
      }
    }

    // Writes down what step k was like before its update; says whether that is to be made.
    CR_INLINED bool note(std::size_t k, V losses, Outcome& outcome) {
      T total = 0;
      for (std::size_t i = 0; i < kLanes; ++i) total += losses[i];
      block_.losses[k] = static_cast<double>(total);
      outcome.steps = k + 1;
      if (block_.outputs) keep_outputs(k);
      outcome.stopped = !std::isfinite(total);
      network_.parameters().front()->steps += !outcome.stopped;
      return !outcome.stopped;
    }

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
    std::vector<SmallLayer> layers_;
    SmallNetwork<T, V> small_;
    Step<T> step_{};
  };
};

}  // namespace CR_ISA
}  // namespace cr
