"""Spikes that are known beforehand, on the grid of steps.

Comes in: rates, or times. Goes out: steps and units of spikes (int64), sorted by step, then unit. There are none before t = 0.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from plasticdsl.support.arrays import Integers, Values
from plasticdsl.support.steps import to_step_array

#: Steps and units.
Spikes = tuple[Integers, Integers]


def spikes_on_grid(times: Any, units: Any, dt: float) -> Spikes:
    """Spikes at times (s), rounded as durations are."""
    return _in_order(to_step_array(np.asarray(times, dtype=np.float64), dt), np.asarray(units, dtype=np.int64))


def spikes_of_all(times: Any, units: int, dt: float) -> Spikes:
    """The same times (s) for every one of `units` units."""
    return spikes_on_grid(np.tile(times, units), np.repeat(np.arange(units), len(times)), dt)


def spikes_from(given: Mapping[str, Any], names: Sequence[str], dt: float, default: Spikes | None) -> Spikes:
    """The times (s) and units that were given under one of these names, else the default. Raises ValueError where there is neither."""
    for name in names:
        if name in given:
            times, units = given[name]
            return spikes_on_grid(times, units, dt)
    if default is None:
        raise ValueError(f"the spikes of {names[-1]} have to be given: spikes={{'{names[-1]}': (times in s, units from 0)}}")
    return default


def counted_spikes(rate: Values, start: Values, count: Values, units: int, dt: float) -> Spikes:
    """`count` spikes of each unit at start + k/rate; none where the rate is 0."""
    return _at_rates(rate, start, np.rint(count), units, dt)


def endless_spikes(rate: Values, start: Values, end: int, units: int, dt: float) -> Spikes:
    """Spikes of each unit at start + k/rate before step `end`."""
    steps, who = _at_rates(rate, start, np.maximum(0, np.floor(((end + 1) * dt - start) * rate) + 2), units, dt)
    within = steps < end
    return steps[within], who[within]


def _at_rates(rate: Values, start: Values, count: Values, size: int, dt: float) -> Spikes:
    rates, starts, counts = (np.broadcast_to(values, (size,)) for values in (rate, start, count))
    counts = np.where(rates > 0.0, counts, 0).astype(np.int64)
    units = np.repeat(np.arange(len(counts)), counts)
    number = np.arange(len(units)) - np.repeat(np.cumsum(counts) - counts, counts)
    steps = to_step_array(starts[units] + number / rates[units], dt)
    exist = steps >= 0
    return _in_order(steps[exist], units[exist])


def _in_order(steps: Integers, units: NDArray[Any]) -> Spikes:
    order = np.lexsort((units, steps))
    return steps[order], units[order].astype(np.int64)
