"""Figures over time: traces, rates, rasters."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes

from plasticdsl.model.parts import Emitted, Units, parts_read
from plasticdsl.results.axis import COLOURS, GREY, TimeAxis, colours_of, draw_units_over, evenly, legend, shared_label, time_axis
from plasticdsl.runtime.play.schedule import Timeline
from plasticdsl.runtime.play.sweep import Study
from plasticdsl.runtime.watch.series import Panel, PlotPlan, Series
from plasticdsl.support.arrays import Floats

#: More runs than this are not told apart in one figure over time.
_MOST_RUNS = 6
#: Repeats look alike, so there can be more of them.
_MOST_REPEATS = 20
#: Of larger populations a raster shows so many units; smaller ones get bars instead of dots. Each population has at least its share of the height.
_MOST_ROWS, _MOST_BARS, _LEAST_SHARE = 300, 40, 0.15


@dataclass(frozen=True, slots=True)
class Scene:
    """What the panels over time of a figure have in common: the `runs` that are shown, the phases, the axis, and the colours of the populations (or
    parts of them) that have a raster."""

    runs: list[int]
    line: Timeline
    axis: TimeAxis
    colours: Mapping[tuple[Emitted, Units], int]


def scene_of(study: Study, plans: Sequence[PlotPlan]) -> Scene:
    """The scene of a plot line; its axis covers what every panel shows."""
    runs = _shown_runs(study)
    line = max((study.runs[n].line for n in runs), key=lambda found: found.end)
    spans = [span for n in runs for panel in plans[n].panels if panel.kind == "time" for s in panel.series if (span := _span(s))]
    spans += [(r.begin, min(r.end, study.runs[0].begin + max(study.runs[0].steps, 1))) for r in plans[0].spikes]
    begin, end = min((first for first, _ in spans), default=0), max((last for _, last in spans), default=line.end)
    trains = dict.fromkeys((r.train, r.part) for r in plans[0].spikes)
    return Scene(runs, line, time_axis(line, 0 if begin <= 1 else begin, end), {p: number for number, p in enumerate(trains)})


def _span(series: Series) -> tuple[int, int] | None:
    """First and last step of what was taken."""
    if not series.taken:
        return None
    return int(series.steps[0]) - (series.moments.stride if series.bins else 0), int(series.steps[-1])


def draw_time(axes: Axes, study: Study, panels: Sequence[Panel], scene: Scene) -> None:
    """Items over time that have the same unit; `panels` of all runs."""
    labels = [s.label for s in panels[0].series]
    known = dict(scene.colours) if len(scene.runs) == 1 else {}
    begin = next_colour = len(known)
    explain = False
    for number in scene.runs:
        if not study.axes:
            next_colour = begin  # repeats look alike
        for series in panels[number].series:
            colour = known.pop(_population_of(series), None)
            names = _names(study, series, number, scene.runs, len(labels) == 1)
            explain |= _draw_series(
                axes, series, scene.axis, names, next_colour if colour is None else colour, _numbers(study, number, series)
            )
            next_colour += colours_of(series.done) if colour is None else 0
    axes.set_ylabel(shared_label(labels))
    if all(s.bins for s in panels[0].series):
        axes.set_ylim(bottom=0.0)
    legend(axes, always=explain)


def _population_of(series: Series) -> tuple[Emitted, Units]:
    """The one whose colour in a raster the line may take: it is the only one that the line is about, and the line has one colour."""
    parts = parts_read(series.expr)
    if len(parts) != 1 or colours_of(series.done) != 1:
        return Emitted(""), ()
    ((owner, units),) = parts
    return Emitted(owner.name), units


def _names(study: Study, series: Series, number: int, runs: list[int], alone: bool) -> tuple[str, str]:
    """What the line of a run is called, and the line of one unit of several, with # for its number."""
    text = series.label.text
    is_part = series.units is not None
    one = "unit" if series.owner in study.runs[number].facts.units else "connection"
    numbered = f"{text}_#" if len(series.axes) == 1 else f"{text}, {one} #" if is_part else f"{text}[#]"
    if len(runs) == 1:
        return text, numbered
    if not study.axes:
        return (f"{text} in {len(runs)} runs", numbered) if number == runs[0] else ("_", "_")
    label = study.label(number)
    return label if alone else f"{text}, {label}", f"{numbered}, {label}"


