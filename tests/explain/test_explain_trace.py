"""Every number of a trace is autograd's, to the bit, and finite differences', for every layer, loss and optimiser."""

from __future__ import annotations

import random
import time
from typing import Any

import numpy as np
import pytest

import chainrule as cr
from chainrule import explain, losses, nn, optim
from chainrule.core import ops
from chainrule.errors import ConfigError, DataError, DTypeError, GradientError, ShapeError, UnknownNameError
from chainrule.explain.trace_text import _IN_WORDS
from chainrule.messages import keys, text

ACTIVATIONS = [
    "ReLU", "ReLU6", "LeakyReLU", "ELU", "SELU", "GELU", "SiLU", "Softplus", "Mish", "Hardtanh", "Sigmoid", "Tanh",
    "SmoothClip", "Softmax", "LogSoftmax", "Step", "Identity",
]  # fmt: skip
ENDS = {"bce": "Sigmoid", "nll": "LogSoftmax"}


def random_case(seed: int) -> tuple[nn.Module, np.ndarray, np.ndarray, Any]:
    """A random network over all layers, a batch, and one of all losses with targets."""
    d = random.Random(seed)
    rng = np.random.default_rng(seed)
    cr.manual_seed(seed)
    loss = list(losses.registry.LOSSES)[seed % len(losses.registry.LOSSES)]
    n, features, units = d.randint(2, 5), d.randint(2, 4), d.randint(2, 5)
    layers: list[nn.Module] = [nn.Flatten(), nn.Linear(features, units, bias=d.random() < 0.7)]
    for _ in range(d.randint(1, 3)):
        layers.append(d.choice([nn.BatchNorm1d(units), nn.LayerNorm(units), nn.Dropout(0.4), nn.Identity()]))
        name = d.choice(ACTIVATIONS[:-2])
        layers.append(getattr(nn, name)(**({"dim": 1} if "Softmax" in name else {})))
        layers.append(nn.Sequential(nn.Linear(units, units, bias=d.random() < 0.7)))
    task = losses.get(loss).task
    outputs = 3 if task == "multiclass" else 1
    layers.append(nn.Linear(units, outputs))
    if loss in ENDS:
        layers.append(nn.LogSoftmax(dim=1) if ENDS[loss] == "LogSoftmax" else nn.Sigmoid())
    targets: Any = rng.integers(0, 3, n) if task == "multiclass" else rng.integers(0, 2, (n, 1)).astype(float)
    if loss in ("hinge", "perceptron"):
        targets = 2 * targets - 1
    objective = losses.get(loss, reduction=d.choice(["mean", "sum"]))
    model = nn.Sequential(*layers).double()
    return model.train(d.random() < 0.6), rng.normal(0, 1, (n, features)), targets, objective


def by_autograd(model: nn.Module, x: np.ndarray, y: np.ndarray, objective: Any) -> tuple[float, dict[str, np.ndarray]]:
    """Loss and gradients from `backward`, with the masks of training step 1."""
    from chainrule.core import rng

    model.zero_grad()
    with rng.at_step(rng.initial_seed(), 1):
        loss = objective(model(cr.tensor(x)), cr.tensor(y))
    loss.backward()
    return loss.item(), {path: p.grad.numpy() for path, p in model.named_parameters() if p.grad is not None}


@pytest.mark.parametrize("seed", range(44))
def test_random_networks_bit_for_bit_and_by_finite_differences(seed: int) -> None:
    model, x, y, objective = random_case(seed)
    state = {path: value.numpy().copy() for path, value in model.state_dict().items()}
    trace = explain.trace(model, x, y, loss=objective)
    assert all(np.array_equal(value.numpy(), state[path]) for path, value in model.state_dict().items())
    assert all(p.grad is None for p in model.parameters())

    loss, gradients = by_autograd(model, x, y, objective)
    assert trace.loss == loss
    for path, gradient in gradients.items():
        assert np.array_equal(trace.value(f"{path}.grad"), gradient), path
    model.load_state_dict(state)

    def loss_at(path: str, index: tuple[int, ...], shift: float) -> float:
        parameter = dict(model.named_parameters())[path]
        before = parameter._data[index]
        parameter._data[index] = before + shift
        try:
            return by_autograd(model, x, y, objective)[0]
        finally:
            parameter._data[index] = before
            model.load_state_dict({k: v for k, v in state.items() if "running" in k}, strict=False)

    path = sorted(gradients)[seed % len(gradients)]
    index = tuple(0 for _ in gradients[path].shape)
    slope = (loss_at(path, index, 1e-6) - loss_at(path, index, -1e-6)) / 2e-6
    assert trace.value(f"{path}[{','.join(map(str, index))}].grad") == pytest.approx(slope, rel=1e-4, abs=1e-6)


