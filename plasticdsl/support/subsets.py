"""Random subsets: for each of many units, some partners out of all, or out of those permitted.

Comes in: how many units, partners and draws. Goes out: partner numbers, row by row.

Without repeats each subset of the right size is equally likely: numbers are drawn until enough different ones are there. That
never looks at which number it has, only at whether it is new, so no subset is preferred. For more than half of all, those to leave out are drawn.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from plasticdsl.support.arrays import Integers, in_blocks
from plasticdsl.support.random import BulkUniforms, bulk_uniforms


def choose(units: int, others: int, count: int, barred: bool, repeats: bool, seed: int, stream: int) -> Integers:
    """For each of `units`, `count` of `others` (`barred`: not the one of its own number): int64[units·count].

    Raises ValueError where there are not enough.
    """
    available = others - 1 if barred else others
    _require_enough(count, available, repeats)
    if units * count == 0:
        return np.zeros(0, dtype=np.int64)
    sequence = BulkUniforms(seed, stream)
    rows: list[Integers] = []
    for begin, end in in_blocks(units, count):
        if repeats:
            chosen = sequence.whole_numbers(available, (end - begin) * count).reshape(end - begin, count)
        elif 2 * count <= available:
            chosen = _different(sequence, end - begin, available, count)
        else:
            chosen = _complements(_different(sequence, end - begin, available, available - count), available)
        if barred:
            chosen = chosen + (chosen >= np.arange(begin, end)[:, None])
        rows.append(chosen.reshape(-1))
    return np.concatenate(rows)


def choose_among(
    units: int,
    others: int,
    count: int,
    condition: Callable[[Integers], NDArray[np.bool_]],
    barred: bool,
    repeats: bool,
    seed: int,
    stream: int,
) -> tuple[Integers, Integers]:
    """The same, among those for which `condition(some units)`, bool[units, others], holds: for each partner the unit that has it, and the partner.
    A unit for which the condition holds with nobody has none.
    """
    nobody = np.zeros(0, dtype=np.int64)
    found = [(nobody, nobody)]
    for begin, end in in_blocks(units, others):
        numbers = np.arange(begin, end)
        allowed = condition(numbers)
        inside = allowed.any(axis=1)
        if barred:
            allowed = allowed & (numbers[:, None] != np.arange(others))
        available = np.count_nonzero(allowed, axis=1)
        _require_enough(count, int(available[inside].min(initial=others)), repeats)
        if count and inside.any():
            drawn = _drawn_among(allowed, available, begin, count, repeats, seed, stream)
            found.append((np.repeat(numbers[inside], count), drawn[inside].reshape(-1)))
    own, partners = zip(*found, strict=True)
    return np.concatenate(own), np.concatenate(partners)


def _drawn_among(
    allowed: NDArray[np.bool_], available: Integers, begin: int, count: int, repeats: bool, seed: int, stream: int
) -> Integers:
    """Partners of each of the units: int64[units, count]."""
    units, others = allowed.shape
    if repeats:
        ranks = (bulk_uniforms(seed, stream, units * count, begin * count).reshape(units, count) * available[:, None]).astype(np.int64)
        listed = np.argsort(~allowed, axis=1, kind="stable")
        return np.take_along_axis(listed, ranks, axis=1)
    # The permitted partners with the smallest random numbers.
    keys = bulk_uniforms(seed, stream, units * others, begin * others).reshape(units, others) + ~allowed
    return np.argpartition(keys, count - 1, axis=1)[:, :count].astype(np.int64)


def _require_enough(count: int, available: int, repeats: bool) -> None:
    if count > available and (not repeats or available == 0):
        raise ValueError(f"{count} partners are to be drawn for each unit, but only {available} are available")


def _different(sequence: BulkUniforms, rows: int, below: int, count: int) -> Integers:
    """`count` different numbers below `below` in each row, sorted: int64[rows, count]."""
    chosen = sequence.whole_numbers(below, rows * count).reshape(rows, count)
    chosen.sort(axis=1)
    unfinished = np.arange(rows)
    while unfinished.size and count > 1:
        part = chosen[unfinished]
        again = np.zeros(part.shape, dtype=np.bool_)
        again[:, 1:] = part[:, 1:] == part[:, :-1]
        some = again.any(axis=1)
        unfinished, part, again = unfinished[some], part[some], again[some]
        part[again] = sequence.whole_numbers(below, int(np.count_nonzero(again)))
        part.sort(axis=1)
        chosen[unfinished] = part
    return chosen


def _complements(left_out: Integers, available: int) -> Integers:
    """The numbers below `available` that each row does not hold."""
    kept = np.ones((len(left_out), available), dtype=np.bool_)
    np.put_along_axis(kept, left_out, False, axis=1)
    return np.nonzero(kept)[1].reshape(len(left_out), -1)
