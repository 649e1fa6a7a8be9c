// The Python module of one build.  This file alone is compiled for any processor: where the build's instructions are
// missing, the import ends in an ImportError and not in a crash.
#include <nanobind/nanobind.h>

#include <cstring>
#include <stdexcept>
#include <string>

#include "processor.hpp"

#define CR_TEXT_OF(name) #name
#define CR_TEXT(name) CR_TEXT_OF(name)

namespace cr {
inline namespace CR_ISA {
void bind(nanobind::module_& module);  // bindings.cpp
}
}  // namespace cr

NB_MODULE(CR_MODULE, module) {
  constexpr const char* isa = CR_TEXT(CR_ISA);
  const char* processor = cr_processor::level();
  // "v4" > "v3", and any processor runs "base"
  if (std::strcmp(isa, "base") != 0 && (std::strcmp(processor, "base") == 0 || std::strcmp(processor, isa) < 0))
    throw std::runtime_error(std::string("this processor offers ") + processor + ", and this build needs " + isa);
  module.attr("isa") = nanobind::cpp_function([] { return CR_TEXT(CR_ISA); });
  module.attr("version") = nanobind::cpp_function([] { return CR_VERSION; });
  cr::bind(module);
}
