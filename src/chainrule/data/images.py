"""MNIST and Fashion-MNIST: found on this machine, or fetched."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from chainrule.data.arrays import from_arrays
from chainrule.data.dataset import Dataset, Splits
from chainrule.data.download import Progress, RemoteFile, fetch, show_progress
from chainrule.data.idx import read_idx
from chainrule.errors import ChainruleError, DownloadError, FormatError, MissingFileError
from chainrule.files import expanded

__all__ = ["IMAGE_SETS", "cache_folder", "find", "folders", "load_images"]

TRAIN_IMAGES, TRAIN_LABELS = "train-images-idx3-ubyte", "train-labels-idx1-ubyte"
TEST_IMAGES, TEST_LABELS = "t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte"
_SIZES = {TRAIN_IMAGES: 47_040_016, TRAIN_LABELS: 60_008, TEST_IMAGES: 7_840_016, TEST_LABELS: 10_008}


@dataclass(frozen=True, slots=True)
class ImageSet:
    """An image set: where it officially is, what its decompressed files' SHA-256 are, what its classes are called."""

    url: str
    sha256: Mapping[str, str]
    classes: tuple[str, ...]


IMAGE_SETS = {
    "fashion-mnist": ImageSet(
        "http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/",
        {
            TRAIN_IMAGES: "c59f468a2f672dc815687fe0f83887768d799fd8a3f3276145d20f83aa44d888",
            TRAIN_LABELS: "bad3541b69d912435c50bb6ba87bec294ff4f6a2e1246121d8633921760443d9",
            TEST_IMAGES: "5b4141f0afbad91edebe8549f8fcffe087ea10ca49f1dbef5c9a5cd8815ce37b",
            TEST_LABELS: "0402a96d92fd2663957122ceb108a494c5af83dab82d92729df917d7dec38c34",
        },
        (
            "T-shirt/top",
            "Trouser",
            "Pullover",
            "Dress",
            "Coat",
            "Sandal",
            "Shirt",
            "Sneaker",
            "Bag",
            "Ankle boot",
        ),
    ),
    "mnist": ImageSet(
        "https://ossci-datasets.s3.amazonaws.com/mnist/",
        {
            TRAIN_IMAGES: "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db",
            TRAIN_LABELS: "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5",
            TEST_IMAGES: "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7",
            TEST_LABELS: "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2",
        },
        tuple("0123456789"),
    ),
}


def load_images(
    name: str,
    *,
    folder: str | os.PathLike[str] | None = None,
    download: bool = True,
    base_url: str | None = None,
    progress: Progress | None = show_progress,
) -> Splits[Dataset]:
    """Load an image set as training and test set of uint8 images ``(N, 28, 28)`` and int64 class indices.

    Args:
        name: a key of `IMAGE_SETS`.
        folder: where the four IDX files are (compressed or not), or a folder that has them in a folder `name`.
        download: fetch them into the cache if none of `folders` has them.
        base_url: fetch from below this address; by default ``$CHAINRULE_MIRROR/NAME/`` or the official place.
        progress: called while fetching; None for silence.

    Raises:
        MissingFileError: if `folder` lacks the files, or none is found and `download` is False.
        FormatError: if a file is damaged.
        DownloadError: if they cannot be fetched.
    """
    tried = [expanded(folder), expanded(folder) / name] if folder is not None else folders(name)
    paths = next((found for candidate in tried if (found := _files(candidate))), None)
    if paths is None:
        listed = ", ".join(map(str, tried))
        if folder is not None or not download:
            raise MissingFileError(
                f"{name} is not there", expected=f"{TRAIN_IMAGES}(.gz) and its three companions", where=listed
            )
        paths = _fetch_all(name, base_url, progress, listed)
    arrays = {key: read_idx(path) for key, path in paths.items()}
    return Splits(
        train=_dataset(name, arrays[TRAIN_IMAGES], arrays[TRAIN_LABELS], paths[TRAIN_IMAGES]),
        test=_dataset(name, arrays[TEST_IMAGES], arrays[TEST_LABELS], paths[TEST_IMAGES]),
    )


def folders(name: str) -> list[Path]:
    """Return where an image set is looked for, in order."""
    asked = os.environ.get("CHAINRULE_DATA")
    named = [expanded(asked) / name] if asked else []
    return [*named, cache_folder() / name, Path("/usr/share/datasets") / name]


def find(name: str) -> Path | None:
    """Return the first of `folders` that has all four files of an image set, or None."""
    return next((folder for folder in folders(name) if _files(folder)), None)


def cache_folder() -> Path:
    """Return ``$CHAINRULE_CACHE``, else ``$XDG_CACHE_HOME/chainrule``, else ``~/.cache/chainrule``."""
    if asked := os.environ.get("CHAINRULE_CACHE"):
        return expanded(asked)
    base = os.environ.get("XDG_CACHE_HOME")
    return (Path(base) if base else Path.home() / ".cache") / "chainrule"


def _files(folder: Path) -> dict[str, Path] | None:
    """Return the four files if they are all there."""
    found = {}
    for name in _SIZES:
        choices = (folder / f"{name}.gz", folder / name, folder / name.replace("-idx", ".idx"))
        path = next((choice for choice in choices if choice.is_file()), None)
        if path is None:
            return None
        found[name] = path
    return found


def _fetch_all(name: str, base_url: str | None, progress: Progress | None, tried: str) -> dict[str, Path]:
    described = IMAGE_SETS[name]
    mirror = os.environ.get("CHAINRULE_MIRROR")
    url = base_url or (f"{mirror.rstrip('/')}/{name}/" if mirror else described.url)
    target = cache_folder() / name
    try:
        return {
            key: fetch(url, RemoteFile(f"{key}.gz", digest, _SIZES[key]), target, progress)
            for key, digest in described.sha256.items()
        }
    except DownloadError as error:
        raise DownloadError(
            f"{name} is not on this machine and cannot be downloaded: {error}. Looked in {tried}",
            fix="Pass folder=… (or set CHAINRULE_DATA) to a folder that has the four IDX files, or go online",
        ) from error


def _dataset(name: str, images: np.ndarray, labels: np.ndarray, path: Path) -> Dataset:
    if images.dtype != np.uint8 or images.shape[1:] != (28, 28) or labels.shape != images.shape[:1]:
        raise FormatError(
            f"the files are not {name}", expected="uint8 images (N, 28, 28) and N labels",
            got=f"{images.dtype} {images.shape} and {labels.shape}", where=path.parent,
        )  # fmt: skip
    classes = IMAGE_SETS[name].classes
    try:
        return from_arrays(
            images, labels, classes=classes, target_name="class", task="multiclass", name=name, scale=1 / 255
        )
    except ChainruleError as error:
        raise FormatError(f"the files are not {name}: {error}", where=path.parent) from error
