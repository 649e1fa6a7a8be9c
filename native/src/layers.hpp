// The layers between products: each computes part of its output, and takes a gradient back through that part.
#pragma once

#include <string>

#include "activations.hpp"
#include "parameter.hpp"
#include "random.hpp"
#include "samples.hpp"

namespace cr {
inline namespace CR_ISA {

// What can be computed apart from the rest: any element, whole columns (panels of them), or whole rows.
enum class Cut { any, columns, rows };

// What a step tells its layers.
template <class T>
struct Pass {
  std::size_t rows = 0;
  std::uint64_t seed = 0, step = 0;
  bool training = true;
  const Updater<T>* updater = nullptr;
  const Samples *of_batch = nullptr, *all = nullptr;  // which count for the first Linear's weight, and for others
};

template <class T>
class Layer {
 public:
  virtual ~Layer() = default;
  virtual Cut cut() const { return Cut::any; }
  // Whether the way back needs the input, and the output, as they were.  What nobody needs, the next layer overwrites.
  virtual bool needs_input() const { return false; }
  virtual bool needs_output() const { return false; }
  // Whether its parameters' gradients are sums over rows although it is cut along rows.
  virtual bool has_column_gradients() const { return false; }
  // Whether its way back has something to do for the layer itself.
  virtual bool learns() { return !parameters().empty(); }
  virtual void forward(const Pass<T>&, const Matrix<T>& x, Matrix<T>& y, Part part) = 0;
  // `gradient` is that of the output, and becomes that of the input.
  virtual void backward(const Pass<T>&, const Matrix<T>& x, const Matrix<T>& y, Matrix<T>& gradient, Part part) = 0;
  virtual void column_gradients(const Pass<T>&, const Matrix<T>&, const Matrix<T>&, Matrix<T>&, Part) {}
  virtual std::vector<Parameter<T>*> parameters() { return {}; }
  virtual void reserve(std::size_t /*rows*/) {}
};

template <class T>
class ActivationLayer final : public Layer<T> {
 public:
  ActivationLayer(Activation kind, ActivationArgs args) : kind_(kind), args_(args) {}
  Activation kind() const { return kind_; }
  ActivationArgs args() const { return args_; }
  bool needs_input() const override { return cr::needs_input(kind_); }
  bool needs_output() const override { return true; }

  void forward(const Pass<T>&, const Matrix<T>& x, Matrix<T>& y, Part part) override {
    const std::size_t numbers = (part.rows.end - part.rows.begin) * kPanel;
    for (std::size_t p = part.panels.begin; p < part.panels.end; ++p)
      activate<T>(kind_, args_, x.row(p, part.rows.begin), y.row(p, part.rows.begin), numbers);
  }
  void backward(const Pass<T>&, const Matrix<T>& x, const Matrix<T>& y, Matrix<T>& gradient, Part part) override {
    const std::size_t numbers = (part.rows.end - part.rows.begin) * kPanel, first = part.rows.begin;
    for (std::size_t p = part.panels.begin; p < part.panels.end; ++p)
      activate_backward<T>(kind_, args_, x.row(p, first), y.row(p, first), gradient.row(p, first), numbers);
  }

 private:
  Activation kind_;
  ActivationArgs args_;
};

template <class T>
class DropoutLayer final : public Layer<T> {
 public:
  DropoutLayer(std::uint32_t number, double p) : number_(number), p_(p) {}

  void forward(const Pass<T>& pass, const Matrix<T>& x, Matrix<T>& y, Part part) override {
    if (pass.training)
      mask(pass, x, y, part);
    else if (x.panel(0) != y.panel(0))
      for (std::size_t p = part.panels.begin; p < part.panels.end; ++p)
        std::memcpy(y.row(p, part.rows.begin), x.row(p, part.rows.begin),
                    (part.rows.end - part.rows.begin) * kPanel * sizeof(T));
  }
  void backward(const Pass<T>& pass, const Matrix<T>&, const Matrix<T>&, Matrix<T>& gradient, Part part) override {
    mask(pass, gradient, gradient, part);
  }

 private:
  void mask(const Pass<T>& pass, const Matrix<T>& from, Matrix<T>& to, Part part) const {
    const KeepMask kept(pass.seed, pass.step, number_, p_);
    const T scale = p_ == 1 ? T(0) : static_cast<T>(1 / (1 - p_));
    const auto columns = static_cast<std::uint32_t>(to.columns());
    for (std::size_t p = part.panels.begin; p < part.panels.end; ++p)
      for (std::size_t r = part.rows.begin; r < part.rows.end; ++r) {
        const T* source = from.row(p, r);
        T* target = to.row(p, r);
        const std::uint32_t first = static_cast<std::uint32_t>(r) * columns + static_cast<std::uint32_t>(p * kPanel);
        // Multiplied, not chosen: an infinity that is dropped becomes NaN, as everywhere else.
        for (std::uint32_t c = 0; c < kPanel; ++c) target[c] = source[c] * (kept.keeps(first + c) ? scale : T(0));
      }
  }
  std::uint32_t number_;
  double p_;
};

// Softmax, or its logarithm, of each row.
template <class T>
class SoftmaxLayer final : public Layer<T> {
 public:
  explicit SoftmaxLayer(bool logarithm) : logarithm_(logarithm) {}
  Cut cut() const override { return Cut::rows; }
  bool needs_output() const override { return true; }

  void forward(const Pass<T>&, const Matrix<T>& x, Matrix<T>& y, Part part) override {
    for (std::size_t r = part.rows.begin; r < part.rows.end; ++r) {
      T largest = -static_cast<T>(INFINITY), total = 0;
      each(x, r, [&](const T& v) { largest = v > largest || std::isnan(v) ? v : largest; });
      // Where the largest is infinite the differences are NaN, as in the reference engine.
      each(x, r, [&](const T& v) { total += std::exp(v - largest); });
      if (logarithm_)
        pair(x, y, r, [&, shift = std::log(total)](const T& v, T& e) { e = v - largest - shift; });
      else
        pair(x, y, r, [&](const T& v, T& e) { e = std::exp(v - largest) / total; });
    }
  }
  void backward(const Pass<T>&, const Matrix<T>&, const Matrix<T>& y, Matrix<T>& gradient, Part part) override {
    for (std::size_t r = part.rows.begin; r < part.rows.end; ++r) {
      T total = 0;
      if (logarithm_) {
        each(gradient, r, [&](const T& g) { total += g; });
        pair(y, gradient, r, [&](const T& v, T& g) { g -= std::exp(v) * total; });
      } else {
        pair(y, gradient, r, [&](const T& v, T& g) { total += v * g; });
        pair(y, gradient, r, [&](const T& v, T& g) { g = v * (g - total); });
      }
    }
  }

 private:
  template <class F>
  static void each(const Matrix<T>& x, std::size_t r, const F& f) {
    for (std::size_t c = 0; c < x.columns(); ++c) f(x.row(c / kPanel, r)[c % kPanel]);
  }
  template <class F>
  static void pair(const Matrix<T>& x, Matrix<T>& y, std::size_t r, const F& f) {
    for (std::size_t c = 0; c < x.columns(); ++c) f(x.row(c / kPanel, r)[c % kPanel], y.row(c / kPanel, r)[c % kPanel]);
  }
  bool logarithm_;
};

}  // namespace CR_ISA
}  // namespace cr
