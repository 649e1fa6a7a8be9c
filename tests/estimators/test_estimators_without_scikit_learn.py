"""Without scikit-learn everything else works, and the estimators say what to install."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

CODE = """
import sys
sys.modules["sklearn"] = None
import chainrule as cr
from chainrule import *
cr.fit, cr.nn
for name in ("MLPClassifier", "MLPRegressor", "PerceptronClassifier", "estimators"):
    assert name in dir(cr)
    try:
        getattr(cr, name)
    except cr.errors.MissingDependencyError as error:
        assert 'pip install "chainrule[estimators]"' in str(error)
    else:
        raise AssertionError(name)
"""


def test_the_estimators_say_what_to_install():
    path = str(Path(__file__).resolve().parents[2] / "src")
    result = subprocess.run(
        [sys.executable, "-c", f"import sys; sys.path.insert(0, {path!r}){CODE}"],
        capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert result.returncode == 0, result.stderr
