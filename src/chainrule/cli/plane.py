"""Which plane of a model's inputs to look at, and the samples on it, from a command line."""

from __future__ import annotations

from chainrule.cli.options import TextFile
from chainrule.cli.sources import naming_lines, open_data, with_targets
from chainrule.errors import ConfigError
from chainrule.explain.given import given_data, held_out
from chainrule.explain.view import View, view_of
from chainrule.nn.module import Module

__all__ = ["numbers_of", "pair_of", "plane_for"]


def plane_for(
    model: Module,
    source: str | None,
    bounds: str | None,
    features: str | None,
    text: TextFile | None = None,
    lang: str | None = "en",
) -> View:
    """Read the options.

    Args:
        model: the network.
        source: DATA, if it was given.
        bounds: as ``"0,1,0,1"``.
        features: as ``"mass,length"``.
        text: how a text file is to be read.
        lang: of notes, "en" or "ko".

    Raises:
        ConfigError: if an option makes no sense, or neither data nor scales say what the bounds are.
        ShapeError: if the network has more inputs than two, and no features are named.
        UnknownNameError: for a feature that is not there.
    """
    data = None
    if source is not None:
        opened, kept = with_targets(model, open_data(source, text=text))
        with naming_lines(source, opened, text or TextFile(), kept):
            data = given_data(model, held_out(opened))
        kept.say(lang)
    return view_of(model, data, numbers_of(bounds), pair_of(features))


def numbers_of(bounds: str | None) -> tuple[float, ...] | None:
    """Four numbers with commas between, if they were given."""
    try:
        return None if bounds is None else tuple(float(part) for part in bounds.split(","))
    except ValueError as error:
        raise ConfigError("bad bounds", expected="four numbers: left,right,bottom,top", got=bounds) from error


def pair_of(features: str | None) -> tuple[str, ...] | None:
    """Two names with a comma between, if they were given."""
    names = None if features is None else tuple(name.strip() for name in features.split(","))
    if names is not None and len(names) != 2:
        raise ConfigError("a plane has two features", expected="as --features mass,length", got=features)
    return names
