"""Connections of one of several processes, made without those of the others.

Comes in: how a projection is connected, and which process this is. Goes out: the connections that lead to its units, and which numbers they have among
all. The work is shared: each process draws a part of all connections, whoever they lead to, and hands each to the process that has the unit, in the order
in which one process would have drawn them. Values are drawn for own connections alone. What cannot be made in parts is made whole, and cut (`cut`): where
connections are listed, go both ways, have degrees (a draw that is taken again moves all that follow), or hang on those of another projection.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from plasticdsl.model import Distribution, Projection
from plasticdsl.model.expr import Expr, refs
from plasticdsl.model.mapping import expressions
from plasticdsl.model.owners import OfData
from plasticdsl.runtime.instance.instance import Places, ProjectionInstance
from plasticdsl.support.arrays import CACHED, Floats, Integers, Values, numbers_of_units
from plasticdsl.support.connections import Connections
from plasticdsl.support.connectivity import Pattern, Pieces, collected, pieces
from plasticdsl.support.distributions import KINDS, draw, require_allowed
from plasticdsl.support.drawing_together import share_of_pieces
from plasticdsl.support.random import BulkUniforms
from plasticdsl.support.structure import sources_of

#: Blocks begin at multiples of this: random words are made so many at a time, and what several processors work on lies in other lines of the cache.
MULTIPLE = 16
LEAST_MULTIPLE = 4

#: So many processes are looked for one by one, more are sorted.
FEW = 8


class Others(Protocol):
    """Processes that build a network together. All calls are collective."""

    def gather(self, values: NDArray[Any]) -> list[NDArray[Any]]:
        """The arrays of all, in their order."""

    def swap(self, parts: Sequence[NDArray[Any]]) -> list[NDArray[Any]]:
        """Each part goes to the process of its number; what all have for this one, in their order."""


@dataclass(frozen=True, slots=True)
class Division:
    """Which of so many processes this is, from 0. `others`: those with which it builds."""

    rank: int
    size: int
    others: Others | None = None

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


def connected_in_part(pattern: Pattern, barred: bool, seed: int, stream: int, division: Division) -> tuple[Connections, Places]:
    """The connections to the post units of this process. Raises on all processes what one of them raises."""
    if pattern.kind == "one" or division.others is None:
        return _kept(pieces(pattern, barred, seed, stream), pattern, division.own(pattern.n_post))
    if pattern.kind == "all" and pattern.allowed is None:
        return _every_pair(pattern, barred, division.own(pattern.n_post))
    return _handed_over(pattern, barred, seed, stream, division, division.others)


def _kept(all_: Pieces, pattern: Pattern, own: tuple[int, int]) -> tuple[Connections, Places]:
    """Those of all that lead to its units."""
    shifts, total, own_total = np.zeros(pattern.n_pre, dtype=np.int64), 0, 0

    def some() -> Iterator[tuple[Integers, Integers]]:
        nonlocal total, own_total
        for pre, post in all_:
            kept = np.flatnonzero((post >= own[0]) & (post < own[1]))
            shifts[pre[kept]] = kept + (total - own_total) - np.arange(len(kept))  # the same for all of a pre unit
            total, own_total = total + len(post), own_total + len(kept)
            yield pre[kept], post[kept]

    blocks: Pieces = some()
    found = collected(blocks, pattern, 0)
    return found, Places(shifts, total)


def _every_pair(pattern: Pattern, barred: bool, own: tuple[int, int]) -> tuple[Connections, Places]:
    """All to all: nothing is drawn."""
    begin, end = own
    units, targets = np.arange(pattern.n_pre), np.arange(begin, end, dtype=numbers_of_units(pattern.n_post))
    itself = (units >= begin) & (units < end) if barred else np.zeros(pattern.n_pre, dtype=np.bool_)
    rows = np.concatenate(([0], np.cumsum(end - begin - itself))).astype(np.int64)
    found = np.tile(targets, pattern.n_pre)
    if barred:
        found = np.delete(found, units[itself] * (end - begin) + units[itself] - begin)
    width = max(0, pattern.n_post - barred)
    first = units * width + begin - (barred & (units < begin))
    return Connections(rows, found), Places(np.where(np.diff(rows) > 0, first - rows[:-1], 0), pattern.n_pre * width)


def _handed_over(pattern: Pattern, barred: bool, seed: int, stream: int, division: Division, others: Others) -> tuple[Connections, Places]:
    """Each process works out a part of all, and hands them over, with how many each pre unit has and which number its first one has among all."""
    (rank, size), unit_type = (division.rank, division.size), numbers_of_units(pattern.n_post)

    def summed(value: int) -> tuple[int, int]:
        values = [int(part[0]) for part in others.gather(np.array([value], dtype=np.int64))]
        return sum(values[:rank]), sum(values)

    targets: list[list[NDArray[Any]]] = [[] for _ in range(size)]
    counts, problem, ends = list[tuple[int, Integers]](), None, begins(pattern.n_post, size)[1:]
    try:
        for pre, post in share_of_pieces(pattern, barred, seed, stream, rank, size, summed):
            if len(pre):
                many = _by_owner(pre, post, ends, pattern.n_post)
                counts.append((int(pre[0]), many))
                for other, part in enumerate(_handed(post.astype(unit_type), many)):
                    targets[other].append(part)
    except Exception as error:  # others wait for what this one has to say
        problem = error
    _require_well(problem, others)
    there, here = _in_all(counts, size)
    before, total = summed(int(here.sum()))
    first = before + (np.cumsum(here) - here.ravel()).reshape(here.shape)
    about = others.swap(
        [np.stack((there[k], here[k, other], first[k, other])).ravel() for other in range(size) for k in [here[:, other] > 0]]
    )
    none = np.zeros(0, dtype=unit_type)
    found = np.concatenate(others.swap([np.concatenate((none, *parts)) for parts in targets]))
    own_counts, own_first = np.zeros(pattern.n_pre + 1, dtype=np.int64), np.zeros(pattern.n_pre, dtype=np.int64)
    for part in reversed(about):  # of a pre unit of which two have some, the first of the first counts
        units, many, numbers = part.reshape(3, -1)
        own_counts[units + 1] += many
        own_first[units] = numbers
    rows = np.cumsum(own_counts)
    return Connections(rows, found), Places(np.where(own_counts[1:] > 0, own_first - rows[:-1], 0), total)


def _by_owner(pre: Integers, post: Integers, ends: Integers, n_post: int) -> Integers:
    """How many of these connections, which are sorted, each pre unit from the first to the last has with the units of each process: int64[pre, processes].
    `ends`: where the units of each end."""
    rows = np.arange(pre[0], pre[-1] + 1)[:, None]
    after = np.searchsorted(pre * n_post + post, (rows * n_post + ends).ravel())
    return np.diff(after, prepend=0).reshape(len(rows), len(ends))


def _handed(units: NDArray[Any], many: Integers) -> Iterator[NDArray[Any]]:
    """The units of each process, in their order."""
    size = many.shape[1]
    whose = np.repeat(np.tile(np.arange(size, dtype=np.uint16), len(many)), many.ravel())
    if size <= FEW:
        yield from (units[whose == other] for other in range(size))
        return
    yield from np.split(units[np.argsort(whose, kind="stable")], np.cumsum(many.sum(axis=0))[:-1])


def _in_all(counts: Sequence[tuple[int, Integers]], size: int) -> tuple[Integers, Integers]:
    """The pre units that have connections, and how many with the units of each process. Of a unit some may be in one piece, and some in the next."""
    if not counts:
        return np.zeros(0, dtype=np.int64), np.zeros((0, size), dtype=np.int64)
    begin = counts[0][0]
    found = np.zeros((counts[-1][0] + len(counts[-1][1]) - begin, size), dtype=np.int64)
    for first, many in counts:
        found[first - begin : first - begin + len(many)] += many
    there = np.flatnonzero(found.any(axis=1))
    return there + begin, found[there]


def _require_well(problem: Exception | None, others: Others) -> None:
    """Raises what a process has met, on all of them: the first one's, as one process would."""
    told = others.gather(np.frombuffer(str(problem or "").encode(), dtype=np.uint8))
    text = next((bytes(part).decode() for part in told if len(part)), "")
    if problem is not None and not isinstance(problem, ValueError):
        raise problem
    if text:
        raise ValueError(text)


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
        here = np.take(uniforms, numbers[part] - begin, axis=0)
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
