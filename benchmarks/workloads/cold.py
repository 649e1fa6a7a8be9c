"""A cold process to its first trained network: interpreter, imports, data, compilation, training."""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import machine
from harness import Failed, Options, Result, Spread
from networks import NoImages, unpack_images
from rivals import OURS, TRAINERS, Rival

from workloads.base import Workload, leave_out, say

__all__ = ["Cold"]

_SCRIPT = Path(__file__).resolve().parents[1] / "cold.py"
_MOST = {"e": 0.15, "a": 0.45}  # seconds that ours may take
_CASES = {"e": "first trained XOR", "a": "first epoch of a"}


class Cold(Workload):
    name = "cold"
    title = (
        "A fresh process, from its start to its end: the network e; one epoch of a (uncompressed images on the disk)"
    )
    rivals = tuple(name for name in TRAINERS if name != "blocks")

    def measure(self, rivals: list[Rival], options: Options, skipped: list[str]) -> Iterator[Result]:
        repeats = 1 if options.smoke else options.pairs(5)
        with tempfile.TemporaryDirectory() as folder:
            for letter, case in _CASES.items():
                if letter == "a" and not options.smoke:
                    try:
                        unpack_images(Path(folder))
                    except NoImages as reason:
                        leave_out(skipped, f"{self.name}: {case}: {reason}")
                        continue
                for rival in self.present(rivals, skipped):
                    say(f"  {rival.title}: {case}, {repeats} pairs")
                    try:
                        yield self._against(rival, letter, case, repeats, options, folder)
                    except Failed as reason:
                        leave_out(skipped, f"{self.name}: {rival.title}: {reason}")

    def _against(  # type: ignore[override]
        self, rival: Rival, letter: str, case: str, repeats: int, options: Options, folder: str
    ) -> Result:
        def seconds(who: Rival) -> float:
            return _seconds(who, letter, options, folder)

        if not options.smoke:  # so that the files of both are in the system's cache
            seconds(OURS), seconds(rival)
        pairs = [(seconds(OURS), seconds(rival)) for _ in range(repeats)]
        ours, theirs = (list(side) for side in zip(*pairs, strict=True))
        return Result(self.name, rival.name, "s", ours, theirs, case)

    def verdict(self, result: Result) -> tuple[str, bool] | None:
        for letter, case in _CASES.items():
            if (result.rival, result.case) == ("jax", case):
                most = _MOST[letter]
                return f"ours at most {most} s", Spread.of(result.ours).median <= most
        return None


def _seconds(rival: Rival, letter: str, options: Options, folder: str) -> float:
    command = [sys.executable, str(_SCRIPT), rival.module, letter, *(["--smoke"] if options.smoke else [])]
    environment = {**rival.variables(options.threads or machine.cores())}
    if letter == "a" and not options.smoke:
        environment["CHAINRULE_DATA"] = folder
    began = time.perf_counter()
    done = subprocess.run(
        command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, check=False
    )
    took = time.perf_counter() - began
    if done.returncode:
        raise Failed((done.stderr.strip().splitlines() or ["it ended without a word"])[-1])
    return took
