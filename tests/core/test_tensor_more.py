"""Devices, products by name, ordering, cutting, repeating and choosing, against PyTorch and worked numbers."""

from __future__ import annotations

import copy
import pickle
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from chainrule import errors
from chainrule.core import create, functions, rng
from chainrule.core.device import Device, require_cpu
from chainrule.core.tensor import Tensor
from helpers.compare import assert_close, assert_numbers

MATRIX = np.array([[3.0, -1.5, 2.0, 2.0], [0.5, 4.0, -2.0, 0.5], [1.0, 1.0, 7.0, -3.0]])
VECTOR = np.array([0.5, 2.5, -1.5, 2.0])

# How PyTorch's tensors and ours are used alike; each returns a tensor or several.
CASES: dict[str, Callable[..., Any]] = {
    "add alpha": lambda x, v: x.add(v, alpha=3),
    "sub alpha": lambda x, v: x.sub(v, alpha=0.5),
    "mm": lambda x, v: x.mm(x.t()),
    "mv": lambda x, v: x.mv(v),
    "dot": lambda x, v: v.dot(v),
    "outer": lambda x, v: v.outer(v[:2]),
    "bmm": lambda x, v: x.reshape(1, 3, 4).bmm(x.reshape(1, 4, 3)),
    "log2": lambda x, v: (x * x).log2(),
    "log10": lambda x, v: (x * x).log10(),
    "reciprocal": lambda x, v: x.reciprocal(),
    "rsqrt": lambda x, v: (x * x).rsqrt(),
    "sort": lambda x, v: x.sort()[0],
    "sort columns, descending": lambda x, v: x.sort(dim=0, descending=True)[0],
    "topk": lambda x, v: (x + v).topk(2)[0],
    "topk smallest": lambda x, v: (x + v).topk(2, dim=0, largest=False)[0],
    "index_select": lambda x, v: x.index_select(1, (v > 1).nonzero().reshape(-1)),
    "masked_select": lambda x, v: x.masked_select(x > 1),
    "masked_fill": lambda x, v: x.masked_fill(x > 1, -9.0),
    "split": lambda x, v: x.split(3, dim=1),
    "split by sizes": lambda x, v: x.split([1, 2], dim=0),
    "chunk": lambda x, v: x.chunk(3, dim=1),
    "unbind": lambda x, v: x.unbind(1),
    "repeat": lambda x, v: x.repeat(2, 3),
    "repeat with new dimensions": lambda x, v: x.repeat(2, 1, 2),
    "half and back": lambda x, v: x.half().double(),
}
PLAIN: dict[str, Callable[..., Any]] = {
    "floor": lambda x, v: x.floor(),
    "ceil": lambda x, v: x.ceil(),
    "trunc": lambda x, v: x.trunc(),
    "round": lambda x, v: x.round(),
    "round halves": lambda x, v: (x + 0.5).round(),
    "round decimals": lambda x, v: (x / 3).round(decimals=1),
    "isnan": lambda x, v: x.log().isnan(),
    "isinf": lambda x, v: (x / (x - 2)).isinf(),
    "isfinite": lambda x, v: (x / (x - 2)).isfinite(),
    "logical": lambda x, v: [(x > 0).logical_and(x < 2), (x > 0).logical_or(x < -1), (x > 0).logical_not()],
    "logical_xor": lambda x, v: (x > 0).logical_xor(x > 1),
    "argsort": lambda x, v: x.argsort(dim=1, stable=True) if type(x) is not Tensor else x.argsort(dim=1),
    "nonzero": lambda x, v: (x - 2).nonzero(),
    "unique": lambda x, v: x.unique(),
    "new": lambda x, v: [
        x.new_zeros(2, 3),
        x.new_ones((2,), dtype=x.long().dtype),
        x.new_full((2,), 3),
        x.new_tensor([1]),
    ],
    "types": lambda x, v: [x.int(), x.short(), x.long(), x.bool(), x.float(), x.type_as(v.float())],
    "pow_": lambda x, v: x.clone().pow_(3),
    "exp_": lambda x, v: x.clone().exp_(),
    "sqrt_": lambda x, v: x.abs().sqrt_(),
    "masked_fill_": lambda x, v: x.clone().masked_fill_(x > 1, 0.0),
    "shapes": lambda x, v: [v.clone().unsqueeze_(0), v.reshape(1, 4).squeeze_(0), x.clone().t_()],
}


