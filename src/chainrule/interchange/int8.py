"""Networks as C in whole numbers of 8 bits, with a word on what that costs: `export_int8`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from chainrule.data.dataset import Dataset, Splits
from chainrule.data.encoders import BooleanEncoder, CategoricalEncoder, Encoder
from chainrule.data.inputs import TableInputs
from chainrule.errors import ConfigError, DataError, ShapeError
from chainrule.interchange.codegen import c_int8
from chainrule.interchange.codegen.constants import arrays
from chainrule.interchange.codegen.evaluate import run_step
from chainrule.interchange.codegen.program import Program, program_of
from chainrule.interchange.codegen.quantised import Stage, quantise, run
from chainrule.interchange.exporting import check_arguments
from chainrule.nn.module import Module

__all__ = ["Int8Report", "export_int8", "quantised"]

_MOST_ROWS = 10_000
_DRAWN = 2000
_WIDEST = 4.0


@dataclass(frozen=True)
class Int8Report:
    """What 8 bits save and cost.

    Attributes:
        rows: calibration rows that were compared.
        given: whether they are the user's own; else they were drawn as standardised inputs are distributed.
        float_bytes: of all constants in the float option.
        int8_bytes: of all constants here.
        same_class: share of the rows with the same class as the float network; None for a regression.
        largest_error: the greatest difference of any output.
        largest_output: the greatest magnitude of any output, to compare it with.
    """

    rows: int
    given: bool
    float_bytes: int
    int8_bytes: int
    same_class: float | None
    largest_error: float
    largest_output: float

    def lines(self) -> list[str]:
        """For a reader."""
        rows = f"{self.rows:,} {'calibration rows' if self.given else 'rows drawn as standardised inputs'}"
        share = self.int8_bytes / self.float_bytes
        found = [f"Constants: {self.int8_bytes:,} bytes, {self.float_bytes:,} as floats ({share:.0%})."]
        if self.same_class is not None:
            found.append(f"Same class as the float network in {self.same_class:.2%} of {rows}.")
        error = f"Largest error {self.largest_error:.3g}, where outputs reach {self.largest_output:.3g}"
        return [*found, f"{error}." if self.same_class is not None else f"{error}, in {rows}."]

    def to_dict(self) -> dict[str, Any]:
        """As JSON has it."""
        return asdict(self)


def export_int8(
    model: Module, calibrate: Any = None, *, name: str = "predict", preprocessing: bool = True, link: bool = True
) -> tuple[str, Int8Report]:
    """Write a network as C99 in whole numbers of 8 bits.

    Args:
        model: of the library's layers.
        calibrate: rows like those that the network will see, from which the ranges of all layers are taken: a
            `Dataset`, a table or an array; at most 10,000 are used, evenly spread.  None: rows are drawn, which needs a
            preprocessing that standardises; what lies beyond ±4 standard deviations is then cut off.
        name, preprocessing, link: as in `exporting.export`.

    Returns:
        the source, and what was measured on the calibration rows.

    Raises:
        ConfigError: if there are no rows, and nothing says what they look like.
        FormatError: as in `exporting.export`, and for a network without a linear layer.
        ShapeError, DataError: if the rows do not fit the network.
    """
    check_arguments(model, name)
    program = program_of(model, preprocessing, link)
    features = _features(model, calibrate, len(program.features))
    stages = quantise(program, features)
    report = _report(program, stages, features, model, calibrate is not None)
    return c_int8.generate(program, name, stages, report.lines()), report


def quantised(
    model: Module, calibrate: Any = None, *, preprocessing: bool = True, link: bool = True
) -> Sequence[Stage]:
    """The stages that `export_int8` writes, for `codegen.quantised.run`; arguments and errors are its."""
    program = program_of(model, preprocessing, link)
    return quantise(program, _features(model, calibrate, len(program.features)))


def _features(model: Module, calibrate: Any, width: int) -> np.ndarray:
    """Calibration rows as the network sees them."""
    if calibrate is None:
        return _drawn(model, width)
    found = _seen(model, calibrate.train if isinstance(calibrate, Splits) else calibrate)
    if found.dtype.kind not in "biuf" or found.ndim < 2 or found[:1].size != width:
        raise ShapeError("the calibration rows do not fit the network", expected=f"(N, {width})", got=found.shape)
    if not len(found):
        raise DataError("there are no calibration rows")
    kept = np.unique(np.linspace(0, len(found) - 1, min(len(found), _MOST_ROWS)).round().astype(int))
    features: np.ndarray = found[kept].reshape(len(kept), width).astype(np.float32)
    if not np.isfinite(features).all():
        raise DataError("the calibration rows hold NaN or infinities")
    return features


def _seen(model: Module, rows: Any) -> np.ndarray:
    if isinstance(rows, Dataset):
        return rows.inputs * np.float32(rows.scale) if rows.inputs.dtype == np.uint8 else rows.inputs
    return np.asarray(rows if model.preprocessing is None else model.preprocessing.transform(rows))


def _drawn(model: Module, width: int) -> np.ndarray:
    inputs = None if model.preprocessing is None else model.preprocessing.inputs
    if not isinstance(inputs, TableInputs):
        raise ConfigError(
            "nothing says how large the inputs of this network are",
            fix="Pass calibrate= with rows like those that it will see",
        )
    rng = np.random.default_rng(0)
    features = np.concatenate([_column(encoder, rng) for encoder in inputs.encoders], axis=1)
    if features.shape[1] != width:
        raise ShapeError("the preprocessing does not fit the network", expected=width, got=features.shape[1])
    return features.astype(np.float32)


def _column(encoder: Encoder, rng: np.random.Generator) -> np.ndarray:
    """Features of one column: normally distributed numbers, or one of the categories."""
    width = len(encoder.feature_names)
    if isinstance(encoder, (CategoricalEncoder, BooleanEncoder)):
        bits: np.ndarray = np.eye(width + 1)[rng.integers(0, width + 1, _DRAWN), :width]
        centers = np.ravel(getattr(encoder, "centers", getattr(encoder, "center", ())))
        scales = np.ravel(getattr(encoder, "scales", getattr(encoder, "scale", ())))
        known = min(len(centers), len(scales), width)
        bits[:, :known] = (bits[:, :known] - centers[:known]) / scales[:known]
        return bits
    found: np.ndarray = np.clip(rng.standard_normal((_DRAWN, width)), -_WIDEST, _WIDEST)
    found[:2] = [[-_WIDEST], [_WIDEST]]  # all of them at once, too
    if encoder.indicator:
        found[:, -1] = rng.integers(0, 2, _DRAWN)
    return found


def _report(program: Program, stages: list[Stage], features: np.ndarray, model: Module, given: bool) -> Int8Report:
    expected = features.astype(np.float64)
    for step in program.steps:
        expected = run_step(step, expected)
    found = run(stages, features)
    return Int8Report(
        rows=len(features),
        given=given,
        float_bytes=4 * sum(values.size for values in arrays(program).values()),
        int8_bytes=sum(values.nbytes for stage in stages for values in c_int8.constants(stage).values()),
        same_class=_same_class(model, expected, found),
        largest_error=float(np.abs(found - expected).max()),
        largest_output=float(np.abs(expected).max()),
    )


def _same_class(model: Module, expected: np.ndarray, found: np.ndarray) -> float | None:
    task = None if model.objective is None else model.objective.task
    if task == "regression" or (task is None and expected.shape[1] == 1):
        return None
    if expected.shape[1] > 1:
        return float((expected.argmax(axis=1) == found.argmax(axis=1)).mean())
    border = 0.5 if ((expected >= 0) & (expected <= 1)).all() else 0.0
    return float(((expected > border) == (found > border)).mean())
