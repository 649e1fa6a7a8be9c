"""What all tests share, and a loud word about whatever this run could not test."""

from __future__ import annotations

import importlib.util
import os
from collections.abc import Iterable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from chainrule.engines.native_build import load

DATA_VARIABLE = "CHAINRULE_DATA"
PEERS = ("torch", "jax")
NATIVE_SOURCES = Path(__file__).resolve().parents[1] / "native" / "src"

# The same examples in every run: a red test stays red until the code changes.  HYPOTHESIS_PROFILE=explore
# looks for new ones.
settings.register_profile(
    "ci", derandomize=True, deadline=None, max_examples=50, suppress_health_check=[HealthCheck.too_slow]
)
settings.register_profile("explore", deadline=None, max_examples=1000)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "ci"))


@pytest.fixture(scope="session")
def data_folder() -> Path:
    """The folder of real data sets that CHAINRULE_DATA names; skips the test when it names none."""
    named = os.environ.get(DATA_VARIABLE)
    if not named:
        pytest.skip(f"{DATA_VARIABLE} is not set: real data sets not tested")
    folder = Path(named).expanduser()
    if not folder.is_dir():
        pytest.fail(f"{DATA_VARIABLE} names {named!r}, which is not a folder")
    return folder


def missing_resources() -> dict[str, str]:
    """Map each thing that this run lacks to how to get it; the key is what a skip's reason mentions."""
    missing = {peer: f"pip install {peer}" for peer in PEERS if importlib.util.find_spec(peer) is None}
    if load().name is None:
        missing["the native engine"] = "make native"
    if not os.environ.get(DATA_VARIABLE):
        missing[DATA_VARIABLE] = f"export {DATA_VARIABLE}=folder with mnist, fashion-mnist, …"
    return missing


def skips_by_resource(reports: Iterable[object], resources: Iterable[str]) -> dict[str, int]:
    """Count the skipped reports whose reason mentions each resource.

    Workers of pytest-xdist each collect, so the same skipped file can be reported more than once.
    """
    reasons = {(getattr(report, "nodeid", ""), _reason(report)) for report in reports}
    return {resource: sum(resource in reason for _, reason in reasons) for resource in resources}


def _reason(report: object) -> str:
    longrepr = getattr(report, "longrepr", "")
    return str(longrepr[2]) if isinstance(longrepr, tuple) else str(longrepr)


def pytest_report_header() -> list[str]:
    """Say at the start what this run cannot test, and with which build of the native engine it does."""
    missing = missing_resources()
    lines = [f"chainrule: NOT HERE: {name} ({repair})" for name, repair in missing.items()]
    return [*(lines or [f"chainrule: real data and all peers ({', '.join(PEERS)}) are here"]), native_line()]


def native_line() -> str:
    """The build that is tested, and a warning if its sources have changed since."""
    build = load()
    changed = max((path.stat().st_mtime for path in NATIVE_SOURCES.glob("*.?pp")), default=0.0)
    old = build.path is not None and Path(build.path).stat().st_mtime < changed
    return f"native engine: {build}{' OLDER THAN ITS SOURCES (make native)' if old else ''}"


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say at the end how much of the suite that left untested."""
    missing = missing_resources()
    if not missing:
        return
    counts = skips_by_resource(terminalreporter.getreports("skipped"), missing)
    terminalreporter.section("NOT TESTED", yellow=True, bold=True)
    for name, repair in missing.items():
        line = f"{name} is not here: {counts[name]} tests or files skipped on it ({repair})"
        terminalreporter.write_line(line, yellow=True, bold=True)
