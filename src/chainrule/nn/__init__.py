"""Layers, containers and losses with PyTorch's names: ``nn.Linear``, ``nn.Sequential``, ``nn.CrossEntropyLoss``, …

Everything but the losses is imported where it is first used: training need not wait for `summary` or `functional`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from chainrule.lazy import lazily
from chainrule.losses import (
    BCELoss,
    BCEWithLogitsLoss,
    BinaryFocalLoss,
    CrossEntropyLoss,
    FocalLoss,
    HingeLoss,
    HuberLoss,
    L1Loss,
    MSELoss,
    MultiMarginLoss,
    NLLLoss,
    PerceptronLoss,
    PoissonNLLLoss,
    QuantileLoss,
    SmoothL1Loss,
)

if TYPE_CHECKING:
    from chainrule.nn import functional, init, utils
    from chainrule.nn.activation import (
        ELU,
        GELU,
        SELU,
        Hardtanh,
        LeakyReLU,
        LogSoftmax,
        Mish,
        ReLU,
        ReLU6,
        Sigmoid,
        SiLU,
        SmoothClip,
        Softmax,
        Softplus,
        Step,
        Tanh,
    )
    from chainrule.nn.container import ModuleDict, ModuleList
    from chainrule.nn.dropout import Dropout
    from chainrule.nn.flatten import Flatten, Identity
    from chainrule.nn.linear import Linear
    from chainrule.nn.module import Module
    from chainrule.nn.norm import BatchNorm1d, LayerNorm
    from chainrule.nn.parameter import Parameter
    from chainrule.nn.registry import LAYERS, build, describe
    from chainrule.nn.scale import Scale
    from chainrule.nn.sequential import Sequential
    from chainrule.nn.summary import Summary, summary

__all__ = [
    "ELU", "GELU", "LAYERS", "SELU", "BCELoss", "BCEWithLogitsLoss", "BatchNorm1d", "BinaryFocalLoss",
    "CrossEntropyLoss", "Dropout", "Flatten", "FocalLoss", "Hardtanh", "HingeLoss", "HuberLoss", "Identity",
    "L1Loss", "LayerNorm", "LeakyReLU", "Linear", "LogSoftmax", "MSELoss", "Mish", "Module", "ModuleDict",
    "ModuleList", "MultiMarginLoss", "NLLLoss", "Parameter", "PerceptronLoss", "PoissonNLLLoss", "QuantileLoss",
    "ReLU", "ReLU6", "Scale", "Sequential", "SiLU", "Sigmoid", "SmoothClip", "SmoothL1Loss", "Softmax", "Softplus",
    "Step", "Summary", "Tanh", "build", "describe", "functional", "init", "summary", "utils",
]  # fmt: skip

#: Public name -> file of this package that holds it.
_HOMES = {
    "BatchNorm1d": "norm",
    "Dropout": "dropout",
    "ELU": "activation",
    "Flatten": "flatten",
    "GELU": "activation",
    "Hardtanh": "activation",
    "Identity": "flatten",
    "LAYERS": "registry",
    "LayerNorm": "norm",
    "LeakyReLU": "activation",
    "Linear": "linear",
    "LogSoftmax": "activation",
    "Mish": "activation",
    "Module": "module",
    "ModuleDict": "container",
    "ModuleList": "container",
    "Parameter": "parameter",
    "ReLU": "activation",
    "ReLU6": "activation",
    "SELU": "activation",
    "Scale": "scale",
    "Sequential": "sequential",
    "SiLU": "activation",
    "Sigmoid": "activation",
    "SmoothClip": "activation",
    "Softmax": "activation",
    "Softplus": "activation",
    "Step": "activation",
    "Summary": "summary",
    "Tanh": "activation",
    "build": "registry",
    "describe": "registry",
    "functional": "functional",
    "init": "init",
    "summary": "summary",
    "utils": "utils",
}

__getattr__, __dir__ = lazily(__name__, _HOMES)