@pytest.mark.parametrize("seed", range(0, 44, 3))
def test_the_pieces_add_up(seed: int) -> None:
    model, x, y, objective = random_case(seed)
    trace = explain.trace(model, x, y, loss=objective)
    for holder in trace.holders():
        total = holder.grad if hasattr(holder, "grad") else holder.upstream
        if holder.arrivals:
            assert np.allclose(sum(arrival.gradient for arrival in holder.arrivals), total, rtol=1e-12, atol=1e-15)
    for step in trace.steps:
        for one in step.inputs:
            if one.local is not None and step.upstream is not None and one.value.shape == step.value.shape:
                assert np.allclose(step.upstream * one.local, one.downstream, rtol=1e-9, atol=1e-12)
    listed = [name for layer in trace.layers for name in layer.steps]
    assert sorted(listed) == sorted(step.name for step in trace.steps)
    for lang in ("en", "ko"):
        assert len(trace.lines(lang)) > len(trace.steps)


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_every_activation_is_written_out(name: str) -> None:
    layer = getattr(nn, name)(**({"dim": 1} if "Softmax" in name else {}))
    trace = explain.trace(nn.Sequential(nn.Linear(2, 2), layer, nn.Linear(2, 1)), [0.5, -1.0], 1.0, loss="mse")
    kinds = [layer.kind for layer in trace.layers]
    assert kinds == ["Linear", name, "Linear", "loss"]
    for step in trace.steps:
        assert np.isfinite(step.value).all()


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("sgd", {"lr": 0.5}),
        ("sgd", {"lr": 0.1, "momentum": 0.9}),
        ("sgd", {"lr": 0.1, "momentum": 0.9, "nesterov": True, "weight_decay": 0.01}),
        ("adam", {"lr": 0.01}),
        ("adam", {"lr": 0.01, "amsgrad": True}),
        ("adamw", {"lr": 0.01}),
        ("adagrad", {"lr": 0.1}),
        ("adadelta", {}),
        ("rmsprop", {"lr": 0.01, "momentum": 0.5, "centered": True}),
    ],
)
def test_the_update_is_the_optimisers_own_third_step(name: str, options: dict[str, Any]) -> None:
    cr.manual_seed(1)
    model = nn.Sequential(nn.Linear(2, 3), nn.Tanh(), nn.Linear(3, 1))
    x, y = np.array([[0.0, 1.0], [1.0, 1.0]], np.float32), np.array([[1.0], [0.0]], np.float32)
    optimizer = optim.get(name, model.named_parameters(), **options)

    def backward() -> None:
        optimizer.zero_grad()
        nn.MSELoss()(model(cr.tensor(x)), cr.tensor(y)).backward()

    for _ in range(2):
        backward()
        optimizer.step()
    trace = explain.trace(model, x, y, loss="mse", optimizer=optimizer)
    assert trace.update.parameters[0].step == 3
    backward()
    optimizer.step()
    for path, parameter in model.named_parameters():
        assert np.array_equal(trace.value(f"{path}.after"), parameter.detach().numpy())
        for slot in optimizer.slots(optimizer.param_groups[0]):
            assert np.array_equal(trace.value(f"{path}.{slot}"), optimizer.state[path][slot])
    assert any("0.weight[0,0]" in line for line in trace.lines())


def test_worked_numbers_of_one_neuron() -> None:
    model = nn.Sequential(nn.Linear(2, 1), nn.Sigmoid()).double()
    model.load_state_dict({"0.weight": np.array([[0.5, -0.25]]), "0.bias": np.array([0.1])})
    trace = explain.trace(model, [1.0, 2.0], 1.0, loss="mse", optimizer={"name": "sgd", "lr": 0.5})
    h = 1 / (1 + np.exp(-0.1))  # z = 0.5·1 - 0.25·2 + 0.1
    delta = 2 * (h - 1) * h * (1 - h)
    assert trace.value("0.output[0,0]") == pytest.approx(0.1)
    assert trace.value("0.weight[0,1].grad") == pytest.approx(delta * 2)
    assert trace.value("x[0,1].grad") == pytest.approx(delta * -0.25)
    assert trace.value("0.weight[0,1].after") == pytest.approx(-0.25 - 0.5 * delta * 2)
    neuron = trace.neuron("0", 0)
    assert [term.product for term in neuron.terms] == [0.5, -0.5]
    assert neuron.z == pytest.approx(sum(term.product for term in neuron.terms) + neuron.bias)
    assert neuron.delta == pytest.approx(delta)
    assert "  0.output[0,0] = 0.5·1 + (-0.25)·2 + 0.1 = 0.1" in trace.lines("en")


