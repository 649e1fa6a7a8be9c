"""PyTorch's older constructors: ``Tensor(2, 2)`` is a size, ``Tensor([2, 2])`` are numbers, whatever their dtype."""

from __future__ import annotations

import operator
from typing import Any, ClassVar

import numpy as np

from chainrule.core import create
from chainrule.core.convert import TENSOR_TYPES
from chainrule.core.mode import get_default_dtype
from chainrule.core.tensor import Size
from chainrule.core.tensor import Tensor as CoreTensor
from chainrule.errors import DTypeError

__all__ = [
    "BoolTensor", "ByteTensor", "CharTensor", "DoubleTensor", "FloatTensor", "HalfTensor", "IntTensor", "LongTensor",
    "ShortTensor", "Tensor",
]  # fmt: skip


class _TensorType(type):
    """Types whose instances are chainrule's tensors (of one dtype)."""

    kind: np.dtype[Any] | None

    def __call__(cls, *data: Any, device: Any = None) -> CoreTensor:
        dtype = get_default_dtype() if cls.kind is None else cls.kind
        if len(data) == 1 and not _is_size(data[0]):
            return _converted(data[0], dtype, device)
        size = data[0] if len(data) == 1 and isinstance(data[0], Size) else data or (0,)
        return create.empty(*(operator.index(length) for length in size), dtype=dtype, device=device)

    def __instancecheck__(cls, instance: object) -> bool:
        return isinstance(instance, CoreTensor) and (cls.kind is None or cls.kind == instance.dtype)


def _is_size(value: Any) -> bool:
    return isinstance(value, (int, np.integer, Size))


def _converted(data: Any, dtype: Any, device: Any) -> CoreTensor:
    if isinstance(data, (float, np.floating)):
        raise DTypeError("this constructor takes sizes, or a list of numbers", got=repr(data), fix="Use torch.tensor")
    if isinstance(data, CoreTensor):
        return create.as_tensor(data.detach(), dtype, device)
    return create.tensor(data, dtype, device=device)


class Tensor(CoreTensor, metaclass=_TensorType):
    """A tensor of the default dtype: ``Tensor(2, 3)`` of that size, ``Tensor([[1, 2]])`` of these numbers.

    Every tensor is an instance of it.  A tensor of a size alone holds zeros.
    """

    kind: ClassVar[np.dtype[Any] | None] = None


class HalfTensor(Tensor):
    kind = np.dtype(TENSOR_TYPES["HalfTensor"])


class FloatTensor(Tensor):
    kind = np.dtype(TENSOR_TYPES["FloatTensor"])


class DoubleTensor(Tensor):
    kind = np.dtype(TENSOR_TYPES["DoubleTensor"])


class CharTensor(Tensor):
    kind = np.dtype(TENSOR_TYPES["CharTensor"])


class ShortTensor(Tensor):
    kind = np.dtype(TENSOR_TYPES["ShortTensor"])


class IntTensor(Tensor):
    kind = np.dtype(TENSOR_TYPES["IntTensor"])


class LongTensor(Tensor):
    kind = np.dtype(TENSOR_TYPES["LongTensor"])


class ByteTensor(Tensor):
    kind = np.dtype(TENSOR_TYPES["ByteTensor"])


class BoolTensor(Tensor):
    kind = np.dtype(TENSOR_TYPES["BoolTensor"])
