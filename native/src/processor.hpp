// What this processor can run, as the names of the builds: v4 (AVX-512), v3 (AVX2 and FMA) or base.
#pragma once

#if defined(__x86_64__) || defined(_M_X64)

namespace cr_processor {

struct Registers {
  unsigned eax, ebx, ecx, edx;
};

// The two instructions by hand: __builtin_cpu_supports wants a run-time library that clang-cl does not link.
inline Registers cpuid(unsigned leaf, unsigned subleaf = 0) {
  Registers r;
  __asm__ volatile("cpuid" : "=a"(r.eax), "=b"(r.ebx), "=c"(r.ecx), "=d"(r.edx) : "a"(leaf), "c"(subleaf));
  return r;
}

inline unsigned saved_by_the_system() {  // which registers survive a switch of threads
  unsigned low, high;
  __asm__ volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
  return low;
}

inline bool all(unsigned value, unsigned mask) { return (value & mask) == mask; }

inline const char* level() {
  constexpr unsigned fma = 1u << 12, movbe = 1u << 22, osxsave = 1u << 27, avx = 1u << 28, f16c = 1u << 29;  // 1, ecx
  constexpr unsigned bmi1 = 1u << 3, avx2 = 1u << 5, bmi2 = 1u << 8;                                         // 7, ebx
  constexpr unsigned avx512 = 1u << 16 | 1u << 17 | 1u << 28 | 1u << 30 | 1u << 31;  // 7, ebx: F DQ CD BW VL
  constexpr unsigned lzcnt = 1u << 5;                                                // 0x80000001, ecx
  constexpr unsigned ymm = 0x6, zmm = 0xe6;
  const unsigned features = cpuid(1).ecx;
  if (cpuid(0).eax < 7 || !all(features, fma | movbe | osxsave | avx | f16c)) return "base";
  const unsigned more = cpuid(7).ebx, saved = saved_by_the_system();
  if (!all(more, bmi1 | avx2 | bmi2) || !all(cpuid(0x80000001).ecx, lzcnt) || !all(saved, ymm)) return "base";
  return all(more, avx512) && all(saved, zmm) ? "v4" : "v3";
}

}  // namespace cr_processor

#else

namespace cr_processor {
inline const char* level() { return "base"; }
}  // namespace cr_processor

#endif
