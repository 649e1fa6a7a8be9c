"""What is measured, one file each."""

from __future__ import annotations

from workloads.accuracy import ACCURACIES
from workloads.base import Workload
from workloads.cold import Cold
from workloads.grid import Grid
from workloads.growth import Growth
from workloads.imports import Imports
from workloads.inference import Inference
from workloads.iris import Iris
from workloads.letters import LETTERED, Busy
from workloads.table import Table
from workloads.tape import Tape, TapeWithSGD

__all__ = ["ALIASES", "WORKLOADS", "Workload"]

_ALL: tuple[Workload, ...] = (
    *LETTERED, Busy(), Cold(), Inference(), Grid(), Table(), Iris(), *ACCURACIES, Growth(), Imports(), Tape(),
    TapeWithSGD(),
)  # fmt: skip

WORKLOADS: dict[str, Workload] = {workload.name: workload for workload in _ALL}

# Words for the lettered ones.
ALIASES = {"fashion": "a", "xor": "e", "population": "f"}
