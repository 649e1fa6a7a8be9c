"""scikit-learn's multilayer perceptrons and perceptrons, from objects or from what a pickle says of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from chainrule import losses
from chainrule.data.cells import as_cells, as_texts
from chainrule.data.inputs import ArrayInputs
from chainrule.data.preprocessing import Preprocessing
from chainrule.data.target import Target, Task
from chainrule.errors import DTypeError, FormatError
from chainrule.interchange.layers import activation_layer, linear
from chainrule.interchange.pickled_arrays import brief
from chainrule.interchange.pickles import Record
from chainrule.losses import Loss
from chainrule.nn.module import Module
from chainrule.nn.sequential import Sequential

__all__ = ["RECORDS", "from_record", "from_sklearn", "is_sklearn"]

_ESTIMATORS = ("MLPClassifier", "MLPRegressor", "Perceptron")

RECORDS = frozenset(
    """sklearn.neural_network._multilayer_perceptron.MLPClassifier
    sklearn.neural_network._multilayer_perceptron.MLPRegressor
    sklearn.neural_network.multilayer_perceptron.MLPClassifier
    sklearn.neural_network.multilayer_perceptron.MLPRegressor
    sklearn.neural_network._stochastic_optimizers.AdamOptimizer
    sklearn.neural_network._stochastic_optimizers.SGDOptimizer
    sklearn.linear_model._perceptron.Perceptron
    sklearn.linear_model.perceptron.Perceptron
    sklearn.linear_model._sgd_fast.Hinge
    sklearn.linear_model.sgd_fast.Hinge
    sklearn.preprocessing._label.LabelBinarizer
    sklearn.preprocessing.label.LabelBinarizer
    numpy.random._pickle.__randomstate_ctor
    numpy.random._pickle.__bit_generator_ctor
    numpy.random._mt19937.MT19937
    numpy.random.bit_generator.__pyx_unpickle_SeedSequence
    numpy.random.bit_generator.SeedSequence""".split()
)
"""What pickles of the three estimators name; of each only its attributes are kept."""


def is_sklearn(value: object) -> bool:
    """Whether `value` is one of the estimators, or what a pickle says of one."""
    if isinstance(value, Record):
        return value.name.rpartition(".")[2] in _ESTIMATORS
    return any(_estimator(kind) for kind in type(value).__mro__)


def from_sklearn(estimator: Any) -> Module:
    """Make a network of a fitted ``MLPClassifier``, ``MLPRegressor`` or ``Perceptron``.

    Args:
        estimator: the fitted object, of scikit-learn or of a class derived from one of the three.

    Returns:
        a `Sequential` in evaluation mode and in the dtype of the estimator's weights.  Its output are logits
        (``decision_function`` for a `Perceptron`); `predict` and `predict_proba` give what the estimator's do, labels
        as text.  The scores of a `Perceptron` of several classes become a softmax, which scikit-learn does not offer.

    Raises:
        DTypeError: for anything else.
        FormatError: if it is not fitted, or its weights do not fit each other.
    """
    name = next((kind.__name__ for kind in type(estimator).__mro__ if _estimator(kind)), None)
    if name is None:
        raise DTypeError(
            "not an estimator that can become a network",
            expected="a fitted " + ", ".join(_ESTIMATORS),
            got=type(estimator).__name__,
        )
    return _network(name, vars(estimator))


def from_record(record: Record) -> Module:
    """Make a network of what a pickle says of an estimator; see `from_sklearn`.

    Raises:
        FormatError: if it was not fitted, is of another class, or its parts do not fit each other.
    """
    if not is_sklearn(record):
        raise FormatError("the pickle holds no network", got=record.name, expected=", ".join(_ESTIMATORS))
    return _network(record.name.rpartition(".")[2], record.state)


def _estimator(kind: type) -> bool:
    return kind.__name__ in _ESTIMATORS and kind.__module__.partition(".")[0] == "sklearn"


def _network(name: str, state: Mapping[str, Any]) -> Module:
    fitted = "coef_" if name == "Perceptron" else "coefs_"
    if fitted not in state:
        raise FormatError(f"the {name} is not fitted", fix="Call fit and save it again")
    model = _perceptron(state) if name == "Perceptron" else _multilayer(state)
    inputs = model[0].in_features
    outputs = _last_size(model)
    target, model.objective = _regression(state) if name == "MLPRegressor" else _classes(name, state, outputs)
    names = state.get("feature_names_in_")
    shown = None if names is None else tuple(str(one) for one in np.asarray(names).tolist())
    if shown is not None and len(shown) != inputs:
        raise FormatError("the estimator's feature names do not fit its weights", expected=inputs, got=len(shown))
    model.preprocessing = Preprocessing(ArrayInputs((inputs,), "float64", 1.0, shown), target)
    return model.eval()


def _multilayer(state: Mapping[str, Any]) -> Sequential:
    weights, biases = state["coefs_"], state.get("intercepts_")
    if not isinstance(weights, list) or not isinstance(biases, list) or len(weights) != len(biases) or not weights:
        raise FormatError("the estimator has not one bias for each weight")
    activation = state.get("activation")
    if activation not in ("identity", "logistic", "tanh", "relu"):
        raise FormatError("the estimator has an unknown activation", got=brief(activation))
    layers: list[Module] = []
    for place, (weight, bias) in enumerate(zip(weights, biases, strict=True)):
        previous = layers[-1] if layers else None
        if previous is not None and activation != "identity":
            layers.append(activation_layer("sigmoid" if activation == "logistic" else activation))
        layers.append(linear(_transposed(weight), bias, f"layer {place + 1}", previous))
    return Sequential(*layers)


def _perceptron(state: Mapping[str, Any]) -> Sequential:
    return Sequential(linear(state["coef_"], state.get("intercept_"), "the perceptron"))


def _transposed(weight: Any) -> Any:
    return weight.T if isinstance(weight, np.ndarray) else weight


def _last_size(model: Sequential) -> int:
    return int(model[len(model) - 1].out_features)


def _regression(state: Mapping[str, Any]) -> tuple[Target, Loss]:
    kind = state.get("out_activation_", "identity")
    if kind not in ("identity", "exp"):
        raise FormatError("the regressor has an unknown output activation", got=brief(kind))
    return Target(task="regression"), losses.get("poisson" if kind == "exp" else "mse")


def _classes(name: str, state: Mapping[str, Any], outputs: int) -> tuple[Target, Loss]:
    classes = state.get("classes_")
    if not isinstance(classes, np.ndarray) or classes.ndim != 1:
        raise FormatError("the classifier lacks its classes", fix="Call fit and save it again")
    if name == "MLPClassifier" and outputs > 1 and state.get("out_activation_") == "logistic":
        return Target(), losses.get("bce_with_logits")  # several labels at once
    wanted = 1 if len(classes) == 2 else len(classes)
    if outputs != wanted:
        raise FormatError("the classifier's outputs do not fit its classes", expected=wanted, got=outputs)
    labels = tuple(str(text) for text in as_texts(as_cells(classes, "classes")).tolist())
    task: Task = "binary" if outputs == 1 else "multiclass"
    if outputs > 1:
        loss = losses.get("cross_entropy")
    else:
        loss = losses.get("perceptron" if name == "Perceptron" else "bce_with_logits")
    return Target(None, task, labels), loss
