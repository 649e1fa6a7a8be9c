"""``chainrule plot``: pictures of a saved model."""

from __future__ import annotations

from typing import Annotated

import typer

from chainrule.cli.options import Decimal, Delimiter, Encoding, Json, Lang, NoHeader, TextFile

__all__ = ["EXAMPLES", "plot"]

EXAMPLES = (
    "chainrule plot network xor.safetensors xor --row 2 --out xor.png",
    "chainrule plot activations --out activations.pdf",
    "chainrule plot surface-3d moons.safetensors moons --theme dark --out moons.png",
    'chainrule plot landscape xor.safetensors xor --weight "0.weight[0,0]" --weight "0.weight[0,1]" --out loss.svg',
    "chainrule plot images fashion.safetensors fashion-mnist --out images.png",
)


def plot(
    figure: Annotated[
        str,
        typer.Argument(
            metavar="FIGURE",
            help="network, weights, images, surface, surface-3d, regions, hidden-space, confusion, histograms, "
            "gradients, graph, exercise, landscape, landscape-3d, curves; activations and gates need no model.",
        ),
    ],
    model: Annotated[str | None, typer.Argument(metavar="[MODEL]", help="A model file.")] = None,
    source: Annotated[
        str | None, typer.Argument(metavar="[DATA]", help="A file or data set (its test rows, if any).")
    ] = None,
    out: Annotated[str, typer.Option("--out", "-o", help="Picture to write: .png, .svg, .pdf, …")] = "",
    row: Annotated[
        int | None,
        typer.Option("--row", min=0, help="The row of DATA for network, graph and exercise; default: the first."),
    ] = None,
    most: Annotated[
        int | None, typer.Option("--most", min=1, help="How many neurons of a layer, or images, are drawn.")
    ] = None,
    bounds: Annotated[
        str | None, typer.Option("--bounds", metavar="L,R,B,T", help="Of surface and regions; default: the data's.")
    ] = None,
    features: Annotated[
        str | None, typer.Option("--features", metavar="A,B", help="Of regions: two of more inputs.")
    ] = None,
    weight: Annotated[
        list[str] | None,
        typer.Option("--weight", metavar="NAME", help='Of landscape: a slice along two, each as "0.weight[0,1]".'),
    ] = None,
    seed: Annotated[int | None, typer.Option("--seed", min=0, help="Of exercise: which numbers are blank.")] = None,
    theme: Annotated[
        str | None, typer.Option("--theme", help="light or dark; default: CHAINRULE_THEME, or light.")
    ] = None,
    title: Annotated[str | None, typer.Option("--title", help="Heading.")] = None,
    lang: Lang = None,
    encoding: Encoding = None,
    delimiter: Delimiter = None,
    decimal: Decimal = None,
    no_header: NoHeader = False,
    as_json: Json = False,
) -> None:
    """Draw a saved model: weights, surfaces, hidden layers, gradients, the loss around it, or an exercise sheet."""
    import contextlib
    import warnings

    from chainrule.cli.paths import check_is_no_input, check_writable
    from chainrule.cli.plotting import Wanted, draw
    from chainrule.cli.screen import Screen
    from chainrule.cli.sources import named
    from chainrule.errors import ConfigError
    from chainrule.messages import text as text_of
    from chainrule.plot.themes import theme as in_theme

    if not out:
        raise ConfigError("name the picture to write with --out", expected="e.g. --out picture.png")
    path = check_writable(out)
    check_is_no_input(path, *(name for name in (model, source) if name is not None and not named(name)))
    text = TextFile(encoding, delimiter, decimal, no_header)
    with warnings.catch_warnings(record=True) as notes:
        warnings.simplefilter("always", UserWarning)
        with contextlib.nullcontext() if theme is None else in_theme(theme):
            chosen = (row, most, bounds, features, tuple(weight or ()), seed)
            draw(Wanted(figure, model, source, path, *chosen, title, lang, text))
    for note in dict.fromkeys(str(one.message) for one in notes if issubclass(one.category, UserWarning)):
        typer.echo(text_of("screen.note", lang, note=note), err=True)
    typer.echo(text_of("screen.wrote", lang, path=path), err=True)
    if as_json:
        Screen(as_json=True).document({"figure": figure, "model": model, "data": source, "file": str(path)})
