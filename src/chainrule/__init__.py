"""Glass-box multilayer perceptrons: train one in milliseconds, then open it."""

__version__ = "0.1.0"
