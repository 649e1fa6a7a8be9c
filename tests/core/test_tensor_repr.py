"""`repr` looks like PyTorch's, character by character but for the prefix ``torch.``."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from chainrule.core.tensor import Tensor, tensor
from helpers.repr_cases import REPR_CASES

GOLDEN = Path(__file__).parents[1] / "golden" / "core" / "reprs.json"

every_repr = pytest.mark.parametrize("name", sorted(REPR_CASES))


@every_repr
def test_repr_against_torch(name: str):
    torch = pytest.importorskip("torch")
    array = REPR_CASES[name]
    assert repr(Tensor(array)) == repr(torch.from_numpy(array)).replace("torch.", "")


@every_repr
def test_repr_against_recorded_torch(name: str):
    assert repr(Tensor(REPR_CASES[name])) == json.loads(GOLDEN.read_text(encoding="utf-8"))[name]


def test_there_are_many():
    assert len(REPR_CASES) >= 50
    assert set(json.loads(GOLDEN.read_text(encoding="utf-8"))) == set(REPR_CASES)


def test_repr_tells_of_the_graph():
    x = tensor([1.0, 2.5], requires_grad=True)
    assert repr(x) == "tensor([1.0000, 2.5000], requires_grad=True)"
    assert repr(x * 2) == "tensor([2., 5.], grad_fn=<MulBackward0>)"
    assert repr((x * 2).detach()) == "tensor([2., 5.])"
    assert repr(x.double()) == "tensor([1.0000, 2.5000], dtype=float64, grad_fn=<CastBackward0>)"
    assert str(x) == repr(x)
    assert f"{tensor([1])}" == "tensor([1])"


def test_repr_of_gradients_of_scalars():
    x = tensor(2.0, requires_grad=True)
    for expected in ("tensor(4.)", "tensor(8.)"):
        (x * x).backward()
        assert repr(x.grad) == expected


def test_repr_follows_the_default_dtype():
    from chainrule.core.mode import set_default_dtype

    set_default_dtype(np.float64)
    try:
        assert repr(Tensor(np.array([0.5]))) == "tensor([0.5000])"
        assert repr(Tensor(np.array([0.5], np.float32))) == "tensor([0.5000], dtype=float32)"
    finally:
        set_default_dtype(np.float32)
