"""`report`: everything about a model on its data, section by section."""

from __future__ import annotations

import os
import time
import warnings
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from chainrule.engines.threads import suited_threads
from chainrule.errors import ChainruleError, ConfigError, UnknownNameError
from chainrule.explain.record import plain
from chainrule.files import expanded
from chainrule.messages import language, text
from chainrule.nn.module import Module
from chainrule.reports.material import Material
from chainrule.reports.record import Content, Report, ReportSection, Skipped
from chainrule.reports.sections import SECTIONS
from chainrule.train.inputs import as_module

__all__ = ["report"]


def report(
    model: Module,
    data: Any,
    path: str | os.PathLike[str] | None = None,
    *,
    lang: str | None = None,
    title: str | None = None,
    sections: Sequence[str] | str | None = None,
    history: Mapping[str, Any] | None = None,
    rows: Sequence[int] | int | None = None,
    numbers: Sequence[int] | np.ndarray | None = None,
    name: str | None = None,
    file: str | os.PathLike[str] | None = None,
    progress: Callable[[str, float], None] | None = None,
) -> Report:
    """Write one page with all that can be said about `model` on `data`.

    A section that does not apply says why in one sentence; one that fails shows its message, and the rest goes on.
    The model is left as it was.

    Args:
        model: a trained network.
        data: what `evaluate` takes: a `Dataset`, `Splits` (scores are of the test rows), a `Table`, or a pair
            ``(X, y)``.
        path: page to write, if any.
        lang: "en" or "ko"; default: see `messages.language`.
        title: heading; default: the data's name.
        sections: names of the sections to make, in any order; default: all, see ``chainrule.reports.sections``.
        history: curves of the training, as `fit` returns; default: those that the model remembers.
        rows: which rows of the data to trace; default: the first one, of few inputs the first with fewest zeros.
        numbers: what the rows are called on the page, where `data` are some rows of a larger file; default: 0, 1, 2, …
        name: what the data are called; default: what they call themselves.
        file: the model's file, to be named on the page.
        progress: called with each section's name and its seconds.

    Returns:
        `Report`: ``html()``, ``save(path)``, ``to_dict()``; shows itself in a notebook.

    Raises:
        UnknownNameError: for a section or language that there is not.
        DTypeError: if `model` is no network.
        DataError, ShapeError, ConfigError: for data that cannot be used with the model, and rows that there are not.
        MissingFileError: if `path` cannot be written.
    """
    chosen, wanted = language(lang), _wanted(sections)
    if path is not None and not expanded(path).parent.is_dir():
        raise ConfigError("the report's folder does not exist", got=str(expanded(path).parent))
    material = Material(
        as_module(model), data, chosen, history=history, rows=_rows(rows), numbers=numbers, source=name,
        file=None if file is None else os.path.basename(os.fspath(file)),
    )  # fmt: skip
    made = []
    # Hundreds of small products: with more threads BLAS would make them wait for each other on a busy machine.
    with suited_threads(sum(parameter.numel() for parameter in model.parameters()), 1):
        for section in wanted:
            one = _made(section, material)
            made.append(one)
            if progress is not None:
                progress(one.name, one.seconds)
    heading = title if title is not None else text("report.title", chosen, data=material.source)
    found = Report(heading, chosen, tuple(made))
    if path is not None:
        found.save(path)
    return found


def _wanted(sections: Sequence[str] | str | None) -> list[str]:
    if sections is None:
        return list(SECTIONS)
    named = [sections] if isinstance(sections, str) else list(sections)
    for name in named:
        if name not in SECTIONS:
            raise UnknownNameError("section", name, SECTIONS)
    if not named:
        raise ConfigError("a report needs a section", fix=f"Name some of {', '.join(SECTIONS)}")
    return [name for name in SECTIONS if name in named]


def _rows(rows: Any) -> Sequence[int] | None:
    if rows is None:
        return None
    return [int(rows)] if isinstance(rows, int | np.integer) else list(rows)


def _made(name: str, material: Material) -> ReportSection:
    start = time.perf_counter()
    found = Content(())
    note, state = "", "shown"
    try:
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", category=UserWarning, module=r"(matplotlib|chainrule)\b")
            result = SECTIONS[name](material)
        if isinstance(result, Skipped):
            note, state = result.reason, "skipped"
        else:
            found = result
    except ChainruleError as error:
        note, state = str(error), "failed"
    except Exception as error:  # one section's fault must not take the others along
        note, state = material.say("fault", kind=type(error).__name__, message=" ".join(str(error).split())), "failed"
    seconds = time.perf_counter() - start
    facts: Any = plain(dict(found.facts))
    title = material.say(f"{name}_title")
    return ReportSection(name, title, state, note, seconds, facts, tuple(found.blocks))  # type: ignore[arg-type]
