"""Connections of one of several processes, made without those of the others.

Comes in: how a projection is connected, and which process this is. Goes out: the connections that lead to its units, and which numbers they have among
all. All are drawn, a few thousand at a time, since a draw depends on those before it; kept are its own, and values are drawn for these alone. What cannot
be made in parts is made whole, and cut (`whole`): where connections are listed, go both ways, or hang on those of another projection.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from plasticdsl.model import Distribution, Projection
from plasticdsl.model.expr import Expr, refs
from plasticdsl.model.mapping import expressions
from plasticdsl.model.owners import OfData
from plasticdsl.runtime.instance.instance import Places, ProjectionInstance
from plasticdsl.support.arrays import CACHED, Floats, Integers, Values
from plasticdsl.support.connections import Connections
from plasticdsl.support.connectivity import Pattern, Pieces, collected, pieces
from plasticdsl.support.distributions import KINDS, draw, require_allowed
from plasticdsl.support.random import BulkUniforms
from plasticdsl.support.structure import sources_of

#: Blocks begin at multiples of this: random words are made so many at a time, and what several processors work on lies in other lines of the cache.
MULTIPLE = 16
LEAST_MULTIPLE = 4


@dataclass(frozen=True, slots=True)
class Division:
    """Which of so many processes this is, from 0."""

    rank: int
    size: int

    def own(self, units: int) -> tuple[int, int]:
        """Where its units begin, of so many, and where they end."""
        found = begins(units, self.size)
        return int(found[self.rank]), int(found[self.rank + 1])


def begins(units: int, size: int) -> Integers:
    """The first unit of each process, and how many units there are: int64[size + 1]. Processes may have none."""
    multiple = MULTIPLE if units >= 4 * MULTIPLE * size else LEAST_MULTIPLE
    found = units * np.arange(size + 1, dtype=np.int64) // size // multiple * multiple
    found[-1] = units
    return found


def is_made_in_parts(projection: Projection, pattern: Pattern, sides: Iterable[object]) -> bool:
    """Whether connections, and what is drawn for each, do not hang on those that lead to other units. `sides`: what values are given by."""
    if pattern.kind not in ("all", "where", "probability", "one") or pattern.mirrored or pattern.growing:
        return False
    whole = (pattern.pre is pattern.post is None) and not (projection.symmetric or projection.changing)
    return whole and all(_is_drawn_alone(side) for side in (*sides, projection.delays.axonal, projection.delays.dendritic))


def _is_drawn_alone(side: object) -> bool:
    if isinstance(side, Distribution) and (len(side.arguments) != len(KINDS[side.name].arguments) or not KINDS[side.name].uniforms):
        return False
    if not isinstance(side, Expr | Distribution):
        return np.ndim(side) == 0  # type: ignore[arg-type]
    return not any(isinstance(ref.owner, OfData) for expr in expressions(side) for ref in refs(expr))


def connected_in_part(pattern: Pattern, barred: bool, seed: int, stream: int, own: tuple[int, int]) -> tuple[Connections, Places]:
    """The connections to post units from `own[0]` up to `own[1]`."""
    shifts, total, own_total = np.zeros(pattern.n_pre, dtype=np.int64), 0, 0

    def some() -> Iterator[tuple[Integers, Integers]]:
        nonlocal total, own_total
        for pre, post in pieces(pattern, barred, seed, stream):
            kept = np.flatnonzero((post >= own[0]) & (post < own[1]))
            shifts[pre[kept]] = kept + (total - own_total) - np.arange(len(kept))  # the same for all of a pre unit
            total, own_total = total + len(post), own_total + len(kept)
            yield pre[kept], post[kept]

    blocks: Pieces = some()
    found = collected(blocks, pattern, 0)
    return found, Places(shifts, total)


def draw_in_part(name: str, arguments: list[Values], numbers: Integers, total: int, seed: int, stream: int) -> Floats:
    """What `support.distributions.draw` gives connections with these numbers, of so many in all. Each argument is a number, or has a value for each of
    them. Raises as it does."""
    kind = KINDS[name]
    if len(arguments) != len(kind.arguments) or not kind.uniforms:
        if any(np.ndim(a) for a in arguments):
            raise ValueError("several processes draw such values with the same arguments for all connections alone")
        return draw(name, arguments, total, seed, stream)[numbers]
    require_allowed(name, arguments)
    result, sequence = np.empty(len(numbers)), BulkUniforms(seed, stream)
    for begin in range(0, total, CACHED):
        end = min(begin + CACHED, total)
        uniforms = sequence.uniforms(kind.uniforms * (end - begin)).reshape(-1, kind.uniforms)
        part = slice(*np.searchsorted(numbers, (begin, end)).tolist())
        here = uniforms[numbers[part] - begin]
        result[part] = kind.value(*here.T, *(a[part] if isinstance(a, np.ndarray) and a.ndim else a for a in arguments))
    return result


def cut(projection: ProjectionInstance, own: tuple[int, int]) -> ProjectionInstance:
    """A projection with the connections to post units from `own[0]` up to `own[1]` alone; one that has no others as it is."""
    if projection.places is not None:
        return projection
    numbers = np.flatnonzero((projection.targets >= own[0]) & (projection.targets < own[1]))

    rows = np.searchsorted(numbers, projection.rows).astype(np.int64)
    shifts = np.zeros(len(rows) - 1, dtype=np.int64)
    shifts[sources_of(rows)] = numbers - np.arange(len(numbers))

    def taken(values: Values) -> Values:
        return values if np.ndim(values) == 0 else np.asarray(values)[numbers]

    def of_states(values: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.broadcast_to(values[:1] if len(values) else np.zeros(1), numbers.shape) if values.strides == (0,) else values[numbers]

    return replace(
        projection,
        rows=rows,
        targets=projection.targets[numbers],
        parameters={name: taken(v) for name, v in projection.parameters.items()},
        states={name: of_states(v) for name, v in projection.states.items()},
        axonal=projection.axonal if isinstance(projection.axonal, int) else projection.axonal[numbers],
        dendritic=projection.dendritic if isinstance(projection.dendritic, int) else projection.dendritic[numbers],
        order=None,
        places=Places(shifts, projection.count),
    )
