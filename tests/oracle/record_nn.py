"""Record PyTorch's values for layers and losses: outputs, first and second derivatives, running statistics.

Run it from the repository's root, with PyTorch 2.13 installed, after changing a case::

    python tests/oracle/record_nn.py
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np

ROOT = Path(__file__).parents[2]
GOLDEN = ROOT / "tests" / "golden" / "nn"


def record_layers() -> None:
    from helpers.nn_cases import LAYERS, Draw, layer_inputs, layer_results, torch_library

    lib = torch_library()
    stored: dict[str, np.ndarray] = {}
    for name, draw in LAYERS.items():
        case = draw(Draw(name))
        inputs = layer_inputs(case, case.make(lib.nn), seed=0)
        stored |= {f"{name}/in/{key}": value for key, value in inputs.items()}
        stored |= {f"{name}/out/{key}": value for key, value in layer_results(case, lib, inputs, "float64").items()}
    np.savez_compressed(GOLDEN / "layers.npz", **stored)
    print(f"{len(stored)} arrays of {len(LAYERS)} layers in {GOLDEN / 'layers.npz'}")


def record_losses() -> None:
    from helpers.nn_cases import LOSSES, RECORDED_LOSSES, Draw, loss_results, torch_library

    stored: dict[str, np.ndarray] = {}
    for name, draw in LOSSES.items():
        for number in range(RECORDED_LOSSES):
            case = draw(Draw(f"{name} {number}"))
            stored[f"{name}/{number}/output"], stored[f"{name}/{number}/target"] = case.output, case.target
            results = loss_results(case, torch_library(), "float64")
            stored |= {f"{name}/{number}/out/{key}": value for key, value in results.items()}
    np.savez_compressed(GOLDEN / "losses.npz", **stored)
    print(f"{len(stored)} arrays of {len(LOSSES)} losses in {GOLDEN / 'losses.npz'}")


if __name__ == "__main__":
    sys.path[:0] = [str(ROOT / "tests"), str(ROOT / "src")]
    GOLDEN.mkdir(parents=True, exist_ok=True)
    record_layers()
    record_losses()
