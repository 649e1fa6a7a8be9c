"""No elements have no largest one."""

from __future__ import annotations

import pytest

import chainrule as cr
from chainrule.errors import ShapeError


@pytest.mark.parametrize("name", ["argmax", "argmin", "max", "min", "amax", "amin"])
def test_of_nothing(name: str) -> None:
    empty = cr.zeros(0, 3)
    with pytest.raises(ShapeError, match=r"no elements|max|min"):
        getattr(empty, name)()
    with pytest.raises(ShapeError, match=r"no elements|max|min"):
        getattr(empty, name)(dim=0)
    assert getattr(cr.zeros(()), name)().item() == 0
    assert empty.argmax(dim=1).shape == (0,)
