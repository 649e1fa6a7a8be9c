// How many multiplications with addition a second the processor can do: what benchmarks are a fraction of.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <thread>
#include <vector>

#include "simd.hpp"

namespace cr {
inline namespace CR_ISA {

// Floating-point operations of one thread per second, two for each multiplication with addition.
inline double peak_of_this_thread(double seconds) {
  using Clock = std::chrono::steady_clock;
  // Enough independent chains to hide the latency of an FMA, and few enough to stay in 16 registers.
  constexpr int kChains = 12;
  constexpr std::size_t kRounds = 100'000;
  volatile float given[2] = {0.999999f, 1e-6f};  // unknown to the compiler, so that nothing is folded
  const Vec<float> factor = broadcast<float>(given[0]), term = broadcast<float>(given[1]);
  Vec<float> chain[kChains];
  for (int c = 0; c < kChains; ++c) chain[c] = broadcast(static_cast<float>(c));
  double best = 0;
  const auto end = Clock::now() + std::chrono::duration<double>(seconds);
  while (best == 0 || Clock::now() < end) {
    const auto began = Clock::now();
    for (std::size_t i = 0; i < kRounds; ++i)
#pragma GCC unroll 16
      for (int c = 0; c < kChains; ++c) chain[c] = chain[c] * factor + term;
    const double took = std::chrono::duration<double>(Clock::now() - began).count();
    best = std::max(best, 2.0 * kChains * kRounds * kWidth<float> / took);
  }
  volatile float result = 0;
  for (int c = 0; c < kChains; ++c) result = result + sum<float>(chain[c]);
  return best;
}

// The same for several threads at once.
inline double peak(std::size_t threads, double seconds) {
  std::vector<double> each(threads);
  std::vector<std::thread> others;
  for (std::size_t t = 1; t < threads; ++t)
    others.emplace_back([&each, t, seconds] { each[t] = peak_of_this_thread(seconds); });
  each[0] = peak_of_this_thread(seconds);
  for (std::thread& other : others) other.join();
  double total = 0;
  for (const double one : each) total += one;
  return total;
}

}  // namespace CR_ISA
}  // namespace cr
