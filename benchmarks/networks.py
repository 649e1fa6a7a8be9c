"""The networks that are trained, by the letters that the table has for them.

Nothing heavy is imported here, chainrule least of all: a cold process of any library begins with this file.
"""

from __future__ import annotations

import gzip
import os
from collections.abc import Callable
from pathlib import Path

import numpy as np
from task import Task

__all__ = ["TASKS", "NoImages", "accuracy_task", "image_folder", "iris_task", "unpack_images"]

_FILES = ("train-images-idx3-ubyte", "train-labels-idx1-ubyte", "t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte")


class NoImages(Exception):  # noqa: N818 - a message, no mistake of the caller
    """Fashion-MNIST is not on this machine."""


def _images_task(
    widths: tuple[int, ...], batch_size: int, rows: int = 60_000, epochs: int = 1, lr: float = 1e-3
) -> Callable[[bool], Task]:
    """Adam on the first `rows` images of Fashion-MNIST.  Smoke: noise instead of images, and few of it."""

    def task(smoke: bool) -> Task:
        x, y, x_test, y_test = _noise(batch_size) if smoke else _images()
        return Task(x[:rows], y[:rows], widths, "adam", lr, batch_size, epochs, x_test, y_test)

    return task


def xor_task(smoke: bool, networks: int = 1) -> Task:
    """2-2-1, sigmoid, full batch of 4, SGD with learning rate 1, 10,001 steps."""
    x = np.array([[0, 0], [0, 1], [1, 0], [1, 1]], np.float32)
    y = np.array([0, 1, 1, 0], np.int64)
    steps = 73 if smoke else 10_001
    networks = min(networks, 20) if smoke else networks
    return Task(
        x, y, (2, 2, 1), "sgd", 1.0, 4, steps, x, y, activation="sigmoid", sigmoid_output=True, networks=networks
    )  # fmt: skip


def population_task(smoke: bool) -> Task:
    """A thousand networks of XOR at once."""
    return xor_task(smoke, 1000)


def small_deep_task(smoke: bool) -> Task:
    """4-128-64-32-16-3, batch normalisation on the first three, batch 4, SGD: 37 steps an epoch, 3,700 in all."""
    rng = np.random.default_rng(0)
    y = np.arange(148, dtype=np.int64) % 3
    centres = rng.standard_normal((3, 4)).astype(np.float32) * 2
    x = centres[y] + rng.standard_normal((148, 4)).astype(np.float32)
    return Task(x, y, (4, 128, 64, 32, 16, 3), "sgd", 0.01, 4, 2 if smoke else 100, x, y, batch_norm=3)


TASKS: dict[str, Callable[[bool], Task]] = {
    "a": _images_task((784, 128, 10), 32),
    "b": _images_task((784, 512, 512, 10), 128),
    "b32": _images_task((784, 512, 512, 10), 32),
    "c": _images_task((784, 2048, 2048, 10), 256, rows=24 * 256),
    "c32": _images_task((784, 2048, 2048, 10), 32, rows=24 * 32),
    "d": small_deep_task,
    "e": xor_task,
    "f": population_task,
}
"""What is trained, by letter."""


def accuracy_task(smoke: bool, schedule: str | None = None, lr: float = 1e-3) -> Task:
    """784-128(ReLU)-10, Adam, batch 32, five epochs."""
    x, y, x_test, y_test = _noise(32) if smoke else _images()
    return Task(x, y, (784, 128, 10), "adam", lr, 32, 1 if smoke else 5, x_test, y_test, schedule=schedule)


def iris_task(smoke: bool, split: int = 0) -> Task:
    """4-128-64-32-16-3, batch normalisation on the first three, Adam 3e-3, batch 16; stratified 20% held out."""
    import chainrule as cr

    parts = cr.data.load("iris").prepare(test=0.2, seed=split, stratify=True)
    train, test = parts.train, parts.test
    return Task(
        train.inputs, train.targets, (4, 128, 64, 32, 16, 3), "adam", 3e-3, 16, 2 if smoke else 60,
        test.inputs, test.targets, batch_norm=3,
    )  # fmt: skip


# Fashion-MNIST without any library


def image_folder() -> Path:
    """Where the four files are, compressed or not.

    Raises:
        NoImages: if they are nowhere.
    """
    asked = os.environ.get("CHAINRULE_DATA")
    cache = Path(os.environ.get("CHAINRULE_CACHE") or Path.home() / ".cache" / "chainrule")
    folders = [Path(asked) / "fashion-mnist"] if asked else []
    folders += [cache / "fashion-mnist", Path("/usr/share/datasets/fashion-mnist")]
    for folder in folders:
        if all(_file(folder, name) for name in _FILES):
            return folder
    listed = ", ".join(map(str, folders))
    raise NoImages(f"no Fashion-MNIST in {listed} (set CHAINRULE_DATA to the folder that holds fashion-mnist)")


def unpack_images(folder: Path) -> None:
    """Put the files there uncompressed, so that reading them does not outweigh what a cold process is timed for."""
    source = image_folder()
    target = folder / "fashion-mnist"
    target.mkdir(parents=True, exist_ok=True)
    for name in _FILES:
        (target / name).write_bytes(_read(source, name))


def _images() -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    folder = image_folder()
    x, y, x_test, y_test = (_array(_read(folder, name), "images" in name) for name in _FILES)
    return x, y.astype(np.int64), x_test, y_test.astype(np.int64)


def _array(content: bytes, images: bool) -> np.ndarray:
    return np.frombuffer(content, np.uint8, offset=16 if images else 8).reshape((-1, 28, 28) if images else -1)


def _read(folder: Path, name: str) -> bytes:
    file = _file(folder, name)
    assert file is not None
    return gzip.decompress(file.read_bytes()) if file.suffix == ".gz" else file.read_bytes()


def _file(folder: Path, name: str) -> Path | None:
    choices = (folder / name, folder / f"{name}.gz")
    return next((path for path in choices if path.is_file()), None)


def _noise(batch_size: int) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    rows = batch_size * 5 // 2  # the last batch is smaller
    x, y = rng.integers(0, 256, (rows, 28, 28), np.uint8), rng.integers(0, 10, rows)
    return x, y, x[:64], y[:64]
