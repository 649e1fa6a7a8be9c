"""XOR: what one neuron cannot do, and two hidden ones can."""

from __future__ import annotations

from typing import Any

from chainrule import plot
from chainrule.cli.demo.stage import Stage
from chainrule.cli.gates import GateResult, equations, train_gate
from chainrule.cli.spark import loss_line
from chainrule.cli.tables import truth_table
from chainrule.train import predict_proba

__all__ = ["hidden_neurons", "one_neuron"]


def one_neuron(stage: Stage) -> dict[str, Any]:
    """One neuron ends at loss ln 2 with every output at one half."""
    screen = stage.screen
    screen.heading("1 · One neuron tries XOR, and cannot")
    screen.say("XOR is 1 when exactly one of its two inputs is 1. A single neuron learns what it can:")
    result = train_gate("xor", neurons=1, seed=stage.seed)
    _show(stage, result)
    screen.say(
        f"It ends at loss {result.history['loss'][-1]:.4f}, which is ln 2, and says 0.5 to everything: it shrugs. One "
        "neuron draws ONE straight line, and no line has the two ones on one side and the two zeros on the other."
    )
    return _keep(stage, result, "xor-one-neuron", "XOR, one neuron: no idea")


def hidden_neurons(stage: Stage) -> dict[str, Any]:
    """Two hidden neurons solve it, if not from every start."""
    screen = stage.screen
    screen.heading("2 · Two hidden neurons solve it")
    result = train_gate("xor", neurons=2, tries=50, seed=stage.seed)
    _show(stage, result)
    for equation in equations(result.model):
        screen.line(f"  {equation}", "cyan")
    if result.solved and result.tries > 1:
        screen.say(
            f"Not from every start: {result.tries - 1} ended in a poor local minimum, so we took new random weights, "
            "as one does. Each hidden neuron draws a line, and the output combines the two."
        )
    elif result.solved:
        screen.say(
            "Each hidden neuron draws a line, and the output combines the two. That is the whole network, above."
        )
    else:
        screen.say(
            f"{result.tries} starts all ended in a poor local minimum; that is rare. Try another --seed.", "yellow"
        )
    return _keep(stage, result, "xor", "XOR, two hidden neurons: solved")


def _show(stage: Stage, result: GateResult) -> None:
    assert result.data.targets is not None
    stage.screen.show(truth_table("xor", result.data.inputs, result.data.targets, result.outputs))
    stage.screen.line(loss_line(result.history, stage.screen), "bold")


def _keep(stage: Stage, result: GateResult, name: str, title: str) -> dict[str, Any]:
    stage.save(result.model, f"{name}.safetensors")
    stage.draw(
        f"{name}.png",
        plot.decision_surface,
        lambda points: predict_proba(result.model, points),
        result.data.inputs,
        result.data.targets,
        result.data.classes,
        feature_names=result.data.feature_names,
        title=title,
    )
    loss = result.history["loss"][-1]
    return {"loss": loss, "outputs": result.outputs, "tries": result.tries, "solved": result.solved}
