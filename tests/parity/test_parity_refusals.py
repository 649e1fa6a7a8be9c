"""What the native engine cannot run it refuses with layer and reason; "auto" then takes the eager engine."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import chainrule as cr
from chainrule import losses, nn, optim
from chainrule.engines import available, native_build
from chainrule.errors import EngineError, UnknownNameError
from chainrule.train import Callback
from helpers.parity import Trained, assert_alike, needs_native, rebuilt, trained

SHARED = nn.Linear(4, 4)
SHARED_NORM = nn.BatchNorm1d(4, affine=False)


class Own(nn.Module):
    """A user's layer."""

    def forward(self, x: Any) -> Any:
        return x * 2


class OwnLinear(nn.Linear):
    """A user's variant of a layer."""


class OwnLoss(losses.MSELoss):
    """A user's variant of a loss."""


class OwnSGD(optim.SGD):
    """A user's variant of an optimiser."""


def net(*inside: nn.Module) -> nn.Sequential:
    return nn.Sequential(nn.Linear(3, 4), nn.Tanh(), *inside, nn.Linear(4, 2))


def changed(change: Callable[[Any], Any]) -> nn.Sequential:
    model = net()
    change(model)
    return model


def tied() -> nn.Sequential:
    model = net(nn.Linear(4, 4))
    model[2].weight = nn.Parameter(np.zeros((4, 4), np.float32))
    extra = nn.Linear(4, 4)
    extra.weight = model[2].weight
    return nn.Sequential(model[0], model[1], model[2], extra, model[3])


def wide_bias(model: Any) -> None:
    model[2].bias = nn.Parameter(np.zeros((1, 2), np.float32))


def own_forward(model: Any) -> None:
    model[1].forward = lambda x: x * 3


def extra_parameter(model: Any) -> None:
    model[0].extra = nn.Parameter(np.zeros(3, np.float32))


def no_statistics(model: Any) -> None:
    model.insert(1, nn.BatchNorm1d(4))
    model[1].running_mean = None


REFUSED: dict[str, tuple[Callable[[], nn.Module], str]] = {
    "own layer": (lambda: net(Own()), "layer '2' (Own) is not one of the layers that it knows"),
    "own variant": (lambda: net(OwnLinear(4, 4)), "layer '2' (OwnLinear) is not one of the layers"),
    "own root": (lambda: type("Root", (nn.Sequential,), {})(nn.Linear(3, 2)), "(Root) is not one of the layers"),
    "nested own layer": (lambda: nn.Sequential(nn.Sequential(nn.Linear(3, 4), Own()), nn.Linear(4, 2)), "'0.1' (Own)"),
    "hook": (lambda: changed(lambda m: m[1].register_forward_hook(lambda *_: None)), "layer '1' (Tanh) has hooks"),
    "hook before": (
        lambda: changed(lambda m: m[0].register_forward_pre_hook(lambda *_: None)),
        "'0' (Linear) has hooks",
    ),
    "hook on the way back": (
        lambda: changed(lambda m: m[0].register_full_backward_hook(lambda *_: None)),
        "'0' (Linear) has hooks",
    ),
    "hook of the model": (
        lambda: changed(lambda m: m.register_forward_hook(lambda *_: None)),
        "the model (Sequential) has hooks",
    ),
    "hook of a parameter": (
        lambda: changed(lambda m: m[0].weight.register_hook(lambda g: g * 0)),
        "layer '0' (Linear) has hooks on its weight",
    ),
    "forward replaced": (lambda: changed(own_forward), "layer '1' (Tanh) has a forward of its own"),
    "more parameters": (lambda: changed(extra_parameter), "'0' (Linear) has parts that layers of its kind do not have"),
    "bias of another shape": (lambda: changed(wide_bias), "'2' (Linear) has a bias of shape (1, 2), not (2,)"),
    "statistics taken away": (lambda: changed(no_statistics), "'1' (BatchNorm1d) lacks the statistics"),
    "layer twice": (lambda: net(SHARED, nn.ReLU(), SHARED), "layer '4' (Linear) is used twice"),
    "statistics twice": (lambda: net(SHARED_NORM, SHARED_NORM), "layer '3' (BatchNorm1d) is used twice"),
    "parameter twice": (tied, "layer '3' (Linear) is used twice"),
    "softmax over the batch": (lambda: net(nn.Softmax(dim=0)), "layer '2' (Softmax) is not along rows"),
    "several dimensions": (lambda: net(nn.LayerNorm((1, 4))), "'2' (LayerNorm) normalises over several dimensions"),
    "several dtypes": (lambda: changed(lambda m: m[0].to("float64")), "parameters are of several dtypes"),
}


