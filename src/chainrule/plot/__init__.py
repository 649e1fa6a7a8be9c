"""Pictures, drawn with matplotlib: training curves, decision surfaces, confusion matrices.

Every function returns matplotlib's ``Figure``, draws into `ax` if one is given, and writes the picture to `path` if
one is given (``.png``, ``.svg``, ``.pdf``, …).  Nothing is ever shown on the screen by itself, and pyplot's global
state is left alone, so that these functions work on servers and in threads.  The colours are those of Okabe and Ito
(2008), which people with any kind of colour vision can tell apart; lines and markers differ in form as well.  They
are drawn on white, or on dark paper after ``set_theme("dark")``, in a block ``with theme("dark"):``, or where the
environment variable ``CHAINRULE_THEME`` says so.
"""

from __future__ import annotations

from chainrule.plot.activations import activation, activations
from chainrule.plot.batch_norm import batch_norm
from chainrule.plot.confusion_matrix import confusion
from chainrule.plot.curves import training_curves
from chainrule.plot.exercise_sheet import exercise_sheet
from chainrule.plot.gates import gates
from chainrule.plot.gradient_flow import gradient_flow
from chainrule.plot.graph import graph, graph_svg
from chainrule.plot.hidden_space import hidden_space
from chainrule.plot.histograms import activation_histograms
from chainrule.plot.images import images
from chainrule.plot.initialisations import initialisations
from chainrule.plot.landscape import landscape
from chainrule.plot.learning_rates import learning_rates
from chainrule.plot.network import network
from chainrule.plot.optimizer_paths import optimizer_paths
from chainrule.plot.optimizer_race import optimizer_race
from chainrule.plot.overfitting import overfitting
from chainrule.plot.range_test import range_test
from chainrule.plot.region_map import region_map
from chainrule.plot.restarts import restarts
from chainrule.plot.runs import runs
from chainrule.plot.surface import decision_surface
from chainrule.plot.surface3d import surface_3d
from chainrule.plot.themes import set_theme, theme
from chainrule.plot.weights_image import weights_image

__all__ = [
    "activation", "activation_histograms", "activations", "batch_norm", "confusion", "decision_surface",
    "exercise_sheet", "gates", "gradient_flow", "graph", "graph_svg", "hidden_space", "images", "initialisations",
    "landscape", "learning_rates", "network", "optimizer_paths", "optimizer_race", "overfitting", "range_test",
    "region_map", "restarts", "runs", "set_theme", "surface_3d", "theme", "training_curves", "weights_image",
]  # fmt: skip
