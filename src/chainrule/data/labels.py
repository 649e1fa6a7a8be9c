"""Finding a cell among the labels that training saw, however a program between the two has written it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from chainrule.data.cells import BOOLEAN_WORDS
from chainrule.data.number_forms import number

__all__ = ["finder"]

_TRUTH = {word: float(truth) for pair in BOOLEAN_WORDS for truth, word in enumerate(pair)}


def finder(labels: Sequence[str]) -> Callable[[str | None], int | None]:
    """Return a function from a text to the index of its label, None where there is none.

    A text that is no label counts as one if it means the same: ``1`` is ``01`` where all labels are numbers, and
    ``True`` is ``yes`` where the labels are no and yes.  For what is ``01`` or ``true`` in a text file is 1 or True in
    a frame that a program has made of it.
    """
    exact: dict[str | None, int] = {label: index for index, label in enumerate(labels)}
    read = _reader(labels)
    by_meaning: dict[float | None, int] = {read(label): index for index, label in enumerate(labels)}
    if None in by_meaning or len(by_meaning) < len(labels):
        return exact.get

    def find(text: str | None) -> int | None:
        if text is None or text in exact:
            return exact.get(text)
        meaning = read(text)
        return None if meaning is None else by_meaning.get(meaning)

    return find


def _reader(labels: Iterable[str]) -> Callable[[str], float | None]:
    """Return how the meaning of such labels, and of texts that may stand for them, is read."""
    folded = {label.lower() for label in labels}
    truths = any(folded == set(pair) for pair in BOOLEAN_WORDS) or {number(label) for label in folded} == {0, 1}
    return _truth if truths else number


def _truth(text: str) -> float | None:
    return _TRUTH.get(text.lower(), number(text))
