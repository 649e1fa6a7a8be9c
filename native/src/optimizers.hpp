// The optimisers of chainrule.optim: the same operations in the same order, on vectors.
#pragma once

#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <stdexcept>
#include <string>

#include "math.hpp"

namespace cr {
inline namespace CR_ISA {

enum class OptimizerKind { sgd, adam, adamw, rmsprop, adagrad, adadelta };

inline constexpr std::size_t kMostSlots = 3;

// Options of all optimisers; each looks at its own.
struct Hyper {
  double lr = 0, momentum = 0, dampening = 0, weight_decay = 0, beta1 = 0, beta2 = 0, eps = 0, alpha = 0, rho = 0,
         lr_decay = 0;
  bool nesterov = false, amsgrad = false, centered = false, maximize = false;
};

inline OptimizerKind optimizer_named(const std::string& name) {
  static constexpr std::array names = {"sgd", "adam", "adamw", "rmsprop", "adagrad", "adadelta"};
  for (std::size_t i = 0; i < names.size(); ++i)
    if (name == names[i]) return static_cast<OptimizerKind>(i);
  throw std::invalid_argument("no optimizer is called " + name);
}

// Sets the option of that name; flags are 0 or 1.
inline void set_option(Hyper& hyper, const std::string& name, double value) {
  struct Named {
    const char* name;
    double Hyper::*option;
  };
  struct Flag {
    const char* name;
    bool Hyper::*option;
  };
  static constexpr Named numbers[] = {
      {"lr", &Hyper::lr},       {"momentum", &Hyper::momentum}, {"dampening", &Hyper::dampening},
      {"beta1", &Hyper::beta1}, {"beta2", &Hyper::beta2},       {"weight_decay", &Hyper::weight_decay},
      {"eps", &Hyper::eps},     {"alpha", &Hyper::alpha},       {"rho", &Hyper::rho},
      {"lr_decay", &Hyper::lr_decay},
  };
  static constexpr Flag flags[] = {
      {"nesterov", &Hyper::nesterov}, {"amsgrad", &Hyper::amsgrad},
      {"centered", &Hyper::centered}, {"maximize", &Hyper::maximize},
  };
  for (const auto& [known, option] : numbers)
    if (name == known) return void(hyper.*option = value);
  for (const auto& [known, option] : flags)
    if (name == known) return void(hyper.*option = value != 0);
  if (name != "initial_accumulator_value")  // Python fills the slots with it
    throw std::invalid_argument("no option of optimizers is called " + name);
}

// How many state arrays a parameter has: Optimizer.slots, in the same order.
inline std::size_t slot_count(OptimizerKind kind, const Hyper& hyper) {
  switch (kind) {
    case OptimizerKind::sgd: return hyper.momentum != 0;
    case OptimizerKind::adam:
    case OptimizerKind::adamw: return hyper.amsgrad ? 3 : 2;
    case OptimizerKind::rmsprop: return std::size_t{1} + hyper.centered + (hyper.momentum != 0);
    case OptimizerKind::adagrad: return 1;
    case OptimizerKind::adadelta: return 2;
  }
  return 0;
}

// All that is the same for every number of a parameter in one step, worked out in double and rounded once.
template <class T>
struct Step {
  std::size_t slots = 0;
  T rate = 0;         // of the change; Adam's has both bias corrections in it
  T eps = 0;          // Adam's, too
  T decay = 0;        // how much of the weight is added to the gradient
  T shrink = 1;       // AdamW: what the weight itself is multiplied by
  T keep = 0;         // of the velocity
  T take = 0;         // of the gradient into the velocity or the first average
  T keep_square = 0;  // of the average of squares
  T take_square = 0;  // of a square into it
  bool maximize = false, nesterov = false, centered = false;

  // w ← w - rate·g and nothing more.
  bool is_plain_descent(OptimizerKind kind) const {
    return kind == OptimizerKind::sgd && slots == 0 && decay == 0 && !maximize;
  }
};

// Whether two later steps with the same options differ; the first step of all may be another one.
inline bool depends_on_step(OptimizerKind kind, const Hyper& hyper) {
  return kind == OptimizerKind::adam || kind == OptimizerKind::adamw ||
         (kind == OptimizerKind::adagrad && hyper.lr_decay != 0);
}

// Whether the numbers of step k of a block differ from those of the step before.  (A first step may be special.)
inline bool changes_at(std::size_t k, bool constant, OptimizerKind kind, const Hyper& hyper) {
  return k < 2 || !constant || depends_on_step(kind, hyper);
}

template <class T>
inline Step<T> make_step(OptimizerKind kind, const Hyper& hyper, std::int64_t step) {
  Step<T> s;
  const auto number = [](double value) { return static_cast<T>(value); };
  const double t = static_cast<double>(step);
  s.slots = slot_count(kind, hyper);
  s.rate = number(hyper.lr);
  s.eps = number(hyper.eps);
  s.decay = number(hyper.weight_decay);
  s.maximize = hyper.maximize;
  s.nesterov = hyper.nesterov;
  s.centered = hyper.centered;
  const auto average = [&](double decay) { s.keep_square = number(decay), s.take_square = number(1 - decay); };
  switch (kind) {
    case OptimizerKind::sgd:
      s.keep = number(hyper.momentum);
      s.take = number(step > 1 ? 1 - hyper.dampening : 1);  // the first step takes the gradient whole
      break;
    case OptimizerKind::adamw:
      s.shrink = number(1 - hyper.lr * hyper.weight_decay);
      s.decay = 0;
      [[fallthrough]];
    case OptimizerKind::adam: {
      // Both bias corrections moved into two numbers.
      const double root = std::sqrt(1 - std::pow(hyper.beta2, t));
      s.rate = number(hyper.lr * root / (1 - std::pow(hyper.beta1, t)));
      s.eps = number(hyper.eps * root);
      s.take = number(1 - hyper.beta1);
      average(hyper.beta2);
      break;
    }
    case OptimizerKind::rmsprop:
      s.keep = number(hyper.momentum);
      average(hyper.alpha);
      break;
    case OptimizerKind::adagrad:
      s.rate = number(hyper.lr / (1 + (t - 1) * hyper.lr_decay));
      break;
    case OptimizerKind::adadelta:
      average(hyper.rho);
      break;
  }
  return s;
}

// The average of squares, with one more square in it.
template <class T, class V>
inline V averaged(const Step<T>& s, V average, V g) {
  return multiply_add(average, all<V>(s.keep_square), g * g * all<V>(s.take_square));
}

namespace optimizer {

// Each row: one step of weights w against gradients g, which have the decay in them and are turned round to maximize.
// How many slots there are says which options are in use, at compile time.
struct Sgd {
  template <std::size_t Slots, class T, class V>
  static void apply(const Step<T>& s, V& w, V g, V* slots) {
    V move = g;
    if constexpr (Slots == 1) {
      slots[0] = multiply_add(slots[0], all<V>(s.keep), g * all<V>(s.take));
      move = s.nesterov ? slots[0] * all<V>(s.keep) + g : slots[0];
    }
    w -= move * all<V>(s.rate);
  }
};

struct Adam {
  template <std::size_t Slots, class T, class V>
  static void apply(const Step<T>& s, V& w, V g, V* slots) {
    slots[0] = (g - slots[0]) * all<V>(s.take) + slots[0];
    slots[1] = averaged(s, slots[1], g);
    if constexpr (Slots == 3) slots[2] = maximum(slots[2], slots[1]);  // AMSGrad
    w -= quick_divide(slots[0], sqrt(slots[Slots - 1]) + all<V>(s.eps)) * all<V>(s.rate);
  }
};

struct AdamW {
  template <std::size_t Slots, class T, class V>
  static void apply(const Step<T>& s, V& w, V g, V* slots) {
    w *= all<V>(s.shrink);
    Adam::apply<Slots>(s, w, g, slots);
  }
};

struct Rmsprop {
  template <std::size_t Slots, class T, class V>
  static void apply(const Step<T>& s, V& w, V g, V* slots) {
    slots[0] = averaged(s, slots[0], g);
    V variance = slots[0];
    if (Slots > 1 && s.centered) {
      slots[1] = (g - slots[1]) * all<V>(s.take_square) + slots[1];
      variance = at_least(slots[0] - slots[1] * slots[1], V{});  // rounding can bring it below zero
    }
    V move = g / (sqrt(variance) + all<V>(s.eps));
    if (Slots == 3 || (Slots == 2 && !s.centered))
      move = slots[Slots - 1] = slots[Slots - 1] * all<V>(s.keep) + move;
    w -= move * all<V>(s.rate);
  }
};

struct Adagrad {
  template <std::size_t Slots, class T, class V>
  static void apply(const Step<T>& s, V& w, V g, V* slots) {
    slots[0] += g * g;
    w -= g / (sqrt(slots[0]) + all<V>(s.eps)) * all<V>(s.rate);
  }
};

struct Adadelta {
  template <std::size_t Slots, class T, class V>
  static void apply(const Step<T>& s, V& w, V g, V* slots) {
    slots[0] = averaged(s, slots[0], g);
    const V delta = sqrt((slots[1] + all<V>(s.eps)) / (slots[0] + all<V>(s.eps))) * g;
    slots[1] = averaged(s, slots[1], delta);
    w -= delta * all<V>(s.rate);
  }
};

}  // namespace optimizer

// One step of a vector of weights, e.g. update<optimizer::Adam, 2>(…); the caller loads and stores.
template <class Row, std::size_t Slots, class T, class V>
inline __attribute__((always_inline)) void update(const Step<T>& s, V& w, V g, V* slots) {
  if (s.maximize) g = -g;
  if (s.decay != 0) g += w * all<V>(s.decay);
  Row::template apply<Slots>(s, w, g, slots);
}

// f(row, number of slots), both known at compile time.
template <class F>
inline void with_optimizer(OptimizerKind kind, std::size_t slots, F&& f) {
  const auto none = std::integral_constant<std::size_t, 0>{};
  const auto one = std::integral_constant<std::size_t, 1>{};
  const auto two = std::integral_constant<std::size_t, 2>{};
  const auto three = std::integral_constant<std::size_t, 3>{};
  switch (kind) {
    case OptimizerKind::sgd: return slots == 0 ? f(optimizer::Sgd{}, none) : f(optimizer::Sgd{}, one);
    case OptimizerKind::adam: return slots == 2 ? f(optimizer::Adam{}, two) : f(optimizer::Adam{}, three);
    case OptimizerKind::adamw: return slots == 2 ? f(optimizer::AdamW{}, two) : f(optimizer::AdamW{}, three);
    case OptimizerKind::rmsprop:
      return slots == 1   ? f(optimizer::Rmsprop{}, one)
             : slots == 2 ? f(optimizer::Rmsprop{}, two)
                          : f(optimizer::Rmsprop{}, three);
    case OptimizerKind::adagrad: return f(optimizer::Adagrad{}, one);
    case OptimizerKind::adadelta: return f(optimizer::Adadelta{}, two);
  }
}

// One step of n weights, n a multiple of the vector's width.
template <class T>
inline void update_array(OptimizerKind kind, const Step<T>& step, T* w, const T* g, T* const* slots, std::size_t n) {
  with_optimizer(kind, step.slots, [&](auto row, auto slot_count) {
    constexpr std::size_t count = decltype(slot_count)::value;
    const Step<T> s = step;  // a copy: the compiler then knows that no store changes it
    T* state_of[kMostSlots] = {};
    for (std::size_t k = 0; k < count; ++k) state_of[k] = slots[k];
    for (std::size_t i = 0; i < n; i += kWidth<T>) {
      Vec<T> weights = load(w + i), state[count + 1];
#pragma GCC unroll 3
      for (std::size_t k = 0; k < count; ++k) state[k] = load(state_of[k] + i);
      update<decltype(row), count>(s, weights, load(g + i), state);
      store(w + i, weights);
#pragma GCC unroll 3
      for (std::size_t k = 0; k < count; ++k) store(state_of[k] + i, state[k]);
    }
  });
}

}  // namespace CR_ISA
}  // namespace cr
