"""Linear systems on the tree of a neuron's segments, solved in as many operations as it has points (Hines 1984, Int. J. Biomed. Comput. 15:69).

In a population of `neurons` neurons of one shape, point p of neuron c is at p · neurons + c, and segment s of it is unit s · neurons + c. A point has its
parent before it; one at which sections meet has no segment (−1).

The text of `solve_tree` goes into generated modules, which compile it.
"""

from __future__ import annotations

import numpy as np


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
