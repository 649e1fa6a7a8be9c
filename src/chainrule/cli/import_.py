"""``chainrule import``: a model of another library as one of ours."""

from __future__ import annotations

from typing import Annotated

import typer

from chainrule.cli.options import Json

__all__ = ["EXAMPLES", "import_"]

EXAMPLES = (
    "chainrule import classifier.pkl -o classifier.safetensors",
    "chainrule import network.pt --activation relu -o network.safetensors",
    "chainrule import network.keras -o network.safetensors",
    "chainrule import network.onnx -o network.safetensors",
    "chainrule import sample_weight.pkl --activation sigmoid -o textbook.safetensors",
)


def import_(
    source: Annotated[
        str,
        typer.Argument(
            metavar="FILE", help="A pickle of scikit-learn or the textbook, .pt, .keras, .h5, .onnx or safetensors."
        ),
    ],
    out: Annotated[str, typer.Option("--out", "-o", help="Model file to write.")],
    activation: Annotated[
        str | None,
        typer.Option("--activation", help="Between the layers, where the file does not say it: relu, sigmoid, …"),
    ] = None,
    as_json: Json = False,
) -> None:
    """Read a network of scikit-learn, PyTorch, Keras, ONNX or the textbook; nothing in its file is executed.

    PyTorch's state dicts do not say which activation lies between their layers; --activation does.
    """
    from chainrule.cli.paths import check_is_no_input, check_may_become_model, check_writable
    from chainrule.cli.screen import Screen
    from chainrule.interchange.reading import read
    from chainrule.nn.registry import describe

    path = check_writable(out)
    check_is_no_input(path, source)
    check_may_become_model(path)
    model = read(source, activation)
    model.save(path)
    screen = Screen(as_json=as_json)
    parameters = sum(parameter.numel() for parameter in model.parameters())
    for line in repr(model).splitlines():
        screen.line(line)
    screen.line(f"Wrote {path} with {parameters:,} parameters")
    loss = None if model.objective is None else model.objective.name
    screen.document(
        {"source": source, "file": str(path), "parameters": parameters, "loss": loss, "layers": describe(model)}
    )
