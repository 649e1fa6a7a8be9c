"""Data sets by name."""

from __future__ import annotations

import os
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any, Literal, overload

from chainrule.data import toy
from chainrule.data.dataset import Dataset, Splits
from chainrule.errors import ConfigError, UnknownNameError

if TYPE_CHECKING:  # gates and figures need not wait for what reads tables
    from chainrule.data.table import Table

__all__ = ["load", "names"]

_FIGURES: dict[str, Callable[..., Dataset]] = {
    "gates": toy.gates,
    "spirals": toy.spirals,
    "moons": toy.moons,
    "circles": toy.circles,
    "blobs": toy.blobs,
}
_TABLES = ("iris", "penguins")


def names() -> list[str]:
    """Return every name that `load` knows."""
    from chainrule.data.images import IMAGE_SETS

    return [*toy.GATES, *_FIGURES, *_TABLES, *sorted(IMAGE_SETS)]


@overload
def load(
    name: Literal["mnist", "fashion-mnist"],
    *,
    folder: str | os.PathLike[str] | None = None,
    download: bool = True,
    **options: Any,
) -> Splits[Dataset]: ...
@overload
def load(name: Literal["iris", "penguins"], **options: Any) -> Table: ...
@overload
def load(
    name: Literal["and", "or", "nand", "nor", "xor", "xnor", "gates", "spirals", "moons", "circles", "blobs"],
    **options: Any,
) -> Dataset: ...
@overload
def load(
    name: str, *, folder: str | os.PathLike[str] | None = None, download: bool = True, **options: Any
) -> Dataset | Table | Splits[Dataset]: ...
def load(
    name: str, *, folder: str | os.PathLike[str] | None = None, download: bool = True, **options: Any
) -> Dataset | Table | Splits[Dataset]:
    """Load a data set by name.

    * ``"and" "or" "nand" "nor" "xor" "xnor"`` (option ``inputs=2``; or ``"gates"`` with ``gate="xor"``),
      ``"spirals" "moons" "circles" "blobs"`` (options of the functions of these names): a `Dataset`;
    * ``"iris" "penguins"``: a `Table` (options of `Schema.infer`);
    * ``"mnist" "fashion-mnist"``: `Splits` of a training and a test set.  They are looked for in `folder`, or else in
      ``$CHAINRULE_DATA``, the user's cache and ``/usr/share/datasets``, or else downloaded.

    Args:
        name: one of `names`.
        folder: for the image sets, the folder that has their files.
        download: for the image sets, whether they may be fetched from their official place.
        options: what the data set takes besides.

    Raises:
        UnknownNameError: for another name.
        UnknownNameError: for an option that the data set does not have.
        MissingFileError, DownloadError, FormatError: see `images.load_images`.

    >>> load("xor").targets.tolist()
    [0, 1, 1, 0]
    """
    key = str(name).lower().replace("_", "-")
    if key == "fashionmnist":
        key = "fashion-mnist"
    shipped = _SHIPPED.get(key)
    if shipped is None and key not in names():
        raise UnknownNameError("data set", name, names())
    try:
        if shipped is None:
            from chainrule.data.images import load_images

            return load_images(key, folder=folder, download=download, **options)
        if folder is not None:
            raise ConfigError(f"data set {key!r} comes with the package and takes no folder")
        return shipped(**options)
    except TypeError as error:
        unknown = next((name for name in options if name not in (known := _options(key))), None)
        if unknown is None:
            raise
        raise UnknownNameError(f"option of data set {key!r}:", unknown, known) from error


def _options(key: str) -> list[str]:
    """Names of what `load` takes besides for a data set."""
    from inspect import signature

    from chainrule.data.table import Table

    if key not in _SHIPPED:
        return ["folder", "download"]
    if key in toy.GATES:
        return ["inputs"]
    taken = signature(_FIGURES.get(key, Table)).parameters
    return [name for name in taken if name not in {"data", "name", "schema"}]


def _shipped(name: str, **options: Any) -> Table:
    """Read a table that is part of the package."""
    from importlib import resources

    from chainrule.data.csv import parse_csv
    from chainrule.data.table import Table

    file = resources.files("chainrule.data") / "files" / f"{name}.csv"
    return Table(parse_csv(file.read_bytes(), f"{name}.csv"), name=name, **options)


_SHIPPED: dict[str, Callable[..., Dataset | Table]] = {
    **{name: partial(toy.gates, name) for name in toy.GATES},
    **_FIGURES,
    **{name: partial(_shipped, name) for name in _TABLES},
}
