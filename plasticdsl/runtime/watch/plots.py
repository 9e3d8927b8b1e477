"""Plans what the plot lines of an experiment show: which items share a panel, what kind of panel it is, and when values are taken for it.

Comes in: plot lines of a checked experiment and the `Planner` of its recordings. Goes out: a `PlotPlan` for each line; what only plots show is added to
the planner's `drawn`. What is recorded over the same time anyhow serves the plot too.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from plasticdsl.diagnostics.diagnostic import Diagnostic, PlasError
from plasticdsl.model.experiments import AxisWish, PlotSpec, Recording, Side, Window
from plasticdsl.model.expr import AT_SPIKES, Call, Expr, Number, Ref, Special, children, is_over_time, refs, walk
from plasticdsl.model.owners import OfPopulation, Part, Whose
from plasticdsl.model.parts import parts_read
from plasticdsl.runtime.instance.resolver import counted
from plasticdsl.runtime.play.schedule import Timeline
from plasticdsl.runtime.watch.kinds import curve_in, has_spike_statistic, is_statistic, per_unit
from plasticdsl.runtime.watch.readings import Reader
from plasticdsl.runtime.watch.recorder import LARGEST, Planner, Preview, Recorder
from plasticdsl.runtime.watch.series import Along, Ends, Kind, Landscape, Panel, PlotPlan, Series, label_of
from plasticdsl.runtime.watch.statistics import from_zero
from plasticdsl.runtime.watch.streams import Streams
from plasticdsl.support.arrays import Values
from plasticdsl.support.steps import to_steps

#: A plot over time shows at most `_MOST_POINTS` moments; fewer (but `_FEWEST_POINTS`) where they read more than `_READS` values, a map `_READS_OF_MAP`.
_MOST_POINTS, _FEWEST_POINTS, _READS, _READS_OF_MAP = 4000, 100, 200_000_000, 10_000_000
_BINS = 100
#: A histogram or an image of a time that is not said shows at most so many moments and the beginning.
_MOST_MOMENTS = 5


def plan(
    recordings: Sequence[Recording],
    plots: Sequence[PlotSpec],
    line: Timeline,
    reader: Reader,
    preview: Preview,
    compared: Sequence[Expr] = (),
    streams: Streams | None = None,
) -> Recorder:
    """What to take, with room made for it. `compared`: by expectations; `streams`: where values may leave memory to. Raises `PlasError` for a recording
    that would not fit there, or into memory."""
    read = frozenset(r.name for expr in compared for r in refs(expr) if r.owner is Whose.RECORDED)
    planner = Planner(line, reader, preview, Recorder(), streams, read)
    for recording in recordings:
        planner.record(recording)
    for spec in plots:
        planner.recorder.plots.append(_contours(spec, planner) if spec.plane is not None else _plot(spec, planner))
    return planner.recorder


def _plot(spec: PlotSpec, planner: Planner) -> PlotPlan:
    panels: dict[object, Panel] = {}  # items with the same unit on the same axes share a panel
    kinds = [_kind(item, len(spec.over), planner) for item in spec.items]
    on_plane = [item for item, kind in zip(spec.items, kinds, strict=True) if kind == "plane"]
    *up, against = _on_plane(spec, on_plane, planner) if on_plane else (None,)
    paths = iter(up)
    for item, kind in zip(spec.items, kinds, strict=True):
        if kind in ("raster", "intervals"):
            before = panels.get(kind, Panel(kind))
            assert isinstance(item.item, Call), "both are calls"
            records = tuple(planner.spikes_of(item, whose, planner.called(whose)) for whose in item.item.arguments)
            panels[kind] = replace(before, spikes=before.spikes + records)
        elif kind == "at spikes":
            assert isinstance(item.item, Call), "it is one"
            record = planner.at_spikes_of(item, item.item, item.item.arguments[1], item.text)
            before = panels.get((kind, item.dimension, item.unit), Panel(kind))
            panels[kind, item.dimension, item.unit] = replace(before, spikes=(*before.spikes, record))
        else:
            series = next(paths) if kind == "plane" else _drawn(item, kind, planner)
            key = (item.text, item.span) if item.layout is not None else _sharing(series, kind, planner)
            before = panels.get(key, Panel(kind, shape=_shape(item, series, planner)))
            panels[key] = replace(before, series=(*before.series, series), labels=(*before.labels, label_of(item)))
    axes = tuple(one.item for one in spec.over) if {"sweep", "grid"}.intersection(kinds) else ()
    ends = (_ends(wish, planner) for wish in (spec.horizontal, spec.vertical))
    return PlotPlan(spec, tuple(panels.values()), against, axes, None, *ends)


def _sharing(series: Series, kind: Kind, planner: Planner) -> object:
    """What items have in common that share a panel; each map of a sweep has one of its own."""
    if kind == "grid":
        return series.label
    numbered = _counted(series, planner) if kind in ("histogram", "units") else ""
    return kind, series.label.dimension, series.label.unit, numbered, series.curve.name if series.curve is not None else ""


def _counted(series: Series, planner: Planner) -> str:
    """What there is one value of the series for."""
    if series.axes:
        return series.axes[0][1]
    return "unit" if series.owner in planner.reader.observer.instance.populations else "connection" if series.owner else ""


def _ends(wish: AxisWish, planner: Planner) -> Ends | None:
    """Where an axis ends, where the line says it."""
    return None if wish.start is None or wish.stop is None else (planner.reader.number(wish.start), planner.reader.number(wish.stop))


def _shape(item: Recording, series: Series, planner: Planner) -> tuple[int, int]:
    """Rows and columns of an image, where they are said. Raises `PlasError` where units have no place in it."""
    if item.layout is None or item.layout.rows is None or item.layout.columns is None:
        return 0, 0
    rows, columns = (counted(planner.reader.number(n), "The size of an image", item.span) for n in (item.layout.rows, item.layout.columns))
    observer = planner.reader.observer
    projection = next((p for p in observer.network.projections if p.name == series.owner), None)
    ends = (series.owner,) if projection is None else (projection.pre, projection.post)
    sizes = [observer.size(end) for end in ends if end in observer.instance.populations]
    if series.units is not None and projection is None:
        sizes = [len(series.units)]
    if sizes and rows * columns < sizes[0] and rows * columns not in sizes:
        message = f"An image of {rows} × {columns} has {rows * columns} places, and here are {sizes[0]} units."
        raise PlasError((Diagnostic("out-of-range", message, item.span, "Give it as many, or leave the numbers out."),))
    return rows, columns


# --- which kind of panel ---------------------------------------------------------------------------------------------


def _kind(item: Recording, across: int, planner: Planner) -> Kind:
    """What an item is drawn as; `across`: over how many expressions. Raises `PlasError` where two of them are no parameters."""
    if item.layout is not None:
        return item.layout.kind
    of_call = {"raster": "raster", "spikes": "raster", "isi_histogram": "intervals", AT_SPIKES: "at spikes", "histogram": "histogram"}
    found: Kind | None = of_call.get(item.item.function) if isinstance(item.item, Call) else None  # type: ignore[assignment]
    window = item.window
    if found is not None:
        return found
    if curve_in(item.item) is not None:
        return "curve"
    if window.over is None and any(map(is_over_time, walk(item.item))) and per_unit(item.item):
        return "units"
    if isinstance(window.over, Expr):
        if across > 1:
            return "grid"
        return "sweep" if _is_constant(window.over, planner) else "plane"
    return "units" if window.over is None and (window.at_end or window.at is not None) else "time"


def _is_constant(expr: Expr, planner: Planner) -> bool:
    """Whether it depends on shared parameters alone."""
    values = _parameters(expr, planner)
    return not any(is_statistic(node) for node in walk(expr)) and all(v is not None and np.ndim(v) == 0 for v in values)


def _is_fixed(expr: Expr, planner: Planner) -> bool:
    """Whether it depends on parameters alone, which each unit may have its own of."""
    return all(v is not None for v in _parameters(expr, planner)) and not any(isinstance(node, Special) for node in walk(expr))


def _parameters(expr: Expr, planner: Planner) -> list[Values | None]:
    """The values of what an expression reads; None for what is no parameter."""
    instance = planner.reader.observer.instance
    return [instance.parameters_of(ref.owner).get(ref.name) for ref in refs(expr)]


def _is_theory(expr: Expr, planner: Planner) -> bool:
    """Whether it is computed from parameters alone, or from these and the time."""
    leaves = [node for node in walk(expr) if not children(node)]
    return any(isinstance(n, Ref | Special) for n in leaves) and _is_constant(expr, planner)


# --- what is taken for it --------------------------------------------------------------------------------------------


def _drawn(recording: Recording, kind: Kind, planner: Planner) -> Series:
    """The series of a plotted item: one recorded over the same time where there is one, else one of its own."""
    expr, bins = recording.item, 0
    if kind == "histogram" and isinstance(expr, Call) and expr.function == "histogram":
        bins, text = planner.bins_of(expr), recording.text.removeprefix("histogram(").removesuffix(")")
        recording = replace(recording, text=text.rpartition(",")[0].strip() if bins else text)
        expr = expr.arguments[0]
    if kind in ("sweep", "grid") and not has_spike_statistic(expr) and recording.window.at is None:
        recording = replace(recording, window=replace(recording.window, at_end=True))
    if kind in ("histogram", "image"):
        recording = replace(recording, window=_thinned(recording, expr, planner, _MOST_MOMENTS))
    shared = _recorded(recording, planner) if kind == "time" else None
    if shared is not None:
        shared.is_theory = _is_theory(expr, planner)
        return shared
    if kind in ("time", "map"):
        recording = replace(recording, window=_thinned(recording, expr, planner, _MOST_POINTS, _READS_OF_MAP if kind == "map" else _READS))
    series = planner.series_of(recording, expr, recording.text)
    series.bins_asked = bins
    parts = {owner.name for owner, _ in parts_read(expr)}
    if kind in ("matrix", "image", "map") and not series.owner and len(parts) == 1:
        (series.owner,) = parts  # one value that all of them share
    series.is_theory = kind in ("time", "sweep") and _is_theory(expr, planner)
    planner.recorder.drawn.append(series)
    return series


def _on_plane(spec: PlotSpec, items: Sequence[Recording], planner: Planner) -> list[Series]:
    """The series of some items, and of what they are over. What has one value for the time of the line, `rate(E, each) in phase test`, has one point for
    each unit over what does not change, its current; anything else, or over what moves, is a path."""
    across = replace(spec.over[0], window=spec.window)
    if not _is_fixed(across.item, planner) or not all(map(_is_of_stretch, items)):
        return _together((*items, across), planner)
    windows = (*(item.window for item in items), replace(across.window, at_end=True, last=None, start=None, stop=None))
    own = [
        planner.series_of(replace(one, window=window), one.item, one.text) for one, window in zip((*items, across), windows, strict=True)
    ]
    planner.recorder.drawn += own
    return own


def _is_of_stretch(item: Recording) -> bool:
    """Whether it is taken once, of a stretch of time."""
    window = item.window
    once = window.every is None and not window.at_end and window.at is None
    return once and (has_spike_statistic(item.item) or any(map(is_over_time, walk(item.item))))


def _together(recordings: Sequence[Recording], planner: Planner) -> list[Series]:
    """The variables of a plane, all at the same moments: what is recorded, where all of them are at the same, else series of their own."""
    found = [_recorded(recording, planner) for recording in recordings]
    recorded = [series for series in found if series is not None]
    if len(recorded) == len(found) and len({series.moments for series in recorded}) == 1:
        return recorded
    windows = [_thinned(recording, recording.item, planner, _MOST_POINTS) for recording in recordings]
    every = max((window.every for window in windows if isinstance(window.every, Number)), key=lambda length: length.value, default=None)
    own = []
    for recording, window in zip(recordings, windows, strict=True):
        window = replace(window, every=every) if isinstance(window.every, Number) else window
        own.append(planner.series_of(replace(recording, window=window), recording.item, recording.text))
    planner.recorder.drawn += own
    return own


def _recorded(recording: Recording, planner: Planner) -> Series | None:
    wanted = replace(planner.reader.taking(recording.window), every=None)
    if wanted.is_part or recording.window.every is not None or has_spike_statistic(recording.item):
        return None
    first, last = planner.line.span(wanted.during)
    for series in planner.recorder.series:
        if (
            series.expr == recording.item
            and series.size <= LARGEST  # what is larger is drawn with fewer moments
            and not (series.single or series.is_histogram)
            and first <= series.moments.first <= first + 1
            and last - series.moments.stride < series.moments.last <= last
            and len(series.moments) > 1
        ):
            return series
    return None


def _thinned(recording: Recording, expr: Expr, planner: Planner, most: int, most_reads: int = _READS) -> Window:
    """A plot over time takes no more moments than can be seen, statistics of spikes in bins of a round length."""
    taking = planner.reader.taking(recording.window)
    if taking.every is not None or taking.at_end or taking.at is not None:
        return recording.window
    begin, end = planner.window_of(recording)
    dt = planner.line.dt
    if has_spike_statistic(expr):
        stride = max(1, to_steps(_round_up((end - begin) * dt / _BINS), dt))
    else:
        reads = sum(len(planner.reader.units(*part)) for part in parts_read(expr)) or 1
        most = min(most, max(_FEWEST_POINTS, most_reads // reads))
        stride = -(-(end - begin) // most) if end > begin else 1
    return replace(recording.window, every=Number(max(1, stride) * dt))


def _round_up(length: float) -> float:
    """The next 1, 2 or 5 times a power of ten."""
    if length <= 0.0:
        return 0.0
    power = 10.0 ** np.floor(np.log10(length))
    return float(next(f * power for f in (1.0, 2.0, 5.0, 10.0) if f * power >= length * (1.0 - 1e-9)))


# --- contours --------------------------------------------------------------------------------------------------------


def _contours(spec: PlotSpec, planner: Planner) -> PlotPlan:
    assert spec.plane is not None, "contours have a plane"
    path = _together([side.item for side in (spec.plane.vertical, spec.plane.horizontal)], planner)
    sides = _along(spec.plane.horizontal, planner), _along(spec.plane.vertical, planner)
    levels = tuple(sorted({planner.reader.number(level) for level in spec.plane.levels}))
    landscape = Landscape(planner.reader, _single_value(spec.items[0], planner), *sides, levels)
    return PlotPlan(spec, (Panel("contours", (path[0],)),), path[1], landscape=landscape)


def _along(side: Side, planner: Planner) -> Along:
    """Which unit, if it is one of several, and the numbers."""
    target, reader = side.item.item, planner.reader
    reader.require_units(target, side.item.span)
    unit = None
    if isinstance(target, Call):
        target, number = target.arguments
        size = reader.observer.owner_size(next(r.owner for r in refs(target) if isinstance(r.owner, Part)))
        unit = from_zero(round(reader.number(number))) % size
    assert isinstance(target, Ref) and isinstance(target.owner, OfPopulation), "the checker lets through variables of populations only"
    return Along(target, unit, reader.number(side.start), reader.number(side.stop))


def _single_value(contours: Recording, planner: Planner) -> Expr:
    """What contours are drawn of. Raises `PlasError` where it is more than one number."""
    expr = contours.item.arguments[0] if isinstance(contours.item, Call) else contours.item
    if np.size(planner.reader.value(expr, 0, 0)) != 1:
        message = f"‘{contours.text}’ is of several values, one for each unit or connection; contours are of one."
        raise PlasError((Diagnostic("out-of-range", message, contours.span, "Take their sum, or one of them: ‘cell.V[1]’."),))
    return expr
