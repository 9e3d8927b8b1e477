"""A network as it stands, seen as a run of an experiment that has just ended, so that its plot line can be drawn.

Comes in: the experiment, an observer of the network and the spikes that were kept. Goes out: a `Run` in which everything is taken that can still be known:
what there is now, and at any time what is computed from spikes. Of all else nothing was recorded.
"""

from __future__ import annotations

from dataclasses import replace

from plasticdsl.diagnostics.diagnostic import Diagnostic, PlasError
from plasticdsl.model.experiments import Experiment, PlotSpec, Recording, Window
from plasticdsl.model.expr import AT_SPIKES, Call, Expr, children, refs, walk
from plasticdsl.model.owners import OfPopulation, Whose
from plasticdsl.runtime.play.experiment import Run, facts_of
from plasticdsl.runtime.play.schedule import timeline
from plasticdsl.runtime.watch.kinds import is_spike_statistic, trains_needed
from plasticdsl.runtime.watch.observer import Observer
from plasticdsl.runtime.watch.plots import plan
from plasticdsl.runtime.watch.readings import Reader
from plasticdsl.runtime.watch.series import Series
from plasticdsl.runtime.watch.spikes import SpikeHistory, called


def as_run(experiment: Experiment, observer: Observer, spikes: SpikeHistory) -> Run:
    """The run. Raises `PlasError` for what would have had to be recorded, or for spikes that were not kept."""
    step, instance = observer.engine.step, observer.instance
    spikes.collect()
    names = [phase.name for phase in experiment.phases]
    line = timeline(names, [step * instance.dt], instance.dt, experiment.dt is None)
    reader = Reader(observer, spikes)
    reader.lengths, reader.rounds = dict.fromkeys(names, step), {name: [(0, step)] for name in names}
    for item in (item for spec in experiment.plots for item in spec.items):
        _require_kept(item, observer, spikes)
    recorder = plan((), [_now(spec, reader) for spec in experiment.plots], line, reader, lambda _: None)
    for series in recorder.drawn:
        _take(series, reader, experiment)
    for record in recorder.all_spikes:
        record.settle(reader.clock)
        if record.taken is not None:
            record.values = reader.at_all_spikes(record.taken)
    run = Run(instance.seed, line, recorder, facts_of(observer, recorder), steps=step)
    run.spikes = {record.train: spikes.train(record.train) for record in recorder.all_spikes}
    return run


def _require_kept(item: Recording, observer: Observer, spikes: SpikeHistory) -> None:
    kept, at_spikes = spikes.kept, observer.engine.asked
    missing = next((one for one in trains_needed(item.item) if one not in kept), None)
    if missing is not None:
        message = f"The spikes of ‘{called(missing)}’ are not kept; those that are: {', '.join(map(called, kept)) or 'none'}."
        raise PlasError((Diagnostic("not-here", message, item.span, "Name it in ‘log’ when the network is built."),))
    taken = [n.arguments[0] for n in walk(item.item) if isinstance(n, Call) and n.function == AT_SPIKES]
    if any(isinstance(r.owner, OfPopulation) and r.name not in at_spikes.kept_of(r.owner.name) for e in taken for r in refs(e)):
        message = f"‘{item.text}’ was not kept: with spikes a network keeps what experiments of its file ask for."
        raise PlasError((Diagnostic("not-here", message, item.span, "Give the file an experiment that records or plots it."),))


def _now(spec: PlotSpec, reader: Reader) -> PlotSpec:
    """The line with what is no matter of spikes taken now, where it does not say when."""

    def taken(item: Recording) -> Recording:
        window = item.window
        silent = window == Window()
        return replace(item, window=replace(window, at_end=True)) if silent and not _is_of_spikes(item.item, reader) else item

    return replace(spec, items=tuple(map(taken, spec.items)))


def _take(series: Series, reader: Reader, experiment: Experiment) -> None:
    if series.traced or not (series.single or _is_of_spikes(series.expr, reader)):
        message = f"‘{series.label.text}’ was not recorded: of what was before a network keeps its spikes alone."
        hint = "Leave the time out to see what it is now, or run an experiment, whose result shows what was at any time."
        raise PlasError((Diagnostic("not-here", message, experiment.plots[0].span, hint),))
    if series.single:
        series.take(reader, series.moments.last)
        return
    for moment in range(series.moments.first, series.moments.last + 1, series.moments.stride):
        series.add(reader.value(series.expr, *series.moments.interval(moment)), moment)


def _is_of_spikes(expr: Expr, reader: Reader) -> bool:
    """Whether it was, at any time, what spikes and parameters say."""
    if is_spike_statistic(expr):
        return True
    if not children(expr):
        instance = reader.observer.instance
        return all(r.owner is not Whose.RECORDED and r.name in instance.parameters_of(r.owner) for r in refs(expr))
    return all(_is_of_spikes(child, reader) for child in children(expr))
