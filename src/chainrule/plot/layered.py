"""A layered layout of a directed graph, from left to right.

The steps are Sugiyama's (K. Sugiyama, S. Tagawa & M. Toda, "Methods for visual understanding of hierarchical system
structures", IEEE Transactions on Systems, Man, and Cybernetics 11, 1981): layers by the longest path, long edges
through points in every layer between, orders by the mean place of the neighbours, then heights.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass

__all__ = ["Layout", "layered"]

_SWEEPS = 12
# Room between two boxes of a column is 1; a line that passes needs less.
_PASSING = 0.55


@dataclass(frozen=True)
class Layout:
    """Where everything stands; a column is 1 wide, a row 1 high, y grows downward.

    Attributes:
        places: ``(x, y)`` of each node, x and y from 0 on.
        routes: for each edge the points that it passes, from its source to its target.
        columns: number of columns.
        height: largest y.
    """

    places: list[tuple[float, float]]
    routes: list[list[tuple[float, float]]]
    columns: int
    height: float


def layered(count: int, edges: Sequence[tuple[int, int]]) -> Layout:
    """Place nodes 0 … count - 1 so that every edge leads to the right.

    Args:
        count: number of nodes.
        edges: ``(source, target)`` with source < target.
    """
    depth = _depths(count, edges)
    chains = []
    for source, target in edges:
        between = range(len(depth), len(depth) + depth[target] - depth[source] - 1)
        depth += [depth[source] + 1 + i for i in range(len(between))]
        chains.append([source, *between, target])
    links = [pair for chain in chains for pair in itertools.pairwise(chain)]
    columns = _ordered(depth, links)
    heights = _heights(columns, links, count)
    at = [(float(d), heights[node]) for node, d in enumerate(depth)]
    return Layout(at[:count], [[at[node] for node in chain] for chain in chains], len(columns), max(heights))


def _depths(count: int, edges: Sequence[tuple[int, int]]) -> list[int]:
    depth = [0] * count
    for source, target in sorted(edges, key=lambda edge: edge[1]):
        depth[target] = max(depth[target], depth[source] + 1)
    inner = {target for _, target in edges}
    for node in range(count):
        users = [depth[target] for source, target in edges if source == node]
        if node not in inner and users:  # a leaf stands beside the first operation that uses it
            depth[node] = min(users) - 1
    return depth


def _ordered(depth: list[int], links: list[tuple[int, int]]) -> list[list[int]]:
    columns: list[list[int]] = [[] for _ in range(max(depth) + 1)]
    for node, d in enumerate(depth):
        columns[d].append(node)
    before = _neighbours(len(depth), [(b, a) for a, b in links])
    after = _neighbours(len(depth), links)
    best, fewest = [list(column) for column in columns], _crossings(columns, links)
    for sweep in range(_SWEEPS):
        forward = sweep % 2 == 0
        order = range(1, len(columns)) if forward else range(len(columns) - 2, -1, -1)
        for d in order:
            fixed = {node: i for i, node in enumerate(columns[d - 1 if forward else d + 1])}
            columns[d] = _by_mean(columns[d], before if forward else after, fixed)
        crossings = _crossings(columns, links)
        if crossings < fewest:
            best, fewest = [list(column) for column in columns], crossings
    return best


def _neighbours(count: int, links: list[tuple[int, int]]) -> list[list[int]]:
    found: list[list[int]] = [[] for _ in range(count)]
    for a, b in links:
        found[a].append(b)
    return found


def _by_mean(column: list[int], neighbours: list[list[int]], fixed: dict[int, int]) -> list[int]:
    means = {}
    for i, node in enumerate(column):
        near = [fixed[other] for other in neighbours[node]]
        means[node] = sum(near) / len(near) if near else float(i)
    return sorted(column, key=means.__getitem__)


def _crossings(columns: list[list[int]], links: list[tuple[int, int]]) -> int:
    place = {node: i for column in columns for i, node in enumerate(column)}
    depth = {node: d for d, column in enumerate(columns) for node in column}
    count = 0
    for d in range(len(columns)):
        ends = sorted((place[a], place[b]) for a, b in links if depth[a] == d)
        count += sum(one[1] > other[1] for i, one in enumerate(ends) for other in ends[i + 1 :])
    return count


def _heights(columns: list[list[int]], links: list[tuple[int, int]], count: int) -> list[float]:
    around = _neighbours(sum(map(len, columns)), [*links, *((b, a) for a, b in links)])
    heights = [0.0] * len(around)
    for column in columns:
        _stack(column, heights, count, [float(i) - len(column) / 2 for i in range(len(column))])
    for _ in range(2 * _SWEEPS):
        for column in columns:
            wanted = [
                sum(heights[other] for other in around[node]) / len(around[node]) if around[node] else heights[node]
                for node in column
            ]
            _stack(column, heights, count, wanted)
    top = min(heights)
    return [height - top for height in heights]


def _stack(column: list[int], heights: list[float], count: int, wanted: list[float]) -> None:
    """Give a column's nodes the wanted heights as far as the room between them allows."""
    last = None
    for node, want in zip(column, wanted, strict=True):
        room = 0.0 if last is None else 1.0 if node < count and last < count else _PASSING
        heights[node] = want if last is None else max(want, heights[last] + room)
        last = node
    shift = sum(want - heights[node] for node, want in zip(column, wanted, strict=True)) / len(column)
    for node in column:
        heights[node] += shift
