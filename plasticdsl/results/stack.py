"""All runs of a study in one array per recording, and what its figures show.

Comes in: a `Study`. Goes out: xarray objects in SI. Axes of the sweep come first, then time, then units or connections. Runs of different length or size
are filled up with NaN.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray
from xarray import DataArray, Dataset, Variable
from xarray.core import indexing

from plasticdsl.model.protocol import ROUND, round_names
from plasticdsl.results.long_series import SideBySide, unread
from plasticdsl.runtime.play.sweep import Study
from plasticdsl.runtime.watch.series import Label, Landscape, PlotPlan, Series, SpikeRecord
from plasticdsl.runtime.watch.spikes import Train
from plasticdsl.runtime.watch.statistics import histogram
from plasticdsl.support.arrays import Floats
from plasticdsl.units.dimension import ONE
from plasticdsl.units.display import coherent

#: By name: dimensions, values, attributes.
Coordinates = dict[str, tuple[tuple[str, ...], NDArray[Any], dict[str, str]]]
Attributes = dict[str, str | float]

REPEAT = "repeat"
#: Dimensions on which recordings of one study may have different values.
_OWN = ("time", "step", "bin", "unit_", "connection_", "spike_", "after", "lag", "interval", "frequency", ROUND)


def stacked(study: Study, but: frozenset[str] = frozenset()) -> Iterator[DataArray]:
    """Every recording of the study, but for some."""
    for run in study.runs[:1]:
        names = [series.name for series in run.recorder.series] + [record.name for record in run.recorder.spikes]
        for number, name in enumerate(names):
            if name not in but:
                yield recording(study, number)


def recording(study: Study, number: int) -> DataArray:
    """One of them: first come the series, then trains of spikes."""
    every = [(*run.recorder.series, *run.recorder.spikes)[number] for run in study.runs]
    series, records = [s for s in every if isinstance(s, Series)], [r for r in every if isinstance(r, SpikeRecord)]
    return stack_series(study, series) if series else stack_spikes(study, records)


def plotted(study: Study, number: int) -> Iterator[DataArray]:
    """What the figure of plot line `number` shows, each array once. Histograms are there as the values that they count."""
    plans = [run.recorder.plots[number] for run in study.runs]
    first = plans[0]
    for series in zip(*(plan.series for plan in plans), strict=True):
        yield stack_series(study, series)
    if first.against is not None:
        yield stack_series(study, [plan.against for plan in plans if plan.against is not None])
    for records in zip(*(plan.spikes for plan in plans), strict=True):
        yield stack_spikes(study, records)
    for place in range(len(first.axes)):
        yield _over(study, number, place, first)
    if first.landscape is not None and first.against is not None:
        yield _contours(first.landscape, first, first.against.label)


def to_dataset(arrays: Iterable[DataArray], summary: dict[str, Any]) -> Dataset:
    """All arrays together. Recordings taken at different moments get time dimensions of their own."""
    known: dict[str, Any] = {}
    found = {array.name: _with_own(array, known) for array in arrays}
    attributes: dict[str, Any] = {
        k: summary[k] for k in ("model", "experiment", "version", "seed", "dt_s", "duration_s") if summary[k] is not None
    }
    attributes["parameters"] = json.dumps(summary["parameters"], ensure_ascii=False)
    if summary.get("interrupted"):
        attributes["interrupted"] = "true"
    if summary.get("partial"):
        attributes["partial"] = " ".join(summary["partial"])
    return Dataset(found, attrs=attributes)


def _with_own(array: DataArray, known: dict[str, Any]) -> DataArray:
    """`array` with those dimensions renamed on which another one has other values, or as many of other spikes or units."""
    for dimension in map(str, array.dims):
        if not dimension.startswith(_OWN):
            continue
        along = [str(c) for c, values in array.coords.items() if values.dims == (dimension,)]
        is_times = dimension.startswith("spike_") and f"time_of_{dimension}" not in along
        values = np.array([array[c].values for c in (dimension, *along)] + ([array.values] if is_times else []))
        name, number = dimension, 1
        while name in known and not np.array_equal(known[name], values):
            number += 1
            name = f"{dimension}_{number}"
        known[name] = values
        if name != dimension:  # coordinates that do not have its name are numbered like it
            array = array.rename({c: c.replace(dimension, name) if dimension in c else f"{c}_{number}" for c in {dimension, *along}})
    return array


# --- series ----------------------------------------------------------------------------------------------------------


def axes_of(study: Study) -> tuple[tuple[str, ...], Coordinates]:
    """The dimensions of the sweep and their coordinates."""
    coordinates: Coordinates = {a.name: ((a.name,), a.values, {"display_unit": a.unit} if a.unit else {}) for a in study.axes}
    if study.repeats > 1:
        coordinates[REPEAT] = (REPEAT,), np.arange(1, study.repeats + 1), {}
    dims = tuple(coordinates)
    for axis in study.axes:
        for other in axis.together:
            coordinates[other.name] = (axis.name,), other.values, {"display_unit": other.unit} if other.unit else {}
    return dims, coordinates


def stack_series(study: Study, every: Sequence[Series]) -> DataArray:
    """One recording of all runs; of a histogram the counts in bins that are the same for all runs and moments."""
    first, (dims, coordinates) = every[0], axes_of(study)
    if len(every) == 1 and not study.shape and first.kept.first:
        return _unread(study, first)
    edges = histogram(np.concatenate([s.done.ravel() for s in every]), first.bins_asked or 50)[1] if first.is_histogram else np.zeros(0)
    shapes = [_shape_of_block(s, edges) for s in every]
    shape = tuple(max((one[d] for one in shapes if len(one) > d), default=0) for d in range(max(map(len, shapes))))
    values: Any = _block(first, edges)
    if study.shape:
        side = SideBySide(study.shape, shape, [partial(_block, s, edges) for s in every])
        values = indexing.LazilyIndexedArray(side) if any(s.kept.first for s in every) else side.read((slice(None),) * len(side.shape))
    for name, size in zip(round_names(first.most), shape, strict=False):
        dims, coordinates[name] = (*dims, name), ((name,), np.arange(1, size + 1), {"long_name": "round, from 1"})
    time = "step" if study.runs[0].line.in_steps else "time"
    own, of_each = _each(study, every, shape[len(first.most) + 1 :], edges)
    found = Variable((*dims, time, *own), values)
    if first.single:
        there = {d: size for d, size in found.sizes.items() if d != time}
        found = found.isel({time: 0}) if found.sizes[time] else Variable(tuple(there), np.full(tuple(there.values()), np.nan))
    else:
        coordinates[time] = (time,), *_times(study, every)
    attributes: Attributes = {"long_name": first.label.text, "units": "1"} if first.is_histogram else _attributes(first.label)
    return DataArray(found, coords={**coordinates, **of_each}, attrs=attributes, name=first.name)


def _block(series: Series, edges: Floats) -> Floats:
    """The values of one run, float64[rounds …, moments, …]."""
    return _by_round(series, _counts(series, edges) if series.is_histogram else series.done)


def _unread(study: Study, series: Series) -> DataArray:
    """A recording of the only run that is on disk: nothing of its values is read yet."""
    time = "step" if study.runs[0].line.in_steps else "time"
    own, of_each = _each(study, [series], series.shape, np.zeros(0))
    coordinates: Coordinates = {time: ((time,), *_times(study, [series])), **of_each}
    values = unread(series.kept, (time, *own))
    return DataArray(values, coords=coordinates, attrs=_attributes(series.label), name=series.name)


def _each(study: Study, every: Sequence[Series], shape: tuple[int, ...], edges: Floats) -> tuple[list[str], Coordinates]:
    """The dimensions of one value of a series, of this shape: bins, what index letters run over, units (with their numbers, where these are the same in
    all runs) or connections."""
    series = every[0]
    if series.curve is not None:
        along = max((s.curve for s in every if s.curve is not None), key=lambda curve: len(curve.values))
        own, coordinates = _each(study, [replace(s, curve=None) for s in every], shape[:-1], edges)
        return [*own, along.name], {**coordinates, along.name: ((along.name,), along.values, {"units": along.unit})}
    if shape and series.is_histogram:
        attributes = {"units": coherent(series.label.dimension or ONE), "long_name": "middle of the bin"}
        return ["bin"], {"bin": (("bin",), 0.5 * (edges[1:] + edges[:-1]), attributes)}
    if shape and len(series.axes) == len(shape):
        own = _letter_dimensions(study, series.axes)
        return own, {d: ((d,), np.arange(1, size + 1), {"long_name": "number, from 1"}) for d, size in zip(own, shape, strict=True)}
    if len(shape) == 1 and series.owner:
        dimension = f"unit_{series.owner}" if series.owner in study.runs[0].facts.units else f"connection_{series.owner}"
        if series.units is not None:
            if any(s.units is None or not np.array_equal(s.units, series.units) for s in every):
                return [dimension], {}
            if dimension.startswith("unit_"):
                return [dimension], {dimension: ((dimension,), series.units, {"long_name": f"unit of {series.owner}, from 1"})}
        return [dimension], _ends(study, series, dimension)
    return [f"{series.name}_{k + 1}" for k in range(len(shape))], {}


def _letter_dimensions(study: Study, axes: tuple[tuple[str, str], ...]) -> list[str]:
    """What the entries of an observable with index letters are counted by: `pattern_xi`, or `pattern_xi_mu` where two letters run over one set."""
    sets = [over for _, over in axes]
    names = [f"pattern_{over}" if over in study.runs[0].facts.patterns else f"number_{over}" for over in sets]
    return [f"{name}_{letter}" if sets.count(over) > 1 else name for name, (letter, over) in zip(names, axes, strict=True)]


def _attributes(label: Label) -> Attributes:
    shown: Attributes = {"display_unit": label.unit, "display_scale": label.scale} if label.unit else {}
    return {"units": coherent(label.dimension or ONE), "long_name": label.text, **shown}


def _times(study: Study, every: Sequence[Series]) -> tuple[NDArray[Any], dict[str, str]]:
    """The times of the longest run (or round, counted from its beginning); those of the others are its beginning, unless they were taken at other
    intervals."""
    steps = max((_longest(s) for s in every), key=len)
    line, since = study.runs[0].line, " since the phase began" if every[0].most else ""
    if line.in_steps:
        return steps, {"long_name": f"step{since}"}
    dt = max(zip(every, study.runs, strict=True), key=lambda pair: pair[0].taken)[1].line.dt
    return steps * dt, {"units": "s", "long_name": f"end of the interval{since}" if every[0].bins else f"time{since}"}


# --- rounds ----------------------------------------------------------------------------------------------------------


def _ends_of_rounds(series: Series) -> list[int]:
    """How many values there were at the end of each round."""
    return [min(r.taken, series.taken) for r in series.rounds[1:]] + [series.taken]


def _longest(series: Series) -> NDArray[np.int64]:
    """The steps of the round with the most moments, since its beginning; of what is not repeated, all as they are."""
    if not series.most:
        return series.steps
    if not series.rounds:
        return series.steps[:0]
    ends = zip(series.rounds, _ends_of_rounds(series), strict=True)
    found, end = max(ends, key=lambda pair: pair[1] - pair[0].taken)
    return series.steps[found.taken : end] - found.step


def _shape_of_block(series: Series, edges: Floats) -> tuple[int, ...]:
    """Of the values of all moments, by rounds."""
    own = (len(edges) - 1,) if series.is_histogram else series.shape
    if not series.most:
        return (series.taken, *own)
    if not series.rounds:
        return (*(0 for _ in series.most), 0, *own)
    begins, ends = _stretches(series)
    return (*np.max([r.numbers for r in series.rounds], axis=0).tolist(), int(np.max(ends - begins)), *own)


def _by_round(series: Series, values: Floats) -> Floats:
    """Values of all moments as float64[rounds …, moments, …], filled up with NaN."""
    if not series.most:
        return values
    result = np.full((*_shape_of_block(series, np.zeros(0))[: len(series.most) + 1], *values.shape[1:]), np.nan)
    if series.rounds:
        begins, ends = _stretches(series)
        which = np.repeat(np.arange(len(begins)), ends - begins)
        numbers = np.array([r.numbers for r in series.rounds])
        result[(*(numbers[which] - 1).T, np.arange(series.taken) - begins[which])] = values
    return result


def _stretches(series: Series) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """How many values there were at the beginning and at the end of each round."""
    return np.array([min(r.taken, series.taken) for r in series.rounds]), np.array(_ends_of_rounds(series))


def _ends(study: Study, series: Series, dimension: str) -> Coordinates:
    """Which units each connection joins, where that is the same in all runs."""
    owner, chosen = series.owner, slice(None) if series.units is None else series.units - 1
    ends = study.runs[0].facts.ends.get(owner)
    if ends is None or any(
        not np.array_equal(own, first) for r in study.runs[1:] for own, first in zip(r.facts.ends[owner], ends, strict=True)
    ):
        return {}
    return {f"pre_{owner}": ((dimension,), ends[0][chosen], {}), f"post_{owner}": ((dimension,), ends[1][chosen], {})}


def _counts(series: Series, edges: Floats) -> Floats:
    counts = [np.histogram(moment, edges)[0] for moment in series.done]
    return np.array(counts, dtype=np.float64).reshape(series.taken, len(edges) - 1)


# --- spikes, and what only plots show --------------------------------------------------------------------------------


def stack_spikes(study: Study, every: Sequence[SpikeRecord]) -> DataArray:
    """The spikes of a record of each run in one row."""
    return spike_row(study, [(number, record, study.runs[number].train(record)) for number, record in enumerate(every)])


def spike_row(study: Study, parts: Sequence[tuple[int, SpikeRecord, Train]]) -> DataArray:
    """Times of spikes in one row, or what is taken at them, with the unit of each and, in a sweep, the run it belongs to. `parts`: numbers of runs, their
    records, and spikes of these; all of them where something is taken."""
    first, runs = parts[0][1], [study.runs[number] for number, _, _ in parts]
    dimension = f"spike_{first.called}"
    times = np.concatenate([steps * run.line.dt for run, (_, _, (steps, _)) in zip(runs, parts, strict=True)])
    units = np.concatenate([units for _, _, (_, units) in parts])
    coordinates: Coordinates = {f"unit_of_{dimension}": ((dimension,), units, {"long_name": f"unit of {first.population}, from 0"})}
    if study.shape:
        dims, known = axes_of(study)
        places = np.unravel_index([number for number, _, _ in parts], study.shape)
        counts = [len(steps) for _, _, (steps, _) in parts]
        for name, (along, values, _) in known.items():
            coordinates[f"{name}_of_{dimension}"] = (dimension,), np.repeat(values[places[dims.index(along[0])]], counts), {}
    if first.numbers:
        numbers = np.concatenate([np.array(record.numbers)[record.stretch(steps)] for _, record, (steps, _) in parts])
        for k, name in enumerate(round_names(first.numbers[0])):
            coordinates[f"{name}_of_{dimension}"] = (dimension,), numbers[:, k], {}
    attributes: Attributes = {"units": "s", "long_name": f"spike times of {first.called}"}
    values = times
    if first.label is not None:
        coordinates[f"time_of_{dimension}"] = (dimension,), times, {"units": "s"}
        values = np.concatenate([run.values(record) for run, (_, record, _) in zip(runs, parts, strict=True)])
        attributes = _attributes(first.label)
    return DataArray(values, dims=(dimension,), coords=coordinates, attrs=attributes, name=first.name)


def _over(study: Study, number: int, place: int, plan: PlotPlan) -> DataArray:
    """What a sweep is plotted over, for every run; runs that were not made have NaN."""
    dims, coordinates = axes_of(study)
    values = np.full(int(np.prod(study.shape, dtype=np.int64)), np.nan)
    values[: len(study.runs)] = [run.facts.over[number][place] for run in study.runs]
    text = plan.spec.over[place].text
    attributes = {"long_name": text}
    return DataArray(values.reshape(study.shape), dims=dims, coords=coordinates, attrs=attributes, name=f"over {text}")


def _contours(landscape: Landscape, plan: PlotPlan, across: Label) -> DataArray:
    """The values on the plane, float64[points of the vertical axis, points of the horizontal axis]."""
    item, up = plan.spec.items[0], plan.series[0].label
    coordinates: Coordinates = {
        f"plane {label.text}": ((f"plane {label.text}",), side.points(), {"units": coherent(label.dimension or ONE)})
        for label, side in ((up, landscape.vertical), (across, landscape.horizontal))
    }
    attributes: Attributes = {"units": coherent(item.dimension or ONE), "long_name": item.text}
    dims = (f"plane {up.text}", f"plane {across.text}")
    return DataArray(landscape.values(), dims=dims, coords=coordinates, attrs=attributes, name=item.text)
