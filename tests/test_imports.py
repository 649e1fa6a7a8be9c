"""`import chainrule` costs NumPy and little more, and the core never asks for anything else."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

SOURCE = Path(__file__).resolve().parents[1] / "src"
PACKAGE = SOURCE / "chainrule"

CORE = ("autograd", "core", "engines/base.py", "engines/eager.py", "errors.py", "files.py", "losses", "losses.py")
CORE += ("metrics", "metrics.py", "nn", "optim")

HEAVY_STANDARD_LIBRARY = {"asyncio", "http", "multiprocessing", "sqlite3", "ssl", "tkinter", "unittest", "xml"}

# Packages that are extras as a whole; everything else has to import with NumPy alone.
EXTRAS = ("chainrule.cli.", "chainrule.estimators", "chainrule.plot", "chainrule.studio")

IMPORT_ALL_WITH_NUMPY_ALONE = f"""
import pkgutil, sys

class NumpyOnly:
    def find_spec(self, name, path=None, target=None):
        top = name.partition(".")[0]
        if top not in sys.stdlib_module_names and top not in ("numpy", "chainrule"):
            raise ModuleNotFoundError(f"No module named {{name!r}}", name=name)

sys.meta_path.insert(0, NumpyOnly())
import chainrule
for module in pkgutil.walk_packages(chainrule.__path__, "chainrule.", onerror=lambda name: None):
    if not module.name.startswith({EXTRAS!r}) and not module.name.endswith("__main__"):
        __import__(module.name)
"""


def run_python(code: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run `code` in a fresh interpreter that sees the sources."""
    header = f"import sys; sys.path.insert(0, {str(SOURCE)!r})\n"
    return subprocess.run(
        [sys.executable, "-c", header + code, *arguments], capture_output=True, text=True, timeout=120, check=False
    )


def loaded_by(statement: str, after: str) -> set[str]:
    """Top-level names of the modules that `statement` loads in a process that has already run `after`."""
    code = f"{after}\nbefore = set(sys.modules)\n{statement}\n"
    code += "print(*sorted({name.partition('.')[0] for name in set(sys.modules) - before}))"
    result = run_python(code)
    assert result.returncode == 0, result.stderr
    return set(result.stdout.split())


def third_party(names: set[str]) -> set[str]:
    return {name for name in names if name not in sys.stdlib_module_names and name != "chainrule"}


def test_import_loads_numpy_and_no_other_package() -> None:
    assert third_party(loaded_by("import chainrule", after="")) <= {"numpy"}


def test_import_adds_no_heavy_standard_library_to_numpy() -> None:
    assert not loaded_by("import chainrule", after="import numpy") & HEAVY_STANDARD_LIBRARY


# What training on arrays does without; each of these costs milliseconds at the start of a process.
LATER = {
    *("chainrule.cli", "chainrule.data.cells", "chainrule.data.encoders", "chainrule.data.inputs"),
    *("chainrule.data.schema", "chainrule.data.table", "chainrule.explain.diagnose", "chainrule.files"),
    *("chainrule.messages.catalogue", "chainrule.nn.functional", "chainrule.nn.summary", "chainrule.nn.utils"),
    *("chainrule.optim.lr_scheduler", "chainrule.plot", "chainrule.reports", "chainrule.train.compare"),
    *("chainrule.train.file_callbacks", "chainrule.train.restarts", "csv", "decimal", "importlib.resources"),
    *("numpy.ma", "pathlib", "tempfile"),
}
MOST_MODULES = 110  # of chainrule's own: even a small one costs a fifth of a millisecond
TRAIN = """
import sys
import chainrule as cr
from chainrule import nn
xor = [[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]], [0, 1, 1, 0]
model = nn.Sequential(nn.Linear(2, 2), nn.Tanh(), nn.Linear(2, 1))
cr.fit(model, {data}, epochs=3, verbose=0)
{after}
print(*sys.modules)
"""


def loaded_by_training(data: str, after: str = "") -> set[str]:
    result = run_python(TRAIN.format(data=data, after=after))
    assert result.returncode == 0, result.stderr
    return set(result.stdout.split())


@pytest.mark.parametrize("data", ['cr.data.load("xor")', "xor", "cr.data.from_arrays(*xor)"])
def test_training_loads_nothing_that_it_does_not_need(data: str) -> None:
    loaded = loaded_by_training(data, after="cr.predict(model, xor[0])")
    assert not LATER & loaded
    assert sum(name.startswith("chainrule") for name in loaded) <= MOST_MODULES


