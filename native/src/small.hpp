// Networks of a few neurons, of which everything fits into registers and the nearest cache.
//
// One source for two uses.  Alone, the lanes of a vector are the samples of a batch, and the weights are numbers.  In a
// population, the lanes are networks of one shape, each with weights of its own, and samples come one after another.
#pragma once

#include <cstddef>
#include <vector>

#include "activations.hpp"
#include "losses.hpp"
#include "optimizers.hpp"

namespace cr {
inline namespace CR_ISA {

// A Linear and the activation after it.
struct SmallLayer {
  std::size_t in, out;
  bool bias;
  Activation activation;
  ActivationArgs args;
  std::size_t weight_at = 0, bias_at = 0;  // among all weights; a weight is (out, in)
};

// [x₀+x₁, x₂+x₃, …, y₀+y₁, …]: done again and again, it adds up the lanes of as many vectors as there are lanes.
template <class V, std::size_t... I>
inline V add_neighbours(const V& x, const V& y, std::index_sequence<I...>) {
  return __builtin_shufflevector(x, y, (2 * I)...) + __builtin_shufflevector(x, y, (2 * I + 1)...);
}

// The sums over the lanes of `Lanes` vectors, one in each lane of the result.
template <class V>
inline V lane_sums(const V* vectors) {
  constexpr std::size_t n = Lanes<V>::count;
  constexpr auto lanes = std::make_index_sequence<n>{};
  V sums[n];
  std::copy(vectors, vectors + n, sums);
#pragma GCC unroll 4
  for (std::size_t left = n; left > 1; left /= 2)
#pragma GCC unroll 8
    for (std::size_t i = 0; i < left / 2; ++i) sums[i] = add_neighbours(sums[2 * i], sums[2 * i + 1], lanes);
  return sums[0];
}

// f(constant 4, at), …, f(constant 2, at), f(constant 1, at) until all of n is covered, beginning with `Most` at a time.
template <std::size_t Most, class F>
CR_INLINE void in_tiles(std::size_t n, F&& f, std::size_t at = 0) {
  for (; at + Most <= n; at += Most) f(std::integral_constant<std::size_t, Most>{}, at);
  if constexpr (Most > 1) in_tiles<Most / 2>(n, f, at);
}

// Where the weight between two neurons stands: strides of what is computed and of what is summed over.
struct Strides {
  std::size_t to, from;
};

// y(r, s) = start(r) + Σ w(r, c)·x(c, s) for Rows neurons and Slots slots, in registers.
template <std::size_t Rows, std::size_t Slots, class W, class V, class Finish>
CR_INLINE void weighted_sums(const W* w, Strides w_at, const W* start, const V* x, std::size_t count,
                             std::size_t slots, const Finish& finish) {
  V sums[Rows][Slots];
#pragma GCC unroll 4
  for (std::size_t r = 0; r < Rows; ++r)
#pragma GCC unroll 4
    for (std::size_t s = 0; s < Slots; ++s) sums[r][s] = start ? start[r] - V{} : V{};
  for (std::size_t c = 0; c < count; ++c) {
    V given[Slots];
#pragma GCC unroll 4
    for (std::size_t s = 0; s < Slots; ++s) keep_in_register(given[s] = x[c * slots + s]);
#pragma GCC unroll 4
    for (std::size_t r = 0; r < Rows; ++r) {
      const W weight = w[r * w_at.to + c * w_at.from];
#pragma GCC unroll 4
      for (std::size_t s = 0; s < Slots; ++s) sums[r][s] += weight * given[s];
    }
  }
#pragma GCC unroll 4
  for (std::size_t r = 0; r < Rows; ++r)
#pragma GCC unroll 4
    for (std::size_t s = 0; s < Slots; ++s) finish(r * slots + s, sums[r][s]);
}

// p(r, c) = Σ g(r, s)·x(c, s) over the slots.
template <std::size_t Rows, std::size_t Columns, class V>
CR_INLINE void products(const V* g, const V* x, V* p, std::size_t stride, std::size_t slots) {
  V sums[Rows][Columns];
#pragma GCC unroll 4
  for (std::size_t r = 0; r < Rows; ++r)
#pragma GCC unroll 4
    for (std::size_t c = 0; c < Columns; ++c) sums[r][c] = g[r * slots] * x[c * slots];
  for (std::size_t s = 1; s < slots; ++s) {
    V given[Columns];
#pragma GCC unroll 4
    for (std::size_t c = 0; c < Columns; ++c) keep_in_register(given[c] = x[c * slots + s]);
#pragma GCC unroll 4
    for (std::size_t r = 0; r < Rows; ++r) {
      const V slope = g[r * slots + s];
#pragma GCC unroll 4
      for (std::size_t c = 0; c < Columns; ++c) sums[r][c] += slope * given[c];
    }
  }
#pragma GCC unroll 4
  for (std::size_t r = 0; r < Rows; ++r)
#pragma GCC unroll 4
    for (std::size_t c = 0; c < Columns; ++c) p[r * stride + c] = sums[r][c];
}

// W is what a weight is: a number, or V, one number for each network.  What belongs to a batch is stored neuron by
// neuron, each with all its slots.
template <class W, class V>
class SmallNetwork {
 public:
  using T = Number<V>;
  static constexpr bool kPopulation = std::is_same_v<W, V>;
  static constexpr std::size_t kLanes = Lanes<V>::count;
  static constexpr std::size_t kStride = kPopulation ? 1 : kLanes;  // weights in one vector

  // `slots`: how many vectors hold a batch, at most.
  SmallNetwork(std::vector<SmallLayer> layers, std::size_t slots) : layers_(std::move(layers)), slots_(slots) {
    std::size_t numbers = 0, widest = 0;
    for (SmallLayer& layer : layers_) {
      layer.weight_at = numbers;
      layer.bias_at = numbers += layer.in * layer.out;
      if (layer.bias) numbers += layer.out;
      widest = std::max({widest, layer.in, layer.out});
      sums_.emplace_back(slots * layer.out);
      values_.emplace_back(slots * layer.out);
    }
    count_ = numbers;
    const std::size_t room = round_up(numbers, kStride);
    weights.resize(room), gradients_.resize(room);
    inputs.resize(slots * layers_.front().in);
    upper_.resize(slots * widest), lower_.resize(slots * widest);
    targets.resize(slots * layers_.back().out);
    valid.assign(slots, all<V>(1));
  }

  std::size_t parameters() const { return count_; }
  std::size_t outputs() const { return layers_.back().out; }
  std::size_t slots() const { return slots_; }
  void use_slots(std::size_t slots) { slots_ = slots; }
  std::vector<V>& output() { return values_.back(); }

  // Everything up to the gradients of one step; returns the loss, for each lane.
  V learn(const LossSpec& loss, T scale) {
    // The smallest batches, for which loops cost as much as what they do, are known to the compiler.
    constexpr std::size_t common = kPopulation ? 4 : 1;
    if (slots_ == common) return learn(loss, scale, std::integral_constant<std::size_t, common>{});
    return learn(loss, scale, slots_);
  }

  void update(OptimizerKind kind, const Step<T>& given) {
    const Step<T> step = given;  // a copy, which no store changes
    with_optimizer(kind, step.slots, [&](auto rule, auto count) {
      constexpr std::size_t n_states = decltype(count)::value;
      const std::size_t size = weights.size();
      W* const w = weights.data();
      W* states[n_states + 1];
      for (std::size_t k = 0; k < n_states; ++k) states[k] = states_[k].data();
      const V* const g = gradients_.data();
      for (std::size_t i = 0; i < size; i += kStride) {
        V gradient, weight, state[n_states + 1];
        if constexpr (kPopulation) gradient = g[i];
        else gradient = lane_sums(g + i);
        std::memcpy(&weight, w + i, sizeof weight);
#pragma GCC unroll 3
        for (std::size_t k = 0; k < n_states; ++k) std::memcpy(&state[k], states[k] + i, sizeof weight);
        cr::update<decltype(rule), n_states>(step, weight, gradient, state);
        std::memcpy(w + i, &weight, sizeof weight);
#pragma GCC unroll 3
        for (std::size_t k = 0; k < n_states; ++k) std::memcpy(states[k] + i, &state[k], sizeof weight);
      }
    });
  }

  std::vector<std::vector<W>>& states() { return states_; }

  bool all_sure() const { return hard_; }  // whether all targets are 0 or 1

  // To be called when targets have changed.
  void look_at_targets() {
    V soft{};
    for (const V& t : targets) soft += ((t == V{}) | (t == all<V>(1))) ? V{} : all<V>(1);
    hard_ = true;
    for (std::size_t lane = 0; lane < kLanes; ++lane) hard_ = hard_ && soft[lane] == 0;
  }

  std::vector<W> weights;
  std::vector<V> inputs, targets;
  std::vector<V> valid;  // 1 in the lanes of a slot that hold samples; in a population all of them do

 private:
  // S: a number, or a constant.
  template <class S>
  V learn(const LossSpec& loss, T scale, S slots) {
    for (std::size_t l = 0; l < layers_.size(); ++l) forward(l, slots);
    const V total = compare(loss, scale);
    for (std::size_t l = layers_.size(); l-- > 0;) backward(l, slots);
    return total;
  }

  const V* input_of(std::size_t l) const { return l ? values_[l - 1].data() : inputs.data(); }

  // Activations that are applied on the way from the registers to memory: the common ones.
  template <class Row>
  static constexpr bool kFusedActivation = kIsFloat<V> && (std::is_same_v<Row, activation::Sigmoid> ||
                                                 std::is_same_v<Row, activation::Relu> ||
                                                 std::is_same_v<Row, activation::Tanh>);

  // A Linear one way or the other: from the inputs of its neurons to their sums, or from gradients to gradients.
  template <class S, class Finish>
  CR_INLINED static void combine(const W* w, Strides w_at, const W* start, const V* x, std::size_t rows,
                                 std::size_t count, S slots, const Finish& finish) {
    in_tiles<kPopulation ? 4 : 2>(slots, [=](auto wide, std::size_t s) CR_INLINED {
      in_tiles<2>(rows, [=](auto high, std::size_t r) CR_INLINED {
        const std::size_t at = r * slots + s;
        weighted_sums<high, wide>(w + r * w_at.to, w_at, start ? start + r : nullptr, x + s, count, slots,
                                  [=](std::size_t i, V sum) CR_INLINED { finish(at + i, sum); });
      });
    });
  }

  template <class S>
  void forward(std::size_t l, S slots) {
    const SmallLayer& layer = layers_[l];
    const W* w = weights.data() + layer.weight_at;
    V *z = sums_[l].data(), *y = values_[l].data();
    const V* x = input_of(l);
    const W* start = layer.bias ? weights.data() + layer.bias_at : nullptr;
    with_activation(layer.activation, [&](auto row) {
      using Row = decltype(row);
      const ActivationArgs args = layer.args;
      if constexpr (kFusedActivation<Row>) {
        combine(w, {layer.in, 1}, start, x, layer.out, layer.in, slots,
                [=](std::size_t i, V sum) CR_INLINED { y[i] = Row::forward(sum, args); });
      } else {
        combine(w, {layer.in, 1}, start, x, layer.out, layer.in, slots,
                [=](std::size_t i, V sum) CR_INLINED { z[i] = sum; });
        for (std::size_t i = 0; i < slots * layer.out; ++i) y[i] = Row::forward(z[i], args);
      }
    });
  }

  // The loss, and in upper_ its gradient by the output.
  V compare(const LossSpec& spec, T scale) {
    switch (spec.kind) {
      case LossKind::cross_entropy: return compare_classes(scale);
      case LossKind::bce_with_logits: return compare_with(element_loss::BinaryCrossEntropyOfLogits{}, spec, scale);
      case LossKind::bce:
        if (hard_) return compare_with(element_loss::BinaryCrossEntropyOfSure{}, spec, scale);
        return compare_with(element_loss::BinaryCrossEntropy{}, spec, scale);
      case LossKind::hinge: return compare_with(element_loss::Hinge{}, spec, scale);
      case LossKind::perceptron: return compare_with(element_loss::Perceptron{}, spec, scale);
      case LossKind::l1: return compare_with(element_loss::Absolute{}, spec, scale);
      case LossKind::smooth_l1: return compare_with(element_loss::SmoothAbsolute{}, spec, scale);
      case LossKind::huber: return compare_with(element_loss::Huber{}, spec, scale);
      case LossKind::poisson: return compare_with(element_loss::Poisson{}, spec, scale);
      default: return compare_with(element_loss::Square{}, spec, scale);
    }
  }

  // What counts in a slot, and nothing in lanes without a sample.
  V counted(V value, std::size_t slot) const {
    if constexpr (kPopulation) return value;
    else return valid[slot] > V{} ? value : V{};
  }

  template <class Form>
  V compare_with(Form form, const LossSpec& spec, T scale) {
    const std::size_t n = outputs(), slots = slots_;
    const V *y = values_.back().data(), *t = targets.data();
    V* g = upper_.data();
    V total{};
    for (std::size_t j = 0; j < n; ++j)
      for (std::size_t s = 0; s < slots; ++s) {
        const auto [loss, slope] = form.at(y[j * slots + s], t[j * slots + s], all<V>(1), spec);
        total += counted(loss, s);
        g[j * slots + s] = counted(slope * scale, s);
      }
    return total * scale;
  }

  // Cross-entropy of logits; the classes are the first row of targets, as numbers.
  V compare_classes(T scale) {
    const std::size_t n = outputs(), slots = slots_;
    V total{};
    for (std::size_t s = 0; s < slots; ++s) {
      const V* z = values_.back().data() + s;
      V* g = upper_.data() + s;
      const V target = targets[s];
      V largest = z[0], sum{}, chosen{};
      for (std::size_t c = 1; c < n; ++c) largest = maximum(largest, z[c * slots]);
      for (std::size_t c = 0; c < n; ++c) sum += g[c * slots] = exp(z[c * slots] - largest);
      const V share = all<V>(1) / sum;
      for (std::size_t c = 0; c < n; ++c) {
        const auto right = target == all<V>(static_cast<double>(c));
        chosen = right ? z[c * slots] : chosen;
        const V slope = g[c * slots] * share - (right ? all<V>(1) : V{});
        g[c * slots] = counted(slope * scale, s);
      }
      total += counted(log(sum) + largest - chosen, s);
    }
    return total * scale;
  }

  template <class S>
  void backward(std::size_t l, S slots) {
    const SmallLayer& layer = layers_[l];
    V* g = upper_.data();
    const V* x = input_of(l);
    if (l + 1 == layers_.size())  // other layers' gradients have passed their activation already
      with_activation(layer.activation, [&](auto row) {
        const V *z = sums_[l].data(), *y = values_[l].data();
        for (std::size_t i = 0; i < slots * layer.out; ++i) g[i] = row.backward(g[i], z[i], y[i], layer.args);
      });
    V* p = gradients_.data() + layer.weight_at;
    const std::size_t in = layer.in;
    in_tiles<2>(layer.out, [=](auto high, std::size_t r) CR_INLINED {
      in_tiles<4>(in, [=](auto wide, std::size_t c) CR_INLINED {
        products<high, wide>(g + r * slots, x + c * slots, p + r * in + c, in, slots);
      });
    });
    if (layer.bias) {
      for (std::size_t j = 0; j < layer.out; ++j) {
        V total = g[j * slots];
        for (std::size_t s = 1; s < slots; ++s) total += g[j * slots + s];
        gradients_[layer.bias_at + j] = total;
      }
    }
    if (l == 0) return;
    const SmallLayer& below = layers_[l - 1];
    V* lower = lower_.data();
    const V *z_below = sums_[l - 1].data(), *y_below = values_[l - 1].data();
    const W* w = weights.data() + layer.weight_at;
    with_activation(below.activation, [&](auto row) {
      using Row = decltype(row);
      const ActivationArgs args = below.args;
      if constexpr (kFusedActivation<Row>) {
        combine(w, {1, layer.in}, nullptr, g, layer.in, layer.out, slots, [=](std::size_t i, V sum) CR_INLINED {
          lower[i] = Row::backward(sum, V{}, y_below[i], args);
        });
      } else {
        combine(w, {1, layer.in}, nullptr, g, layer.in, layer.out, slots,
                [=](std::size_t i, V sum) CR_INLINED { lower[i] = sum; });
        for (std::size_t i = 0; i < slots * layer.in; ++i)
          lower[i] = Row::backward(lower[i], z_below[i], y_below[i], args);
      }
    });
    std::swap(upper_, lower_);
  }

  std::vector<SmallLayer> layers_;
  std::size_t slots_, count_ = 0;
  bool hard_ = false;
  std::vector<V> gradients_;  // where lanes are samples, their sums are still to be taken
  std::vector<std::vector<W>> states_;
  std::vector<std::vector<V>> sums_, values_;
  std::vector<V> upper_, lower_;  // gradients by the outputs of a layer, and of the one below
};

}  // namespace CR_ISA
}  // namespace cr
