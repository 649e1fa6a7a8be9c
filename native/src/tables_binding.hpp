// The tables as Python sees them, one entry each, for tests against core/ops.py, chainrule.losses and chainrule.optim.
#pragma once

#include <nanobind/nanobind.h>
#include <nanobind/ndarray.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/vector.h>

#include <cstring>
#include <string>
#include <vector>

#include "activations.hpp"
#include "losses.hpp"
#include "matrix.hpp"
#include "optimizers.hpp"
#include "peak.hpp"

namespace cr {
inline namespace CR_ISA {

template <class T>
using Array = nanobind::ndarray<T, nanobind::c_contig, nanobind::device::cpu>;

// A loss from its name and `config()`, without the entries that are None.
inline LossSpec loss_from(const std::string& name, const nanobind::dict& config) {
  LossSpec spec;
  spec.kind = loss_named(name);
  for (const auto& [key, value] : config) {
    const auto option = nanobind::cast<std::string>(key);
    if (option == "reduction")
      spec.mean = nanobind::cast<std::string>(value) == "mean";
    else if (option == "weight" || option == "pos_weight")
      (option == "weight" ? spec.weight : spec.pos_weight) = nanobind::cast<std::vector<double>>(value);
    else if (option == "ignore_index")
      spec.ignore_index = nanobind::cast<std::int64_t>(value);
    else
      set_option(spec, option, nanobind::cast<double>(value));
  }
  return spec;
}

// An optimiser's options, as a parameter group has them; those that are no options of the algorithm are left out.
inline Hyper hyper_from(const nanobind::dict& options) {
  Hyper hyper;
  for (const auto& [key, value] : options) {
    const auto option = nanobind::cast<std::string>(key);
    if (option == "betas") {
      hyper.beta1 = nanobind::cast<double>(value[0]);
      hyper.beta2 = nanobind::cast<double>(value[1]);
    } else {
      set_option(hyper, option, nanobind::cast<double>(value));
    }
  }
  return hyper;
}

// Arrays of any length in whole vectors, as the functions want them.
template <class T>
Buffer<T> padded(const T* from, std::size_t n) {
  Buffer<T> buffer(round_up(n, kWidth<T>));
  if (n) std::memcpy(buffer.data(), from, n * sizeof(T));
  return buffer;
}

template <class T, class M>
void bind_tables_of(M& m) {
  using nanobind::arg;
  m.def(
      "_activation",
      [](const std::string& name, Array<T> x, double a, double b) {  // in place
        Buffer<T> numbers = padded(x.data(), x.size());
        activate<T>(activation_named(name), {a, b}, numbers.data(), numbers.data(), numbers.size());
        std::memcpy(x.data(), numbers.data(), x.size() * sizeof(T));
      },
      arg("name"), arg("x").noconvert(), arg("a") = 0.0, arg("b") = 0.0);
  m.def(
      "_activation_backward",
      [](const std::string& name, Array<const T> x, Array<const T> y, Array<T> g, double a, double b) {  // g in place
        const Activation kind = activation_named(name);
        const Buffer<T> inputs = padded(x.data(), x.size()), outputs = padded(y.data(), y.size());
        Buffer<T> gradient = padded(g.data(), g.size());
        activate_backward<T>(kind, {a, b}, needs_input(kind) ? inputs.data() : nullptr, outputs.data(),
                             gradient.data(), gradient.size());
        std::memcpy(g.data(), gradient.data(), g.size() * sizeof(T));
      },
      arg("name"), arg("x").noconvert(), arg("y").noconvert(), arg("g").noconvert(), arg("a") = 0.0,
      arg("b") = 0.0);

  // The batch's loss, with ∂loss/∂z in dz; with `room` as the engine computes it, in rows of whole vectors.
  const auto batch_loss = [](const std::string& name, const nanobind::dict& config, Array<const T> z, Targets targets,
                             Array<T> dz, bool room) {
    const LossSpec spec = loss_from(name, config);
    const std::size_t n = z.shape(0), outputs = z.shape(1);
    std::vector<std::int64_t> rows(n);
    for (std::size_t r = 0; r < n; ++r) rows[r] = static_cast<std::int64_t>(r);
    const double divisor = loss_divisor<T>(spec, targets, rows.data(), n, outputs);
    Buffer<T> row_of_z(round_up(outputs, kWidth<T>)), row_of_dz(round_up(outputs, kWidth<T>));
    double total = 0;
    for (std::size_t r = 0; r < n; ++r) {
      const T* output = z.data() + r * outputs;
      T* gradient = dz.data() + r * outputs;
      if (room) {
        std::memcpy(row_of_z.data(), output, outputs * sizeof(T));
        total += loss_row<T, true>(spec, row_of_z.data(), targets, rows[r], outputs, 1 / divisor, row_of_dz.data());
        std::memcpy(gradient, row_of_dz.data(), outputs * sizeof(T));
      } else {
        total += loss_row<T>(spec, output, targets, rows[r], outputs, 1 / divisor, gradient);
      }
    }
    return total / divisor;
  };
  m.def(
      "_loss",
      [batch_loss](const std::string& name, const nanobind::dict& config, Array<const T> z, Array<const T> t,
                   Array<T> dz, bool room) {
        Targets targets;
        if constexpr (std::is_same_v<T, float>)
          targets.f32 = t.data();
        else
          targets.f64 = t.data();
        targets.columns = z.shape(1);
        return batch_loss(name, config, z, targets, dz, room);
      },
      arg("name"), arg("config"), arg("z").noconvert(), arg("targets").noconvert(), arg("dz").noconvert(),
      arg("room") = false);
  m.def(
      "_loss",
      [batch_loss](const std::string& name, const nanobind::dict& config, Array<const T> z,
                   Array<const std::int64_t> t, Array<T> dz, bool room) {
        Targets targets;
        targets.index = t.data();
        return batch_loss(name, config, z, targets, dz, room);
      },
      arg("name"), arg("config"), arg("z").noconvert(), arg("targets").noconvert(), arg("dz").noconvert(),
      arg("room") = false);

  m.def(
      "_update",
      [](const std::string& name, const nanobind::dict& options, std::int64_t step, Array<T> w, Array<const T> g,
         std::vector<Array<T>> slots) {  // w and slots in place
        const OptimizerKind kind = optimizer_named(name);
        const Hyper hyper = hyper_from(options);
        if (slots.size() != slot_count(kind, hyper)) throw std::invalid_argument("another number of slots is needed");
        Buffer<T> weights = padded(w.data(), w.size());
        const Buffer<T> gradient = padded(g.data(), g.size());
        std::vector<Buffer<T>> states;
        T* pointers[kMostSlots] = {};
        for (auto& slot : slots) states.push_back(padded(slot.data(), slot.size()));
        for (std::size_t k = 0; k < states.size(); ++k) pointers[k] = states[k].data();
        update_array<T>(kind, make_step<T>(kind, hyper, step), weights.data(), gradient.data(), pointers,
                        weights.size());
        std::memcpy(w.data(), weights.data(), w.size() * sizeof(T));
        for (std::size_t k = 0; k < states.size(); ++k)
          std::memcpy(slots[k].data(), states[k].data(), slots[k].size() * sizeof(T));
      },
      arg("name"), arg("options"), arg("step"), arg("w").noconvert(), arg("g").noconvert(), arg("slots"));
}

template <class M>
void bind_tables(M& m) {
  bind_tables_of<float>(m);
  bind_tables_of<double>(m);
  m.def("_peak", &peak, nanobind::arg("threads"), nanobind::arg("seconds"),
        nanobind::call_guard<nanobind::gil_scoped_release>());  // for benchmarks
}

}  // namespace CR_ISA
}  // namespace cr
