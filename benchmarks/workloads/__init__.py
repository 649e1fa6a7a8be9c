"""What is measured, one file each."""

from __future__ import annotations

from workloads.accuracy import ACCURACIES
from workloads.base import Workload
from workloads.fashion import Fashion
from workloads.imports import Imports
from workloads.iris import Iris
from workloads.table import Table
from workloads.tape import Tape, TapeWithSGD
from workloads.xor import Xor

__all__ = ["LETTERS", "WORKLOADS", "Workload"]

WORKLOADS: dict[str, Workload] = {
    workload.name: workload
    for workload in (Fashion(), Iris(), Xor(), Tape(), TapeWithSGD(), Table(), Imports(), *ACCURACIES)
}

# Short names for the networks that are compared everywhere.
LETTERS = {"a": "fashion", "e": "xor"}
