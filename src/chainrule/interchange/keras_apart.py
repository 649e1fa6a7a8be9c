"""Files of Keras are read in a process of their own.

HDF5 is read by a large C library, which a damaged file can send round in circles for ever, or crash.  The other process
may: it has a limit of time, hands back the network in our own format, and nothing else of it is believed.
"""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from chainrule.errors import ChainruleError, FormatError, MissingDependencyError
from chainrule.interchange import bundle, keras, strict_json
from chainrule.nn.module import Module

__all__ = ["read", "read_here"]

SECONDS, BYTES_PER_SECOND = 30.0, 4e6  # long for any file that is whole, even on a busy machine
_LARGEST_ANSWER = 1 << 16
_PARTS = ("expected", "got", "where", "fix")
_ERRORS = {kind.__name__: kind for kind in (FormatError, MissingDependencyError)}


def read(path: Path) -> Module:
    """Read a ``.keras`` file, or a whole network in an HDF5 file; see `keras.from_keras`.

    Raises:
        FormatError: if it is damaged, or holds anything that `from_keras` refuses.
        MissingDependencyError: without h5py.
    """
    limit = SECONDS + path.stat().st_size / BYTES_PER_SECOND
    with tempfile.TemporaryDirectory(prefix="chainrule-") as folder:
        result = Path(folder) / "network.safetensors"
        # -P: what lies in the working folder is not imported.
        command = [sys.executable, "-P", "-m", __name__, str(path.absolute()), str(result), str(limit)]
        environment = {**os.environ, "PYTHONPATH": os.pathsep.join(place for place in sys.path if place)}
        try:
            done = subprocess.run(
                command, stdin=subprocess.DEVNULL, capture_output=True, timeout=limit, env=environment, check=False
            )
        except subprocess.TimeoutExpired:
            raise FormatError("the file is damaged: reading it does not come to an end", where=path) from None
        if done.returncode == 0 and result.is_file():
            return bundle.load(result).eval()
        raise _failure(done.stdout, path)


def read_here(path: Path) -> Module:
    """The same in this process, which a damaged file can bring to a standstill."""
    with path.open("rb") as file:
        is_zip = file.read(2) == b"PK"
    return keras.read_archive(path) if is_zip else keras.read_hdf5(path)


def _failure(answer: bytes, path: Path) -> ChainruleError:
    """The error that the other process has told of; one of our own if it came to no answer."""
    with contextlib.suppress(ChainruleError, UnicodeDecodeError):
        told = strict_json.loads(answer[:_LARGEST_ANSWER].decode("utf-8"), "an answer", path)
        if isinstance(told, dict) and isinstance(told.get("problem"), str):
            parts = {
                name: told[name] for name in ("expected", "got", "where", "fix") if isinstance(told.get(name), str)
            }
            return _ERRORS.get(str(told.get("kind")), FormatError)(told["problem"], **parts)
    return FormatError("the file is damaged: the library that reads HDF5 cannot bear it", where=path)


def main() -> None:
    """Of the other process: FILE RESULT SECONDS."""
    source, result, seconds = sys.argv[1:]
    _end_after(float(seconds))
    try:
        read_here(Path(source)).save(result)
    except ChainruleError as error:
        parts = {
            name: value for name in ("expected", "got", "where", "fix") if (value := getattr(error, name)) is not None
        }
        told = {"kind": type(error).__name__, "problem": error.problem}
        print(json.dumps({**told, **{name: str(value) for name, value in parts.items()}}))
        sys.exit(2)


def _end_after(seconds: float) -> None:
    """So that it ends also where nobody is left to end it."""
    with contextlib.suppress(ImportError, ValueError, OSError):
        import resource

        resource.setrlimit(resource.RLIMIT_CPU, (int(seconds) + 1, int(seconds) + 1))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


if __name__ == "__main__":
    main()