def listed(value: Any) -> list[Any]:
    return list(value) if isinstance(value, (tuple, list)) else [value]


@pytest.mark.parametrize("name", [*CASES, *PLAIN])
def test_values_are_pytorchs(name: str) -> None:
    torch = pytest.importorskip("torch")
    use = {**CASES, **PLAIN}[name]
    ours = listed(use(Tensor(MATRIX.copy()), Tensor(VECTOR.copy())))
    theirs = listed(use(torch.from_numpy(MATRIX.copy()), torch.from_numpy(VECTOR.copy())))
    assert len(ours) == len(theirs)
    for a, e in zip(ours, theirs, strict=True):
        assert_close(a, e, label=name)


@pytest.mark.parametrize("name", CASES)
def test_gradients_are_pytorchs(name: str) -> None:
    torch = pytest.importorskip("torch")
    found = []
    for make in (Tensor, torch.from_numpy):
        x, v = make(MATRIX.copy()).requires_grad_(), make(VECTOR.copy()).requires_grad_()
        sum((out * (out + 1)).sum() for out in listed(CASES[name](x, v))).backward()
        found.append([x.grad, v.grad])
    for a, e in zip(*found, strict=True):
        assert (a is None) == (e is None)
        if e is not None:
            assert_close(a, e, label=name)


@pytest.mark.parametrize(
    ("use", "error", "words"),
    [
        (lambda x: x.mm(x[0]), errors.ShapeError, "2 and 2 dimensions"),
        (lambda x: x.dot(x), errors.ShapeError, "1 and 1 dimensions"),
        (lambda x: x.outer(x), errors.ShapeError, "two vectors"),
        (lambda x: x.bmm(x), errors.ShapeError, "3 and 3"),
        (lambda x: x.topk(9), errors.ConfigError, "from 0 to 4"),
        (lambda x: x.split(0), errors.ShapeError, "at least 1"),
        (lambda x: x.split([1, 1]), errors.ShapeError, "sum of 3"),
        (lambda x: x.chunk(0), errors.ShapeError, "at least 1"),
        (lambda x: x.repeat(2), errors.ShapeError, "each dimension"),
        (lambda x: x.sort(dim=5), errors.ShapeError, "dimension out of range"),
        (lambda x: x.scatter_(1, Tensor([[7]]), 1.0), errors.ShapeError, "scatter_"),
        (lambda x: create.randint(0, 5), errors.ShapeError, "size"),
        (lambda x: create.randint(5, 5, (2,)), errors.ShapeError, "low < high"),
        (lambda x: create.ones(2, dtype="many"), errors.DTypeError, "unknown dtype"),
        (lambda x: functions.one_hot(x), errors.DTypeError, "long"),
        (lambda x: functions.one_hot(Tensor([0, 3]), 3), errors.DataError, "from 0 to 2"),
        (lambda x: functions.one_hot(Tensor([-1, 1])), errors.DataError, "got -1"),
        (lambda x: Device("abacus"), errors.UnknownNameError, "cpu"),
        (lambda x: Device("cuda:x"), errors.ConfigError, "cuda:0"),
        (lambda x: Device("cuda:1", 1), errors.ConfigError, "cuda:0"),
        (lambda x: require_cpu(0), errors.EngineError, "got cuda:0"),
        (lambda x: x.cuda(), errors.EngineError, "CPU"),
        (lambda x: rng.Generator().manual_seed(-1), errors.ConfigError, "seed"),
        (lambda x: rng.Generator("cuda"), errors.EngineError, "CPU"),
    ],
)
def test_bad_input_is_one_clear_line(use: Any, error: type[Exception], words: str) -> None:
    with pytest.raises(error, match=words):
        use(Tensor(MATRIX.copy()))


