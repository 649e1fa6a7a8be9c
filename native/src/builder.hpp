// From names and numbers to operations.
#pragma once

#include <string>
#include <tuple>
#include <vector>

#include "losses.hpp"
#include "network.hpp"
#include "scale.hpp"

namespace cr {
inline namespace CR_ISA {

// (kind, ints, floats), as engines/lowering.py makes them.
using Stage = std::tuple<std::string, std::vector<std::int64_t>, std::vector<double>>;

inline std::size_t size_at(const std::vector<std::int64_t>& ints, std::size_t i) {
  if (i >= ints.size() || ints[i] < 0) throw std::invalid_argument("a layer lacks a number");
  return static_cast<std::size_t>(ints[i]);
}

inline double number_at(const std::vector<double>& floats, std::size_t i) {
  if (i >= floats.size()) throw std::invalid_argument("a layer lacks a number");
  return floats[i];
}

template <class T>
std::unique_ptr<Layer<T>> make_layer(const Stage& stage, std::size_t columns) {
  const auto& [kind, ints, floats] = stage;
  if (kind == "dropout")
    return std::make_unique<DropoutLayer<T>>(static_cast<std::uint32_t>(size_at(ints, 0)), number_at(floats, 0));
  if (kind == "batch_norm")
    return std::make_unique<BatchNormLayer<T>>(columns, size_at(ints, 1), size_at(ints, 2), size_at(ints, 3),
                                               number_at(floats, 0), number_at(floats, 1));
  if (kind == "layer_norm")
    return std::make_unique<LayerNormLayer<T>>(columns, size_at(ints, 1), size_at(ints, 2), number_at(floats, 0));
  if (kind == "scale") return std::make_unique<ScaleLayer<T>>(columns);
  if (kind == "softmax" || kind == "log_softmax") return std::make_unique<SoftmaxLayer<T>>(kind == "log_softmax");
  const ActivationArgs args{floats.empty() ? 0 : floats[0], floats.size() < 2 ? 0 : floats[1]};
  return std::make_unique<ActivationLayer<T>>(activation_named(kind), args);
}

template <class T>
std::vector<Operation<T>> build(std::size_t columns, const std::vector<Stage>& stages) {
  std::vector<Operation<T>> operations;
  for (const Stage& stage : stages) {
    Operation<T> one;
    if (const auto& [kind, ints, floats] = stage; kind == "linear") {
      if (size_at(ints, 0) != columns) throw std::invalid_argument("a Linear of another width than what it gets");
      one.linear = std::make_unique<Linear<T>>(columns, size_at(ints, 1), size_at(ints, 2) != 0);
      columns = one.linear->out();
    } else {
      one.layer = make_layer<T>(stage, columns);
    }
    one.columns = columns;
    operations.push_back(std::move(one));
  }
  return operations;
}

}  // namespace CR_ISA
}  // namespace cr
