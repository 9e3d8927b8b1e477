"""Figures over time: traces, rates, rasters."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from plasticdsl.results.axis import (
    TimeAxis,
    colours_of,
    draw_units_over,
    finish_time,
    label_of,
    legend,
    mark_phases,
    panels_by_unit,
    time_axis,
)
from plasticdsl.results.stack import run_label
from plasticdsl.results.style import COLOURS, SIZE
from plasticdsl.runtime.experiment import Run, train_of
from plasticdsl.runtime.recorder import PlotPlan
from plasticdsl.runtime.series import Series, SpikeRecord
from plasticdsl.runtime.sweep import Study

#: More runs than this are not told apart in one figure over time.
_MOST_RUNS = 6
#: Repeats look alike, so there can be more of them.
_MOST_REPEATS = 20
#: Of larger populations a raster shows so many units; smaller ones get bars instead of dots. Each population has at least its share of the height.
_MOST_ROWS, _MOST_BARS, _LEAST_SHARE = 300, 40, 0.15


def draw_time(figure: Figure, study: Study, plans: Sequence[PlotPlan]) -> None:
    """Items over time; those of one unit share a panel."""
    first = plans[0]
    groups = panels_by_unit([s.label for s in first.series])
    figure.set_size_inches(SIZE[0], SIZE[1] if len(groups) == 1 else 2.2 + 3.3 * len(groups))
    panels = np.atleast_1d(figure.subplots(len(groups), 1, sharex=True))
    runs = _shown_runs(study)
    line = max((study.runs[n].line for n in runs), key=lambda found: found.end)
    axis = _axis_of([plans[n].series[i] for n in runs for i in range(len(first.series))], study.runs[runs[0]], line.end)
    for panel, group in zip(panels, groups, strict=True):
        _draw_panel(panel, study, plans, group, runs, axis)
    finish_time(panels[-1], line, axis)
    mark_phases(panels[0], line, axis)


def _draw_panel(axes: Axes, study: Study, plans: Sequence[PlotPlan], group: list[int], runs: list[int], axis: TimeAxis) -> None:
    colour, explain = 0, False
    for number in runs:
        if number != runs[0] and not study.axes:
            colour = 0  # repeats look alike
        for item in group:
            series = plans[number].series[item]
            explain |= _draw_series(axes, series, axis, _names(study, series, number, runs, len(group) == 1), colour)
            colour += colours_of(series.done)
    labels = [plans[0].series[i].label for i in group]
    alone = len(labels) == 1
    axes.set_ylabel(label_of(labels[0]) if alone else (labels[0].unit or ", ".join(label.text for label in labels)))
    if all(plans[0].series[i].bins for i in group):
        axes.set_ylim(bottom=0.0)
    legend(axes, always=explain)


def _names(study: Study, series: Series, number: int, runs: list[int], alone: bool) -> tuple[str, str]:
    """What the line of a run is called, and the line of one unit of several, with # for its number."""
    text = series.label.text
    numbered = f"{text}_#" if len(series.axes) == 1 else f"{text}[#]"
    if len(runs) == 1:
        return text, numbered
    if not study.axes:
        return (f"{text} in {len(runs)} runs", numbered) if number == runs[0] else ("_", "_")
    label = run_label(study, number)
    return label if alone else f"{text}, {label}", f"{numbered}, {label}"


def _draw_series(axes: Axes, series: Series, axis: TimeAxis, names: tuple[str, str], colour: int) -> bool:
    """Whether it takes words to understand."""
    values = series.done / series.label.scale
    steps = series.steps
    if not len(steps):
        return False
    if series.bins and values.ndim == 1:
        edges = axis.of(np.concatenate([[steps[0] - series.moments.stride], steps]))
        axes.stairs(values, edges, color=COLOURS[colour % len(COLOURS)], label=names[0], linewidth=2.4, baseline=None)
        return False
    marker = "o" if axis.unit == "steps" and len(steps) <= 60 else None
    return draw_units_over(axes, axis.of(steps), values, names, colour, marker)


def _shown_runs(study: Study) -> list[int]:
    """The first run of each combination, spread over the sweep where there are too many; of repeats alone the first ones."""
    if not study.axes:
        return list(range(min(len(study.runs), _MOST_REPEATS)))
    every = list(range(0, len(study.runs), study.repeats))
    if len(every) <= _MOST_RUNS:
        return every
    return [every[i] for i in np.unique(np.linspace(0, len(every) - 1, _MOST_RUNS).astype(np.int64))]


def _axis_of(series: Sequence[Series], run: Run, end: int) -> TimeAxis:
    taken = [s for s in series if s.taken]
    first = min((int(s.steps[0]) - (s.moments.stride if s.bins else 0) for s in taken), default=0)
    last = max((int(s.steps[-1]) for s in taken), default=end)
    return time_axis(run.line, 0 if first <= 1 else first, last)


# --- rasters ---------------------------------------------------------------------------------------------------------


def draw_raster(figure: Figure, study: Study, plans: Sequence[PlotPlan]) -> None:
    """Spikes as dots, populations one above the other; of large ones some units, evenly chosen. A sweep shows its first run."""
    axes = figure.subplots()
    run, records = study.runs[0], plans[0].spikes
    axis = time_axis(run.line, min(r.begin for r in records), min(max(r.end for r in records), max(run.steps, 1)))
    sizes = [run.facts.units[r.population] for r in records]
    shown = [np.unique(np.linspace(0, size - 1, min(size, _MOST_ROWS)).astype(np.int64)) for size in sizes]
    rows = sum(len(units) for units in shown)
    base, ticks = 0.0, []
    for number, (record, units) in enumerate(zip(records, shown, strict=True)):
        height = max(1.0, _LEAST_SHARE * rows / len(units))
        _draw_spikes(axes, run, record, axis, _Rows(base, height, units, COLOURS[number % len(COLOURS)]))
        ticks.append(base + 0.5 * height * len(units))
        base += height * len(units) + 0.04 * rows
    names = [r.name if len(u) == size else f"{r.name}\n{len(u)} of {size}" for r, u, size in zip(records, shown, sizes, strict=True)]
    axes.set_yticks(ticks, names)
    axes.tick_params(axis="y", length=0)
    axes.spines["left"].set_visible(False)
    axes.set_ylim(-0.02 * rows, base - 0.02 * rows)
    finish_time(axes, run.line, axis)
    mark_phases(axes, run.line, axis)


@dataclass(frozen=True, slots=True)
class _Rows:
    """Where a population's spikes go: `units` (from 0) in rows of `height` from `base` upwards."""

    base: float
    height: float
    units: NDArray[np.int64]
    colour: str


def _draw_spikes(axes: Axes, run: Run, record: SpikeRecord, axis: TimeAxis, rows: _Rows) -> None:
    row = np.full(run.facts.units[record.population], -1)
    row[rows.units] = np.arange(len(rows.units))
    steps, units = train_of(run, record)
    at = row[units]
    kept = at >= 0
    times, bottom = axis.of(steps[kept]), rows.base + rows.height * at[kept]
    if len(rows.units) <= _MOST_BARS:
        axes.vlines(times, bottom + 0.1 * rows.height, bottom + 0.9 * rows.height, color=rows.colour, linewidth=1.6)
        return
    size = float(np.clip(2.0e5 / max(int(kept.sum()), 1), 1.5, 12.0))
    axes.scatter(times, bottom + 0.5 * rows.height, s=size, color=rows.colour, linewidths=0, rasterized=True)
