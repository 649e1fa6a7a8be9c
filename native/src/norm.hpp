// Normalisation: over the batch, column by column, and over each row's own features.
#pragma once

#include <memory>

#include "layers.hpp"

namespace cr {
inline namespace CR_ISA {

template <class T>
std::unique_ptr<Parameter<T>> optional_row(bool present, std::size_t columns) {
  return present ? std::make_unique<Parameter<T>>(1, columns, 1) : nullptr;
}

template <class T>
Vec<T> row_or(const std::unique_ptr<Parameter<T>>& parameter, std::size_t at, T otherwise) {
  return parameter ? load(parameter->values.data() + at) : broadcast(otherwise);
}

// y = (x − μ)/√(σ² + ε)·γ + β over the batch; Ioffe & Szegedy 2015.
template <class T>
class BatchNormLayer final : public Layer<T> {
 public:
  BatchNormLayer(std::size_t columns, bool has_weight, bool has_bias, bool tracked, double eps, double momentum)
      : weight(optional_row<T>(has_weight, columns)), bias(optional_row<T>(has_bias, columns)),
        running_mean(panels_of(columns) * kPanel), running_var(panels_of(columns) * kPanel), columns_(columns), tracked_(tracked),
        eps_(static_cast<T>(eps)), momentum_(momentum), mean_(panels_of(columns) * kPanel),
        variance_(panels_of(columns) * kPanel), scale_(panels_of(columns) * kPanel) {}

  Cut cut() const override { return Cut::columns; }
  bool needs_input() const override { return true; }
  bool learns() override { return tracked_ || weight || bias; }
  std::vector<Parameter<T>*> parameters() override { return {weight.get(), bias.get()}; }
  // Whether the running statistics are finite, unless they were not when they came.
  bool is_finite() const { return !watched_ || has_finite_statistics(); }
  void watch() { watched_ = has_finite_statistics(); }

  void forward(const Pass<T>& pass, const Matrix<T>& x, Matrix<T>& y, Part part) override {
    const bool of_batch = pass.training || !tracked_;
    for (std::size_t p = part.panels.begin; p < part.panels.end; ++p)
      for (std::size_t v = 0; v < kPanel; v += kWidth<T>) {
        const std::size_t at = p * kPanel + v;
        if (of_batch) measure(x, part.rows, p, v);
        const Vec<T> mean = of_batch ? load(&mean_[at]) : load(&running_mean[at]);
        const Vec<T> variance = of_batch ? load(&variance_[at]) : load(&running_var[at]);
        const Vec<T> scale = 1 / sqrt(variance + eps_);
        store(&scale_[at], scale);
        const Vec<T> factor = row_or<T>(weight, at, 1), shift = row_or<T>(bias, at, 0);
        for (std::size_t r = part.rows.begin; r < part.rows.end; ++r)
          store(y.row(p, r) + v, (load(x.row(p, r) + v) - mean) * scale * factor + shift);
      }
  }

  void backward(const Pass<T>& pass, const Matrix<T>& x, const Matrix<T>&, Matrix<T>& gradient, Part part) override {
    const T n = static_cast<T>(pass.rows), share = 1 / n;
    for (std::size_t p = part.panels.begin; p < part.panels.end; ++p) {
      alignas(kAlignment) T of_weight[kPanel], of_bias[kPanel];
      for (std::size_t v = 0; v < kPanel; v += kWidth<T>) {
        const std::size_t at = p * kPanel + v;
        const Vec<T> mean = load(&mean_[at]), scale = load(&scale_[at]);
        Vec<T> total{}, along{};
        for (std::size_t r = 0; r < pass.rows; ++r) {
          const Vec<T> g = load(gradient.row(p, r) + v);
          total += g;
          along += g * ((load(x.row(p, r) + v) - mean) * scale);
        }
        store(of_weight + v, along);
        store(of_bias + v, total);
        const Vec<T> factor = scale * row_or<T>(weight, at, 1);
        for (std::size_t r = 0; r < pass.rows; ++r) {
          const Vec<T> normal = (load(x.row(p, r) + v) - mean) * scale;
          store(gradient.row(p, r) + v, factor * (load(gradient.row(p, r) + v) - total * share - normal * (along * share)));
        }
      }
      if (weight && weight->trained) pass.updater->take(*weight, p * kPanel, of_weight, kPanel);
      if (bias && bias->trained) pass.updater->take(*bias, p * kPanel, of_bias, kPanel);
      if (tracked_) track(p, n);
    }
  }

  // Counts the batch; called once for each step that is applied, before its backward pass.
  void count() { share_ = momentum_ < 0 ? 1.0 / static_cast<double>(++batches) : (++batches, momentum_); }

  std::unique_ptr<Parameter<T>> weight, bias;
  Buffer<T> running_mean, running_var;
  std::int64_t batches = 0;

 private:
  void measure(const Matrix<T>& x, Range rows, std::size_t p, std::size_t v) {
    const T share = 1 / static_cast<T>(rows.end - rows.begin);
    Vec<T> mean{}, variance{};
    for (std::size_t r = rows.begin; r < rows.end; ++r) mean += load(x.row(p, r) + v);
    mean *= share;
    for (std::size_t r = rows.begin; r < rows.end; ++r) {
      const Vec<T> centred = load(x.row(p, r) + v) - mean;
      variance += centred * centred;
    }
    store(&mean_[p * kPanel + v], mean);
    store(&variance_[p * kPanel + v], variance * share);
  }

  bool has_finite_statistics() const {
    for (std::size_t c = 0; c < columns_; ++c)
      if (!std::isfinite(running_mean[c]) || !std::isfinite(running_var[c])) return false;
    return true;
  }

  // Only a step that is applied moves the running statistics, so this is part of the way back.
  void track(std::size_t p, T n) {
    const T share = static_cast<T>(share_), rest = static_cast<T>(1 - share_), unbiased = n / (n - 1);
    for (std::size_t i = p * kPanel; i < (p + 1) * kPanel; ++i) {
      running_mean[i] = rest * running_mean[i] + share * mean_[i];
      running_var[i] = rest * running_var[i] + share * (variance_[i] * unbiased);
    }
  }

  std::size_t columns_;
  bool tracked_, watched_ = true;
  T eps_;
  double momentum_, share_ = 0;
  Buffer<T> mean_, variance_, scale_;
};

// y = (x − μ)/√(σ² + ε)·γ + β over each row; Ba et al. 2016.
template <class T>
class LayerNormLayer final : public Layer<T> {
 public:
  LayerNormLayer(std::size_t columns, bool has_weight, bool has_bias, double eps)
      : weight(optional_row<T>(has_weight, columns)), bias(optional_row<T>(has_bias, columns)),
        eps_(static_cast<T>(eps)) {
    for (Parameter<T>* parameter : {weight.get(), bias.get()})
      if (parameter) parameter->waits = true;  // the input's gradient still needs γ when γ's is known
  }
  Cut cut() const override { return Cut::rows; }
  bool needs_input() const override { return true; }
  bool has_column_gradients() const override { return weight || bias; }
  std::vector<Parameter<T>*> parameters() override { return {weight.get(), bias.get()}; }
  void reserve(std::size_t rows) override { mean_.reset(rows), scale_.reset(rows); }

  void forward(const Pass<T>&, const Matrix<T>& x, Matrix<T>& y, Part part) override {
    const std::size_t columns = x.columns();
    const T n = static_cast<T>(columns);
    for (std::size_t r = part.rows.begin; r < part.rows.end; ++r) {
      T mean = 0, variance = 0;
      for (std::size_t c = 0; c < columns; ++c) mean += x.row(c / kPanel, r)[c % kPanel];
      mean /= n;
      for (std::size_t c = 0; c < columns; ++c) {
        const T centred = x.row(c / kPanel, r)[c % kPanel] - mean;
        variance += centred * centred;
      }
      const T scale = 1 / std::sqrt(variance / n + eps_);
      mean_[r] = mean, scale_[r] = scale;
      for (std::size_t p = 0; p < x.panels(); ++p)
        for (std::size_t v = 0; v < kPanel; v += kWidth<T>) {
          const Vec<T> normal = (load(x.row(p, r) + v) - mean) * scale;
          store(y.row(p, r) + v,
                normal * row_or<T>(weight, p * kPanel + v, 1) + row_or<T>(bias, p * kPanel + v, 0));
        }
    }
  }

  void column_gradients(const Pass<T>& pass, const Matrix<T>& x, const Matrix<T>&, Matrix<T>& gradient,
                        Part part) override {
    for (std::size_t p = part.panels.begin; p < part.panels.end; ++p) {
      alignas(kAlignment) T of_weight[kPanel], of_bias[kPanel];
      for (std::size_t v = 0; v < kPanel; v += kWidth<T>) {
        Vec<T> total{}, along{};
        for (std::size_t r = 0; r < pass.rows; ++r) {
          const Vec<T> g = load(gradient.row(p, r) + v);
          total += g;
          along += g * ((load(x.row(p, r) + v) - mean_[r]) * scale_[r]);
        }
        store(of_weight + v, along);
        store(of_bias + v, total);
      }
      if (weight && weight->trained) pass.updater->take(*weight, p * kPanel, of_weight, kPanel);
      if (bias && bias->trained) pass.updater->take(*bias, p * kPanel, of_bias, kPanel);
    }
  }

  void backward(const Pass<T>&, const Matrix<T>& x, const Matrix<T>&, Matrix<T>& gradient, Part part) override {
    const std::size_t columns = x.columns();
    const T n = static_cast<T>(columns);
    for (std::size_t r = part.rows.begin; r < part.rows.end; ++r) {
      T total = 0, along = 0;
      for (std::size_t c = 0; c < columns; ++c) {
        T& g = gradient.row(c / kPanel, r)[c % kPanel];
        if (weight) g *= weight->values[c];
        total += g;
        along += g * ((x.row(c / kPanel, r)[c % kPanel] - mean_[r]) * scale_[r]);
      }
      for (std::size_t c = 0; c < columns; ++c) {
        T& g = gradient.row(c / kPanel, r)[c % kPanel];
        const T normal = (x.row(c / kPanel, r)[c % kPanel] - mean_[r]) * scale_[r];
        g = scale_[r] * (g - total / n - normal * (along / n));
      }
    }
  }

  std::unique_ptr<Parameter<T>> weight, bias;

 private:
  T eps_;
  Buffer<T> mean_, scale_;
};

}  // namespace CR_ISA
}  // namespace cr
