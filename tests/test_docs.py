"""The code blocks of README and docs run, so that they stay true.

The blocks of one file run in their order, in one namespace, in an empty folder.  The word after the language
says how:

- ```` ```python ```` runs; ```` ```python no-run ```` does not; ```` ```python needs-data ```` runs where
  CHAINRULE_DATA is set.
- ```` ```pycon ```` runs as a doctest: what it prints is compared.
- ```` ```console run ```` runs its lines ``$ chainrule …`` and expects each to succeed; other shell blocks
  are only shown.
"""

from __future__ import annotations

import doctest
import os
import re
import shlex
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
FENCE = re.compile(r"^(?P<indent> *)(?P<marks>`{3,}|~{3,})(?P<info>.*)$")
COMMAND = "from chainrule.cli import main; import sys; sys.exit(main())"


@dataclass(frozen=True)
class Block:
    """A fenced block: the words of its info string, its text, and the line in the file where the text starts."""

    words: tuple[str, ...]
    text: str
    line: int

    @property
    def kind(self) -> str:
        """How the block runs: python, pycon, console, or nothing at all."""
        language, options = (self.words[0] if self.words else ""), self.words[1:]
        if language == "console":
            return "console" if "run" in options else ""
        if "no-run" in options or ("needs-data" in options and not os.environ.get("CHAINRULE_DATA")):
            return ""
        return language if language in ("python", "pycon") else ""


def blocks(markdown: str) -> list[Block]:
    """Return the fenced blocks of a Markdown text."""
    found: list[Block] = []
    opening: re.Match[str] | None = None
    lines: list[str] = []
    for number, line in enumerate(markdown.splitlines(), start=1):
        fence = FENCE.match(line)
        if opening is None:
            if fence:
                opening, lines, start = fence, [], number + 1
        elif fence and fence["marks"].startswith(opening["marks"]) and not fence["info"].strip():
            words = tuple(opening["info"].replace("{", " ").replace("}", " ").split())
            found.append(Block(words, "\n".join(lines) + "\n", start))
            opening = None
        else:
            lines.append(line.removeprefix(opening["indent"]))
    if opening is not None:
        raise ValueError(f"the block that starts in line {start - 1} is never closed")
    return found


def commands(block: Block) -> list[list[str]]:
    """Return the arguments of each ``$ chainrule …`` line, with lines continued by a backslash joined."""
    found = []
    for line in block.text.replace("\\\n", " ").splitlines():
        if line.startswith("$ "):
            program, *arguments = shlex.split(line.removeprefix("$ "), comments=True)
            if program != "chainrule":
                raise ValueError(f"line {block.line}: a `console run` block runs chainrule only, not {program}")
            found.append(arguments)
    if not found:
        raise ValueError(f"line {block.line}: a `console run` block without a line that starts with '$ chainrule'")
    return found


def run_commands(block: Block) -> None:
    for arguments in commands(block):
        result = subprocess.run(
            [sys.executable, "-c", COMMAND, *arguments], capture_output=True, text=True, timeout=300, check=False
        )
        line = shlex.join(["chainrule", *arguments])
        assert result.returncode == 0, f"{line} exited with {result.returncode}\n{result.stdout}{result.stderr}"


def run_doctest(block: Block, namespace: dict[str, object], name: str) -> None:
    parser = doctest.DocTestParser()
    test = parser.get_doctest(block.text, {}, name, name, block.line - 1)
    test.globs = namespace
    runner = doctest.DocTestRunner(optionflags=doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE, verbose=False)
    report: list[str] = []
    runner.run(test, out=report.append, clear_globs=False)
    assert not runner.failures, "".join(report)


def run_file(markdown: str, name: str) -> int:
    """Run every block that asks for it; return how many did."""
    namespace: dict[str, object] = {"__name__": "__main__"}
    runnable = [block for block in blocks(markdown) if block.kind]
    for block in runnable:
        if block.kind == "python":
            # Empty lines before the code make a traceback show the line of the file.
            code = compile("\n" * (block.line - 1) + block.text, name, "exec", dont_inherit=True)
            exec(code, namespace)
        elif block.kind == "pycon":
            run_doctest(block, namespace, name)
        else:
            run_commands(block)
    return len(runnable)


