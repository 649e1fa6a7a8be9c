"""The sections of a report, in their order on the page: each looks at one thing, in a file of its own."""

from __future__ import annotations

from collections.abc import Callable

from chainrule.reports.material import Material
from chainrule.reports.record import Content, Skipped
from chainrule.reports.sections.activations import activations
from chainrule.reports.sections.curves import curves
from chainrule.reports.sections.decision import decision
from chainrule.reports.sections.diagnosis import diagnosis
from chainrule.reports.sections.equation import equation
from chainrule.reports.sections.exercise import exercise
from chainrule.reports.sections.gradients import gradients
from chainrule.reports.sections.hidden import hidden
from chainrule.reports.sections.images import images
from chainrule.reports.sections.landscape import landscape
from chainrule.reports.sections.network import network
from chainrule.reports.sections.overview import overview
from chainrule.reports.sections.scores import scores
from chainrule.reports.sections.separability import separability
from chainrule.reports.sections.trace import trace
from chainrule.reports.sections.verdict import verdict
from chainrule.reports.sections.weights import weights

__all__ = ["SECTIONS"]

Section = Callable[[Material], Content | Skipped]

SECTIONS: dict[str, Section] = {
    "verdict": verdict,
    "overview": overview,
    "scores": scores,
    "images": images,
    "curves": curves,
    "diagnosis": diagnosis,
    "network": network,
    "weights": weights,
    "equation": equation,
    "decision": decision,
    "separability": separability,
    "hidden": hidden,
    "activations": activations,
    "gradients": gradients,
    "landscape": landscape,
    "trace": trace,
    "exercise": exercise,
}