def plan_refusal(model: nn.Module, input_shape: tuple[int, ...] | None = (3,), **parts: Any) -> str:
    """What the engine says of a plan."""
    from chainrule.engines import NativeEngine
    from chainrule.engines.base import Plan

    loss = parts.get("loss", losses.get("mse"))
    optimizer = parts.get("optimizer") or optim.SGD(model.named_parameters(), lr=0.1)
    reason = NativeEngine().refusal(Plan(model, loss, optimizer, input_shape=input_shape))
    return reason or ""


@needs_native
@pytest.mark.parametrize("name", REFUSED)
def test_models_that_are_refused(name: str) -> None:
    build, expected = REFUSED[name]
    assert expected in plan_refusal(build())


@needs_native
@pytest.mark.parametrize(
    "allowed",
    [
        net(), net(nn.Identity(), nn.Dropout(0)), net(nn.ReLU(), nn.ReLU()), nn.Linear(3, 2),
        nn.Sequential(nn.Sequential(nn.Sequential(nn.Linear(3, 2)))), net(nn.Softmax(dim=-1), nn.LogSoftmax(dim=1)),
    ],
)  # fmt: skip
def test_models_that_are_not(allowed: nn.Module) -> None:
    assert plan_refusal(allowed) == ""


@needs_native
def test_a_layer_without_state_may_be_used_twice() -> None:
    relu = nn.ReLU()
    assert plan_refusal(net(relu, relu)) == ""


@needs_native
def test_inputs_of_several_dimensions() -> None:
    assert "layer '0' (Linear) takes inputs of several dimensions: put a Flatten before it" in plan_refusal(
        net(), input_shape=(5, 3)
    )
    norm = nn.Sequential(nn.BatchNorm1d(5), nn.Flatten(), nn.Linear(15, 2))
    assert "layer '0' (BatchNorm1d) takes inputs of several dimensions" in plan_refusal(norm, input_shape=(5, 3))
    partly = nn.Sequential(nn.Flatten(1, 2), nn.Linear(15, 2))
    assert "layer '0' (Flatten) folds other dimensions" in plan_refusal(partly, input_shape=(5, 3))


@needs_native
def test_half_precision() -> None:
    model = net()
    for layer in model:
        for name, p in list(layer._parameters.items()):
            p._data = p._data.astype(np.float16)
            layer._parameters[name] = p
    assert "parameters are float16" in plan_refusal(model)


@needs_native
@pytest.mark.parametrize(
    ("loss", "expected"),
    [
        (OwnLoss(), "OwnLoss is not one of chainrule's own losses"),
        (losses.MSELoss(reduction="none"), "a loss without reduction is not one number"),
        (losses.BCEWithLogitsLoss(weight=np.ones((5, 1))), "weights of shape (5, 1), not one for each of 2 outputs"),
        (losses.BCEWithLogitsLoss(pos_weight=np.ones(3)), "weights of shape (3,), not one for each of 2 outputs"),
    ],
)  # fmt: skip
def test_losses(loss: Any, expected: str) -> None:
    assert expected in plan_refusal(net(), loss=loss)


