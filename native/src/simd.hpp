// Vectors as GCC and Clang know them, so that one source serves every instruction set, and the layout of matrices.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>

#ifndef CR_ISA
#define CR_ISA base
#endif

#if defined(__AVX512F__)
#define CR_VECTOR_BYTES 64
#elif defined(__AVX2__)
#define CR_VECTOR_BYTES 32
#else
#define CR_VECTOR_BYTES 16
#endif

namespace cr {
inline namespace CR_ISA {

// Columns of a panel.  Matrices are stored panel by panel, each row of a panel next to the one before, so that
// strides are constants and nothing has to be packed before it is multiplied.
inline constexpr std::size_t kPanel = 32;
inline constexpr std::size_t kVectorBytes = CR_VECTOR_BYTES;
inline constexpr std::size_t kAlignment = 64;

template <class T>
struct VectorOf;
template <>
struct VectorOf<float> {
  typedef float type __attribute__((vector_size(kVectorBytes)));
  typedef std::int32_t mask __attribute__((vector_size(kVectorBytes)));
  typedef std::uint32_t bits __attribute__((vector_size(kVectorBytes)));
};
template <>
struct VectorOf<double> {
  typedef double type __attribute__((vector_size(kVectorBytes)));
  typedef std::int64_t mask __attribute__((vector_size(kVectorBytes)));
  typedef std::uint64_t bits __attribute__((vector_size(kVectorBytes)));
};

template <class T>
using Vec = typename VectorOf<T>::type;

// What a comparison of vectors gives: all ones or all zeros in each lane.
template <class T>
using Mask = typename VectorOf<T>::mask;

template <class T>
inline constexpr std::size_t kWidth = kVectorBytes / sizeof(T);

template <class T>
inline Vec<T> load(const T* from) {
  Vec<T> value;
  std::memcpy(&value, from, sizeof value);
  return value;
}

template <class T>
inline void store(T* to, const Vec<T>& value) {
  std::memcpy(to, &value, sizeof value);
}

template <class T>
inline Vec<T> broadcast(T value) {
  return value - Vec<T>{};
}

// The sum of all lanes, always in the same order: halves first.
template <class T>
inline T sum(const Vec<T>& value) {
  T lanes[kWidth<T>];
  store(lanes, value);
  for (std::size_t half = kWidth<T> / 2; half > 0; half /= 2)
    for (std::size_t i = 0; i < half; ++i) lanes[i] += lanes[i + half];
  return lanes[0];
}

constexpr std::size_t round_up(std::size_t n, std::size_t to) { return (n + to - 1) / to * to; }
constexpr std::size_t panels_of(std::size_t columns) { return (columns + kPanel - 1) / kPanel; }

}  // namespace CR_ISA
}  // namespace cr
