"""A trained network that answers fast, and can be pickled."""

from __future__ import annotations

import copy
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chainrule.engines.inference import Compiled
from chainrule.errors import ConfigError, TrainingError
from chainrule.nn.activation import Activation
from chainrule.nn.module import Module
from chainrule.nn.sequential import Sequential

__all__ = ["Answers"]


class Answers:
    """The network of an estimator.

    Estimators must not change when they predict; what is made for speed is kept here, and left out of pickles.

    Args:
        network: a trained network; it may be trained on, see `renew`.
    """

    __slots__ = ("_compiled", "network")

    def __init__(self, network: Module) -> None:
        self.network = network
        self._compiled: dict[int | None, Compiled] = {}

    def renew(self) -> None:
        """To be called when the network has changed."""
        self._compiled = {}

    def outputs(self, features: NDArray[Any]) -> NDArray[Any]:
        """Raw outputs ``(N, outputs)``.

        Raises:
            TrainingError: if they are not finite.
        """
        found = self._run(None, features)
        if not np.isfinite(found).all():
            row = int((~np.isfinite(found)).any(axis=1).argmax())
            raise TrainingError(
                "the network's outputs are not finite", where=f"row {row} first",
                fix="Its training diverged, or these inputs lie far outside the training data",
            )  # fmt: skip
        return found

    def hidden(self, features: NDArray[Any], layer: int) -> NDArray[Any]:
        """What leaves a hidden layer (after its activation), ``(N, neurons)``."""
        return self._run(layer, features)

    def _run(self, layer: int | None, features: NDArray[Any]) -> NDArray[Any]:
        compiled = self._compiled.get(layer)
        if compiled is None:
            network = self.network if layer is None else Sequential(*self._to_hidden(layer)).eval()
            compiled = self._compiled[layer] = Compiled(network, features.shape[1:])
        if len(features) == 1:  # alone, a row is summed in another order; its digits must not depend on its company
            return compiled(np.repeat(features, 2, axis=0))[:1]
        return compiled(np.ascontiguousarray(features))

    def _to_hidden(self, layer: int) -> list[Module]:
        """The parts of the network up to a hidden layer's activation."""
        if not isinstance(self.network, Sequential):
            raise ConfigError("the network is no chain of layers", got=type(self.network).__name__)
        parts = [part for _, part in self.network.named_layers()]
        linear = [i for i, part in enumerate(parts) if getattr(part, "out_features", None) is not None]
        begin, end = linear[:-1][layer], linear[1:][layer]
        activated = [i for i in range(begin, end) if isinstance(parts[i], Activation)]
        return parts[: (activated[-1] if activated else end - 1) + 1]

    def __getstate__(self) -> dict[str, Any]:
        return {"network": self.network}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.network, self._compiled = state["network"], {}

    def __deepcopy__(self, memo: dict[int, Any]) -> Answers:
        return Answers(copy.deepcopy(self.network, memo))
