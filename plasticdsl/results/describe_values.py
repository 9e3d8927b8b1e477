"""Panels that are not over time, as data: distributions, curves, values of units, planes of two variables, matrices and images."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from plasticdsl.results.describe_time import numbered, which
from plasticdsl.results.labels import along, joined, named, of_run, whole, with_unit
from plasticdsl.results.picture import Axis, Dots, Levels, Line, Mark, Panel, Steps, Weight
from plasticdsl.results.scene import (
    COLOURS,
    FEW_LINES,
    GREY,
    called,
    colour,
    combinations,
    evenly,
    limits,
    time_unit,
    vertical_limits,
    wished_unit,
)
from plasticdsl.runtime.play.sweep import Study
from plasticdsl.runtime.watch import series as taken
from plasticdsl.runtime.watch.series import Label, PlotPlan, Series, label_of
from plasticdsl.runtime.watch.statistics import histogram, intervals, mean_of_known
from plasticdsl.support.arrays import Floats
from plasticdsl.units.dimension import FREQUENCY, TIME

_MOST_SHOWN = 6
#: As many bins as the root of the number of values, within these.
_FEWEST_BINS, _MOST_BINS = 8, 40
#: Moments of one quantity, from the first to the last: viridis, as far as it can be seen on white.
_MOMENTS = ("#440154", "#414487", "#2A788E", "#22A884", "#7AD151", "#C8B020")


# --- distributions ---------------------------------------------------------------------------------------------------


def of_intervals(study: Study, plan: PlotPlan, panel: taken.Panel) -> Panel:
    """How the intervals between spikes of the same unit are distributed, of each population in the first run; filled where there is one."""
    run, records = study.runs[0], panel.spikes
    unit, seconds = ("steps", 1.0) if run.line.in_steps else wished_unit(plan.spec.horizontal, TIME) or ("ms", 1e-3)
    scale = 1.0 if run.line.in_steps else run.line.dt / seconds
    found: list[tuple[str, Floats]] = []
    for record in records:
        steps, units = run.train(record)
        values = intervals(steps, units.astype(np.int64), record.stretch(steps)).astype(np.float64) * scale
        found.append((record.name.replace("_", " ") if len(records) > 1 else "", values))
    label = f"interval of {records[0].name}" if len(records) == 1 else "interval"
    x, y = _wished(plan, with_unit(label.replace("_", " "), unit), "number of intervals", seconds)
    return Panel("intervals", x, y, _outlines(found, COLOURS), note=which(study, "intervals"))


def of_values(study: Study, plans: Sequence[PlotPlan], panels: Sequence[taken.Panel]) -> Panel:
    """How the values of all units are distributed: of one run filled, of several (or at several moments) as outlines. `panels` of all runs."""
    first, names = panels[0], named(panels[0].labels)
    shown = _entries(study, panels, names.items)
    over_time = len(panels) == 1 and len(first.series) == 1 and len(shown) > 1
    owner = first.series[0].owner
    what = "units" if owner in study.runs[0].facts.units else "connections" if owner else "values"
    x, y = _wished(plans[0], names.axis, f"number of {what}", first.labels[0].scale)
    marks = _outlines(shown, _MOMENTS if over_time else COLOURS, first.series[0].bins_asked)
    note = f"{study.repeats} runs together" if study.repeats > 1 else ""
    return Panel("histogram", x, y, marks, note=note)


def _wished(plan: PlotPlan, across: str, up: str, scale: float) -> tuple[Axis, Axis]:
    """The axes of a distribution, as the line wishes them; numbers begin at 0."""
    horizontal, vertical = plan.spec.horizontal, plan.spec.vertical
    low, high = limits(plan.horizontal, scale)
    least, most = limits(plan.vertical, 1.0)
    x = Axis(horizontal.label or across, low, high, horizontal.logarithmic)
    begin = None if vertical.logarithmic else 0.0
    return x, Axis(vertical.label or up, begin if least is None else least, most, vertical.logarithmic, whole=not vertical.logarithmic)


def _outlines(shown: Sequence[tuple[str, Floats]], hues: Sequence[str], bins: int = 0) -> tuple[Mark, ...]:
    """The values under each name counted in the same bins, a single one filled; there are as many as the root of the largest number of values, about."""
    everything = np.concatenate([values for _, values in shown]) if shown else np.zeros(0)
    largest = max((len(values) for _, values in shown), default=0)
    _, edges = histogram(everything, bins or int(np.clip(np.sqrt(largest), _FEWEST_BINS, _MOST_BINS)))
    counted = [(name, np.histogram(values[np.isfinite(values)], edges)[0].astype(np.float64)) for name, values in shown]
    return tuple(Steps(edges, n, hues[k % len(hues)], name, len(shown) == 1) for k, (name, n) in enumerate(counted))


def _entries(study: Study, panels: Sequence[taken.Panel], names: Sequence[str]) -> list[tuple[str, Floats]]:
    """What gets an outline: each item of each combination, the values of its repeats together; or, of a single run, each of its moments."""
    labels, found = panels[0].labels, list[tuple[str, Floats]]()
    if len(panels) == len(labels) == 1:
        return moments_of(panels[0].series[0], labels[0].scale, study)
    for item, label in enumerate(labels):
        for block in combinations(study):
            runs = panels[block * study.repeats : (block + 1) * study.repeats]
            if runs:
                values = np.concatenate([last_of(panel.series[item]) for panel in runs]) / label.scale
                found.append((joined(names[item] if len(labels) > 1 else "", of_run(study, block * study.repeats)), values))
    return found


def moments_of(series: Series, scale: float, study: Study) -> list[tuple[str, Floats]]:
    """The values at some of the moments at which they were taken, and when that was; one moment needs no name."""
    steps, values, line = series.steps, series.done / scale, study.runs[0].line
    if len(steps) <= 1:
        return [("", last_of(series) / scale)]
    chosen = evenly(len(steps), _MOST_SHOWN)
    unit, seconds = time_unit(float(steps[-1]) * line.dt)
    times = [f"step {steps[i]}" if line.in_steps else f"$t$ = {steps[i] * line.dt / seconds:.4g} {unit}" for i in chosen]
    return [(time, np.atleast_1d(values[i])) for time, i in zip(times, chosen, strict=True)]


def last_of(series: Series) -> Floats:
    """What was taken last, in SI."""
    return np.atleast_1d(series.done[-1]) if series.taken else np.zeros(0)


# --- curves ----------------------------------------------------------------------------------------------------------

#: What a curve is over, in words, and what its height is.
_CURVES = {
    "after": ("time", "rate"),
    "lag": ("lag", "pairs of spikes"),
    "interval": ("interval", "number of intervals"),
    "frequency": ("frequency", "power density"),
}


def curves(study: Study, plans: Sequence[PlotPlan], panels: Sequence[taken.Panel]) -> Panel:
    """Over a lag, the time after something, or a frequency, in steps where spikes are counted in bins: of one run also the units, of several (the first of
    each combination) the mean over them."""
    shown = range(0, len(panels), study.repeats if study.axes else 1)
    every = [(item, n) for n in shown for item in range(len(panels[n].series))]
    first, names = panels[0].series[0], tuple(_owner(label) for label in panels[0].labels)
    assert first.curve is not None, "such a panel is of curves"
    unit, scale = first.curve.unit, 1.0
    if unit == "s":
        largest = float(np.max(np.abs(first.curve.values), initial=0.0))
        unit, scale = ("steps", 1.0) if study.runs[0].line.in_steps else wished_unit(plans[0].spec.horizontal, TIME) or time_unit(largest)
    else:
        unit, scale = wished_unit(plans[0].spec.horizontal, FREQUENCY) or (unit, scale)
    marks: list[Mark] = []
    for number, place in enumerate(evenly(len(every), _MOST_SHOWN)):
        item, run = every[place]
        series, name = panels[run].series[item], joined(names[item], _run_name(study, run))
        if series.curve is not None and series.taken:
            y = series.done[-1] / panels[0].labels[item].scale
            single = y.mean(axis=0) if y.ndim > 1 and len(every) > 1 else y
            marks += _curve(series.curve.values / scale, single, name, number, series.curve.name == "frequency", series)
    over, height = _CURVES[first.curve.name]
    wish = plans[0].spec
    low, high = limits(plans[0].horizontal, scale)
    least, most = vertical_limits(plans[0], panels[0])
    x = Axis(wish.horizontal.label or with_unit(over, unit), low, high, wish.horizontal.logarithmic)
    begin = None if wish.vertical.logarithmic else 0.0
    label = wish.vertical.label or with_unit(height, panels[0].labels[0].unit)
    return Panel("curve", x, Axis(label, begin if least is None else least, most, wish.vertical.logarithmic), tuple(marks), explained=True)


def _run_name(study: Study, number: int) -> str:
    """What a run is called beside others: by its parameters, or, of repeats alone, by its number."""
    return of_run(study, number) if study.axes or len(study.runs) == 1 else f"run {number + 1}"


def _owner(label: Label) -> str:
    """A curve is told by whose it is, since what it is stands along the axis."""
    return label.given or label.words.whose or label.text


def _curve(x: Floats, y: Floats, name: str, number: int, is_smooth: bool, series: Series) -> list[Mark]:
    if y.ndim == 1 and len(x) > 1 and not is_smooth:
        edges = np.append(x, 2.0 * x[-1] - x[-2]) - 0.5 * (x[1] - x[0])
        return [Steps(edges, y, colour(number), name)]
    if y.ndim == 1:
        return [Line(x, y, colour(number), name)]
    if len(y) <= FEW_LINES:
        units = range(1, len(y) + 1) if series.units is None else series.units.tolist()
        return [Line(x, one, colour(number + k), joined(name, f"unit {unit}")) for k, (one, unit) in enumerate(zip(y, units, strict=True))]
    faint = [Line(x, y[k], colour(number), weight="faint") for k in evenly(len(y), 60)]
    return [*faint, Line(x, mean_of_known(y.T), colour(number), f"{name}: mean of {len(y)}", "bold")]


# --- a value for each unit -------------------------------------------------------------------------------------------


def units(study: Study, plans: Sequence[PlotPlan], panels: Sequence[taken.Panel]) -> Panel:
    """Values at one moment over the number of the unit, connection or pattern. A sweep shows its first run."""
    first, names = panels[0], named(panels[0].labels)
    found = [last_of(series) / label.scale for series, label in zip(first.series, first.labels, strict=True)]
    few = max(len(values) for values in found) <= 60
    marks = []
    for number, (series, values) in enumerate(zip(first.series, found, strict=True)):
        numbers = np.arange(1, len(values) + 1) if series.units is None else series.units
        marks.append(Dots(numbers.astype(np.float64), values, colour(number), 81.0 if few else 9.0, names.items[number]))
    wish = plans[0].spec
    low, high = vertical_limits(plans[0], first)
    alone = len({series.owner for series in first.series}) == 1
    x = Axis(wish.horizontal.label or numbered(first.series[0], study, alone), whole=True)
    y = Axis(called(wish.vertical, names.axis, (label.dimension for label in first.labels)), low, high, wish.vertical.logarithmic)
    return Panel("units", x, y, tuple(marks), note=which(study, "values") if len(study.runs) > 1 else "")


# --- a plane of two variables ----------------------------------------------------------------------------------------

#: So many paths are drawn at most, evenly chosen; up to `_FEW` of them in colours of their own.
_MOST_PATHS, _FEW = 60, 6
#: Contours at values that nobody has named.
_LEVELS = 12


def plane(plan: PlotPlan, panel: taken.Panel) -> Panel:
    """One variable against another: a path for each unit, or a dot where there is one moment."""
    assert plan.against is not None, "a plane has two variables"
    single, marks, names = len(panel.series) == 1, list[Mark](), named(panel.labels)
    over = label_of(plan.spec.over[0])
    for number, (series, label) in enumerate(zip(panel.series, panel.labels, strict=True)):
        x, y = _paths(plan.against, over.scale, series, label.scale)
        if len(x) == 1:
            size = 81.0 if x.shape[1] <= _MOST_PATHS else 16.0
            marks.append(Dots(x[0], y[0], colour(number), size, "" if single else names.items[number]))
            continue
        hues = [colour(k if single else number) for k in range(x.shape[1])]
        marks += _path_marks(x, y, hues, "" if single else names.items[number])
    wish = plan.spec
    low, high = limits(plan.horizontal, over.scale)
    least, most = vertical_limits(plan, panel)
    x_axis = Axis(wish.horizontal.label or along(over), low, high, wish.horizontal.logarithmic)
    text = called(wish.vertical, names.axis, (one.dimension for one in panel.labels))
    return Panel("plane", x_axis, Axis(text, least, most, wish.vertical.logarithmic), tuple(marks))


def contours(plans: Sequence[PlotPlan]) -> Panel:
    """Lines of equal value, and the way that each run took between them. Of a sweep, the lines are those of the first run."""
    first = plans[0]
    assert first.landscape is not None and first.spec.plane is not None, "contours have a plane"
    across, up = (label_of(side.item) for side in (first.spec.plane.horizontal, first.spec.plane.vertical))
    scale = first.spec.items[0].scale
    x, y = first.landscape.horizontal.points() / across.scale, first.landscape.vertical.points() / up.scale
    z = first.landscape.values() / scale
    finite = z[np.isfinite(z)]
    marks: list[Mark] = []
    if len(finite):
        chosen = [level / scale for level in first.landscape.levels] or [
            float(q) for q in np.quantile(finite, np.linspace(0.01, 0.97, _LEVELS))
        ]
        marks.append(Levels(x, y, z, tuple(sorted(set(chosen)))))
    shown = evenly(len(plans), _MOST_PATHS)
    for number in shown:
        against = plans[number].against
        assert against is not None, "contours have a plane"
        horizontal, vertical = _paths(against, across.scale, plans[number].series[0], up.scale)
        marks += _path_marks(horizontal, vertical, [COLOURS[1]] * horizontal.shape[1], "", alone=len(shown) == 1)
    wish = first.spec
    x_axis = Axis(wish.horizontal.label or along(across), float(x.min()), float(x.max()))
    y_axis = Axis(wish.vertical.label or along(up), float(y.min()), float(y.max()))
    note = f"lines: {whole(label_of(first.spec.items[0]))}"
    return Panel("contours", x_axis, y_axis, tuple(marks), note=note, square=across.dimension == up.dimension)


def _paths(horizontal: Series, across: float, vertical: Series, up: float) -> tuple[Floats, Floats]:
    """Both as float64[moments, units]; what is one value goes with each unit of the other."""
    x, y = (s.done.reshape(s.taken, -1) / scale for s, scale in ((horizontal, across), (vertical, up)))
    moments, count = min(len(x), len(y)), min({x.shape[1], y.shape[1]} - {1}, default=1)
    x, y = np.broadcast_arrays(x[:moments, :count], y[:moments, :count])
    return x, y


def _path_marks(x: Floats, y: Floats, hues: Sequence[str], name: str, alone: bool = True) -> list[Mark]:
    """Each path with a ring where it begins and a dot where it ends."""
    if not len(x):
        return []
    shown = evenly(x.shape[1], _MOST_PATHS)
    marks: list[Mark] = []
    for place, unit in enumerate(shown):
        weight: Weight = "plain" if alone and len(shown) <= _FEW else "thin"
        marks.append(Line(x[:, unit], y[:, unit], hues[place], name if place == 0 else "", weight))
        marks.append(Dots(x[:1, unit], y[:1, unit], hues[place], 64.0, hollow=True))
        marks.append(Dots(x[-1:, unit], y[-1:, unit], GREY, 100.0))
    return marks
