"""Whole trainings on the native engine are the eager engine's: every layer, loss, optimiser and option, odd sizes.

The combinations are a covering design: each value of each factor comes up several times, beside ever other values of
the other factors, and the same combinations in every run.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest

import chainrule as cr
from chainrule import nn
from chainrule.data.dataset import Dataset
from chainrule.errors import TrainingError
from helpers.parity import Trained, assert_alike, assert_parity, assert_same_bits, needs_native, rebuilt, trained

pytestmark = needs_native

COMBINATIONS = 160
SIZES = (1, 2, 3, 7, 31, 33, 100)
Named = tuple[str, dict[str, Any]]

ACTIVATIONS: tuple[Named, ...] = (
    ("ReLU", {}), ("ReLU6", {}), ("LeakyReLU", {}), ("LeakyReLU", {"negative_slope": 0.3}), ("ELU", {}),
    ("ELU", {"alpha": 0.4}), ("SELU", {}), ("GELU", {}), ("GELU", {"approximate": "tanh"}), ("SiLU", {}),
    ("Softplus", {}), ("Softplus", {"beta": 3.0, "threshold": 2.0}), ("Mish", {}), ("Hardtanh", {}),
    ("Hardtanh", {"min_val": -0.3, "max_val": 0.2}), ("Sigmoid", {}), ("Tanh", {}), ("Identity", {}),
    ("Softmax", {"dim": 1}), ("LogSoftmax", {"dim": -1}), ("Step", {}),
    ("SmoothClip", {}), ("SmoothClip", {"limit": 0.4}),
)  # fmt: skip
NORMS: tuple[Named | None, ...] = (
    None, None, None,
    ("BatchNorm1d", {}), ("BatchNorm1d", {"momentum": None}), ("BatchNorm1d", {"affine": False}),
    ("BatchNorm1d", {"track_running_stats": False, "eps": 1e-3}), ("BatchNorm1d", {"bias": False, "momentum": 0.4}),
    ("Scale", {}),
    ("LayerNorm", {}), ("LayerNorm", {"elementwise_affine": False}), ("LayerNorm", {"bias": False, "eps": 1e-2}),
)  # fmt: skip
DROPOUTS = (None, None, 0.0, 0.2, 0.5, 0.9, 1.0)
OPTIMIZERS: tuple[Named, ...] = (
    ("SGD", {}), ("SGD", {"momentum": 0.9}), ("SGD", {"momentum": 0.9, "nesterov": True, "weight_decay": 0.01}),
    ("SGD", {"momentum": 0.5, "dampening": 0.3}), ("SGD", {"weight_decay": 0.1, "maximize": True}),
    ("Adam", {}), ("Adam", {"betas": (0.8, 0.95), "weight_decay": 0.02}), ("Adam", {"amsgrad": True}),
    ("Adam", {"maximize": True}), ("AdamW", {}), ("AdamW", {"weight_decay": 0.3, "amsgrad": True}),
    ("RMSprop", {}), ("RMSprop", {"alpha": 0.8, "momentum": 0.5}), ("RMSprop", {"centered": True, "eps": 1e-2}),
    ("RMSprop", {"centered": True, "eps": 1e-2, "momentum": 0.7, "weight_decay": 0.01}),
    ("Adagrad", {}), ("Adagrad", {"lr_decay": 0.1, "initial_accumulator_value": 0.2, "weight_decay": 0.01}),
    ("Adadelta", {}), ("Adadelta", {"rho": 0.7, "weight_decay": 0.01, "maximize": True}),
)  # fmt: skip
LOSSES: tuple[Named, ...] = (
    ("cross_entropy", {}), ("cross_entropy", {"weight": "classes"}), ("cross_entropy", {"label_smoothing": 0.1}),
    ("cross_entropy", {"weight": "classes", "label_smoothing": 0.3}), ("cross_entropy", {"ignore_index": 0}),
    ("cross_entropy", {"ignore_index": -100, "weight": "classes"}), ("cross_entropy", {"target": "probabilities"}),
    ("cross_entropy", {"target": "probabilities", "weight": "classes", "label_smoothing": 0.2}),
    ("nll", {}), ("nll", {"weight": "classes"}), ("nll", {"ignore_index": -1}),
    ("bce", {}), ("bce", {"weight": "one"}), ("bce", {"weight": "classes"}),
    ("bce_with_logits", {}), ("bce_with_logits", {"label_smoothing": 0.1}),
    ("bce_with_logits", {"label_smoothing": 0.3, "pos_weight": "classes"}),
    ("bce_with_logits", {"pos_weight": "classes"}),
    ("bce_with_logits", {"target": "probabilities", "pos_weight": "one", "weight": "classes"}),
    ("hinge", {}), ("hinge", {"margin": 0.3, "target": "signs"}), ("perceptron", {}),
    ("mse", {}), ("l1", {}), ("smooth_l1", {}), ("smooth_l1", {"beta": 0.2}), ("smooth_l1", {"beta": 0.0}),
    ("huber", {}), ("huber", {"delta": 0.2}),
    ("poisson", {}), ("poisson", {"full": True}), ("poisson", {"log_input": False, "eps": 1e-3, "full": True}),
)  # fmt: skip
ENDS = {"nll": ("LogSoftmax", {"dim": 1}), "bce": ("Sigmoid", {})}
CLASS_LOSSES = ("cross_entropy", "nll")


@dataclasses.dataclass(frozen=True)
class Case:
    """One training; `widths` are those of the input, the hidden layers and the output."""

    widths: tuple[int, ...]
    activations: tuple[Named, ...]
    norms: tuple[Named | None, ...]
    dropout: float | None
    bias: bool
    first: str
    loss: Named
    reduction: str
    optimizer: Named
    clips: dict[str, float]
    dtype: str
    inputs: str
    batch_size: int
    rest: int
    seed: int

    def __str__(self) -> str:
        return f"{self.seed}-{self.loss[0]}-{self.optimizer[0]}-{self.dtype}-{'x'.join(map(str, self.widths))}"

    @property
    def rows(self) -> int:
        return 2 * self.batch_size + min(self.rest, self.batch_size - 1)


def covering(values: Sequence[Any], rng: np.random.Generator, count: int = COMBINATIONS) -> list[Any]:
    """Each value equally often, in random order."""
    order = np.concatenate([rng.permutation(len(values)) for _ in range(-(-count // len(values)))])
    return [values[i] for i in order[:count]]


def cases() -> list[Case]:
    rng = np.random.default_rng(20)
    factors = {
        "widths": list(zip(*(covering(SIZES, rng) for _ in range(4)), strict=True)),
        "activations": list(zip(*(covering(ACTIVATIONS, rng) for _ in range(3)), strict=True)),
        "norms": list(zip(*(covering(NORMS, rng) for _ in range(3)), strict=True)),
        "dropout": covering(DROPOUTS, rng),
        "bias": covering((True, True, True, False), rng),
        "first": covering((*("linear",) * 4, "norm", "rows", "activation", "dropout", "scale"), rng),
        "loss": covering(LOSSES, rng),
        "reduction": covering(("mean", "mean", "sum"), rng),
        "optimizer": covering(OPTIMIZERS, rng),
        # A bound that nothing reaches keeps the smallest networks off the path of their own.
        "clips": covering(({}, {}, {"clip_norm": 0.05}, {"clip_value": 0.01}, {"clip_value": 1e9},
                           {"clip_norm": 0.2, "clip_value": 0.03}), rng),
        "dtype": covering(("float64", "float64", "float32"), rng),
        "inputs": covering(("same", "same", "same", "bytes", "other"), rng),
        "batch_size": covering(SIZES, rng),
        "rest": covering((0, 1, 2, 3, 5, 30), rng),
        "seed": covering(range(COMBINATIONS), rng),
        "depth": covering((1, 2, 2, 3), rng),
        "outputs": covering((1, 2, 3, 7, 33), rng),
    }  # fmt: skip
    found = []
    for i in range(COMBINATIONS):
        chosen = {name: values[i] for name, values in factors.items()}
        depth, outputs = chosen.pop("depth"), chosen.pop("outputs")
        if chosen["loss"][0] in CLASS_LOSSES:
            outputs = max(outputs, 2)
        inside = [norm[0] for norm in chosen["norms"][: depth - 1] if norm is not None]
        if (chosen["first"] == "norm" or "BatchNorm1d" in inside) and chosen["batch_size"] == 1:
            chosen["batch_size"] = 2
        if chosen["inputs"] == "bytes":
            chosen["first"] = "linear"  # other layers would get float32 of them whatever the model's dtype
        chosen.update(
            widths=(*chosen["widths"][:depth], outputs),
            activations=chosen["activations"][: depth - 1],
            norms=chosen["norms"][: depth - 1],
        )
        found.append(Case(**chosen))
    return sorted(found, key=lambda case: case.seed)


CASES = cases()


def make(named: Named) -> nn.Module:
    module: nn.Module = getattr(nn, named[0])(**named[1])
    return module


def build(case: Case) -> nn.Sequential:
    n = case.widths
    layers: list[nn.Module] = [nn.Flatten()] if case.inputs == "bytes" else []
    if case.first == "norm":
        layers.append(nn.BatchNorm1d(n[0], affine=False))
    elif case.first == "rows":
        layers.append(nn.LayerNorm(n[0], elementwise_affine=False))
    elif case.first == "scale":
        layers += [nn.SmoothClip(), nn.Scale(n[0])]
    elif case.first == "activation":
        layers.append(nn.Tanh())
    elif case.first == "dropout":
        layers.append(nn.Dropout(0.1))
    for i, activation in enumerate(case.activations):
        norm = case.norms[i]
        # A bias before batch normalisation has the gradient 0, of which optimisers would make noise.
        bias = case.bias and not (norm and norm[0] == "BatchNorm1d")
        layers.append(nn.Linear(n[i], n[i + 1], bias=bias))
        if norm is not None:
            layers.append(getattr(nn, norm[0])(n[i + 1], **norm[1]))
        layers.append(make(activation))
        if case.dropout is not None:
            layers.append(nn.Dropout(case.dropout))
    layers.append(nn.Linear(n[-2], n[-1]))
    name, options = case.loss
    if name == "poisson" and not options.get("log_input", True):
        layers.append(nn.Softplus())
    elif name in ENDS:
        layers.append(make(ENDS[name]))
    half = len(layers) // 2
    return nn.Sequential(nn.Sequential(*layers[:half]), *layers[half:])


def data(case: Case) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(case.seed)
    rows, features, outputs = case.rows, case.widths[0], case.widths[-1]
    X: np.ndarray = rng.standard_normal((rows, features))
    if case.inputs == "bytes":
        X = rng.integers(0, 256, (rows, 1, features), dtype=np.uint8)
    elif case.inputs == "other":
        X = X.astype("float32" if case.dtype == "float64" else "float64")
    else:
        X = X.astype(case.dtype)
    name, options = case.loss
    soft = rng.uniform(0, 1, (rows, outputs))
    if name in CLASS_LOSSES:
        if options.get("target") == "probabilities":
            return X, (soft / soft.sum(axis=1, keepdims=True)).astype(case.dtype)
        y = rng.integers(0, outputs, rows)
        y[:outputs] = np.arange(outputs)[: len(y)]
        if "ignore_index" in options:
            y[rng.random(rows) < 0.3] = options["ignore_index"]
            y[0] = 1
        return X, y
    if name in ("bce", "bce_with_logits"):
        return X, (soft if options.get("target") == "probabilities" else soft > 0.5).astype(case.dtype)
    if name in ("hinge", "perceptron"):
        zero = -1.0 if options.get("target") == "signs" else 0.0
        return X, np.where(soft > 0.5, 1.0, zero).astype(case.dtype)
    if name == "poisson":
        return X, rng.poisson(3.0, (rows, outputs)).astype(case.dtype)
    return X, rng.standard_normal((rows, outputs)).astype(case.dtype)


def loss_of(case: Case) -> Any:
    name, options = case.loss
    outputs = case.widths[-1]
    values = {"one": [0.7], "classes": np.linspace(0.2, 2.0, outputs).tolist()}
    chosen = {key: values.get(value, value) if isinstance(value, str) else value for key, value in options.items()}
    chosen.pop("target", None)
    return cr.losses.get(name, reduction=case.reduction, **chosen)


def optimizer_of(case: Case, model: nn.Module) -> Any:
    name, options = case.optimizer
    lr = 1.0 if name == "Adadelta" else 0.01
    if case.reduction == "sum" and name == "SGD":
        lr /= case.batch_size
    if name != "SGD":
        # Where a gradient is 0 but for rounding, as behind a normalisation, the usual ε lets them make noise of it.
        options = {"eps": 1e-3, **options}
    return getattr(cr.optim, name)(model.parameters(), lr=lr, **options)


def train(case: Case, engine: str) -> Trained:
    model = rebuilt(lambda: build(case), case.dtype, scale=1.0)
    optimizer = optimizer_of(case, model)
    try:
        history = cr.fit(
            model, Dataset(*data(case)), loss=loss_of(case), optimizer=optimizer, epochs=4, batch_size=case.batch_size,
            metrics=[], seed=case.seed, engine=engine, verbose=0, **case.clips,
        )  # fmt: skip
    except TrainingError as error:  # a batch of which every row is ignored has no mean
        history = cr.History()
        history.engine, history.stopped = engine, str(error)
    return trained(model, history, optimizer)


@pytest.mark.parametrize("case", CASES, ids=str)
def test_every_combination(case: Case) -> None:
    wanted = assert_parity(lambda engine: train(case, engine), case.dtype)
    if wanted.stopped is None:
        assert len(wanted.curves["loss"]) == 4
        assert np.isfinite(wanted.curves["loss"]).all()
    else:
        assert "ignore_index" in case.loss[1]


def test_the_combinations_have_everything() -> None:
    for name, values in (("loss", LOSSES), ("optimizer", OPTIMIZERS), ("batch_size", SIZES)):
        assert all(any(getattr(case, name) == value for case in CASES) for value in values), name
    for name, named in (("activations", ACTIVATIONS), ("norms", NORMS), ("widths", SIZES)):
        assert all(any(value in getattr(case, name) for case in CASES) for value in named), name


def test_the_comparisons_can_fail() -> None:
    case = CASES[0]
    one, other = train(case, "native"), train(dataclasses.replace(case, seed=case.seed + 1), "native")
    with pytest.raises(AssertionError):
        assert_alike(one, other, case.dtype)
    with pytest.raises(AssertionError):
        assert_same_bits(one, other)
