"""Training in steady state: the networks a to f, and a under load."""

from __future__ import annotations

import contextlib
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace

import machine
from harness import Options, Result
from networks import TASKS, NoImages, image_folder
from rivals import Rival
from task import Task

from workloads.base import Goal, Skipped, Workload, say

__all__ = ["LETTERED", "Busy", "check_images"]


class Lettered(Workload):
    """One of `networks.TASKS`."""

    with_blocks = True

    def __init__(self, name: str, title: str, least: float | None = None) -> None:
        self.name, self.title = name, title
        if least is not None:
            words = f"at least {least} × JAX's scan (engine alone)"
            self.goals = (Goal("jax", least, words, blocks=True),)

    def task(self, smoke: bool) -> Task:
        return TASKS[self.name](smoke)

    def check(self, smoke: bool) -> None:
        if not smoke and self.name[0] in "abc":
            check_images()


def check_images() -> None:
    try:
        image_folder()
    except NoImages as reason:
        raise Skipped(str(reason)) from reason


LETTERED = (
    Lettered("a", "Fashion-MNIST, 784-128(ReLU)-10, Adam 1e-3, batch 32, one epoch of 60,000", 1.8),
    Lettered("b", "Fashion-MNIST, 784-512-512-10, Adam 1e-3, batch 128, one epoch of 60,000", 1.3),
    Lettered("b32", "the same with batch 32"),
    Lettered("c", "Fashion-MNIST, 784-2048-2048-10, Adam 1e-3, batch 256, 24 steps", 1.1),
    Lettered("c32", "the same with batch 32, 24 steps", 1.6),
    Lettered("d", "4-128-64-32-16-3, BatchNorm on the first three, SGD, batch 4, 3,700 steps", 4.0),
    Lettered("e", "XOR, 2-2-1 sigmoid, BCE, SGD with learning rate 1, full batch of 4, 10,001 steps", 1.3),
    Lettered("f", "1,000 networks of e, each from weights of its own", 12.0),
)


class Busy(Workload):
    """a, while two other processes want the processor.

    Everybody has the threads that it has without being asked: nobody tunes a program for what else may run.
    """

    name = "busy"
    title = "a, while two other processes compute without pause"
    rivals = ("jax", "torch")
    with_blocks = True
    goals = (Goal("jax", 1.0, "no slower than JAX's scan"),)

    def task(self, smoke: bool) -> Task:
        return TASKS["a"](smoke)

    def check(self, smoke: bool) -> None:
        if not smoke:
            check_images()

    def measure(self, rivals: list[Rival], options: Options, skipped: list[str]) -> Iterator[Result]:
        options = replace(options, threads=options.threads or machine.cores())
        with _competitors(2):
            yield from super().measure(rivals, options, skipped)


@contextlib.contextmanager
def _competitors(count: int) -> Iterator[None]:
    say(f"  {count} other processes compute")
    others = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(count)]
    try:
        yield
    finally:
        for one in others:
            one.kill()
            one.wait()
