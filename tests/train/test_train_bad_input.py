"""Every mistake is answered before training, in one line that names things, by an error of ours."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import chainrule as cr
from chainrule import nn, optim
from chainrule.data.dataset import Dataset
from chainrule.errors import (
    ChainruleError,
    ConfigError,
    DataError,
    DTypeError,
    ShapeError,
    UnknownNameError,
)

X = np.random.default_rng(0).standard_normal((20, 4))
Y = np.arange(20) % 3
TEXT = np.array(["a", "b", "c"])[Y]
NUMBERS = X[:, 0]


def net(*sizes: int, end: tuple[nn.Module, ...] = ()) -> nn.Sequential:
    sizes = sizes or (4, 5, 3)
    cr.manual_seed(0)
    layers = [layer for a, b in itertools.pairwise(sizes) for layer in (nn.Linear(a, b), nn.ReLU())][:-1]
    return nn.Sequential(*layers, *end)


def other(values: np.ndarray, **changed: Any) -> np.ndarray:
    """A copy with some values replaced: at3=… at row 3."""
    values = values.copy()
    for key, value in changed.items():
        values[int(key.removeprefix("at"))] = value
    return values


class NoTensor(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.inner = nn.Linear(4, 3)

    def forward(self, x: Any) -> Any:
        return [self.inner(x)]


class Summing(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.inner = nn.Linear(4, 3)

    def forward(self, x: Any) -> Any:
        return self.inner(x).sum(dim=0)


def refuses(kind: type[ChainruleError], message: str, model: Any = None, data: Any = (X, Y), **options: Any) -> None:
    model = net() if model is None else model
    modules = isinstance(model, nn.Module)
    before = [p._data.copy() for p in model.parameters()] if modules else []
    with pytest.raises(kind, match=message) as caught:
        cr.fit(model, data, **{"verbose": 0, **options})
    text = str(caught.value)
    assert "\n" not in text
    assert len(text) < 400
    if modules:
        for p, values in zip(model.parameters(), before, strict=True):
            np.testing.assert_array_equal(p._data, values)
        assert model.objective is None
        assert model.preprocessing is None


BAD: dict[str, tuple[type[ChainruleError], str, dict[str, Any]]] = {
    # Layers
    "layers that do not fit": (
        ShapeError,
        r"layer 2, Linear\(in_features=6.*does not fit layer 0, Linear\(in_features=4, out_features=5.*expected",
        {"model": nn.Sequential(nn.Linear(4, 5), nn.ReLU(), nn.Linear(6, 3))},
    ),
    "inputs that do not fit": (
        ShapeError,
        r"Linear\(in_features=7.*expected shape \(…, 7\), got \(2, 4\).*samples of shape \(4,\)",
        {"model": net(7, 3)},
    ),
    "images without Flatten": (ShapeError, "samples of shape", {"data": (np.zeros((9, 2, 5), np.uint8), Y[:9])}),
    "no parameters": (
        ConfigError,
        "no parameters to train",
        {"model": nn.Sequential(nn.ReLU()), "loss": "cross_entropy"},
    ),
    "all frozen": (ConfigError, "no parameters to train.*unfreeze", {"model": net().requires_grad_(False)}),
    "no model": (DTypeError, "not a model.*got str", {"model": "mlp"}),
    "a class of models": (DTypeError, "not a model.*got the class Linear", {"model": nn.Linear}),
    "no tensor": (ShapeError, "one row per sample.*got list", {"model": NoTensor()}),
    "no rows": (ShapeError, r"one row per sample.*got shape \(3,\)", {"model": Summing()}),
    # Targets
    "too few outputs": (DataError, "class indices from 0 to 1, got 2.*row 2", {"model": net(4, 2)}),
    "too few outputs for labels": (
        ChainruleError,
        "0 to 1|3, one for each class",
        {"model": net(4, 2), "data": (X, TEXT)},
    ),
    "one output for three classes": (
        ShapeError,
        "one output for each class",
        {"model": net(4, 1), "loss": "cross_entropy"},
    ),
    "negative class index": (DataError, "negative class index: -1 in row 3", {"data": (X, other(Y, at3=-1))}),
    "class index out of range": (DataError, "class indices from 0 to 2, got 7.*row 5", {"data": (X, other(Y, at5=7))}),
    "classes that are fractions": (
        DTypeError,
        "class indices are integers",
        {"data": (X, NUMBERS), "loss": "cross_entropy"},
    ),
    "nan label": (DataError, "targets.*row 2", {"data": (X, other(NUMBERS, at2=np.nan)), "model": net(4, 1)}),
    "infinite label": (DataError, "targets.*row 2", {"data": (X, other(NUMBERS, at2=np.inf)), "model": net(4, 1)}),
    "nan label in a data set": (
        DataError,
        "targets do not fit the loss: expected finite numbers, got nan.*row 2",
        {"data": Dataset(X.astype(np.float32), other(NUMBERS, at2=np.nan)), "model": net(4, 1), "loss": "mse"},
    ),
    "missing label": (DataError, "missing label.*row 1", {"data": (X, other(TEXT.astype(object), at1=None))}),
    "no labels": (ChainruleError, "no targets|do not say", {"data": (X, None)}),
    "one class": (DataError, "single class", {"data": (X, np.zeros(20, int))}),
    "one text": (DataError, "single class", {"data": (X, ["a"] * 20)}),
    "one row": (DataError, "1 row is too few", {"data": (X[:1], Y[:1])}),
    "other lengths": (ShapeError, "20 inputs, 9 targets", {"data": (X, Y[:9])}),
    "two numbers for three outputs": (
        ShapeError,
        r"3 number\(s\) per sample.*got shape \(20, 2\)",
        {"data": (X, X[:, :2])},
    ),
    "three classes for one output": (
        ChainruleError,
        "from 0 to 1, got 2",
        {"model": net(4, 1), "loss": "bce_with_logits"},
    ),
    "squared error of three classes": (ShapeError, 'for classes use loss="cross_entropy"', {"loss": "mse"}),
    "two classes for two outputs": (
        ShapeError,
        'Two outputs go with loss="cross_entropy"',
        {"model": net(4, 2), "data": (X, Y % 2), "loss": "bce_with_logits"},
    ),
    "counts below zero": (
        DataError,
        "at least 0, got -1",
        {"model": net(4, 1), "data": (X, other(NUMBERS**2, at4=-1)), "loss": "poisson"},
    ),
    # Inputs
    "nan input": (DataError, "inputs.*row 3", {"data": (other(X, at3=np.nan), Y)}),
    "text inputs": (DTypeError, "'x'|not numbers", {"data": ([["x", "y", "z", "w"]] * 20, Y)}),
    "ragged": (ShapeError, "not rectangular", {"data": ([[1, 2, 3, 4], [1, 2]], [0, 1])}),
    "flat inputs": (ShapeError, r"X.reshape\(-1, 1\)", {"data": (X[:, 0], Y)}),
    "empty": (DataError, "empty", {"data": (X[:0], Y[:0])}),
    "empty data set": (
        DataError,
        "no rows to train on",
        {"data": Dataset(np.zeros((0, 4), np.float32), np.zeros(0, int))},
    ),
    "no data": (ConfigError, "training data in an unknown form.*got NoneType", {"data": None}),
    "a name": (ConfigError, "unknown form.*got str.*cr.data.load", {"data": "iris"}),
    "X alone": (ConfigError, "unknown form.*got ndarray.*Pass \\(X, y\\)", {"data": X}),
    "three things": (ConfigError, "unknown form.*got tuple", {"data": (X, Y, Y)}),
    # Names
    "unknown loss": (
        UnknownNameError,
        "unknown loss 'crossentropy'. Did you mean 'cross_entropy'",
        {"loss": "crossentropy"},
    ),
    "unknown optimizer": (UnknownNameError, "unknown optimizer 'adm'. Did you mean 'adam'", {"optimizer": "adm"}),
    "unknown metric": (UnknownNameError, "unknown metric 'acuracy'. Did you mean 'accuracy'", {"metrics": ["acuracy"]}),
    "unknown engine": (UnknownNameError, "unknown engine 'eagr'. Did you mean 'eager'", {"engine": "eagr"}),
    "unknown schedule": (UnknownNameError, "unknown schedule 'cosin'. Did you mean 'cosine'", {"schedule": "cosin"}),
    "no loss": (DTypeError, "a loss is a name or a Loss", {"loss": 3}),
    "a function as loss": (DTypeError, "a loss is a name or a Loss.*function", {"loss": lambda output, target: 0}),
    "no optimizer": (DTypeError, "not an optimizer", {"optimizer": 3}),
    "no metric": (DTypeError, "not a metric.*got int", {"metrics": [3]}),
    "no metrics": (DTypeError, "not a metric.*got int", {"metrics": 3}),
    "no engine": (DTypeError, "not an engine.*got 3", {"engine": 3}),
    "no schedule": (DTypeError, "not a schedule", {"schedule": 3}),
    # Numbers
    "no epochs": (ConfigError, "bad epochs: expected a whole number from 1, got 0", {"epochs": 0}),
    "half an epoch": (ConfigError, "bad epochs.*got 1.5", {"epochs": 1.5}),
    "epochs as text": (ConfigError, "bad epochs.*got '5'", {"epochs": "5"}),
    "no batch": (ConfigError, "bad batch_size: expected a whole number from 1, got 0", {"batch_size": 0}),
    "negative batch": (ConfigError, "bad batch_size.*got -1", {"batch_size": -1}),
    "true as batch": (ConfigError, "bad batch_size.*got True", {"batch_size": True}),
    "negative rate": (ConfigError, "lr is out of range: expected a number ≥ 0, got -0.1", {"lr": -0.1}),
    "rate as text": (DTypeError, "lr is not a number", {"lr": "fast"}),
    "infinite rate": (ConfigError, "lr must be finite", {"lr": float("inf")}),
    "clip_norm": (ConfigError, "bad clip_norm: expected a number above 0, got -1", {"clip_norm": -1}),
    "clip_value": (ConfigError, "bad clip_value.*got 0", {"clip_value": 0}),
    "clip by nan": (ConfigError, "bad clip_norm.*got nan", {"clip_norm": float("nan")}),
    "seed": (ConfigError, "bad seed.*got -3", {"seed": -3}),
    "seed as text": (ConfigError, "bad seed.*got 'x'", {"seed": "x"}),
    "verbosity": (ConfigError, "bad verbose", {"verbose": "loud"}),
    "validation of all": (ConfigError, "bad validation fraction.*got 1.0", {"validation": 1.0}),
    "negative validation": (ConfigError, "bad validation fraction.*got -0.2", {"validation": -0.2}),
    "true as validation": (ConfigError, "validation data in an unknown form.*bool|unknown form", {"validation": True}),
    "other validation columns": (ShapeError, r"\(N, 4\), got \(20, 2\)", {"validation": (X[:, :2], Y)}),
    "other validation samples": (
        ShapeError,
        r"validation data do not fit.*samples of shape \(4,\), got \(2,\)",
        {"validation": Dataset(np.zeros((5, 2), np.float32), np.zeros(5, int))},
    ),
    "other validation classes": (
        DataError,
        "'d'.*none of the classes",
        {"data": (X, TEXT), "validation": (X[:1], ["d"])},
    ),
    "validation without rows": (
        DataError,
        "no rows to validate on",
        {"validation": Dataset(np.zeros((0, 4), np.float32), np.zeros(0, int))},
    ),
    "validation without targets": (DataError, "no targets", {"validation": (X, None)}),
    # What does not go together
    "softmax and cross_entropy": (
        ConfigError,
        "'cross_entropy' takes logits and the last layer is a Softmax. Drop",
        {"model": net(4, 3, end=(nn.Softmax(1),))},
    ),
    "the same, nested": (
        ConfigError,
        "takes logits and the last layer is a Softmax",
        {"model": nn.Sequential(net(), nn.Sequential(nn.Softmax(1), nn.Identity())), "loss": "cross_entropy"},
    ),
    "log-softmax and cross_entropy": (
        ConfigError,
        "LogSoftmax. Drop.*'nll'",
        {"model": net(4, 3, end=(nn.LogSoftmax(1),)), "loss": "cross_entropy"},
    ),
    "sigmoid and logits": (
        ConfigError,
        "'bce_with_logits' takes logits.*Sigmoid.*'bce'",
        {"model": net(4, 1, end=(nn.Sigmoid(),)), "data": (X, Y % 2), "loss": "bce_with_logits"},
    ),
    "bce on logits": (
        ConfigError,
        "'bce' takes probabilities.*last layer is a Linear.*Sigmoid",
        {"model": net(4, 1), "data": (X, Y % 2), "loss": "bce"},
    ),
    "nll on logits": (ConfigError, "'nll' takes log-probabilities.*LogSoftmax", {"loss": "nll"}),
    "nll on probabilities": (ConfigError, "'nll' takes log", {"model": net(4, 3, end=(nn.Softmax(1),)), "loss": "nll"}),
    "no reduction": (
        ConfigError,
        "a loss to train with is one number",
        {"loss": nn.CrossEntropyLoss(reduction="none")},
    ),
    "class weights": (ShapeError, "3 numbers, got 2", {"loss": nn.CrossEntropyLoss(weight=[1.0, 2.0])}),
    "metric of numbers": (ConfigError, "'mae' is for regression.*'accuracy'", {"metrics": "mae"}),
    "metric of classes": (
        ConfigError,
        "'accuracy' is for classification.*'mae'",
        {"model": net(4, 1), "data": (X, NUMBERS), "metrics": "accuracy"},
    ),
    "probabilities of a margin": (
        ConfigError,
        "'roc_auc' needs probabilities",
        {"model": net(4, 1), "data": (X, Y % 2), "loss": "hinge", "metrics": "roc_auc"},
    ),
    "a metric twice": (ConfigError, "names of their own", {"metrics": ["accuracy", "accuracy"]}),
    "a metric called loss": (
        ConfigError,
        "names of their own",
        {"metrics": [cr.metrics.Metric("loss", lambda o, t: 0.0)]},
    ),
    "lr twice": (ConfigError, "lr is given twice", {"optimizer": optim.SGD(net().parameters(), lr=0.1), "lr": 0.1}),
    "an optimizer of another model": (
        ConfigError,
        "not a parameter of the model",
        {"optimizer": optim.SGD(net().parameters(), lr=0.1)},
    ),
    "a schedule of another optimizer": (
        ConfigError,
        "belongs to another optimizer",
        {"schedule": optim.lr_scheduler.StepLR(optim.SGD(net().parameters()), 1)},
    ),
    "a callback's class": (DTypeError, "got the class EarlyStopping. Make one", {"callbacks": cr.train.EarlyStopping}),
    "classes of callbacks": (DTypeError, "got the class EarlyStopping", {"callbacks": [cr.train.EarlyStopping]}),
    "a function as callback": (DTypeError, "not a callback.*LambdaCallback", {"callbacks": [lambda epoch, logs: None]}),
    "nothing to learn": (ConfigError, "do not say what to learn", {"data": Dataset(X.astype(np.float32), NUMBERS)}),
    "scores of pixels": (
        ShapeError,
        r"outputs are no scores of classes.*\(N, classes\), got \(N, 4, 3\)",
        {"model": nn.Linear(1, 3), "data": (X[:, :, None], Y)},
    ),
}


@pytest.mark.parametrize("name", BAD)
def test_bad_input(name: str) -> None:
    kind, message, options = BAD[name]
    refuses(kind, message, **options)


def test_the_message_of_layers_that_do_not_fit() -> None:
    with pytest.raises(ShapeError) as caught:
        cr.fit(nn.Sequential(nn.Linear(4, 5), nn.ReLU(), nn.Linear(6, 3)), (X, Y))
    assert "layer 2, Linear(in_features=6, out_features=3, bias=True), does not fit layer 0" in str(caught.value)


class Hidden(nn.Module):
    """A user's own module, whose layers do not run in the order in which they are listed."""

    def __init__(self) -> None:
        super().__init__()
        self.first, self.last, self.between = nn.Linear(4, 3), nn.Linear(3, 1), nn.Sigmoid()

    def forward(self, x: Any) -> Any:
        return self.last(self.between(self.first(x)))


