"""``torch.name(x, …)`` for what is also ``x.name(…)``: each calls the method, and can write its result to ``out``."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from chainrule.core.create import as_tensor
from chainrule.core.tensor import Tensor

METHODS = """abs add all amax amin any argmax argmin argsort bmm ceil chunk clamp clip clone cos detach div divide dot
eq erf exp expm1 flatten floor gather ge gt index_select is_floating_point isfinite isinf isnan le log log10 log1p log2
log_softmax logical_and logical_not logical_or logical_xor logsumexp lt masked_fill masked_select matmul max maximum
mean min minimum mm mul multiply mv ne neg nonzero norm numel outer permute pow reciprocal relu reshape round rsqrt
sigmoid sign sin softmax sort split sqrt square squeeze std sub subtract sum t tanh topk transpose trunc unbind unique
unsqueeze var""".split()

__all__ = ["where", *METHODS]  # noqa: PLE0604 - made below


def where(condition: Any, input: Any, other: Any) -> Tensor:
    """Elements of `input` where `condition` holds, of `other` elsewhere."""
    return as_tensor(input).where(condition, other)


def _function(name: str) -> Callable[..., Any]:
    method = getattr(Tensor, name)

    def function(input: Any, *args: Any, out: Any = None, **options: Any) -> Any:
        result = method(input if isinstance(input, Tensor) else as_tensor(input), *args, **options)
        return result if out is None else out.copy_(result)

    function.__name__ = function.__qualname__ = name
    function.__doc__ = f"As the method `Tensor.{name}`; ``out`` is a tensor to write the result to."
    return function


globals().update({name: _function(name) for name in METHODS})
