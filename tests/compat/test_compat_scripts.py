"""Study-note scripts run on chainrule after their import lines are changed, and say what they say on PyTorch.

Each script in ``scripts/`` is a PyTorch program as it stands.  Here its imports of torch are replaced, it runs, and
what it printed and left in ``RESULTS`` is compared with the recording of a PyTorch run (``golden/compat``), and with
PyTorch itself where that is installed.
"""

from __future__ import annotations

import contextlib
import importlib.util
import io
import json
import math
import os
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

SCRIPTS = Path(__file__).with_name("scripts")
GOLDEN = Path(__file__).resolve().parents[1] / "golden" / "compat"
NAMES = sorted(path.stem for path in SCRIPTS.glob("*.py"))
NEEDS = {"iris_mlp": "sklearn"}

IMPORTS = ((r"^import torch$", "import torch as torch"), (r"^(import|from) torch\b", r"\1 chainrule.compat.torch"))
NUMBER = re.compile(r"(?<![A-Za-z_\d.])[-+]?\d+\.?\d*(?:e[-+]?\d+)?(?![A-Za-z_\d])")


# ---- running


def on_chainrule(source: str) -> str:
    """The same program with its imports of torch replaced, and nothing else."""
    for pattern, replacement in IMPORTS:
        source = re.sub(pattern, replacement, source, flags=re.MULTILINE)
    return source


def run(source: str, name: str) -> tuple[str, Any]:
    """Run a program; return what it printed, and its RESULTS as plain lists."""
    printed = io.StringIO()
    namespace: dict[str, Any] = {"__name__": "__main__"}
    with contextlib.redirect_stdout(printed):
        exec(compile(source, name, "exec", dont_inherit=True), namespace)
    return printed.getvalue(), plain(namespace["RESULTS"])


def plain(value: Any) -> Any:
    """Tensors of either library as lists; numbers, texts, lists and dicts as they are."""
    if hasattr(value, "detach"):
        return value.detach().tolist()
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    return value


# ---- comparing


def words(printed: str) -> list[str]:
    """The text between the numbers, without what is meant to differ: the prefix ``torch.``, names of graph nodes."""
    text = re.sub(r",?\s*grad_fn=<\w+>", "", printed).replace("torch.", "")
    return ["".join(part.split()) for part in NUMBER.split(text)]


def numbers(printed: str) -> list[float]:
    return [float(found) for found in NUMBER.findall(re.sub(r"<\w+>", "", printed).replace("torch.", ""))]


def assert_same_text(actual: str, expected: str) -> None:
    """The same words, and numbers equal to within a unit of the fourth decimal."""
    assert words(actual) == words(expected)
    np.testing.assert_allclose(numbers(actual), numbers(expected), rtol=1e-3, atol=1.01e-4)


def assert_same_results(actual: Any, expected: Any, where: str = "RESULTS") -> None:
    """The same structure; numbers equal to float32's accuracy over some hundred steps."""
    if isinstance(expected, dict):
        assert isinstance(actual, dict), where
        assert list(actual) == list(expected), where
        for key, value in expected.items():
            assert_same_results(actual[key], value, f"{where}[{key!r}]")
    elif isinstance(expected, list):
        assert isinstance(actual, list), where
        assert len(actual) == len(expected), where
        for i, value in enumerate(expected):
            assert_same_results(actual[i], value, f"{where}[{i}]")
    elif isinstance(expected, float):
        assert type(actual) is float, where
        assert math.isclose(actual, expected, rel_tol=1e-3, abs_tol=2e-5), f"{where}: {actual}, expected {expected}"
    else:
        assert type(actual) is type(expected), where
        assert actual == expected, where


def recording(name: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((GOLDEN / f"{name}.json").read_text(encoding="utf-8"))
    return found


# ---- the tests


@pytest.fixture(scope="module", params=NAMES)
def script(request: pytest.FixtureRequest) -> tuple[str, str, Any]:
    """Name, output and results of a script on chainrule."""
    if request.param in NEEDS:
        pytest.importorskip(NEEDS[request.param])
    source = on_chainrule((SCRIPTS / f"{request.param}.py").read_text(encoding="utf-8"))
    return request.param, *run(source, f"{request.param} on chainrule")


def test_as_recorded(script: tuple[str, str, Any]) -> None:
    name, printed, results = script
    expected = recording(name)
    assert_same_text(printed, expected["printed"])
    assert_same_results(results, expected["results"])


def test_as_on_pytorch(script: tuple[str, str, Any]) -> None:
    pytest.importorskip("torch")
    name, printed, results = script
    theirs, expected = run((SCRIPTS / f"{name}.py").read_text(encoding="utf-8"), f"{name} on PyTorch")
    assert_same_text(printed, theirs)
    assert_same_results(results, expected)


# ---- the machinery itself: it must notice what is wrong


def test_nothing_but_imports_is_replaced() -> None:
    source = "import torch\nimport torch.nn as nn\nfrom torch.utils.data import Dataset\nx = torch.ones(2)  # torch\n"
    assert on_chainrule(source) == (
        "import chainrule.compat.torch as torch\nimport chainrule.compat.torch.nn as nn\n"
        "from chainrule.compat.torch.utils.data import Dataset\nx = torch.ones(2)  # torch\n"
    )


@pytest.mark.parametrize("name", NAMES)
def test_scripts_on_chainrule_leave_torch_alone(name: str) -> None:
    source = (SCRIPTS / f"{name}.py").read_text(encoding="utf-8")
    assert re.search(r"^(import|from) torch\b", source, re.MULTILINE)
    assert not re.search(r"^\s*(import|from) torch\b", on_chainrule(source), re.MULTILINE)


@pytest.mark.parametrize("wrong", ["tensor([1.0, 2.0])", "tensor([1.0, 2.1, 3.0])", "Tensor([1.0, 2.0, 3.0])", ""])
def test_text_that_differs_is_noticed(wrong: str) -> None:
    right = "torch.tensor([1.0, 2.0, 3.0], grad_fn=<MulBackward0>)"
    assert_same_text("tensor([1.0, 2.00005,\n 3.0])", right)
    with pytest.raises(AssertionError):
        assert_same_text(wrong, right)


@pytest.mark.parametrize(
    "wrong", [{}, {"a": [1.0]}, {"a": [1.0, 2.1]}, {"a": [1.0, 2]}, {"b": [1.0, 2.0]}, {"a": [1.0, True]}, [1.0, 2.0]]
)
def test_results_that_differ_are_noticed(wrong: Any) -> None:
    right = {"a": [1.0, 2.0]}
    assert_same_results({"a": [1.0, 2.0001]}, right)
    with pytest.raises(AssertionError):
        assert_same_results(wrong, right)


def record() -> None:
    """Record what the scripts say on PyTorch: ``python tests/compat/test_compat_scripts.py``."""
    GOLDEN.mkdir(parents=True, exist_ok=True)
    for name in NAMES:
        printed, results = run((SCRIPTS / f"{name}.py").read_text(encoding="utf-8"), name)
        text = json.dumps({"printed": printed, "results": results}, ensure_ascii=False, indent=1)
        (GOLDEN / f"{name}.json").write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    if importlib.util.find_spec("torch") is None:
        raise SystemExit("recording needs PyTorch: pip install torch")
    record()
