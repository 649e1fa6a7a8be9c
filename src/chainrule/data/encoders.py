"""From one column's cells to the features that a model sees; each kind of column is fitted on training rows.

A fitted encoder is plain data: it goes into a model file as a dictionary and comes back from it.
"""

from __future__ import annotations

import datetime
from dataclasses import MISSING, asdict, dataclass, replace
from dataclasses import fields as fields_of
from typing import Any, ClassVar, TypeAlias

import numpy as np
from numpy.typing import NDArray

from chainrule.data.cells import Cells, as_booleans, as_dates, as_numbers, as_texts
from chainrule.data.column import Column
from chainrule.data.dates import ORDERS
from chainrule.data.fields import Fields
from chainrule.data.labels import finder
from chainrule.data.number_forms import PLAIN, NumberForm
from chainrule.data.scaling import Scaling, center_and_scale, rescale

__all__ = [
    "BooleanEncoder",
    "CategoricalEncoder",
    "DateEncoder",
    "Encoder",
    "NumericEncoder",
    "fit_encoder",
    "read_encoder",
    "write_encoder",
]

Floats: TypeAlias = NDArray[np.float64]

#: Categories beyond this many, the rarest first, share the bucket of unseen ones.
MOST_CATEGORIES = 100


@dataclass(frozen=True, slots=True)
class NumericEncoder:
    """``(x − center) / scale``; a missing value becomes the training median, and sets the indicator if there is one.

    The indicator feature exists if the column had missing values in training; `form` says how text writes the numbers.
    """

    kind: ClassVar[str] = "numeric"
    name: str
    median: float
    center: float
    scale: float
    indicator: bool
    form: NumberForm = PLAIN

    @classmethod
    def fit(cls, column: Column, cells: Cells, scaling: Scaling) -> NumericEncoder:
        """Learn from training rows."""
        values = as_numbers(cells, column.name, column.form)
        absent = np.isnan(values)
        median = 0.0 if absent.all() else 2 * float(np.median(values[~absent] / 2))  # no overflow
        return cls(column.name, median, *center_and_scale(values, scaling), bool(absent.any()), column.form)

    @property
    def feature_names(self) -> tuple[str, ...]:
        """Names of the features, in order."""
        return (self.name, *_indicator_name(self.name, self.indicator))

    def encode(self, cells: Cells) -> Floats:
        """Return the features ``(N, width)``."""
        values = as_numbers(cells, self.name, self.form)
        absent = np.isnan(values)
        scaled = rescale(np.where(absent, self.median, values), self.center, self.scale)
        return _with_indicator(scaled[:, None], absent, self.indicator)

    @classmethod
    def read(cls, fields: Fields) -> NumericEncoder:
        """Take an encoder from a dictionary."""
        number = fields.number
        return cls(
            fields.text("name"),
            number("median"),
            number("center"),
            number("scale", above=0),
            fields.flag("indicator"),
            NumberForm.take(fields),
        )


@dataclass(frozen=True, slots=True)
class BooleanEncoder:
    """0 or 1; a missing value becomes the commoner one, and sets the indicator if there is one.

    With the scaling "realmlp" it is ``(x − center) / scale`` of that 0 or 1.
    """

    kind: ClassVar[str] = "boolean"
    name: str
    fill: bool
    indicator: bool
    center: float = 0.0
    scale: float = 1.0

    @classmethod
    def fit(cls, column: Column, cells: Cells, scaling: Scaling) -> BooleanEncoder:
        """Learn from training rows."""
        values = as_booleans(cells, column.name)
        absent = np.isnan(values)
        fill = bool(absent.all() or values[~absent].mean() >= 0.5)
        center, scale = center_and_scale(values, scaling) if scaling == "realmlp" else (0.0, 1.0)
        return cls(column.name, fill, bool(absent.any()), center, scale)

    @property
    def feature_names(self) -> tuple[str, ...]:
        """Names of the features, in order."""
        return (self.name, *_indicator_name(self.name, self.indicator))

    def encode(self, cells: Cells) -> Floats:
        """Return the features ``(N, width)``."""
        values = as_booleans(cells, self.name)
        absent = np.isnan(values)
        scaled = rescale(np.where(absent, float(self.fill), values), self.center, self.scale)
        return _with_indicator(scaled[:, None], absent, self.indicator)

    @classmethod
    def read(cls, fields: Fields) -> BooleanEncoder:
        """Take an encoder from a dictionary."""
        name, fill, indicator = fields.text("name"), fields.flag("fill"), fields.flag("indicator")
        center = fields.number("center") if fields.has("center") else 0.0
        scale = fields.number("scale", above=0) if fields.has("scale") else 1.0
        return cls(name, fill, indicator, center, scale)


