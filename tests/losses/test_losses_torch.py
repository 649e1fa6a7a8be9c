"""Every loss that PyTorch has against PyTorch: recorded values, and live on other sizes, options and dtypes."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from helpers.nn_cases import (
    LOSSES,
    RECORDED_LOSSES,
    Draw,
    assert_same_results,
    chainrule_library,
    loss_results,
    torch_library,
)

GOLDEN = Path(__file__).parents[1] / "golden" / "nn" / "losses.npz"


@pytest.fixture(scope="module")
def golden():
    with np.load(GOLDEN, allow_pickle=False) as stored:
        return dict(stored)


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("number", range(RECORDED_LOSSES))
@pytest.mark.parametrize("name", LOSSES)
def test_loss_equals_recorded_values(golden, name, number, dtype):
    case = LOSSES[name](Draw(f"{name} {number}"))
    prefix = f"{name}/{number}"
    case.output, case.target = golden[f"{prefix}/output"], golden[f"{prefix}/target"]
    expected = {key: golden[f"{prefix}/out/{key}"] for key in ("loss", "dz", "dd/z")}
    assert_same_results(loss_results(case, chainrule_library(), dtype), expected, dtype)


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("name", LOSSES)
def test_loss_equals_torch(name, dtype):
    pytest.importorskip("torch")
    for seed in range(8):
        case = LOSSES[name](Draw(f"{name} live {seed}"))
        expected = loss_results(case, torch_library(), dtype)
        assert_same_results(loss_results(case, chainrule_library(), dtype), expected, dtype)


def test_comparison_notices_a_broken_loss(golden):
    case = LOSSES["cross_entropy"](Draw("cross_entropy 0"))
    case.output, case.target = golden["cross_entropy/0/output"], golden["cross_entropy/0/target"]
    expected = {key: golden[f"cross_entropy/0/out/{key}"] for key in ("loss", "dz", "dd/z")}
    case.options["label_smoothing"] = 0.123
    with pytest.raises(AssertionError):
        assert_same_results(loss_results(case, chainrule_library(), "float64"), expected, "float64")
