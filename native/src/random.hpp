// Dropout's masks: a pure function of (seed, step, layer, element), the same as `keep_mask` in core/rng.py.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>

#include "simd.hpp"

namespace cr {
inline namespace CR_ISA {

// lowbias32 by Chris Wellons, Prospecting for Hash Functions, 2018.
inline std::uint32_t mix(std::uint32_t x) {
  x = (x ^ (x >> 16)) * 0x7FEB352Du;
  x = (x ^ (x >> 15)) * 0x846CA68Bu;
  return x ^ (x >> 16);
}

class KeepMask {
 public:
  KeepMask(std::uint64_t seed, std::uint64_t step, std::uint32_t layer, double p)
      : threshold_(static_cast<std::uint32_t>(std::min(std::nearbyint(p * 4294967296.0), 4294967295.0))) {
    const std::uint32_t base = mix(static_cast<std::uint32_t>(seed) ^
                                   mix(static_cast<std::uint32_t>(seed >> 32) + 0x9E3779B9u));
    stepped_ = mix(base + static_cast<std::uint32_t>(step) * 0x85EBCA6Bu);
    layered_ = mix(stepped_ + (layer + 1) * 0xC2B2AE35u);
  }
  bool keeps(std::uint32_t element) const { return mix(mix(element + layered_) ^ stepped_) >= threshold_; }

 private:
  std::uint32_t threshold_, stepped_, layered_;
};

}  // namespace CR_ISA
}  // namespace cr