def _numbers(study: Study, number: int, series: Series) -> Sequence[object] | None:
    """What the lines of few units or connections are numbered by, where it is not 1, 2, …: a connection by its post and pre unit."""
    ends = study.runs[number].facts.ends.get(series.owner)
    if ends is None or colours_of(series.done) == 1:
        return None if series.units is None else series.units.tolist()
    chosen = slice(None) if series.units is None else series.units - 1
    return [f"{post + 1}, {pre + 1}" for pre, post in zip(*(end[chosen] for end in ends), strict=True)]


def _draw_series(axes: Axes, series: Series, axis: TimeAxis, names: tuple[str, str], colour: int, numbers: Sequence[object] | None) -> bool:
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
    return draw_units_over(axes, axis.of(steps), values, names, colour, marker, numbers)


def _shown_runs(study: Study) -> list[int]:
    """The first run of each combination, spread over the sweep where there are too many; of repeats alone the first ones."""
    if not study.axes:
        return list(range(min(len(study.runs), _MOST_REPEATS)))
    every = list(range(0, len(study.runs), study.repeats))
    return [every[i] for i in evenly(len(every), _MOST_RUNS)]


# --- at spikes ---------------------------------------------------------------------------------------------------------


def draw_at_spikes(axes: Axes, study: Study, panel: Panel, scene: Scene) -> None:
    """What is taken at spikes, as dots over time. A sweep shows its first run, and says so."""
    run, labels = study.runs[0], [record.label for record in panel.spikes if record.label is not None]
    for record, label in zip(panel.spikes, labels, strict=True):
        times, colour = scene.axis.of(run.train(record)[0]), COLOURS[scene.colours[record.train, record.part] % len(COLOURS)]
        if len(panel.spikes) > len({r.population for r in panel.spikes}):
            colour = COLOURS[panel.spikes.index(record) % len(COLOURS)]
        size = float(np.clip(2.0e5 / max(len(times), 1), 3.0, 40.0))
        axes.scatter(times, run.values(record) / label.scale, s=size, color=colour, linewidths=0, label=label.text, rasterized=True)
    axes.set_ylabel(shared_label(labels))
    _say_which(axes, study, "at spikes")
    legend(axes)


def _say_which(axes: Axes, study: Study, what: str) -> None:
    """Where one run of several is shown."""
    if len(study.runs) > 1:
        text = f"{what}: {study.label(0)}" if study.axes else f"{what}: first of {len(study.runs)} runs"
        axes.set_title(text, loc="right", fontsize=14, color=GREY)


# --- rasters ---------------------------------------------------------------------------------------------------------


def draw_raster(axes: Axes, study: Study, panel: Panel, scene: Scene) -> None:
    """Spikes as dots, populations one above the other; of large ones some units, evenly chosen. A sweep shows its first run, and says so."""
    run, records = study.runs[0], panel.spikes
    everyone = [np.arange(run.facts.units[r.population]) if r.units is None else r.units for r in records]
    sizes = [len(units) for units in everyone]
    shown = [units[evenly(len(units), _MOST_ROWS)] for units in everyone]
    rows = sum(len(units) for units in shown)
    base, ticks = 0.0, []
    for record, units in zip(records, shown, strict=True):
        height = max(1.0, _LEAST_SHARE * rows / len(units))
        begins = np.full(run.facts.units[record.population], np.nan)
        begins[units] = base + height * np.arange(len(units))
        steps, spiking = run.train(record)
        bottom = begins[spiking]
        times, colour = scene.axis.of(steps[~np.isnan(bottom)]), COLOURS[scene.colours[record.train, record.part] % len(COLOURS)]
        _draw_spikes(axes, times, bottom[~np.isnan(bottom)], height, len(units) <= _MOST_BARS, colour)
        ticks.append(base + 0.5 * height * len(units))
        base += height * len(units) + 0.04 * rows
    names = [r.name if len(u) == size else f"{r.name}\n{len(u)} of {size}" for r, u, size in zip(records, shown, sizes, strict=True)]
    axes.set_yticks(ticks, names)
    axes.tick_params(axis="y", length=0)
    axes.spines["left"].set_visible(False)
    axes.set_ylim(-0.02 * rows, base - 0.02 * rows)
    _say_which(axes, study, "raster")


def _draw_spikes(axes: Axes, times: Floats, bottom: Floats, height: float, bars: bool, colour: str) -> None:
    """Each spike in its row, which begins at `bottom` and is so high."""
    if bars:
        axes.vlines(times, bottom + 0.1 * height, bottom + 0.9 * height, color=colour, linewidth=1.6)
        return
    size = float(np.clip(2.0e5 / max(len(times), 1), 1.5, 12.0))
    axes.scatter(times, bottom + 0.5 * height, s=size, color=colour, linewidths=0, rasterized=True)
