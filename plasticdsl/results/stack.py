"""All runs of a study in one array per recording.

Comes in: a `Study`. Goes out: `Stacked`, a plain description of each array (dimensions, values, coordinates) that `dataset` turns into xarray. Axes of
the sweep come first, then time, then units or connections. Runs of different length or size are filled up with NaN.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from plasticdsl.results.units import si_unit
from plasticdsl.runtime.play.experiment import train_of
from plasticdsl.runtime.play.sweep import Axis, Study
from plasticdsl.runtime.watch.series import Series, SpikeRecord
from plasticdsl.runtime.watch.statistics import histogram

Floats = NDArray[np.float64]
Coordinates = dict[str, tuple[tuple[str, ...], NDArray[Any], dict[str, str]]]

REPEAT = "repeat"


@dataclass(frozen=True, slots=True)
class Stacked:
    """One array: `coordinates` by name as (dimensions, values, attributes). `time`: the name of its time dimension, if it has one."""

    name: str
    dims: tuple[str, ...]
    values: NDArray[Any]
    attributes: dict[str, str | float]
    coordinates: Coordinates = field(default_factory=dict)
    time: str = ""


def stacked(study: Study) -> Iterator[Stacked]:
    """Every recording of the study."""
    if not study.runs:
        return
    for number, series in enumerate(study.runs[0].recorder.series):
        yield stack_series(study, [run.recorder.series[number] for run in study.runs], series)
    for number, record in enumerate(study.runs[0].recorder.spikes):
        yield stack_spikes(study, [run.recorder.spikes[number] for run in study.runs], record)


def axes_of(study: Study) -> tuple[tuple[str, ...], Coordinates]:
    """The dimensions of the sweep and their coordinates."""
    coordinates: Coordinates = {}
    for axis in study.axes:
        attributes = {"display_unit": axis.unit} if axis.unit else {}
        coordinates[axis.name] = (axis.name,), axis.values, attributes
    if study.repeats > 1:
        coordinates[REPEAT] = (REPEAT,), np.arange(1, study.repeats + 1), {}
    return tuple(coordinates), coordinates


def stack_series(study: Study, every: list[Series], first: Series) -> Stacked:
    """One recording of all runs."""
    if first.is_histogram:
        return _stack_histograms(study, every, first)
    axes, coordinates = axes_of(study)
    values = _filled(study, [s.done for s in every])
    dims = [*axes]
    if first.single:
        values = values[(slice(None),) * len(axes) + (0,)] if values.shape[len(axes)] else np.full(values.shape[: len(axes)], np.nan)
    else:
        dims.append("step" if study.runs[0].line.in_steps else "time")
        coordinates[dims[-1]] = (dims[-1],), *_times(study, every)
    time = "" if first.single else dims[len(axes)]
    missing = values.ndim - len(dims)
    if missing and len(first.axes) == missing:
        own = letter_dimensions(study, first.axes)
        dims += own
        coordinates |= {d: ((d,), np.arange(1, values.shape[dims.index(d)] + 1), {"long_name": "number, from 1"}) for d in own}
    elif missing == 1 and first.owner:
        dims.append(unit_dimension(study, first.owner))
        coordinates |= _ends(study, first.owner, dims[-1])
    else:
        dims += [f"{first.name}_{k + 1}" for k in range(missing)]
    return Stacked(first.name, tuple(dims), values, _attributes(first), coordinates, time)


def unit_dimension(study: Study, owner: str) -> str:
    """What the units of a population or the connections of a projection are counted by."""
    return f"unit_{owner}" if owner in study.runs[0].facts.units else f"connection_{owner}"


def letter_dimensions(study: Study, axes: tuple[tuple[str, str], ...]) -> list[str]:
    """What the entries of an observable with index letters are counted by: `pattern_xi`, or `pattern_xi_mu` where two letters run over one set."""
    sets = [over for _, over in axes]
    names = [f"pattern_{over}" if over in study.runs[0].facts.patterns else f"number_{over}" for over in sets]
    return [f"{name}_{letter}" if sets.count(over) > 1 else name for name, (letter, over) in zip(names, axes, strict=True)]


def _attributes(series: Series) -> dict[str, str | float]:
    label = series.label
    found: dict[str, str | float] = {"units": si_unit(label.dimension), "long_name": label.text}
    if label.unit:
        found |= {"display_unit": label.unit, "display_scale": label.scale}
    return found


def _filled(study: Study, arrays: list[Floats]) -> Floats:
    """The runs' arrays side by side on the axes of the sweep."""
    rank = max(a.ndim for a in arrays)
    shape = tuple(max((a.shape[d] for a in arrays if a.ndim > d), default=0) for d in range(rank))
    count = int(np.prod(study.shape, dtype=np.int64))
    if len(arrays) == count == 1:
        return arrays[0].reshape(study.shape + arrays[0].shape)
    result = np.full((count, *shape), np.nan)
    for number, array in enumerate(arrays):
        place: tuple[int | slice, ...] = (number, *(slice(n) for n in array.shape))
        result[place] = array
    return result.reshape(study.shape + shape)


