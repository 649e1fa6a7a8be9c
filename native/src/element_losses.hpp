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

// The same for labels that are all 0 or 1, with one logarithm: of p, or of 1 - p and what 1 - p loses of p.
struct BinaryCrossEntropyOfSure {
  template <class V>
  static LossAndSlope<V> at(V p, V t, V, const LossSpec&) {
    const auto positive = t > V{};
    const V miss = all<V>(1) - p, share = positive ? p : miss;
    const V lost = positive ? V{} : (all<V>(1) - miss) - p;
    const V variance = at_least(p * miss, all<V>(static_cast<double>(1e-12f)));
    return {-at_least(log(share) + lost, all<V>(-100)), (p - t) / variance};
  }
};

struct BinaryCrossEntropyOfLogits {
  // ln(1 + e^(s·z)) + c·z with s = ±1 by the nearer label; c is 0 for labels 0 and 1, so that nothing cancels.
  template <class V>
  static LossAndSlope<V> at(V z, V t, V v, const LossSpec&) {
    const auto positive = t >= all<V>(0.5);
    const V toward = positive ? -z : z;  // s·z
    const V power = exp(-abs(toward)), share = all<V>(1) / (all<V>(1) + power);
    const V factor = all<V>(1) + (v - all<V>(1)) * t;
    const V rest = positive ? all<V>(1) - t : -(v * t);
    const V loss = at_least(toward, V{}) + log1p(power);
    const V slope = (toward < V{} ? power * share : share) * factor;  // σ(s·z)
    const V soft = rest == V{} ? V{} : z * rest;                      // an infinite logit makes no 0·∞ here
    return {multiply_add(loss, factor, soft), (positive ? -slope : slope) + rest};
  }
};

// Another loss with labels drawn towards ½.
template <class Form>
struct Smoothed {
  template <class V>
  static LossAndSlope<V> at(V z, V t, V v, const LossSpec& spec) {
    const V share = all<V>(spec.label_smoothing);
    return Form::at(z, t * (all<V>(1) - share) + share * all<V>(0.5), v, spec);
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

// Outputs from column c on: as many as V has lanes, or as there are.
template <class Form, class V, class T>
inline double element_losses_from(const LossSpec& spec, const T* z, const Targets& targets, std::int64_t row,
                                  std::size_t n_outputs, double scale, T* dz, std::size_t c) {
  const std::size_t lanes = Lanes<V>::count, count = n_outputs - c < lanes ? n_outputs - c : lanes;
  const auto column = [c, count](auto f) { return first_lanes<V>(count, 1, [c, f](std::size_t i) { return f(c + i); }); };
  const auto weights = [&column](const std::vector<double>& given) {
    if (given.empty()) return all<V>(1);
    return column([&given](std::size_t i) { return static_cast<T>(weight_at(given, i)); });
  };
  const V output = column([z](std::size_t i) { return z[i]; });
  const V target = column([&](std::size_t i) { return targets.number<T>(row, i); });
  const auto [loss, slope] = Form::at(output, target, weights(spec.pos_weight), spec);
  const V weight = weights(spec.weight), losses = loss * weight, slopes = slope * weight * all<V>(scale);
  T each_loss[lanes], each_slope[lanes];
  std::memcpy(each_loss, &losses, sizeof losses);
  std::memcpy(each_slope, &slopes, sizeof slopes);
  double total = 0;
  for (std::size_t i = 0; i < count; ++i) {
    total += static_cast<double>(each_loss[i]);
    dz[c + i] = each_slope[i];
  }
  return total;
}

// One row: vectors, the last one in part empty, and where there are too few outputs for that one by one.
template <class Form, class T>
inline double element_losses(const LossSpec& spec, const T* z, const Targets& targets, std::int64_t row,
                             std::size_t n_outputs, double scale, T* dz) {
  constexpr std::size_t worth_a_vector = std::is_same_v<T, float> ? 4 : kWidth<T>;
  double total = 0;
  std::size_t c = 0;
  for (; c + worth_a_vector <= n_outputs; c += kWidth<T>)
    total += element_losses_from<Form, Vec<T>>(spec, z, targets, row, n_outputs, scale, dz, c);
  for (; c < n_outputs; ++c) total += element_losses_from<Form, T>(spec, z, targets, row, n_outputs, scale, dz, c);
  return total;
}

// The only output of each of `count` rows, a panel's row from one to the next: no more rows than a vector has lanes.
template <class Form, class T>
inline void element_losses_down(const LossSpec& spec, const T* z, const Targets& targets, const std::int64_t* rows,
                                std::size_t count, double scale, T* dz, double* losses) {
  using V = Vec<T>;
  const V output = first_lanes<V>(count, 1, [z](std::size_t i) { return z[i * kPanel]; });
  const V target = first_lanes<V>(count, 1, [&](std::size_t i) { return targets.number<T>(rows[i], 0); });
  const auto [loss, slope] = Form::at(output, target, all<V>(weight_at(spec.pos_weight, 0)), spec);
  const V weight = all<V>(weight_at(spec.weight, 0));
  const V each_loss = loss * weight, each_slope = slope * weight * all<V>(scale);
  for (std::size_t i = 0; i < count; ++i) losses[i] = static_cast<double>(each_loss[i]), dz[i * kPanel] = each_slope[i];
}

}  // namespace CR_ISA
}  // namespace cr
