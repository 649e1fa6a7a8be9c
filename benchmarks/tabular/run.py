"""chainrule's estimators and their rivals on public tables: one fit after the other, and a table of all of them.

    python benchmarks/tabular/run.py                                      everything that is not in the results yet
    python benchmarks/tabular/run.py --sets iris,ames --methods mlp,auto
    python benchmarks/tabular/run.py --methods auto,strong --again        once more, after a change of ours
    python benchmarks/tabular/run.py --table                              the table of what there is

See README.md beside this file for the sets, the rivals and how they are compared.
"""

# ruff: noqa: E402
from __future__ import annotations

import os

# Before anything loads a BLAS or OpenMP: everybody computes with one thread.
for _name in ("OMP_NUM", "OPENBLAS_NUM", "MKL_NUM", "NUMEXPR_NUM", "VECLIB_MAXIMUM", "CHAINRULE_NUM"):
    os.environ[f"{_name}_THREADS"] = "1"

import argparse
import sys
import time
from pathlib import Path

from fitting import Fits
from methods import METHODS
from report import as_markdown
from results import Key, Results
from sets import SETS
from splits import CAP

_FOLDER = Path(__file__).resolve().parents[1] / "results"
_QUICK = ("iris", "vehicle", "german-credit", "titanic", "penguins", "diabetes", "auto", "births", "concrete")


def main(arguments: list[str] | None = None) -> int:
    """Do what is not done, print the table and write it; 1 if a fit failed, 2 for bad arguments."""
    options = _parser().parse_args(arguments)
    results = Results(options.results)
    sets = _known("set", options.sets or (",".join(_QUICK) if options.quick else ",".join(SETS)), SETS)
    methods = _known("method", options.methods, METHODS)
    seeds = [int(seed) for seed in options.seeds.split(",")] if options.seeds else [0] if options.quick else [*range(5)]
    failed = 0
    if not options.table:
        failed = _fit(results, [Key(s, m, seed, options.cap) for seed in seeds for s in sets for m in methods], options)
    table = as_markdown(results.read(), sets, options.cap, seeds)
    print(table)
    options.markdown = options.markdown or options.results.with_suffix(".md")
    options.markdown.write_text(table + "\n", encoding="utf-8")
    _say(f"wrote {options.results} and {options.markdown}")
    return 1 if failed else 0


def _fit(results: Results, keys: list[Key], options: argparse.Namespace) -> int:
    """Fit what is wanted; how many failed."""
    absent = {f"{kind} {name}": why for kind, name, why in _absent(keys)}
    for what, why in absent.items():
        _say(f"NOT MEASURED: {what}: {why}")
    keys = [key for key in keys if f"set {key.set}" not in absent and f"method {key.method}" not in absent]
    fits, failed, end = Fits(), 0, time.monotonic() + 60 * (options.minutes or 1e9)
    for number, key in enumerate(keys, 1):
        # Asked for each fit: another process may have done it meanwhile.
        if not options.again and results.done(key):
            continue
        if time.monotonic() > end:
            _say(f"the time is over; {len(keys) - number + 1} fits were not looked at")
            break
        result = fits.fit(key)
        results.add(result)
        failed += result.error is None
        outcome = f"FAILED: {result.message}" if result.error is None else f"error {result.error:.4f}"
        _say(f"[{number}/{len(keys)}] seed {key.seed} {key.set}, {key.method}: {outcome}, {result.cpu_s:.1f} s")
    return failed


def _absent(keys: list[Key]) -> list[tuple[str, str, str]]:
    sets, methods = dict.fromkeys(key.set for key in keys), dict.fromkeys(key.method for key in keys)
    found = [("set", name, f"not installed ({why})") for name in sets if (why := SETS[name].missing())]
    return found + [("method", name, why) for name in methods if (why := METHODS[name].missing())]


def _known(kind: str, wanted: str, options: dict[str, object]) -> list[str]:
    names = [name for part in wanted.split(",") if (name := part.strip())]
    for name in names:
        if name not in options:
            _say(f"run.py: unknown {kind} {name!r}; known: {', '.join(options)}")
            raise SystemExit(2)
    return names


def _say(words: str) -> None:
    print(words, file=sys.stderr, flush=True)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="run.py", description="chainrule's estimators and their rivals on tables.")
    add = parser.add_argument
    add("--sets", metavar="A,B", help=f"of {', '.join(SETS)}; default: all")
    add("--methods", default=",".join(METHODS), metavar="A,B", help=f"of {', '.join(METHODS)}; default: all")
    add("--seeds", type=_seeds, metavar="0,1", help="default: 0,1,2,3,4; one seed is done for all sets before the next")
    add("--quick", action="store_true", help="nine small sets and seed 0, unless told otherwise")
    add("--again", action="store_true", help="also what the results have already; the newest counts")
    add("--minutes", type=float, metavar="M", help="begin no fit after so many minutes")
    add("--cap", type=int, default=CAP, metavar="N", help=f"rows that a fit sees at most; default: {CAP}")
    add("--table", action="store_true", help="fit nothing: the table of the results that there are")
    add("--results", type=Path, default=_FOLDER / "tabular.jsonl", metavar="FILE", help="default: %(default)s")
    add("--markdown", type=Path, metavar="FILE", help="the table; default: beside the results")
    return parser


def _seeds(text: str) -> str:
    if not all(part.strip().isdecimal() for part in text.split(",")):
        raise argparse.ArgumentTypeError("must be whole numbers from 0 on, with commas between them")
    return text


if __name__ == "__main__":
    sys.exit(main())
