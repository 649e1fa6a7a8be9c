"""The tape by itself: recording and differentiating a handful of tiny operations, written by hand.

The same text runs on chainrule and on PyTorch; where the modules come from is all that differs.  One thread, tensors
of a few numbers: what is measured is what a step costs before any mathematics.
"""

from __future__ import annotations

from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import machine
from harness import Options, Process, Result
from rivals import OURS, Rival

from workloads.base import Goal, Workload, say

__all__ = ["Tape", "TapeWithSGD"]

_X = [[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]]
_Y = [[0.0], [1.0], [1.0], [0.0]]
_MEMORY_STEPS = 100_000


def _chainrule() -> SimpleNamespace:
    import chainrule as cr
    from chainrule import optim
    from chainrule.nn import functional

    return SimpleNamespace(tensor=cr.tensor, randn=cr.randn, seed=cr.manual_seed, F=functional, SGD=optim.SGD)


def _torch() -> SimpleNamespace:
    import torch
    from torch.nn import functional

    torch.set_num_threads(1)
    return SimpleNamespace(
        tensor=torch.tensor, randn=torch.randn, seed=torch.manual_seed, F=functional, SGD=torch.optim.SGD
    )


class _Steps:
    """linear → sigmoid → linear → sigmoid → binary cross-entropy → backward, over and over."""

    def __init__(self, library: SimpleNamespace, steps: int, sgd: bool) -> None:
        self.library, self.steps, self.sgd = library, steps, sgd
        self.x, self.y = library.tensor(_X), library.tensor(_Y)

    def reset(self, seed: int) -> None:
        self.library.seed(seed)
        shapes = ((2, 2), (2,), (1, 2), (1,))
        self.parameters = [self.library.randn(*shape).requires_grad_() for shape in shapes]

    def train(self) -> None:
        self.run(self.steps)

    def run(self, steps: int) -> None:
        x, y, parameters, functional = self.x, self.y, self.parameters, self.library.F
        linear, sigmoid, loss_of = functional.linear, functional.sigmoid, functional.binary_cross_entropy
        w1, b1, w2, b2 = parameters
        optimizer = self.library.SGD(parameters, lr=1.0) if self.sgd else None
        for _ in range(steps):
            hidden = sigmoid(linear(x, w1, b1))
            loss = loss_of(sigmoid(linear(hidden, w2, b2)), y)
            loss.backward()
            if optimizer is not None:
                optimizer.step()
            for parameter in parameters:
                parameter.grad = None

    def score(self) -> dict[str, Any]:
        """How much memory grows over many steps."""
        steps = _MEMORY_STEPS if self.steps > 1000 else 1000
        self.run(1000)
        before = machine.memory_mib()
        self.run(steps)
        after = machine.memory_mib()
        grown = None if before is None or after is None else (after - before) * 2**20 / steps
        return {"bytes_per_step": grown, "steps": steps}


class Tape(Workload):
    name = "tape"
    title = "The tape alone: linear-sigmoid-linear-sigmoid-BCE on 4 rows, backward; 1 thread"
    unit = "µs/step"
    rivals = ("torch",)
    repeats = 11
    threads = 1
    goals = (Goal("torch", 1.0, "below PyTorch's cost per step"),)
    sgd = False

    def contender(self, name: str, smoke: bool) -> _Steps:
        return _Steps(_chainrule() if name == OURS.name else _torch(), self._steps(smoke), self.sgd)

    def _steps(self, smoke: bool) -> int:
        return 50 if smoke else 5_000

    def scale(self, smoke: bool) -> float:
        return 1e6 / self._steps(smoke)

    def measure(self, rivals: list[Rival], options: Options, skipped: list[str]) -> Iterator[Result]:
        for result in super().measure(rivals, options, skipped):
            reached = result.details["reached"]
            grown = [reached[side]["bytes_per_step"] for side in ("ours", "theirs")]
            if None not in grown:
                steps = reached["ours"]["steps"]
                result.note = f"memory grows by {grown[0]:.2f} / {grown[1]:.2f} bytes a step over {steps:,} steps"
            yield result
        if not any(rival.name == "torch" and not rival.missing() for rival in rivals):
            yield self._alone(options)

    def _alone(self, options: Options) -> Result:
        """Ours without a rival to compare with."""
        say("  chainrule alone")
        with Process(self.name, OURS, 1, options.smoke) as ours:
            seconds = [ours.train(seed) for seed in range(options.pairs(3))]
            scale = self.scale(options.smoke)
            return Result(
                self.name, None, self.unit, [x * scale for x in seconds], details={"reached": {"ours": ours.score()}}
            )


class TapeWithSGD(Tape):
    name = "tape-sgd"
    title = "The same with optim.SGD.step()"
    sgd = True
