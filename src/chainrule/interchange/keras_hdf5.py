"""HDF5 files that nobody vouches for, read through h5py.

A file of HDF5 can lead to other files, be made of views, promise more numbers than it holds, and ask for programs that
unpack them.  What Keras writes does none of this, and here only what lies in the file itself, as it is, is read.
"""

from __future__ import annotations

import contextlib
import math
from collections.abc import Iterator
from typing import IO, Any

import numpy as np

from chainrule.errors import ChainruleError, FormatError, MissingDependencyError
from chainrule.interchange.pickled_arrays import brief

__all__ = ["SIGNATURE", "Group", "opened"]

SIGNATURE = b"\x89HDF\r\n\x1a\n"

_DEEPEST = 64


class _Budget:
    """Bytes that may still be read: no more than the file is long, however often it names the same ones."""

    def __init__(self, size: int) -> None:
        self.left = size

    def spend(self, size: int, what: str) -> None:
        if size > self.left:
            raise FormatError(f"{what} is larger than the file can hold", got=f"{size} bytes")
        self.left -= size


class Group:
    """A group of an open file."""

    def __init__(self, group: Any, budget: _Budget) -> None:
        self._group, self._budget = group, budget

    def group(self, path: str) -> Group | None:
        """The group of a path below this one; None if there is none."""
        found = self._found(path)
        return None if found is None else Group(_is(found, "Group", path), self._budget)

    def array(self, path: str) -> np.ndarray:
        """The numbers of a path below this group.

        Raises:
            FormatError: if they are not there, in another file, a view, packed, or fewer than promised.
        """
        found = self._found(path)
        if found is None:
            raise FormatError("the file lacks numbers of a layer", expected=brief(path))
        return self._numbers(_is(found, "Dataset", path), f"the array {brief(path)}")

    def names(self) -> list[str]:
        """Names of what is in the group."""
        return [str(name) for name in self._group]

    def text(self, attribute: str) -> str | None:
        """A text kept with the group; None if there is none."""
        value = self._attribute(attribute)
        return None if value is None else _text(value, attribute)

    def texts(self, attribute: str) -> list[str]:
        """Several texts; Keras divides long lists among attributes with numbers at their ends."""
        whole = self._attribute(attribute)
        parts, number = [] if whole is None else [whole], 0
        while whole is None and (part := self._attribute(f"{attribute}{number}")) is not None:
            parts.append(part)
            number += 1
        return [_text(one, attribute) for part in parts for one in np.ravel(part).tolist()]

    def _attribute(self, name: str) -> Any:
        import h5py

        if name not in self._group.attrs:
            return None
        found = self._group.attrs.get_id(name)
        if found.shape is not None and 0 in found.shape:
            return []
        # Anything but texts is not even read: with damaged types the library below h5py ends the whole program.
        if found.shape is None or not isinstance(found.get_type(), h5py.h5t.TypeStringID):
            raise FormatError(f"the attribute {brief(name)} is no text")
        self._budget.spend(math.prod(found.shape) * found.dtype.itemsize, f"the attribute {brief(name)}")
        return self._group.attrs[name]

    def _found(self, path: str) -> Any:
        import h5py

        found, steps = self._group, path.split("/")
        if len(steps) > _DEEPEST or not all(steps) or {".", ".."} & set(steps):
            raise FormatError("the file names something that is no path in it", got=brief(path))
        for step in steps:
            if not isinstance(found, h5py.Group) or step not in found:
                return None
            if not isinstance(found.get(step, getlink=True), h5py.HardLink):
                raise FormatError("the file links to another place or file", got=brief(path))
            found = found[step]
        return found

    def _numbers(self, found: Any, what: str) -> np.ndarray:
        import h5py

        if found.is_virtual or found.external:
            raise FormatError(f"{what} is in another file, or a view")
        if found.id.get_create_plist().get_nfilters():
            raise FormatError(f"{what} is packed", expected="numbers as they are, which is how Keras writes them")
        size = math.prod(found.shape or ()) * found.dtype.itemsize
        plain = isinstance(found.id.get_type(), (h5py.h5t.TypeFloatID, h5py.h5t.TypeIntegerID))
        if not plain or found.shape is None or found.dtype.kind not in "fiu" or found.dtype.itemsize > 8:
            raise FormatError(f"{what} holds no numbers", got=brief(str(found.dtype)))
        if size > found.id.get_storage_size():
            raise FormatError(f"{what} promises more numbers than it holds")
        self._budget.spend(size, what)
        numbers = np.asarray(found[()])
        return numbers.astype(numbers.dtype.newbyteorder("="), copy=False)


@contextlib.contextmanager
def opened(file: IO[bytes], size: int) -> Iterator[Group]:
    """Open a file's topmost group; whatever is wrong with the file ends in one `FormatError`.

    Args:
        file: open for reading, at its beginning.
        size: of the file, in bytes.

    Raises:
        MissingDependencyError: without h5py.
    """
    try:
        import h5py
    except ImportError as error:
        raise MissingDependencyError(
            "files of Keras need h5py, which is not installed", fix='Run: pip install "chainrule[keras]"'
        ) from error
    try:
        with h5py.File(file, "r") as opened_file:
            yield Group(opened_file, _Budget(size))
    except ChainruleError:
        raise
    except (OSError, RuntimeError, LookupError, ValueError, TypeError, EOFError, MemoryError, ArithmeticError) as error:
        raise FormatError(f"the HDF5 file is damaged: {brief(str(error))}") from error


def _is(found: Any, kind: str, path: str) -> Any:
    import h5py

    if not isinstance(found, getattr(h5py, kind)):
        raise FormatError(f"the file has something else in the place of a {kind.lower()}", got=brief(path))
    return found


def _text(value: Any, what: str) -> str:
    if isinstance(value, bytes):
        return value.decode("utf-8")
    if not isinstance(value, str):
        raise FormatError(f"the attribute {brief(what)} is no text")
    return value