@dataclass(frozen=True, slots=True)
class CategoricalEncoder:
    """One feature per category seen in training, and a last one for anything else: unseen, rare or missing.

    With the scaling "realmlp" each feature is ``(x − center) / scale`` of that 0 or 1; there is no feature for anything
    else if training held nothing else; and two categories make one feature, of 0 and 1 with ½ for anything else,
    scaled likewise (so that it is ±1 or 0 before the median is taken off).

    Attributes:
        categories: in the order of their features.
        rest: whether there is a feature for anything else.
        single: whether two categories share one feature, which is 1 for the second.
        centers, scales: one number per feature, or none for 0 and 1.
    """

    kind: ClassVar[str] = "categorical"
    name: str
    categories: tuple[str, ...]
    rest: bool = True
    single: bool = False
    centers: tuple[float, ...] = ()
    scales: tuple[float, ...] = ()

    @classmethod
    def fit(cls, column: Column, cells: Cells, scaling: Scaling) -> CategoricalEncoder:
        """Learn from training rows."""
        texts = np.array([text for text in as_texts(cells) if text is not None], dtype=object)
        if not len(texts):
            return cls(column.name, ())
        seen, counts = np.unique(texts, return_counts=True)
        kept = np.sort(np.argsort(-counts, kind="stable")[:MOST_CATEGORIES])
        plain = cls(column.name, tuple(seen[kept].tolist()))
        return plain._scaled(cells) if scaling == "realmlp" else plain

    def _scaled(self, cells: Cells) -> CategoricalEncoder:
        """The same with the features that the scaling "realmlp" makes of the training rows."""
        rest = any(index is None for index in self.indices(cells))
        unscaled = replace(self, rest=rest, single=len(self.categories) == 2 and not rest)
        shifts = [center_and_scale(feature, "realmlp") for feature in unscaled.encode(cells).T]
        return replace(unscaled, centers=tuple(c for c, _ in shifts), scales=tuple(s for _, s in shifts))

    @property
    def feature_names(self) -> tuple[str, ...]:
        """Names of the features, in order."""
        named = self.categories[1:] if self.single else self.categories
        rest = (f"{self.name} (unseen or missing)",) if self.rest else ()
        return (*(f"{self.name}={category}" for category in named), *rest)

    def encode(self, cells: Cells) -> Floats:
        """Return the features ``(N, width)``."""
        bucket = len(self.categories)
        hot = np.array([bucket if index is None else index for index in self.indices(cells)], dtype=np.intp)
        if self.single:
            features = np.array([0.0, 1.0, 0.5])[hot][:, None]
        else:
            features = np.zeros((len(cells), bucket + 1))
            features[np.arange(len(cells)), hot] = 1.0
            features = features if self.rest else features[:, :bucket]
        return rescale(features, np.array(self.centers), np.array(self.scales)) if self.scales else features

    def indices(self, cells: Cells) -> list[int | None]:
        """Return each cell's category, None for anything else."""
        texts, find = as_texts(cells).tolist(), finder(self.categories)
        place = {text: find(text) for text in set(texts)}
        return [place[text] for text in texts]

    @classmethod
    def read(cls, fields: Fields) -> CategoricalEncoder:
        """Take an encoder from a dictionary."""
        name, categories = fields.text("name"), fields.texts("categories")
        rest = fields.flag("rest") if fields.has("rest") else True
        single = fields.flag("single") if fields.has("single") else False
        if single and (rest or len(categories) != 2):
            raise fields.error("has a 'single' feature for other than two categories")
        found = cls(name, categories, rest, single)
        if not fields.has("scales"):
            return found
        count = len(found.feature_names)
        return replace(found, centers=fields.numbers("centers", count), scales=fields.numbers("scales", count, 0))


DATE_PARTS = ("year", "month", "day", "weekday", "days")


