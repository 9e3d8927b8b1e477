"""`Σ_ij w_ij x_i x_j`: sums over units, and over the connections that exist.

Comes in: a `SumOver`, the sizes of populations and the connections of projections, and functions that compute body and condition for given unit
numbers. Goes out: the sum.

Where the body holds a variable of a projection at two of the letters summed over, these two run over the connections of that projection
together, each connection once; every other letter runs over its population. Any further variable of a projection is looked up, and the
terms for which that connection does not exist are left out. Sums too large for memory are done in blocks.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from plasticdsl.model.expr import At, Expr, Ref, SumOver, children
from plasticdsl.model.owners import OfProjection, Part, owner_text
from plasticdsl.support.arrays import Integers

Indices = Mapping[str, Integers]
Compute = Callable[[Expr, Indices], NDArray[Any]]

_BLOCK = 1 << 21  # terms computed at a time


class Space(Protocol):
    """What sums run over."""

    def size(self, population: str) -> int:
        """The number of units of a population (or of patterns of a data set)."""

    def connections(self, projection: str) -> tuple[Integers, Integers] | None:
        """Post and pre unit (from 0) of each connection, sorted by pre unit, then post unit; None for anything but a projection."""

    def sizes(self, projection: str) -> tuple[int, int]:
        """How many units there are on the post and on the pre side of a projection."""

    def there(self, projection: str) -> NDArray[np.bool_] | None:
        """Which of these connections are present now; None where they do not come and go."""

    def numbers(self, array: Ref, owner: Part) -> float | NDArray[np.float64]:
        """The numbers of an array of a file for the units of a population or the connections of a projection."""


def element(ref: Ref, indices: Sequence[str], values: NDArray[np.float64], bound: Indices, space: Space | None) -> NDArray[np.float64]:
    """`values` (all of variable `ref`) at these index letters; NaN where a connection does not exist.

    Raises ValueError where the number of letters does not fit the variable.
    """
    if values.ndim == 0:
        return values
    led = bound.get(_led(ref, indices))
    if led is not None:
        return np.asarray(values[led])
    at = [_numbers_of(letter, bound) for letter in indices]
    ends = _ends(ref, space) if space is not None else None
    if ends is not None and len(at) == 2:
        place, exists = _find(at[0], at[1], ends)
        return np.where(exists, values[place], np.nan) if len(values) else np.full(place.shape, np.nan)
    if len(at) != values.ndim:
        raise ValueError(f"{ref.path} has {values.ndim} indices, not {len(at)} ({', '.join(indices)})")
    if any(np.size(n) and int(np.max(n)) >= size for n, size in zip(at, values.shape, strict=True)):
        raise ValueError(f"there is no ‘{ref.name}_{','.join(indices)}’: ‘{ref.name}’ has only {' × '.join(map(str, values.shape))} values")
    return np.asarray(values[tuple(at)])


def _ends(ref: Ref, space: Space) -> tuple[Integers, Integers] | None:
    """The connections that a variable is one value for each of."""
    return space.connections(ref.owner.name) if isinstance(ref.owner, OfProjection) else None


def _there(ref: Ref, space: Space) -> NDArray[np.bool_] | None:
    """Which of them are present."""
    return space.there(ref.owner.name) if isinstance(ref.owner, OfProjection) else None


def _led(ref: Ref, indices: Sequence[str]) -> str:
    """The key, beside the index letters, for connection numbers where a projection's connections are gone through one by one."""
    return f"{','.join(indices)}@{owner_text(ref.owner)}"


def _numbers_of(letter: str, bound: Indices) -> Integers:
    return bound[letter] if letter in bound else np.asarray(int(letter) - 1)


def _find(post: Integers, pre: Integers, ends: tuple[Integers, Integers]) -> tuple[Integers, NDArray[np.bool_]]:
    """The number of the connection pre → post (the first if there are several), and whether there is one."""
    posts, pres = ends
    if not len(posts):
        nothing = np.zeros(np.broadcast_shapes(np.shape(post), np.shape(pre)), dtype=np.int64)
        return nothing, nothing.astype(np.bool_)
    width = int(max(posts.max(), np.max(post, initial=0))) + 1
    keys = pres.astype(np.int64) * width + posts
    wanted = np.asarray(pre, dtype=np.int64) * width + post
    place = np.minimum(np.searchsorted(keys, wanted), len(keys) - 1)
    return place, keys[place] == wanted


