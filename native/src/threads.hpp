// A few threads that work through the same steps and meet at barriers.
#pragma once

#include <atomic>
#include <cstddef>
#include <mutex>
#include <system_error>
#include <thread>
#include <vector>

#if defined(__linux__)
#include <linux/futex.h>
#include <sys/syscall.h>
#include <unistd.h>
#else
#include <condition_variable>
#endif

#include "simd.hpp"

namespace cr {
inline namespace CR_ISA {

// Part `index` of `count` things cut into `parts` runs of nearly the same length.
struct Range {
  std::size_t begin, end;
  static Range of(std::size_t count, std::size_t index, std::size_t parts) {
    return {count * index / parts, count * (index + 1) / parts};
  }
  bool empty() const { return begin >= end; }
};

inline void pause() {
#if defined(__x86_64__) || defined(__i386__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  __asm__ __volatile__("yield");
#endif
}

// All have to arrive before any goes on.  Waiting is a bounded spin, because the others are mostly a microsecond
// behind, and then sleep: a pure spin is twenty times slower when another process wants the core.
class Barrier {
 public:
  explicit Barrier(std::size_t parties) : parties_(static_cast<std::uint32_t>(parties)) {}

  void wait() {
    if (parties_ == 1) return;
    const std::uint32_t round = round_.load(std::memory_order_acquire);
    if (arrived_.fetch_add(1, std::memory_order_acq_rel) + 1 == parties_) {
      arrived_.store(0, std::memory_order_relaxed);
      release(round + 1);
      return;
    }
    for (int i = 0; i < kSpins; ++i) {
      if (round_.load(std::memory_order_acquire) != round) return;
      pause();
    }
    sleep_through(round);
  }

 private:
  static constexpr int kSpins = 1000;

#if defined(__linux__)
  void release(std::uint32_t next) {
    round_.store(next, std::memory_order_seq_cst);
    if (sleepers_.load(std::memory_order_seq_cst) > 0)
      syscall(SYS_futex, address(), FUTEX_WAKE_PRIVATE, parties_, nullptr, nullptr, 0);
  }
  void sleep_through(std::uint32_t round) {
    sleepers_.fetch_add(1, std::memory_order_seq_cst);
    while (round_.load(std::memory_order_seq_cst) == round)
      syscall(SYS_futex, address(), FUTEX_WAIT_PRIVATE, round, nullptr, nullptr, 0);
    sleepers_.fetch_sub(1, std::memory_order_relaxed);
  }
  std::uint32_t* address() { return reinterpret_cast<std::uint32_t*>(&round_); }
  alignas(kAlignment) std::atomic<std::uint32_t> sleepers_{0};
#else
  void release(std::uint32_t next) {
    {
      std::lock_guard<std::mutex> lock(mutex_);
      round_.store(next, std::memory_order_release);
    }
    changed_.notify_all();
  }
  void sleep_through(std::uint32_t round) {
    std::unique_lock<std::mutex> lock(mutex_);
    changed_.wait(lock, [&] { return round_.load(std::memory_order_acquire) != round; });
  }
  std::mutex mutex_;
  std::condition_variable changed_;
#endif

  const std::uint32_t parties_;
  alignas(kAlignment) std::atomic<std::uint32_t> arrived_{0};
  alignas(kAlignment) std::atomic<std::uint32_t> round_{0};
};

// Runs work(thread) on `wanted` threads, this one being number 0, or on as many of them as the system grants; before,
// prepare(threads) is told how many.  Threads live for one call: starting one takes some ten microseconds, a block of
// steps many milliseconds, and between calls nothing is left that spins or that a fork could lose.  `work` must not
// throw.
template <class Prepare, class Work>
void on_threads(std::size_t wanted, const Prepare& prepare, const Work& work) {
  std::mutex gate;
  bool prepared = false;
  struct Others {
    std::vector<std::thread> threads;
    ~Others() {
      for (std::thread& one : threads) one.join();
    }
  } others;
  others.threads.reserve(wanted - 1);
  {
    const std::lock_guard<std::mutex> closed(gate);
    try {
      for (std::size_t t = 1; t < wanted; ++t)
        others.threads.emplace_back([&, t] {
          { const std::lock_guard<std::mutex> until_open(gate); }
          if (prepared) work(t);
        });
    } catch (const std::system_error&) {  // the system has no more threads to give
    }
    prepare(others.threads.size() + 1);
    prepared = true;
  }
  work(0);
}

}  // namespace CR_ISA
}  // namespace cr
