"""`initialisations`: how a deep network's activations and gradients begin, for several ways to draw its weights."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import numpy as np

from chainrule.core import rng
from chainrule.core.mode import no_grad, quiet
from chainrule.data.arrays import from_arrays
from chainrule.data.dataset import Dataset
from chainrule.errors import ConfigError, UnknownNameError
from chainrule.explain.layer_findings import health
from chainrule.explain.observation import observe
from chainrule.explain.record import Record
from chainrule.messages import text
from chainrule.nn import init
from chainrule.nn.activation import Activation, Sigmoid, Tanh
from chainrule.nn.linear import Linear
from chainrule.nn.module import Module
from chainrule.nn.sequential import Sequential
from chainrule.train.building import random_numbers_kept
from chainrule.train.compare.activity import Distribution, distribution, gradient_norms
from chainrule.train.compare.networks import activation_kind, mlp
from chainrule.train.compare.record import place
from chainrule.train.compare.training import Setup, trained
from chainrule.train.evaluation import check_count
from chainrule.train.inputs import as_dataset, probe
from chainrule.train.objective import choose_loss, named_loss, with_targets

__all__ = ["NAMES", "Initialisation", "Initialisations", "initialisations"]

#: What is compared if nothing else is asked for; "normal(s)" draws from N(0, s²).
NAMES = ("zeros", "normal(1)", "normal(0.01)", "xavier_normal", "kaiming_normal")

_FUNCTIONS: dict[str, Callable[..., Any]] = {
    "zeros": init.zeros_,
    "ones": init.ones_,
    "normal": init.normal_,
    "uniform": init.uniform_,
    "trunc_normal": init.trunc_normal_,
    "xavier_normal": init.xavier_normal_,
    "xavier_uniform": init.xavier_uniform_,
    "kaiming_normal": partial(init.kaiming_normal_, nonlinearity="relu"),
    "kaiming_uniform": partial(init.kaiming_uniform_, nonlinearity="relu"),
    "orthogonal": init.orthogonal_,
}
_ROWS, _BINS = 1000, 40
# The last hidden layer's spread over the first's: below and above these it counts as lost or grown.
_SHRUNK, _GROWN = 0.1, 10.0
_MANY_FLAT = 0.5
_LIMITS: dict[type[Module], tuple[float, float]] = {Tanh: (-1.0, 1.0), Sigmoid: (0.0, 1.0)}


@dataclass(frozen=True)
class Initialisation(Record):
    """How a network begins.

    Attributes:
        name: of the way to draw the weights.
        layers: the output of each hidden activation function, first layer first.
        saturated: share of each layer's activations whose derivative is below 5 % of its maximum; None for functions
            other than sigmoid and tanh.
        weights: standard deviation of each weight matrix, the output layer's last.
        gradients: ‖∂L/∂W‖ of each weight matrix; empty without targets.
        start: the training loss before training; None without targets.
        losses: after each epoch; empty if nothing was trained.
        stopped: why training ended early, or None.
    """

    name: str
    layers: tuple[Distribution, ...]
    saturated: tuple[float | None, ...]
    weights: tuple[float, ...]
    gradients: tuple[float, ...]
    start: float | None
    losses: tuple[float, ...]
    stopped: str | None

    @property
    def fate(self) -> str:
        """What becomes of the activations on their way: "constant", "saturated", "shrinks", "grows" or "keeps"."""
        first, last = self.layers[0].std, self.layers[-1].std
        if last == 0:
            return "constant"
        if (self.saturated[-1] or 0.0) > _MANY_FLAT:
            return "saturated"
        if not np.isfinite(last) or last / first > _GROWN:
            return "grows"
        return "shrinks" if last / first < _SHRUNK else "keeps"

    def title(self, lang: str | None = None) -> str:
        """The name as people write it: N(0, 0.01²), Xavier, He, …"""
        drawn = re.fullmatch(r"normal_?\((.+)\)", self.name)
        if drawn:
            return f"N(0, {drawn[1]}²)"
        known = {"zeros": text("compare.zeros", lang), "xavier_normal": "Xavier", "kaiming_normal": "He"}
        return known.get(self.name, self.name)


@dataclass(frozen=True)
class Initialisations(Record):
    """What `initialisations` measured.

    Attributes:
        starts: one for each way to draw the weights.
        activation: name of the activation function.
        hidden: widths of the hidden layers.
        rows: how many were looked at.
        epochs: how long was trained; 0 for not at all.
        seed: of all of them.
    """

    starts: tuple[Initialisation, ...]
    activation: str
    hidden: tuple[int, ...]
    rows: int
    epochs: int
    seed: int
    _models: tuple[Module, ...] = field(default=(), repr=False, compare=False)

    def start(self, name: str) -> Initialisation:
        """The one of that name.

        Raises:
            UnknownNameError: if there is none.
        """
        return self.starts[place("initialisation", name, [start.name for start in self.starts])]

    def lines(self, lang: str | None = None) -> list[str]:
        """What was measured, and what that says, as lines to print."""
        shape = "-".join(map(str, self.hidden))
        found = [
            text("compare.initialisations", lang, hidden=shape, activation=self.activation, rows=self.rows,
                 seed=self.seed)
        ]  # fmt: skip
        for start in self.starts:
            found += self._lines(start, lang)
        return found

    def _lines(self, start: Initialisation, lang: str | None) -> Iterator[str]:
        first, last = start.layers[0].std, start.layers[-1].std
        fate = text(f"compare.{start.fate}", lang, share=start.saturated[-1] or 0.0)
        yield text("compare.spread", lang, name=start.title(lang), first=first, last=last, fate=fate)
        if start.gradients:
            norms = {"first": start.gradients[0], "last": start.gradients[-1]}
            yield "  " + text("compare.gradients", lang, **norms)
        if self.epochs and start.losses:
            loss = {"start": start.start, "end": start.losses[-1], "epochs": len(start.losses)}
            yield "  " + text("compare.loss_fell", lang, **loss)
        if start.stopped:
            yield "  " + text("compare.stopped", lang, reason=start.stopped)


def initialisations(
    data: Any = None,
    *,
    names: Sequence[str] | Mapping[str, Callable[[Any], Any]] = NAMES,
    hidden: Sequence[int] = (100,) * 5,
    activation: str = "tanh",
    epochs: int = 0,
    seed: int = 0,
    **fit_options: Any,
) -> Initialisations:
    """Begin the same deep network in several ways, and look at its activations and gradients.

    Biases are 0 throughout.  The draws of all ways come from the same seed, so that normal ones differ by a factor
    alone.  Xavier's variance is 2/(inputs + outputs) (Glorot & Bengio 2010), He's 2/inputs (He et al. 2015).

    Args:
        data: as for `fit`, or inputs ``(N, …)`` alone, for which there are no gradients; default: 1000 rows of 100
            standard normal numbers, in two classes divided by a random hyperplane through 0.
        names: functions of `nn.init`, with or without the final underscore ("xavier_uniform", "orthogonal", …) and
            "normal(s)" for N(0, s²); or a mapping from names to functions that fill a weight tensor.
        hidden: widths of the hidden layers.
        activation: name of the activation function.
        epochs: also train that long from each start.
        seed: of the weights, and of batch order if there is training.
        **fit_options: for training, as for `fit`; the optimiser by name ("sgd" with lr 0.1 if none is named).

    Returns:
        `Initialisations`.  At most 1000 rows are looked at.

    Raises:
        UnknownNameError, ConfigError: for names that do not exist, or arguments that make no sense.
        ChainruleError: as `fit` does; a training that diverges is a result, not an error.

    >>> found = initialisations(np.ones((10, 4)), names=["zeros", "xavier_normal"], hidden=(8, 8))
    >>> found.starts[0].fate
    'constant'
    """
    ways = _ways(names)
    if not hidden:
        raise ConfigError("there is no hidden layer to look at", fix="E.g. hidden=(100, 100)")
    for width in hidden:
        check_count("hidden width", width)
    if epochs:
        check_count("epochs", epochs)
    kind = activation_kind(activation)
    with random_numbers_kept():
        rows = _rows(data, seed)
        networks = [_network(rows, fill, hidden, activation, seed) for fill in ways.values()]
        look = rows.rows(slice(0, _ROWS))
        found = []
        for (name, _), model in zip(ways.items(), networks, strict=True):
            start = _looked_at(name, model, look, kind, fit_options.get("loss"))
            found.append(_trained(start, model, rows, epochs, seed, fit_options) if epochs else start)
    return Initialisations(
        tuple(found), activation, tuple(hidden), len(look), int(epochs), seed, tuple(networks)
    )  # fmt: skip


def _ways(names: Any) -> dict[str, Callable[[Any], Any]]:
    if isinstance(names, Mapping):
        ways = {str(name): way for name, way in names.items()}
    else:
        ways = {str(name).removesuffix("_"): _way(str(name)) for name in ([names] if isinstance(names, str) else names)}
    if not ways:
        raise ConfigError("there is nothing to compare", expected="at least one name", got=names)
    if not all(callable(way) for way in ways.values()):
        raise ConfigError("names go with functions that fill a tensor", got=repr(names)[:80])
    return ways


def _way(name: str) -> Callable[[Any], Any]:
    drawn = re.fullmatch(r"normal_?\((.+)\)", name)
    if drawn:
        try:
            return partial(init.normal_, std=float(drawn[1]))
        except ValueError:
            raise ConfigError("bad standard deviation", expected="e.g. normal(0.01)", got=name) from None
    known = name.removesuffix("_")
    if known not in _FUNCTIONS:
        raise UnknownNameError("initialisation", name, (*_FUNCTIONS, "normal(0.01)"))
    return _FUNCTIONS[known]


def _rows(data: Any, seed: int) -> Dataset:
    if data is None:
        draws = np.random.default_rng(seed)
        inputs, normal = draws.standard_normal((_ROWS, 100)), draws.standard_normal(100)
        data = inputs, (inputs @ normal > 0).astype(np.int64)
    if hasattr(data, "shape") and hasattr(data, "dtype"):
        return from_arrays(np.asarray(data))
    return as_dataset(data)


def _network(
    rows: Dataset, fill: Callable[[Any], Any], hidden: Sequence[int], activation: str, seed: int
) -> Sequential:
    rng.manual_seed(seed)
    with init.skipped():
        model = mlp(rows, hidden, activation, 1 if rows.targets is None else None)
    with no_grad(), quiet():
        for layer in model.modules():
            if isinstance(layer, Linear):
                init.zeros_(layer.bias)
                fill(layer.weight)
    return model


def _looked_at(name: str, model: Sequential, rows: Dataset, kind: type[Module], loss: Any) -> Initialisation:
    inputs, _ = rows.batch(np.arange(len(rows)))
    shape = probe(model, rows)
    seen = observe(model, inputs)
    hidden = [(call, layer) for call, layer in zip(seen.calls, health(seen.calls), strict=True)
              if isinstance(call.layer, Activation)]  # fmt: skip
    limits = _LIMITS.get(kind)
    start, norms = None, {}
    if rows.targets is not None:
        objective = choose_loss(named_loss(loss), rows, model, shape)
        targets = with_targets(rows, objective, shape, inputs.dtype).targets
        with quiet():
            start = float(objective.forward(model(inputs), targets)._data)
            norms = gradient_norms(model, inputs, targets, objective)
    return Initialisation(
        name=name,
        layers=tuple(distribution(call.output, _BINS, limits) for call, _ in hidden),
        saturated=tuple(layer.saturated for _, layer in hidden),
        weights=tuple(float(layer.weight._data.std()) for layer in model.modules() if isinstance(layer, Linear)),
        gradients=tuple(norms.values()),
        start=start,
        losses=(),
        stopped=None,
    )


def _trained(
    start: Initialisation, model: Module, rows: Dataset, epochs: int, seed: int, fit_options: Mapping[str, Any]
) -> Initialisation:
    options = dict(fit_options) if "optimizer" in fit_options else {"lr": 0.1, **fit_options, "optimizer": "sgd"}
    setup = Setup(rows, None, lambda: model, {**options, "epochs": epochs})
    run, _ = trained(start.name, model, setup, seed)
    return Initialisation(**{**vars(start), "losses": run.losses, "stopped": run.stopped})
