"""The notes' network on real images: one epoch of Fashion-MNIST."""

from __future__ import annotations

from task import Task

from workloads.base import Skipped, Workload

__all__ = ["Fashion", "fashion_task"]


def fashion_task(smoke: bool, epochs: int = 1) -> Task:
    """784-128(ReLU)-10, Adam 1e-3, batch 32.  Smoke: noise instead of images, and few of it."""
    import numpy as np

    if smoke:
        rng = np.random.default_rng(0)
        x, y = rng.integers(0, 256, (640, 28, 28), np.uint8), rng.integers(0, 10, 640)
        parts = (x, y, x[:64], y[:64])
    else:
        parts = _images()
    x, y, x_test, y_test = parts
    return Task(x, y, (784, 128, 10), "adam", 1e-3, 32, epochs, x_test, y_test)


def _images() -> tuple:
    import chainrule as cr

    try:
        images = cr.data.load("fashion-mnist", download=False)
    except cr.ChainruleError as error:
        raise Skipped(f"{error} (set CHAINRULE_DATA to the folder that holds fashion-mnist)") from error
    return images.train.inputs, images.train.targets, images.test.inputs, images.test.targets


class Fashion(Workload):
    name = "fashion"
    title = "Fashion-MNIST, 784-128(ReLU)-10, Adam 1e-3, batch 32, one epoch of 60,000"
    goals = ((("torch", ""), 1 / 1.2, "at most 1.2 × PyTorch's time"),)

    def task(self, smoke: bool) -> Task:
        return fashion_task(smoke)

    def check(self, smoke: bool) -> None:
        if not smoke:
            _images()
