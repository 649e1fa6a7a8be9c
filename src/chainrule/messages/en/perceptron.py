"""The perceptron and its learning."""

from __future__ import annotations

MESSAGES = {
    "line": "Decision boundary: {equation}; unit normal {normal}, distance from the origin {distance}.",
    "learning": "Perceptron learning by the delta rule, {mode}, learning rate {lr}.",
    "mode.online": "one sample at a time",
    "mode.batch": "all misclassified samples at once",
    "written": "Weights are written (w₀, w₁, …), w₀ being the bias. "
    "J = Σ −t·(w·x + w₀) over the misclassified samples "
    "(t = ±1).",
    "update": "{step}. Epoch {epoch}, misclassified: {samples}; "
    "w {before} → {after}, J {objective_before} → {objective_after}",
    "more": "… and {count} more updates",
    "converged": "Converged: every sample is on its side (epochs: {epochs}, updates: {updates}).",
    "stopped": "Not converged: samples on the wrong side: {mistakes} (epochs: {epochs}, updates: {updates}).",
    "bound.online": "Novikoff's theorem: at most (R/γ)² = ({radius}/{margin})², so {limit} updates; it took {updates}.",
    "bound.batch": "Novikoff's theorem: at most N·(R/γ)² with R = {radius} and γ = {margin}, so {limit} updates; "
    "it took {updates}.",
    "endless": "No weights are right on every sample, and the rule would go on for ever:",
    "scaled": "Numbers of the file are standardised: (x − mean)/standard deviation; --scaling none leaves them as they "
    "are.",
}
