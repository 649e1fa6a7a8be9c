"""Changing a tensor's dtype, with PyTorch's names; a file of its own because those names hide Python's types."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from chainrule.core import ops
from chainrule.core.methods import TensorMethods
from chainrule.core.mode import quiet
from chainrule.core.promote import dtype_of
from chainrule.errors import EngineError

if TYPE_CHECKING:
    from chainrule.core.tensor import Tensor

__all__ = ["Conversions"]


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
                if not name.startswith("cpu"):
                    raise EngineError("tensors live on the CPU", got=name, fix='Use device="cpu"')
            else:
                dtype = target
        wanted = self._data.dtype if dtype is None else dtype_of(dtype)
        if wanted == self._data.dtype:
            return self  # type: ignore[return-value]
        if wanted.kind != "f":  # integers and truth values have no gradient
            with quiet():
                return self.plain(self._data.astype(wanted))
        return self.record(ops.cast, (self,), {"dtype": wanted})

    type = to

    def float(self) -> Tensor:
        return self.to(np.float32)

    def double(self) -> Tensor:
        return self.to(np.float64)

    def long(self) -> Tensor:
        return self.to(np.int64)

    def int(self) -> Tensor:
        return self.to(np.int32)

    def bool(self) -> Tensor:
        return self.to(np.bool_)

    def cpu(self) -> Tensor:
        return self  # type: ignore[return-value]

    def contiguous(self) -> Tensor:
        return self  # type: ignore[return-value]

    def clone(self) -> Tensor:
        """A copy that stays on the graph."""
        return self.record(ops.cast, (self,), {"dtype": self._data.dtype})

    def zeros_like(self) -> Tensor:
        return self.plain(np.zeros(self._data.shape, self._data.dtype))
