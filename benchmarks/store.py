"""The results as they come in: written after each comparison, so that a run that was ended can go on."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

from harness import Result
from workloads import WORKLOADS

__all__ = ["Store"]


class Store:
    """What has been measured on this machine.

    Attributes:
        machine: as described by the latest run.
    """

    def __init__(self, file: Path | None, settings: dict[str, Any]) -> None:
        self._file, self._settings = file, settings
        self.machine: dict[str, Any] = {}
        self._rows: list[dict[str, Any]] = []
        self._skipped: dict[str, list[str]] = {}
        self._finished: dict[str, list[str]] = {}
        if file is not None and file.exists():
            known = json.loads(file.read_text(encoding="utf-8"))
            if not known.keys() >= {"machine", "results", "skipped", "finished"}:
                raise SystemExit(f"run.py: {file} holds no results of this program; name another file by --json")
            self.machine = known["machine"]
            self._rows, self._skipped, self._finished = known["results"], known["skipped"], known["finished"]

    def describe(self, machine: dict[str, Any]) -> None:
        """Note what the next results are measured on."""
        self.machine = machine

    def has(self, workload: str, rival: str | None = None) -> bool:
        """Whether a workload, or its comparison with one rival, was finished."""
        if rival is None:
            return workload in self._finished
        if rival in self._finished.get(workload, []):
            return True
        # A workload without cases has one row for each rival, and that is the whole comparison.
        return any((row["workload"], row["rival"], row["case"]) == (workload, rival, "") for row in self._rows)

    def begin(self, workload: str, rivals: list[str]) -> None:
        """Forget what is about to be measured again."""
        again = {*rivals, None, "numpy"}
        self._rows = [row for row in self._rows if row["workload"] != workload or row["rival"] not in again]

    def add(self, result: Result) -> None:
        """Take a comparison in."""
        workload = WORKLOADS[result.workload]
        verdict = None if self._settings["smoke"] else workload.verdict(result)
        goal = None if verdict is None else {"goal": verdict[0], "met": verdict[1]}
        origin = {"commit": self.machine.get("commit"), "date": self._settings["date"]}
        self._rows.append({**result.as_dict(), "title": workload.title, "goal": goal, **origin})
        self._write()

    def end(self, workload: str, rivals: list[str], skipped: list[str], failed: bool) -> None:
        """Note that a workload is done, and what of it could not be measured."""
        self._skipped[workload] = skipped
        if not failed:
            self._finished[workload] = sorted({*self._finished.get(workload, []), *rivals})
        self._write()

    def report(self) -> dict[str, Any]:
        """Everything, in the order of the workloads."""
        order = list(WORKLOADS)
        rows = sorted(
            (row for row in self._rows if row["workload"] in order), key=lambda row: order.index(row["workload"])
        )
        return {
            "machine": self.machine,
            "settings": self._settings,
            "results": rows,
            "not_measured": [words for name in order for words in self._skipped.get(name, [])],
            "skipped": self._skipped,
            "finished": self._finished,
        }

    def _write(self) -> None:
        if self._file is None:
            return
        fresh = self._file.with_name(f".{self._file.name}.new")
        fresh.write_text(json.dumps(self.report(), indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
        os.replace(fresh, self._file)
