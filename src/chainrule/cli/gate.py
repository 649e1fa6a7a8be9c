"""``chainrule gate``: train a logic gate and see all of it."""

from __future__ import annotations

from typing import Annotated

import typer

from chainrule.cli.failures import FAILED
from chainrule.cli.options import Json, Lang, Seed

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
    from chainrule.cli.proof import prove
    from chainrule.cli.screen import Screen
    from chainrule.cli.tables import truth_table
    from chainrule.cli.training import loss_line
    from chainrule.data import gates
    from chainrule.messages import language

    screen, chosen_language = Screen(as_json=as_json), language(lang)
    hard = needs_hidden_layer(name)
    chosen = neurons or (2 if hard else 1)
    proof = prove(gates(name)) if hard and chosen == 1 else None
    if proof is not None:
        screen.say(proof.explain(chosen_language), "yellow")
    result = train_gate(name, chosen, tries, seed)
    data, losses = result.data, result.history["loss"]
    shape = "one neuron" if chosen == 1 else "two hidden neurons and an output"
    screen.show(truth_table(data.name, data.inputs, data.targets, result.outputs))  # type: ignore[arg-type]
    screen.line(loss_line(result.history, screen))
    for equation in equations(result.model):
        screen.line(equation, "cyan")
    starts = f"{result.tries} {'try' if result.tries == 1 else 'tries'}"
    if result.solved:
        screen.say(f"{data.name.upper()} is learned by {shape}, in {starts} (seed {result.seed}).", "bold green")
    else:
        screen.say(_reason(data.name, hard and chosen == 1, losses[-1], starts), "bold yellow")
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


def _reason(name: str, hopeless: bool, loss: float, starts: str) -> str:
    if not hopeless:
        return f"{name.upper()} was not learned in {starts}; the last ended at loss {loss:.4f}. Try another --seed."
    return (
        f"One neuron ends at loss {loss:.4f} = ln 2 with every output at 0.5. It divides the plane by ONE straight "
        f"line, and no line has the ones of {name.upper()} on one side and the zeros on the other; its loss has a "
        "single minimum, so that no other start would help. Two hidden neurons draw two lines: --neurons 2."
    )
