"""Messages: what was expected, what came, where, how to repair it, in one line."""

from __future__ import annotations

import pickle

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chainrule import errors
from chainrule.errors import ChainruleError, UnknownNameError, did_you_mean

BUILT_IN = {
    "ShapeError": ValueError,
    "DTypeError": TypeError,
    "GradientError": RuntimeError,
    "DataError": ValueError,
    "FormatError": ValueError,
    "MissingFileError": FileNotFoundError,
    "DownloadError": ConnectionError,
    "MissingDependencyError": ImportError,
    "ConfigError": ValueError,
    "EngineError": RuntimeError,
    "TrainingError": RuntimeError,
    "UnknownNameError": KeyError,
}


@pytest.mark.parametrize(
    ("parts", "line"),
    [
        ({}, "rows do not fit"),
        ({"expected": 3}, "rows do not fit: expected 3"),
        ({"got": 4}, "rows do not fit: got 4"),
        ({"expected": 3, "got": 4}, "rows do not fit: expected 3, got 4"),
        ({"where": "layer 2"}, "rows do not fit (in layer 2)"),
        ({"fix": "Remove one"}, "rows do not fit. Remove one"),
        (
            {"expected": (2, 3), "got": (2, 4), "where": "0.weight", "fix": "Transpose it"},
            "rows do not fit: expected (2, 3), got (2, 4) (in 0.weight). Transpose it",
        ),
        # Falsy parts are parts all the same.
        ({"expected": 1, "got": 0}, "rows do not fit: expected 1, got 0"),
        ({"got": ""}, "rows do not fit: got "),
        ({"where": 0}, "rows do not fit (in 0)"),
        ({"fix": ""}, "rows do not fit"),
    ],
)
def test_the_parts_that_are_given_make_one_line(parts: dict[str, object], line: str) -> None:
    error = ChainruleError("rows do not fit", **parts)
    assert str(error) == line
    assert error.args == (line,)


def test_the_parts_can_be_read() -> None:
    error = errors.ShapeError("a", expected=1, got=2, where="c", fix="d")
    assert (error.problem, error.expected, error.got, error.where, error.fix) == ("a", 1, 2, "c", "d")


def test_every_class_is_listed_here() -> None:
    assert set(errors.__all__) == {*BUILT_IN, "ChainruleError", "did_you_mean"}


@pytest.mark.parametrize("name", BUILT_IN)
def test_each_class_is_also_the_built_in_one(name: str) -> None:
    error_class = getattr(errors, name)
    assert issubclass(error_class, ChainruleError)
    assert issubclass(error_class, BUILT_IN[name])


@pytest.mark.parametrize("name", sorted(set(BUILT_IN) - {"UnknownNameError"}))
def test_every_class_shows_its_message_as_it_is(name: str) -> None:
    error = getattr(errors, name)("no 'weights'", expected="a file", got="a folder", where="/tmp", fix="Look again")
    assert str(error) == "no 'weights': expected a file, got a folder (in /tmp). Look again"


@pytest.mark.parametrize(
    "error",
    [
        errors.ShapeError("a", expected=1, got=2),
        UnknownNameError("loss", "x", ["mse"]),
    ],
)
def test_pickled_errors_keep_their_message(error: ChainruleError) -> None:
    # Workers of multiprocessing and of pytest-xdist send exceptions to their parent this way.
    again = pickle.loads(pickle.dumps(error))
    assert type(again) is type(error)
    assert str(again) == str(error)


# --------------------------------------------------------------------------------------------- names


def test_an_unknown_name_offers_the_nearest() -> None:
    error = UnknownNameError("loss", "cross_entrpy", ["mse", "cross_entropy"], where="config.json")
    assert str(error) == (
        "unknown loss 'cross_entrpy' (in config.json). Did you mean 'cross_entropy'? Known: mse, cross_entropy"
    )
    assert error.name == "cross_entrpy"
    assert isinstance(error, ValueError)


def test_an_unknown_name_of_any_type() -> None:
    assert str(UnknownNameError("column", 3, ["a", 7])) == "unknown column 3. Known: a, 7"


@pytest.mark.parametrize(
    ("name", "options", "hint"),
    [
        ("rleu", ["relu", "tanh"], "Did you mean 'relu'? Known: relu, tanh"),
        ("RELU", ["relu", "tanh"], "Did you mean 'relu'? Known: relu, tanh"),
        ("relu", ["ReLU", "Tanh"], "Did you mean 'ReLU'? Known: ReLU, Tanh"),
        ("qqqq", ["relu", "tanh"], "Known: relu, tanh"),
        ("", ["relu"], "Known: relu"),
        ("relu", [], "There are none"),
    ],
)
def test_did_you_mean(name: str, options: list[str], hint: str) -> None:
    assert did_you_mean(name, options) == hint


def test_long_lists_are_cut() -> None:
    options = [f"c{number}" for number in range(20)]
    assert did_you_mean("zzz", options, limit=3) == "Known: c0, c1, c2, … (20 in all)"
    assert did_you_mean("zzz", options[:12]).endswith("c11")


def test_a_hint_may_lie_beyond_the_cut() -> None:
    assert did_you_mean("sigmoyd", [*"abcdefghijklmn", "sigmoid"]).startswith("Did you mean 'sigmoid'? Known: a, b,")


def test_options_may_be_an_iterator() -> None:
    assert did_you_mean("adm", (name for name in ("sgd", "adam"))) == "Did you mean 'adam'? Known: sgd, adam"


@given(st.text(max_size=20), st.lists(st.text(max_size=20), max_size=20))
def test_any_name_gets_a_hint(name: str, options: list[str]) -> None:
    hint = did_you_mean(name, options)
    assert hint.startswith(("Did you mean", "Known: ")) or (not options and hint == "There are none")
    assert str(UnknownNameError("thing", name, options)).startswith("unknown thing ")


def test_a_message_is_one_line_whatever_came() -> None:
    error = errors.ShapeError("wrong", expected="2", got="[[1\n  2]]", where="x\ny")
    assert str(error) == "wrong: expected 2, got [[1 2]] (in x y)"