def documents() -> list[Path]:
    return sorted([*ROOT.glob("README*.md"), *ROOT.glob("docs/**/*.md")])


@pytest.fixture
def empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty current folder, figures that open no window, and sources that a subprocess finds too."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MPLBACKEND", "Agg")
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(filter(None, [str(ROOT / "src"), os.environ.get("PYTHONPATH")])))
    return tmp_path


@pytest.mark.parametrize("path", documents(), ids=lambda path: path.relative_to(ROOT).as_posix())
def test_document(path: Path, empty_folder: Path) -> None:
    run_file(path.read_text(encoding="utf-8"), path.relative_to(ROOT).as_posix())


# ---- the machinery itself: it must notice what is wrong


def fenced(info: str, text: str) -> str:
    return f"Words.\n\n```{info}\n{text}\n```\n\n"


def test_blocks_share_one_namespace_and_skip_what_is_not_to_run(empty_folder: Path) -> None:
    text = fenced("python", "x = 1") + fenced("python no-run", "x = 2") + fenced("", "x = 3") + fenced("bash", "exit 1")
    assert run_file(text + fenced("python", "assert x == 1"), "a.md") == 2


def test_a_failing_block_fails_and_names_its_line(empty_folder: Path) -> None:
    with pytest.raises(ZeroDivisionError) as caught:
        run_file(fenced("python", "x = 1") + fenced("python", "y = 2\n1 / 0"), "a.md")
    assert caught.traceback[-1].lineno + 1 == 11


def test_a_doctest_compares_what_is_printed(empty_folder: Path) -> None:
    assert run_file(fenced("python", "x = 1") + fenced("pycon", ">>> x + 1\n2"), "a.md") == 2
    with pytest.raises(AssertionError, match="Expected"):
        run_file(fenced("pycon", ">>> 1 + 1\n3"), "a.md")


def test_data_blocks_wait_for_data(empty_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CHAINRULE_DATA", raising=False)
    assert run_file(fenced("python needs-data", "1 / 0"), "a.md") == 0
    monkeypatch.setenv("CHAINRULE_DATA", str(empty_folder))
    with pytest.raises(ZeroDivisionError):
        run_file(fenced("python needs-data", "1 / 0"), "a.md")


def test_indented_and_longer_fences() -> None:
    text = "- item\n\n  ```python\n  x = 1\n    y\n  ```\n\n````markdown\n```python\n1 / 0\n```\n````\n"
    first, second = blocks(text)
    assert first == Block(("python",), "x = 1\n  y\n", 4)
    assert second.words == ("markdown",)
    assert second.kind == ""


def test_a_block_that_never_ends_is_an_error() -> None:
    with pytest.raises(ValueError, match="line 1 is never closed"):
        blocks("```python\nx = 1\n")


def test_commands_of_a_console_block() -> None:
    text = "$ chainrule fit a.csv \\\n    --layers 8,8\ntrained\n$ chainrule info 'my model' # what is in it"
    (block,) = blocks(fenced("console run", text))
    assert commands(block) == [["fit", "a.csv", "--layers", "8,8"], ["info", "my model"]]


@pytest.mark.parametrize("text", ["$ rm -rf x", "chainrule demo"])
def test_a_console_block_that_cannot_run_is_an_error(text: str) -> None:
    with pytest.raises(ValueError, match="line 4"):
        commands(blocks(fenced("console run", text))[0])


def test_a_failing_command_fails(empty_folder: Path) -> None:
    pytest.importorskip("typer")
    if not (ROOT / "src/chainrule/cli/__init__.py").exists():
        pytest.skip("no command line yet")
    with pytest.raises(AssertionError, match="exited with"):
        run_file(fenced("console run", "$ chainrule no-such-command"), "a.md")
