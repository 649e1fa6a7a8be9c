"""One library from a cold start to its first trained network: ``cold.py CONTENDER LETTER``, to be timed from outside.

It imports what such a program would import, and nothing of what measures it.
"""

from __future__ import annotations

import importlib
import sys

from networks import TASKS

name, letter, *options = sys.argv[1:]
model = importlib.import_module(f"rivals.{name}").Model(TASKS[letter]("--smoke" in options))
model.reset(0)
model.train()
