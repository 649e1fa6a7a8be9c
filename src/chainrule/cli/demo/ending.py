"""The end of the demonstration: what was written, and what to try next."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

from chainrule.cli.demo.stage import Stage

__all__ = ["commands", "show"]


def show(stage: Stage, seconds: float) -> None:
    """Show the files, and commands that work from here."""
    screen = stage.screen
    screen.show("")
    screen.say(f"Done in {seconds:.1f} s. In {stage.folder}{os.sep}: {', '.join(stage.files)}")
    screen.heading("What to try next")
    for what, command in commands(stage.folder):
        screen.say(what)
        screen.line(f"  {command}", "bold cyan")  # not in a frame: its borders would be copied along


def commands(folder: Path) -> list[tuple[str, str]]:
    """What to do next, and the command for it, as it can be typed where the demonstration was started."""
    run, at = _program(), _quoted(folder)
    return [
        ("Ask the penguin network about each bird:", f"{run} predict {at}/penguins.safetensors {at}/penguins.csv"),
        ("Look into a model file:", f"{run} info {at}/xor.safetensors"),
        ("Watch one neuron fail on its own, then try and, or, nand:", f"{run} gate xor --neurons 1"),
        ("Train on a table (yours works the same way):", f"{run} fit {at}/penguins.csv --target species"),
        ("See all data sets that come with it:", f"{run} data"),
    ]


def _program() -> str:
    """How this program was started, if its name alone would not be found."""
    if shutil.which("chainrule"):
        return "chainrule"
    started = Path(sys.argv[0])
    if started.name != "chainrule" or not started.is_file():
        return "chainrule"
    resolved = started.absolute()
    return str(resolved.relative_to(Path.cwd())) if resolved.is_relative_to(Path.cwd()) else str(resolved)


def _quoted(folder: Path) -> str:
    import shlex

    return shlex.quote(folder.as_posix())
