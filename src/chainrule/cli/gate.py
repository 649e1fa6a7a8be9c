"""``chainrule gate``: train a logic gate and see all of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from chainrule.cli.failures import FAILED
from chainrule.cli.options import Json, Lang, Seed

if TYPE_CHECKING:
    from chainrule.explain import Separability

__all__ = ["EXAMPLES", "gate"]

EXAMPLES = ("chainrule gate and", "chainrule gate xor", "chainrule gate xor --neurons 1")


def gate(
    name: Annotated[str, typer.Argument(metavar="GATE", help="and, or, nand, nor, xor or xnor.")],
    neurons: Annotated[
        int | None,
        typer.Option(
            "--neurons", min=1, max=2, help="1: a single neuron; 2: two hidden ones; default: as many as needed."
        ),
    ] = None,
    tries: Annotated[int, typer.Option("--tries", min=1, max=1000, help="Most starts, each from a new seed.")] = 10,
    seed: Seed = 0,
    lang: Lang = None,
    as_json: Json = False,
) -> None:
    """Train a logic gate, and show its truth table beside what the network gives."""
    from chainrule.cli.gates import STEPS, equations, needs_hidden_layer, train_gate
    from chainrule.cli.screen import Screen
    from chainrule.cli.spark import loss_line
    from chainrule.cli.tables import truth_table
    from chainrule.messages import language, text

    screen, chosen_language = Screen(as_json=as_json), language(lang)
    hard = needs_hidden_layer(name)
    chosen = neurons or (2 if hard else 1)
    proof = _proof(name) if hard and chosen == 1 else None
    if proof is not None:
        screen.say(proof.explain(chosen_language), "yellow")
    result = train_gate(name, chosen, tries, seed)
    data, losses = result.data, result.history["loss"]
    screen.show(truth_table(data.name, data.inputs, data.targets, result.outputs, chosen_language))  # type: ignore[arg-type]
    screen.line(loss_line(result.history, screen, chosen_language))
    for equation in equations(result.model):
        screen.line(equation, "cyan")
    verdict = "learned" if result.solved else "hopeless" if hard and chosen == 1 else "failed"
    words: dict[str, object] = {
        "gate": data.name.upper(),
        "shape": text("gate.neuron" if chosen == 1 else "gate.network", chosen_language),
        "tries": text("gate.try" if result.tries == 1 else "gate.tries", chosen_language, count=result.tries),
        "seed": result.seed,
        "loss": f"{losses[-1]:.4f}",
    }
    screen.say(text(f"gate.{verdict}", chosen_language, **words), "bold green" if result.solved else "bold yellow")
    screen.document(
        {
            "gate": data.name,
            "neurons": chosen,
            "solved": result.solved,
            "tries": result.tries,
            "seed": result.seed,
            "steps": STEPS,
            "loss": losses[-1],
            "rows": [
                {"inputs": x, "target": y, "output": p}
                for x, y, p in zip(data.inputs.tolist(), data.targets.tolist(), result.outputs.tolist(), strict=True)  # type: ignore[union-attr]
            ],
            "equations": equations(result.model),
            "separability": None if proof is None else proof.to_dict(),
        }
    )
    if not result.solved:
        raise typer.Exit(FAILED)


def _proof(name: str) -> Separability | None:
    from chainrule.cli.proof import prove  # what gates that can be learned need not wait for
    from chainrule.data import gates

    return prove(gates(name))
