// Matrices and parameters, stored in panels.
#pragma once

#include <cstddef>
#include <cstdlib>
#include <memory>
#include <new>
#include <stdexcept>

#include "simd.hpp"

#if defined(__linux__)
#include <sys/mman.h>
#endif
#include "threads.hpp"

namespace cr {
inline namespace CR_ISA {

// What Linux calls huge pages: on ordinary ones the processor looks up addresses all the time, and what it fetches ahead
// ends with each page.
inline constexpr std::size_t kLargePage = std::size_t{2} << 20;

// Numbers aligned to cache lines, zero to begin with; many of them on large pages.
template <class T>
class Buffer {
 public:
  Buffer() = default;
  explicit Buffer(std::size_t size) { reset(size); }

  void reset(std::size_t size) {
    size_ = size;
    const std::size_t needed = round_up(size * sizeof(T), kAlignment);
    const bool large = needed >= kLargePage / 4;
    const std::size_t bytes = large ? round_up(needed, kLargePage) : needed;
    data_ = {bytes ? static_cast<T*>(::operator new(bytes, alignment(large))) : nullptr, Free{large}};
    if (!bytes) return;
#if defined(MADV_HUGEPAGE)
    if (large) madvise(data_.get(), bytes, MADV_HUGEPAGE);
#endif
    std::memset(static_cast<void*>(data_.get()), 0, bytes);
  }
  std::size_t size() const { return size_; }
  T* data() { return data_.get(); }
  const T* data() const { return data_.get(); }
  T& operator[](std::size_t i) { return data_.get()[i]; }
  const T& operator[](std::size_t i) const { return data_.get()[i]; }

 private:
  static std::align_val_t alignment(bool large) { return std::align_val_t{large ? kLargePage : kAlignment}; }
  struct Free {
    bool large = false;
    void operator()(T* p) const { ::operator delete(static_cast<void*>(p), alignment(large)); }
  };
  std::unique_ptr<T, Free> data_;
  std::size_t size_ = 0;
};

// Part of a matrix: some panels of some rows.
struct Part {
  Range panels, rows;
};

// One row per sample, panel by panel.  Columns that only fill the last panel hold numbers that mean nothing.
template <class T>
class Matrix {
 public:
  Matrix() = default;
  Matrix(std::size_t rows, std::size_t columns)
      : columns_(columns), stride_(rows * kPanel), numbers_(panels_of(columns) * rows * kPanel) {}

  std::size_t columns() const { return columns_; }
  std::size_t panels() const { return panels_of(columns_); }
  // Numbers from one panel to the next.
  std::size_t stride() const { return stride_; }
  T* panel(std::size_t p) { return numbers_.data() + p * stride_; }
  const T* panel(std::size_t p) const { return numbers_.data() + p * stride_; }
  T* row(std::size_t p, std::size_t r) { return panel(p) + r * kPanel; }
  const T* row(std::size_t p, std::size_t r) const { return panel(p) + r * kPanel; }
  // How many columns of panel p mean something.
  std::size_t columns_in(std::size_t p) const { return std::min(kPanel, columns_ - p * kPanel); }

 private:
  std::size_t columns_ = 0, stride_ = 0;
  Buffer<T> numbers_;
};

}  // namespace CR_ISA
}  // namespace cr
