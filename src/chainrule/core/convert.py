"""Changing a tensor's dtype, with PyTorch's names; a file of its own because those names hide Python's types."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from chainrule.core import ops
from chainrule.core.device import require_cpu
from chainrule.core.methods import TensorMethods
from chainrule.core.mode import quiet
from chainrule.core.promote import dtype_of

if TYPE_CHECKING:
    from chainrule.core.tensor import Tensor

__all__ = ["TENSOR_TYPES", "Conversions"]

TENSOR_TYPES = {
    "HalfTensor": "float16",
    "FloatTensor": "float32",
    "DoubleTensor": "float64",
    "CharTensor": "int8",
    "ShortTensor": "int16",
    "IntTensor": "int32",
    "LongTensor": "int64",
    "ByteTensor": "uint8",
    "BoolTensor": "bool",
}
"""PyTorch's names of tensors of one dtype."""


class Conversions(TensorMethods):
    """Types and places."""

    def to(self, *targets: Any, dtype: Any = None, device: Any = None) -> Tensor:
        """Convert to a dtype; a device may be named as PyTorch programs do, and must be the CPU.

        Raises:
            EngineError: for any other device.
            DTypeError: if there is no such dtype.
        """
        for target in (*targets, device):
            if isinstance(target, TensorMethods):
                dtype = target.dtype
            elif target is None or isinstance(target, bool):
                continue
            elif (name := str(target)).startswith(("cpu", "cuda", "mps", "xla", "gpu")):
                require_cpu(name)
            else:
                dtype = target
        wanted = self._data.dtype if dtype is None else dtype_of(dtype)
        if wanted == self._data.dtype:
            return self  # type: ignore[return-value]
        if wanted.kind != "f":  # integers and truth values have no gradient
            with quiet():
                return self.plain(self._data.astype(wanted))
        return self.record(ops.cast, (self,), {"dtype": wanted})

    def type(self, dtype: Any = None) -> Any:
        """Convert to a dtype or a type of tensor (``"torch.LongTensor"``); without one, the name of this type."""
        if dtype is None:
            found = {np.dtype(value): name for name, value in TENSOR_TYPES.items()}
            return f"torch.{found.get(self._data.dtype, self._data.dtype.name)}"
        name = str(getattr(dtype, "__name__", dtype)).removeprefix("torch.")
        return self.to(TENSOR_TYPES.get(name, dtype))

    def type_as(self, other: Any) -> Tensor:
        return self.to(other.dtype)

    def half(self) -> Tensor:
        return self.to(np.float16)

    def float(self) -> Tensor:
        return self.to(np.float32)

    def double(self) -> Tensor:
        return self.to(np.float64)

    def long(self) -> Tensor:
        return self.to(np.int64)

    def int(self) -> Tensor:
        return self.to(np.int32)

    def short(self) -> Tensor:
        return self.to(np.int16)

    def byte(self) -> Tensor:
        return self.to(np.uint8)

    def bool(self) -> Tensor:
        return self.to(np.bool_)

    def cpu(self) -> Tensor:
        return self  # type: ignore[return-value]

    def cuda(self, device: Any = None) -> Tensor:
        """Raise EngineError: tensors live on the CPU."""
        return self.to("cuda" if device is None else device)

    @property
    def is_cuda(self) -> Any:
        return False

    def contiguous(self) -> Tensor:
        return self  # type: ignore[return-value]

    def clone(self) -> Tensor:
        """A copy that stays on the graph."""
        return self.record(ops.cast, (self,), {"dtype": self._data.dtype})

    def zeros_like(self) -> Tensor:
        return self.plain(np.zeros(self._data.shape, self._data.dtype))
