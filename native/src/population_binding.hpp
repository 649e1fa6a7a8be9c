// Populations as Python sees them; engines/population.py has checked what it passes.
#pragma once

#include <nanobind/nanobind.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/tuple.h>
#include <nanobind/stl/vector.h>

#include <string>
#include <vector>

#include "arrays_binding.hpp"
#include "builder.hpp"
#include "population.hpp"
#include "tables_binding.hpp"

namespace cr {
inline namespace CR_ISA {

// Each Linear with the activation after it.
inline std::vector<SmallLayer> small_layers_from(const std::vector<Stage>& stages) {
  std::vector<SmallLayer> layers;
  for (const auto& [kind, ints, floats] : stages) {
    if (kind == "linear") {
      layers.push_back({size_at(ints, 0), size_at(ints, 1), size_at(ints, 2) != 0, Activation::identity, {}});
      continue;
    }
    require(!layers.empty() && layers.back().activation == Activation::identity, "an activation without a Linear");
    layers.back().activation = activation_named(kind);
    layers.back().args = {floats.empty() ? 0 : floats[0], floats.size() < 2 ? 0 : floats[1]};
  }
  require(!layers.empty(), "a network needs a Linear");
  for (std::size_t l = 1; l < layers.size(); ++l)
    require(layers[l].in == layers[l - 1].out, "a Linear of another width than what it gets");
  return layers;
}

template <class T>
void run_population(const Population<T>& population, AnyInput inputs, double factor, AnyInput targets,
                    Input<std::int64_t> index, const std::vector<std::string>& options, Input<double> hypers,
                    std::int64_t steps_before, std::size_t threads, Array<T> weights, Array<T> states, Array<T> losses,
                    Array<std::int64_t> refused) {
  PopulationBlock<T> block;
  block.inputs = inputs_of(inputs, factor), block.targets = targets_of(targets);
  require(block.inputs.columns == population.inputs(), "inputs of another width");
  require(targets.shape(0) == inputs.shape(0), "inputs and targets of different lengths");
  require(weights.ndim() == 2 && weights.shape(1) == population.parameters(), "weights of another shape");
  block.networks = weights.shape(0);
  block.own_rows = index.ndim() == 3;
  require(index.ndim() >= 2 && (!block.own_rows || index.shape(0) == block.networks), "an index of another shape");
  block.index = index.data();
  block.steps = index.shape(index.ndim() - 2), block.rows = index.shape(index.ndim() - 1);
  require(block.networks > 0 && block.rows > 0, "nothing to do");
  for (std::size_t i = 0; i < index.size(); ++i) {
    const bool none = index.data()[i] == -1 && i % block.rows > 0;
    require(none || (index.data()[i] >= 0 && static_cast<std::size_t>(index.data()[i]) < inputs.shape(0)),
            "no such row");
  }
  require(hypers.ndim() == 2 && hypers.shape(1) == options.size(), "hyperparameters of another shape");
  require(hypers.shape(0) == 1 || hypers.shape(0) == block.steps, "hyperparameters for another number of steps");
  block.hypers.resize(hypers.shape(0));
  for (std::size_t i = 0; i < block.hypers.size(); ++i)
    for (std::size_t o = 0; o < options.size(); ++o)
      set_option(block.hypers[i], options[o], hypers.data()[i * options.size() + o]);
  require(states.size() == population.slots(block.hypers.front()) * weights.size(), "states of another size");
  require(losses.size() == block.steps * block.networks && refused.size() == block.networks, "no room for the losses");
  block.steps_before = steps_before;
  block.weights = weights.data(), block.states = states.data();
  block.losses = losses.data(), block.refused = refused.data();
  bool finished = false;
  {
    nanobind::gil_scoped_release released;
    finished = population.run(block, std::max<std::size_t>(threads, 1), [] {
      nanobind::gil_scoped_acquire acquired;
      return PyErr_CheckSignals() != 0;
    });
  }
  if (!finished) throw nanobind::python_error();
}

template <class T>
void bind_population(nanobind::module_& module, const char* name) {
  using namespace nanobind::literals;
  using Model = Population<T>;
  nanobind::class_<Model>(module, name)
      .def("__init__",
           [](Model* self, const std::vector<Stage>& stages, const std::string& loss, const nanobind::dict& options,
              const std::string& optimizer) {
             new (self) Model(small_layers_from(stages), loss_from(loss, options), optimizer_named(optimizer));
           })
      .def("run", &run_population<T>, "inputs"_a, "factor"_a, "targets"_a, "index"_a, "options"_a, "hypers"_a,
           "steps_before"_a, "threads"_a, "weights"_a, "states"_a, "losses"_a, "refused"_a);
}

}  // namespace CR_ISA
}  // namespace cr
