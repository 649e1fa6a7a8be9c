"""How large the gradient is in each layer."""

from __future__ import annotations

import numpy as np

from chainrule import plot
from chainrule.core.backward import grad
from chainrule.core.mode import enable_grad, quiet
from chainrule.core.tensor import Tensor
from chainrule.explain.given import some_rows
from chainrule.reports.material import Material
from chainrule.reports.pictures import picture
from chainrule.reports.record import Content, Skipped

__all__ = ["gradients"]

_ROWS = 1000


def gradients(m: Material) -> Content | Skipped:
    """The norm of the loss's gradient for each layer's weights."""
    weights = {name: one for name, one in m.model.named_parameters() if one.ndim > 1 and one.requires_grad}
    if not weights:
        return Skipped(m.say("gradients_none"))
    data = some_rows(m.with_targets(m.training), _ROWS)
    x, y = data.batch(np.arange(len(data)))
    with enable_grad(), quiet():
        loss = m.loss.forward(m.model(Tensor.of(x)), Tensor.of(y))
        found = grad(loss, list(weights.values()), allow_unused=True)
    norms = {
        name.removesuffix(".weight"): 0.0 if one is None else float(np.linalg.norm(one._data))
        for name, one in zip(weights, found, strict=True)
    }
    caption = m.say("gradients_caption", rows=f"{len(data):,}")
    drawn = picture(lambda: plot.gradient_flow(norms, lang=m.lang), "gradients", caption)
    return Content([drawn], {"norms": norms, "rows": len(data)})
