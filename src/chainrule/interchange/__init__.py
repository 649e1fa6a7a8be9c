"""Files that models live in: our own, and those of other libraries.  No file is trusted, none is executed.

Everything is imported where it is first used, so that ``import chainrule.interchange`` costs nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from chainrule.lazy import lazily

if TYPE_CHECKING:
    from chainrule.interchange.book import from_book
    from chainrule.interchange.exporting import export
    from chainrule.interchange.keras import from_keras
    from chainrule.interchange.keras_out import save_keras, to_keras
    from chainrule.interchange.onnx import from_onnx
    from chainrule.interchange.onnx_out import save_onnx, to_onnx
    from chainrule.interchange.reading import from_object, read
    from chainrule.interchange.sklearn import from_sklearn
    from chainrule.interchange.torch import from_torch
    from chainrule.interchange.torch_out import to_torch

__all__ = [
    "export", "from_book", "from_keras", "from_object", "from_onnx", "from_sklearn", "from_torch", "read",
    "save_keras", "save_onnx", "to_keras", "to_onnx", "to_torch",
]  # fmt: skip

_HOMES = {
    "export": "exporting",
    "from_book": "book",
    "from_keras": "keras",
    "from_object": "reading",
    "from_onnx": "onnx",
    "from_sklearn": "sklearn",
    "from_torch": "torch",
    "read": "reading",
    "to_keras": "keras_out",
    "save_keras": "keras_out",
    "save_onnx": "onnx_out",
    "to_onnx": "onnx_out",
    "to_torch": "torch_out",
}

__getattr__, __dir__ = lazily(__name__, _HOMES)