def sum_over(node: SumOver, space: Space, bound: Indices, value: Compute, condition: Compute) -> NDArray[np.float64]:
    """The sum of `node`, one for each element of the outer indices `bound` (a 0-dimensional array where there are none)."""
    lead, axes = _axes(node, space)
    outer = max((b.ndim for b in bound.values()), default=0)
    shape = np.broadcast_shapes(*(b.shape for b in bound.values()))
    total = np.zeros(shape)
    for block in _blocks(axes, int(np.prod(shape, dtype=np.int64))):
        inner = _spread(bound, block, outer)
        whole = shape + tuple(len(next(iter(axis.values()))) for axis in block)
        terms = np.broadcast_to(value(node.body, inner), whole)
        keep = np.broadcast_to(_exists(node, space, inner, lead), whole)
        if node.where is not None:
            keep = keep & condition(node.where, inner)
        total = total + np.sum(terms, axis=tuple(range(outer, len(whole))), where=keep)
    return np.asarray(total)


def _axes(node: SumOver, space: Space) -> tuple[At | None, list[dict[str, Integers]]]:
    """What the letters run over, one entry per independent axis, and the variable whose connections lead two of them."""
    found = _connections_in(node.body, space)
    leading = next((f for f in found if len(set(f[0].indices)) == 2 and set(f[0].indices) <= set(node.indices)), None)
    single = {letter: np.arange(space.size(population)) for letter, population in zip(node.indices, node.sets, strict=True)}
    if leading is None:
        return None, [{letter: numbers} for letter, numbers in single.items()]
    lead, (post, pre) = leading
    there = _there(lead.ref, space)
    numbers = np.arange(len(post)) if there is None else np.flatnonzero(there)
    together = {lead.indices[0]: post[numbers], lead.indices[1]: pre[numbers], _led(lead.ref, lead.indices): numbers}
    return lead, [together, *({letter: numbers} for letter, numbers in single.items() if letter not in lead.indices)]


def _connections_in(expr: Expr, space: Space) -> Iterator[tuple[At, tuple[Integers, Integers]]]:
    """Variables of projections at two indices, but for those in sums further in, and the connections they are one value for each of."""
    if isinstance(expr, At) and len(expr.indices) == 2 and (ends := _ends(expr.ref, space)) is not None:
        yield expr, ends
    if not isinstance(expr, SumOver):
        for child in children(expr):
            yield from _connections_in(child, space)


def _exists(node: SumOver, space: Space, inner: Indices, lead: At | None) -> NDArray[np.bool_]:
    """Where all connections of the body exist."""
    keep = np.asarray(True)
    for at, ends in _connections_in(node.body, space):
        if lead is None or (at.ref.owner, at.indices) != (lead.ref.owner, lead.indices):
            place, exists = _find(_numbers_of(at.indices[0], inner), _numbers_of(at.indices[1], inner), ends)
            there = _there(at.ref, space)
            keep = keep & exists & (True if there is None or not len(there) else there[place])
    return keep


def _blocks(axes: list[dict[str, Integers]], outer: int) -> Iterator[list[dict[str, Integers]]]:
    """The first axis cut into pieces small enough; nothing where an axis is empty."""
    lengths = [len(next(iter(axis.values()))) for axis in axes]
    if not axes or 0 in lengths:
        return
    step = max(1, _BLOCK // max(1, outer * int(np.prod(lengths[1:], dtype=np.int64))))
    for begin in range(0, lengths[0], step):
        yield [{letter: numbers[begin : begin + step] for letter, numbers in axes[0].items()}, *axes[1:]]


def _spread(bound: Indices, block: list[dict[str, Integers]], outer: int) -> dict[str, Integers]:
    """All indices with the outer axes first, then one axis for each entry of `block`."""
    count = len(block)
    new = {letter for axis in block for letter in axis}
    kept = {key: numbers for key, numbers in bound.items() if new.isdisjoint(key.partition("@")[0].split(","))}
    result = {key: numbers.reshape(numbers.shape + (1,) * count) for key, numbers in kept.items()}
    for position, axis in enumerate(block):
        for letter, numbers in axis.items():
            result[letter] = np.asarray(numbers, dtype=np.int64).reshape((1,) * (outer + position) + (-1,) + (1,) * (count - position - 1))
    return result
