"""``torch.cuda`` of a machine without a GPU, which programs ask before they choose a device."""

from __future__ import annotations

from typing import Any

__all__ = ["device_count", "empty_cache", "is_available", "manual_seed", "manual_seed_all"]


def is_available() -> bool:
    return False


def device_count() -> int:
    return 0


def manual_seed(seed: Any) -> None:
    """Do nothing: there is no GPU whose random numbers could be seeded."""


manual_seed_all = manual_seed


def empty_cache() -> None:
    """Do nothing: there is no GPU."""
