// What Python sees of the engine.
#include <nanobind/nanobind.h>

namespace cr {
inline namespace CR_ISA {

void bind(nanobind::module_& module);

void bind(nanobind::module_&) {}

}  // namespace CR_ISA
}  // namespace cr
