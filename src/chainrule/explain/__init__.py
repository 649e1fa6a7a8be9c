"""Opening the box: results as plain records that know nothing of screens.

Everything is imported where it is first used, so that ``import chainrule.explain`` costs nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from chainrule.lazy import lazily

if TYPE_CHECKING:
    from chainrule.explain.array_products import ArrayProducts, array_products, product_table
    from chainrule.explain.collapse import Collapse, collapse
    from chainrule.explain.diagnose import diagnose
    from chainrule.explain.equation import Equation, equation
    from chainrule.explain.exercise import Exercise
    from chainrule.explain.findings import Diagnosis, Finding, LayerHealth
    from chainrule.explain.gates import Composition, xor_from_gates
    from chainrule.explain.hidden import HiddenSpace, Stage, hidden_space, weight_images
    from chainrule.explain.landscape import Landscape, landscape
    from chainrule.explain.line_regions import LineRegions, line_regions, max_regions
    from chainrule.explain.mistakes import Check
    from chainrule.explain.neuron import Neuron, neuron
    from chainrule.explain.perceptron import DecisionLine, Perceptron
    from chainrule.explain.perceptron_learning import Learning
    from chainrule.explain.planes import Plane, plane_of_features, plane_through
    from chainrule.explain.projection import Projection, projection
    from chainrule.explain.record import Record
    from chainrule.explain.regions import Regions, regions
    from chainrule.explain.schema import schemas
    from chainrule.explain.separability import Separability, separability
    from chainrule.explain.softmax_overflow import SoftmaxOverflow, softmax_overflow
    from chainrule.explain.three_layers import ForwardPass, three_layer_forward
    from chainrule.explain.trace_neuron import TracedNeuron
    from chainrule.explain.trace_record import Trace
    from chainrule.explain.tracer import Tracing, trace, tracing

__all__ = [
    "ArrayProducts",
    "Check",
    "Collapse",
    "Composition",
    "DecisionLine",
    "Diagnosis",
    "Equation",
    "Exercise",
    "Finding",
    "ForwardPass",
    "HiddenSpace",
    "Landscape",
    "LayerHealth",
    "Learning",
    "LineRegions",
    "Neuron",
    "Perceptron",
    "Plane",
    "Projection",
    "Record",
    "Regions",
    "Separability",
    "SoftmaxOverflow",
    "Stage",
    "Trace",
    "TracedNeuron",
    "Tracing",
    "array_products",
    "collapse",
    "diagnose",
    "equation",
    "hidden_space",
    "landscape",
    "line_regions",
    "max_regions",
    "neuron",
    "plane_of_features",
    "plane_through",
    "product_table",
    "projection",
    "regions",
    "schemas",
    "separability",
    "softmax_overflow",
    "three_layer_forward",
    "trace",
    "tracing",
    "weight_images",
    "xor_from_gates",
]

#: Public name -> file of this package that holds it.
_HOMES = {
    "ArrayProducts": "array_products",
    "Check": "mistakes",
    "Collapse": "collapse",
    "Composition": "gates",
    "DecisionLine": "perceptron",
    "Diagnosis": "findings",
    "Equation": "equation",
    "Exercise": "exercise",
    "Finding": "findings",
    "ForwardPass": "three_layers",
    "HiddenSpace": "hidden",
    "Landscape": "landscape",
    "LayerHealth": "findings",
    "Learning": "perceptron_learning",
    "LineRegions": "line_regions",
    "Neuron": "neuron",
    "Perceptron": "perceptron",
    "Plane": "planes",
    "Projection": "projection",
    "Record": "record",
    "Regions": "regions",
    "Separability": "separability",
    "SoftmaxOverflow": "softmax_overflow",
    "Stage": "hidden",
    "Trace": "trace_record",
    "TracedNeuron": "trace_neuron",
    "Tracing": "tracer",
    "array_products": "array_products",
    "collapse": "collapse",
    "diagnose": "diagnose",
    "equation": "equation",
    "hidden_space": "hidden",
    "landscape": "landscape",
    "line_regions": "line_regions",
    "max_regions": "line_regions",
    "neuron": "neuron",
    "plane_of_features": "planes",
    "plane_through": "planes",
    "product_table": "array_products",
    "projection": "projection",
    "regions": "regions",
    "schemas": "schema",
    "separability": "separability",
    "softmax_overflow": "softmax_overflow",
    "three_layer_forward": "three_layers",
    "trace": "tracer",
    "tracing": "tracer",
    "weight_images": "hidden",
    "xor_from_gates": "gates",
}

__getattr__, __dir__ = lazily(__name__, _HOMES)
