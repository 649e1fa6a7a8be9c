"""Networks made ready for answers: a frozen copy that returns NumPy arrays in microseconds."""

from __future__ import annotations

import copy
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chainrule.core.mode import no_grad, quiet
from chainrule.core.tensor import Tensor
from chainrule.engines import native_build
from chainrule.engines.lowering import Refusal, Stage, described, lower_model, parameter_count
from chainrule.engines.threads import threads_for
from chainrule.errors import DTypeError, ShapeError
from chainrule.nn import BatchNorm1d
from chainrule.nn.evaluation import model_dtype
from chainrule.nn.module import Module

__all__ = ["Compiled", "compile"]


class Compiled:
    """A copy of a network for inference, as it was when `compile` made it.

    Attributes:
        engine: ``"native"``, or ``"eager"`` where the native engine cannot run the network.
        reason: why not, or None.
    """

    __slots__ = ("_columns", "_dtype", "_factor", "_model", "_network", "_outputs", "_parameters", "engine", "reason")

    def __init__(self, model: Module, input_shape: tuple[int, ...] | None = None) -> None:
        if not isinstance(model, Module):
            raise DTypeError("compile takes a model", expected="a Module", got=type(model).__name__)
        self._dtype = model_dtype(model)
        self._factor = 1 / 255 if model.preprocessing is None else float(model.preprocessing.scale)
        self._network: Any = None
        self._model: Module | None = None
        self.reason: str | None = None
        module = native_build.load().module
        try:
            if module is None:
                raise Refusal(native_build.load().reason)
            stages, self._dtype, self._columns, self._outputs = lower_model(model, input_shape)
            self._network = _filled(module, stages, self._dtype, self._columns)
            self._parameters = parameter_count(stages)
            self.engine = "native"
        except Refusal as reason:
            self.reason, self.engine = str(reason), "eager"
            self._model = copy.deepcopy(model).eval()

    def __call__(self, inputs: Any) -> NDArray[Any]:
        """The network's outputs (logits, where it ends in them).

        Args:
            inputs: one sample, or any number of them along the first axis, as the model sees them: scaled as
                training data were, or uint8 images, which are scaled here.

        Returns:
            ``(outputs,)`` for one sample of one dimension, else ``(N, outputs)``.

        Raises:
            ShapeError: if the samples are of another size.
            DTypeError: for anything but numbers.
        """
        x = inputs if type(inputs) is np.ndarray else np.asarray(getattr(inputs, "_data", inputs))
        dtype = x.dtype
        if dtype is not self._dtype and dtype != self._dtype and dtype != np.uint8:
            x = self._converted(x)
        if self._network is None:
            return self._eagerly(x)
        columns = self._columns
        if x.ndim == 1 and x.size == columns:
            row = np.empty(self._outputs, self._dtype)
            self._network.predict(x, 1, self._factor, 1, row)
            return row
        rows = len(x) if x.ndim > 1 else -1
        if x.size != rows * columns:
            raise ShapeError("the model takes samples of another size", expected=f"{columns} numbers each", got=x.shape)
        outputs = np.empty((rows, self._outputs), self._dtype)
        if rows:
            self._network.predict(x, rows, self._factor, threads_for(self._parameters * rows), outputs)
        return outputs

    def _converted(self, x: NDArray[Any]) -> NDArray[Any]:
        if x.dtype.kind not in "fiub":
            raise DTypeError("the model takes numbers", got=f"dtype {x.dtype}")
        return x.astype(self._dtype)

    def _eagerly(self, x: NDArray[Any]) -> NDArray[Any]:
        if x.dtype == np.uint8:
            x = x.astype(np.float32) * np.float32(self._factor)
        alone = x.ndim == 1
        assert self._model is not None
        with no_grad(), quiet():
            outputs: NDArray[Any] = self._model(Tensor.of(x[None] if alone else x))._data
        return outputs[0] if alone else outputs

    def __repr__(self) -> str:
        return f"Compiled({self.engine})"


def compile(model: Module, input_shape: tuple[int, ...] | None = None) -> Compiled:
    """Make a frozen copy of a network that answers fast: a row in microseconds, batches on all cores.

    It is in evaluation mode (no dropout, running statistics), and does not follow the model's later changes.

    >>> import chainrule as cr
    >>> from chainrule import nn
    >>> answer = cr.compile(nn.Sequential(nn.Linear(2, 3), nn.ReLU(), nn.Linear(3, 1)))
    >>> answer([0.0, 1.0]).shape
    (1,)

    Args:
        model: any network; those that the native engine cannot run are copied as they are.
        input_shape: of one sample, for networks that do not fold images themselves.

    Raises:
        DTypeError: for anything but a network.
    """
    return Compiled(model, input_shape)


def _filled(module: Any, stages: tuple[Stage, ...], dtype: np.dtype[Any], columns: int) -> Any:
    """The extension's network, with weights and statistics; the loss and the optimiser are never asked."""
    kind = module.Network32 if dtype == np.float32 else module.Network64
    network = kind(columns, described(stages), "mse", {}, "sgd")
    parameters = [one for stage in stages for _, one in stage.parameters]
    for i, one in enumerate(parameters):
        network.set_parameter(i, np.ascontiguousarray(one._data), False, 0, 0, [])
    for i, stage in enumerate(stages):
        if isinstance(stage.layer, BatchNorm1d) and stage.layer.track_running_stats:
            moments = (stage.layer.running_mean, stage.layer.running_var)
            network.set_statistics(i, *(np.ascontiguousarray(one._data) for one in moments), 0)
    network.renew()
    return network
