"""The public names of the package, for type checkers and editors; `__init__.py` loads them when they are used."""

from typing import Any

import numpy as np

from chainrule import autograd as autograd
from chainrule import cli as cli
from chainrule import compat as compat
from chainrule import core as core
from chainrule import data as data
from chainrule import engines as engines
from chainrule import errors as errors
from chainrule import estimators as estimators
from chainrule import explain as explain
from chainrule import interchange as interchange
from chainrule import losses as losses
from chainrule import messages as messages
from chainrule import metrics as metrics
from chainrule import nn as nn
from chainrule import optim as optim
from chainrule import plot as plot
from chainrule import reports as reports
from chainrule import train as train
from chainrule.core.create import arange as arange
from chainrule.core.create import as_tensor as as_tensor
from chainrule.core.create import empty as empty
from chainrule.core.create import empty_like as empty_like
from chainrule.core.create import eye as eye
from chainrule.core.create import from_numpy as from_numpy
from chainrule.core.create import full as full
from chainrule.core.create import full_like as full_like
from chainrule.core.create import linspace as linspace
from chainrule.core.create import normal as normal
from chainrule.core.create import ones as ones
from chainrule.core.create import ones_like as ones_like
from chainrule.core.create import rand as rand
from chainrule.core.create import rand_like as rand_like
from chainrule.core.create import randint as randint
from chainrule.core.create import randn as randn
from chainrule.core.create import randn_like as randn_like
from chainrule.core.create import randperm as randperm
from chainrule.core.create import tensor as tensor
from chainrule.core.create import zeros as zeros
from chainrule.core.create import zeros_like as zeros_like
from chainrule.core.functions import allclose as allclose
from chainrule.core.functions import argmax as argmax
from chainrule.core.functions import argmin as argmin
from chainrule.core.functions import cat as cat
from chainrule.core.functions import equal as equal
from chainrule.core.functions import max as max
from chainrule.core.functions import min as min
from chainrule.core.functions import stack as stack
from chainrule.core.mode import enable_grad as enable_grad
from chainrule.core.mode import get_default_dtype as get_default_dtype
from chainrule.core.mode import is_grad_enabled as is_grad_enabled
from chainrule.core.mode import no_grad as no_grad
from chainrule.core.mode import set_default_dtype as set_default_dtype
from chainrule.core.mode import set_grad_enabled as set_grad_enabled
from chainrule.core.ops import abs as abs
from chainrule.core.ops import add as add
from chainrule.core.ops import binary_cross_entropy as binary_cross_entropy
from chainrule.core.ops import broadcast_to as broadcast_to
from chainrule.core.ops import clip as clip
from chainrule.core.ops import cos as cos
from chainrule.core.ops import div as div
from chainrule.core.ops import elu as elu
from chainrule.core.ops import erf as erf
from chainrule.core.ops import exp as exp
from chainrule.core.ops import expm1 as expm1
from chainrule.core.ops import gather as gather
from chainrule.core.ops import gelu as gelu
from chainrule.core.ops import hardtanh as hardtanh
from chainrule.core.ops import leaky_relu as leaky_relu
from chainrule.core.ops import linear as linear
from chainrule.core.ops import log as log
from chainrule.core.ops import log1p as log1p
from chainrule.core.ops import log_softmax as log_softmax
from chainrule.core.ops import logsumexp as logsumexp
from chainrule.core.ops import matmul as matmul
from chainrule.core.ops import maximum as maximum
from chainrule.core.ops import mean as mean
from chainrule.core.ops import minimum as minimum
from chainrule.core.ops import mish as mish
from chainrule.core.ops import mul as mul
from chainrule.core.ops import neg as neg
from chainrule.core.ops import normalize as normalize
from chainrule.core.ops import permute as permute
from chainrule.core.ops import pow as pow
from chainrule.core.ops import relu as relu
from chainrule.core.ops import reshape as reshape
from chainrule.core.ops import selu as selu
from chainrule.core.ops import sigmoid as sigmoid
from chainrule.core.ops import sign as sign
from chainrule.core.ops import silu as silu
from chainrule.core.ops import sin as sin
from chainrule.core.ops import softmax as softmax
from chainrule.core.ops import softplus as softplus
from chainrule.core.ops import sqrt as sqrt
from chainrule.core.ops import squeeze as squeeze
from chainrule.core.ops import std as std
from chainrule.core.ops import step as step
from chainrule.core.ops import sub as sub
from chainrule.core.ops import sum as sum
from chainrule.core.ops import tanh as tanh
from chainrule.core.ops import transpose as transpose
from chainrule.core.ops import unsqueeze as unsqueeze
from chainrule.core.ops import var as var
from chainrule.core.ops import where as where
from chainrule.core.rng import generator as generator
from chainrule.core.rng import initial_seed as initial_seed
from chainrule.core.rng import manual_seed as manual_seed
from chainrule.core.tape import GradientTape as GradientTape
from chainrule.core.tensor import Tensor as Tensor
from chainrule.engines.inference import compile as compile
from chainrule.errors import ChainruleError as ChainruleError
from chainrule.estimators import MLPClassifier as MLPClassifier
from chainrule.estimators import MLPRegressor as MLPRegressor
from chainrule.estimators import PerceptronClassifier as PerceptronClassifier
from chainrule.interchange.bundle import load as load
from chainrule.nn.summary import summary as summary
from chainrule.reports import report as report
from chainrule.train import History as History
from chainrule.train import evaluate as evaluate
from chainrule.train import fit as fit
from chainrule.train import predict as predict
from chainrule.train import predict_proba as predict_proba
from chainrule.train import restarts as restarts

clamp = clip
concatenate = cat

__version__: str
bool_: np.dtype[Any]
float16: np.dtype[Any]
float32: np.dtype[Any]
float64: np.dtype[Any]
int32: np.dtype[Any]
int64: np.dtype[Any]
int8: np.dtype[Any]
uint8: np.dtype[Any]