@pytest.mark.parametrize(
    "write", [lambda x: x.pow_(2), lambda x: x.unsqueeze_(0), lambda x: x.scatter_(0, Tensor([0]), 1)]
)
def test_leaves_are_not_overwritten_while_recording(write: Any) -> None:
    x = create.ones(3, requires_grad=True)
    with pytest.raises(errors.GradientError, match="leaf"):
        write(x)
    assert x.tolist() == [1, 1, 1]


def test_scatter_writes_one_hot_rows() -> None:
    rows = create.zeros(3, 4).scatter_(1, Tensor([[2], [0], [3]]), 1)
    assert_numbers(rows, np.eye(4)[[2, 0, 3]])
    assert_numbers(create.zeros(2, 2).scatter_(1, Tensor([[1], [0]]), Tensor([[5.0], [6.0]])), [[0, 5], [6, 0]])
    assert_numbers(create.zeros(1, 2).scatter_(1, Tensor([[1]]), value=3), [[0, 3]])
    assert_numbers(functions.one_hot(Tensor([2, 0]), 3), [[0, 0, 1], [1, 0, 0]])
    assert functions.one_hot(Tensor([[1], [0]])).shape == (2, 1, 2)


def test_sorting_keeps_the_order_of_equals() -> None:
    x = Tensor([2.0, 1.0, 2.0, 1.0])
    assert x.argsort().tolist() == [1, 3, 0, 2]
    assert x.argsort(descending=True).tolist() == [0, 2, 1, 3]
    assert Tensor(5.0).sort()[0].item() == 5


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64", "int8", "int16", "int32", "int64", "uint8", "bool"])
def test_type_names_are_pytorchs(dtype: str) -> None:
    torch = pytest.importorskip("torch")
    ours, theirs = create.ones(2, dtype=dtype), torch.ones(2, dtype=getattr(torch, dtype))
    assert ours.type() == theirs.type()
    assert str(create.ones(2).type(theirs.type()).dtype) == dtype
    assert create.ones(2).type(np.dtype(dtype)).dtype == dtype


# ---- devices


def test_devices_are_named_and_compared() -> None:
    assert (str(Device("cuda:1")), repr(Device("cuda:1"))) == ("cuda:1", "device(type='cuda', index=1)")
    assert Device("cuda", 1) == Device("cuda:1") == Device(1)
    assert Device(Device("cpu")) == "cpu" != Device("cuda")
    assert (Device("cuda:2").type, Device("cuda:2").index, Device("cpu").index) == ("cuda", 2, None)
    for copied in (copy.deepcopy(Device("cuda:1")), pickle.loads(pickle.dumps(Device("cuda:1")))):
        assert (copied, copied.type, copied.index) == ("cuda:1", "cuda", 1)
    x = create.ones(2)
    assert x.device.type == "cpu"
    assert x.to(x.device) is x
    assert not x.is_cuda


# ---- random numbers


def test_generators_draw_what_the_seed_says() -> None:
    rng.manual_seed(5)
    shared = [create.rand(3), create.randn(2), create.randperm(6), create.randint(9, (4,)), create.normal(0, 1, (2,))]
    own = rng.Generator().manual_seed(5)
    again = [
        create.rand(3, generator=own), create.randn(2, generator=own), create.randperm(6, generator=own),
        create.randint(9, (4,), generator=own), create.normal(0, 1, (2,), generator=own),
    ]  # fmt: skip
    for a, b in zip(shared, again, strict=True):
        assert_close(a, b)
    assert own.initial_seed() == 5
    before = create.rand(1)
    rng.manual_seed(5)
    create.rand(3)
    assert before.item() != create.rand(1).item()


def test_random_in_place() -> None:
    rng.manual_seed(0)
    assert set(create.zeros(200).random_(3).tolist()) == {0, 1, 2}
    assert set(create.zeros(200).random_(4, 6).tolist()) == {4, 5}
    assert create.normal(Tensor([0.0, 100.0]), Tensor([1.0, 1.0]))[1].item() > 50
