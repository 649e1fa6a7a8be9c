// Networks of the size of a logic gate, on the four rows of its truth table: 2 inputs, 2 to 4 hidden neurons, 1 output.
//
// All sizes are constants, so that a step is straight code and the weights stay in registers from one step to the next:
// three times as fast as loops over layers, which cost more than what they do here.  Lanes are networks (a slot for each
// row), or the rows themselves (one slot, and every lane has the same weights).
#pragma once

#include <cstddef>
#include <vector>

#include "small.hpp"
#include "element_losses.hpp"
#include "losses.hpp"

namespace cr {
inline namespace CR_ISA {

inline constexpr std::size_t kGateInputs = 2, kGateRows = 4;

// What a network of sigmoid output is compared by: at(p, t) gives the slope by the output's sum, total(…) the loss.
namespace gate_loss {

struct Square {
  template <class V>
  static CR_INLINE V slope(V p, V t) {
    const V d = p - t;
    return (d + d) * (p * (all<V>(1) - p));
  }
  template <std::size_t Slots, class V>
  static CR_INLINE V total(const V* p, const V* t) {
    V sum{};
#pragma GCC unroll 4
    for (std::size_t s = 0; s < Slots; ++s) sum += (p[s] - t[s]) * (p[s] - t[s]);
    return sum;
  }
};

// Binary cross-entropy of labels that are 0 or 1.
struct CrossEntropy {
  // p - t; where p(1 - p) is below the bound that the slope by p has in PyTorch, less in proportion.
  template <class V>
  static CR_INLINE V slope(V p, V t) {
    const V share = p * (all<V>(1) - p) * all<V>(1e12);
    return (p - t) * at_most(share, all<V>(1));
  }
  // One logarithm, of the product of all shares, where none of them is so small that the product could vanish.
  template <std::size_t Slots, class V>
  static CR_INLINE V total(const V* p, const V* t) {
    V share[Slots], product = all<V>(1), least = all<V>(1), lost{};
#pragma GCC unroll 4
    for (std::size_t s = 0; s < Slots; ++s) {
      const V miss = all<V>(1) - p[s];
      const auto positive = t[s] > V{};
      share[s] = positive ? p[s] : miss;
      lost += positive ? V{} : (all<V>(1) - miss) - p[s];
      product *= share[s];
      least = at_most(share[s], least);
    }
    const V together = log(product) + lost;
    if constexpr (Slots == 1) return -at_least(together, all<V>(-100));
    const auto tiny = !(least > all<V>(1e-9));
    if (!any(tiny)) return -together;
    V sum{};
    for (std::size_t s = 0; s < Slots; ++s) sum += element_loss::BinaryCrossEntropyOfSure::at(p[s], t[s], V{}, {}).loss;
    return tiny ? sum : -together;
  }
};

}  // namespace gate_loss

// The rows of a truth table, and which of them count.
template <class V>
struct GateRows {
  const V *inputs, *targets, *valid;
};

template <class V, bool LanesAreRows, std::size_t Hidden, class Act, class Loss>
struct Gate {
  static constexpr std::size_t kSlots = LanesAreRows ? 1 : kGateRows;
  static constexpr std::size_t kHiddenBias = kGateInputs * Hidden, kOutput = kHiddenBias + Hidden,
                               kOutputBias = kOutput + Hidden, kWeights = kOutputBias + 1;

  // Up to `steps` steps of gradient descent, each by `rate` times the gradient of the summed loss.  Of each,
  // note(k, loss, outputs of the first slot) is told before the update, and says whether it is to be made.
  template <class Note>
  static void run(V* weights, const GateRows<V>& rows, V rate, std::size_t steps, Note&& note) {
    V w[kWeights];
#pragma GCC unroll 32
    for (std::size_t i = 0; i < kWeights; ++i) w[i] = weights[i];
    for (std::size_t k = 0; k < steps; ++k) {
      V h[Hidden][kSlots], p[kSlots];
#pragma GCC unroll 4
      for (std::size_t s = 0; s < kSlots; ++s) {
        const V x0 = rows.inputs[s], x1 = rows.inputs[kSlots + s];
        V sum = w[kOutputBias];
#pragma GCC unroll 4
        for (std::size_t j = 0; j < Hidden; ++j) {
          h[j][s] = Act::forward(w[kHiddenBias + j] + w[2 * j] * x0 + w[2 * j + 1] * x1, {});
          sum += w[kOutput + j] * h[j][s];
        }
        p[s] = sigmoid(sum);
      }
      if (!note(k, Loss::template total<kSlots>(p, rows.targets), p[0])) break;
      V g[kWeights] = {};
#pragma GCC unroll 4
      for (std::size_t s = 0; s < kSlots; ++s) {
        const V x0 = rows.inputs[s], x1 = rows.inputs[kSlots + s];
        V slope = Loss::slope(p[s], rows.targets[s]);
        if constexpr (LanesAreRows) slope = rows.valid[s] > V{} ? slope : V{};
        g[kOutputBias] += slope;
#pragma GCC unroll 4
        for (std::size_t j = 0; j < Hidden; ++j) {
          g[kOutput + j] += slope * h[j][s];
          const V below = Act::backward(slope * w[kOutput + j], V{}, h[j][s], {});
          g[kHiddenBias + j] += below;
          g[2 * j] += below * x0;
          g[2 * j + 1] += below * x1;
        }
      }
#pragma GCC unroll 32
      for (std::size_t i = 0; i < kWeights; ++i) {
        if constexpr (LanesAreRows) g[i] = folded(g[i], [](V a, V b) CR_INLINED { return a + b; });
        w[i] -= rate * g[i];
      }
    }
#pragma GCC unroll 32
    for (std::size_t i = 0; i < kWeights; ++i) weights[i] = w[i];
  }
};

// Calls f(Gate…{}) if there is one for these layers and this loss, `sure` being whether all targets are 0 or 1; says
// whether there was.
template <class V, bool LanesAreRows, class F>
bool with_gate(const std::vector<SmallLayer>& layers, LossKind loss, bool sure, const F& f) {
  if (layers.size() != 2 || layers[0].in != kGateInputs || layers[1].out != 1 || !layers[0].bias || !layers[1].bias ||
      layers[1].activation != Activation::sigmoid)
    return false;
  const auto with_loss = [&](auto hidden, auto act) {
    using Act = decltype(act);
    if (loss == LossKind::bce && sure) return f(Gate<V, LanesAreRows, hidden, Act, gate_loss::CrossEntropy>{}), true;
    if (loss == LossKind::mse) return f(Gate<V, LanesAreRows, hidden, Act, gate_loss::Square>{}), true;
    return false;
  };
  const auto with_act = [&](auto hidden) {
    if (layers[0].activation == Activation::sigmoid) return with_loss(hidden, activation::Sigmoid{});
    if (layers[0].activation == Activation::tanh) return with_loss(hidden, activation::Tanh{});
    return false;
  };
  switch (layers[0].out) {
    case 2: return with_act(std::integral_constant<std::size_t, 2>{});
    case 3: return with_act(std::integral_constant<std::size_t, 3>{});
    case 4: return with_act(std::integral_constant<std::size_t, 4>{});
    default: return false;
  }
}

}  // namespace CR_ISA
}  // namespace cr
