"""``chainrule demo``: XOR, flowers, penguins and, if they are at hand, clothes; in a few seconds and offline."""

from __future__ import annotations

from typing import Annotated

import typer

from chainrule.cli.options import Json, Seed

__all__ = ["EXAMPLES", "demo"]

EXAMPLES = ("chainrule demo", "chainrule demo --out first-steps --seed 7")


def demo(
    out: Annotated[str, typer.Option("--out", "-o", help="Folder for models and pictures.")] = "chainrule-demo",
    seed: Seed = 0,
    as_json: Json = False,
) -> None:
    """Train four networks while you watch: a neuron that fails, one that does not, flowers, penguins."""
    import time

    from chainrule.cli.demo import ending, fashion, iris, penguins, xor
    from chainrule.cli.demo.stage import Stage
    from chainrule.cli.paths import make_folder
    from chainrule.cli.screen import Screen

    began = time.perf_counter()
    stage = Stage(Screen(as_json=as_json), make_folder(out), seed)
    stages = [xor.one_neuron, xor.hidden_neurons, iris.flowers, penguins.birds]
    if fashion.at_hand():
        stages.append(fashion.clothes)
    results = {story.__name__: story(stage) for story in stages}
    seconds = time.perf_counter() - began
    ending.show(stage, seconds)
    stage.screen.document({"folder": stage.folder, "seconds": round(seconds, 2), **results, "files": stage.files})
