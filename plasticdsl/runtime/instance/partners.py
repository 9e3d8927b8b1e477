"""The connections between the same two units: of one projection in both directions, w_ij = w_ji, or of two projections.

Comes in: projections with their connections, and values as they were drawn, computed or given. Goes out: the same values in both directions; for each
connection of one projection the number of the other's.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from plasticdsl.model import Distribution, Projection
from plasticdsl.runtime.instance.instance import ProjectionInstance, Values
from plasticdsl.runtime.instance.resolver import fail
from plasticdsl.runtime.instance.settings import Given
from plasticdsl.support import pairs
from plasticdsl.support.arrays import Units
from plasticdsl.support.pairs import mirror, mirrored, opposite, unlike


def alike(projection: Projection, made: ProjectionInstance, name: str, side: Given | None, values: Values) -> Values:
    """The values of a symmetric variable, or of a parameter that its changes read. What is drawn counts for i < j and holds for j < i as well; any
    other value must be the same for both. Raises `PlasError` (`not-symmetric`)."""
    if name not in (*projection.symmetric, *projection.alike) or np.ndim(values) == 0 or not made.count:
        return values
    array = np.asarray(values)
    if isinstance(side, Distribution) and name in projection.symmetric:
        mirror(array, made.sources(), made.targets)  # nobody else has what was drawn
        return array
    _require_alike(projection, made, (name, name), array, array[opposite(made.targets)])
    return mirrored(array, made.sources(), made.targets)


def require_partners(projection: Projection, made: ProjectionInstance) -> None:
    """States that changes of symmetric variables read begin as their partners do in the other direction. Raises `PlasError` (`not-symmetric`)."""
    if not (made.count and projection.partners):
        return
    turned = opposite(made.targets)
    for name, partner in projection.partners:
        _require_alike(projection, made, (name, partner), made.states[name], made.states[partner][turned])


def _require_alike(
    projection: Projection,
    made: ProjectionInstance,
    names: tuple[str, str],
    values: NDArray[np.float64],
    opposite_values: NDArray[np.float64],
) -> None:
    wrong = unlike(values, opposite_values)
    if not wrong.size:
        return
    k = wrong[0]
    i, j = int(made.targets[k]) + 1, int(made.sources()[k]) + 1
    variables = {v.name: v for v in projection.connection.variables}
    variable, partner, said = (variables[n] for n in (*names, projection.symmetric[0]))
    one, two = (f"{v / variable.scale:g} {variable.unit}".strip() for v in (values[k], opposite_values[k]))
    there = "" if variable is partner else f"‘{partner.symbol}’ is "
    message = (
        f"‘{projection.symbol}.{variable.symbol}’ is {one} from {j} to {i} and {there}{two} from {i} to {j}, "
        f"so that ‘{said.symbol}_ij = {said.symbol}_ji’ cannot hold."
    )
    hint = "Give both directions the same." if names in projection.partners else "Give a value that is the same for both, or draw it."
    fail("not-symmetric", message, projection.span, hint)


def counterparts(reader: ProjectionInstance, other: ProjectionInstance, transposed: bool) -> NDArray[np.int32]:
    """int32[connections of the reader]. Raises `ValueError` naming the first connection that has no counterpart."""
    ends: tuple[Units, Units] = reader.sources(), reader.targets
    try:
        return pairs.counterparts(*(ends[::-1] if transposed else ends), other.sources(), other.targets)
    except pairs.Unmatched as problem:
        pre, post = (int(units[problem.args[0]]) + 1 for units in (reader.sources(), reader.targets))
        first, second = (post, pre) if transposed else (pre, post)
        raise ValueError(
            f"{reader.name} reads {other.name} at each of its connections, but where it connects unit {pre} of {reader.pre} to unit {post} of "
            f"{reader.post}, {other.name} does not connect unit {first} of {other.pre} to unit {second} of {other.post}"
        ) from None
