"""Forward value, gradients and gradients of gradients of one case, by chainrule and by PyTorch, in the same form."""

from __future__ import annotations

import zlib
from typing import Any

import numpy as np

from chainrule.core.backward import grad
from chainrule.core.op import OPS
from chainrule.core.tensor import Tensor
from helpers.op_cases import Case, torch_forward

Result = dict[str, np.ndarray]


def differentiable(case: Case, inputs: list[np.ndarray]) -> list[int]:
    """Which inputs have a derivative."""
    op = OPS[case.op]
    return [i for i, array in enumerate(inputs) if array.dtype.kind == "f" and op.differentiable(i)]


def weights(case: Case, inputs: list[np.ndarray], y: np.ndarray) -> tuple[np.ndarray, list[np.ndarray]]:
    """A random gradient of the output, and a random one for each gradient of an input (for the second order)."""
    rng = np.random.default_rng(zlib.crc32(case.id.encode()) + 1)
    return rng.standard_normal(y.shape), [rng.standard_normal(array.shape) for array in inputs]


def as_dtype(inputs: list[np.ndarray], dtype: Any) -> list[np.ndarray]:
    return [array.astype(dtype) if array.dtype.kind == "f" else array for array in inputs]


def chainrule_results(case: Case, inputs: list[np.ndarray], dtype: Any = np.float64) -> Result:
    """Run a case: ``y``, ``d0`` … (first order), ``dd0`` …, ``ddg`` (second order: of Σ uᵢ·dᵢ)."""
    op = OPS[case.op]
    arrays = as_dtype(inputs, dtype)
    which = differentiable(case, inputs)
    tensors = [Tensor(array, requires_grad=i in which) for i, array in enumerate(arrays)]
    y = op(*tensors, **case.params)
    results: Result = {"y": y._data}
    if not op.vjps:
        return results
    g0, u0 = weights(case, inputs, y._data)
    g = Tensor(g0.astype(dtype), requires_grad=True)
    sources = [tensors[i] for i in which]
    first = grad(y, sources, g, create_graph=True)
    results |= {f"d{i}": value._data for i, value in zip(which, first, strict=True)}
    total = sum((d * Tensor(u0[i].astype(dtype))).sum() for i, d in zip(which, first, strict=True))
    second = grad(total, [*sources, g], allow_unused=True, materialize_grads=True)
    results |= {f"dd{i}": value._data for i, value in zip([*which, "g"], second, strict=True)}
    return results


def torch_results(torch: Any, case: Case, inputs: list[np.ndarray], dtype: Any = np.float64) -> Result:
    """The same by PyTorch."""
    arrays = as_dtype(inputs, dtype)
    which = differentiable(case, inputs)
    tensors = [torch.from_numpy(np.array(array)).requires_grad_(i in which) for i, array in enumerate(arrays)]
    y = torch_forward(torch, case, tensors)
    results: Result = {"y": y.numpy(force=True)}
    if not OPS[case.op].vjps:
        return results
    g0, u0 = weights(case, inputs, results["y"])
    g = torch.from_numpy(np.array(g0.astype(dtype))).requires_grad_()
    sources = [tensors[i] for i in which]
    first = torch.autograd.grad(y, sources, g, create_graph=True)
    results |= {f"d{i}": value.numpy(force=True) for i, value in zip(which, first, strict=True)}
    total = sum((d * torch.from_numpy(np.array(u0[i].astype(dtype)))).sum() for i, d in zip(which, first, strict=True))
    total = total + 0 * g.sum()  # PyTorch drops the graph where a derivative is zero everywhere
    second = torch.autograd.grad(total, [*sources, g], allow_unused=True, materialize_grads=True)
    results |= {f"dd{i}": value.numpy(force=True) for i, value in zip([*which, "g"], second, strict=True)}
    return results
