"""Figures that are not over time: of one moment (histograms, and values over the number of the unit), of a plane of two variables (paths, and the contours
of what depends on both), and over a swept parameter (one line for each combination of the others, repeats as mean and standard error)."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator
from numpy.typing import NDArray

from plasticdsl.graph import reachable
from plasticdsl.model.expr import Expr, Ref, refs
from plasticdsl.model.owners import Whose
from plasticdsl.results.axis import COLOURS, GREY, draw_units_over, evenly, label_of, legend, note, shared_label, time_unit
from plasticdsl.runtime.play.sweep import Axis, Study
from plasticdsl.runtime.watch.series import Label, Landscape, Panel, PlotPlan, Series
from plasticdsl.runtime.watch.statistics import histogram, intervals, mean_of_known
from plasticdsl.support.arrays import Floats

_MOST_SHOWN = 6
#: As many bins as the root of the number of values, within these.
_FEWEST_BINS, _MOST_BINS = 8, 40


def draw_intervals(axes: Axes, study: Study, panels: Sequence[Panel]) -> None:
    """How the intervals between spikes of the same unit are distributed, of each population in the first run; filled where there is one."""
    run, records = study.runs[0], panels[0].spikes
    scale, unit = (1.0, "steps") if run.line.in_steps else (run.line.dt * 1e3, "ms")
    found: list[Floats] = []
    for record in records:
        steps, units = run.train(record)
        found.append(intervals(steps, units.astype(np.int64), record.stretch(steps)).astype(np.float64) * scale)
    _outlines(axes, [(record.name if len(records) > 1 else "", values) for record, values in zip(records, found, strict=True)], COLOURS)
    axes.set_xlabel(f"interval ({unit})")
    axes.set_ylabel("number of intervals")
    if len(study.runs) > 1:
        axes.set_title(f"intervals: {study.label(0)}" if study.axes else f"intervals: first of {len(study.runs)} runs", loc="right")
    legend(axes)


def draw_histogram(axes: Axes, study: Study, panels: Sequence[Panel]) -> None:
    """How the values of all units are distributed: of one run filled, of several (or at several moments) as outlines. `panels` of all runs."""
    shown = _entries(study, panels)
    over_time = len(panels) == 1 and len(panels[0].series) == 1 and len(shown) > 1
    colours = (
        [colormaps["viridis"](k / len(shown)) for k in range(len(shown))]
        if over_time
        else [COLOURS[k % len(COLOURS)] for k in range(len(shown))]
    )
    _outlines(axes, shown, colours, panels[0].series[0].bins_asked)
    axes.set_xlabel(shared_label([s.label for s in panels[0].series]))
    owner = panels[0].series[0].owner
    what = "units" if owner in study.runs[0].facts.units else "connections" if owner else "values"
    axes.set_ylabel(f"number of {what}")
    legend(axes)


def _outlines(axes: Axes, shown: Sequence[tuple[str, Floats]], colours: Sequence[Any], bins: int = 0) -> None:
    """The values under each name counted in the same bins, a single one filled; there are as many as the root of the largest number of values, about."""
    everything = np.concatenate([values for _, values in shown]) if shown else np.zeros(0)
    largest = max((len(values) for _, values in shown), default=0)
    _, edges = histogram(everything, bins or int(np.clip(np.sqrt(largest), _FEWEST_BINS, _MOST_BINS)))
    for number, (name, values) in enumerate(shown):
        counts = np.histogram(values[np.isfinite(values)], edges)[0]
        axes.stairs(counts, edges, fill=len(shown) == 1, color=colours[number % len(colours)], label=name, linewidth=2.4)
    axes.set_ylim(bottom=0)
    axes.yaxis.set_major_locator(MaxNLocator(nbins=8, integer=True, steps=[1, 2, 5, 10]))


def _entries(study: Study, panels: Sequence[Panel]) -> list[tuple[str, Floats]]:
    """What gets an outline: each item of each run, or, of a single one, each of its moments."""
    every = [(series, n) for n, panel in enumerate(panels) for series in panel.series]
    if len(every) == 1:
        line = study.runs[0].line
        return _moments(every[0][0], line.dt, line.in_steps)
    picked = [every[i] for i in evenly(len(every), _MOST_SHOWN)]
    several = len(panels[0].series) > 1
    names = [", ".join(p for p in (s.label.text if several else "", study.label(run)) if p) for s, run in picked]
    return [(name, _last(s)) for name, (s, _) in zip(names, picked, strict=True)]


def _moments(series: Series, dt: float, in_steps: bool) -> list[tuple[str, Floats]]:
    steps, values = series.steps, series.done / series.label.scale
    if len(steps) <= 1:
        return [("", _last(series))]
    return [
        (f"step {steps[i]}" if in_steps else f"t = {steps[i] * dt:g} s", np.atleast_1d(values[i])) for i in evenly(len(steps), _MOST_SHOWN)
    ]


def _last(series: Series) -> Floats:
    return np.atleast_1d(series.done[-1] / series.label.scale) if series.taken else np.zeros(0)


#: What a curve is over, in words, and what its height is.
_CURVES = {
    "after": ("time", "rate"),
    "lag": ("lag", "pairs of spikes"),
    "interval": ("interval", "number of intervals"),
    "frequency": ("frequency", "power density"),
}


def draw_curves(axes: Axes, study: Study, panels: Sequence[Panel]) -> None:
    """Over a lag, the time after something, or a frequency, in steps where spikes are counted in bins: of one run also the units, of several (the first of
    each combination) the mean over them."""
    shown = range(0, len(panels), study.repeats if study.axes else 1)
    every = [(series, n) for n in shown for series in panels[n].series]
    first = panels[0].series[0]
    assert first.curve is not None, "such a panel is of curves"
    unit, scale = first.curve.unit, 1.0
    if unit == "s":
        unit, scale = ("steps", 1.0) if study.runs[0].line.in_steps else time_unit(float(np.max(np.abs(first.curve.values), initial=0.0)))
    for number, place in enumerate(evenly(len(every), _MOST_SHOWN)):
        series, run = every[place]
        if series.curve is None or not series.taken:
            continue
        x, y = series.curve.values / scale, series.done[-1] / series.label.scale
        if y.ndim > 1 and len(every) > 1:
            y = y.mean(axis=0)
        name, each = (", ".join(p for p in (text, study.label(run)) if p) for text in (series.label.text, f"{series.label.text}, unit #"))
        if y.ndim == 1 and len(x) > 1 and series.curve.name != "frequency":
            edges = np.append(x, 2.0 * x[-1] - x[-2]) - 0.5 * (x[1] - x[0])
            axes.stairs(y, edges, color=COLOURS[number % len(COLOURS)], label=name, linewidth=2.4, baseline=None)
        else:
            draw_units_over(axes, x, y.T, (name, each), number, None, None if series.units is None else series.units.tolist())
    over, height = _CURVES[first.curve.name]
    axes.set_xlabel(f"{over} ({unit})")
    axes.set_ylabel(label_of(replace(first.label, text=height)))
    axes.set_ylim(bottom=0)
    legend(axes, always=True)


def draw_units(axes: Axes, study: Study, panels: Sequence[Panel]) -> None:
    """Values at one moment over the number of the unit, connection or pattern. A sweep shows its first run."""
    found = [_last(series) for series in panels[0].series]
    few = max(len(values) for values in found) <= 60
    for number, (series, values) in enumerate(zip(panels[0].series, found, strict=True)):
        numbers = np.arange(1, len(values) + 1) if series.units is None else series.units
        axes.plot(numbers, values, "o", markersize=9 if few else 3, color=COLOURS[number % len(COLOURS)],
                  label=series.label.text, rasterized=not few)  # fmt: skip
    axes.set_xlabel(_counted(panels[0].series[0], study))
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    axes.set_ylabel(shared_label([s.label for s in panels[0].series]))
    legend(axes)


def _counted(series: Series, study: Study) -> str:
    """What the values of a series are numbered by."""
    over = series.axes[0][1] if series.axes else series.owner
    patterns = next((p.symbol for p in study.network.patterns if p.name == over), None)
    if patterns is not None:
        return f"pattern of {patterns}"
    return "unit" if over in study.runs[0].facts.units else "connection" if over else "number"


# --- a plane of two variables ----------------------------------------------------------------------------------------


#: So many paths are drawn at most, evenly chosen; up to `_FEW` of them in colours of their own.
_MOST_PATHS, _FEW = 60, 6
#: Contours at values that nobody has named.
_LEVELS = 12


def draw_plane(axes: Axes, plan: PlotPlan, panel: Panel) -> None:
    """One variable against another: a path for each unit."""
    assert plan.against is not None, "a plane has two variables"
    single = len(panel.series) == 1
    for number, series in enumerate(panel.series):
        x, y = _paths(plan.against, series)
        colours = [COLOURS[(k if single else number) % len(COLOURS)] for k in range(x.shape[1])]
        _draw_paths(axes, x, y, colours, "" if single else series.label.text)
    axes.set_xlabel(label_of(plan.against.label))
    axes.set_ylabel(shared_label([s.label for s in panel.series]))
    legend(axes)


def draw_contours(axes: Axes, plans: Sequence[PlotPlan]) -> None:
    """Lines of equal value, and the way that each run took between them. Of a sweep, the lines are those of the first run."""
    first = plans[0]
    assert first.landscape is not None and first.against is not None, "contours have a plane"
    _draw_landscape(axes, first.landscape, first.series[0].label, first.against.label, first.spec.items[0].scale)
    shown = evenly(len(plans), _MOST_PATHS)
    for number in shown:
        against = plans[number].against
        assert against is not None, "contours have a plane"
        x, y = _paths(against, plans[number].series[0])
        _draw_paths(axes, x, y, [COLOURS[1]] * x.shape[1], "", alone=len(shown) == 1)
    axes.set_xlabel(label_of(first.against.label))
    axes.set_ylabel(label_of(first.series[0].label))


def _draw_landscape(axes: Axes, landscape: Landscape, vertical: Label, horizontal: Label, scale: float) -> None:
    x, y = landscape.horizontal.points() / horizontal.scale, landscape.vertical.points() / vertical.scale
    z = landscape.values() / scale
    finite = z[np.isfinite(z)]
    if not len(finite):
        return
    levels = [level / scale for level in landscape.levels] or list(np.quantile(finite, np.linspace(0.01, 0.97, _LEVELS)))
    levels = sorted(set(levels))
    shades = colormaps["viridis"](np.linspace(0.15, 0.9, len(levels)))
    lines = axes.contour(
        x, y, np.ma.masked_invalid(z), levels=levels, colors=[tuple(c) for c in shades], linewidths=2.4, linestyles="solid"
    )
    for text in axes.clabel(lines, inline=False, fmt=lambda value: f"{value:.3g}".replace("-", "−"), fontsize=14, zorder=4):
        text.set_bbox({"boxstyle": "round,pad=0.1", "facecolor": "white", "edgecolor": "none", "alpha": 0.85})
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_major_locator(MaxNLocator(nbins=5))
    axes.set_xlim(x.min(), x.max())
    axes.set_ylim(y.min(), y.max())
    if horizontal.dimension == vertical.dimension:
        axes.set_aspect("equal")


def _paths(horizontal: Series, vertical: Series) -> tuple[Floats, Floats]:
    """Both as float64[moments, units]; what is one value goes with each unit of the other."""
    x, y = (s.done.reshape(s.taken, -1) / s.label.scale for s in (horizontal, vertical))
    moments, units = min(len(x), len(y)), min({x.shape[1], y.shape[1]} - {1}, default=1)
    x, y = np.broadcast_arrays(x[:moments, :units], y[:moments, :units])
    return x, y


def _draw_paths(axes: Axes, x: Floats, y: Floats, colours: Sequence[str], name: str, alone: bool = True) -> None:
    """Each path with a ring where it begins and a dot where it ends."""
    if not len(x):
        return
    shown = evenly(x.shape[1], _MOST_PATHS)
    width = 2.4 if alone and len(shown) <= _FEW else 1.5
    for place, unit in enumerate(shown):
        colour = colours[place]
        axes.plot(x[:, unit], y[:, unit], color=colour, linewidth=width, label=name if name and place == 0 else None)
        axes.plot(x[0, unit], y[0, unit], "o", markersize=8, markerfacecolor="white", markeredgecolor=colour, markeredgewidth=2)
        axes.plot(x[-1, unit], y[-1, unit], "o", markersize=10, color=GREY, zorder=3)


# --- over a swept parameter ------------------------------------------------------------------------------------------


def draw_sweep(axes: Axes, study: Study, plan: PlotPlan, panels: Sequence[Panel], number: int) -> None:
    """Items of a panel of plot line `number` over an expression of parameters; `panels` of all runs."""
    axis = plan.axis
    assert axis is not None, "a plot over a sweep says over what"
    along = _own_axis(study, axis)
    scale = along.scale if along is not None and isinstance(axis, Ref) else 1.0
    x = np.array([run.facts.over[number] for run in study.runs], dtype=np.float64) / scale
    labels, lines = [s.label for s in panels[0].series], _lines(study, along)
    colours = itertools.cycle(COLOURS)
    for item, label in enumerate(labels):
        y = np.array([_value(panel.series[item]) for panel in panels]) / label.scale
        for name, runs in lines.items():
            text = ", ".join(p for p in (label.text if len(labels) > 1 else "", name) if p)
            _draw_line(axes, x[runs], y[runs], text, next(colours))
    unit = along.unit if along is not None and isinstance(axis, Ref) else ""
    axes.set_xlabel(label_of(Label(plan.over_text, unit=unit)))
    axes.set_ylabel(shared_label(labels))
    if study.repeats > 1:
        note(axes, f"mean ± s.e. of {study.repeats} runs")
    legend(axes)


def _draw_line(axes: Axes, x: Floats, y: Floats, name: str, colour: str) -> None:
    """Mean over runs with the same x, with the standard error of the mean (sd/√n, of the sample) as a bar where there are several."""
    at = np.unique(x)
    groups = [y[x == value] for value in at]
    means = np.array([np.mean(group) for group in groups])
    errors = np.array([np.std(group, ddof=1) / np.sqrt(len(group)) if len(group) > 1 else 0.0 for group in groups])
    several = len(x) > len(at)
    axes.errorbar(at, means, errors if several else None, marker="o", color=colour, label=name, capsize=5, elinewidth=1.8)


def _value(series: Series) -> float:
    """The value of one run; the mean where there is one per unit."""
    return float(mean_of_known(series.done[-1].ravel())) if series.taken else np.nan


def _own_axis(study: Study, expr: Expr) -> Axis | None:
    """The swept parameter that the horizontal axis shows, itself or through parameters that depend on it."""
    values = {v.name: v.value for v in study.network.variables if isinstance(v.value, Expr)}
    reads = {Ref(owner, name): _read(value) for name, value in values.items() for owner in (Whose.NETWORK, Whose.OWN)}
    return next((axis for axis in study.axes for one in axis.all if not reachable(_read(expr), reads).isdisjoint(one.places)), None)


def _read(expr: Expr) -> set[Ref]:
    return {Ref(r.owner, r.name) for r in refs(expr)}


def _lines(study: Study, along: Axis | None) -> dict[str, NDArray[np.int64]]:
    """Runs that belong to one line, by the values of the other parameters."""
    found: dict[str, list[int]] = {}
    for number in range(len(study.runs)):
        found.setdefault(study.label(number, without=along), []).append(number)
    return {name: np.array(numbers) for name, numbers in found.items()}
