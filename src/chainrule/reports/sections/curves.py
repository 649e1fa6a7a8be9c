"""How training went."""

from __future__ import annotations

import numpy as np

from chainrule import plot
from chainrule.explain.wording import number
from chainrule.plot.curves import curve_name
from chainrule.reports.blocks import Table
from chainrule.reports.material import Material
from chainrule.reports.pictures import picture
from chainrule.reports.record import Content, Skipped

__all__ = ["curves"]


def curves(m: Material) -> Content | Skipped:
    """The curves, and their first, best and last values."""
    history = m.history
    if not history or not len(history.get("loss", ())):
        return Skipped(m.say("curves_none"))
    epochs = np.asarray(history.get("epoch", range(1, len(history["loss"]) + 1)), int)
    drawn = picture(
        lambda: plot.training_curves(history, lang=m.lang), "curves", m.say("curves_caption", epochs=int(epochs[-1]))
    )
    rows = []
    for name, values in history.items():
        curve = np.asarray(values, float)
        if name in ("epoch", "lr") or not np.isfinite(curve).any():
            continue
        falls = "loss" in name or curve[np.isfinite(curve)][0] > curve[np.isfinite(curve)][-1]
        best = int(np.nanargmin(curve) if falls else np.nanargmax(curve))
        at = m.say("at_epoch", value=number(curve[best]), epoch=int(epochs[best]))
        rows.append((curve_name(name, m.lang), number(curve[0]), at, number(curve[-1])))
    table = Table(m.say("curves_table"), [m.say(name) for name in ("curve", "first", "best", "last")], rows)
    return Content([drawn, table], {"epochs": int(epochs[-1]), "history": {k: list(v) for k, v in history.items()}})
