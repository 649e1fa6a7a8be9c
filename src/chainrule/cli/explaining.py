"""What ``chainrule explain`` traces: one row of data, or numbers from the command line."""

from __future__ import annotations

from typing import Any

import numpy as np

from chainrule.cli.options import TextFile
from chainrule.cli.sources import naming_lines, open_data, with_targets
from chainrule.errors import ConfigError
from chainrule.explain.given import given_data, held_out, one_row
from chainrule.explain.mistakes import Check
from chainrule.explain.supervised import supervised
from chainrule.explain.trace_record import Trace
from chainrule.losses import Loss
from chainrule.nn import Module

__all__ = ["checked", "one_sample", "update_wanted"]


def one_sample(
    network: Module,
    source: str | None,
    row: int,
    values: str | None,
    target: float | None,
    text: TextFile,
    lang: str | None = "en",
) -> tuple[np.ndarray, Any, Loss | None]:
    """One input as the model sees it, its target in the form of the loss, and the loss.

    Raises:
        ConfigError: if neither or both of data and numbers are named, or there is no such row.
        ChainruleError: as `open_data` does.
    """
    if (source is None) == (values is None):
        raise ConfigError(
            "name either DATA or --input", fix="E.g. chainrule explain model.safetensors data.csv --row 0"
        )
    if values is not None:
        if target is None:
            raise ConfigError("--input needs --target", fix="E.g. --input 0,1 --target 1")
        return np.array([_number(part, "--input") for part in values.split(",")]), target, network.objective
    if source is None:  # as the first line says; for the type checker
        raise ConfigError("name either DATA or --input")
    if target is not None:
        raise ConfigError("--target goes with --input", fix="With DATA the target is in the data")
    opened, kept = with_targets(network, open_data(source, text=text))
    place = kept.place(row)
    with naming_lines(source, opened, text, kept):
        found = supervised(network, one_row(given_data(network, held_out(opened), network.objective), place))
    kept.say(lang)
    return found.inputs, found.targets, found.loss


def update_wanted(optimizer: str | None, lr: float | None) -> dict[str, Any] | None:
    """The optimiser's description, if an update is to be shown."""
    if optimizer is None and lr is None:
        return None
    return {"name": optimizer or "sgd", **({} if lr is None else {"lr": lr})}


def checked(trace: Trace, given: str) -> Check:
    """The verdict on ``path=number``.

    Raises:
        ConfigError: for a text of another form.
    """
    path, equals, number = given.rpartition("=")
    if not equals:
        raise ConfigError("--check takes PATH=NUMBER", expected='e.g. "0.weight[1,0].grad=0.0123"', got=repr(given))
    return trace.check(path.strip(), _number(number, "--check"))


def _number(text: str, option: str) -> float:
    try:
        return float(text.replace("−", "-"))
    except ValueError:
        raise ConfigError(f"{option} takes numbers", got=repr(text.strip())) from None
