"""``chainrule info``: what is in a model file."""

from __future__ import annotations

from typing import Annotated

import typer

from chainrule.cli.options import Json

__all__ = ["EXAMPLES", "info"]

EXAMPLES = ("chainrule info penguins.safetensors",)


def info(
    model: Annotated[str, typer.Argument(metavar="MODEL", help="A model file.")],
    as_json: Json = False,
) -> None:
    """Show what is in a model file: layers, preprocessing, classes, loss."""
    from rich.text import Text

    from chainrule import nn
    from chainrule.cli.screen import Screen
    from chainrule.cli.tables import bytes_text, grid, model_table
    from chainrule.files import expanded
    from chainrule.interchange.bundle import load

    screen = Screen(as_json=as_json)
    network = load(model)
    fitted = network.preprocessing
    loss = network.objective
    size = expanded(model).stat().st_size
    summary = nn.summary(network, None if fitted is None else fitted.shape)
    facts = grid("", "", title=f"{model} ({bytes_text(size)})", fold=1)
    facts.show_header = False
    if fitted is not None:
        facts.add_row("task", fitted.task or "–")
        facts.add_row("target", Text(fitted.target_name or "–"))
        if fitted.classes is not None:
            facts.add_row("classes", Text(", ".join(fitted.classes)))
        elif fitted.target_std != 1.0:
            facts.add_row(
                "target's scale", f"mean {fitted.target_mean:.6g}, standard deviation {fitted.target_std:.6g}"
            )
        facts.add_row("input columns" if fitted.kind == "table" else "input shape", Text(_inputs(fitted)))
        if fitted.kind == "table":
            facts.add_row("features", Text(", ".join(fitted.feature_names)))
    facts.add_row("loss", "–" if loss is None else loss.name)
    screen.show(facts, model_table(summary))
    screen.document(
        {
            "file": {"path": model, "bytes": size},
            "model": summary.to_dict(),
            "layers": nn.describe(network),
            "loss": None if loss is None else {"name": loss.name, **loss.config()},
            "preprocessing": None if fitted is None else fitted.to_dict(),
        }
    )


def _inputs(fitted: object) -> str:
    columns = getattr(fitted, "columns", [])
    return ", ".join(columns) if columns else str(getattr(fitted, "shape", ""))
