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

// W is what a weight is: a number, or V, one number for each network.
template <class W, class V>
class SmallNetwork {
 public:
  using T = Number<V>;
  static constexpr bool kPopulation = std::is_same_v<W, V>;
  static constexpr std::size_t kLanes = Lanes<V>::count;

  // `slots`: how many vectors hold a batch.
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
    const std::size_t room = round_up(numbers, kLanes);
    weights.resize(room), gradients_.resize(room);
    inputs.resize(slots * layers_.front().in);
    upper_.resize(slots * widest), lower_.resize(slots * widest);
    targets.resize(slots * layers_.back().out);
    valid.assign(slots, all<V>(1));
  }

  std::size_t parameters() const { return count_; }
  std::size_t outputs() const { return layers_.back().out; }
  const std::vector<V>& output() const { return values_.back(); }

  // Everything up to the gradients of one step; returns the loss, for each lane.
  V learn(const LossSpec& loss, T scale) {
    for (std::size_t l = 0; l < layers_.size(); ++l) forward(l);
    const V total = compare(loss, scale);
    for (std::size_t l = layers_.size(); l-- > 0;) backward(l);
    return total;
  }

  void update(OptimizerKind kind, const Step<T>& step) {
    with_optimizer(kind, step.slots, [&](auto rule, auto count) {
      constexpr std::size_t n_states = decltype(count)::value;
      constexpr std::size_t stride = kPopulation ? 1 : kLanes;  // weights in one vector
      for (std::size_t i = 0; i < weights.size(); i += stride) {
        const V gradient = kPopulation ? gradients_[i] : lane_sums(gradients_.data() + i);
        V weight, state[n_states + 1];
        std::memcpy(&weight, &weights[i], sizeof weight);
        for (std::size_t k = 0; k < n_states; ++k) std::memcpy(&state[k], &states_[k][i], sizeof weight);
        cr::update<decltype(rule), n_states>(step, weight, gradient, state);
        std::memcpy(&weights[i], &weight, sizeof weight);
        for (std::size_t k = 0; k < n_states; ++k) std::memcpy(&states_[k][i], &state[k], sizeof weight);
      }
    });
  }

  std::vector<std::vector<W>>& states() { return states_; }

  std::vector<W> weights;
  std::vector<V> inputs, targets;  // slot by slot
  std::vector<V> valid;            // 1 in the lanes of a slot that hold samples

 private:
  const V* input_of(std::size_t l) const { return l ? values_[l - 1].data() : inputs.data(); }

  void forward(std::size_t l) {
    const SmallLayer& layer = layers_[l];
    const V* x = input_of(l);
    V* z = sums_[l].data();
    const W* w = weights.data() + layer.weight_at;
    const W* b = weights.data() + layer.bias_at;
    for (std::size_t s = 0; s < slots_; ++s)
      for (std::size_t j = 0; j < layer.out; ++j) {
        V sum = layer.bias ? b[j] - V{} : V{};
        for (std::size_t k = 0; k < layer.in; ++k) sum += w[j * layer.in + k] * x[s * layer.in + k];
        z[s * layer.out + j] = sum;
      }
    V* y = values_[l].data();
    with_activation(layer.activation, [&](auto row) {
      for (std::size_t i = 0; i < slots_ * layer.out; ++i) y[i] = row.forward(z[i], layer.args);
    });
  }

  // The loss, and in upper_ its gradient by the output.
  V compare(const LossSpec& spec, T scale) {
    switch (spec.kind) {
      case LossKind::cross_entropy: return compare_classes(spec, scale);
      case LossKind::bce_with_logits: return compare_with(element_loss::BinaryCrossEntropyOfLogits{}, spec, scale);
      case LossKind::bce: return compare_with(element_loss::BinaryCrossEntropy{}, spec, scale);
      case LossKind::hinge: return compare_with(element_loss::Hinge{}, spec, scale);
      case LossKind::perceptron: return compare_with(element_loss::Perceptron{}, spec, scale);
      case LossKind::l1: return compare_with(element_loss::Absolute{}, spec, scale);
      case LossKind::smooth_l1: return compare_with(element_loss::SmoothAbsolute{}, spec, scale);
      case LossKind::huber: return compare_with(element_loss::Huber{}, spec, scale);
      case LossKind::poisson: return compare_with(element_loss::Poisson{}, spec, scale);
      default: return compare_with(element_loss::Square{}, spec, scale);
    }
  }

  template <class Form>
  V compare_with(Form form, const LossSpec& spec, T scale) {
    const std::size_t n = outputs();
    const V* y = values_.back().data();
    V total{};
    for (std::size_t s = 0; s < slots_; ++s)
      for (std::size_t j = 0; j < n; ++j) {
        const auto [loss, slope] = form.at(y[s * n + j], targets[s * n + j], all<V>(1), spec);
        const auto counted = valid[s] > V{};
        total += counted ? loss : V{};
        upper_[s * n + j] = counted ? slope * scale : V{};
      }
    return total * scale;
  }

  // Cross-entropy of logits; the class stands in the first target of a slot, as a number.
  V compare_classes(const LossSpec&, T scale) {
    const std::size_t n = outputs();
    V total{};
    for (std::size_t s = 0; s < slots_; ++s) {
      const V* z = values_.back().data() + s * n;
      V* g = upper_.data() + s * n;
      V largest = z[0], sum{}, chosen{};
      for (std::size_t c = 1; c < n; ++c) largest = maximum(largest, z[c]);
      for (std::size_t c = 0; c < n; ++c) sum += g[c] = exp(z[c] - largest);
      const auto counted = valid[s] > V{};
      for (std::size_t c = 0; c < n; ++c) {
        const auto right = targets[s * n] == all<V>(static_cast<double>(c));
        chosen = right ? z[c] : chosen;
        const V slope = g[c] / sum - (right ? all<V>(1) : V{});
        g[c] = counted ? slope * scale : V{};
      }
      total += counted ? log(sum) + largest - chosen : V{};
    }
    return total * scale;
  }

  void backward(std::size_t l) {
    const SmallLayer& layer = layers_[l];
    V* g = upper_.data();
    const V* x = input_of(l);
    with_activation(layer.activation, [&](auto row) {
      for (std::size_t i = 0; i < slots_ * layer.out; ++i)
        g[i] = row.backward(g[i], sums_[l][i], values_[l][i], layer.args);
    });
    const W* w = weights.data() + layer.weight_at;
    for (std::size_t j = 0; j < layer.out; ++j) {
      V total{};
      for (std::size_t s = 0; s < slots_; ++s) total += g[s * layer.out + j];
      if (layer.bias) gradients_[layer.bias_at + j] = total;
      for (std::size_t k = 0; k < layer.in; ++k) {
        V product{};
        for (std::size_t s = 0; s < slots_; ++s) product += g[s * layer.out + j] * x[s * layer.in + k];
        gradients_[layer.weight_at + j * layer.in + k] = product;
      }
    }
    if (l == 0) return;
    for (std::size_t s = 0; s < slots_; ++s)
      for (std::size_t k = 0; k < layer.in; ++k) {
        V sum{};
        for (std::size_t j = 0; j < layer.out; ++j) sum += w[j * layer.in + k] * g[s * layer.out + j];
        lower_[s * layer.in + k] = sum;
      }
    std::swap(upper_, lower_);
  }

  std::vector<SmallLayer> layers_;
  std::size_t slots_, count_ = 0;
  std::vector<V> gradients_;  // where lanes are samples, their sums are still to be taken
  std::vector<std::vector<W>> states_;
  std::vector<std::vector<V>> sums_, values_;
  std::vector<V> upper_, lower_;  // gradients by the outputs of a layer, and of the one below
};

}  // namespace CR_ISA
}  // namespace cr
