"""``torch.nn.utils``."""

from __future__ import annotations

from chainrule.nn.utils import parameters_to_vector, vector_to_parameters
from chainrule.optim.clip import clip_grad_norm_, clip_grad_value_

__all__ = ["clip_grad_norm_", "clip_grad_value_", "parameters_to_vector", "vector_to_parameters"]
