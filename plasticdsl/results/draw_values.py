"""Figures of one moment: histograms, and values over the number of the unit."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator

from plasticdsl.results.axis import evenly, legend, shared_label
from plasticdsl.results.style import COLOURS
from plasticdsl.runtime.play.sweep import Study
from plasticdsl.runtime.watch.series import Panel, Series
from plasticdsl.runtime.watch.statistics import histogram
from plasticdsl.support.arrays import Floats

_MOST_SHOWN = 6
#: As many bins as the root of the number of values, within these.
_FEWEST_BINS, _MOST_BINS = 8, 40


def draw_histogram(axes: Axes, study: Study, panels: Sequence[Panel]) -> None:
    """How the values of all units are distributed: of one run filled, of several (or at several moments) as outlines. `panels` of all runs."""
    shown = _entries(study, panels)
    everything = np.concatenate([values for _, values in shown]) if shown else np.zeros(0)
    largest = max((len(values) for _, values in shown), default=0)
    _, edges = histogram(everything, int(np.clip(np.sqrt(largest), _FEWEST_BINS, _MOST_BINS)))
    over_time = len(panels) == 1 and len(panels[0].series) == 1 and len(shown) > 1
    colours = (
        [colormaps["viridis"](k / len(shown)) for k in range(len(shown))]
        if over_time
        else [COLOURS[k % len(COLOURS)] for k in range(len(shown))]
    )
    for number, (name, values) in enumerate(shown):
        counts = np.histogram(values[np.isfinite(values)], edges)[0]
        colour = colours[number]
        axes.stairs(counts, edges, fill=len(shown) == 1, color=colour, label=name, linewidth=2.4)
    axes.set_xlabel(shared_label([s.label for s in panels[0].series]))
    owner = panels[0].series[0].owner
    what = "units" if owner in study.runs[0].facts.units else "connections" if owner else "values"
    axes.set_ylabel(f"number of {what}")
    axes.set_ylim(bottom=0)
    axes.yaxis.set_major_locator(MaxNLocator(nbins=8, integer=True, steps=[1, 2, 5, 10]))
    legend(axes)


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
