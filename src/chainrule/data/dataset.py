"""Arrays ready for training, and the sets that they are divided into."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Generic, TypeAlias, TypeVar

import numpy as np
from numpy.typing import NDArray

from chainrule.data.array_inputs import ArrayInputs
from chainrule.data.checks import is_whole
from chainrule.data.preprocessing import Preprocessing
from chainrule.data.splitting import split_indices
from chainrule.data.target import Target, Task
from chainrule.errors import DTypeError, ShapeError, UnknownNameError

__all__ = ["Dataset", "Splits", "with_inputs"]

Rows: TypeAlias = "slice | NDArray[Any] | list[int]"


class Dataset:
    """Inputs and targets of N samples, with what is known about them.

    Build one with `from_arrays`, `load`, `read` or `Table.prepare`, which check what goes in.

    Args:
        inputs: ``(N, …)`` float32 or float64, or uint8, which stays uint8 until a batch is taken.
        targets: ``(N,)`` int64 class indices, ``(N,)`` or ``(N, k)`` floats, or None.
        preprocessing: where class labels, feature names and the scale of uint8 inputs are known from.
        name: name of the data set.
        weights: ``(N,)``, how much each row counts in the loss: a batch's is Σ wᵢ·lossᵢ / Σ wᵢ.  None for all alike.

    Raises:
        ShapeError: if inputs, targets and weights differ in length.
        DTypeError: for inputs of another dtype.
    """

    __slots__ = ("_factor", "inputs", "name", "preprocessing", "targets", "weights")

    inputs: NDArray[Any]
    targets: NDArray[Any] | None
    preprocessing: Preprocessing
    name: str
    weights: NDArray[Any] | None

    def __init__(
        self,
        inputs: NDArray[Any],
        targets: NDArray[Any] | None = None,
        *,
        preprocessing: Preprocessing | None = None,
        name: str = "data",
        weights: NDArray[Any] | None = None,
    ) -> None:
        if inputs.ndim < 2:
            raise ShapeError("inputs need a row per sample", expected="shape (N, …)", got=inputs.shape)
        if inputs.dtype.name not in {"uint8", "float32", "float64"}:
            raise DTypeError("inputs have an unusable dtype", expected="uint8, float32 or float64", got=inputs.dtype)
        if targets is not None and len(targets) != len(inputs):
            raise ShapeError("inputs and targets differ in length", got=f"{len(inputs)} inputs, {len(targets)} targets")
        if weights is not None and weights.shape != (len(inputs),):
            raise ShapeError("weights are one number for each row", expected=(len(inputs),), got=weights.shape)
        if preprocessing is None:
            scale = 1 / 255 if inputs.dtype == np.uint8 else 1.0
            preprocessing = Preprocessing(ArrayInputs(inputs.shape[1:], inputs.dtype.name, scale), Target())
        self.inputs, self.targets, self.preprocessing, self.name = inputs, targets, preprocessing, name
        self.weights = weights
        self._factor = np.float32(preprocessing.scale) if inputs.dtype == np.uint8 else None

    def __len__(self) -> int:
        return len(self.inputs)

    def __getitem__(self, which: Any) -> Any:
        """``ds[3]`` is one sample ``(x, y)`` as the model sees it; ``ds[:10]`` and ``ds[rows]`` are data sets."""
        if is_whole(which):
            if not -len(self) <= which < len(self):  # also what ends a `for` loop over the samples
                raise IndexError(f"sample {which} of {len(self)}")
            x, y = self.batch(np.array([which]))
            return x[0], None if y is None else y[0]
        return self.rows(which)

    def rows(self, which: Rows) -> Dataset:
        """Return the data set of some rows: a slice (a view), row numbers or a mask."""
        chosen = which if isinstance(which, slice) else np.asarray(which)
        targets = None if self.targets is None else self.targets[chosen]
        weights = None if self.weights is None else self.weights[chosen]
        return Dataset(self.inputs[chosen], targets, preprocessing=self.preprocessing, name=self.name, weights=weights)

    def batch(self, indices: NDArray[Any]) -> tuple[NDArray[Any], NDArray[Any] | None]:
        """Return inputs and targets of some rows as the model sees them; only these rows are copied.

        Args:
            indices: row numbers ``(B,)``.

        Returns:
            inputs ``(B, …)``: float32 (uint8 is multiplied by `scale`), or float64 if the data set is; and targets.
        """
        inputs = self.inputs.take(indices, axis=0)
        if self._factor is not None:
            inputs = inputs.astype(np.float32)
            inputs *= self._factor
        return inputs, None if self.targets is None else self.targets.take(indices, axis=0)

    def split(
        self, test: float = 0.2, validation: float = 0.0, seed: int = 0, stratify: bool = True
    ) -> Splits[Dataset]:
        """Divide the rows at random; see `split_indices` for the arguments and errors."""
        labels: NDArray[Any] | int = len(self) if self.targets is None else self.targets
        train, held_out, tested = split_indices(labels, test, validation, seed, stratify)
        return Splits(
            self.rows(train),
            self.rows(held_out) if len(held_out) else None,
            self.rows(tested) if len(tested) else None,
        )

    def prepare(
        self,
        target: str | None = None,
        *,
        test: float = 0.2,
        validation: float = 0.0,
        seed: int = 0,
        stratify: bool = True,
        scaling: str | None = "standard",
    ) -> Splits[Dataset]:
        """Divide the rows as `split` does, so that what is written for a `Table` runs for a data set too.

        Args:
            target: the target's name, or None; a data set has no other.
            test, validation, seed, stratify: see `split_indices`.
            scaling: has no effect: the arrays are what the model is to see.

        Raises:
            UnknownNameError: for another target.
        """
        if target is not None and target != self.target_name:
            raise UnknownNameError("target", target, [self.target_name] if self.target_name else [])
        return self.split(test, validation, seed, stratify)

    @property
    def scale(self) -> float:
        """Factor that `batch` multiplies uint8 inputs by; 1 for floats."""
        return 1.0 if self._factor is None else float(self._factor)

    @property
    def n_features(self) -> int:
        """Numbers in one sample (pixels, for images)."""
        return int(np.prod(self.inputs.shape[1:]))

    @property
    def n_classes(self) -> int | None:
        """Number of classes, or None if there are none."""
        if self.classes is not None:
            return len(self.classes)
        if self.task == "binary":
            return 2
        if self.task != "multiclass" or self.targets is None:
            return None
        return int(self.targets.max()) + 1

    @property
    def classes(self) -> list[str] | None:
        """Class labels in the order of their indices."""
        return self.preprocessing.classes

    @property
    def feature_names(self) -> list[str]:
        """Names of the features, in order."""
        return self.preprocessing.feature_names

    @property
    def target_name(self) -> str | None:
        """Name of the target."""
        return self.preprocessing.target_name

    @property
    def task(self) -> Task | None:
        """ "binary", "multiclass", "regression" or None."""
        return self.preprocessing.task

    def __repr__(self) -> str:
        targets = "no targets" if self.targets is None else f"targets {self.targets.shape} {self.targets.dtype}"
        task = "" if self.task is None else f", {self.task}"
        classes = "" if self.classes is None or self.task == "regression" else f" of {len(self.classes)} classes"
        return f"Dataset({self.name!r}, inputs {self.inputs.shape} {self.inputs.dtype}, {targets}{task}{classes})"


def with_inputs(data: Dataset, dtype: np.dtype[Any]) -> Dataset:
    """The data set with float inputs in the model's dtype."""
    if data.inputs.dtype == dtype or data.inputs.dtype.kind != "f":
        return data
    return Dataset(
        data.inputs.astype(dtype), data.targets, preprocessing=data.preprocessing, name=data.name, weights=data.weights
    )


