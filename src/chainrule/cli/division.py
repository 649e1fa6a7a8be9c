"""Which rows of DATA a saved model was trained on, and which were held out from it."""

from __future__ import annotations

import contextlib
from typing import Any

from chainrule.cli.sources import Data
from chainrule.data import Dataset, Splits, Table
from chainrule.data.preprocessing import Preprocessing
from chainrule.errors import ChainruleError, ConfigError
from chainrule.nn.module import Module

__all__ = ["divided", "recognised"]

_TEST, _WATCHED = 0.2, 0.15  # what `fit` holds out if it is not told, and what it watches for early stopping
_MOST_ROWS = 200_000


def divided(model: Module, data: Data, test: float | int | None, validation: float | int | None, seed: int) -> Data:
    """Divide the rows as `fit` did with these options.

    Raises:
        ConfigError: if the data bring sets of their own, or the model was trained on other rows than these.
    """
    if isinstance(data, Splits):
        raise ConfigError("the data bring their own test set", fix="Leave --test, --validation and --seed out")
    test = _TEST if test is None else test
    table = _as_trained(model, data)
    found = _division(table, test, validation or 0, seed)
    if _tells(model, table) and not _same(model, found.train.preprocessing):
        raise ConfigError(
            "the model was not trained on these rows: its preprocessing differs from theirs",
            fix="Give --test, --validation and --seed as fit had them",
        )
    return found


def recognised(model: Module, data: Data) -> Data:
    """The division that `fit` makes of itself, where the model shows that it was trained on its training rows.

    A table's preprocessing keeps means and standard deviations of the training rows, which no other rows have. Where
    nothing tells, the data come back as they are.
    """
    if not isinstance(data, Table) or len(data) > _MOST_ROWS:
        return data
    with contextlib.suppress(ChainruleError):
        table = _as_trained(model, data)
        if _tells(model, table):
            for validation in (0, _WATCHED):
                found = _division(table, _TEST, validation, 0)
                if _same(model, found.train.preprocessing):
                    return found
    return data


def _as_trained(model: Module, data: Any) -> Any:
    """A table with the columns that the model knows, and no others."""
    fitted = model.preprocessing
    if not isinstance(data, Table) or fitted is None or fitted.kind != "table":
        return data
    wanted = {*fitted.columns, fitted.target_name}
    if wanted >= set(data.raw):
        return data.with_schema(fitted.target_name)
    columns = {name: cells for name, cells in data.raw.items() if name in wanted}
    return Table(columns, target=fitted.target_name, missing=data.missing, name=data.name, task=fitted.task)


def _division(data: Any, test: float | int, validation: float | int, seed: int) -> Splits[Dataset]:
    found: Splits[Dataset] = data.prepare(test=test, validation=validation, seed=seed)
    return found


def _tells(model: Module, data: Any) -> bool:
    """Whether the preprocessing depends on which rows it was fitted on."""
    if not isinstance(data, Table) or model.preprocessing is None or model.preprocessing.kind != "table":
        return False
    whole, most = (_division(data, test, 0, 0).train.preprocessing for test in (0, _TEST))
    return whole.to_dict() != most.to_dict()


def _same(model: Module, fitted: Preprocessing) -> bool:
    return model.preprocessing is not None and model.preprocessing.to_dict() == fitted.to_dict()
