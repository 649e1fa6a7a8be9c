"""Record PyTorch's parameters after steps of every optimiser, and the learning rates of every schedule.

Run it from the repository's root, with PyTorch 2.13 installed, after changing a case::

    python tests/oracle/record_optim.py
"""

from __future__ import annotations

import sys
import warnings
from pathlib import Path

import numpy as np

ROOT = Path(__file__).parents[2]
GOLDEN = ROOT / "tests" / "golden" / "optim"


def record_optimizers(torch) -> None:
    from helpers.optim_cases import DTYPES, OPTIMIZERS, RECORDED_STEPS, random_inputs, trajectory

    inputs = random_inputs(seed=20)
    stored = dict(inputs)
    rows = [step - 1 for step in RECORDED_STEPS]
    for case in OPTIMIZERS:
        for dtype in DTYPES:
            after = trajectory(case, inputs, dtype, torch.optim, torch.tensor)
            stored |= {f"{case.id}/{dtype}/{name}": values[rows] for name, values in after.items()}
    np.savez_compressed(GOLDEN / "optimizers.npz", **stored)
    print(f"{len(stored)} arrays of {len(OPTIMIZERS)} optimizers in {GOLDEN / 'optimizers.npz'}")


def record_schedules(torch) -> None:
    from helpers.optim_cases import SCHEDULES, rates

    # PyTorch warns of schedules that step without their optimizer; here only the rates matter.
    with warnings.catch_warnings(action="ignore", category=UserWarning):
        stored = {case.id: rates(case, torch.optim, torch.tensor) for case in SCHEDULES}
    np.savez_compressed(GOLDEN / "schedules.npz", **stored)
    print(f"{len(stored)} schedules in {GOLDEN / 'schedules.npz'}")


if __name__ == "__main__":
    sys.path[:0] = [str(ROOT / "tests"), str(ROOT / "src")]
    import torch

    GOLDEN.mkdir(parents=True, exist_ok=True)
    record_optimizers(torch)
    record_schedules(torch)
