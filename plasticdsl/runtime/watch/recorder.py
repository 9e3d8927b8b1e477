"""Plans what an experiment records and plots, and takes it during the run.

Comes in: the recordings and plots of a checked experiment, its timeline and a reader. Goes out: filled `Series`, spike records, and for each
plot what it is made of. A window that does not fit the run is reported, and what there is is taken instead.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from plasticdsl.diagnostics.diagnostic import Diagnostic, PlasError, Severity
from plasticdsl.model.experiments import PlotSpec, Recording, Side, Window
from plasticdsl.model.expr import AT_SPIKES, Call, Expr, Number, Ref, is_over_time, refs, walk
from plasticdsl.model.owners import OfPopulation, Part, Whose
from plasticdsl.model.parts import emitted, parts_read, text_of
from plasticdsl.runtime.instance.resolver import counted
from plasticdsl.runtime.play.schedule import DoesNotFit, Moments, Taking, Timeline, moments, window
from plasticdsl.runtime.watch.curves import curve
from plasticdsl.runtime.watch.kinds import Sampled, after_each, curve_in, has_spike_statistic, is_statistic, per_unit
from plasticdsl.runtime.watch.readings import Reader
from plasticdsl.runtime.watch.series import Along, Kind, Label, Landscape, Panel, PlotPlan, Series, SpikeRecord
from plasticdsl.runtime.watch.statistics import from_zero
from plasticdsl.source import NOWHERE, Span
from plasticdsl.support.steps import to_steps
from plasticdsl.units.dimension import Dimension
from plasticdsl.units.display import display_unit

#: Most bytes one recording may take.
LARGEST = 8 << 30

#: A plot over time shows at most `_MOST_POINTS` moments, fewer (but `_FEWEST_POINTS`) where each reads many values, `_READS` in all.
_MOST_POINTS, _FEWEST_POINTS, _READS = 4000, 100, 200_000_000
_BINS = 100
#: A histogram of a time that is not said shows at most so many moments and the beginning.
_MOST_HISTOGRAMS = 5

#: Lets the reader see what a phase shows first, so that the shape of a value is known.
Preview = Callable[[str | None], None]


@dataclass(slots=True)
class Recorder:
    """Everything an experiment keeps. `series` are recorded, `drawn` are only plotted."""

    series: list[Series] = field(default_factory=list)
    drawn: list[Series] = field(default_factory=list)
    spikes: list[SpikeRecord] = field(default_factory=list)
    plots: list[PlotPlan] = field(default_factory=list)
    warnings: list[Diagnostic] = field(default_factory=list)
    aliases: dict[str, list[Series]] = field(default_factory=dict)

    @property
    def all_spikes(self) -> tuple[SpikeRecord, ...]:
        """Recorded and plotted ones."""
        return (*self.spikes, *(s for p in self.plots for s in p.spikes))

    def recorded(self, name: str) -> NDArray[np.float64]:
        """Everything recorded so far under a name, in order, as float64[values]."""
        found = [s.done.ravel() for s in self.aliases.get(name, ())]
        return np.concatenate(found) if found else np.zeros(0)


def plan(recordings: Sequence[Recording], plots: Sequence[PlotSpec], line: Timeline, reader: Reader, preview: Preview) -> Recorder:
    """What to take, with room made for it. Raises `PlasError` for a recording that would not fit into memory."""
    planner = _Planner(line, reader, preview, Recorder())
    for recording in recordings:
        planner.record(recording)
    for spec in plots:
        planner.plot(spec)
    return planner.recorder


@dataclass(slots=True)
class _Planner:
    line: Timeline
    reader: Reader
    preview: Preview
    recorder: Recorder
    names: set[str] = field(default_factory=set)

    # --- recordings ---

    def record(self, recording: Recording) -> None:
        name = self._name(recording)
        match recording.item:
            case Call("spikes", (whose,)):
                self.recorder.spikes.append(self._spikes(recording, whose, name))
                return
            case Call(function, (_, whose)) as taken if function == AT_SPIKES:
                self.recorder.spikes.append(self._at_spikes(recording, taken, whose, name))
                return
            case Call("histogram", (values, *_)):
                series = self._series(recording, values, name)
                series.is_histogram, series.bins_asked = True, self._bins(recording.item)
            case item:
                series = self._series(recording, item, name)
        self.recorder.series.append(series)
        self.recorder.aliases.setdefault(recording.alias or recording.text, []).append(series)

    def _bins(self, histogram: Expr) -> int:
        """How many bins are asked for."""
        given = histogram.arguments[1:] if isinstance(histogram, Call) else ()
        return counted(self.reader.number(given[0]), "The number of bins", NOWHERE) if given else 0

    def _name(self, recording: Recording) -> str:
        """The name it is kept under; a second one of the same text also says its phase."""
        base = name = recording.alias or recording.text
        if name in self.names and recording.window.during:
            base = name = f"{name} in {recording.window.during}"
        number = 2
        while name in self.names:
            name, number = f"{base} #{number}", number + 1
        self.names.add(name)
        return name

    def _spikes(self, recording: Recording, whose: Expr, name: str) -> SpikeRecord:
        """Room for the spikes of a population, or of a part of it."""
        self.reader.require_units(whose, recording.span)
        train, part = emitted(whose)
        units = self.reader.units(OfPopulation(train[0]), part) if part else None
        return SpikeRecord(name, train, *self._window(recording), part, units, recording.window.during)

    def _at_spikes(self, recording: Recording, taken: Call, whose: Expr, name: str) -> SpikeRecord:
        label = Label(recording.text, recording.dimension, recording.unit, recording.scale)
        return replace(self._spikes(recording, whose, name), taken=taken, label=label)

    def _called(self, whose: Expr) -> str:
        """A population or part of one by its name, or by its numbers; an event of it behind a dot."""
        (population, event), part = emitted(whose)
        named = (p.symbol for p in self.reader.observer.network.parts if (p.population, p.units) == (population, part))
        return next(named, f"{population}[{text_of(part)}]" if part else population) + (f".{event}" if event else "")

    def _series(self, recording: Recording, expr: Expr, name: str) -> Series:
        self.preview(recording.window.during)
        self.reader.require_units(expr, recording.span)
        of_spikes = has_spike_statistic(expr)
        taking = self.reader.taking(recording.window)
        label = Label(recording.text, recording.dimension, recording.unit, recording.scale)
        traces = self.reader.tracing(expr, self.line.dt * (1 if taking.every is None else max(1, to_steps(taking.every, self.line.dt))))
        if traces:
            found = self._moments(recording, replace(taking, at_end=False), after_each(traces))
            series = Series(name, label, expr, found, single=True, window=self._window(recording), during=taking.during, traced=traces)
        elif of_spikes and taking.every is None:
            begin, end = self._window(recording)
            series = Series(name, label, expr, Moments(end, end), single=True, window=(begin, end), during=taking.during)
        else:
            found = self._moments(recording, taking, of_spikes)
            series = Series(name, label, expr, found, bins=of_spikes, single=taking.at_end or taking.at is not None, during=taking.during)
            if series.single:
                series.window = (self.line.span(taking.during)[0], found.last)
        self._make_room(series, recording.span)
        return series

    def _make_room(self, series: Series, span: Span) -> None:
        """The shape of a value is that of the value now."""
        parts = {
            part: self.reader.units(*part)
            for part in sorted(parts_read(series.expr, is_statistic), key=lambda part: repr((part[0].name, part[1])))
        }
        try:
            shape = np.shape(self.reader.value(self.reader.with_results(series.expr, self._sampled_once(series)), 0, 0))
        except ValueError:
            counts = " and ".join(str(n) for n in sorted({len(units) for units in parts.values()}))
            if " and " not in counts:
                raise
            message = f"‘{series.label.text}’ takes {counts} values together, which are not of the same units."
            raise PlasError((Diagnostic("sizes-differ", message, span, "Choose as many units of each, or take a statistic."),)) from None
        series.most = self.line.phase(series.during).rounds if series.during is not None else ()
        size = series.room * int(np.prod(shape)) * 8
        if size > LARGEST:
            message = f"Recording ‘{series.label.text}’ at {series.room} moments would take {size / 2**30:.0f} GB of memory."
            raise PlasError((Diagnostic("recording-too-large", message, span, "Record it less often: add ‘every …’ or ‘at end’."),))
        known = curve_in(series.expr)
        if known is not None and shape:
            interval = next((t.interval for t in series.traced.values()), self.line.dt)
            series.curve, shape_of_each = curve(known.function, shape[-1], self.reader.numbers(known), interval), shape[:-1]
        else:
            shape_of_each = shape
        if shape_of_each:
            read, observer = sorted(per_unit(series.expr), key=lambda r: r.order), self.reader.observer
            one = min(parts, key=lambda part: len(parts[part]) != shape_of_each[0], default=None)
            series.owner = "" if one is None else one[0].name
            series.units = parts[one] + 1 if one is not None and one[1] and len(parts[one]) == shape_of_each[0] else None
            axes = (observer.axes(r.name) for r in read if r.owner is Whose.NETWORK)
            series.axes = next((letters for letters in axes if len(letters) == len(shape_of_each)), ())
        series.prepare(shape)

    def _sampled_once(self, series: Series) -> dict[Call, Sampled]:
        """The traces as they would be after one sample, to see what a value looks like."""
        once = {call: so_far.anew() for call, so_far in series.traced.items()}
        for call, so_far in once.items():
            so_far.add(*self.reader.sampled(call, 0))
        return once

    # --- windows, and what is taken where they do not fit ---

    def _window(self, recording: Recording) -> tuple[int, int]:
        taking = self.reader.taking(recording.window)
        try:
            return window(taking, self.line)
        except DoesNotFit as problem:
            self._warn(recording, problem)
            return self.line.span(taking.during)

    def _moments(self, recording: Recording, taking: Taking, bins: bool) -> Moments:
        try:
            return moments(taking, self.line, bins)
        except DoesNotFit as problem:
            self._warn(recording, problem)
            if taking.at is not None:
                return Moments(0, -1)
            return moments(replace(taking, last=None), self.line, bins)

    def _warn(self, recording: Recording, problem: DoesNotFit) -> None:
        instead = "so nothing is taken" if recording.window.at is not None else "so what there is is taken"
        message = f"‘{recording.text}’ cannot be taken when it should be: {problem}, {instead}."
        self.recorder.warnings.append(Diagnostic("window-does-not-fit", message, recording.span, severity=Severity.WARNING))

    # --- plots ---

    def plot(self, spec: PlotSpec) -> None:
        over = spec.window.over if isinstance(spec.window.over, Expr) else None
        if spec.plane is not None:
            path = [self._drawn(side.item, "plane") for side in (spec.plane.vertical, spec.plane.horizontal)]
            sides = self._along(spec.plane.horizontal), self._along(spec.plane.vertical)
            levels = tuple(sorted({self.reader.number(level) for level in spec.plane.levels}))
            landscape = Landscape(self.reader, self._single_value(spec.items[0]), *sides, levels)
            self.recorder.plots.append(PlotPlan(spec, (Panel("contours", (path[0],)),), path[1], landscape=landscape))
            return
        panels: dict[object, Panel] = {}  # items with the same unit on the same axes share a panel
        for item in spec.items:
            kind = self._kind(item)
            if kind in ("raster", "intervals"):
                before = panels.get(kind, Panel(kind))
                assert isinstance(item.item, Call), "both are calls"
                records = tuple(self._spikes(item, whose, self._called(whose)) for whose in item.item.arguments)
                panels[kind] = replace(before, spikes=before.spikes + records)
            elif kind == "at spikes":
                assert isinstance(item.item, Call), "it is one"
                record = self._at_spikes(item, item.item, item.item.arguments[1], item.text)
                before = panels.get((kind, item.dimension, item.unit), Panel(kind))
                panels[kind, item.dimension, item.unit] = replace(before, spikes=(*before.spikes, record))
            else:
                series = self._drawn(item, kind)
                numbered = self._counted(series) if kind in ("histogram", "units") else ""
                name = series.curve.name if series.curve is not None else ""
                key = (kind, series.label.dimension, series.label.unit, numbered, name)
                before = panels.get(key, Panel(kind))
                panels[key] = replace(before, series=(*before.series, series))
        kinds = {panel.kind for panel in panels.values()}
        against = None
        if "plane" in kinds and over is not None:
            unit, scale, dimension = self._unit_of(over)
            text = spec.text.rpartition(" over ")[2]
            against = self._drawn(Recording(over, text, spec.window, "", dimension, unit, scale, spec.span), "plane")
        self.recorder.plots.append(PlotPlan(spec, tuple(panels.values()), against, over if "sweep" in kinds else None))

    def _counted(self, series: Series) -> str:
        """What there is one value of the series for."""
        if series.axes:
            return series.axes[0][1]
        return "unit" if series.owner in self.reader.observer.instance.populations else "connection" if series.owner else ""

    def _along(self, side: Side) -> Along:
        """Which unit, if it is one of several, and the numbers."""
        target = side.item.item
        self.reader.require_units(target, side.item.span)
        unit = None
        if isinstance(target, Call):
            target, number = target.arguments
            size = self.reader.observer.owner_size(next(r.owner for r in refs(target) if isinstance(r.owner, Part)))
            unit = from_zero(round(self.reader.number(number))) % size
        assert isinstance(target, Ref) and isinstance(target.owner, OfPopulation), "the checker lets through variables of populations only"
        return Along(target, unit, self.reader.number(side.start), self.reader.number(side.stop))

    def _single_value(self, contours: Recording) -> Expr:
        """What contours are drawn of. Raises `PlasError` where it is more than one number."""
        expr = contours.item.arguments[0] if isinstance(contours.item, Call) else contours.item
        if np.size(self.reader.value(expr, 0, 0)) != 1:
            message = f"‘{contours.text}’ is of several values, one for each unit or connection; contours are of one."
            raise PlasError((Diagnostic("out-of-range", message, contours.span, "Take their sum, or one of them: ‘cell.V[1]’."),))
        return expr

    def _kind(self, recording: Recording) -> Kind:
        item, window = recording.item, recording.window
        if isinstance(item, Call) and item.function in ("raster", "spikes"):
            return "raster"
        if isinstance(item, Call) and item.function == "isi_histogram":
            return "intervals"
        if isinstance(item, Call) and item.function == AT_SPIKES:
            return "at spikes"
        if isinstance(item, Call) and item.function == "histogram":
            return "histogram"
        if curve_in(item) is not None:
            return "curve"
        if window.over is None and any(map(is_over_time, walk(item))) and per_unit(item):
            return "units"
        if isinstance(window.over, Expr):
            return "sweep" if self._is_constant(window.over) else "plane"
        if window.over is None and (window.at_end or window.at is not None):
            return "units"
        return "time"

    def _is_constant(self, expr: Expr) -> bool:
        """Whether it depends on shared parameters alone."""
        instance = self.reader.observer.instance
        values = [instance.parameters_of(ref.owner).get(ref.name) for ref in refs(expr)]
        return not any(is_statistic(node) for node in walk(expr)) and all(v is not None and np.ndim(v) == 0 for v in values)

    def _unit_of(self, expr: Expr) -> tuple[str, float, Dimension | None]:
        """How a variable that others are plotted against is shown."""
        network = self.reader.observer.network
        known = {Ref(Whose.NETWORK, v.name): v for v in network.variables}
        known |= {Ref(owner, v.name): v for owner, block in network.blocks.items() for v in block.variables}
        for ref in refs(expr) if isinstance(expr, (Ref, Call)) else ():
            variable = known.get(ref)
            if variable is not None and variable.dimension is not None:
                unit, scale = (variable.unit, variable.scale) if variable.unit else display_unit(variable.dimension)
                return unit, scale, variable.dimension
        return "", 1.0, None

    def _drawn(self, recording: Recording, kind: Kind) -> Series:
        """The series of a plotted item: one recorded over the same time where there is one, else one of its own."""
        expr, bins = recording.item, 0
        if kind == "histogram" and isinstance(expr, Call) and expr.function == "histogram":
            bins, text = self._bins(expr), recording.text.removeprefix("histogram(").removesuffix(")")
            recording = replace(recording, text=text.rpartition(",")[0].strip() if bins else text)
            expr = expr.arguments[0]
        if kind == "sweep" and not has_spike_statistic(expr) and recording.window.at is None:
            recording = replace(recording, window=replace(recording.window, at_end=True))
        if kind == "histogram":
            recording = replace(recording, window=self._thinned(recording, expr, _MOST_HISTOGRAMS))
        if kind in ("time", "plane"):
            shared = self._recorded(recording)
            if shared is not None:
                return shared
            recording = replace(recording, window=self._thinned(recording, expr))
        series = self._series(recording, expr, recording.text)
        series.bins_asked = bins
        self.recorder.drawn.append(series)
        return series

    def _recorded(self, recording: Recording) -> Series | None:
        wanted = replace(self.reader.taking(recording.window), every=None)
        if wanted.last is not None or recording.window.every is not None or has_spike_statistic(recording.item):
            return None
        first, last = self.line.span(wanted.during)
        for series in self.recorder.series:
            if (
                series.expr == recording.item
                and not (series.single or series.is_histogram)
                and first <= series.moments.first <= first + 1
                and last - series.moments.stride < series.moments.last <= last
                and len(series.moments) > 1
            ):
                return series
        return None

    def _thinned(self, recording: Recording, expr: Expr, most: int = _MOST_POINTS) -> Window:
        """A plot over time takes no more moments than can be seen, statistics of spikes in bins of a round length."""
        taking = self.reader.taking(recording.window)
        if taking.every is not None or taking.at_end or taking.at is not None:
            return recording.window
        begin, end = self._window(recording)
        dt = self.line.dt
        if has_spike_statistic(expr):
            stride = max(1, to_steps(_round_up((end - begin) * dt / _BINS), dt))
        else:
            reads = sum(len(self.reader.units(*part)) for part in parts_read(expr)) or 1
            most = min(most, max(_FEWEST_POINTS, _READS // reads))
            stride = -(-(end - begin) // most) if end > begin else 1
        return replace(recording.window, every=Number(max(1, stride) * dt))


def _round_up(length: float) -> float:
    """The next 1, 2 or 5 times a power of ten."""
    if length <= 0.0:
        return 0.0
    power = 10.0 ** np.floor(np.log10(length))
    return float(next(f * power for f in (1.0, 2.0, 5.0, 10.0) if f * power >= length * (1.0 - 1e-9)))
