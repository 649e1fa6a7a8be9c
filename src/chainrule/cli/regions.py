"""``chainrule regions``: how a saved model divides the plane of its inputs."""

from __future__ import annotations

from typing import Annotated

import typer

from chainrule.cli.options import Decimal, Delimiter, Encoding, Json, Lang, NoHeader, TextFile

__all__ = ["EXAMPLES", "regions"]

EXAMPLES = (
    "chainrule regions moons.safetensors moons --out moons.png",
    "chainrule regions xor.safetensors --bounds -0.5,1.5,-0.5,1.5 --out xor.svg",
    "chainrule regions penguins.safetensors penguins --features bill_length_mm,body_mass_g --out map.png",
)


def regions(
    model: Annotated[str, typer.Argument(metavar="MODEL", help="A model file.")],
    source: Annotated[
        str | None, typer.Argument(metavar="[DATA]", help="A file or data set to draw, which also sets the bounds.")
    ] = None,
    bounds: Annotated[
        str | None, typer.Option("--bounds", metavar="L,R,B,T", help="Left, right, bottom, top; default: the data's.")
    ] = None,
    features: Annotated[
        str | None, typer.Option("--features", metavar="A,B", help="Two of more inputs; the rest stay at their means.")
    ] = None,
    out: Annotated[str | None, typer.Option("--out", "-o", help="Picture to write: .png, .svg or .pdf.")] = None,
    lang: Lang = None,
    encoding: Encoding = None,
    delimiter: Delimiter = None,
    decimal: Decimal = None,
    no_header: NoHeader = False,
    as_json: Json = False,
) -> None:
    """Divide the plane of a model's inputs into the exact pieces on which it is linear, and draw them."""
    from chainrule.cli.paths import check_writable
    from chainrule.cli.plane import plane_for
    from chainrule.cli.screen import Screen
    from chainrule.explain.regions import regions as divided
    from chainrule.interchange.bundle import load
    from chainrule.messages import language
    from chainrule.messages import text as text_of

    chosen = language(lang)
    path = None if out is None else check_writable(out)
    network = load(model)
    text = TextFile(encoding, delimiter, decimal, no_header)
    chosen_plane = plane_for(network, source, bounds, features, text, chosen)
    found = divided(network, chosen_plane.bounds, chosen_plane.slice)
    if path is not None:
        from chainrule.plot.region_map import region_map

        region_map(found, chosen_plane.points, chosen_plane.labels, path, lang=chosen)
        typer.echo(text_of("screen.wrote", chosen, path=path), err=True)
    screen = Screen(as_json=as_json)
    for line in found.lines(chosen):
        (screen.line if line.startswith(" ") else screen.say)(line)
    if as_json:
        screen.document({"model": model, "data": source, "file": path, **found.to_dict()})
