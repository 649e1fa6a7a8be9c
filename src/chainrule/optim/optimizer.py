"""What all optimisers share: parameter groups, state by parameter path, `step`, saving and restoring.

An optimiser itself is one pure function, `Optimizer.update`.  `Optimizer.step` applies it to each parameter;
an engine may apply the same function to one flat buffer of all of them, or trace it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, ClassVar

import numpy as np

from chainrule.core.methods import raw
from chainrule.core.mode import enable_grad, quiet
from chainrule.core.op import Array, namespace
from chainrule.core.tensor import Tensor
from chainrule.errors import ConfigError, DTypeError, ShapeError
from chainrule.optim import checkpoint
from chainrule.optim.checks import Rule, checked, real, reject_unknown
from chainrule.optim.pieces import can_be_cut, update_in_pieces

__all__ = ["Optimizer"]

# Keys of a group that are no hyperparameters: what users label groups with, and what schedules note there.
_NOTES = ("params", "param_names", "name", "initial_lr", "max_lr", "min_lr", "max_momentum", "base_momentum")


class Optimizer:
    """Base of the optimisers; keeps parameter groups and state, and applies `update`.

    Args:
        params: tensors, or ``(name, tensor)`` pairs as from ``model.named_parameters()``, or dicts
            ``{"params": …, "lr": …}``, each a group with hyperparameters of its own.
        defaults: the hyperparameters of groups that do not set them.
        flags: further keyword arguments of the constructor; PyTorch's performance flags (``foreach``, ``fused``,
            ``capturable``, ``differentiable``) are accepted and ignored, as there is one implementation.

    Attributes:
        param_groups: list of dicts: ``"params"`` (tensors), ``"param_names"`` (their paths), and hyperparameters.
        state: for each parameter path a dict of ``"step"`` and the arrays that `slots` names.

    Raises:
        ConfigError: for an empty parameter list, a tensor that is there twice or is no leaf, or a hyperparameter
            out of range.
        DTypeError: for anything that is not a tensor, or a hyperparameter that is not a number.
        UnknownNameError: for a hyperparameter that this optimiser does not have.
    """

    name: ClassVar[str] = "optimizer"
    formula: ClassVar[str] = ""
    """The update of one parameter θ with gradient g, as text."""
    latex: ClassVar[str] = ""
    """The same in LaTeX."""
    rules: ClassVar[Mapping[str, Rule]] = {}
    """What each hyperparameter may be."""

    def __init__(self, params: Any, defaults: Mapping[str, Any], flags: Mapping[str, Any] | None = None) -> None:
        reject_unknown(f"option of {type(self).__name__}", flags or {}, defaults)
        self.defaults: dict[str, Any] = checked(self.rules, defaults)
        self.check(self.defaults)
        self.param_groups: list[dict[str, Any]] = []
        self.state: dict[str, dict[str, Any]] = {}
        for group in _groups(params):
            self.add_param_group(group)

    # The algorithm, written by each optimiser

    def check(self, group: Mapping[str, Any]) -> None:
        """Raise ConfigError for hyperparameters that do not go together."""

    def slots(self, group: Mapping[str, Any]) -> tuple[str, ...]:
        """Names of the state arrays that `update` needs with these hyperparameters, each shaped as the parameter."""
        return ()

    def initial_slot(self, name: str, like: Array, group: Mapping[str, Any]) -> Array:
        """The state array `name` before the first step, for a parameter of the shape and dtype of `like`."""
        return namespace((like,)).zeros_like(like)

    def update(
        self, p: Array, g: Array, slots: tuple[Array, ...], step: Any, group: Mapping[str, Any]
    ) -> tuple[Array, tuple[Array, ...]]:
        """The whole algorithm: one step of one parameter.

        Pure and elementwise, so it gives the same numbers for one parameter and for many in one flat array, and can
        be traced.

        Args:
            p: parameter, a NumPy or JAX array of any shape.
            g: its gradient, of the same shape and dtype.
            slots: the state arrays that `slots` names, in that order.
            step: number of this step, counted from 1; a Python int, or a traced integer.
            group: hyperparameters; ``"lr"`` among them.

        Returns:
            The new parameter, and the new state arrays.
        """
        raise NotImplementedError(f"{type(self).__name__}.update")

    # Using it

    def step(self, closure: Callable[[], Any] | None = None) -> Any:
        """Update each parameter that has a gradient, in place.

        Args:
            closure: computes the loss again (``zero_grad``, forward, ``backward``); called first.

        Returns:
            What `closure` returned, or None.

        Raises:
            ShapeError: if a gradient does not have its parameter's shape.
        """
        loss = None
        if closure is not None:
            with enable_grad():
                loss = closure()
        with quiet():
            for group in self.param_groups:
                if type(group["lr"]) is not float:
                    group["lr"] = float(real("lr", group["lr"]))
                slots = self.slots(group)
                for path, p in zip(group["param_names"], group["params"], strict=True):
                    if p.grad is not None:
                        self._step_one(path, p, slots, group)
        return loss

    def _step_one(self, path: str, p: Tensor, slots: tuple[str, ...], group: dict[str, Any]) -> None:
        data, g = p._data, raw(p.grad)
        if g.shape != data.shape:
            raise ShapeError("gradient does not fit its parameter", expected=data.shape, got=g.shape, where=path)
        if g.dtype != data.dtype:
            g = g.astype(data.dtype)
        kept = self.state.get(path)
        if kept is None:
            kept = self.state[path] = {"step": 0}
        # Here, not at construction: a schedule may switch momentum on later.
        for name in slots:
            if name not in kept:
                kept[name] = self.initial_slot(name, data, group)
        kept["step"] += 1
        arrays = tuple([kept[name] for name in slots])
        if can_be_cut((data, g, *arrays)):
            update_in_pieces(self.update, data, g, arrays, kept["step"], group)
        else:
            fresh, values = self.update(data, g, arrays, kept["step"], group)
            kept.update(zip(slots, values, strict=True))
            if isinstance(data, np.ndarray):
                np.copyto(data, fresh, casting="same_kind")
            else:
                p._data = fresh
        p._version += 1

    def zero_grad(self, set_to_none: bool = True) -> None:
        """Forget the gradients of all parameters.

        Args:
            set_to_none: set ``grad`` to None, so that parameters without a new gradient are skipped by `step`; else
                fill it with zeros.
        """
        for group in self.param_groups:
            for p in group["params"]:
                if set_to_none:
                    p.grad = None
                elif p.grad is not None:
                    p.grad = p.grad.detach()
                    p.grad.zero_()

    # Groups and paths

    def add_param_group(self, param_group: Any) -> None:
        """Add a group, e.g. layers that are unfrozen later.

        Args:
            param_group: ``{"params": …}`` and any hyperparameters that differ from the defaults.

        Raises:
            ConfigError, DTypeError, UnknownNameError: as the constructor does.
        """
        if not isinstance(param_group, dict) or "params" not in param_group:
            raise DTypeError("a parameter group is a dict with 'params'", got=repr(param_group)[:80])
        options = {key: value for key, value in param_group.items() if key not in ("params", "param_names")}
        reject_unknown(f"option of {type(self).__name__}", options, [*self.defaults, *_NOTES])
        count = sum(len(group["params"]) for group in self.param_groups)
        names, tensors = _named_tensors(param_group["params"], param_group.get("param_names"), count)
        self._refuse_doubles(names, tensors)
        group = {"params": tensors, "param_names": names, **self.defaults, **checked(self.rules, options)}
        self.check(group)
        self.param_groups.append(group)

    def _refuse_doubles(self, names: list[str], tensors: list[Tensor]) -> None:
        seen = {id(p): path for path, p in self.named_parameters()}
        for path, p in zip(names, tensors, strict=True):
            if id(p) in seen:
                raise ConfigError("a tensor is optimised twice", where=f"{seen[id(p)]} and {path}")
            if path in seen.values():
                raise ConfigError("two parameters have one name", got=repr(path))
            seen[id(p)] = path

    def named_parameters(self) -> list[tuple[str, Tensor]]:
        """All parameters with their paths, group after group."""
        return [
            (path, p)
            for group in self.param_groups
            for path, p in zip(group["param_names"], group["params"], strict=True)
        ]

    def bind(self, named_parameters: Iterable[tuple[str, Tensor]]) -> None:
        """Give the parameters the paths that a model knows them by; their state moves along.

        Args:
            named_parameters: the model's pairs of path and tensor; a tensor shared by layers keeps its first path.

        Raises:
            ConfigError: if a tensor of this optimiser is not the model's.
        """
        paths: dict[int, str] = {}
        for path, p in named_parameters:
            paths.setdefault(id(p), path)
        for path, p in self.named_parameters():
            if id(p) not in paths:
                raise ConfigError(
                    "the optimizer holds a tensor that is not a parameter of the model",
                    got=f"{path!r} of shape {tuple(p.shape)}",
                    fix="Make the optimizer from model.parameters() of this very model",
                )
        renamed = {path: paths[id(p)] for path, p in self.named_parameters()}
        self.state = {renamed.get(path, path): kept for path, kept in self.state.items()}
        for group in self.param_groups:
            group["param_names"] = [renamed[path] for path in group["param_names"]]

    # Saving

    def config(self) -> dict[str, Any]:
        """Name and hyperparameters, JSON-able: `chainrule.optim.get` makes an equal optimiser from it."""
        return {"name": self.name, **{key: checkpoint.jsonable(value) for key, value in self.defaults.items()}}

    def state_dict(self) -> dict[str, Any]:
        """A copy of the state by parameter path, and the groups' hyperparameters (JSON-able)."""
        return checkpoint.export(self.name, self.state, self.param_groups)

    def load_state_dict(self, state_dict: Mapping[str, Any]) -> None:
        """Continue exactly where `state_dict` was taken.

        Parameters are found by path, or by position if either side was made without names, as PyTorch's are.

        Raises:
            ConfigError: for the state of another optimiser, or groups or parameters that do not fit.
            ShapeError: for a state array of another shape than its parameter's.
        """
        state, saved = checkpoint.restored(self.name, state_dict, self.param_groups)
        options = [checked(self.rules, values) for values in saved]
        self.state = state
        for group, values in zip(self.param_groups, options, strict=True):
            group.update(values)

    def __repr__(self) -> str:
        lines = [f"{type(self).__name__} ("]
        for i, group in enumerate(self.param_groups):
            lines.append(f"Parameter Group {i}")
            lines += [f"    {key}: {group[key]}" for key in sorted(group) if key not in ("params", "param_names")]
        return "\n".join([*lines, ")"])


