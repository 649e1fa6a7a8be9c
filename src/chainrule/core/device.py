"""`Device`: where tensors live, named as PyTorch programs name it; there is the CPU and nothing else."""

from __future__ import annotations

from typing import Any

from chainrule.errors import ConfigError, EngineError, UnknownNameError

__all__ = ["CPU", "Device", "require_cpu"]

_KINDS = ("cpu", "cuda", "mps", "xpu", "xla", "gpu", "tpu", "meta")


class Device(str):
    """The name of a device, such as ``cpu`` or ``cuda:0``; equal to the same name as a text.

    Any may be named, so that ``device("cuda" if cuda.is_available() else "cpu")`` works; only the CPU can be used.

    Args:
        type: ``"cpu"``, ``"cuda"``, ``"cuda:1"``, …; a number stands for that CUDA device.
        index: which one of several.

    Raises:
        UnknownNameError: for a kind of device that does not exist.
        ConfigError: if the index is not a whole number, or given twice.
    """

    __slots__ = ("index", "type")

    type: str
    index: int | None  # type: ignore[assignment] # PyTorch's name, which str has for a method

    def __new__(cls, type: Any = "cpu", index: int | None = None) -> Device:
        if isinstance(type, int) and not isinstance(type, bool):
            type, index = "cuda", type
        kind, colon, number = str(type).partition(":")
        if kind not in _KINDS:
            raise UnknownNameError("device", str(type), _KINDS)
        if colon:
            if index is not None or not number.isdecimal():
                raise ConfigError("bad device", expected="a name such as 'cpu' or 'cuda:0'", got=repr(str(type)))
            index = int(number)
        self = super().__new__(cls, kind if index is None else f"{kind}:{index}")
        self.type, self.index = kind, index
        return self

    def __getnewargs__(self) -> tuple[Any, ...]:
        return (str(self),)

    def __repr__(self) -> str:
        shown = f"type={self.type!r}" if self.index is None else f"type={self.type!r}, index={self.index}"
        return f"device({shown})"


CPU = Device("cpu")


def require_cpu(device: Any) -> None:
    """Raise unless `device` is None or names the CPU.

    Raises:
        EngineError: for any other device.
        UnknownNameError: for a kind of device that does not exist.
    """
    if device is not None and Device(device).type != "cpu":
        raise EngineError("tensors live on the CPU", got=str(Device(device)), fix='Use device="cpu"')
