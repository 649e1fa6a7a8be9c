// A network as a list of operations with their matrices, and the phases in which threads work through it.
//
// Threads share the work of one step.  In a phase that is cut along columns each thread computes some panels, which
// keeps the weights that it reads and changes in its own cache; where a layer is too narrow for that, or needs whole
// rows, the phase is cut along rows.  Between phases threads meet.  No sum is ever cut, so results do not depend on the
// number of threads.
#pragma once

#include <memory>
#include <stdexcept>
#include <vector>

#include "linear.hpp"
#include "norm.hpp"

namespace cr {
inline namespace CR_ISA {

template <class T>
struct Operation {
  std::unique_ptr<Linear<T>> linear;  // either this
  std::unique_ptr<Layer<T>> layer;    // or this
  std::size_t columns = 0;
  Matrix<T>*input = nullptr, *output = nullptr, *gradient = nullptr;  // the gradient is the output's
  Matrix<T> own_output, own_gradient;

  std::vector<Parameter<T>*> parameters() const {
    std::vector<Parameter<T>*> found;
    for (Parameter<T>* one : linear ? std::vector<Parameter<T>*>{&linear->weight, linear->bias.get()}
                                    : layer->parameters())
      if (one) found.push_back(one);
    return found;
  }
};

// A run of operations that threads work through without meeting.
struct Phase {
  enum Kind {
    forward,           // operations first … last
    layers_backward,   // layers first … last, in this order downwards
    columns_backward,  // gradients of the parameters of layer `first`
    input_backward,    // of Linear `first` to its input and weights, and on through layers below it to `last`
    weight_backward,   // of Linear `first` to its weights alone
  };
  Kind kind;
  Cut cut;
  std::size_t first, last;
  bool meet;  // afterwards
};

template <class T>
class Network {
 public:
  using Operations = std::vector<Operation<T>>;

  Network(std::size_t input_columns, Operations operations)
      : input_columns_(input_columns), operations_(std::move(operations)) {
    if (operations_.empty()) throw std::invalid_argument("a network needs an operation");
    for (Operation<T>& operation : operations_)
      for (Parameter<T>* parameter : operation.parameters()) parameters_.push_back(parameter);
  }

  std::size_t input_columns() const { return input_columns_; }
  std::size_t output_columns() const { return operations_.back().columns; }
  const std::vector<Parameter<T>*>& parameters() const { return parameters_; }
  Operations& operations() { return operations_; }

  // Makes room for batches of so many rows (`exactly`: no more than that), and plans the phases for so many threads.
  void prepare(std::size_t rows, std::size_t threads, bool exactly = false) {
    if (rows > rows_ || (exactly && rows != rows_) || threads != threads_) {
      rows_ = exactly ? rows : std::max(rows, rows_);
      threads_ = threads;
      lay_out();
      plan_forward();
      plan_backward();
    }
  }

  const std::vector<Phase>& forward_phases() const { return forward_; }
  const std::vector<Phase>& backward_phases() const { return backward_; }
  // Layers after the last Linear whose way back is part of the phase that computes the loss: from `loss_from` on.
  std::size_t loss_from() const { return loss_from_; }
  bool begins_with_linear() const { return operations_.front().linear != nullptr; }
  Matrix<T>& input() { return input_; }
  Matrix<T>& output() { return *operations_.back().output; }
  Matrix<T>& output_gradient() { return *operations_.back().gradient; }
  std::size_t scratch() const { return scratch_; }

  void forward(const Phase& phase, const Pass<T>& pass, const Matrix<T>& x, std::size_t thread) {
    const Range rows{0, pass.rows};
    if (phase.cut == Cut::rows) {
      const Range own = Range::of(pass.rows, thread, threads_);
      if (own.empty()) return;
      for (std::size_t i = phase.first; i <= phase.last; ++i)
        forward_one(i, pass, x, {{0, operations_[i].output->panels()}, own});
      return;
    }
    const Range own = Range::of(panels_of(operations_[phase.first].columns), thread, threads_);
    for (std::size_t p = own.begin; p < own.end; ++p)
      for (std::size_t i = phase.first; i <= phase.last; ++i) forward_one(i, pass, x, {{p, p + 1}, rows});
  }

  void backward(const Phase& phase, const Pass<T>& pass, const Matrix<T>& x, std::size_t thread, T* turned) {
    Operation<T>& first = operations_[phase.first];
    switch (phase.kind) {
      case Phase::input_backward: return input_backward(phase, pass, x, thread, turned);
      case Phase::weight_backward: {
        const Matrix<T>& in = input_of(phase.first, x);
        const Range own = Range::of(panels_of(first.columns), thread, threads_);
        for (std::size_t p = own.begin; p < own.end; ++p) {
          for (std::size_t q = 0; q < in.panels(); ++q) first.linear->update_weight(pass, samples_of(phase.first, pass), in, *first.gradient, p, q);
          first.linear->update_bias(pass, *first.gradient, p);
        }
        return;
      }
      default: break;
    }
    const Part part = phase.cut == Cut::rows
                          ? Part{{0, panels_of(first.columns)}, Range::of(pass.rows, thread, threads_)}
                          : Part{Range::of(panels_of(first.columns), thread, threads_), {0, pass.rows}};
    if (part.panels.empty() || part.rows.empty()) return;
    if (phase.kind == Phase::columns_backward)
      first.layer->column_gradients(pass, input_of(phase.first, x), *first.output, *first.gradient, part);
    else
      layers_backward(phase.first, phase.last, pass, x, part);
  }

  // The layers from `from` down to `to`, on part of their gradient.
  void layers_backward(std::size_t from, std::size_t to, const Pass<T>& pass, const Matrix<T>& x, Part part) {
    for (std::size_t i = from + 1; i-- > to;) {
      Operation<T>& one = operations_[i];
      one.layer->backward(pass, input_of(i, x), *one.output, *one.gradient, part);
    }
  }

 private:
  const Matrix<T>& input_of(std::size_t i, const Matrix<T>& x) const { return i == 0 ? x : *operations_[i].input; }
  static const Samples& samples_of(std::size_t i, const Pass<T>& pass) { return i == 0 ? *pass.of_batch : *pass.all; }

  void forward_one(std::size_t i, const Pass<T>& pass, const Matrix<T>& x, Part part) {
    Operation<T>& one = operations_[i];
    if (one.linear)
      one.linear->forward(input_of(i, x), *one.output, part);
    else
      one.layer->forward(pass, input_of(i, x), *one.output, part);
  }

  // Panel by panel of the input: its gradient, the weights that belong to it, and the layers below.  The weights of a
  // panel are read for the last time right before they change, and no other thread reads them in this phase.
  void input_backward(const Phase& phase, const Pass<T>& pass, const Matrix<T>& x, std::size_t thread, T* turned) {
    Operation<T>& one = operations_[phase.first];
    Matrix<T>& below = *operations_[phase.first - 1].gradient;
    const Matrix<T>& in = input_of(phase.first, x);
    const Range own = Range::of(below.panels(), thread, threads_);
    for (std::size_t q = own.begin; q < own.end; ++q) {
      one.linear->input_gradient(pass.rows, *one.gradient, below, q, turned);
      for (std::size_t p = 0; p < one.gradient->panels(); ++p)
        one.linear->update_weight(pass, samples_of(phase.first, pass), in, *one.gradient, p, q);
      if (phase.last < phase.first)
        layers_backward(phase.first - 1, phase.last, pass, x, {{q, q + 1}, {0, pass.rows}});
    }
    const Range outputs = Range::of(one.gradient->panels(), thread, threads_);
    for (std::size_t p = outputs.begin; p < outputs.end; ++p) one.linear->update_bias(pass, *one.gradient, p);
  }

  void lay_out() {
    input_ = Matrix<T>(rows_, input_columns_);
    Matrix<T>*before = &input_, *gradient = nullptr;
    scratch_ = 0;
    bool before_needed = true;  // the input is, by the first Linear's weights
    for (Operation<T>& one : operations_) {
      const bool in_place = one.layer && !one.layer->needs_input() && !before_needed;
      before_needed = one.layer && one.layer->needs_output();
      one.input = before;
      if (!in_place) one.own_output = Matrix<T>(rows_, one.columns);
      one.output = in_place ? before : &one.own_output;
      if (one.linear || !gradient) {
        one.own_gradient = Matrix<T>(rows_, one.columns);
        gradient = &one.own_gradient;
      }
      one.gradient = gradient;
      if (one.linear) scratch_ = std::max(scratch_, panels_of(one.columns) * kPanel * kPanel);
      if (one.layer) one.layer->reserve(rows_);
      before = one.output;
    }
  }

  Cut cut_of(std::size_t i) const { return operations_[i].linear ? Cut::any : operations_[i].layer->cut(); }

  // A Linear is cut along columns if there are panels for all threads, or if a layer that needs columns follows.
  Cut forward_cut(std::size_t i) const {
    for (std::size_t j = i; j < operations_.size() && (j == i || !operations_[j].linear); ++j)
      if (cut_of(j) != Cut::any) {
        if (cut_of(j) == Cut::columns) return Cut::columns;
        break;
      }
    if (!operations_[i].linear) return cut_of(i) == Cut::any ? Cut::columns : cut_of(i);
    const std::size_t panels = panels_of(operations_[i].columns);
    return panels % threads_ == 0 || panels >= 4 * threads_ ? Cut::columns : Cut::rows;
  }

  void plan_forward() {
    forward_.clear();
    for (std::size_t i = 0; i < operations_.size();) {
      const Cut cut = forward_cut(i);
      std::size_t last = i;
      while (last + 1 < operations_.size()) {
        const std::size_t next = last + 1;
        if (operations_[next].linear ? cut != Cut::rows || forward_cut(next) != Cut::rows
                                     : cut_of(next) != Cut::any && cut_of(next) != cut)
          break;
        last = next;
      }
      forward_.push_back({Phase::forward, cut, i, last, true});
      i = last + 1;
    }
    // The loss works on rows: if the last phase does, too, each thread goes on with its own.
    if (forward_.back().cut == Cut::rows) forward_.back().meet = false;
  }

  bool learns_before(std::size_t i) const {
    for (std::size_t j = 0; j < i; ++j)
      if (operations_[j].linear || operations_[j].layer->learns()) return true;
    return false;
  }

  bool joins(std::size_t i, Cut cut) const {  // whether layer i may share a phase of the way back that is cut so
    const Operation<T>& one = operations_[i];
    return one.layer && !one.layer->has_column_gradients() && (cut_of(i) == Cut::any || cut_of(i) == cut);
  }

  void plan_backward() {
    backward_.clear();
    std::size_t i = operations_.size();  // what is above i is done
    while (i > 0 && joins(i - 1, Cut::rows)) --i;
    loss_from_ = i;
    while (i > 0 && learns_before(i)) {
      const std::size_t at = i - 1;
      if (operations_[at].linear && !learns_before(at)) {
        // It reads panels of the gradient that the same thread has just computed, if the phase before was cut so.
        if (!backward_.empty() && backward_.back().cut == Cut::columns) backward_.back().meet = false;
        backward_.push_back({Phase::weight_backward, Cut::columns, at, at, true});
        return;
      }
      if (!operations_[at].linear && operations_[at].layer->has_column_gradients()) {
        backward_.push_back({Phase::columns_backward, Cut::columns, at, at, true});
        backward_.push_back({Phase::layers_backward, cut_of(at), at, at, true});
        i = at;
        continue;
      }
      const bool linear = operations_[at].linear != nullptr;
      const Cut cut = linear || cut_of(at) == Cut::any ? Cut::columns : cut_of(at);
      std::size_t last = at;
      while (last > 0 && joins(last - 1, cut)) --last;
      backward_.push_back({linear ? Phase::input_backward : Phase::layers_backward, cut, at, last, true});
      i = last;
    }
  }

  std::size_t input_columns_;
  Operations operations_;
  std::vector<Parameter<T>*> parameters_;
  std::size_t rows_ = 0, threads_ = 0, scratch_ = 0, loss_from_ = 0;
  Matrix<T> input_;
  std::vector<Phase> forward_, backward_;
};

}  // namespace CR_ISA
}  // namespace cr