def _groups(params: Any) -> list[dict[str, Any]]:
    if isinstance(params, (Tensor, np.ndarray, Mapping, str)) or not isinstance(params, Iterable):
        fix = "Write [tensor] for a single tensor, model.parameters() for a model"
        raise DTypeError("an optimizer takes an iterable of tensors", got=type(params).__name__, fix=fix)
    if isinstance(params, (set, frozenset)):
        raise DTypeError("parameters need an order", got=type(params).__name__, fix="Pass a list")
    items = list(params)
    if not items:
        raise ConfigError("optimizer got an empty parameter list", fix="Generators can be used once only")
    return items if isinstance(items[0], dict) else [{"params": items}]


def _named_tensors(params: Any, names: list[str] | None, count: int) -> tuple[list[str], list[Tensor]]:
    """Paths and tensors of a group; tensors without a name are called by their position."""
    items = [params] if isinstance(params, Tensor) else list(params)
    paths, tensors = [], []
    for i, item in enumerate(items):
        path, p = str(count + i) if names is None else names[i], item
        if isinstance(item, (tuple, list)) and len(item) == 2 and isinstance(item[0], str):
            path, p = item
        if not isinstance(p, Tensor):
            raise DTypeError("optimizer can only optimize Tensors", got=type(p).__name__, where=f"parameter {path}")
        if not p.is_leaf:
            raise ConfigError("can't optimize a non-leaf Tensor", where=f"parameter {path}", fix="Use .detach()")
        paths.append(path)
        tensors.append(p)
    return paths, tensors
