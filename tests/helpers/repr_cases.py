"""Arrays whose `repr` is compared with PyTorch's."""

from __future__ import annotations

import numpy as np

_rng = np.random.default_rng(8)


def _f(values: object) -> np.ndarray:
    return np.array(values, np.float32)


REPR_CASES: dict[str, np.ndarray] = {
    "scalar whole": _f(3.0),
    "scalar": _f(3.14159),
    "scalar negative": _f(-0.5),
    "scalar huge": _f(1e10),
    "scalar tiny": _f(1e-10),
    "scalar zero": _f(0.0),
    "scalar negative zero": _f(-0.0),
    "scalar inf": _f(np.inf),
    "scalar nan": _f(np.nan),
    "scalar int": np.array(7),
    "scalar bool": np.array(True),
    "scalar float64": np.array(0.25),
    "vector whole": _f([1, 2, 3]),
    "vector": _f([1.5, 2.25, -3.125]),
    "vector mixed widths": _f([1.5, 20.25, -300.125]),
    "whole mixed widths": _f([1, 20, -300]),
    "one element": _f([0.1]),
    "wide range": _f([1e-3, 1.5, 2000.25]),
    "whole wide range": _f([1, 1e6]),
    "whole above 1e8": _f([1e9, 1]),
    "whole below 1e8": _f([9e7, 1e6]),
    "below 1e-4": _f([1e-5, 0.5]),
    "just at 1e-4": _f([1e-4, 1e-2]),
    "ratio of 1000": _f([0.5, 500.0]),
    "ratio above 1000": _f([0.5, 500.5]),
    "with inf": _f([1.0, np.inf]),
    "with inf and fraction": _f([1.5, -np.inf, 2.0]),
    "with nan": _f([1.0, np.nan, 3.0]),
    "with nan and fraction": _f([0.25, np.nan]),
    "only nan": _f([np.nan, np.nan]),
    "only inf": _f([np.inf, -np.inf]),
    "zeros": np.zeros(4, np.float32),
    "zeros and fractions": _f([0.0, 0.001]),
    "negative zeros": _f([-0.0, 0.0, 1.0]),
    "matrix": _rng.standard_normal((3, 4)).astype(np.float32),
    "matrix whole": np.arange(6, dtype=np.float32).reshape(2, 3),
    "column": _f([[1.5], [2.5]]),
    "cube": _rng.standard_normal((2, 2, 3)).astype(np.float32),
    "four dimensions": np.arange(16, dtype=np.float32).reshape(2, 2, 2, 2),
    "float64": np.array([1.5, 2.5]),
    "float64 matrix": np.eye(2),
    "int64": np.array([1, -20, 300]),
    "int32": np.array([1, 2], np.int32),
    "uint8": np.array([[0, 255]], np.uint8),
    "bool": np.array([True, False]),
    "bool matrix": np.array([[True, False], [False, False]]),
    "empty": np.zeros(0, np.float32),
    "empty matrix": np.zeros((0, 3), np.float32),
    "empty columns": np.zeros((2, 0), np.float32),
    "empty int": np.zeros(0, np.int64),
    "empty float64": np.zeros((0, 2)),
    "long line": np.arange(30, dtype=np.float32) / 8,
    "long line of integers": np.arange(60),
    "two long lines": np.arange(40, dtype=np.float32).reshape(2, 20) / 7,
    "summarised vector": np.arange(1001, dtype=np.float32),
    "summarised fractions": np.arange(2000, dtype=np.float32) / 3,
    "summarised matrix": np.arange(1200, dtype=np.float32).reshape(30, 40),
    "summarised integers": np.arange(5000).reshape(50, 100),
    "summarised cube": np.arange(2000, dtype=np.float32).reshape(10, 10, 20) / 16,
    "summarised thin": np.arange(1200, dtype=np.float32).reshape(600, 2) / 4,
    "exactly 1000": np.arange(1000),
    "long row in cube": np.arange(64, dtype=np.float32).reshape(2, 1, 32) / 3,
}