def _like(part: Any, trained: Dataset) -> Dataset | None:
    """Return a part of splits in the form of the training set."""
    if part is None or isinstance(part, Dataset):
        return part
    fitted = trained.preprocessing
    return Dataset(fitted.transform(part), fitted.transform_targets(part), preprocessing=fitted, name=part.name)


Part = TypeVar("Part", bound=Any)


@dataclass(frozen=True, slots=True)
class Splits(Generic[Part]):
    """Training, validation and test set (of `Dataset`s or `Table`s); the latter two may be None.

    Iterating gives those that exist: ``train, test = splits`` or ``train, validation, test = splits``.

    Attributes:
        notes: what was done to the data on the way and a user should know.
    """

    train: Part
    validation: Part | None = None
    test: Part | None = None
    notes: tuple[str, ...] = ()

    def __iter__(self) -> Iterator[Part]:
        return (part for part in (self.train, self.validation, self.test) if part is not None)

    def prepare(
        self,
        target: str | None = None,
        *,
        test: float = 0.2,
        validation: float = 0.0,
        seed: int = 0,
        stratify: bool = True,
        scaling: Any = "standard",
    ) -> Splits[Dataset]:
        """Return these splits ready for training, so that what is written for a `Table` runs for splits too.

        Parts that exist stay as they are, whatever `test` and `validation` say; those that are asked for and do not
        exist are taken from the training rows, as fractions of these.  Tables are encoded by what the training rows
        alone tell.

        Args:
            target, test, validation, seed, stratify, scaling: see `Table.prepare` and `Dataset.prepare`.
        """
        first = self.train.prepare(
            target,
            test=test if self.test is None else 0,
            validation=validation if self.validation is None else 0,
            seed=seed,
            stratify=stratify,
            scaling=scaling,
        )
        held_out, tested = (_like(part, first.train) for part in (self.validation, self.test))
        return Splits(first.train, held_out or first.validation, tested or first.test, self.notes or first.notes)

    @property
    def n_features(self) -> int:
        """Number of features of one sample."""
        return int(self.train.n_features)

    @property
    def n_classes(self) -> int | None:
        """Number of classes, or None if there are none."""
        count: int | None = self.train.n_classes
        return count

    @property
    def classes(self) -> list[str] | None:
        """Class labels in the order of their indices."""
        labels: list[str] | None = self.train.classes
        return labels

    @property
    def task(self) -> Task | None:
        """ "binary", "multiclass", "regression" or None."""
        task: Task | None = self.train.task
        return task

    @property
    def preprocessing(self) -> Preprocessing | None:
        """The preprocessing that was fitted on the training rows."""
        fitted: Preprocessing | None = self.train.preprocessing
        return fitted

    def __repr__(self) -> str:
        parts = {"train": self.train, "validation": self.validation, "test": self.test}
        return "Splits(\n" + "".join(f"  {name}={part!r},\n" for name, part in parts.items() if part is not None) + ")"
