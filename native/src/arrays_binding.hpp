// NumPy's arrays as the engine takes them.
#pragma once

#include <nanobind/nanobind.h>
#include <nanobind/ndarray.h>

#include <algorithm>
#include <stdexcept>

#include "block.hpp"

namespace cr {
inline namespace CR_ISA {

template <class T>
using Input = nanobind::ndarray<const T, nanobind::c_contig, nanobind::device::cpu>;
using AnyInput = nanobind::ndarray<nanobind::ro, nanobind::c_contig, nanobind::device::cpu>;

inline void require(bool condition, const char* problem) {
  if (!condition) throw std::invalid_argument(problem);
}

template <class N>
bool holds(const AnyInput& array) {
  return array.dtype() == nanobind::dtype<N>();
}

inline Inputs inputs_of(const AnyInput& array, std::size_t rows, double factor) {
  Inputs inputs;
  inputs.columns = array.size() / std::max<std::size_t>(rows, 1);
  inputs.factor = static_cast<float>(factor);
  if (holds<std::uint8_t>(array)) inputs.bytes = static_cast<const std::uint8_t*>(array.data());
  if (holds<float>(array)) inputs.f32 = static_cast<const float*>(array.data());
  if (holds<double>(array)) inputs.f64 = static_cast<const double*>(array.data());
  require(inputs.bytes || inputs.f32 || inputs.f64, "inputs are uint8, float32 or float64");
  return inputs;
}

inline Inputs inputs_of(const AnyInput& array, double factor) { return inputs_of(array, array.shape(0), factor); }

inline Targets targets_of(const AnyInput& array) {
  Targets targets{};
  targets.columns = array.ndim() > 1 ? array.shape(1) : 1;
  if (holds<std::int64_t>(array)) targets.index = static_cast<const std::int64_t*>(array.data());
  if (holds<float>(array)) targets.f32 = static_cast<const float*>(array.data());
  if (holds<double>(array)) targets.f64 = static_cast<const double*>(array.data());
  require(targets.index || targets.f32 || targets.f64, "targets are int64, float32 or float64");
  return targets;
}

}  // namespace CR_ISA
}  // namespace cr
