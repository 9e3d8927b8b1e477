"""What one run recorded, as neurophysiologists exchange it: signals over time with their channels, and trains of spikes.

Comes in: a `Run`. Goes out: `Signal`s and `Firing`, which `as_neo` and `as_nwb` write. Times are in s (of a run that is counted in steps, one for each),
values in SI.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from plasticdsl.runtime.play.experiment import Run
from plasticdsl.runtime.watch.curves import Curve
from plasticdsl.runtime.watch.series import Series
from plasticdsl.support.arrays import Floats
from plasticdsl.units.dimension import ONE
from plasticdsl.units.display import coherent


@dataclass(frozen=True, slots=True)
class Signal:
    """A recording over time: `times` float64[moments], `values` float64[moments, channels], `unit` in SI (`V`, `1/s`; `1` for a pure number).
    `interval`: the time between two moments where it is always the same. `owner`: whose channels they are; `numbers`: of the units, from 0; `ends`: the
    pre and the post unit of each connection; None where they are not known. `along`: of a curve, what its channels stand for, with a value for each."""

    name: str
    times: Floats
    values: Floats
    unit: str
    interval: float | None
    owner: str
    numbers: NDArray[np.int64] | None = None
    ends: tuple[NDArray[np.int32], NDArray[np.int32]] | None = None
    along: Curve | None = None


@dataclass(frozen=True, slots=True)
class Firing:
    """The spikes that were recorded of a population between `begin` and `end` (s): `units` from 0, those of them that were asked for, and of each its
    times, float64[spikes]. `name`: the population, or `E.burst` for its events."""

    name: str
    begin: float
    end: float
    units: NDArray[np.int64]
    times: tuple[Floats, ...]


def signals(run: Run) -> Iterator[Signal]:
    """Everything that has moments; a recording that took nothing is left out."""
    for series in run.recorder.series:
        if series.taken:
            yield _signal(series, run)


def _signal(series: Series, run: Run) -> Signal:
    steps, values = series.steps, series.done.reshape(series.taken, -1)
    apart = np.unique(np.diff(steps))
    interval = float(apart[0]) * run.line.dt if len(apart) == 1 else None
    unit = coherent(series.label.dimension or ONE)
    units = None if series.units is None else series.units - 1
    if series.curve is not None:
        points = len(series.curve.values)
        each = values.shape[1] // points  # of a curve for each unit, those of one unit stand together
        known = np.arange(each) if units is None else units
        whose = np.repeat(known, points) if len(series.shape) > 1 else None
        along = replace(series.curve, values=np.tile(series.curve.values, each))
        return Signal(series.name, steps.astype(np.float64) * run.line.dt, values, unit, interval, series.owner, whose, along=along)
    ends = run.facts.ends.get(series.owner) if len(series.shape) == 1 else None
    if ends is not None:
        chosen = slice(None) if units is None else units
        ends, units = (ends[0][chosen], ends[1][chosen]), None
    elif series.owner in run.facts.units and values.shape[1] == run.facts.units[series.owner]:
        units = np.arange(values.shape[1])
    return Signal(series.name, steps.astype(np.float64) * run.line.dt, values, unit, interval, series.owner, units, ends)


def firing(run: Run) -> Iterator[Firing]:
    """The recorded spikes, population by population; what is taken at spikes is left out."""
    for record in run.recorder.spikes:
        if record.taken is None:
            steps, units = run.train(record)
            known = record.units if record.units is not None else np.arange(run.facts.units[record.population])
            order = np.lexsort((steps, units))
            seconds, sorted_units = steps[order].astype(np.float64) * run.line.dt, units[order]
            edges = np.searchsorted(sorted_units, known), np.searchsorted(sorted_units, known, side="right")
            times = tuple(seconds[first:last] for first, last in zip(*edges, strict=True))
            end = min(record.end, run.begin + run.steps) * run.line.dt
            yield Firing(record.called, record.begin * run.line.dt, end, known, times)
