"""One target under atheris: ``one.py NAME FOLDER [options of libFuzzer] [corpus]``."""

from __future__ import annotations

import sys
import warnings
from pathlib import Path

import atheris

sys.path[:0] = [str(Path(__file__).resolve().parents[2] / "src"), str(Path(__file__).resolve().parents[1])]
with atheris.instrument_imports(include=["chainrule", "zipfile", "gzip"]):
    from chainrule.errors import ChainruleError
    from helpers.doors import DOORS

door, folder = DOORS[sys.argv.pop(1)], Path(sys.argv.pop(1))


def opened(content: bytes) -> None:
    """Open the content; errors of ours have one line, all others are faults."""
    try:
        door.open(content, folder)
    except ChainruleError as error:
        message = str(error)
        assert "\n" not in message, f"more than one line: {message!r}"
        assert len(message) < 2000, f"a message of {len(message)} characters"


warnings.simplefilter("error", DeprecationWarning)
with atheris.instrument_imports(include=["chainrule", "zipfile", "gzip"]):
    for seed in door.seeds():  # what is imported on the way is watched, too
        opened(seed)
atheris.Setup(sys.argv, opened)
atheris.Fuzz()
