"""A process that runs one contender of one workload, and does as it is told line by line.

Each contender has a process of its own, so that it has the threads, the allocator and the environment that it would
have by itself; processes that wait for their turn use no processor.  Requests and answers are JSON, one a line:

    {"do": "train", "seed": 0}  ->  {"seconds": 1.2}
    {"do": "score"}             ->  {"accuracy": 0.87, "peak_mib": 310.0}

Run as ``worker.py WORKLOAD CONTENDER [--smoke]``; with ``--once`` it trains once and ends, to time a cold start.
"""

from __future__ import annotations

import json
import os
import sys
import time
from typing import Any

from machine import peak_memory_mib
from task import Unsupported
from workloads import WORKLOADS


def main() -> None:
    workload, name, *options = sys.argv[1:]
    answers = os.fdopen(os.dup(1), "w", buffering=1)
    os.dup2(2, 1)  # whatever a library prints must not be taken for an answer
    chosen = WORKLOADS[workload]
    began = time.perf_counter()
    try:
        contender = chosen.contender(name, smoke="--smoke" in options)
        if "--once" in options:
            contender.reset(0)
            contender.train()
            return
    except Unsupported as reason:
        answers.write(json.dumps({"unsupported": str(reason)}) + "\n")
        return
    answers.write(json.dumps({"ready": time.perf_counter() - began}) + "\n")
    for line in sys.stdin:
        request = json.loads(line)
        answers.write(json.dumps(_answer(contender, request)) + "\n")


def _answer(contender: Any, request: dict[str, Any]) -> dict[str, Any]:
    if request["do"] == "train":
        contender.reset(request["seed"])
        began = time.perf_counter()
        contender.train()
        return {"seconds": time.perf_counter() - began}
    return {**contender.score(), "peak_mib": peak_memory_mib()}


if __name__ == "__main__":
    main()
