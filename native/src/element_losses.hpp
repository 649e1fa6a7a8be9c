// Losses that compare each output z with a target t of its own.
#pragma once

#include "loss_spec.hpp"
#include "math.hpp"

namespace cr {
inline namespace CR_ISA {

// A loss and its derivative by z.
template <class V>
struct LossAndSlope {
  V loss, slope;
};

// Each row: at(z, t, v, spec), v being the weight of positive examples.  Formulas and branches are losses/binary.py's
// and losses/regression.py's.
namespace element_loss {

struct Square {
  template <class V>
  static LossAndSlope<V> at(V z, V t, V, const LossSpec&) {
    const V d = z - t;
    return {d * d, d + d};
  }
};

struct Absolute {
  template <class V>
  static LossAndSlope<V> at(V z, V t, V, const LossSpec&) {
    const V d = z - t;
    return {abs(d), d > V{} ? all<V>(1) : (d < V{} ? all<V>(-1) : d)};  // 0 and NaN as they are
  }
};

struct Huber {
  template <class V>
  static LossAndSlope<V> at(V z, V t, V, const LossSpec& spec) {
    const V d = z - t, clipped = at_most(at_least(d, all<V>(-spec.a)), all<V>(spec.a));
    return {clipped * (d - clipped * all<V>(0.5)), clipped};
  }
};

struct SmoothAbsolute {
  template <class V>
  static LossAndSlope<V> at(V z, V t, V v, const LossSpec& spec) {
    if (spec.a == 0) return Absolute::at(z, t, v, spec);
    const auto [loss, slope] = Huber::at(z, t, v, spec);
    return {loss / all<V>(spec.a), slope / all<V>(spec.a)};
  }
};

struct Poisson {
  template <class V>
  static LossAndSlope<V> at(V z, V t, V, const LossSpec& spec) {
    const V mean = spec.flag1 ? exp(z) : z;
    const V safe = z + all<V>(spec.a);
    const V loss = mean - t * (spec.flag1 ? z : log(safe));
    return {spec.flag2 ? loss + stirling(t) : loss, spec.flag1 ? mean - t : all<V>(1) - t / safe};
  }
  // ln t! for t > 1, else 0.
  template <class V>
  static V stirling(V t) {
    const V n = at_least(t, all<V>(1));
    return t > all<V>(1) ? n * log(n) - n + all<V>(0.5) * log(all<V>(6.28318530717958647692) * n) : V{};
  }
};

struct BinaryCrossEntropy {
  template <class V>
  static LossAndSlope<V> at(V p, V t, V, const LossSpec&) {
    // PyTorch bounds the logarithms by -100, and the slope's denominator by its float32 constant.
    const V hit = at_least(log(p), all<V>(-100)), miss = at_least(log1p(-p), all<V>(-100));
    const V variance = at_least(p * (all<V>(1) - p), all<V>(static_cast<double>(1e-12f)));
    return {-multiply_add(t, hit, (all<V>(1) - t) * miss), (p - t) / variance};
  }
};

struct BinaryCrossEntropyOfLogits {
  // ln(1 + e^(s·z)) + c·z with s = ±1 by the nearer label; c is 0 for labels 0 and 1, so that nothing cancels.
  template <class V>
  static LossAndSlope<V> at(V z, V t, V v, const LossSpec&) {
    const auto positive = t >= all<V>(0.5);
    const V toward = positive ? -z : z;  // s·z
    const V factor = all<V>(1) + (v - all<V>(1)) * t;
    const V rest = positive ? all<V>(1) - t : -(v * t);
    const V slope = sigmoid(toward) * factor;
    const V soft = rest == V{} ? V{} : z * rest;  // an infinite logit of a sure label costs no 0·∞
    return {log1p_exp(toward) * factor + soft, (positive ? -slope : slope) + rest};
  }
};

struct Hinge {
  template <class V>
  static LossAndSlope<V> at(V z, V t, V, const LossSpec& spec) {
    const V y = t > V{} ? all<V>(1) : all<V>(-1), short_of = all<V>(spec.a) - z * y;
    return {at_least(short_of, V{}), short_of > V{} ? -y : V{}};
  }
};

struct Perceptron {
  template <class V>
  static LossAndSlope<V> at(V z, V t, V, const LossSpec&) {
    const V y = t > V{} ? all<V>(1) : all<V>(-1), slope = y * z <= V{} ? -y : V{};
    return {z * slope, slope};
  }
};

}  // namespace element_loss

// As many outputs as V has lanes, from column c on.
template <class Form, class V, class T>
inline LossAndSlope<V> element_losses_at(const LossSpec& spec, V z, const Targets& targets, std::int64_t row,
                                         std::size_t c) {
  const auto lane = [c](int i) { return c + static_cast<std::size_t>(i); };
  const V t = from_lanes<V>([&](int i) { return targets.number<T>(row, lane(i)); });
  const V w = from_lanes<V>([&](int i) { return static_cast<T>(weight_at(spec.weight, lane(i))); });
  const V v = from_lanes<V>([&](int i) { return static_cast<T>(weight_at(spec.pos_weight, lane(i))); });
  const auto [loss, slope] = Form::at(z, t, v, spec);
  return {loss * w, slope * w};
}

// One row: vectors as long as they last, then number by number.
template <class Form, class T>
inline double element_losses(const LossSpec& spec, const T* z, const Targets& targets, std::int64_t row,
                             std::size_t n_outputs, double scale, T* dz) {
  Vec<T> sums{};
  std::size_t c = 0;
  for (; c + kWidth<T> <= n_outputs; c += kWidth<T>) {
    const auto [loss, slope] = element_losses_at<Form, Vec<T>, T>(spec, load(z + c), targets, row, c);
    sums += loss;
    store(dz + c, slope * all<Vec<T>>(scale));
  }
  double total = c == 0 ? 0 : static_cast<double>(sum<T>(sums));
  for (; c < n_outputs; ++c) {
    const auto [loss, slope] = element_losses_at<Form, T, T>(spec, z[c], targets, row, c);
    total += static_cast<double>(loss);
    dz[c] = slope * all<T>(scale);
  }
  return total;
}

}  // namespace CR_ISA
}  // namespace cr
