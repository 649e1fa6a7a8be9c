"""Bad input to tensors ends in one clear line that names what was done and what came."""

from __future__ import annotations

import numpy as np
import pytest

from chainrule.core import create, functions, ops
from chainrule.core.backward import grad
from chainrule.core.function import Function
from chainrule.core.tensor import Tensor, tensor
from chainrule.errors import ChainruleError, DTypeError, GradientError, ShapeError


def x() -> Tensor:
    return tensor([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]], requires_grad=True)


CASES = {
    # name: (what is done, the class of the error, what the message must name)
    "add of shapes": (lambda: x() + create.ones(2), ShapeError, ["add", "(2, 3)", "(2,)"]),
    "mul of shapes": (lambda: x() * np.ones((4, 3)), ShapeError, ["mul", "(2, 3)", "(4, 3)"]),
    "matmul of shapes": (lambda: x() @ create.ones(2, 4), ShapeError, ["matmul", "(2, 3)", "(2, 4)"]),
    "matmul of a vector": (lambda: x() @ create.ones(4), ShapeError, ["matmul", "(2, 3)", "(4,)"]),
    "matmul of batches": (lambda: create.ones(2, 3, 4) @ create.ones(3, 4, 5), ShapeError, ["matmul", "(2, 3, 4)"]),
    "linear": (lambda: ops.linear(x(), create.ones(4, 2), create.ones(4)), ShapeError, ["linear", "(2, 3)", "(4, 2)"]),
    "where": (lambda: ops.where(x() > 0, create.ones(2), 0.0), ShapeError, ["where", "(2, 3)", "(2,)"]),
    "maximum": (lambda: ops.maximum(x(), create.ones(2)), ShapeError, ["maximum", "(2, 3)", "(2,)"]),
    "comparison": (lambda: x() > create.ones(2), ShapeError, ["gt", "(2, 3)", "(2,)"]),
    "cat": (lambda: functions.cat([x(), create.ones(2, 2)]), ShapeError, ["concatenate", "(2, 3)", "(2, 2)"]),
    "stack": (lambda: functions.stack([x(), create.ones(2, 2)]), ShapeError, ["stack", "(2, 3)", "(2, 2)"]),
    "reshape": (lambda: x().reshape(4), ShapeError, ["reshape", "(2, 3)"]),
    "view with -1": (lambda: x().view(-1, 4), ShapeError, ["reshape", "(2, 3)"]),
    "expand": (lambda: x().expand(4, 3), ShapeError, ["broadcast_to", "(2, 3)"]),
    "permute too few": (lambda: x().permute(0), ShapeError, ["permute", "(2, 3)"]),
    "permute twice": (lambda: x().permute(0, 0), ShapeError, ["twice", "(0, 0)"]),
    "text as operand": (lambda: x() + "a", TypeError, ["add", "'a'"]),
    "text on the left": (lambda: "a" * x(), TypeError, ["mul", "'a'"]),
    "None as operand": (lambda: x() * None, TypeError, ["mul", "None"]),
    "text in an operation": (lambda: ops.linear(x(), "w", None), TypeError, ["linear", "'w'"]),
    "ragged operand": (lambda: x() * [[1.0], [1.0, 2.0]], ShapeError, ["lengths"]),
    "ragged lists": (lambda: tensor([[1.0], [1.0, 2.0]]), ShapeError, ["lengths"]),
    "ragged deeper": (lambda: tensor([[[1], [2]], [[1], [2, 3]]]), ShapeError, ["lengths"]),
    "list of text": (lambda: tensor(["1", "2"]), DTypeError, ["numbers"]),
    "text": (lambda: tensor("1"), DTypeError, ["numbers", "str"]),
    "None": (lambda: tensor(None), DTypeError, ["numbers", "None"]),
    "list with None": (lambda: tensor([1.0, None]), DTypeError, ["numbers"]),
    "dict": (lambda: tensor({"a": 1}), DTypeError, ["numbers", "dict"]),
    "complex": (lambda: tensor([1j]), DTypeError, ["numbers", "complex"]),
    "dates": (lambda: tensor(np.array(["2020-01-01"], "datetime64[D]")), DTypeError, ["numbers", "datetime64"]),
    "huge integers": (lambda: tensor([2**70]), ChainruleError, []),
    "unknown dtype": (lambda: tensor([1], dtype="float31"), DTypeError, ["float31"]),
    "gradient of integers": (lambda: tensor([1], requires_grad=True), DTypeError, ["floating point", "int64"]),
    "sum over dim": (lambda: x().sum(2), ShapeError, ["-2 to 1", "2"]),
    "mean over dim": (lambda: x().mean(-3), ShapeError, ["-2 to 1", "-3"]),
    "softmax over dim": (lambda: x().softmax(5), ShapeError, ["-2 to 1", "5"]),
    "max over dim": (lambda: x().max(2), ShapeError, ["-2 to 1", "2"]),
    "argmax over dim": (lambda: x().argmax(2), ShapeError, ["-2 to 1", "2"]),
    "any over dim": (lambda: x().any(2), ShapeError, ["-2 to 1", "2"]),
    "sum over a dim twice": (lambda: x().sum((0, -2)), ShapeError, ["twice"]),
    "sum over text": (lambda: x().sum("rows"), TypeError, ["sum"]),
    "transpose": (lambda: x().transpose(0, 2), ShapeError, ["-2 to 1", "2"]),
    "squeeze": (lambda: x().squeeze(2), ShapeError, ["-2 to 1", "2"]),
    "unsqueeze": (lambda: x().unsqueeze(4), ShapeError, ["-3 to 2", "4"]),
    "flatten": (lambda: x().flatten(2), ShapeError, ["-2 to 1", "2"]),
    "index too large": (lambda: x()[2], ShapeError, ["(2, 3)", "2"]),
    "too many indices": (lambda: x()[0, 0, 0], ShapeError, ["(2, 3)"]),
    "text as index": (lambda: x()["a"], ChainruleError, ["(2, 3)"]),
    "gather index": (lambda: x().gather(1, np.array([[3]])), ShapeError, ["gather", "(2, 3)"]),
    "maximum of nothing": (lambda: create.zeros(0).amax(), ShapeError, ["max", "(0,)"]),
    "item of many": (lambda: x().item(), ChainruleError, ["6 elements"]),
    "truth of many": (lambda: bool(x()), ChainruleError, ["ambiguous"]),
    "backward of many": (lambda: x().backward(), GradientError, ["scalar", "(2, 3)"]),
    "backward of a constant": (lambda: tensor(1.0).backward(), GradientError, ["does not require grad"]),
    "gradient of another shape": (lambda: (x() * 2).backward(np.ones(3)), ShapeError, ["(2, 3)", "(3,)"]),
    "grad of an unused input": (lambda: grad(x().sum(), x()), GradientError, ["not have been used"]),
    "NumPy array of a graph": (lambda: x().numpy(), GradientError, ["detach"]),
    "bad grad_outputs count": (lambda: grad([x().sum()], [x()], [None, None]), GradientError, ["1 gradients", "2"]),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_message(name: str):
    action, kind, words = CASES[name]
    with pytest.raises(kind) as caught:
        action()
    message = str(caught.value)
    assert isinstance(caught.value, ChainruleError), type(caught.value)
    assert "\n" not in message
    assert [word for word in words if word not in message] == []
    assert len(message) < 300


class TwoInputs(Function):
    @staticmethod
    def forward(ctx, a, b):
        return a * b

    @staticmethod
    def backward(ctx, g):
        return g


def test_a_function_that_returns_too_few_gradients():
    a, b = tensor([1.0], requires_grad=True), tensor([2.0], requires_grad=True)
    with pytest.raises(GradientError, match=r"TwoInputs.*incorrect number"):
        TwoInputs.apply(a, b).sum().backward()


def test_operators_leave_unknown_types_a_chance():
    """A class of the user's own with reflected operators gets its turn for comparisons."""

    class Everything:
        def __eq__(self, other):
            return "mine"

        __hash__ = None

    assert (tensor([1.0]) == Everything()) == "mine"