@dataclass(frozen=True, slots=True)
class DateEncoder:
    """Year, month, day of the month, weekday (Monday is 0) and days since the earliest training date, each scaled.

    Attributes:
        order: how dates are written, one of `dates.ORDERS`.
        earliest: the earliest training date, as ISO 8601 text.
        medians, centers, scales: one number per part.
        indicator: whether a further feature marks missing dates.
    """

    kind: ClassVar[str] = "date"
    name: str
    order: str
    earliest: str
    medians: tuple[float, ...]
    centers: tuple[float, ...]
    scales: tuple[float, ...]
    indicator: bool

    @classmethod
    def fit(cls, column: Column, cells: Cells, scaling: Scaling) -> DateEncoder:
        """Learn from training rows."""
        dates = as_dates(cells, column.name, column.order)
        absent = np.isnat(dates)
        earliest = "1970-01-01T00:00:00" if absent.all() else str(dates[~absent].min().astype("datetime64[s]"))
        parts = _date_parts(dates, earliest)
        medians = tuple(0.0 if absent.all() else float(np.median(part[~absent])) for part in parts.T)
        shifts = [center_and_scale(part, scaling) for part in parts.T]
        centers, scales = tuple(center for center, _ in shifts), tuple(scale for _, scale in shifts)
        return cls(column.name, column.order, earliest, medians, centers, scales, bool(absent.any()))

    @property
    def feature_names(self) -> tuple[str, ...]:
        """Names of the features, in order."""
        return (*(f"{self.name} {part}" for part in DATE_PARTS), *_indicator_name(self.name, self.indicator))

    def encode(self, cells: Cells) -> Floats:
        """Return the features ``(N, width)``."""
        dates = as_dates(cells, self.name, self.order)
        absent = np.isnat(dates)
        parts = np.where(absent[:, None], np.array(self.medians), _date_parts(dates, self.earliest))
        return _with_indicator(rescale(parts, np.array(self.centers), np.array(self.scales)), absent, self.indicator)

    @classmethod
    def read(cls, fields: Fields) -> DateEncoder:
        """Take an encoder from a dictionary."""
        name, order, earliest = fields.text("name"), fields.text("order", among=ORDERS), fields.text("earliest")
        try:
            moment = datetime.datetime.fromisoformat(earliest)
        except ValueError:
            moment = None
        if moment is None or moment.tzinfo is not None or moment.isoformat() != earliest:
            raise fields.error("has an unusable 'earliest'")
        count = len(DATE_PARTS)
        medians, centers = fields.numbers("medians", count), fields.numbers("centers", count)
        return cls(
            name, order, earliest, medians, centers, fields.numbers("scales", count, 0), fields.flag("indicator")
        )


Encoder: TypeAlias = NumericEncoder | BooleanEncoder | CategoricalEncoder | DateEncoder

_ENCODERS: dict[str, type[Encoder]] = {
    encoder.kind: encoder for encoder in (NumericEncoder, BooleanEncoder, CategoricalEncoder, DateEncoder)
}


def fit_encoder(column: Column, cells: Cells, scaling: Scaling) -> Encoder:
    """Learn from the training rows of a column how to encode it."""
    return _ENCODERS[column.kind].fit(column, cells, scaling)


def read_encoder(data: object, where: str) -> Encoder:
    """Take an encoder from what `write_encoder` returned.

    Raises:
        FormatError: if it is anything else.
    """
    fields = Fields(data, where)
    encoder = _ENCODERS[fields.text("kind", among=_ENCODERS)].read(fields)
    fields.finish()
    return encoder


def write_encoder(encoder: Encoder) -> dict[str, Any]:
    """Return the encoder as a dictionary that JSON can hold."""
    data = {key: list(value) if isinstance(value, tuple) else value for key, value in asdict(encoder).items()}
    for field in fields_of(encoder):
        if field.default is not MISSING and getattr(encoder, field.name) == field.default:
            del data[field.name]  # as in the files of earlier versions
    return {"kind": encoder.kind, **data}


def _date_parts(dates: NDArray[np.datetime64], earliest: str) -> Floats:
    """Return ``(N, 5)``: the parts in the order of `DATE_PARTS`, NaN for NaT."""
    absent = np.isnat(dates)
    known = np.where(absent, np.datetime64(0, "us"), dates)
    days, months = known.astype("datetime64[D]"), known.astype("datetime64[M]")
    parts = np.stack(
        [
            known.astype("datetime64[Y]").astype(np.int64) + 1970,
            months.astype(np.int64) % 12 + 1,
            (days - months).astype(np.int64) + 1,
            (days.astype(np.int64) + 3) % 7,  # the epoch, 1 January 1970, was a Thursday
            (known - np.datetime64(earliest, "us")) / np.timedelta64(1, "D"),
        ],
        axis=1,
    )
    return np.where(absent[:, None], np.nan, parts)


def _indicator_name(name: str, indicator: bool) -> tuple[str, ...]:
    return (f"{name} (missing)",) if indicator else ()


def _with_indicator(features: Floats, absent: NDArray[np.bool_], indicator: bool) -> Floats:
    return np.concatenate([features, absent[:, None]], axis=1) if indicator else features
