"""The examples run, and show what they say."""

from __future__ import annotations

import contextlib
import io
import re
import runpy
from pathlib import Path

import pytest

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"

# What the output of each has to contain, as patterns in this order.
NOTES = {
    "tensors": [
        r"Size\(\[2, 2\]\) True",
        r"\[4\., 5\.\]",
        r"Size\(\[2, 6\]\)",
        r"tensor\(\[7\., 1\., 1\.\], dtype=float64\)",
    ],
    "gradients": [r"6\.7500", r"0\.2500", r"13\.5000", r"2\.0000e-04", r"3\.0 6\.0", r"w is 2\.99"],
    "logic_gates": [r"AND loss 0\.0", r"OR  loss 0\.0", r"XOR loss 0\.6931  outputs \[0\.5, 0\.5, 0\.5, 0\.5\]"],
    "xor": [r"step     0  loss", r"step 10000  loss 0\.00", r"accuracy 1\.0"],
    "backpropagation": [r"by hand", r"by autograd", r"equal: True"],
    "backprop_xor_by_hand": [
        r"differ by up to [01]\.\d\d",
        r"the same numbers: True",
        r"rate 0\.5: outputs \[0\.02, 0\.97, 0\.98, 0\.02\]",
        r"rate 0\.03: outputs \[0\.51, 0\.51, 0\.49, 0\.49\]",
        r"Right: w2",
        r"derivative of sigmoid at output",
        r"Divided by 4",
    ],
    "mnist_pretrained": [
        r"in_features=784, out_features=50",
        r"one by one: +accuracy 0\.9352",
        r"batches of 100: +accuracy 0\.9352 .*times as fast",
        r"the same answers: True",
        r"without sigmoids: +accuracy 0\.78(89|90)",
    ],
    "iris": [r"epoch  5", r"epoch 30 .* learning rate 0\.00125", r"(2[6-9]|30) of 30 held-out flowers"],
}


NEED_DATA = {"mnist_pretrained"}


def output_of(path: Path) -> str:
    """Run a program as a person would; return what it printed."""
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        runpy.run_path(str(path), run_name="__main__")
    return printed.getvalue()


@pytest.mark.parametrize("name", NOTES)
def test_note(name: str, request: pytest.FixtureRequest) -> None:
    if name in NEED_DATA:
        request.getfixturevalue("data_folder")
    shown = output_of(EXAMPLES / "notes" / f"{name}.py")
    assert re.search(".*".join(NOTES[name]), shown, re.DOTALL), shown


def test_every_example_is_tested_and_listed() -> None:
    files = {path.stem for path in (EXAMPLES / "notes").glob("*.py")}
    listed = set(re.findall(r"\]\((\w+)\.py\)", (EXAMPLES / "notes" / "README.md").read_text(encoding="utf-8")))
    assert files == set(NOTES) == listed
