"""Layers, containers and losses with PyTorch's names: ``nn.Linear``, ``nn.Sequential``, ``nn.CrossEntropyLoss``, …"""

from __future__ import annotations

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
