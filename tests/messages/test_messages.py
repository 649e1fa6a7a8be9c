"""The catalogue: both languages complete, the language chosen as promised, mistakes named."""

from __future__ import annotations

import ast
import string
from collections.abc import Iterator
from pathlib import Path

import pytest

from chainrule import messages
from chainrule.errors import ConfigError, UnknownNameError
from chainrule.messages import catalogue

FOLDER = Path(messages.__file__).parent
VARIABLES = ("CHAINRULE_LANG", "LC_ALL", "LC_MESSAGES", "LANG")


@pytest.fixture(autouse=True)
def _no_language(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    for name in VARIABLES:
        monkeypatch.delenv(name, raising=False)
    messages.set_language(None)
    yield
    messages.set_language(None)


def placeholders(template: str) -> set[str]:
    return {field for _, field, _, _ in string.Formatter().parse(template) if field is not None}


def template(lang: str, key: str) -> str:
    topic, _, name = key.partition(".")
    return catalogue._topic(lang, topic)[name]


def test_both_languages_have_the_same_topics_and_keys() -> None:
    topics = [{file.stem for file in (FOLDER / lang).glob("*.py")} for lang in messages.LANGUAGES]
    assert topics[0] == topics[1]
    assert messages.keys("en") == messages.keys("ko")
    assert messages.keys()


@pytest.mark.parametrize("key", messages.keys())
def test_both_languages_take_the_same_values(key: str) -> None:
    english, korean = template("en", key), template("ko", key)
    assert placeholders(english) == placeholders(korean)
    assert all(name.partition("[")[0].partition(".")[0].isidentifier() for name in placeholders(english))
    assert english.strip()
    assert korean.strip()


def test_the_comparison_of_placeholders_can_fail() -> None:
    assert placeholders("{a} and {b:.3f}") == {"a", "b"}
    assert placeholders("{a}") != placeholders("{b}")


@pytest.mark.parametrize("path", sorted(FOLDER.glob("??/*.py")), ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_no_key_is_written_twice(path: Path) -> None:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Dict):
            found = [key.value for key in node.keys if isinstance(key, ast.Constant)]
            assert len(found) == len(set(found))


@pytest.mark.parametrize(
    ("environment", "expected"),
    [
        ({}, "en"),
        ({"LANG": "ko_KR.UTF-8"}, "ko"),
        ({"LANG": "de_DE.UTF-8"}, "en"),
        ({"LANG": "C.UTF-8"}, "en"),
        ({"LANG": "kok_IN"}, "en"),  # Konkani
        ({"LANG": "ko_KR.UTF-8", "LC_ALL": "en_US.UTF-8"}, "en"),
        ({"LANG": "en_US.UTF-8", "LC_ALL": "ko_KR.UTF-8"}, "ko"),
        ({"LANG": "ko_KR.UTF-8", "LC_ALL": ""}, "ko"),
        ({"LANG": "ko_KR.UTF-8", "CHAINRULE_LANG": "en"}, "en"),
        ({"LANG": "en_US.UTF-8", "CHAINRULE_LANG": "KO"}, "ko"),
        ({"LANG": "ko_KR.UTF-8", "CHAINRULE_LANG": "fr"}, "en"),
    ],
)
def test_the_environment_chooses_the_language(
    monkeypatch: pytest.MonkeyPatch, environment: dict[str, str], expected: str
) -> None:
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    assert messages.language() == expected


def test_argument_before_setting_before_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CHAINRULE_LANG", "en")
    messages.set_language("ko-KR")
    assert messages.language() == "ko"
    assert messages.language("en") == "en"
    messages.set_language(None)
    assert messages.language() == "en"


def test_mistakes_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(UnknownNameError, match="language 'fr'"):
        messages.language("fr")
    with pytest.raises(UnknownNameError, match="language 'fr'"):
        messages.set_language("fr")
    with pytest.raises(UnknownNameError, match=r"text 'perceptron\.nothing'"):
        messages.text("perceptron.nothing")
    with pytest.raises(UnknownNameError, match=r"text 'os\.system'"):
        messages.text("os.system")
    monkeypatch.setattr(catalogue, "_topic", lambda lang, name: {"count": "{n:.2f}"})
    assert messages.text("perceptron.count", n=1) == "1.00"
    with pytest.raises(ConfigError, match="lacks a value"):
        messages.text("perceptron.count")
    with pytest.raises(ConfigError, match="cannot show"):
        messages.text("perceptron.count", n="three")