def test_a_value_used_twice_sums_its_gradients() -> None:
    w = cr.tensor([1.0, 2.0], requires_grad=True)
    with explain.tracing() as t:
        square = w * w
        total = (square + w.exp() * square).sum()
    trace = t.trace(total)
    total.backward()
    assert np.array_equal(trace.value("w.grad"), w.grad.numpy())
    assert len(trace.step("square").arrivals) == 2
    assert len(next(source for source in trace.sources if source.name == "w").arrivals) == 3
    assert any("∂L/∂square" in line and "2" in line for line in trace.lines("en"))
    assert len(trace.expand("w[0].grad")) == 4  # three uses and their sum


def test_shared_layers_custom_modules_and_functions() -> None:
    class Double(cr.autograd.Function):
        @staticmethod
        def forward(ctx: Any, x: Any) -> Any:
            return x * 2

        @staticmethod
        def backward(ctx: Any, g: Any) -> Any:
            return g * 2

    class Twice(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.inner = nn.Linear(2, 2)

        def forward(self, x: Any) -> Any:
            return Double.apply(self.inner(self.inner(x).tanh())).sum(1, keepdim=True)

    model = Twice().double()
    x, y = np.array([[0.3, -0.2]]), np.array([[1.0]])
    trace = explain.trace(model, x, y, loss="mse")
    nn.MSELoss()(model(cr.tensor(x)), cr.tensor(y)).backward()
    assert np.array_equal(trace.value("inner.weight.grad"), model.inner.weight.grad.numpy())
    assert {"inner.output", "inner.output_2"} <= set(trace.names())
    assert trace.lines("ko")


def test_an_image_in_under_a_second_any_number_of_it_at_hand() -> None:
    model = nn.Sequential(nn.Flatten(), nn.Linear(784, 128), nn.ReLU(), nn.Linear(128, 10))
    image = np.random.default_rng(0).random((28, 28))
    start = time.perf_counter()
    trace = explain.trace(model, image, 3, loss="cross_entropy", optimizer="adam")
    lines, content = trace.lines("en"), trace.to_dict()
    assert time.perf_counter() - start < 1
    assert len(lines) < 300
    assert content["sources"][1]["value"]["shape"] == [128, 784]
    assert isinstance(trace.value("1.weight[127,783].grad"), float)
    assert len(trace.neuron("1", 5).terms) == 784
    assert "NaN" not in trace.to_json()
    (line,) = trace.expand("1.output[0,127]", "en")
    assert line.count("·") == 784
    (line,) = trace.expand("1.weight[7,300].grad")
    assert line.endswith(f" = {trace.value('1.weight[7,300].grad'):.4g}".replace("e-0", "e-").replace(" -0", " 0"))
    assert len(trace.expand("1.weight[7,300]")) == 1


@pytest.mark.parametrize("optimizer", ["sgd", {"name": "sgd", "momentum": 0.9}, "adam"])
def test_small_updates_are_seen(optimizer: Any) -> None:
    model = nn.Sequential(nn.Linear(1, 1))
    model[0].weight._data[:], model[0].bias._data[:] = -10.44, 3.0
    described = {"name": optimizer} if isinstance(optimizer, str) else optimizer
    trace = explain.trace(model, [[1.0]], [[-7.4]], "mse", optimizer={**described, "lr": 1e-4})
    line = next(line for line in trace.lines("en") if line.strip().startswith("0.weight[0,0]: "))
    before, after = (float(shown) for shown in (line.split()[1], line.split()[-1]))
    assert before == pytest.approx(-10.44, abs=1e-6)
    change = trace.value("0.weight[0,0].after") - trace.value("0.weight[0,0]")
    assert after - before == pytest.approx(change, rel=0.1)


def test_formulas_told_in_words_are_those_of_the_table_and_have_korean_ones() -> None:
    told = [key.removeprefix("trace.prose.") for key in keys() if key.startswith("trace.prose.")]
    assert set(told) == _IN_WORDS
    for op in told:
        assert text(f"trace.prose.{op}", "en") == getattr(ops, op).formula
    x = cr.tensor([[1.0, 2.0]], requires_grad=True)
    with explain.tracing() as t:
        total = x.reshape(2).sum()
    assert "x를 다른 형태로 배열" in "\n".join(t.trace(total).lines("ko"))


def test_samples_are_counted_and_both_ways_to_expand_are_named() -> None:
    model = nn.Sequential(nn.Linear(100, 2))
    one, two = (explain.trace(model, np.zeros((n, 100)), np.zeros(n, int), "cross_entropy") for n in (1, 2))
    assert "One sample, loss" in "\n".join(one.lines("en"))
    assert "2 samples, loss" in "\n".join(two.lines("en"))
    assert "표본 1개, " in "\n".join(one.lines("ko"))
    assert 'trace.expand("' in "\n".join(one.lines("en"))
    assert '--expand "0.weight[1,99]' in "\n".join(one.lines("en"))


def test_one_sample_is_a_batch_of_one_and_pairs_and_data_sets_are_taken() -> None:
    model = nn.Sequential(nn.Linear(2, 3))
    one = explain.trace(model, [1.0, 2.0], 2, loss="cross_entropy")
    assert one.loss == explain.trace(model, ([1.0, 2.0], 2), loss="cross_entropy").loss
    assert one.samples == 1
    data = cr.data.from_arrays([[1.0, 2.0], [0.0, 1.0], [2.0, 0.0]], [2, 0, 1])
    assert explain.trace(model, data, loss="cross_entropy").samples == 3
    assert explain.trace(model, data[0], loss="cross_entropy").loss == one.loss


def test_later_training_does_not_change_a_trace() -> None:
    model = nn.Sequential(nn.Linear(2, 1))
    trace = explain.trace(model, [1.0, 2.0], 2.0, loss="mse")
    before, check = trace.to_json(), trace.check("0.weight[0,0].grad", 1e9)
    with cr.no_grad():
        model[0].weight.add_(1.0)
    assert trace.to_json() == before
    assert trace.check("0.weight[0,0].grad", 1e9) == check


def test_bad_input_is_one_line() -> None:
    model = nn.Sequential(nn.Linear(2, 1))
    trace = explain.trace(model, [1.0, 2.0], 2.0, loss="mse")
    for error, action in [
        (DTypeError, lambda: explain.trace(None, [1.0], 1.0)),
        (ConfigError, lambda: explain.trace(model, [1.0, 2.0], 1.0)),
        (ConfigError, lambda: explain.trace(model, [1.0, 2.0], 1.0, loss=nn.MSELoss(reduction="none"))),
        (DataError, lambda: explain.trace(model, [1.0, 2.0], loss="mse")),
        (DataError, lambda: explain.trace(model, [1.0, np.nan], 1.0, loss="mse")),
        (DTypeError, lambda: explain.trace(model, ["a", "b"], 1.0, loss="mse")),
        (ShapeError, lambda: explain.trace(model, [1.0, 2.0, 3.0], 1.0, loss="mse")),
        (UnknownNameError, lambda: explain.trace(model, [1.0, 2.0], 1.0, loss="msee")),
        (UnknownNameError, lambda: trace.value("1.weight")),
        (UnknownNameError, lambda: trace.value("0.weight.after")),
        (ShapeError, lambda: trace.value("0.weight[0]")),
        (ShapeError, lambda: trace.value("0.weight[0,x]")),
        (ShapeError, lambda: trace.value("0.weight[0,7].grad")),
        (ShapeError, lambda: trace.check("0.weight.grad", 1.0)),
        (ShapeError, lambda: trace.expand("0.weight")),
        (DTypeError, lambda: trace.check("0.weight[0,0].grad", "one")),
        (UnknownNameError, lambda: trace.neuron("7", 0)),
        (ShapeError, lambda: trace.neuron("0", 5)),
        (GradientError, lambda: explain.tracing().trace(cr.tensor([1.0]))),
    ]:
        with pytest.raises(error) as caught:
            action()
        assert "\n" not in str(caught.value)
    assert model._hooks is None
