"""The spikes of regular and given sources, put on the grid.

Comes in: a source with its numbers. Goes out: steps and units of its spikes (int64), sorted by step, then unit.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NoReturn

import numpy as np

from plasticdsl.model import GivenSpikes, PoissonSource, Population, RegularSource, SpikeFile
from plasticdsl.model.expr import Special, at_samples, walk
from plasticdsl.runtime.instance.instance import Floats, Instance, Pace, PopulationInstance, Values
from plasticdsl.runtime.instance.memory import Need, check_memory
from plasticdsl.runtime.instance.patterns import read_arrays
from plasticdsl.runtime.instance.resolver import Resolver, fail
from plasticdsl.source import Span
from plasticdsl.support.arrays import Integers
from plasticdsl.support.spikes import Spikes, counted_spikes, endless_spikes, spikes_of_all, spikes_on_grid
from plasticdsl.support.steps import all_multiples, to_step_array

#: Times (s) and units (from 0) by name of the source or of its population.
GivenTimes = Mapping[str, tuple[Any, Any]]

#: A source without a last spike is worked out up to so many spikes in all or so many seconds (at least so many steps), whichever comes first,
#: unless a horizon is given.
_MOST_SPIKES, _MOST_SECONDS, _LEAST_STEPS = 4_000_000, 20_000.0, 1_000_000
#: What a spike takes while they are put in order: its step and unit, as they are and sorted, and what these are made of.
_BYTES = 64.0


def first_pace(source: RegularSource, population: Population, resolver: Resolver) -> Pace:
    """Spikes at start + k/rate, from the beginning. There are none before t = 0."""
    size = resolver.count
    rate, start = (np.broadcast_to(resolver.of(e, "rate of its spikes", population.span), (size,)) for e in (source.rate, source.start))
    _require_rate(np.where(np.isfinite(start), rate, np.nan), population)
    count = None
    if source.count is not None:
        whole = _whole_counts(resolver.of(source.count, "number of its spikes", population.span), population)
        count = np.array(np.broadcast_to(np.rint(whole), (size,)))
    return Pace(np.array(rate), np.array(start), np.zeros(size), count, symbol=population.symbol, span=population.span)


def other_pace(pace: Pace, source: RegularSource, population: Population, resolver: Resolver, step: int, dt: float) -> Pace:
    """The same source from `step` on, at another rate: what has passed of the interval between two spikes has passed. `pace` where it is the same rate."""
    rate = np.array(np.broadcast_to(resolver.of(source.rate, "rate of its spikes", population.span), (resolver.count,)))
    _require_rate(rate, population)
    if np.array_equal(rate, pace.rate):
        return pace
    passed = (step * dt - pace.since) * pace.rate - pace.left  # k, as a real number
    next_spike = np.maximum(0.0, np.ceil(passed))
    for _ in range(2):  # a spike belongs to the nearest step, so the one before may be to come, and this one may have been
        next_spike -= (next_spike > 0.0) & (_steps_at(pace, next_spike - 1.0, dt) >= step)
    next_spike += (pace.rate > 0.0) & (_steps_at(pace, next_spike, dt) < step)
    begun = step * dt >= pace.since
    left = np.where(begun, np.maximum(0.0, next_spike - passed), pace.left)
    count = None if pace.count is None else np.maximum(0.0, pace.count - next_spike)
    return Pace(rate, np.where(begun, step * dt, pace.since), left, count, step, pace.symbol, pace.span)


def _steps_at(pace: Pace, number: Floats, dt: float) -> Integers:
    """The step of spike `number` of each unit; 0 where it never comes."""
    return to_step_array(pace.since + (pace.left + number) / np.where(pace.rate > 0.0, pace.rate, np.inf), dt)


def lay_down(made: PopulationInstance, dt: float, horizon: int | None) -> None:
    """The spikes of a regular source, and the step up to which they are complete (None where they end): an endless one is worked out up to step
    `horizon`, or, where that is None, within `_MOST_SPIKES` and the like. Raises `PlasError` for more than memory holds, and for times that are no finite
    number of steps."""
    assert made.pace is not None, "only regular sources have a pace"
    pace = made.pace
    start = pace.since + np.divide(pace.left, pace.rate, out=np.zeros(made.size), where=pace.rate > 0.0)
    if pace.count is None:
        made.spikes_until = _horizon(pace.rate, start, dt) if horizon is None else horizon
        many = np.maximum(0.0, (made.spikes_until * dt - start) * pace.rate)
    else:
        many = np.where(pace.rate > 0.0, pace.count, 0.0)
    _require_room(float(many.sum()), pace)
    try:
        if pace.count is not None:
            steps, units = counted_spikes(pace.rate, start, pace.count, made.size, dt)
        else:
            steps, units = endless_spikes(pace.rate, start, made.spikes_until or 0, made.size, dt)
    except ValueError as problem:
        fail("out-of-range", f"The spikes of ‘{pace.symbol}’: {problem}.", pace.span)
    made.spike_steps, made.spike_units = steps[steps >= pace.step], units[steps >= pace.step]


def _require_room(many: float, pace: Pace) -> None:
    hint = "Run for a shorter time, or take a Poisson source, whose spikes are not worked out before the run."
    check_memory([Need(f"the {many:,.0f} spikes of ‘{pace.symbol}’", _BYTES * many, pace.span, hint)])


def _horizon(rate: Floats, start: Floats, dt: float) -> int:
    total = float(rate.sum())
    steps = max(_MOST_SECONDS / dt, _LEAST_STEPS)
    if total > 0.0:
        steps = min(steps, (_MOST_SPIKES / total + max(0.0, float(start.min(initial=0.0)))) / dt)
    return int(min(steps, 2.0**53))


def _whole_counts(counts: Values, population: Population) -> Values:
    whole = np.rint(counts)
    if np.any(whole < 0.0) or np.any(np.abs(whole - counts) > 1e-9 * np.maximum(1.0, np.abs(whole))):
        fail("not-whole", f"The number of spikes of ‘{population.symbol}’ must be a whole number, not negative.", population.span)
    return counts


def check_rate(source: PoissonSource, population: Population, resolver: Resolver) -> None:
    """Raises `PlasError` for a rate that is negative, or no finite number, from the start or at a sample; another rate that changes in time is left
    alone."""
    rate = at_samples(source.rate)
    if not any(node == Special("t") for node in walk(rate)):
        _require_rate(resolver.of(rate, "rate", population.span), population)


def _require_rate(rate: Values, population: Population) -> None:
    if not np.all((rate >= 0.0) & np.isfinite(rate)):
        fail("out-of-range", f"The rate of ‘{population.symbol}’ must be a finite number, not negative.", population.span)


def given_spikes(
    source: GivenSpikes, population: Population, resolver: Resolver, dt: float, given: GivenTimes, warn: Callable[[str, Span], None]
) -> Spikes:
    """The times written in the model, for every unit; or times and units from outside. `warn` is told where any is no whole number of steps.

    Raises KeyError where they were not given, ValueError where they do not fit, `PlasError` for a negative time in the model.
    """
    if source.times:
        times = np.array([float(resolver.of(t, "times of its spikes", population.span)) for t in source.times])
        if (times < 0.0).any():
            fail("out-of-range", f"‘{population.symbol}’ has a spike before t = 0.", population.span)
        try:
            _warn_rounded(times, population, dt, warn)
            return spikes_of_all(times, resolver.count, dt)
        except ValueError as problem:
            fail("out-of-range", f"The spikes of ‘{population.symbol}’: {problem}.", population.span)
    found = given.get(source.name, given.get(population.name))
    if found is None and source.file is not None:
        found = _in_file(source.file, population)
    if found is None and not source.name:
        return np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.int64)
    if found is None:
        raise KeyError(
            f"the spikes of {population.name} have to be given as spikes={{'{source.name}': (times, units)}}, in seconds and from 0"
        )
    try:
        times, units = _from_outside(found, population.name, resolver.count)
    except ValueError as problem:
        if source.file is None or found is given.get(population.name):
            raise
        _no_times(source.file, problem, population)
    try:
        _warn_rounded(times, population, dt, warn)
        return spikes_on_grid(times, units, dt)
    except ValueError as problem:
        if source.file is None or found is given.get(population.name):
            raise ValueError(f"spikes of {population.name}: {problem}") from None
        _no_times(source.file, problem, population)


def _no_times(file: SpikeFile, problem: ValueError, population: Population) -> NoReturn:
    fail("unreadable-data", f"{Path(file.path).name}, {file.times} and {file.units}: {problem}.", population.span)


def _in_file(file: SpikeFile, population: Population) -> tuple[Floats, Integers]:
    """Times (s) and units of a file."""
    arrays = read_arrays(file.path, f"The spikes of ‘{population.symbol}’", population.span)
    missing = next((name for name in (file.times, file.units) if name not in arrays), None)
    if missing is not None:
        fail("unknown-name", f"{Path(file.path).name} has no array ‘{missing}’; it has {', '.join(arrays)}.", population.span)
    units = arrays[file.units]
    if not (np.isfinite(units) & (units == np.rint(units))).all():
        fail("not-whole", f"‘{file.units}’ in {Path(file.path).name} holds a value that is no number of a unit.", population.span)
    return arrays[file.times] * file.scale, units.astype(np.int64)


def _warn_rounded(times: Floats, population: Population, dt: float, warn: Callable[[str, Span], None]) -> None:
    if not all_multiples(times, dt):
        warn(f"A given time of a spike of ‘{population.symbol}’ is no whole number of steps", population.span)


def _from_outside(found: Any, name: str, size: int) -> tuple[Floats, Integers]:
    if isinstance(found, str) or not hasattr(found, "__len__") or len(found) != 2:
        raise ValueError(f"spikes of {name}: times (s) and units (from 0) must be given as two arrays, not {found!r}")
    times, units = np.asarray(found[0], dtype=np.float64), np.asarray(found[1])
    if times.ndim != 1 or times.shape != units.shape:
        raise ValueError(f"spikes of {name}: times and units must be two arrays of the same length, not {times.shape} and {units.shape}")
    if units.size and (units.dtype.kind not in "iu" or units.min() < 0 or units.max() >= size):
        raise ValueError(f"spikes of {name}: units must be whole numbers from 0 to {size - 1}")
    if not np.isfinite(times).all() or (times < 0.0).any():
        raise ValueError(f"spikes of {name}: times must be finite and not negative")
    return times, units.astype(np.int64)


#: As far as endless regular sources are worked out before it is known how long a network runs.
FIRST_STEPS = 10_000


def complete_until(instance: Instance) -> float:
    """The step before which the spikes of all regular sources are complete."""
    return min((p.spikes_until for p in instance.populations.values() if p.spikes_until is not None), default=math.inf)


def extend_spikes(instance: Instance, horizon: int, ahead: int = 0) -> bool:
    """Works out endless regular sources of `instance` up to step `horizon`, those that are not yet so far `ahead` of it; returns whether there are new
    arrays of spikes."""
    short = [p for p in instance.populations.values() if p.spikes_until is not None and p.spikes_until < horizon]
    for made in short:
        lay_down(made, instance.dt, horizon + ahead)
    return bool(short)
