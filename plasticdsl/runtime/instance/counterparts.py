"""The connections of two projections between the same two units.

Comes in: two projections with their connections, at most one between two units. Goes out: for each connection of one the number of the other's.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from plasticdsl.runtime.instance.instance import ProjectionInstance
from plasticdsl.support import pairs


def counterparts(reader: ProjectionInstance, other: ProjectionInstance, transposed: bool) -> NDArray[np.int32]:
    """int32[connections of the reader]. Raises `ValueError` naming the first connection that has no counterpart."""
    wanted = (reader.targets, reader.sources()) if transposed else (reader.sources(), reader.targets)
    try:
        return pairs.counterparts(*wanted, other.sources(), other.targets)
    except pairs.Unmatched as problem:
        raise ValueError(_missing(reader, other, transposed, problem.args[0])) from None


def _missing(reader: ProjectionInstance, other: ProjectionInstance, transposed: bool, connection: int) -> str:
    pre, post = int(reader.sources()[connection]) + 1, int(reader.targets[connection]) + 1
    first, second = (post, pre) if transposed else (pre, post)
    return (
        f"{reader.name} reads {other.name} at each of its connections, but where it connects unit {pre} of {reader.pre} to unit {post} of "
        f"{reader.post}, {other.name} does not connect unit {first} of {other.pre} to unit {second} of {other.post}"
    )
