"""What flows along the cables of neurons with sections, with a full matrix over the points of each neuron's tree."""

from __future__ import annotations

import numpy as np

from plasticdsl.model.schemes import Cables
from plasticdsl.runtime.instance.instance import Floats


def on_tree(scheme: Cables, diagonal: Floats, right: Floats, weight: Floats, resistances: Floats) -> Floats:
    """x of each unit u, where diagonal x_u = right + weight Σ_v (x_v − x_u)/r_uv over the neighbours v of u, and r_uv is what the halves of segments
    between two points resist, `resistances` of each unit. Where sections meet it is 0 = Σ_v (x_v − x_u)/r_uv."""
    points, neurons = len(scheme.nodes), right.size // scheme.segments
    found = np.empty_like(right)
    for neuron in range(neurons):
        matrix, vector = np.zeros((points, points)), np.zeros(points)
        unit_of = [node.segment * neurons + neuron if node.segment >= 0 else -1 for node in scheme.nodes]
        for point, node in enumerate(scheme.nodes):
            unit = unit_of[point]
            if unit >= 0:
                matrix[point, point] += diagonal[unit]
                vector[point] = right[unit]
            if node.parent >= 0:
                passing = 1.0 / sum(resistances[segment * neurons + neuron] for segment in node.way)
                for here, there in ((point, node.parent), (node.parent, point)):
                    factor = passing * (weight[unit_of[here]] if unit_of[here] >= 0 else 1.0)
                    matrix[here, here] += factor
                    matrix[here, there] -= factor
        scale = matrix.diagonal()  # points without area have rows of another size altogether, which the choice of pivots must not see
        solution = np.linalg.solve(matrix / scale[:, np.newaxis], vector / scale)
        for point, unit in enumerate(unit_of):
            if unit >= 0:
                found[unit] = solution[point]
    return found
