"""Connections between the same two units: of one projection in both directions, or of two projections.

Comes in: pre and post unit of each connection. Goes out: numbers of connections, and values that are alike in both directions.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from plasticdsl.support.arrays import CACHED, Floats, Integers, Values
from plasticdsl.support.structure import sorting

#: Formulas of both directions may differ by rounding.
ALIKE = 1e-9


class Unmatched(ValueError):
    """A connection has no counterpart; the argument is its number."""


def one_key(first: NDArray[Any], second: NDArray[Any]) -> Integers:
    """One number for each pair of units, in the order of the first, then the second."""
    return np.asarray(first, dtype=np.int64) << 32 | np.asarray(second, dtype=np.int64)


def counterparts(pre: NDArray[Any], post: NDArray[Any], other_pre: NDArray[Any], other_post: NDArray[Any]) -> NDArray[np.int32]:
    """For each connection from `pre` to `post` the number of the other one between the same units; the others are sorted by pre, then post. Raises
    `Unmatched` for the first that has none."""
    wanted, known = one_key(pre, post), one_key(other_pre, other_post)
    places = np.searchsorted(known, wanted)
    lacking = np.flatnonzero(known[np.minimum(places, len(known) - 1)] != wanted) if len(known) else np.arange(len(wanted))
    if len(lacking):
        raise Unmatched(int(lacking[0]))
    return places.astype(np.int32)


def opposite(post: NDArray[Any]) -> NDArray[np.int32]:
    """For each connection of a population with itself the number of the one in the other direction; all of them exist. They are sorted by pre, then
    post; those in the other direction come in the same order when sorted by post, then pre."""
    return sorting(post)


def unlike(values: NDArray[Any], others: NDArray[Any]) -> Integers:
    """Where values that should be alike are not, whatever their rounding."""
    return np.flatnonzero(~np.isclose(values, others, rtol=ALIKE, atol=0.0, equal_nan=True))


def mirrored(values: Values, pre: NDArray[Any], post: NDArray[Any]) -> Values:
    """The values of connections of which each has one in the other direction: that with post ≤ pre counts for both."""
    if np.ndim(values) == 0 or not len(pre):
        return values
    found = np.array(values)
    mirror(found, pre, post)
    return found


def mirror(values: Floats, pre: NDArray[Any], post: NDArray[Any]) -> None:
    """The same in the array of the values. Those with post < pre, sorted by post, then pre, come in the order of those with post > pre."""
    counting = post < pre
    order, counting_values = sorting(post[counting]), values[counting]
    used = 0
    for begin in range(0, len(values), CACHED):
        part = slice(begin, begin + CACHED)
        others = post[part] > pre[part]
        first, used = used, used + int(np.count_nonzero(others))
        values[part][others] = counting_values[order[first:used]]


def symmetric(name: str, values: Values, pre: NDArray[Any], post: NDArray[Any], drawn: bool) -> Values:
    """The same of the values called so; where nothing was drawn they must be alike. Raises ValueError where they are not."""
    if not drawn:
        require_partners(name, values, values, pre, post)
    return mirrored(values, pre, post)


def require_partners(name: str, values: Values, others: Values, pre: NDArray[Any], post: NDArray[Any]) -> None:
    """Raises ValueError where values are not those that others have in the other direction."""
    if len(pre) and unlike(np.broadcast_to(values, pre.shape), np.broadcast_to(others, pre.shape)[opposite(post)]).size:
        raise ValueError(f"{name} must be the same in both directions")
