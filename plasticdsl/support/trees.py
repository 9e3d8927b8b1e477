"""Linear systems on the tree of a neuron's segments, solved in as many operations as it has points (Hines 1984, Int. J. Biomed. Comput. 15:69).

In a population of `neurons` neurons of one shape, point p of neuron c is at p · neurons + c, and segment s of it is unit s · neurons + c. A point has its
parent before it; one at which sections meet has no segment (−1).

The text of `solve_tree` goes into generated modules, which compile it.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike

from plasticdsl.support.arrays import Floats


def solve_tree(
    neurons: int,
    points: int,
    parents: np.ndarray[tuple[int], np.dtype[np.int64]],
    segments: np.ndarray[tuple[int], np.dtype[np.int64]],
    passing: np.ndarray[tuple[int], np.dtype[np.float64]],
    weights: np.ndarray[tuple[int], np.dtype[np.float64]],
    diagonal: np.ndarray[tuple[int], np.dtype[np.float64]],
    right: np.ndarray[tuple[int], np.dtype[np.float64]],
    pivots: np.ndarray[tuple[int], np.dtype[np.float64]],
    sums: np.ndarray[tuple[int], np.dtype[np.float64]],
    found: np.ndarray[tuple[int], np.dtype[np.float64]],
) -> None:
    """`found`: x of each unit, where diagonal x_u = right + weight Σ_v passing_uv (x_v − x_u) over the neighbours v of u; `passing` of a point is that to
    its parent. Where sections meet it is 0 = Σ_v passing_uv (x_v − x_u). `pivots` and `sums`: as long as there are points, to work with."""
    for point in range(points):
        segment = segments[point]
        for neuron in range(neurons):
            here = point * neurons + neuron
            pivots[here] = diagonal[segment * neurons + neuron] if segment >= 0 else 0.0
            sums[here] = right[segment * neurons + neuron] if segment >= 0 else 0.0
            if point > 0:
                parent = parents[point]
                above = segments[parent]
                own = weights[segment * neurons + neuron] if segment >= 0 else 1.0
                others = weights[above * neurons + neuron] if above >= 0 else 1.0
                pivots[here] += own * passing[here]
                pivots[parent * neurons + neuron] += others * passing[here]
    for back in range(1, points):
        point = points - back
        segment = segments[point]
        parent = parents[point]
        above = segments[parent]
        for neuron in range(neurons):
            here = point * neurons + neuron
            there = parent * neurons + neuron
            own = weights[segment * neurons + neuron] if segment >= 0 else 1.0
            others = weights[above * neurons + neuron] if above >= 0 else 1.0
            factor = others * passing[here] / pivots[here]
            pivots[there] -= factor * own * passing[here]
            sums[there] += factor * sums[here]
    for point in range(points):
        segment = segments[point]
        for neuron in range(neurons):
            here = point * neurons + neuron
            if point > 0:
                own = weights[segment * neurons + neuron] if segment >= 0 else 1.0
                sums[here] += own * passing[here] * sums[parents[point] * neurons + neuron]
            sums[here] = sums[here] / pivots[here]
            if segment >= 0:
                found[segment * neurons + neuron] = sums[here]


def passings(ways: Sequence[Sequence[int]], halves: ArrayLike, resistivity: ArrayLike, units: int, segments: int) -> Floats:
    """How much passes between each point and its parent: one over the sum of `halves` times `resistivity` of the segments of which a half lies between
    them, `ways`. Of the first, which has no parent, 0. Shape (points · neurons,)."""
    each = np.broadcast_to(np.asarray(halves, dtype=np.float64) * np.asarray(resistivity, dtype=np.float64), (units,))
    resistances = each.reshape(segments, units // segments)
    rows = [1.0 / resistances[list(way)].sum(axis=0) if way else np.zeros(units // segments) for way in ways]
    return np.concatenate(rows)


def product(one: int, other: int) -> int:
    """How many they are together."""
    return int(one) * int(other)


def quotient(total: int, parts: int) -> int:
    """How many times the parts are in the total."""
    return int(total) // int(parts)
