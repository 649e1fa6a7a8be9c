"""What training leaves behind: a dictionary of curves, one value per epoch."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from chainrule.errors import MissingDependencyError

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["History"]


class History(dict[str, list[float]]):
    """Curves by name: ``history["val_loss"][-1]``.

    Keys are ``loss``, the metrics, ``val_`` + each of these where there was validation data, and ``lr``.  Losses and
    metrics of an epoch are taken while its steps run (loss: mean over samples, or their sum if the loss is a sum),
    validation after its last step; ``lr`` is the rate that the epoch's first step used.

    Attributes:
        engine: name of the engine that ran the steps.
        seed: the seed of batch order and dropout; `fit(seed=…)` with it repeats the run.
        seconds: wall time of the whole training.
        stopped: why training ended before the last epoch, or None.
        best_epoch: epoch (from 1) whose parameters the model has now, if they are not the last epoch's.
        run: folder of the run's record, where `fit(record=…)` left one, or None; its name is the run's ID.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.engine = ""
        self.seed = 0
        self.seconds = 0.0
        self.stopped: str | None = None
        self.best_epoch: int | None = None
        self.run: Path | None = None

    @property
    def history(self) -> History:
        """Itself, for those used to ``fit(…).history["loss"]``."""
        return self

    @property
    def epochs(self) -> int:
        """Number of epochs that were finished."""
        return len(self.get("loss", ()))

    def add(self, values: dict[str, float]) -> None:
        """Append one epoch's values."""
        for name, value in values.items():
            self.setdefault(name, []).append(value)

    def extend(self, curves: dict[str, list[float]]) -> None:
        """Append several epochs' values."""
        for name, values in curves.items():
            self.setdefault(name, []).extend(values)

    def to_pandas(self) -> Any:
        """The curves as a ``pandas.DataFrame``, one row per epoch, indexed from 1.

        Raises:
            MissingDependencyError: if pandas is not installed.
        """
        try:
            import pandas
        except ImportError as error:
            raise MissingDependencyError(
                "pandas is not installed", fix='Install it with: pip install "chainrule[tables]"'
            ) from error
        return pandas.DataFrame(dict(self), index=pandas.RangeIndex(1, self.epochs + 1, name="epoch"))

    def plot(self, **options: Any) -> Any:
        """Draw the curves; returns matplotlib's figure.  See `chainrule.plot.training_curves`."""
        from chainrule.plot import training_curves

        return training_curves(self, **options)

    def __repr__(self) -> str:
        last = ", ".join(f"{name} {values[-1]:.4g}" for name, values in self.items() if values)
        ending = f", stopped: {self.stopped}" if self.stopped else ""
        return f"<History: {self.epochs} epochs in {self.seconds:.2f} s on engine {self.engine}; {last}{ending}>"
