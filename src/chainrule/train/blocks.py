"""How many steps an engine runs before the training loop has its turn again."""

from __future__ import annotations

__all__ = ["first_block", "joined_epochs", "next_block"]

_BLOCK_SECONDS = 0.05  # so that Ctrl-C is answered, and the bar moves, about this often
_LARGEST_BLOCK = 16_384
_LARGEST_INDEX = 1 << 22  # row numbers held at once when short epochs are joined into one block
_FIRST_SECONDS = 0.01
_STEP_SECONDS, _FLOPS = 1e-4, 2e9  # of the eager engine, the slowest


def first_block(parameters: int, rows: int) -> int:
    """How many steps the first block may have, of which it is not known yet how long they take.

    Args:
        parameters: of the model; a step does six operations with each for each row.
        rows: of a step.
    """
    return max(1, int(_FIRST_SECONDS / (_STEP_SECONDS + 6 * parameters * rows / _FLOPS)))


def next_block(block: int, steps: int, seconds: float) -> int:
    """How many steps the next block may have.

    Args:
        block: how many the last one might have had.
        steps: how many it had.
        seconds: how long they took.
    """
    wanted = int(steps * _BLOCK_SECONDS / max(seconds, 1e-6))
    return max(1, min(wanted, block * 4, _LARGEST_BLOCK))


def joined_epochs(block: int, steps: int, rows: int, left: int) -> int:
    """How many epochs may run as one block.

    Args:
        block: how many steps it may have.
        steps: of an epoch.
        rows: row numbers that an epoch takes.
        left: epochs still to run.
    """
    return max(1, min(block // steps, _LARGEST_INDEX // rows, left))
