"""Record the curves and final parameters of whole trainings in PyTorch.

Run it from the repository's root, with PyTorch 2.13 installed, after changing a case::

    python tests/oracle/record_train.py
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np

ROOT = Path(__file__).parents[2]
GOLDEN = ROOT / "tests" / "golden" / "train"


def record(torch) -> None:
    from helpers.train_cases import CASES, run_torch

    stored = {
        f"{case.id}/{dtype}/{name}": values
        for case in CASES
        for dtype in ("float64", "float32")
        for name, values in run_torch(case, dtype, torch).items()
        if dtype == "float64" or name == "loss"
    }
    np.savez_compressed(GOLDEN / "curves.npz", **stored)
    print(f"{len(stored)} arrays of {len(CASES)} trainings in {GOLDEN / 'curves.npz'}")


if __name__ == "__main__":
    sys.path[:0] = [str(ROOT / "tests"), str(ROOT / "src")]
    import torch

    GOLDEN.mkdir(parents=True, exist_ok=True)
    record(torch)
