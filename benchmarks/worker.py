"""A process that runs one contender of one workload, and does as it is told line by line.

Each contender has a process of its own, so that it has the threads, the allocator and the environment that it would
have by itself; processes that wait for their turn use no processor.  Requests and answers are JSON, one a line:

    {"do": "train", "seed": 0, "turn": 0.2, "case": ""}  ->  {"seconds": 1.2}
    {"do": "score"}                                      ->  {"accuracy": 0.87, "peak_mib": 310.0}

"turn" is for how many seconds to train again and again, from new weights; the median of all trainings is the answer.

Run as ``worker.py WORKLOAD CONTENDER [--smoke]``.
"""

from __future__ import annotations

import json
import os
import statistics
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
    began = time.perf_counter()
    try:
        contender = WORKLOADS[workload].contender(name, smoke="--smoke" in options)
    except Unsupported as reason:
        answers.write(json.dumps({"unsupported": str(reason)}) + "\n")
        return
    answers.write(json.dumps({"ready": time.perf_counter() - began}) + "\n")
    for line in sys.stdin:
        request = json.loads(line)
        try:
            answer = _answer(contender, request)
        except Unsupported as reason:
            answer = {"unsupported": str(reason)}
        answers.write(json.dumps(answer) + "\n")


def _answer(contender: Any, request: dict[str, Any]) -> dict[str, Any]:
    if request["do"] == "train":
        return {"seconds": _train(contender, request)}
    return {**contender.score(), "peak_mib": peak_memory_mib()}


def _train(contender: Any, request: dict[str, Any]) -> float:
    if request["case"]:
        contender.select(request["case"])
    seconds: list[float] = []
    while not seconds or sum(seconds) < request["turn"]:
        contender.reset(request["seed"])
        began = time.perf_counter()
        contender.train()
        seconds.append(time.perf_counter() - began)
    return statistics.median(seconds) / getattr(contender, "share", 1.0)


if __name__ == "__main__":
    main()
