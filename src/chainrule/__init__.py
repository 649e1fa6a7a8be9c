"""Glass-box multilayer perceptrons: train one in milliseconds, then open it.

>>> import chainrule as cr
>>> from chainrule import nn
>>> model = nn.Sequential(nn.Linear(2, 8), nn.Tanh(), nn.Linear(8, 1))
>>> history = cr.fit(model, cr.data.load("xor"), optimizer="adam", lr=0.05, epochs=300, verbose=0)
>>> cr.predict(model, [[0, 1], [1, 1]]).tolist()
['1', '0']

Importing this costs NumPy and a few milliseconds; each part is loaded when its name is first used (type checkers and
editors find the names in ``__init__.pyi``).
"""

from __future__ import annotations

import importlib
from typing import Any

__version__ = "0.1.0"

_SUBPACKAGES = (
    "autograd", "cli", "compat", "core", "data", "engines", "errors", "estimators", "explain", "interchange", "losses",
    "messages", "metrics", "nn", "optim", "plot", "reports", "train",
)  # fmt: skip

_OPERATIONS = """abs add binary_cross_entropy broadcast_to clip cos div elu erf exp expm1 gather gelu hardtanh
leaky_relu linear log log1p log_softmax logsumexp matmul maximum mean minimum mish mul neg normalize permute pow relu
reshape selu sigmoid sign silu sin softmax softplus sqrt squeeze std step sub sum tanh transpose unsqueeze var
where""".split()

_NAMES: dict[str, str] = {
    **dict.fromkeys(_OPERATIONS, "chainrule.core.ops"),
    **dict.fromkeys(
        """arange as_tensor empty empty_like eye from_numpy full full_like linspace normal ones ones_like rand rand_like
        randint randn randn_like randperm tensor zeros zeros_like""".split(),
        "chainrule.core.create",
    ),
    **dict.fromkeys("allclose argmax argmin cat equal max min stack".split(), "chainrule.core.functions"),
    **dict.fromkeys(
        "enable_grad get_default_dtype is_grad_enabled no_grad set_default_dtype set_grad_enabled".split(),
        "chainrule.core.mode",
    ),
    **dict.fromkeys("generator initial_seed manual_seed".split(), "chainrule.core.rng"),
    **dict.fromkeys("fit evaluate predict predict_proba restarts History".split(), "chainrule.train"),
    **dict.fromkeys("MLPClassifier MLPRegressor PerceptronClassifier".split(), "chainrule.estimators"),
    "Tensor": "chainrule.core.tensor",
    "GradientTape": "chainrule.core.tape",
    "ChainruleError": "chainrule.errors",
    "compile": "chainrule.engines.inference",
    "load": "chainrule.interchange.bundle",
    "report": "chainrule.reports",
    "summary": "chainrule.nn.summary",
}
_ALIASES = {"clamp": "clip", "concatenate": "cat"}
_DTYPES = {"float16", "float32", "float64", "int8", "int32", "int64", "uint8", "bool_"}

# `from chainrule import *` must not hide Python's own functions, nor need an optional package.
_BUILTIN = {"abs", "compile", "max", "min", "pow", "sum"}
_OPTIONAL = {"estimators", "MLPClassifier", "MLPRegressor", "PerceptronClassifier"}
__all__ = sorted({*_NAMES, *_ALIASES, *_DTYPES, *_SUBPACKAGES, "__version__"} - _BUILTIN - _OPTIONAL)  # noqa: PLE0605


def __getattr__(name: str) -> Any:
    """Load what a name stands for when it is first asked for."""
    value: Any
    if name in _SUBPACKAGES:
        value = importlib.import_module(f"chainrule.{name}")
    elif name in _NAMES:
        value = getattr(importlib.import_module(_NAMES[name]), name)
    elif name in _ALIASES:
        value = __getattr__(_ALIASES[name])
    elif name in _DTYPES:
        import numpy

        value = numpy.dtype(name.rstrip("_"))
    else:
        from chainrule.errors import did_you_mean

        hint = did_you_mean(name, sorted(__all__)).split("Known:")[0].strip()
        raise AttributeError(f"module 'chainrule' has no attribute {name!r}. {hint}".strip())
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__, *_OPTIONAL})
