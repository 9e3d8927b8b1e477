"""Plans what an experiment records.

Comes in: the recordings of a checked experiment, its timeline and a reader. Goes out: `Series` and spike records, which are filled during the run. What
its plot lines show is planned by `plots`. A window that does not fit the run is reported, and what there is is taken instead.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from plasticdsl.diagnostics.diagnostic import Diagnostic, PlasError, Severity
from plasticdsl.model.experiments import Recording
from plasticdsl.model.expr import AT_SPIKES, Call, Expr
from plasticdsl.model.owners import OfPopulation, Whose
from plasticdsl.model.parts import emitted, parts_read, text_of
from plasticdsl.runtime.instance.resolver import counted
from plasticdsl.runtime.play.schedule import DoesNotFit, Moments, Taking, Timeline, moments, window
from plasticdsl.runtime.watch.curves import curve
from plasticdsl.runtime.watch.kinds import Sampled, after_each, curve_in, has_spike_statistic, is_statistic, per_unit
from plasticdsl.runtime.watch.readings import Reader
from plasticdsl.runtime.watch.rows import LARGE, size_of
from plasticdsl.runtime.watch.series import PlotPlan, Series, SpikeRecord, label_of
from plasticdsl.runtime.watch.streams import Streams
from plasticdsl.source import NOWHERE, Span
from plasticdsl.support.steps import to_steps

#: Most bytes one recording may take in memory.
LARGEST = 8 << 30

#: So many connections have numbers of their own in plots.
_FEW = 60

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

    @property
    def per_connection(self) -> Iterator[Series]:
        """What is plotted of connections and tells them apart: matrices, images, and lines of a few."""
        panels = [panel for p in self.plots for panel in p.panels]
        yield from (s for panel in panels for s in panel.series if panel.kind in ("matrix", "image") or math.prod(s.shape) <= _FEW)

    def recorded(self, name: str) -> NDArray[np.float64]:
        """Everything recorded so far under a name, in order, as float64[values]."""
        found = [s.done.ravel() for s in self.aliases.get(name, ())]
        return np.concatenate(found) if found else np.zeros(0)


@dataclass(slots=True)
class Planner:
    """Plans one thing after the other. `streams`: where values may leave memory to; `read`: the names of recordings that expectations read, which stay;
    `names` that are taken."""

    line: Timeline
    reader: Reader
    preview: Preview
    recorder: Recorder
    streams: Streams | None = None
    read: frozenset[str] = frozenset()
    names: set[str] = field(default_factory=set)

    # --- recordings ---

    def record(self, recording: Recording) -> None:
        """Room for what a `record` line asks for."""
        name = self._name(recording)
        match recording.item:
            case Call("spikes", (whose,)):
                self.recorder.spikes.append(self.spikes_of(recording, whose, name))
                return
            case Call(function, (_, whose)) as taken if function == AT_SPIKES:
                self.recorder.spikes.append(self.at_spikes_of(recording, taken, whose, name))
                return
            case Call("histogram", (values, *_)):
                series = self.series_of(recording, values, name)
                series.is_histogram, series.bins_asked = True, self.bins_of(recording.item)
            case item:
                series = self.series_of(recording, item, name, self.streams is not None and recording.alias not in self.read)
        self.recorder.series.append(series)
        self.recorder.aliases.setdefault(recording.alias or recording.text, []).append(series)

    def bins_of(self, histogram: Expr) -> int:
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

    def spikes_of(self, recording: Recording, whose: Expr, name: str) -> SpikeRecord:
        """Room for the spikes of a population, or of a part of it."""
        self.reader.require_units(whose, recording.span)
        train, part = emitted(whose)
        units = self.reader.units(OfPopulation(train[0]), part) if part else None
        return SpikeRecord(name, train, *self.window_of(recording), part, units, recording.window.during)

    def at_spikes_of(self, recording: Recording, taken: Call, whose: Expr, name: str) -> SpikeRecord:
        """The same for what is `taken` at each of these spikes."""
        return replace(self.spikes_of(recording, whose, name), taken=taken, label=label_of(recording))

    def called(self, whose: Expr) -> str:
        """A population or part of one by its name, or by its numbers; an event of it behind a dot."""
        (population, event), part = emitted(whose)
        named = (p.symbol for p in self.reader.observer.network.parts if (p.population, p.units) == (population, part))
        return next(named, f"{population}[{text_of(part)}]" if part else population) + (f".{event}" if event else "")

    def series_of(self, recording: Recording, expr: Expr, name: str, may_flow: bool = False) -> Series:
        """Room for the values of an expression at the moments of a recording, which may leave memory if there are many."""
        self.preview(recording.window.during)
        self.reader.require_units(expr, recording.span)
        of_spikes = has_spike_statistic(expr)
        taking = self.reader.taking(recording.window)
        traces = self.reader.tracing(expr, self.line.dt * (1 if taking.every is None else max(1, to_steps(taking.every, self.line.dt))))
        if traces:
            found = self._moments(recording, replace(taking, at_end=False), after_each(traces))
            series = Series(
                name, label_of(recording), expr, found, single=True, window=self.window_of(recording), during=taking.during, traced=traces
            )
        elif of_spikes and taking.every is None:
            begin, end = self.window_of(recording)
            series = Series(name, label_of(recording), expr, Moments(end, end), single=True, window=(begin, end), during=taking.during)
        else:
            found = self._moments(recording, taking, of_spikes)
            series = Series(
                name, label_of(recording), expr, found, bins=of_spikes, single=taking.at_end or taking.at is not None, during=taking.during
            )
            if series.single:
                series.window = (self.line.span(taking.during)[0], found.last)
        self._make_room(series, recording.span, may_flow)
        return series

    def _make_room(self, series: Series, span: Span, may_flow: bool) -> None:
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
        known = curve_in(series.expr)
        flows = may_flow and series.can_flow and known is None and size_of(series.room, shape) > LARGE
        self._require_fits(series, shape, flows, span)
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
        series.prepare(shape, flows)

    def _require_fits(self, series: Series, shape: tuple[int, ...], flows: bool, span: Span) -> None:
        size, hint = size_of(series.room, shape), "Record it less often: add ‘every …’ or ‘at end’."
        message = f"Recording ‘{series.label.text}’ at {series.room} moments would take {_bytes(size)}"
        if max(size_of(series.room, ()), 0 if flows else size) > LARGEST:
            raise PlasError((Diagnostic("recording-too-large", f"{message} of memory.", span, hint),))
        if flows and self.streams is not None and size > (free := self.streams.free()):
            raise PlasError((Diagnostic("recording-too-large", f"{message} on disk, where {_bytes(free)} are free.", span, hint),))

    def _sampled_once(self, series: Series) -> dict[Call, Sampled]:
        """The traces as they would be after one sample, to see what a value looks like."""
        once = {call: so_far.anew() for call, so_far in series.traced.items()}
        for call, so_far in once.items():
            so_far.add(*self.reader.sampled(call, 0))
        return once

    # --- windows, and what is taken where they do not fit ---

    def window_of(self, recording: Recording) -> tuple[int, int]:
        """First and last position of the clock; of the whole run or phase where the window does not fit."""
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
            return moments(replace(taking, last=None, start=None, stop=None), self.line, bins)

    def _warn(self, recording: Recording, problem: DoesNotFit) -> None:
        instead = "so nothing is taken" if recording.window.at is not None else "so what there is is taken"
        message = f"‘{recording.text}’ cannot be taken when it should be: {problem}, {instead}."
        self.recorder.warnings.append(Diagnostic("window-does-not-fit", message, recording.span, severity=Severity.WARNING))


def _bytes(size: int) -> str:
    """So many, for people."""
    if size < 999 << 20:
        return f"{size / 2**20:.3g} MB"
    return f"{size / 2**30:.{0 if size >= 10 << 30 else 1}f} GB"
