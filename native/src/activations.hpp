// Element-wise layers: the rows of core/ops.py by name, with its values at kinks, infinities and NaN.
#pragma once

#include <array>
#include <cstddef>
#include <stdexcept>
#include <string>

#include "math.hpp"

namespace cr {
inline namespace CR_ISA {

enum class Activation {
  identity, relu, leaky_relu, elu, selu, gelu, gelu_tanh, silu, softplus, mish, hardtanh, sigmoid, tanh, step,
  smooth_clip,
};

// What a layer was made with, in the order of core/ops.py: slope | alpha | beta, threshold | min, max | low, high | limit.
struct ActivationArgs {
  double a = 0, b = 0;
};

// Each row: forward(x) and backward(g) = g·f'(x), where g is the loss's gradient by the output y.  With kNeedsInput
// false, backward looks at y alone, and x need not be kept.
namespace activation {

struct Identity {
  static constexpr bool kNeedsInput = false;
  template <class V>
  static CR_INLINE V forward(V x, ActivationArgs) { return x; }
  template <class V>
  static CR_INLINE V backward(V g, V, V, ActivationArgs) { return g; }
};

struct Relu {
  static constexpr bool kNeedsInput = false;
  template <class V>
  static CR_INLINE V forward(V x, ActivationArgs) { return at_least(x, V{}); }
  template <class V>
  static CR_INLINE V backward(V g, V, V y, ActivationArgs) { return y > V{} ? g : V{}; }
};

struct LeakyRelu {
  static constexpr bool kNeedsInput = true;  // a negative slope would make y positive on both sides
  template <class V>
  static CR_INLINE V forward(V x, ActivationArgs args) { return x > V{} ? x : all<V>(args.a) * x; }
  template <class V>
  static CR_INLINE V backward(V g, V x, V, ActivationArgs args) { return x > V{} ? g : all<V>(args.a) * g; }
};

struct Elu {
  static constexpr bool kNeedsInput = true;
  template <class V>
  static CR_INLINE V forward(V x, ActivationArgs args) { return x > V{} ? x : all<V>(args.a) * expm1(at_most(x, V{})); }
  template <class V>
  static CR_INLINE V backward(V g, V x, V y, ActivationArgs args) { return x > V{} ? g : g * (y + all<V>(args.a)); }
};

struct Selu {
  static constexpr bool kNeedsInput = false;  // y > 0 just where x > 0
  static constexpr double kAlpha = 1.6732632423543772848170429916717, kScale = 1.0507009873554804934193349852946;
  template <class V>
  static CR_INLINE V forward(V x, ActivationArgs) {
    return all<V>(kScale) * (x > V{} ? x : all<V>(kAlpha) * expm1(at_most(x, V{})));
  }
  template <class V>
  static CR_INLINE V backward(V g, V, V y, ActivationArgs) {
    return y > V{} ? all<V>(kScale) * g : g * (y + all<V>(kScale * kAlpha));
  }
};

struct Gelu {
  static constexpr bool kNeedsInput = true;
  static constexpr double kRootHalf = 0.70710678118654752440, kDensityAtZero = 0.39894228040143267794;  // √½, 1/√2π
  template <class V>
  static CR_INLINE V forward(V x, ActivationArgs) { return x * below(x); }
  template <class V>
  static CR_INLINE V backward(V g, V x, V, ActivationArgs) {
    const V density = exp(all<V>(-0.5) * (x * x)) * all<V>(kDensityAtZero);
    return g * (x * density + below(x));
  }
  template <class V>
  static CR_INLINE V below(V x) { return all<V>(0.5) * (all<V>(1) + erf(x * all<V>(kRootHalf))); }  // Φ(x)
};

struct GeluTanh {
  static constexpr bool kNeedsInput = true;
  static constexpr double kRoot = 0.79788456080286535588, kCubic = 0.044715;  // √(2/π); Hendrycks & Gimpel 2016
  template <class V>
  static CR_INLINE V forward(V x, ActivationArgs) { return all<V>(0.5) * x * (all<V>(1) + inner_tanh(x)); }
  template <class V>
  static CR_INLINE V backward(V g, V x, V, ActivationArgs) {
    const V t = inner_tanh(x), slope = all<V>(kRoot) * (all<V>(1) + all<V>(3 * kCubic) * (x * x));
    return g * (all<V>(0.5) * (all<V>(1) + t) + all<V>(0.5) * x * (all<V>(1) - t * t) * slope);
  }
  template <class V>
  static CR_INLINE V inner_tanh(V x) { return cr::tanh(all<V>(kRoot) * (x + all<V>(kCubic) * (x * x * x))); }
};

struct Silu {
  static constexpr bool kNeedsInput = true;
  template <class V>
  static CR_INLINE V forward(V x, ActivationArgs) { return x / (all<V>(1) + exp(-x)); }
  template <class V>
  static CR_INLINE V backward(V g, V x, V, ActivationArgs) {
    const V s = vanishing_sigmoid(x);
    return g * (s * (all<V>(1) + x * (all<V>(1) - s)));
  }
};

struct Softplus {
  static constexpr bool kNeedsInput = true;
  template <class V>
  static CR_INLINE V forward(V x, ActivationArgs args) {
    const V scaled = all<V>(args.a) * x;
    return scaled > all<V>(args.b) ? x : log1p_exp(scaled) / all<V>(args.a);
  }
  template <class V>
  static CR_INLINE V backward(V g, V x, V, ActivationArgs args) {
    const V scaled = all<V>(args.a) * x;
    return scaled > all<V>(args.b) ? g : g * cr::sigmoid(scaled);
  }
};

struct Mish {
  static constexpr bool kNeedsInput = true;
  // With e = eˣ and n = e·(e + 2), tanh(ln(1 + e)) is n/(n + 2): one exponential, and no digits are lost on either side.
  template <class V>
  static CR_INLINE V forward(V x, ActivationArgs) {
    const V e = exp(at_most(x, all<V>(kFar))), n = e * (e + all<V>(2));
    return x * (n / (n + all<V>(2)));
  }
  template <class V>
  static CR_INLINE V backward(V g, V x, V, ActivationArgs) {
    const V e = exp(at_most(x, all<V>(kFar))), n = e * (e + all<V>(2)), share = all<V>(1) / (n + all<V>(2));
    const V rise = all<V>(4) * (n + all<V>(1)) * share * share * (e / (all<V>(1) + e));  // (1 - tanh²)·σ(x)
    return g * (n * share + x * (x < all<V>(kFar) ? rise : V{}));
  }
  static constexpr double kFar = 40;  // from here on mish(x) is x, in double precision too
};

struct Hardtanh {
  static constexpr bool kNeedsInput = false;
  template <class V>
  static CR_INLINE V forward(V x, ActivationArgs args) { return at_most(at_least(x, all<V>(args.a)), all<V>(args.b)); }
  template <class V>
  static CR_INLINE V backward(V g, V, V y, ActivationArgs args) {
    return ((y > all<V>(args.a)) & (y < all<V>(args.b))) ? g : V{};
  }
};

struct Sigmoid {
  static constexpr bool kNeedsInput = false;
  template <class V>
  static CR_INLINE V forward(V x, ActivationArgs) { return cr::sigmoid(x); }
  template <class V>
  static CR_INLINE V backward(V g, V, V y, ActivationArgs) { return g * (y * (all<V>(1) - y)); }
};

struct Tanh {
  static constexpr bool kNeedsInput = false;
  template <class V>
  static CR_INLINE V forward(V x, ActivationArgs) { return cr::tanh(x); }
  template <class V>
  static CR_INLINE V backward(V g, V, V y, ActivationArgs) { return g * (all<V>(1) - y * y); }
};

struct Step {
  static constexpr bool kNeedsInput = false;
  template <class V>
  static CR_INLINE V forward(V x, ActivationArgs args) { return x > V{} ? all<V>(args.b) : all<V>(args.a); }
  template <class V>
  static CR_INLINE V backward(V, V, V, ActivationArgs) { return V{}; }
};

struct SmoothClip {
  static constexpr bool kNeedsInput = true;
  static constexpr double kFar = 1e9;  // in limits: from here on nothing changes, and no square overflows before
  template <class V>
  static CR_INLINE V forward(V x, ActivationArgs args) {
    const V t = ratio(x, args);
    return t / cr::sqrt(all<V>(1) + t * t) * all<V>(args.a);
  }
  template <class V>
  static CR_INLINE V backward(V g, V x, V, ActivationArgs args) {
    const V t = ratio(x, args), share = all<V>(1) / (all<V>(1) + t * t);
    return g * (share * cr::sqrt(share));
  }
  template <class V>
  static CR_INLINE V ratio(V x, ActivationArgs args) {
    return at_most(at_least(x * all<V>(1 / args.a), all<V>(-kFar)), all<V>(kFar));
  }
};

}  // namespace activation

// f(row) with the struct of that name, so that loops over elements know at compile time what they apply.
template <class F>
inline decltype(auto) with_activation(Activation kind, F&& f) {
  switch (kind) {
    case Activation::relu: return f(activation::Relu{});
    case Activation::leaky_relu: return f(activation::LeakyRelu{});
    case Activation::elu: return f(activation::Elu{});
    case Activation::selu: return f(activation::Selu{});
    case Activation::gelu: return f(activation::Gelu{});
    case Activation::gelu_tanh: return f(activation::GeluTanh{});
    case Activation::silu: return f(activation::Silu{});
    case Activation::softplus: return f(activation::Softplus{});
    case Activation::mish: return f(activation::Mish{});
    case Activation::hardtanh: return f(activation::Hardtanh{});
    case Activation::sigmoid: return f(activation::Sigmoid{});
    case Activation::tanh: return f(activation::Tanh{});
    case Activation::step: return f(activation::Step{});
    case Activation::smooth_clip: return f(activation::SmoothClip{});
    case Activation::identity: break;
  }
  return f(activation::Identity{});
}

inline Activation activation_named(const std::string& name) {
  static constexpr std::array names = {"identity", "relu", "leaky_relu", "elu",      "selu",    "gelu", "gelu_tanh",
                                       "silu",     "softplus", "mish",   "hardtanh", "sigmoid", "tanh", "step",
                                       "smooth_clip"};
  for (std::size_t i = 0; i < names.size(); ++i)
    if (name == names[i]) return static_cast<Activation>(i);
  throw std::invalid_argument("no activation is called " + name);
}

inline bool needs_input(Activation kind) {
  return with_activation(kind, [](auto row) { return decltype(row)::kNeedsInput; });
}

// y = f(x), n a multiple of the vector's width; x may be y.
template <class T>
inline void activate(Activation kind, ActivationArgs args, const T* x, T* y, std::size_t n) {
  with_activation(kind, [&](auto row) {
    for (std::size_t i = 0; i < n; i += kWidth<T>) store(y + i, row.forward(load(x + i), args));
  });
}

// g ← g·f'(x), n a multiple of the vector's width; x may be null where the input is not needed.
template <class T>
inline void activate_backward(Activation kind, ActivationArgs args, const T* x, const T* y, T* g, std::size_t n) {
  with_activation(kind, [&](auto row) {
    using Row = decltype(row);
    for (std::size_t i = 0; i < n; i += kWidth<T>) {
      const Vec<T> input = Row::kNeedsInput ? load(x + i) : Vec<T>{};
      store(g + i, Row::backward(load(g + i), input, load(y + i), args));
    }
  });
}

}  // namespace CR_ISA
}  // namespace cr
