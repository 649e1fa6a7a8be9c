"""What all estimators share: parameters, fitting, the network's outputs."""

from __future__ import annotations

import functools
from dataclasses import replace
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator
from sklearn.utils import check_random_state
from sklearn.utils.validation import _check_sample_weight, check_is_fitted

from chainrule.data.dataset import Dataset
from chainrule.data.preprocessing import Preprocessing
from chainrule.errors import ConfigError, DataError
from chainrule.estimators.answers import Answers
from chainrule.estimators.ensemble import averaged, folds
from chainrule.estimators.features import Features, look_at
from chainrule.estimators.given import Given, given_rows, read_given
from chainrule.estimators.network import build_network
from chainrule.estimators.opening import Opening
from chainrule.estimators.options import check_parameters, settings_of
from chainrule.estimators.presets import Settings, TableFacts
from chainrule.estimators.targets import Labels, Quantities
from chainrule.estimators.training import Run, held_out, make_loss, make_optimizer, train
from chainrule.losses import Loss
from chainrule.optim.optimizer import Optimizer
from chainrule.train.history import History

__all__ = ["BaseMLP"]

_SEEDS = 2**31 - 1


class BaseMLP(Opening, BaseEstimator):  # type: ignore[misc]
    """Fits networks to tables; see `MLPClassifier` and `MLPRegressor`."""

    _answers: Answers
    _targets: Labels | Quantities
    _features: Features
    _loss: Loss
    _optimizer: Optimizer | None
    _class_weight: NDArray[np.float64] | None
    validation_curve_: list[float] | None

    def _store(self, parameters: dict[str, Any]) -> None:
        """Keep the constructor's arguments as they came."""
        for name, value in parameters.items():
            if name not in ("self", "__class__"):
                setattr(self, name, value)

    def _parameters(self) -> dict[str, Any]:
        """All parameters of a training by name."""
        return {name: getattr(self, name) for name in _names(type(self))}  # type: ignore[arg-type]

    # Fitting

    def fit(
        self,
        X: Any,
        y: Any,
        sample_weight: Any = None,
        *,
        X_val: Any = None,
        y_val: Any = None,
        sample_weight_val: Any = None,
    ) -> Self:
        """Train.

        Args:
            X: a frame (pandas, polars, Arrow) with columns of numbers, text, dates or yes and no, missing values
                included; or a matrix of numbers, dense or sparse.
            y: what to predict.
            sample_weight: ``(N,)``, how much each row counts.
            X_val, y_val, sample_weight_val: rows to measure after each epoch; default: some of the training rows, if
                the preset or `early_stopping` says so.

        Returns:
            itself.

        Raises:
            ValueError, TypeError: one line about what cannot be used.
        """
        again = bool(self._parameters()["warm_start"]) and hasattr(self, "_answers")
        return self._fit(X, y, sample_weight, again=again, validation=(X_val, y_val, sample_weight_val))

    def _fit(
        self,
        X: Any,
        y: Any,
        sample_weight: Any,
        *,
        again: bool,
        validation: tuple[Any, Any, Any] = (None, None, None),
        one_epoch: bool = False,
        classes: Any = None,
    ) -> Self:
        parameters = self._parameters()
        check_parameters(parameters)
        given = read_given(self, X, reset=not again)
        y = self._read_y(y)
        if len(y) != given_rows(given):
            raise DataError(
                "Found input variables with inconsistent numbers of samples", got=f"X {given_rows(given)}, y {len(y)}"
            )
        if not again:
            self._begin(given, y, classes, parameters, one_epoch)
        elif not one_epoch:
            self._go_on(y, parameters)
        targets = self._encode(y)
        weights = _row_weights(sample_weight, given_rows(given))
        weights = self._with_class_weights(weights, targets)
        data = self._dataset(given, targets, weights)
        if one_epoch:
            self._train_one_epoch(data)
        else:
            self._train(data, self._validation(validation), again)
        self._answers.renew()
        return self

    def _begin(self, given: Given, y: Any, classes: Any, parameters: dict[str, Any], one_epoch: bool) -> None:
        """Look at the data, settle what the preset leaves open, and make an untrained network."""
        rows = given_rows(given)
        names = self._column_names(given)
        look = look_at(given, names)
        targets = self._look_at_targets(y, classes)
        facts = TableFacts(targets.task, rows, look.numeric, look.categorical, look.features, targets.outputs)
        settings = self._adjusted(settings_of(parameters, facts))
        self._random = check_random_state(parameters["random_state"])
        self._targets = self._finish_targets(targets, y, settings)
        self._features = Features.fit(given, look, settings.scaling)  # type: ignore[arg-type]
        self._facts = replace(facts, features=self._features.inputs.shape[0])
        self.settings_ = settings
        self._class_weight = None
        self._describe_targets(y)
        self.notes_ = (*settings.notes, *look.notes)
        self._answers = Answers(self._untrained())
        self._optimizer = None
        self.n_iter_, self.t_ = 0, 0
        self.loss_curve_: list[float] = []
        self.validation_curve_ = None
        self.n_outputs_ = targets.outputs

    def _go_on(self, y: NDArray[Any], parameters: dict[str, Any]) -> None:
        """Keep the network, and what turns tables into its inputs; all else is as the parameters say now."""
        self._check_same(y)
        before = self.settings_
        settings = self._adjusted(settings_of(parameters, replace(self._facts, rows=len(y))))
        self.settings_ = replace(
            settings, hidden_layer_sizes=before.hidden_layer_sizes, scaling=before.scaling,
            scale_target=before.scale_target,
        )  # fmt: skip
        self._describe_targets(y)

    def _untrained(self) -> Any:
        network = build_network(self._facts, self.settings_, self._dtype(), self._seed())
        network.preprocessing = Preprocessing(self._features.inputs, self._targets.target("y"))
        return network.eval()

    def _column_names(self, given: Given) -> list[str]:
        if isinstance(given, np.ndarray):
            known = getattr(self, "feature_names_in_", None)
            return [f"x{i}" for i in range(given.shape[1])] if known is None else [str(name) for name in known]
        return list(given)

    def _dtype(self) -> np.dtype[Any]:
        wanted = self._parameters()["dtype"]
        if wanted not in ("float32", "float64"):
            raise ConfigError("bad dtype", expected='"float32" or "float64"', got=repr(wanted))
        dtype: np.dtype[Any] = np.dtype(wanted)
        return dtype

    def _seed(self) -> int:
        return int(self._random.randint(_SEEDS))

    def _dataset(self, given: Given, targets: NDArray[Any], weights: NDArray[np.float64] | None) -> Dataset:
        dtype = self._dtype()
        features = self._features.transform(given, dtype)
        if targets.dtype.kind == "f":
            targets = targets.astype(dtype)
        elif self._targets.task == "binary":
            targets = targets.astype(dtype)[:, None]
        if weights is not None and (weights == 0).any():  # such rows must not even fill a batch
            kept = weights > 0
            features, targets, weights = features[kept], targets[kept], weights[kept]
        return Dataset(features, targets, preprocessing=self._answers.network.preprocessing, name="X", weights=weights)

    def _rows(self, X: Any, y: Any) -> Dataset:
        """Rows as the network sees them, with targets as the loss takes them."""
        return self._dataset(read_given(self, X, reset=False), self._encode(self._read_y(y)), None)

    def _validation(self, given: tuple[Any, Any, Any]) -> Dataset | None:
        X, y, sample_weight = given
        if X is None and y is None:
            return None
        if X is None or y is None:
            raise ConfigError("validation data lack X_val or y_val", fix="Pass both")
        table = read_given(self, X, reset=False)
        targets = self._encode(self._read_y(y))
        if len(targets) != given_rows(table):
            raise DataError("X_val and y_val differ in length", got=f"{given_rows(table)} and {len(targets)}")
        return self._dataset(table, targets, _row_weights(sample_weight, given_rows(table)))

    def _train(self, data: Dataset, validation: Dataset | None, again: bool) -> None:
        settings, parameters = self.settings_, self._parameters()
        seed = self._seed()
        if not again and settings.ensemble > 1 and settings.norm is None and not parameters["warm_start"]:
            self._train_several(data, validation, seed)
            return
        if validation is None and settings.validation_fraction:
            data, validation = self._divided(data, seed)
        restarts = 1 if again else int(parameters["n_init"])
        best: tuple[float, Any, History] | None = None
        for start in range(restarts):
            network = self._answers.network if start == 0 else self._untrained()
            history = self._run(network, data, validation, settings.epochs)
            score = self._reached(history, validation is not None)
            if best is None or score < best[0]:
                best = (score, network, history)
        assert best is not None
        self._answers.network = best[1]
        self._optimizer = None
        self._remember(best[2])

    def _train_several(self, data: Dataset, validation: Dataset | None, seed: int) -> None:
        """Train several networks, each without a part of its own of the rows, and take their mean."""
        parts: list[tuple[Dataset, Dataset | None]] = [(data, validation)]
        fraction = self.settings_.validation_fraction
        if validation is None and fraction:
            by_class = self._targets.task in ("binary", "multiclass")
            found = folds(self._one_label_each(data).astype(np.int64) if by_class else None, len(data), fraction, seed)
            parts = [(data.rows(train), data.rows(held)) for train, held in found] or parts
        networks: list[Any] = []
        histories: list[History] = []
        for i in range(self.settings_.ensemble):
            networks.append(self._answers.network if i == 0 else self._untrained())
            histories.append(self._run(networks[-1], *parts[i % len(parts)], self.settings_.epochs))
        self._answers.network = averaged(networks)
        self._optimizer = None
        self._remember(histories[0])

    def _one_label_each(self, data: Dataset) -> NDArray[Any]:
        """One number for each row."""
        assert data.targets is not None
        return np.asarray(data.targets if data.targets.ndim == 1 else data.targets[:, 0])

    def _divided(self, data: Dataset, seed: int) -> tuple[Dataset, Dataset | None]:
        """Training rows and those held out, if there are enough for that."""
        by_class = self._targets.task in ("binary", "multiclass")
        labels = self._one_label_each(data)
        parts = held_out(
            labels.astype(np.int64) if by_class else labels, self.settings_.validation_fraction, seed, by_class
        )
        return (data, None) if parts is None else (data.rows(parts[0]), data.rows(parts[1]))

    def _train_one_epoch(self, data: Dataset) -> None:
        if self._optimizer is None:
            self._optimizer = make_optimizer(
                self.settings_, self._answers.network, self.n_outputs_, self._loss, self.settings_.batch_size
            )
        self._remember(self._run(self._answers.network, data, None, 1))

    def _run(self, network: Any, data: Dataset, validation: Dataset | None, epochs: int) -> History:
        parameters = self._parameters()
        batch_weight = min(self.settings_.batch_size, len(data)) * (
            1.0 if data.weights is None else data.weights.mean()
        )
        optimizer = self._optimizer or make_optimizer(
            self.settings_, network, self.n_outputs_, self._loss, float(batch_weight)
        )
        callbacks = parameters["callbacks"] or ()
        run = Run(
            self._seed(), epochs, tuple(callbacks) if isinstance(callbacks, (list, tuple)) else (callbacks,),
            _listed(parameters["metrics"]), parameters["engine"], _verbosity(parameters["verbose"]),
            bool(parameters["shuffle"]),
        )  # fmt: skip
        settings = self.settings_ if self._optimizer is None else replace(self.settings_, schedule=None, patience=None)
        return train(network, data, validation, self._loss, optimizer, settings, run)

    def _reached(self, history: History, validated: bool) -> float:
        """How good a run became; less is better."""
        curve = history["val_loss" if validated else "loss"]
        return min(curve) if validated and self.settings_.keep_best else curve[-1]

    def _remember(self, history: History) -> None:
        self.history_ = history
        self.n_iter_ += history.epochs
        self.t_ += history.epochs
        self.loss_curve_ = [*self.loss_curve_, *history["loss"]]
        self.loss_ = history["loss"][-1]
        self.best_loss_ = min(self.loss_curve_)
        if "val_loss" in history:
            self.validation_curve_ = [*(self.validation_curve_ or []), *history["val_loss"]]
            self.best_validation_loss_ = min(self.validation_curve_)
        self.engine_ = history.engine
        self.n_layers_ = len(self.settings_.hidden_layer_sizes) + 2

    # What subclasses say about targets

    def _read_y(self, y: Any) -> NDArray[Any]:
        """The targets as an array, checked."""
        raise NotImplementedError

    def _look_at_targets(self, y: Any, classes: Any) -> Labels | Quantities:
        raise NotImplementedError

    def _finish_targets(self, targets: Labels | Quantities, y: Any, settings: Settings) -> Labels | Quantities:
        return targets

    def _describe_targets(self, y: Any) -> None:
        self._loss = make_loss(self.settings_, self._targets.task)

    def _encode(self, y: Any) -> NDArray[Any]:
        """Targets as the loss takes them."""
        return self._targets.encode(y)

    def _check_same(self, y: Any) -> None:
        """Before going on with a network: whether the new targets are of the old kind."""

    def _with_class_weights(
        self, weights: NDArray[np.float64] | None, targets: NDArray[Any]
    ) -> NDArray[np.float64] | None:
        return weights

    def _adjusted(self, settings: Settings) -> Settings:
        """What this kind of estimator changes of the settings."""
        return settings

    # Using

    def _outputs(self, X: Any) -> NDArray[Any]:
        """Raw outputs of the network, ``(N, outputs)``."""
        check_is_fitted(self, "_answers")
        given = read_given(self, X, reset=False)
        return self._answers.outputs(self._features.transform(given, self._dtype()))

    def __sklearn_is_fitted__(self) -> bool:
        return hasattr(self, "_answers")

    @property
    def coefs_(self) -> list[NDArray[Any]]:
        """Weight matrices ``(inputs, outputs)`` of the layers, as scikit-learn has them."""
        return [layer.weight._data.T for layer in self._linear_layers()]

    @property
    def intercepts_(self) -> list[NDArray[Any]]:
        """Biases of the layers."""
        return [layer.bias._data for layer in self._linear_layers() if layer.bias is not None]

    def _linear_layers(self) -> list[Any]:
        check_is_fitted(self, "_answers")
        return [one for one in self._answers.network.modules() if hasattr(one, "out_features")]

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        tags.input_tags.allow_nan = True
        tags.input_tags.categorical = True
        return tags


@functools.cache
def _names(kind: type[BaseEstimator]) -> tuple[str, ...]:
    """Names of the constructor's arguments; scikit-learn looks them up anew each time, which takes a while."""
    return tuple(kind._get_param_names())


def _row_weights(given: Any, rows: int) -> NDArray[np.float64] | None:
    if given is None:
        return None
    if np.asarray(given).dtype.kind in "US":
        raise DataError("sample_weight is no column of numbers", got=str(given)[:60])
    weights = _check_sample_weight(given, np.empty((rows, 1)), dtype=np.float64, ensure_non_negative=True)
    return None if (weights == weights[0]).all() else np.asarray(weights, np.float64)


def _listed(value: Any) -> tuple[Any, ...]:
    if value is None:
        return ()
    return tuple(value) if isinstance(value, (list, tuple)) else (value,)


def _verbosity(value: Any) -> Any:
    return int(value) if isinstance(value, (bool, np.bool_)) else value
