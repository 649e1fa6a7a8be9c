"""Fuzzing of everything that opens a file, guided by the coverage of our own code (atheris, a libFuzzer for Python).

``python tests/fuzz/run.py --seconds 600 model csv`` runs two of the targets, each for so long; without names, all.  A
fault is anything but a value or one of our errors with one line of text; too much time or memory counts, too.  The
input is kept beside the corpus, and the exit code is 1.  The corpus of a run is where the next one begins.
"""

from __future__ import annotations

import argparse
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
PATHS = [str(ROOT / "src"), str(ROOT / "tests")]
SHARED_MEMORY = Path("/dev/shm")
MEMORY = 2048  # MiB
LONGEST = 20  # seconds for one input
MOST_BYTES = 64 * 1024


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("targets", nargs="*", help="names of tests/helpers/doors.py; default: all")
    parser.add_argument("--seconds", type=float, default=60, help="for each target (default: 60)")
    parser.add_argument("--corpus", type=Path, default=ROOT / ".fuzz", help="folder of corpora and crashes")
    parser.add_argument("--inputs", nargs="+", type=Path, help="only open these files, e.g. a crash that was kept")
    arguments = parser.parse_args()
    sys.path[:0] = PATHS
    from helpers.doors import DOORS

    unknown = set(arguments.targets) - set(DOORS)
    if unknown:
        parser.error(f"unknown target {', '.join(sorted(unknown))}; there are {', '.join(DOORS)}")
    failed = []
    for name in arguments.targets or DOORS:
        if not run(name, arguments.seconds, arguments.corpus, arguments.inputs):
            failed.append(name)
    print(f"FAULTS in {', '.join(failed)}" if failed else "no faults")
    return bool(failed)


def run(name: str, seconds: float, folder: Path, inputs: list[Path] | None) -> bool:
    """Fuzz one target in a process of its own; whether it stood."""
    from helpers.doors import DOORS

    corpus, crashes = folder / name, folder / "crashes"
    for made in (corpus, crashes):
        made.mkdir(parents=True, exist_ok=True)
    for place, content in enumerate(DOORS[name].seeds()):
        (corpus / f"seed-{place}").write_bytes(content)
    options = [f"-max_total_time={seconds:.0f}", f"-rss_limit_mb={MEMORY}", f"-timeout={LONGEST}", "-verbosity=1"]
    options += [f"-max_len={MOST_BYTES}", "-len_control=20", f"-artifact_prefix={crashes}/{name}-"]
    places = list(map(str, inputs)) if inputs else [str(corpus)]
    began = time.monotonic()
    with tempfile.TemporaryDirectory(dir=SHARED_MEMORY if SHARED_MEMORY.is_dir() else None) as scratch:
        found = subprocess.run(
            [sys.executable, str(HERE / "one.py"), name, scratch, *options, *places],
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace", check=False,
        )  # fmt: skip
    counts = re.findall(r"^#(\d+)\s.*?cov: (\d+)", found.stdout, re.MULTILINE)
    runs, covered = counts[-1] if counts else ("?", "?")
    print(f"{name:16} {runs:>9} inputs, coverage {covered:>5}, {time.monotonic() - began:4.0f} s", end="")
    print("" if not found.returncode else f"  FAULT (exit {found.returncode})", flush=True)
    if found.returncode:
        print("\n".join(found.stdout.splitlines()[-40:]), flush=True)
    return not found.returncode


if __name__ == "__main__":
    sys.exit(main())
