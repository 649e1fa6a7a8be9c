"""`Module`: the base of everything that has parameters, with PyTorch's names and semantics."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple, Self

import numpy as np

from chainrule.core.device import require_cpu
from chainrule.core.mode import no_grad
from chainrule.core.tensor import HookHandle, Tensor
from chainrule.errors import ConfigError, DTypeError, UnknownNameError
from chainrule.nn.hooks import Hooks
from chainrule.nn.parameter import Parameter
from chainrule.nn.probe import probed_shape
from chainrule.nn.statedict import compare, copy_into

if TYPE_CHECKING:
    from chainrule.losses import Loss
    from chainrule.plot.of_model import ModelPlots

__all__ = ["IncompatibleKeys", "Module"]


class IncompatibleKeys(NamedTuple):
    """What ``load_state_dict(…, strict=False)`` could not match."""

    missing_keys: list[str]
    unexpected_keys: list[str]

    def __repr__(self) -> str:
        if not self.missing_keys and not self.unexpected_keys:
            return "<All keys matched successfully>"
        return f"IncompatibleKeys(missing_keys={self.missing_keys}, unexpected_keys={self.unexpected_keys})"


class Module:
    """A part of a network.  A subclass calls ``super().__init__()``, makes its parts attributes, defines ``forward``.

    Attributes:
        training: True in training mode (the default), where dropout drops and batch normalisation uses the batch.
        preprocessing: of a trained root model, the fitted preprocessing of its data; else None.
        objective: of a trained root model, the loss that it was trained with, which knows the link; else None.
        history: of a trained root model, the curves of its last training, name -> one number per epoch; else None.
        plot: pictures of it, e.g. ``model.plot.network()``.

    Example:
        >>> class Net(Module):
        ...     def __init__(self):
        ...         super().__init__()
        ...         self.hidden = Linear(2, 8)
        ...         self.out = Linear(8, 1)
        ...
        ...     def forward(self, x):
        ...         return self.out(self.hidden(x).tanh())
    """

    arguments: ClassVar[tuple[str, ...]] = ()
    """Names of the constructor's arguments, each of them also an attribute; `config` reports them."""
    keeps_shape: ClassVar[bool] = False
    """Whether the output always has the input's shape."""

    training: bool = True
    preprocessing: Any = None
    objective: Loss | None = None
    history: Mapping[str, list[float]] | None  # without a value, which would hide a layer of that name …
    plot: ModelPlots  # … as here
    _hooks: Hooks | None = None
    _parameters: dict[str, Parameter | None]
    _buffers: dict[str, Tensor | None]
    _modules: dict[str, Module | None]
    _transient: set[str]  # names of buffers that state_dict leaves out

    def __init__(self) -> None:
        own = self.__dict__
        own["_parameters"], own["_buffers"], own["_modules"], own["_transient"] = {}, {}, {}, set()

    # Calling

    def forward(self, *args: Any, **kwargs: Any) -> Any:
        """Compute the output; subclasses define it."""
        raise ConfigError(f"{type(self).__name__} does not define forward()", fix="Write def forward(self, x): …")

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        if self._hooks is None:
            return self.forward(*args, **kwargs)
        return self._hooks.call(self, args, kwargs)

    # Registration

    def __setattr__(self, name: str, value: Any) -> None:
        own = self.__dict__
        if isinstance(value, (Parameter, Module)):
            self._require_init(name)
            kind = "_parameters" if isinstance(value, Parameter) else "_modules"
            for holder in (own, *(own[registry] for registry in _TREES if registry != kind)):
                holder.pop(name, None)
            own[kind][name] = value
            return
        for kind, registry in (("Parameter", "_parameters"), ("Module", "_modules")):
            if name in own.get(registry, ()):
                if value is not None:
                    raise DTypeError(
                        f"cannot assign to {name!r}", expected=f"a {kind} or None", got=type(value).__name__
                    )
                own[registry][name] = None
                return
        if name in own.get("_buffers", ()):
            if value is not None and not isinstance(value, Tensor):
                raise DTypeError(f"cannot assign to buffer {name!r}", expected="a Tensor", got=type(value).__name__)
            own["_buffers"][name] = value
            return
        object.__setattr__(self, name, value)

    def __getattr__(self, name: str) -> Any:
        # Reached only when the usual look-up found nothing.
        own = self.__dict__
        for registry in _TREES:
            if name in own.get(registry, ()):
                return own[registry][name]
        if name == "history":
            return None
        if name == "plot":
            from chainrule.plot.of_model import ModelPlots

            return ModelPlots(self)
        if name in _REGISTRIES:
            self._require_init(name)
        raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}", name=name, obj=self)

    def __delattr__(self, name: str) -> None:
        for registry in (self._parameters, self._buffers, self._modules):
            if name in registry:
                del registry[name]
                self._transient.discard(name)
                return
        object.__delattr__(self, name)

    def __dir__(self) -> list[str]:
        return [*super().__dir__(), "history", "plot", *self._parameters, *self._buffers, *self._modules]

    def _require_init(self, name: str) -> None:
        if "_modules" not in self.__dict__:
            kind = type(self).__name__
            raise ConfigError(
                f"cannot use {kind}.{name} before Module.__init__() call",
                fix=f"Begin {kind}.__init__ with super().__init__()",
            )

    def register_parameter(self, name: str, param: Parameter | None) -> None:
        """Add a parameter under `name`; None keeps the place, as for a layer without bias."""
        self._check_name(name)
        if param is not None and not isinstance(param, Parameter):
            raise DTypeError(f"cannot register {name!r}", expected="a Parameter or None", got=type(param).__name__)
        self._parameters[name] = param

    def register_buffer(self, name: str, tensor: Tensor | None, persistent: bool = True) -> None:
        """Add a tensor that belongs to the state but is not trained, such as running statistics.

        Args:
            name: attribute to reach it by.
            tensor: its value; None keeps the place.
            persistent: whether `state_dict` contains it.
        """
        self._check_name(name)
        if tensor is not None and not isinstance(tensor, Tensor):
            raise DTypeError(f"cannot register {name!r}", expected="a Tensor or None", got=type(tensor).__name__)
        self._buffers[name] = tensor
        (self._transient.discard if persistent else self._transient.add)(name)

    def register_module(self, name: str, module: Module | None) -> None:
        """Add a child module under `name`."""
        self._check_name(name)
        if module is not None and not isinstance(module, Module):
            raise DTypeError(
                f"{type(self).__name__} takes modules only",
                expected="a Module",
                got=f"{type(module).__name__} for {name!r}",
            )
        self._modules[name] = module

    add_module = register_module

    def _check_name(self, name: Any) -> None:
        self._require_init(str(name))
        if not isinstance(name, str) or not name or "." in name:
            raise ConfigError("bad name", expected="a non-empty text without a dot", got=repr(name))
        taken = name in self._parameters or name in self._buffers or name in self._modules
        if not taken and (name in self.__dict__ or hasattr(type(self), name)):
            raise ConfigError(f"attribute {name!r} already exists", where=type(self).__name__)

    # Walking the tree

    def named_modules(
        self, memo: set[int] | None = None, prefix: str = "", remove_duplicate: bool = True
    ) -> Iterator[tuple[str, Module]]:
        """Yield ``(path, module)`` for this module (path ``""``) and all below it, each once."""
        seen = set() if memo is None else memo
        if remove_duplicate:
            if id(self) in seen:
                return
            seen.add(id(self))
        yield prefix, self
        for name, module in self._modules.items():
            if module is not None:
                yield from module.named_modules(seen, _joined(prefix, name), remove_duplicate)

    def modules(self) -> Iterator[Module]:
        return (module for _, module in self.named_modules())

    def named_children(self) -> Iterator[tuple[str, Module]]:
        seen: set[int] = set()
        for name, module in self._modules.items():
            if module is not None and id(module) not in seen:
                seen.add(id(module))
                yield name, module

    def children(self) -> Iterator[Module]:
        return (module for _, module in self.named_children())

    def named_parameters(
        self, prefix: str = "", recurse: bool = True, remove_duplicate: bool = True
    ) -> Iterator[tuple[str, Parameter]]:
        """Yield ``(path, parameter)``, e.g. ``("0.weight", …)``; a shared parameter comes once, by its first path."""
        return self._named("_parameters", prefix, recurse, remove_duplicate)

    def parameters(self, recurse: bool = True) -> Iterator[Parameter]:
        return (parameter for _, parameter in self.named_parameters(recurse=recurse))

    def named_buffers(
        self, prefix: str = "", recurse: bool = True, remove_duplicate: bool = True
    ) -> Iterator[tuple[str, Tensor]]:
        return self._named("_buffers", prefix, recurse, remove_duplicate)

    def buffers(self, recurse: bool = True) -> Iterator[Tensor]:
        return (buffer for _, buffer in self.named_buffers(recurse=recurse))

    def _named(self, registry: str, prefix: str, recurse: bool, once: bool) -> Iterator[tuple[str, Any]]:
        seen: set[int] = set()
        holders = self.named_modules(prefix=prefix, remove_duplicate=once) if recurse else [(prefix, self)]
        for path, module in holders:
            for name, value in getattr(module, registry).items():
                if value is None or (once and id(value) in seen):
                    continue
                seen.add(id(value))
                yield _joined(path, name), value

    def get_submodule(self, target: str) -> Module:
        """The module at a path such as ``"encoder.0"``; ``""`` is this one.

        Raises:
            UnknownNameError: if there is none.
        """
        found: Module | None = self
        for name in target.split(".") if target else ():
            found = found._modules.get(name) if found is not None else None
        if found is None:
            raise UnknownNameError("module", target, [path for path, _ in self.named_modules() if path])
        return found

    def apply(self, fn: Callable[[Module], Any]) -> Self:
        """Call `fn` on every module below this one and on this one last; e.g. for initialisation."""
        for child in self.children():
            child.apply(fn)
        fn(self)
        return self

    # State

    def state_dict(self, *, prefix: str = "") -> dict[str, Tensor]:
        """Parameters and persistent buffers by path, sharing memory with the module, in PyTorch's order and names."""
        state: dict[str, Tensor] = {}
        for path, module in self.named_modules(prefix=prefix.removesuffix("."), remove_duplicate=False):
            for name, parameter in module._parameters.items():
                if parameter is not None:
                    state[_joined(path, name)] = Tensor.of(parameter._data)
            for name, buffer in module._buffers.items():
                if buffer is not None and name not in module._transient:
                    state[_joined(path, name)] = Tensor.of(buffer._data)
        return state

    def load_state_dict(self, state_dict: Mapping[str, Any], strict: bool = True) -> IncompatibleKeys:
        """Copy parameters and buffers from a state dict; nothing is changed if it does not fit.

        Args:
            state_dict: path -> tensor or array (PyTorch's tensors too), as `state_dict` returns.
            strict: raise if paths are missing or left over.

        Returns:
            the paths that are missing and left over.

        Raises:
            ConfigError: if paths are missing or left over and `strict`; lists them all, and shapes that differ.
            ShapeError: if only shapes differ, `strict` or not.
        """
        own = {
            _joined(path, name): tensor
            for path, module in self.named_modules(remove_duplicate=False)
            for name, tensor in [*module._parameters.items(), *module._buffers.items()]
            if tensor is not None and name not in module._transient
        }
        difference = compare(own, state_dict)
        difference.check(strict, type(self).__name__)
        copy_into(own, state_dict)
        return IncompatibleKeys(difference.missing, difference.unexpected)

    def train(self, mode: bool = True) -> Self:
        """Switch this module and all below it to training mode (or, with False, to evaluation mode)."""
        for module in self.modules():
            module.training = mode
        return self

    def eval(self) -> Self:
        return self.train(False)

    def requires_grad_(self, requires_grad: bool = True) -> Self:
        """Freeze (False) or unfreeze all parameters."""
        for parameter in self.parameters():
            parameter.requires_grad_(requires_grad)
        return self

    def zero_grad(self, set_to_none: bool = True) -> None:
        """Forget the gradients, or with ``set_to_none=False`` fill them with zeros."""
        for parameter in self.parameters():
            if set_to_none or parameter.grad is None:
                parameter.grad = None
            else:
                with no_grad():
                    parameter.grad.zero_()

    def to(self, *targets: Any, dtype: Any = None, device: Any = None) -> Self:
        """Convert floating-point parameters and buffers to a dtype; a device may be named and must be the CPU.

        Raises:
            DTypeError: if the dtype is not floating point.
            EngineError: for another device.
        """
        for tensor in [*self.parameters(), *self.buffers()]:
            if tensor._data.dtype.kind == "f":
                converted = tensor.detach().to(*targets, dtype=dtype, device=device)._data
                if converted.dtype.kind != "f":
                    raise DTypeError("a module holds floating-point numbers", got=converted.dtype)
                tensor._data = converted
                if tensor.grad is not None:
                    tensor.grad = tensor.grad.to(converted.dtype)
        return self

    def float(self) -> Self:
        return self.to(np.float32)

    def double(self) -> Self:
        return self.to(np.float64)

    def cpu(self) -> Self:
        return self

    def cuda(self, device: Any = None) -> Self:
        """Raise EngineError: modules live on the CPU."""
        require_cpu("cuda" if device is None else device)
        return self

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the model to one safetensors file; `chainrule.load` reads it."""
        from chainrule.interchange import bundle

        bundle.save(self, path)

    # Hooks

    def register_forward_pre_hook(self, hook: Callable[[Self, tuple[Any, ...]], Any]) -> HookHandle:
        """Call ``hook(module, args)`` before `forward`; what it returns, unless None, replaces the arguments."""
        return self._register("before", hook)

    def register_forward_hook(self, hook: Callable[[Self, tuple[Any, ...], Any], Any]) -> HookHandle:
        """Call ``hook(module, args, output)`` after `forward`; what it returns, unless None, replaces the output."""
        return self._register("after", hook)

    def register_full_backward_hook(self, hook: Callable[[Self, Any, Any], Any]) -> HookHandle:
        """Call ``hook(module, grad_input, grad_output)`` (tuples) when the gradients of the inputs are known.

        What it returns, unless None, replaces ``grad_input``.
        """
        return self._register("backward", hook)

    def _register(self, kind: str, hook: Callable[..., Any]) -> HookHandle:
        if self._hooks is None:
            self._hooks = Hooks()
        hooks = getattr(self._hooks, kind)
        hooks.append(hook)
        return HookHandle(hooks, hook)

    # Description

    def config(self) -> dict[str, Any]:
        """The constructor's arguments, as JSON can hold them."""
        return {name: getattr(self, name) for name in self.arguments}

    def output_shape(self, input_shape: tuple[int, ...]) -> tuple[int, ...]:
        """The shape that comes out for `input_shape`, both without the batch dimension.

        Raises:
            ShapeError: if the module cannot take that shape.
        """
        if self.keeps_shape:
            return tuple(input_shape)
        return probed_shape(self, tuple(input_shape))

    def extra_repr(self) -> str:
        """What `repr` shows between the parentheses."""
        return ", ".join(f"{name}={getattr(self, name)!r}" for name in self.arguments)

    def __repr__(self) -> str:
        lines = self.extra_repr().splitlines()
        children = [f"({name}): " + repr(module).replace("\n", "\n  ") for name, module in self._modules.items()]
        if not children and len(lines) <= 1:
            return f"{type(self).__name__}({''.join(lines)})"
        return f"{type(self).__name__}(\n  " + "\n  ".join(lines + children) + "\n)"


_TREES = ("_parameters", "_buffers", "_modules")
_REGISTRIES = frozenset((*_TREES, "_transient"))


def _joined(prefix: str, name: str) -> str:
    return f"{prefix}.{name}" if prefix else name
