// What Python sees of the engine; engines/native.py is its only caller and has checked what it passes.
#include <nanobind/nanobind.h>
#include <nanobind/ndarray.h>
#include <nanobind/stl/optional.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/tuple.h>
#include <nanobind/stl/vector.h>

#include <optional>
#include <tuple>

#include "arrays_binding.hpp"
#include "builder.hpp"
#include "population_binding.hpp"
#include "predictor.hpp"
#include "tables_binding.hpp"
#include "trainer.hpp"

namespace nb = nanobind;

namespace cr {
inline namespace CR_ISA {

// A network with its loss and optimiser.
template <class T>
class Model {
 public:
  Model(std::size_t columns, const std::vector<Stage>& stages, LossSpec loss, const std::string& optimizer)
      : network_(columns, build<T>(columns, stages)), updater_(optimizer_named(optimizer)),
        trainer_(network_, std::move(loss), updater_), predictor_(network_) {}

  void set_parameter(std::size_t i, Input<T> values, bool trained, std::size_t group, std::int64_t steps,
                     const std::vector<Input<T>>& slots) {
    Parameter<T>& parameter = at(i);
    require(values.size() == parameter.rows * parameter.columns, "a parameter of another size");
    require(slots.size() <= kMostSlots, "too many slots");
    parameter.read(parameter.values, values.data());
    parameter.trained = trained, parameter.group = group, parameter.steps = steps;
    parameter.slots.resize(slots.size());
    for (std::size_t s = 0; s < slots.size(); ++s) {
      require(slots[s].size() == values.size(), "a slot of another size than its parameter");
      parameter.slots[s].reset(parameter.values.size());
      parameter.read(parameter.slots[s], slots[s].data());
    }
  }
  std::int64_t get_parameter(std::size_t i, Array<T> values, const std::vector<Array<T>>& slots) {
    const Parameter<T>& parameter = at(i);
    require(values.size() == parameter.rows * parameter.columns && slots.size() == parameter.slots.size(),
            "a parameter of another size");
    parameter.write(parameter.values, values.data());
    for (std::size_t s = 0; s < slots.size(); ++s) parameter.write(parameter.slots[s], slots[s].data());
    return parameter.steps;
  }

  void set_statistics(std::size_t operation, Input<T> mean, Input<T> variance, std::int64_t batches) {
    BatchNormLayer<T>& norm = norm_at(operation);
    const std::size_t n = network_.operations()[operation].columns;
    require(mean.size() == n && variance.size() == n, "statistics of another size");
    std::copy(mean.data(), mean.data() + n, norm.running_mean.data());
    std::copy(variance.data(), variance.data() + n, norm.running_var.data());
    norm.batches = batches;
    norm.watch();
  }
  std::int64_t get_statistics(std::size_t operation, Array<T> mean, Array<T> variance) {
    BatchNormLayer<T>& norm = norm_at(operation);
    const std::size_t n = network_.operations()[operation].columns;
    require(mean.size() == n && variance.size() == n, "statistics of another size");
    std::copy(norm.running_mean.data(), norm.running_mean.data() + n, mean.data());
    std::copy(norm.running_var.data(), norm.running_var.data() + n, variance.data());
    return norm.batches;
  }

  std::size_t slot_count(std::size_t i) { return at(i).slots.size(); }

  // Whether all trained parameters and all statistics are finite.
  bool is_finite() {
    for (const Parameter<T>* parameter : network_.parameters())
      if (parameter->trained && !parameter->is_finite()) return false;
    for (Operation<T>& one : network_.operations())
      if (auto* norm = dynamic_cast<BatchNormLayer<T>*>(one.layer.get()))
        if (!norm->is_finite()) return false;
    return true;
  }

  // Returns how many losses there are, and whether the last step was refused because its loss is not finite.
  std::tuple<std::size_t, bool> run(AnyInput inputs, double factor, AnyInput targets,
                                    std::optional<Input<double>> weights, Input<std::int64_t> index,
                                    const std::vector<std::string>& options, Input<double> hypers,
                                    std::optional<double> clip_norm, std::optional<double> clip_value,
                                    std::uint64_t seed, std::uint64_t first_step, std::size_t threads,
                                    Array<double> losses, std::optional<Array<T>> outputs) {
    require(index.ndim() == 2 && hypers.ndim() == 3 && hypers.shape(2) == options.size(), "bad shapes");
    Block<T> block;
    block.inputs = inputs_of(inputs, factor);
    block.targets = targets_of(targets);
    block.index = index.data();
    block.steps = index.shape(0), block.rows = index.shape(1);
    block.groups = hypers.shape(1);
    require(hypers.shape(0) == 1 || hypers.shape(0) == block.steps, "hyperparameters for another number of steps");
    require(losses.size() >= block.steps, "no room for the losses");
    require(block.inputs.columns == network_.input_columns(), "inputs of another width");
    for (std::size_t i = 0; i < block.steps * block.rows; ++i)
      require(block.index[i] >= 0 && static_cast<std::size_t>(block.index[i]) < inputs.shape(0), "no such row");
    require(targets.shape(0) == inputs.shape(0), "inputs and targets of different lengths");
    if (weights) {
      require(weights->ndim() == 1 && weights->shape(0) == inputs.shape(0), "not one weight for each row");
      block.weights = weights->data();
    }
    block.hypers.resize(hypers.shape(0) * block.groups);
    for (std::size_t i = 0; i < block.hypers.size(); ++i)
      for (std::size_t o = 0; o < options.size(); ++o)
        set_option(block.hypers[i], options[o], hypers.data()[i * options.size() + o]);
    for (const Parameter<T>* parameter : network_.parameters())
      require(parameter->group < block.groups, "no such group");
    updater_.clip_norm = clip_norm.value_or(INFINITY), updater_.clip_value = clip_value.value_or(INFINITY);
    block.seed = seed, block.first_step = first_step;
    block.losses = losses.data();
    if (outputs) {
      require(outputs->size() >= block.steps * block.rows * network_.output_columns(), "no room for the outputs");
      block.outputs = outputs->data();
    }
    Outcome outcome;
    {
      nb::gil_scoped_release released;
      outcome = trainer_.run(block, std::max<std::size_t>(threads, 1), [] {
        nb::gil_scoped_acquire acquired;
        return PyErr_CheckSignals() != 0;
      });
    }
    if (outcome.interrupted) throw nb::python_error();
    return {outcome.steps, outcome.stopped};
  }

  void renew() { predictor_.renew(); }

  // The outputs of all rows, in evaluation mode.
  void predict(const AnyInput& inputs, std::size_t rows, double factor, std::size_t threads, const Array<T>& outputs) {
    const Inputs given = inputs_of(inputs, rows, factor);
    require(rows > 0 && inputs.size() == rows * network_.input_columns(), "inputs of another width");
    require(outputs.size() == rows * network_.output_columns(), "no room for the outputs");
    if (rows == 1) return predictor_.run(given, rows, 1, outputs.data());
    nb::gil_scoped_release released;
    predictor_.run(given, rows, std::max<std::size_t>(threads, 1), outputs.data());
  }

 private:
  Parameter<T>& at(std::size_t i) {
    require(i < network_.parameters().size(), "no such parameter");
    return *network_.parameters()[i];
  }
  BatchNormLayer<T>& norm_at(std::size_t operation) {
    require(operation < network_.operations().size(), "no such layer");
    auto* norm = dynamic_cast<BatchNormLayer<T>*>(network_.operations()[operation].layer.get());
    require(norm != nullptr, "not a batch normalisation");
    return *norm;
  }

  Network<T> network_;
  Updater<T> updater_;
  Trainer<T> trainer_;
  Predictor<T> predictor_;
};

template <class T>
void bind_model(nb::module_& module, const char* name) {
  using namespace nb::literals;
  nb::class_<Model<T>>(module, name)
      .def("__init__",
           [](Model<T>* self, std::size_t columns, const std::vector<Stage>& stages, const std::string& loss,
              const nb::dict& options, const std::string& optimizer) {
             new (self) Model<T>(columns, stages, loss_from(loss, options), optimizer);
           })
      .def("set_parameter", &Model<T>::set_parameter)
      .def("get_parameter", &Model<T>::get_parameter)
      .def("slot_count", &Model<T>::slot_count)
      .def("set_statistics", &Model<T>::set_statistics)
      .def("get_statistics", &Model<T>::get_statistics)
      .def("is_finite", &Model<T>::is_finite)
      .def("renew", &Model<T>::renew)
      .def("predict", &Model<T>::predict)
      .def("run", &Model<T>::run, "inputs"_a, "factor"_a, "targets"_a, "weights"_a.none(), "index"_a, "options"_a,
           "hypers"_a, "clip_norm"_a.none(), "clip_value"_a.none(), "seed"_a, "first_step"_a, "threads"_a, "losses"_a,
           "outputs"_a.none());
}

void bind(nb::module_& module);

void bind(nb::module_& module) {
  nb::set_leak_warnings(false);  // at exit: what a module still holds then is no leak
  bind_model<float>(module, "Network32");
  bind_model<double>(module, "Network64");
  bind_population<float>(module, "Population32");
  bind_population<double>(module, "Population64");
  bind_tables(module);
}

}  // namespace CR_ISA
}  // namespace cr
