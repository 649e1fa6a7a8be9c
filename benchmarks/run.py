"""Compare chainrule with its rivals: paired, alternating runs; a table and a JSON file.

    python benchmarks/run.py                                    everything that is installed
    python benchmarks/run.py --workloads xor,tape --rivals torch
    python benchmarks/run.py --smoke --json report.json         seconds, to see that it all runs

See README.md beside this file for what is measured, and how.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from pathlib import Path

import machine
from harness import Failed, Options, Result
from report import as_json, as_markdown
from rivals import OURS, RIVALS, Rival, matching
from workloads import LETTERS, WORKLOADS, Workload
from workloads.base import Skipped, say


def main(arguments: list[str] | None = None) -> int:
    """Measure, print the table, write the files; 1 if a workload failed, 2 for bad arguments."""
    options = _parser().parse_args(arguments)
    if OURS.missing():
        raise SystemExit("run.py: chainrule is not installed: pip install . (or set PYTHONPATH to src)")
    workloads, rivals = _chosen(options.workloads), matching(options.rivals)
    settings = Options(options.repeats, options.threads, options.smoke)
    here = machine.describe()
    if here["load_at_start"] and here["load_at_start"] > 0.5:
        say(f"NOTE: the machine is busy (load {here['load_at_start']}); ratios will spread")
    results, skipped, failed = _measure(workloads, rivals, settings)
    report = as_json(here, {**vars(settings), "date": time.strftime("%Y-%m-%d")}, results, skipped)
    table = as_markdown(report)
    print(table)
    _write(options.json, json.dumps(report, indent=1, ensure_ascii=False) + "\n")
    _write(options.markdown, table)
    return 1 if failed else 0


def _measure(workloads: list[Workload], rivals: list[Rival], options: Options) -> tuple[list[Result], list[str], bool]:
    results: list[Result] = []
    skipped: list[str] = []
    failed = False
    for workload in workloads:
        say(f"{workload.name}: {workload.title}")
        try:
            results += workload.measure(rivals, options, skipped)
        except Skipped as reason:
            skipped.append(f"{workload.name}: {reason}")
            say(f"  NOT MEASURED: {reason}")
        except Failed as reason:
            failed = True
            skipped.append(f"{workload.name}: FAILED: {reason}")
            say(f"  FAILED: {reason}")
    return results, skipped, failed


def _chosen(wanted: str) -> list[Workload]:
    chosen = []
    for name in filter(None, (part.strip() for part in wanted.split(","))):
        workload = WORKLOADS.get(LETTERS.get(name, name))
        if workload is None:
            known = ", ".join((*WORKLOADS, *LETTERS))
            raise SystemExit(f"run.py: unknown workload {name!r}; known: {known}")
        chosen.append(workload)
    return chosen


def _write(path: str | None, text: str) -> None:
    if path is not None:
        Path(path).write_text(text, encoding="utf-8")
        say(f"wrote {path}")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="run.py", description="Compare chainrule with its rivals.")
    add = parser.add_argument
    add("--workloads", default=",".join(WORKLOADS), metavar="A,B", help=f"of {', '.join(WORKLOADS)}; default: all")
    add("--rivals", default=",".join(RIVALS), metavar="A,B", help=f"of {', '.join(RIVALS)}; default: all")
    add("--repeats", type=_positive, metavar="N", help="pairs of runs for each rival; default: the workload's own")
    add("--threads", type=_positive, metavar="N", help="for everybody; default: whatever each is fastest with")
    add("--smoke", action="store_true", help="tiny sizes, to see that everything runs")
    add("--json", metavar="FILE", help="write all numbers there")
    add("--markdown", metavar="FILE", help="write the table there")
    return parser


def _positive(text: str) -> int:
    value = int(text)
    if value < 1:
        raise argparse.ArgumentTypeError("must be at least 1")
    return value


if __name__ == "__main__":
    sys.exit(main())
