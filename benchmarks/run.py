"""Compare chainrule with its rivals: paired, alternating runs; a table and a JSON file.

    python benchmarks/run.py                                everything, with whatever is installed
    python benchmarks/run.py --only a,b --rivals jax,torch
    python benchmarks/run.py --resume                       what is not in the results yet
    python benchmarks/run.py --smoke                        tiny sizes, to see that it all runs

See README.md beside this file for what is measured, and how.
"""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path

import machine
from harness import Failed, Options
from report import as_markdown
from rivals import OURS, RIVALS, Rival, matching
from store import Store
from workloads import ALIASES, WORKLOADS, Workload
from workloads.base import Skipped, say

_RESULTS = Path(__file__).resolve().parent / "results"


def main(arguments: list[str] | None = None) -> int:
    """Measure, print the table, write the files; 1 if a workload failed, 2 for bad arguments."""
    options = _parser().parse_args(arguments)
    if OURS.missing():
        raise SystemExit("run.py: chainrule is not installed: pip install . (or set PYTHONPATH to src)")
    workloads, rivals = _chosen(options.only), matching(options.rivals)
    settings = Options(options.repeats, options.threads, options.smoke, options.quick)
    files = _files(options)
    store = Store(files[0], {**vars(settings), "date": time.strftime("%Y-%m-%d")})
    if not options.table:
        store.describe(machine.describe())
        load = store.machine["load_at_start"]
        if load and load > 0.5:
            say(f"NOTE: the machine is busy (load {load}); ratios will spread")
    failed = not options.table and _measure(workloads, rivals, settings, store, options.resume)
    table = as_markdown(store.report())
    print(table)
    if files[1] is not None:
        files[1].write_text(table, encoding="utf-8")
        say(f"wrote {files[0]} and {files[1]}")
    return 1 if failed else 0


def _measure(workloads: list[Workload], rivals: list[Rival], options: Options, store: Store, resume: bool) -> bool:
    """Whether one of them failed.  The file is written after each comparison, so that nothing is lost."""
    failed = False
    for workload in workloads:
        wanted = [rival for rival in rivals if not (resume and store.has(workload.name, rival.name))]
        if resume and store.has(workload.name) and not any(rival.name in workload.rivals for rival in wanted):
            say(f"{workload.name}: in the results already")
            continue
        say(f"{workload.name}: {workload.title}")
        skipped: list[str] = []
        began = time.perf_counter()
        names = [rival.name for rival in wanted]
        store.begin(workload.name, names)
        broken = False
        try:
            for result in workload.measure(wanted, options, skipped):
                store.add(result)
        except Skipped as reason:
            skipped.append(f"{workload.name}: {reason}")
            say(f"  NOT MEASURED: {reason}")
        except Failed as reason:
            failed = broken = True
            skipped.append(f"{workload.name}: FAILED: {reason}")
            say(f"  FAILED: {reason}")
        store.end(workload.name, names, skipped, broken)
        say(f"  {time.perf_counter() - began:.0f} s")
    return failed


def _chosen(wanted: str) -> list[Workload]:
    chosen = []
    for name in filter(None, (part.strip() for part in wanted.split(","))):
        workload = WORKLOADS.get(ALIASES.get(name, name))
        if workload is None:
            known = ", ".join((*WORKLOADS, *ALIASES))
            raise SystemExit(f"run.py: unknown workload {name!r}; known: {known}")
        chosen.append(workload)
    return chosen


def _files(options: argparse.Namespace) -> tuple[Path | None, Path | None]:
    """Where numbers and table go: by the machine's name, unless told; nowhere after a smoke run, unless told."""
    json, markdown = (Path(name) if name else None for name in (options.json, options.markdown))
    if options.smoke or json or markdown:
        return json, markdown
    _RESULTS.mkdir(exist_ok=True)
    name = machine.name() + ("-quick" if options.quick else "")
    return _RESULTS / f"{name}.json", _RESULTS / f"{name}.md"


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="run.py", description="Compare chainrule with its rivals.")
    add = parser.add_argument
    every = ",".join(WORKLOADS)
    add("--only", "--workloads", default=every, metavar="A,B", help=f"of {every}; default: all")
    add("--rivals", default=",".join(RIVALS), metavar="A,B", help=f"of {', '.join(RIVALS)}; default: all")
    add("--repeats", type=_positive, metavar="N", help="pairs of runs for each rival; default: the workload's own")
    add("--threads", type=_positive, metavar="N", help="for everybody; default: whatever each is fastest with")
    add("--resume", action="store_true", help="measure only what the results lack")
    add("--quick", action="store_true", help="whole sizes, but three pairs and three seeds")
    add("--smoke", action="store_true", help="tiny sizes, to see that everything runs")
    add("--table", action="store_true", help="measure nothing: the table of the results that there are")
    add("--json", metavar="FILE", help="all numbers; default: results/<machine>.json, but none after a smoke run")
    add("--markdown", metavar="FILE", help="the table; default: results/<machine>.md, but none after a smoke run")
    return parser


def _positive(text: str) -> int:
    value = int(text)
    if value < 1:
        raise argparse.ArgumentTypeError("must be at least 1")
    return value


if __name__ == "__main__":
    sys.exit(main())
