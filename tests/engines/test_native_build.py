"""The best build that this machine can run is found; and where there is none, the reason is said and nothing breaks."""

from __future__ import annotations

import os
import platform
import subprocess
import sys
from importlib.machinery import EXTENSION_SUFFIXES
from pathlib import Path

import pytest

import chainrule
from chainrule.engines import native_build
from chainrule.engines.native_build import BUILDS, find, load

FOLDER = Path(os.environ.get("CHAINRULE_NATIVE_DIR") or Path(native_build.__file__).parent)
files = {name: next(FOLDER.glob(f"_native_{name}.*"), None) for name in BUILDS}
built = [name for name, file in files.items() if file is not None]
CPUINFO = Path("/proc/cpuinfo")

needs_a_build = pytest.mark.skipif(not built, reason="the native engine is not built (make native)")


def flags() -> set[str]:
    """What Linux says of the processor."""
    lines = CPUINFO.read_text("utf-8").splitlines()
    return set(next((line for line in lines if line.startswith("flags")), "").split())


def runs(name: str) -> bool:
    """Whether the processor has what a build needs, by what Linux says."""
    needed = {"base": set(), "v3": {"avx2", "fma", "bmi2"}}
    needed["v4"] = needed["v3"] | {f"avx512{part}" for part in ("f", "bw", "cd", "dq", "vl")}
    return needed[name] <= flags()


# ---- without a build


def test_off_loads_nothing() -> None:
    build = find("off", FOLDER)
    assert build.name is build.path is build.module is None
    assert build.reason == "CHAINRULE_NATIVE=off"
    assert str(build) == "not loaded: CHAINRULE_NATIVE=off"


def test_a_name_that_is_none_loads_nothing_and_says_which_there_are() -> None:
    build = find("avx9", FOLDER)
    assert build.name is None
    assert "'avx9' is none of v4, v3, base, off" in build.reason


@pytest.mark.parametrize("wanted", ["", *BUILDS])
def test_an_empty_folder_says_how_to_build(tmp_path: Path, wanted: str) -> None:
    build = find(wanted, tmp_path)
    assert build.name is None
    assert "was not built" in build.reason
    assert "make native" in build.reason
    assert "\n" not in str(build)


def test_a_damaged_file_is_a_reason_and_no_failure(tmp_path: Path) -> None:
    (tmp_path / f"_native_base{EXTENSION_SUFFIXES[0]}").write_bytes(b"no library")
    build = find("", tmp_path)
    assert build.name is None
    assert build.reason.startswith("base: ")


def test_the_import_of_chainrule_loads_no_build() -> None:
    code = "import sys, chainrule, chainrule.engines\nassert not [name for name in sys.modules if '_native_' in name]"
    assert subprocess.run([sys.executable, "-c", code], timeout=60, check=False, env=environment()).returncode == 0


def environment(**more: str) -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path), **more}


# ---- with a build


@needs_a_build
def test_the_build_says_what_it_is() -> None:
    name = built[-1]
    build = find(name, FOLDER)
    assert (build.name, build.reason) == (name, "")
    assert build.path is not None
    assert Path(build.path).is_file()
    assert build.module is not None
    assert build.module.isa() == name
    assert build.module.version() == chainrule.__version__
    assert str(build) == f"{name} ({BUILDS[name]})"


@needs_a_build
def test_a_file_is_loaded_once() -> None:
    assert find(built[-1], FOLDER).module is find(built[-1], FOLDER).module
    assert load() is load()


@needs_a_build
@pytest.mark.skipif(not CPUINFO.exists() or platform.machine() != "x86_64", reason="asks Linux on x86-64")
def test_each_build_is_loaded_where_the_processor_can_run_it_and_nowhere_else() -> None:
    for name in built:
        build = find(name, FOLDER)
        assert (build.name == name) == runs(name), build
        if not runs(name):
            assert "this processor offers" in build.reason
    best = find("", FOLDER)
    assert best.name == next((name for name in built if runs(name)), None)


def loaded(code: str = "", **settings: str) -> str:
    """What a fresh process with these settings loads, after running `code`."""
    code = f"import chainrule\nfrom chainrule.engines.native_build import load\n{code}\nprint(load())"
    command = [sys.executable, "-c", code]
    return subprocess.run(
        command, capture_output=True, text=True, timeout=60, check=True, env=environment(**settings)
    ).stdout.strip()


@needs_a_build
def test_another_version_is_refused() -> None:
    text = loaded("chainrule.__version__ = '99'", CHAINRULE_NATIVE=built[-1])
    assert text.startswith("not loaded: ")
    assert "chainrule of 99" in text


@needs_a_build
def test_the_environment_chooses() -> None:
    assert loaded(CHAINRULE_NATIVE=built[-1]) == f"{built[-1]} ({BUILDS[built[-1]]})"
    assert loaded(CHAINRULE_NATIVE="off") == "not loaded: CHAINRULE_NATIVE=off"


@needs_a_build
def test_the_environment_names_another_folder(tmp_path: Path) -> None:
    assert "was not built" in loaded(CHAINRULE_NATIVE="", CHAINRULE_NATIVE_DIR=str(tmp_path))