@needs_native
def test_optimizers() -> None:
    model = net()
    assert "OwnSGD is not one of chainrule's own optimizers" in plan_refusal(
        model, optimizer=OwnSGD(model.named_parameters(), lr=0.1)
    )
    elsewhere = optim.SGD([*model.named_parameters(), ("more", nn.Parameter(np.zeros(2)))], lr=0.1)
    assert "the optimizer has parameters that are no layer's" in plan_refusal(model, optimizer=elsewhere)


# ---- through `fit`


def data(outputs: int = 2) -> tuple[np.ndarray, np.ndarray]:
    X = np.random.default_rng(0).standard_normal((20, 3)).astype(np.float32)
    return X, np.tile(X[:, :1], (1, outputs))


def fit(model: Any, engine: str, **options: Any) -> Any:
    return cr.fit(
        model, data(), loss="mse", epochs=3, batch_size=8, metrics=[], seed=1, engine=engine, verbose=0, **options
    )


@needs_native
def test_native_raises_and_auto_takes_the_eager_engine() -> None:
    with pytest.raises(EngineError, match=r"engine 'native' cannot run this model: layer '2' \(Own\)"):
        fit(net(Own()), "native")
    assert fit(net(Own()), "auto").engine == "eager"
    assert fit(net(), "auto").engine == "native"
    assert available() == ("native", "eager")


def test_an_engine_that_there_is_not() -> None:
    with pytest.raises(UnknownNameError, match="native"):
        fit(net(), "nativ")


def test_without_a_build_everything_runs_on_the_eager_engine(monkeypatch: pytest.MonkeyPatch) -> None:
    none = native_build.NativeBuild(None, None, "it was not built: make native")
    monkeypatch.setattr(native_build, "load", lambda: none)
    assert fit(net(), "auto").engine == "eager"
    assert available() == ("eager",)
    with pytest.raises(EngineError, match="make native"):
        fit(net(), "native")


# ---- changes in the middle of a training that only the eager engine can follow


class Once(Callback):
    """Calls `change(model)` after the second epoch."""

    def __init__(self, change: Callable[[Any], Any]) -> None:
        self.change = change

    def on_epoch_end(self, epoch: int, logs: Any) -> None:
        if epoch == 1:
            self.change(self.training.model)


def halve(module: Any, args: Any, output: Any) -> Any:
    return output * 0.5


CHANGES: dict[str, Callable[[Any], Any]] = {
    "hook": lambda m: m[0].register_forward_hook(halve),
    "hook of a parameter": lambda m: m[0].weight.register_hook(lambda g: g * 0.5),
    "evaluation mode of dropout": lambda m: m[2].eval(),
    "evaluation mode of normalisation": lambda m: m[3].eval(),
    "own layer": lambda m: m.insert(2, Own()),
    "forward replaced": own_forward,
    "parameter replaced": lambda m: setattr(m[0], "bias", nn.Parameter(np.ones(4))),
    "layer added": lambda m: m.insert(2, nn.Sigmoid()),
}


@needs_native
@pytest.mark.parametrize("name", CHANGES)
def test_changes_in_the_middle(name: str) -> None:
    def run(engine: str) -> Trained:
        model = rebuilt(lambda: net(nn.Dropout(0.4), nn.BatchNorm1d(4), nn.Linear(4, 4)), "float64")
        optimizer = optim.Adam(model.parameters(), lr=0.05, eps=1e-3)
        history = cr.fit(
            model, data(), loss="mse", optimizer=optimizer, epochs=5, batch_size=4, metrics=[], seed=1, engine=engine,
            verbose=0, callbacks=Once(CHANGES[name]),
        )  # fmt: skip
        return trained(model, history, optimizer)

    assert_alike(run("native"), run("eager"), "float64")


@needs_native
def test_one_row_at_a_time_through_batch_normalisation_says_what_is_wrong() -> None:
    model = nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4), nn.Linear(4, 2))
    texts = []
    for engine in ("native", "eager"):
        with pytest.raises(cr.errors.ChainruleError) as caught:
            cr.fit(model, data(), loss="mse", batch_size=1, engine=engine, verbose=0)
        texts.append(str(caught.value))
    assert texts[0] == texts[1]
