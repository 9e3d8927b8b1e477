"""The connections of two projections between the same two units.

Comes in: two projections with their connections, at most one between two units. Goes out: for each connection of one the number of the other's.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from plasticdsl.runtime.instance.instance import ProjectionInstance


def counterparts(reader: ProjectionInstance, other: ProjectionInstance, transposed: bool) -> NDArray[np.int32]:
    """int32[connections of the reader]. Raises `ValueError` naming the first connection that has no counterpart."""
    known, wanted = _keys(other, False), _keys(reader, transposed)
    if not len(known) and len(wanted):
        raise ValueError(_missing(reader, other, transposed, 0))
    places = np.minimum(np.searchsorted(known, wanted), max(0, len(known) - 1))
    lacking = np.flatnonzero(known[places] != wanted) if len(wanted) else places
    if len(lacking):
        raise ValueError(_missing(reader, other, transposed, int(lacking[0])))
    return places.astype(np.int32)


def _keys(projection: ProjectionInstance, swapped: bool) -> NDArray[np.int64]:
    """One number for each pair of units, ascending for connections in their order unless `swapped`."""
    pre, post = projection.sources().astype(np.int64), projection.targets.astype(np.int64)
    first, second = (post, pre) if swapped else (pre, post)
    return (first << 32) | second


def _missing(reader: ProjectionInstance, other: ProjectionInstance, transposed: bool, connection: int) -> str:
    pre, post = int(reader.sources()[connection]) + 1, int(reader.targets[connection]) + 1
    first, second = (post, pre) if transposed else (pre, post)
    return (
        f"{reader.name} reads {other.name} at each of its connections, but where it connects unit {pre} of {reader.pre} to unit {post} of "
        f"{reader.post}, {other.name} does not connect unit {first} of {other.pre} to unit {second} of {other.post}"
    )