def test_a_users_own_module_is_not_judged_by_the_layer_it_lists_last() -> None:
    history = cr.fit(Hidden(), (X, Y % 2), loss="bce_with_logits", verbose=0, epochs=2)
    assert history.epochs == 2
    assert cr.fit(Hidden(), (X, Y % 2), verbose=0).epochs == 1


@pytest.mark.parametrize("call", [cr.evaluate, cr.predict, cr.predict_proba])
def test_other_calls_want_a_model_too(call: Callable[..., Any]) -> None:
    with pytest.raises(DTypeError, match="not a model"):
        call(None, X)
    with pytest.raises(ChainruleError, match="bad batch_size"):
        call(net(), (X, Y) if call is cr.evaluate else X, batch_size=0)


def test_an_engine_that_refuses_says_why() -> None:
    from chainrule.engines.eager import EagerEngine
    from chainrule.errors import EngineError

    class Picky(EagerEngine):
        name = "picky"

        def refusal(self, plan: Any) -> str | None:
            return "layer '1' (ReLU) is not supported"

    refuses(EngineError, r"engine 'picky' cannot run this model: layer '1' \(ReLU\)", engine=Picky())
    refuses(DTypeError, "not an engine", engine=Picky)


def test_engines_are_listed() -> None:
    from chainrule import engines

    assert "eager" in engines.available()
    assert cr.fit(net(), (X, Y), engine="eager", verbose=0).engine == "eager"


def test_absurd_numbers_of_epochs_are_refused() -> None:
    with pytest.raises(ConfigError, match="epochs"):
        cr.fit(nn.Sequential(nn.Linear(1, 1)), ([[0.0], [1.0]], [0.5, 1.5]), epochs=10**20)
