"""Records as HTML for notebooks: their words in the catalogue's language, tables and formulas where these say more."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from html import escape
from itertools import groupby
from typing import TYPE_CHECKING, Any

from chainrule.explain.wording import number, vector
from chainrule.messages import language, text

if TYPE_CHECKING:
    from chainrule.explain.equation import Equation
    from chainrule.explain.exercise import Exercise
    from chainrule.explain.gates import Composition
    from chainrule.explain.perceptron_learning import Learning

__all__ = ["fragment"]

_MOST_ROWS = 50


def fragment(record: Any, lang: str | None = None) -> str | None:
    """Return a record as a part of a page, in which everything is escaped; None for a record that has no words.

    Args:
        record: with a method `lines`, `explain` or `message` that takes a language.
        lang: "en" or "ko".
    """
    chosen = language(lang)
    special = _SPECIAL.get(type(record).__name__)
    body = _prose(_words(record, chosen)) if special is None else special(record, chosen)
    return f'<section lang="{chosen}">{body}</section>' if body else None


def _words(record: Any, lang: str) -> list[str]:
    for name in ("lines", "explain", "message"):
        method = getattr(record, name, None)
        if callable(method):
            found = method(lang)
            return found.splitlines() if isinstance(found, str) else list(found)
    return []


def _prose(lines: Sequence[str], *, headed: bool = True) -> str:
    """Paragraphs, and a list of the lines that are indented; the first line stands out if `headed`."""
    parts = []
    for indented, group in groupby((line for line in lines if line.strip()), lambda line: line.startswith("  ")):
        shown = [escape(line.strip()) for line in group]
        if indented:
            parts.append(f"<ul>{''.join(f'<li>{line}</li>' for line in shown)}</ul>")
            continue
        if headed and not parts:
            shown[0] = f"<strong>{shown[0]}</strong>"
        parts += [f"<p>{line}</p>" for line in shown]
    return "".join(parts)


def _table(caption: str, head: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    names = "".join(f'<th scope="col">{escape(name)}</th>' for name in head)
    body = "".join(f"<tr>{''.join(f'<td>{escape(str(cell))}</td>' for cell in row)}</tr>" for row in rows)
    return (
        f'<table><caption style="text-align:left"><strong>{escape(caption)}</strong></caption>'
        f"<thead><tr>{names}</tr></thead><tbody>{body}</tbody></table>"
    )


def _learning(record: Learning, lang: str) -> str:
    head = [text(f"notebook.{name}", lang) for name in ("step", "epoch", "misclassified")]
    head += [text("notebook.before", lang, name="w"), text("notebook.after", lang, name="w")]
    head += [text("notebook.before", lang, name="J"), text("notebook.after", lang, name="J")]
    rows = [
        (
            update.step,
            update.epoch,
            ", ".join(map(str, update.samples[:8])) + (", …" if len(update.samples) > 8 else ""),
            vector([update.bias_before, *update.weights_before]),
            vector([update.bias_after, *update.weights_after]),
            number(update.objective_before),
            number(update.objective_after),
        )
        for update in record.updates[:_MOST_ROWS]
    ]
    title, written = record.head(lang)
    more = record.n_updates - len(rows)
    tail = [text("perceptron.more", lang, count=more)] if more else []
    return _table(title, head, rows) + _prose([written, *tail, *record.result(lang)], headed=False)


def _composition(record: Composition, lang: str) -> str:
    title, *stages = record.head(lang)
    names, rows = record.truth_table()
    return (
        _prose([title, *stages])
        + _table(text("notebook.truth_table", lang), names, rows)
        + _prose([text("gates.why", lang)], headed=False)
    )


def _exercise(record: Exercise, lang: str) -> str:
    title, *lines = record.lines(lang)
    folded, *solutions = record.solutions(lang)
    return (
        f"{_prose([title])}<pre>{escape(chr(10).join(lines))}</pre>"
        f"<details><summary>{escape(folded)}</summary><pre>{escape(chr(10).join(solutions))}</pre></details>"
    )


def _equation(record: Equation, lang: str) -> str:
    # The formulas are MathML already, with names escaped.
    return record.mathml() + _prose(record.notes(lang), headed=False)


_SPECIAL: dict[str, Callable[[Any, str], str]] = {
    "Composition": _composition,
    "Equation": _equation,
    "Exercise": _exercise,
    "Learning": _learning,
}
