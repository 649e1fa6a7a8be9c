"""A network in evaluation mode as a list of mathematical steps on vectors, with its numbers in float64."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from chainrule.core.mode import quiet
from chainrule.errors import ConfigError, DTypeError, ShapeError
from chainrule.nn.activation import Activation, LogSoftmax, Softmax
from chainrule.nn.dropout import Dropout
from chainrule.nn.flatten import Flatten, Identity
from chainrule.nn.linear import Linear
from chainrule.nn.module import Module
from chainrule.nn.norm import BatchNorm1d, LayerNorm
from chainrule.nn.scale import Scale
from chainrule.nn.sequential import Sequential

__all__ = ["Affine", "Apply", "Floats", "Piece", "input_size", "output_size", "pieces_of", "run"]

Floats: TypeAlias = NDArray[np.float64]


@dataclass(frozen=True)
class Affine:
    """y = W·x + b; for a normalisation in evaluation W is diagonal, and kept as the vector ``(n,)`` of its diagonal.

    Attributes:
        path: the layer's name in the network, as ``"0"``.
        kind: the layer's type, as ``"Linear"``.
        weight: ``(out, in)``, or ``(n,)`` for a diagonal.
        bias: ``(out,)``.
    """

    path: str
    kind: str
    weight: Floats
    bias: Floats

    @property
    def matrix(self) -> Floats:
        """W ``(out, in)`` in full."""
        return np.diag(self.weight) if self.weight.ndim == 1 else self.weight

    def __call__(self, x: Floats) -> Floats:
        """Apply it to rows ``(N, in)``."""
        return x * self.weight + self.bias if self.weight.ndim == 1 else x @ self.weight.T + self.bias


@dataclass(frozen=True)
class Apply:
    """A step that is not affine: an activation, a softmax, the normalisation of a `LayerNorm` (γ and β follow it)."""

    path: str
    kind: str
    layer: Module

    def __call__(self, x: Floats) -> Floats:
        """Apply it to rows ``(N, n)``."""
        if isinstance(self.layer, LayerNorm):
            return _normalized(self.layer, x)
        with quiet(), np.errstate(all="ignore"):
            return np.asarray(self.layer.forward(x), np.float64)


Piece: TypeAlias = Affine | Apply


def pieces_of(model: Any) -> list[Piece]:
    """Take a network apart; layers that do nothing in evaluation mode (Dropout, Flatten, Identity) are left out.

    Raises:
        DTypeError: if `model` is no module.
        ConfigError: for layers of a user's own, and for those whose result for one row depends on the others,
            and for weights that are NaN or infinite.
        ShapeError: if two layers do not fit, or one takes its input for more than one vector.
    """
    if not isinstance(model, Module):
        raise DTypeError("not a model", expected="a Module such as nn.Sequential(…)", got=type(model).__name__)
    pieces = [piece for path, layer in _leaves(model, "") for piece in _pieces(path, layer)]
    _check_sizes(pieces)
    return pieces


def input_size(model: Module, pieces: list[Piece]) -> int:
    """How many numbers one sample has.

    Raises:
        ShapeError: if nothing in the network says.
    """
    for piece in pieces:
        if isinstance(piece, Affine):
            return int(piece.weight.shape[-1])
        if isinstance(piece.layer, LayerNorm):
            return int(np.prod(piece.layer.normalized_shape))
    if model.preprocessing is not None:
        return int(model.preprocessing.n_features)
    raise ShapeError("the network does not say how many inputs it takes", fix="Start with a Linear layer")


def output_size(pieces: list[Piece], inputs: int) -> int:
    """How many numbers the network gives."""
    return next((len(piece.bias) for piece in reversed(pieces) if isinstance(piece, Affine)), inputs)


def run(pieces: list[Piece], x: Floats) -> Floats:
    """The outputs ``(N, out)`` for rows ``(N, in)``, in float64."""
    for piece in pieces:
        x = piece(x)
    return x


def _leaves(module: Module, path: str) -> Iterator[tuple[str, Module]]:
    if not isinstance(module, Sequential):
        yield path, module
        return
    for name, child in module.named_layers():
        yield from _leaves(child, f"{path}.{name}" if path else name)


def _pieces(path: str, layer: Module) -> list[Piece]:
    if isinstance(layer, (Dropout, Identity)):
        return []
    if isinstance(layer, Flatten):
        layer.output_shape((1,))  # refuses to fold the batch
        return []
    kind = type(layer).__name__
    if isinstance(layer, Linear):
        bias = np.zeros(layer.out_features) if layer.bias is None else _numbers(layer.bias)
        return [Affine(path, kind, _numbers(layer.weight), bias)]
    if isinstance(layer, Scale):
        return [Affine(path, kind, _numbers(layer.weight), np.zeros(layer.num_features))]
    if isinstance(layer, BatchNorm1d):
        return [_batch_norm(path, layer)]
    if isinstance(layer, LayerNorm):
        return [Apply(path, kind, layer), *_gain(path, layer)]
    if isinstance(layer, (Softmax, LogSoftmax)) and layer.dim not in (None, 1, -1):
        raise ConfigError(f"{layer!r} works across samples", where=f"layer {path}", fix="Use dim=1")
    if isinstance(layer, Activation):
        return [Apply(path, kind, layer)]
    raise ConfigError(
        f"{kind} is not a layer that can be written as a formula",
        where=f"layer {path}" if path else None,
        fix="Compose the model from nn.Sequential and the layers of nn",
    )


def _batch_norm(path: str, layer: BatchNorm1d) -> Affine:
    if not layer.track_running_stats:
        raise ConfigError(
            "a BatchNorm1d without running statistics gives every batch another result", where=f"layer {path}"
        )
    scale = 1 / np.sqrt(_numbers(layer.running_var) + layer.eps)
    if layer.weight is not None:
        scale = scale * _numbers(layer.weight)
    shift = -_numbers(layer.running_mean) * scale
    return Affine(path, "BatchNorm1d", scale, shift if layer.bias is None else shift + _numbers(layer.bias))


def _gain(path: str, layer: LayerNorm) -> list[Piece]:
    """γ and β of a `LayerNorm`, as a piece of its own."""
    if layer.weight is None:
        return []
    weight = _numbers(layer.weight).reshape(-1)
    bias = np.zeros_like(weight) if layer.bias is None else _numbers(layer.bias).reshape(-1)
    return [Affine(path, "LayerNorm", weight, bias)]


def _normalized(layer: LayerNorm, x: Floats) -> Floats:
    centred = x - x.mean(axis=-1, keepdims=True)
    return np.asarray(centred / np.sqrt((centred**2).mean(axis=-1, keepdims=True) + layer.eps))


def _numbers(tensor: Any) -> Floats:
    return np.asarray(tensor._data, np.float64)


def _check_sizes(pieces: list[Piece]) -> None:
    width: int | None = None
    for piece in pieces:
        if isinstance(piece, Affine):
            if not (np.isfinite(piece.weight).all() and np.isfinite(piece.bias).all()):
                raise ConfigError("weights that are not finite make no formula", where=f"layer {piece.path}")
            wanted, given = piece.weight.shape[-1], piece.bias.shape[0]
        elif isinstance(piece.layer, LayerNorm):
            wanted = given = int(np.prod(piece.layer.normalized_shape))
        else:
            continue
        if width is not None and width != wanted:
            raise ShapeError(
                f"{piece.kind} does not fit the layers before it, taken as one vector",
                expected=f"{wanted} numbers",
                got=width,
                where=f"layer {piece.path}",
            )
        width = given
