"""Panels over time, as data: traces, rates, rasters, what is taken at spikes, and maps."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from plasticdsl.results.labels import joined, named, of_all, of_run
from plasticdsl.results.picture import Axis, Band, Bars, Dots, Field, Line, Mark, Panel, Steps, Weight
from plasticdsl.results.scene import (
    FEW_LINES,
    Scene,
    called,
    colour,
    colours_of,
    evenly,
    horizontal,
    key_of,
    key_of_spikes,
    limits,
    vertical_limits,
)
from plasticdsl.results.shades import scale_of
from plasticdsl.runtime.play.sweep import Study
from plasticdsl.runtime.watch import series as taken
from plasticdsl.runtime.watch.series import PlotPlan, Series
from plasticdsl.runtime.watch.statistics import mean_of_known
from plasticdsl.support.arrays import Floats

#: Of many units so many are drawn, thin, with their mean; lines with more points than `_DENSE` are thinner.
_MOST_LINES, _DENSE = 60, 1200
#: Of larger populations a raster shows so many units; those whose rows are high enough get bars instead of dots, of so many rows in all. Each population
#: has at least its share of the height.
_MOST_ROWS, _MOST_BARS, _LEAST_SHARE = 300, 60, 0.15
#: A map shows so many rows and columns; more are taken together.
_MOST_MAP_ROWS, _MOST_MAP_COLUMNS = 400, 800


# --- traces ----------------------------------------------------------------------------------------------------------


def traces(study: Study, plans: Sequence[PlotPlan], panels: Sequence[taken.Panel], scene: Scene) -> Panel:
    """Items over time that have the same unit; `panels` of all runs."""
    first = panels[0]
    lines = [math.prod(series.shape) for series in first.series]
    names = named([of_all(label) if 1 < count <= FEW_LINES else label for label, count in zip(first.labels, lines, strict=True)])
    next_colour, marks, explained = len(scene.colours), list[Mark](), False
    weight: Weight = "plain" if max(series.taken for panel in panels for series in panel.series) <= _DENSE else "thin"
    for group in scene.groups:
        label = of_run(study, group[0]) if study.axes else ""
        for item, series in enumerate(first.series):
            own = scene.colour_of(key_of(series.expr)) if len(scene.groups) == 1 and colours_of(series) == 1 else None
            alone = len(first.series) == 1
            name = label if alone and label else joined(names.items[item], label)
            hue = next_colour if own is None else own
            shown = _Shown(name, "" if alone else names.items[item], label, hue, weight, series.is_theory)
            every = [panels[number].series[item] for number in group]
            scale = first.labels[item].scale
            found, words = (
                _spread(every, scale, scene, shown, study, group)
                if len(group) > 1
                else _single(every[0], scale, scene, shown, study, group[0])
            )
            marks += found
            explained |= words
            next_colour += colours_of(series) if own is None else 0
    low, high = vertical_limits(plans[0], first)
    if low is None and all(s.bins for s in first.series):
        low = 0.0
    wish = plans[0].spec.vertical
    label = called(wish, names.axis, (one.dimension for one in first.labels))
    note = f"mean ± s.d. of {len(scene.groups[0])} runs" if len(scene.groups[0]) > 1 else _of_many(lines)
    return Panel("time", horizontal(scene.axis), Axis(label, low, high, wish.logarithmic), tuple(marks), note=note, explained=explained)


def _of_many(lines: Sequence[int]) -> str:
    """What thin and bold lines are, where there are many."""
    many = dict.fromkeys(count for count in lines if count > FEW_LINES)
    drawn = dict.fromkeys(count if count <= _MOST_LINES else _MOST_LINES for count in many)
    if not many:
        return ""
    counted = " and ".join(map(str, many))
    return f"bold: mean of {counted}" + (f"; {_MOST_LINES} shown" if list(drawn) != list(many) else "")


@dataclass(frozen=True, slots=True)
class _Shown:
    """What a line is called in the legend, what comes before the number of one of `several`, its run, and how it is drawn; `theory`: it is computed, not
    simulated."""

    name: str
    several: str
    run: str
    colour: int
    weight: Weight
    theory: bool = False


def _single(series: Series, scale: float, scene: Scene, shown: _Shown, study: Study, number: int) -> tuple[list[Mark], bool]:
    """The lines of one run, and whether they take words to understand."""
    values, x = series.done / scale, scene.axis.of(series.steps)
    if not len(x):
        return [], False
    if series.bins and values.ndim == 1:
        return [Steps(_edges(series, scene), values, colour(shown.colour), shown.name)], False
    dotted = scene.axis.unit == "steps" and len(x) <= 60
    y = values.reshape(len(values), -1)
    count = y.shape[1]
    if count == 1:
        return [Line(x, y[:, 0], colour(shown.colour), shown.name, shown.weight, shown.theory, dotted)], False
    if count <= FEW_LINES:
        names = [joined(shown.several, one, shown.run) for one in _numbers(study, number, series, count)]
        lines = [Line(x, y[:, k], colour(shown.colour + k), names[k], shown.weight, shown.theory, dotted) for k in range(count)]
        return list(lines), True
    chosen = evenly(count, _MOST_LINES)
    few = [Line(x, y[:, k], colour(shown.colour), weight="faint") for k in chosen]
    bold: Weight = "bold" if shown.weight == "plain" else "plain"
    return [*few, Line(x, mean_of_known(y), dark(colour(shown.colour)), shown.name, bold)], False


def _edges(series: Series, scene: Scene) -> Floats:
    return scene.axis.of(np.concatenate([[series.steps[0] - series.moments.stride], series.steps]))


def _numbers(study: Study, number: int, series: Series, count: int) -> Sequence[str]:
    """What the lines of few units or connections are called: `unit 3`; a connection by its pre and post unit, `5 → 2`."""
    ends = study.runs[number].facts.ends.get(series.owner)
    chosen = np.arange(1, count + 1) if series.units is None else series.units
    if ends is not None and len(chosen) <= len(ends[0]):
        return [f"{pre + 1} → {post + 1}" for pre, post in zip(*(end[chosen - 1] for end in ends), strict=True)]
    what = "unit " if series.owner in study.runs[number].facts.units else ""
    return [f"{what}{n}" for n in chosen]


def _spread(
    every: Sequence[Series], scale: float, scene: Scene, shown: _Shown, study: Study, group: Sequence[int]
) -> tuple[list[Mark], bool]:
    """The mean of several runs, and how far they differ (s.d. of the sample); of few units each, of many their mean."""
    longest = max(every, key=lambda s: s.taken)
    if not longest.taken:
        return [], False
    x, y = scene.axis.of(longest.steps), _filled(every, scale)
    if y.shape[2] > FEW_LINES:
        y = mean_of_known(y)[:, :, np.newaxis]
    if shown.theory:
        return [Line(x, y[0, :, 0], colour(shown.colour), shown.name, dashed=True)], False
    marks: list[Mark] = []
    numbers = _numbers(study, group[0], longest, y.shape[2])
    for k in range(y.shape[2]):
        name = shown.name if y.shape[2] == 1 else joined(shown.several, numbers[k], shown.run)
        own = colour(shown.colour + k)
        middle = mean_of_known(y[:, :, k].T)
        apart = np.sqrt(mean_of_known((y[:, :, k] - middle).T ** 2) * _sample(y[:, :, k]))
        if longest.bins:
            edges = _edges(longest, scene)
            marks += [Band(edges, middle - apart, middle + apart, own, stepped=True), Steps(edges, middle, own, name)]
        else:
            marks += [Band(x, middle - apart, middle + apart, own), Line(x, middle, own, name)]
    return marks, y.shape[2] > 1


def _sample(values: Floats) -> Floats:
    """n/(n − 1) for the number n of runs that have a value."""
    count = np.count_nonzero(~np.isnan(values), axis=0)
    return np.asarray(count / np.maximum(count - 1, 1))


def _filled(every: Sequence[Series], scale: float) -> Floats:
    """float64[runs, moments, units], NaN where a run was over."""
    arrays = [s.done.reshape(s.taken, -1) / scale for s in every]
    found = np.full((len(arrays), max(len(a) for a in arrays), max(a.shape[1] for a in arrays)), np.nan)
    for number, array in enumerate(arrays):
        found[number, : len(array), : array.shape[1]] = array
    return found


def dark(hue: str) -> str:
    """The same colour, darker."""
    parts = [int(hue[i : i + 2], 16) for i in (1, 3, 5)]
    return "#" + "".join(f"{int(0.45 * part):02x}" for part in parts)


# --- at spikes -------------------------------------------------------------------------------------------------------


def at_spikes(study: Study, plans: Sequence[PlotPlan], panel: taken.Panel, scene: Scene) -> Panel:
    """What is taken at spikes, as dots over time. A sweep shows its first run, and says so."""
    run, labels = study.runs[0], [record.label for record in panel.spikes if record.label is not None]
    names, several = named(labels), len(panel.spikes) > len({r.population for r in panel.spikes})
    marks = []
    for place, (record, label) in enumerate(zip(panel.spikes, labels, strict=True)):
        times = scene.axis.of(run.train(record)[0])
        hue = colour(place if several else scene.colours[key_of_spikes(record)])
        marks.append(Dots(times, run.values(record) / label.scale, hue, _size(len(times), 3.0, 40.0), names.items[place]))
    wish = plans[0].spec.vertical
    low, high = limits(plans[0].vertical, labels[0].scale)
    vertical = Axis(called(wish, names.axis, (one.dimension for one in labels)), low, high, wish.logarithmic)
    return Panel("at spikes", horizontal(scene.axis), vertical, tuple(marks), note=which(study, "at spikes"))


def which(study: Study, what: str) -> str:
    """Where one run of several is shown: which."""
    if len(study.runs) < 2:
        return ""
    return f"{what}: {of_run(study, 0)}" if study.axes else f"{what}: first of {len(study.runs)} runs"


def _size(count: int, least: float, most: float) -> float:
    return float(np.clip(2.0e5 / max(count, 1), least, most))


# --- rasters ---------------------------------------------------------------------------------------------------------


def raster(study: Study, panel: taken.Panel, scene: Scene) -> Panel:
    """Spikes as dots, populations one above the other; of large ones some units, evenly chosen. A sweep shows its first run, and says so."""
    run, records = study.runs[0], panel.spikes
    everyone = [np.arange(run.facts.units[r.population]) if r.units is None else r.units for r in records]
    shown = [units[evenly(len(units), _MOST_ROWS)] for units in everyone]
    rows = sum(len(units) for units in shown)
    base, marks, places = 0.0, list[Mark](), list[tuple[float, str]]()
    for record, units, whole in zip(records, shown, everyone, strict=True):
        height = max(1.0, _LEAST_SHARE * rows / len(units))
        begins = np.full(run.facts.units[record.population], np.nan)
        begins[units] = base + height * np.arange(len(units))
        steps, spiking = run.train(record, units)
        bottom = begins[spiking]
        there = ~np.isnan(bottom)
        marks.append(_spikes(scene.axis.of(steps[there]), bottom[there], height, rows, colour(scene.colours[key_of_spikes(record)])))
        name = record.name.replace("_", " ")
        places.append((base + 0.5 * height * len(units), name if len(units) == len(whole) else f"{name}\n{len(units)} of {len(whole)}"))
        base += height * len(units) + 0.04 * rows
    vertical = Axis("", -0.02 * rows, base - 0.02 * rows, places=tuple(places))
    return Panel("raster", horizontal(scene.axis), vertical, tuple(marks), note=which(study, "raster"))


def _spikes(times: Floats, bottom: Floats, height: float, rows: int, hue: str) -> Mark:
    """Each spike in its row, which begins at `bottom` and is so high; there are about so many rows of height 1."""
    if rows <= _MOST_BARS * height:
        return Bars(times, bottom + 0.1 * height, 0.8 * height, hue)
    return Dots(times, bottom + 0.5 * height, hue, _size(len(times), 1.5, 12.0))


# --- maps ------------------------------------------------------------------------------------------------------------


def maps(study: Study, plans: Sequence[PlotPlan], panel: taken.Panel, scene: Scene) -> Panel:
    """The values of all units or connections over time in colours, a row for each. A sweep shows its first run, and says so."""
    series, label = panel.series[0], panel.labels[0]
    values = (series.done / label.scale).reshape(series.taken, -1).T
    rows = len(values)
    name = named([label]).axis
    if not series.taken:
        return Panel("map", horizontal(scene.axis), Axis(), (), note=which(study, "map"))
    stride = series.moments.stride
    x = scene.axis.of(
        np.concatenate([[series.steps[0] - (stride if series.bins else 0)], series.steps if series.bins else series.steps[1:]])
    )
    if not series.bins:
        x = np.concatenate([x, [x[-1] + (x[-1] - x[-2] if len(x) > 1 else 1.0)]])
    if scene.axis.unit == "steps":
        x = x - 0.5  # what is taken after a step stands at its number
    shown, edges = _together(values, np.arange(rows + 1, dtype=np.float64) + 0.5, _MOST_MAP_ROWS)
    turned, x = _together(shown.T, np.asarray(x, dtype=np.float64), _MOST_MAP_COLUMNS)
    shown = turned.T
    low, high = limits(plans[0].vertical, 1.0)
    vertical = Axis(
        plans[0].spec.vertical.label or numbered(series, study),
        low if low is not None else 0.5,
        high if high is not None else rows + 0.5,
        whole=True,
    )
    return Panel("map", horizontal(scene.axis), vertical, (Field(x, edges, shown),), scale_of(name, shown), which(study, "map"))


def _together(values: Floats, edges: Floats, most: int) -> tuple[Floats, Floats]:
    """At most so many rows: the means of neighbours, and the edges of the rows."""
    each = -(-len(values) // most)
    if each <= 1:
        return values, edges
    begins = np.arange(0, len(values), each)
    return np.array([mean_of_known(values[k : k + each].T) for k in begins]), np.concatenate([edges[begins], edges[-1:]])


def numbered(series: Series, study: Study, alone: bool = True) -> str:
    """What the values of a series are numbered by; beside others not whose they are."""
    over = series.axes[0][1] if series.axes else series.owner
    patterns = next((p.symbol for p in study.network.patterns if p.name == over), None)
    if patterns is not None:
        return f"pattern of ${patterns}$"
    what = "unit" if over in study.runs[0].facts.units else "connection" if over else "number"
    return f"{what} of {over.replace('_', ' ')}" if over and what != "number" and alone else what
