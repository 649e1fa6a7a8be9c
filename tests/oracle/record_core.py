"""Record PyTorch's values for every case of the operation table, and for edges and reprs.

Run it from the repository's root, with PyTorch 2.13 installed, after changing a case::

    python tests/oracle/record_core.py
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import numpy as np

ROOT = Path(__file__).parents[2]
GOLDEN = ROOT / "tests" / "golden" / "core"


def record_ops(torch) -> None:
    from helpers.op_cases import CASES
    from helpers.op_results import torch_results

    stored: dict[str, np.ndarray] = {}
    for case in CASES:
        inputs = case.inputs()
        stored |= {f"{case.id}/in{i}": array for i, array in enumerate(inputs)}
        stored |= {f"{case.id}/out/{key}": value for key, value in torch_results(torch, case, inputs).items()}
    np.savez_compressed(GOLDEN / "ops.npz", **stored)
    print(f"{len(stored)} arrays of {len(CASES)} cases in {GOLDEN / 'ops.npz'}")


def record_edges(torch) -> None:
    from helpers.edge_cases import EDGES
    from helpers.op_cases import TORCH

    stored: dict[str, np.ndarray] = {}
    for edge in EDGES:
        tensors = [torch.from_numpy(array.copy()).requires_grad_() for array in edge.inputs]
        y = TORCH[edge.op](torch, *tensors, **edge.params)
        y.backward(torch.ones_like(y))
        stored |= {f"{edge.id}/in{i}": array for i, array in enumerate(edge.inputs)}
        stored |= {f"{edge.id}/d{i}": tensor.grad.numpy() for i, tensor in enumerate(tensors)}
        stored[f"{edge.id}/y"] = y.detach().numpy()
    np.savez_compressed(GOLDEN / "edges.npz", **stored)
    print(f"{len(stored)} arrays of {len(EDGES)} edges in {GOLDEN / 'edges.npz'}")


def record_reprs(torch) -> None:
    from helpers.repr_cases import REPR_CASES

    texts = {name: repr(torch.from_numpy(array)).replace("torch.", "") for name, array in REPR_CASES.items()}
    (GOLDEN / "reprs.json").write_text(json.dumps(texts, indent=1) + "\n", encoding="utf-8")
    print(f"{len(texts)} texts in {GOLDEN / 'reprs.json'}")


if __name__ == "__main__":
    sys.path[:0] = [str(ROOT / "tests"), str(ROOT / "src")]
    import torch

    GOLDEN.mkdir(parents=True, exist_ok=True)
    record_ops(torch)
    record_edges(torch)
    record_reprs(torch)
