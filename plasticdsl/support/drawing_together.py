"""Connections of which several processes draw a part each.

Comes in: how a projection is connected, and which process this is. Goes out: its part, in order; those of all processes, one after the other, are what one
would have drawn (`connectivity.pieces`).
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from plasticdsl.support.arrays import CACHED
from plasticdsl.support.connectivity import Pattern, Pieces, by_rows, gaps_of, pairs_at, places_of, with_probability
from plasticdsl.support.random import bulk_uniforms

#: Of whole numbers that all processes have, the sum over those that come before, and over all. Each process calls it as often.
Summed = Callable[[int], tuple[int, int]]

#: So many standard deviations more gaps are drawn together than there will be.
MORE = 10.0


def share_of_pieces(pattern: Pattern, barred: bool, seed: int, stream: int, rank: int, size: int, summed: Summed) -> Pieces:
    """What of `pieces` process `rank` of `size` works out: those of the first come first, and together they are all."""
    rows = pattern.n_pre * rank // size, pattern.n_pre * (rank + 1) // size
    p = pattern.amount
    if pattern.kind in ("all", "where"):
        return by_rows(pattern, barred, rows)
    if pattern.kind != "probability":
        raise ValueError(f"{pattern.kind} is no way to share the drawing of connections")
    if not callable(p) and 0.0 < p < 1.0:
        return _skipping_in_turn(pattern, p, barred, seed, stream, (rank, size), summed)
    return with_probability(pattern, barred, seed, stream, rows)


def _skipping_in_turn(pattern: Pattern, p: float, barred: bool, seed: int, stream: int, which: tuple[int, int], summed: Summed) -> Pieces:
    """The same of one of several processes: each draws a part of the gaps, and where its part begins is the sum of all gaps before. Should there be too
    few of them, the last process goes on."""
    (rank, size), pairs = which, pattern.n_pre * pattern.n_post
    mean = pairs * p
    blocks = int(max(0.0, mean + MORE * mean**0.5) // CACHED) + 1
    narrow = np.int32 if pairs < 2**31 - 1 else np.int64
    own = range(blocks * rank // size, blocks * (rank + 1) // size)
    gaps = [gaps_of(bulk_uniforms(seed, stream, CACHED, block * CACHED), p, pairs).astype(narrow) for block in own]
    before, _ = summed(sum(int(part.sum(dtype=np.int64)) for part in gaps))
    reached = before - 1
    for number, part in enumerate(gaps):
        gaps[number] = part[:0]  # they are needed no more
        places = np.cumsum(part, dtype=np.int64)
        places += reached
        reached = int(places[-1])
        yield pairs_at(places, pattern, barred)
    while rank == size - 1 and reached < pairs - 1:
        places = places_of(gaps_of(bulk_uniforms(seed, stream, CACHED, blocks * CACHED), p, pairs), reached)
        reached, blocks = int(places[-1]), blocks + 1
        yield pairs_at(places, pattern, barred)
