"""What is trained: one description, which every library's trainer reads."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Protocol

import numpy as np

__all__ = ["Task", "Trainer", "Unsupported", "steps_per_call"]


class Unsupported(Exception):  # noqa: N818 - a message, no mistake of the caller
    """A library cannot do this task; the message says why, and the report repeats it."""


@dataclass(frozen=True)
class Task:
    """A multilayer perceptron and how it is to be trained.

    Attributes:
        x: ``(N, …)`` float32, or uint8 images, which stand for x/255.
        y: ``(N,)`` int64 class indices.
        widths: number of inputs, of neurons in each hidden layer, of outputs; one output means two classes.
        activation: after each hidden layer: "relu", "tanh" or "sigmoid".
        batch_norm: how many hidden layers, from the first, have batch normalisation before their activation.
        sigmoid_output: a network with one output ends in a sigmoid, as written in textbooks; else it gives logits.
            Libraries that compile or fuse the two may do as they like.
        optimizer: "adam" (PyTorch's and Keras's defaults but for lr) or "sgd" (no momentum).
        lr, batch_size, epochs: as everywhere; rows are visited in a new random order each epoch.
        x_test, y_test: to see what training reached.
        schedule: None, or "cosine": the rate falls to 0 along half a cosine, epoch by epoch.
        networks: how many networks of this shape are trained on the same data, each from weights of its own.
    """

    x: np.ndarray
    y: np.ndarray
    widths: tuple[int, ...]
    optimizer: str
    lr: float
    batch_size: int
    epochs: int
    x_test: np.ndarray
    y_test: np.ndarray
    activation: str = "relu"
    batch_norm: int = 0
    sigmoid_output: bool = False
    schedule: str | None = None
    networks: int = 1

    @property
    def binary(self) -> bool:
        """One output and binary cross-entropy, instead of an output per class and cross-entropy."""
        return self.widths[-1] == 1

    @property
    def steps(self) -> int:
        return self.epochs * math.ceil(len(self.x) / self.batch_size)

    @property
    def full_batch(self) -> bool:
        return self.batch_size >= len(self.x)

    @property
    def flops(self) -> float:
        """Multiplications and additions in the matrix products of the whole training.

        Forward, gradient by the weights, gradient by the inputs (which the first layer does not need).
        """
        products = [a * b for a, b in zip(self.widths, self.widths[1:], strict=False)]
        each = 2.0 * (3 * sum(products) - products[0])
        return each * len(self.x) * self.epochs * self.networks

    def flat(self, x: np.ndarray) -> np.ndarray:
        """Rows of float32 numbers, as libraries want them that have no images."""
        rows = x.reshape(len(x), -1)
        return rows.astype(np.float32) / np.float32(255) if rows.dtype == np.uint8 else rows

    def needs(self, networks: str = "", schedule: str = "") -> None:
        """Raise `Unsupported` with one of these reasons, if the task asks for what the library cannot do."""
        if networks and self.networks > 1:
            raise Unsupported(networks)
        if schedule and self.schedule is not None:
            raise Unsupported(schedule)


class Trainer(Protocol):
    """One library's way to do a task.  Making it may take long (imports, data); only `train` is timed.

    Attributes:
        share: which part of the task `train` does, where the whole would take minutes; 1 if there is none.
    """

    def reset(self, seed: int) -> None:
        """Start again from new random weights, keeping whatever was compiled."""

    def train(self) -> None:
        """The whole training: all epochs, until the last number is computed."""

    def classes(self) -> np.ndarray:
        """The predicted class of each test row."""


def steps_per_call(steps: int, limit: int = 256) -> int:
    """The largest divisor of `steps` up to `limit`: how many steps Keras may run without returning to Python."""
    return max(size for size in range(1, limit + 1) if steps % size == 0)