def _times(study: Study, every: list[Series]) -> tuple[NDArray[Any], dict[str, str]]:
    """The times of the longest run; those of the others are its beginning, unless they were taken at other intervals."""
    longest = max(every, key=lambda s: s.taken)
    steps = longest.steps
    line = study.runs[every.index(longest)].line
    if line.in_steps:
        return steps, {"long_name": "step"}
    return steps * line.dt, {"units": "s", "long_name": "end of the interval" if longest.bins else "time"}


def _ends(study: Study, owner: str, dimension: str) -> Coordinates:
    """Which units each connection joins, where that is the same in all runs."""
    ends = study.runs[0].facts.ends.get(owner)
    if ends is None or any(
        not np.array_equal(own, first) for r in study.runs[1:] for own, first in zip(r.facts.ends[owner], ends, strict=True)
    ):
        return {}
    return {f"pre_{owner}": ((dimension,), ends[0], {}), f"post_{owner}": ((dimension,), ends[1], {})}


def _stack_histograms(study: Study, every: list[Series], first: Series) -> Stacked:
    """Counts in bins that are the same for all runs and moments."""
    axes, coordinates = axes_of(study)
    _, edges = histogram(np.concatenate([s.done.ravel() for s in every]))
    counts = [
        np.array([np.histogram(moment, edges)[0] for moment in s.done], dtype=np.float64).reshape(s.taken, len(edges) - 1) for s in every
    ]
    values = _filled(study, counts)
    dims = [*axes]
    if first.single:
        values = values[(slice(None),) * len(axes) + (0,)]
    else:
        dims.append("step" if study.runs[0].line.in_steps else "time")
        coordinates[dims[-1]] = (dims[-1],), *_times(study, every)
    dims.append("bin")
    coordinates["bin"] = (
        ("bin",),
        0.5 * (edges[1:] + edges[:-1]),
        {"units": si_unit(first.label.dimension), "long_name": "middle of the bin"},
    )
    time = "" if first.single else dims[len(axes)]
    return Stacked(first.name, tuple(dims), values, {"long_name": first.label.text, "units": "1"}, coordinates, time)


def stack_spikes(study: Study, every: list[SpikeRecord], first: SpikeRecord) -> Stacked:
    """Times of all spikes in one row, with the unit of each and, in a sweep, the run it belongs to."""
    trains = [train_of(run, record) for run, record in zip(study.runs, every, strict=True)]
    dimension = f"spike_{first.population}"
    times = np.concatenate([steps * run.line.dt for (steps, _), run in zip(trains, study.runs, strict=True)])
    units = np.concatenate([units for _, units in trains])
    coordinates: Coordinates = {f"unit_of_{dimension}": ((dimension,), units, {"long_name": f"unit of {first.population}, from 0"})}
    if study.shape:
        runs = np.repeat(np.arange(len(trains)), [len(steps) for steps, _ in trains])
        for name, index in zip(axes_of(study)[0], np.unravel_index(runs, study.shape), strict=True):
            values = np.arange(1, study.repeats + 1) if name == REPEAT else next(a.values for a in study.axes if a.name == name)
            coordinates[f"{name}_of_{dimension}"] = (dimension,), values[index], {}
    attributes: dict[str, str | float] = {"units": "s", "long_name": f"spike times of {first.population}"}
    return Stacked(first.name, (dimension,), times, attributes, coordinates)


def run_label(study: Study, number: int, without: Axis | None = None) -> str:
    """What sets run `number` apart from the others: the values of its parameters, but for that of one axis."""
    index = np.unravel_index(number, study.shape) if study.shape else ()
    values = [(axis, axis.values[i] / axis.scale) for axis, i in zip(study.axes, index, strict=False) if axis is not without]
    return ", ".join(f"{a.name} = {_shown(value)}{' ' + a.unit if a.unit else ''}" for a, value in values)


def _shown(value: float) -> str:
    return f"{value:g}".replace("-", "\u2212")