def test_what_is_loaded_later_is_seen_when_it_is() -> None:
    importable = LATER - {"chainrule.cli", "chainrule.plot"}  # with NumPy alone
    assert importable <= loaded_by_training("xor", after=f"import {', '.join(sorted(importable))}")


def test_what_training_on_a_table_needs_is_seen() -> None:
    table = 'cr.data.Table({"a": [1, 2, 3, 4], "b": [4, 2, 1, 3], "target": ["x", "y", "x", "y"]})'
    assert {"chainrule.data.cells", "chainrule.data.table"} <= loaded_by_training(table)


def test_loaded_by_sees_what_is_loaded() -> None:
    assert "pytest" in third_party(loaded_by("import pytest", after=""))
    assert "sqlite3" in loaded_by("import sqlite3", after="import numpy") & HEAVY_STANDARD_LIBRARY


def test_every_module_imports_with_numpy_alone() -> None:
    result = run_python(IMPORT_ALL_WITH_NUMPY_ALONE)
    assert result.returncode == 0, result.stderr


def test_the_block_on_other_packages_bites() -> None:
    result = run_python(IMPORT_ALL_WITH_NUMPY_ALONE + "import pytest")
    assert result.returncode != 0
    assert "No module named 'pytest'" in result.stderr


def test_the_command_without_its_extra_says_what_to_install() -> None:
    if not (PACKAGE / "cli" / "__init__.py").exists():
        pytest.skip("no command line yet")
    blocked = IMPORT_ALL_WITH_NUMPY_ALONE + "from chainrule.cli import main\nsys.argv = ['chainrule', 'doctor']\n"
    result = run_python(blocked + "sys.exit(main())")
    assert result.returncode not in (0, None)
    assert "Traceback" not in result.stderr
    assert "chainrule[cli]" in result.stdout + result.stderr


# ---- the sources themselves: function-level imports count too


def imported_packages(source: str) -> set[str]:
    """Top-level names of everything that `source` imports at any depth, type checking apart."""
    return {name.partition(".")[0] for name in _imports(ast.parse(source))}


def _imports(node: ast.AST) -> Iterator[str]:
    if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.dump(node.test):
        return
    if isinstance(node, ast.Import):
        yield from (alias.name for alias in node.names)
    elif isinstance(node, ast.ImportFrom):
        yield node.module or "chainrule"
    for child in ast.iter_child_nodes(node):
        yield from _imports(child)


def core_files() -> list[Path]:
    found = [PACKAGE / name for name in CORE]
    return sorted(file for path in found for file in ([path] if path.is_file() else path.rglob("*.py")))


@pytest.mark.parametrize("path", core_files(), ids=lambda path: path.relative_to(PACKAGE).as_posix())
def test_core_never_imports_another_package(path: Path) -> None:
    assert third_party(imported_packages(path.read_text(encoding="utf-8"))) <= {"numpy"}


def test_imported_packages_looks_inside_functions_and_past_type_checking() -> None:
    source = "if TYPE_CHECKING:\n    import pandas\ndef f():\n    from torch.nn import Linear\n    import os.path\n"
    assert imported_packages(source) == {"torch", "os"}


# ---- time


def seconds(module: str) -> float:
    code = f"import time\nstart = time.perf_counter()\nimport {module}\nprint(time.perf_counter() - start)"
    result = run_python(code)
    assert result.returncode == 0, result.stderr
    return float(result.stdout)


@pytest.mark.timing
def test_import_takes_less_than_one_and_a_half_times_numpy() -> None:
    """Fastest of several fresh processes, alternating; more rounds while a busy machine blurs the answer."""
    numpy, chainrule = [], []
    for _ in range(5):
        for _ in range(4):
            numpy.append(seconds("numpy"))
            chainrule.append(seconds("chainrule"))
        if min(chainrule) < 1.5 * min(numpy):
            return
    pytest.fail(f"import chainrule takes {min(chainrule):.3f} s, import numpy {min(numpy):.3f} s")


def test_the_stub_names_what_the_package_offers() -> None:
    import chainrule

    stub = (PACKAGE / "__init__.pyi").read_text("utf-8")
    tree = ast.parse(stub)
    named = {node.asname or node.name for node in ast.walk(tree) if isinstance(node, ast.alias)}
    named |= {node.target.id for node in tree.body if isinstance(node, ast.AnnAssign)}
    named |= {target.id for node in tree.body if isinstance(node, ast.Assign) for target in node.targets}
    assert named - {"Any", "np"} == {*chainrule.__all__, *chainrule._BUILTIN, *chainrule._OPTIONAL}
    for name in named - {"Any", "np"}:
        getattr(chainrule, name)
