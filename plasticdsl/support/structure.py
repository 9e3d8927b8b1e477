"""What kernels ask of connections, delays and parameters: lengths of arrays, connections in other orders, matrices.

Comes in: units and delays of connections, and values. Goes out: whole numbers, and arrays as kernels want them.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from plasticdsl.support.arrays import Floats, Integers, Units, in_blocks, numbers_of_units
from plasticdsl.support.steps import to_step_array

#: Spikes that a post unit keeps at least for connections that carry them out later.
LEAST_KEPT = 32
#: About so many units make a share: enough that rows of connections, which are cut at their ends, are seldom short.
UNITS_OF_SHARE = 5000
#: A share begins at a multiple of this.
SHARE_MULTIPLE = 16
#: The longest window, in steps.
MOST_STEPS = 32

#: So many keys are sorted together.
PART = 1 << 16

#: A log holds at least so many spikes.
LOG_SPIKES = 1 << 16
#: Bytes of a line of the cache.
LINE = 64


def slots(*delays: Any) -> int:
    """The largest of some delays in steps, plus one; 1 where there are none."""
    return 1 + max((int(np.max(delay, initial=0)) for delay in delays), default=0)


def ends(units: int, *delays: Any) -> int:
    """How many ends the groups of some units have, or of units and delays."""
    return units * slots(*delays) + 1


def by_delay(units: NDArray[Any], delay: Any) -> Integers:
    """One number for each connection, in the order of units, then delays."""
    return np.asarray(units.astype(np.int64) * slots(delay) + delay)


def group_ends(keys: NDArray[Any], length: int) -> Integers:
    """Where each group begins once the keys are sorted, and the end: int64[length]."""
    found = np.zeros(length, dtype=np.int64)
    for begin, end in in_blocks(len(keys)):
        found[1:] += np.bincount(keys[begin:end], minlength=length - 1)
    return np.cumsum(found, out=found)


def sorting(keys: NDArray[Any]) -> NDArray[np.int32]:
    """The order that sorts the keys, which are whole numbers from 0 to 2³¹ − 1, as is how many there are; equal ones stay in order."""
    if keys.dtype == np.uint16:
        return _sorting_a_part_at_a_time(keys)
    numbered = keys.astype(np.int64)  # a sort of numbers takes a third of the time and of the memory of one of places
    numbered <<= 32
    numbered |= np.arange(len(keys), dtype=np.int32)
    numbered.sort()
    return numbered.astype(np.int32)  # the lower half


def _sorting_a_part_at_a_time(keys: NDArray[np.uint16]) -> NDArray[np.int32]:
    """The same without an array of larger numbers beside: keys of 16 bits have few groups, in each of which what follows is appended."""
    found, begins = np.empty(len(keys), dtype=np.int32), np.zeros(int(keys.max(initial=0)) + 2, dtype=np.int64)
    for begin in range(0, len(keys), PART):
        begins[1:] += np.bincount(keys[begin : begin + PART], minlength=len(begins) - 1)
    np.cumsum(begins, out=begins)
    for begin in range(0, len(keys), PART):
        part = keys[begin : begin + PART]
        order = np.argsort(part, kind="stable")
        in_order = part[order]
        first = np.flatnonzero(np.append(True, in_order[1:] != in_order[:-1]))
        groups, counts = in_order[first], np.diff(first, append=len(part))
        found[np.repeat(begins[groups] - first, counts) + np.arange(len(part))] = order + begin
        begins[groups] += counts
    return found


def sources_of(rows: Integers) -> Units:
    """The pre unit of each connection."""
    units = len(rows) - 1
    return np.repeat(np.arange(units, dtype=numbers_of_units(units)), np.diff(rows))


def capacity(steps: Any, units: int, each: int = 4) -> int:
    """How many spikes one step can hold; `steps`: of those that are known beforehand; `each`: so many of each unit, in small populations."""
    return max(4 * units + 64, min(each * units, LOG_SPIKES), int(np.unique(steps, return_counts=True)[1].max(initial=0)))


def log_length(steps: Any, units: int, each: int = 4) -> int:
    """How many spikes a log can hold."""
    return max(LOG_SPIKES, 4 * capacity(steps, units, each))


def message_length(*held: int) -> int:
    """How many spikes a process can tell at once; `held`: how many of each kind one step can hold."""
    return 2 * (sum(held) + LINE)


def history_length(duration: Any, dt: float) -> int:
    """How many spikes of a unit have to be remembered for `duration` (s)."""
    return 2 * int(to_step_array(np.asarray(np.max(duration)), dt)) + 4


def square(rows: Sequence[Sequence[Any]]) -> Floats:
    """A matrix, or one for each unit where an entry has one value per unit."""
    entries = np.broadcast_arrays(*(entry for row in rows for entry in row))
    return np.stack(entries, axis=-1).reshape(*entries[0].shape, len(rows), len(rows))


def filled(values: Any, shape: tuple[int, ...], dtype: str) -> NDArray[Any]:
    """A fresh array; `values` is one for all, or one for each element. It begins where a line of the cache does. Zeros that nobody writes take no memory:
    lists have room for many more spikes than there are."""
    length = int(np.prod(shape)) * np.dtype(dtype).itemsize
    memory = np.zeros(length + LINE, dtype=np.uint8)
    begin = -memory.ctypes.data % LINE
    found: NDArray[Any] = memory[begin : begin + length].view(dtype).reshape(shape)
    if np.ndim(values) or any(np.asarray(values, dtype).tobytes()):
        found[...] = values
    return found


def scattered(values: Any, units: NDArray[Any], shape: tuple[int, ...]) -> Floats:
    """The values of connections at their units, all others 0."""
    found = np.zeros(shape)
    found[units] = values
    return found


def shared(values: Any) -> Any:
    """The one value that all connections have; 0 where there are none."""
    return values if np.ndim(values) == 0 else values[0] if len(values) else 0.0


def kept(values: Any, shape: tuple[int, ...], dtype: str) -> NDArray[Any]:
    """The array itself where it is as kernels want it; they do not change it. Numbers from 0 are the same with and without a sign."""
    if np.shape(values) != shape:
        return filled(values, shape, dtype)
    found, wanted = np.ascontiguousarray(values), np.dtype(dtype)
    alike = found.dtype.kind in "iu" and wanted.kind in "iu" and found.dtype.itemsize == wanted.itemsize
    return found.view(wanted) if alike else found.astype(wanted)


def entry(found: tuple[Floats, Floats], part: str, row: int, column: int) -> Floats:
    """One entry of a propagator, `P` or its integral `Q`; one for each unit where there is one matrix for each."""
    return np.asarray(found[0 if part == "P" else 1][..., row, column])


def decay_rate(factor: float) -> float:
    """By how much the logarithm of what is multiplied by a factor falls (less than 0: rises). What is gone within a step counts as nearly gone."""
    return float(-np.log(np.clip(factor, 1e-60, 1e60)))


def patience(*rates: float) -> int:
    """Steps in which none of these falls or rises by more than e²⁰⁰, at least one."""
    return int(np.clip(200.0 / max((1e-12, *map(abs, rates))), 1.0, 1e12))


def spikes_kept(window: int) -> int:
    """How many spikes a unit keeps for its connections, where it may spike in each of so many steps before there is room for more."""
    return max(LEAST_KEPT, 4 * window)


def frame_steps(*rates: float) -> int:
    """Steps in which none of these falls or rises by more than e⁵, at least one."""
    return int(np.clip(5.0 / max((1e-12, *map(abs, rates))), 1.0, 1e9))


def powers(factor: float, length: int) -> Floats:
    """The first powers of a factor, from its 0th on: float64[length]."""
    return np.asarray(np.float64(factor) ** np.arange(length))


# --- shares ----------------------------------------------------------------------------------------------------------


def shares_of(*units: int) -> int:
    """Into how many shares so many units of some populations are divided: an even number, so that two threads have as much to do, or one."""
    return max(1, 2 * round(sum(units) / (2 * UNITS_OF_SHARE)))


def begins_of_shares(units: int, shares: int) -> NDArray[np.uint32]:
    """The first unit of each share, and how many units there are: uint32[shares + 1]."""
    begins = units * np.arange(shares + 1) // shares // SHARE_MULTIPLE * SHARE_MULTIPLE
    begins[-1] = units
    return begins.astype(np.uint32)


def window_of(*delays: Any) -> int:
    """For how many steps units go on without hearing of each other."""
    return max(1, min(MOST_STEPS, *(int(np.min(delay, initial=MOST_STEPS)) for delay in delays)))


def counts_of(window: int) -> int:
    """How many numbers of 8 bytes a share has for its steps: two lines of memory more than it needs, where another thread writes the next ones."""
    return window + 16


def visits_of(window: int, spikes: int) -> int:
    """How many spikes a window can hold, of so many in each step."""
    return window * spikes


def cuts_of(rows: Integers, targets: NDArray[Any], begins: NDArray[np.uint32]) -> NDArray[np.uint32]:
    """Where in the row of each pre unit the connections to each share begin, and where the last ends: uint32[pre units, shares + 1]."""
    found = np.empty((len(rows) - 1, len(begins)), dtype=np.uint32)
    begin = 0
    while begin < len(found):
        end = max(begin + 1, int(np.searchsorted(rows, rows[begin] + PART, side="right")) - 1)
        some = np.arange(end - begin, dtype=np.int64) << 32
        keys = np.repeat(some, np.diff(rows[begin : end + 1])) | targets[rows[begin] : rows[end]].astype(np.int64)
        found[begin:end] = rows[begin] + np.searchsorted(keys, some[:, None] | begins.astype(np.int64))
        begin = end
    return found


def passings(ways: Sequence[Sequence[int]], halves: float | Floats, resistivity: float | Floats, units: int, segments: int) -> Floats:
    """How much passes between each point and its parent: one over the sum of `halves` times `resistivity` of the segments of which a half lies between
    them, `ways`. Of the first, which has no parent, 0. Shape (points · neurons,)."""
    each = np.broadcast_to(np.asarray(halves, dtype=np.float64) * np.asarray(resistivity, dtype=np.float64), (units,))
    resistances = each.reshape(segments, units // segments)
    rows = [1.0 / resistances[list(way)].sum(axis=0) if way else np.zeros(units // segments) for way in ways]
    return np.concatenate(rows)


def product(one: int, other: int) -> int:
    """How many they are together."""
    return int(one) * int(other)


def quotient(total: int, parts: int) -> int:
    """How many times the parts are in the total."""
    return int(total) // int(parts)
