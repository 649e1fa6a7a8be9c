// Losses over classes, of which each row has one, or a probability for each.
#pragma once

#include <algorithm>

#include "loss_spec.hpp"
#include "math.hpp"

namespace cr {
inline namespace CR_ISA {

// The first n numbers of a vector (n may be more than there are lanes), the others filled up.  Room says that there is
// memory for whole vectors.
template <bool Room, class T>
inline Vec<T> load_first(const T* from, std::size_t n, double filling) {
  using V = Vec<T>;
  if (n >= kWidth<T>) return load(from);
  if constexpr (Room) {
    V lane{};
    for (int i = 0; i < Lanes<V>::count; ++i) lane[i] = static_cast<T>(i);
    return lane < all<V>(static_cast<double>(n)) ? load(from) : all<V>(filling);
  } else {
    return first_lanes<V>(n, filling, [from](std::size_t i) { return from[i]; });
  }
}

template <bool Room, class T>
inline void store_first(T* to, std::size_t n, const Vec<T>& value) {
  if (Room || n >= kWidth<T>) return store(to, value);
  T lanes[kWidth<T>];
  store(lanes, value);
  for (std::size_t i = 0; i < n; ++i) to[i] = lanes[i];
}

// e^(z - peak) into `powers`, and what log-softmax needs besides.
template <bool Room, class T>
struct Exponentials {
  T peak, total, log_total;

  Exponentials(const T* z, std::size_t n, T* powers) {
    using V = Vec<T>;
    const auto larger = [](V a, V b) { return at_least(a, b); };
    V most = load_first<Room>(z, n, -kInfinity);
    for (std::size_t c = kWidth<T>; c < n; c += kWidth<T>)
      most = larger(load_first<Room>(z + c, n - c, -kInfinity), most);
    most = folded(most, larger);
    V sums{};
    for (std::size_t c = 0; c < n; c += kWidth<T>) {
      const V power = exp(load_first<Room>(z + c, n - c, -kInfinity) - most);
      sums += power;
      store_first<Room>(powers + c, n - c, power);
    }
    peak = most[0];
    total = folded(sums, [](V a, V b) { return a + b; })[0];
    log_total = log(total);
  }
  T log_share(T z) const { return (z - peak) - log_total; }  // ln softmax
};

// values ← values·factor
template <bool Room, class T>
inline void scale_by(T* values, std::size_t n, T factor) {
  for (std::size_t c = 0; c < n; c += kWidth<T>)
    store_first<Room>(values + c, n - c,
                      load_first<Room>(values + c, n - c, 0) * all<Vec<T>>(static_cast<double>(factor)));
}

// -Σ aᶜ ln softmax(z)ᶜ with any amounts a: its gradient is softmax(z)·Σa - a.
template <bool Room, class T, class Amount>
inline double cross_entropy_of_amounts(const T* z, std::size_t n, double scale, T* dz, Amount&& amount) {
  const Exponentials<Room, T> shares(z, n, dz);
  T loss = 0, total = 0;
  for (std::size_t c = 0; c < n; ++c) {
    const T a = amount(c);
    loss -= a * shares.log_share(z[c]);
    total += a;
  }
  for (std::size_t c = 0; c < n; ++c)
    dz[c] = (dz[c] / shares.total * total - amount(c)) * static_cast<T>(scale);
  return static_cast<double>(loss);
}

template <bool Room, class T>
inline double cross_entropy(const LossSpec& spec, const T* z, const Targets& targets, std::int64_t row, std::size_t n,
                            double scale, T* dz) {
  const T certain = static_cast<T>(1 - spec.label_smoothing);
  const T spread = static_cast<T>(spec.label_smoothing / static_cast<double>(n));
  const auto weight = [&](std::size_t c) { return static_cast<T>(weight_at(spec.weight, c)); };
  if (!targets.index)
    return cross_entropy_of_amounts<Room>(z, n, scale, dz, [&](std::size_t c) {
      return weight(c) * (targets.number<T>(row, c) * certain + spread);
    });
  const std::int64_t index = targets.index[row];
  if (index == spec.ignore_index) {
    std::fill_n(dz, n, T(0));
    return 0;
  }
  const std::size_t target = static_cast<std::size_t>(index);
  const T w = weight(target);
  if (spec.label_smoothing != 0)
    return cross_entropy_of_amounts<Room>(z, n, scale, dz, [&](std::size_t c) {
      return weight(c) * spread + (c == target ? w * certain : T(0));
    });
  const Exponentials<Room, T> shares(z, n, dz);
  const T step = w * static_cast<T>(scale);
  scale_by<Room>(dz, n, step / shares.total);
  dz[target] -= step;
  return static_cast<double>(-w * shares.log_share(z[target]));
}

// z are log-probabilities.
template <class T>
inline double negative_log_likelihood(const LossSpec& spec, const T* z, const Targets& targets, std::int64_t row,
                                      std::size_t n, double scale, T* dz) {
  std::fill_n(dz, n, T(0));
  const std::int64_t index = targets.index[row];
  if (index == spec.ignore_index) return 0;
  const std::size_t target = static_cast<std::size_t>(index);
  const T w = static_cast<T>(class_weight(spec, index));
  dz[target] = -w * static_cast<T>(scale);
  return static_cast<double>(-w * z[target]);
}

}  // namespace CR_ISA
}  // namespace cr
