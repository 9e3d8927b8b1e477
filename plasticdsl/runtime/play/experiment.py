"""Runs a checked experiment once: phase by phase, in chunks that end wherever something has to be looked at.

Comes in: the experiment, a way to build networks and engines (`Workshop`), settings and a seed. Goes out: a `Run` with everything recorded, and with what
results need to know of the network, so that it can be forgotten (a sweep makes many). Nothing that is recorded depends on how the run was cut into chunks.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from plasticdsl.diagnostics.diagnostic import Diagnostic, PlasError
from plasticdsl.model.experiments import Experiment
from plasticdsl.model.expr import Expr, Ref
from plasticdsl.model.model import Network
from plasticdsl.model.owners import Whose
from plasticdsl.runtime.engine.engine import Engine
from plasticdsl.runtime.instance.build import extend_spikes
from plasticdsl.runtime.instance.changed import with_parameters
from plasticdsl.runtime.instance.instance import Instance, Values
from plasticdsl.runtime.instance.patterns import Data
from plasticdsl.runtime.instance.settings import Settings
from plasticdsl.runtime.instance.timestep import require_small_step, time_step
from plasticdsl.runtime.play.feeds import Show, show_of
from plasticdsl.runtime.play.guard import Guard, NotFinite
from plasticdsl.runtime.play.phases import Stage
from plasticdsl.runtime.play.progress import Interruption, Pace, Progress
from plasticdsl.runtime.play.schedule import PhaseSpan, Timeline, plan_timeline
from plasticdsl.runtime.play.until import Ending, Waiting, trains_needed
from plasticdsl.runtime.watch.expectations import Outcome, Share, Watch, watch
from plasticdsl.runtime.watch.observer import Observer
from plasticdsl.runtime.watch.readings import Reader, populations_needed
from plasticdsl.runtime.watch.recorder import Recorder, plan
from plasticdsl.runtime.watch.series import Series, SpikeRecord
from plasticdsl.runtime.watch.spikes import SpikeHistory, Train, of_units


@dataclass(frozen=True, slots=True)
class Workshop:
    """Where instances and engines of one network come from. `instantiate(dt, seed, settings)`, `engine(instance, settings)`. `spread`: parameters that
    may get a value for each unit or connection on the way."""

    network: Network
    instantiate: Callable[[float, int, Settings], Instance]
    engine: Callable[[Instance, Settings], Engine]
    spread: tuple[Ref, ...] = ()

    def changed(self, base: Instance, settings: Settings, held: Settings, before: Engine) -> Engine:
        """An engine that goes on where `before` stands, of the network `base`, which was made with `settings`, with the parameters `held`."""
        instance = with_parameters(self.network, base, settings, held, self.spread, before.instance, before.step)
        require_small_step(self.network, instance)
        engine = self.engine(instance, {**settings, **held})
        engine.restore(before.snapshot(), other_parameters=True)
        return engine


@dataclass(frozen=True, slots=True)
class Order:
    """How to run: `settings` replace what the file says, `length` the duration of the last timed phase (`"10 s"`, or seconds). `data`: the
    arrays of each data set."""

    seed: int = 1
    settings: Settings = field(default_factory=dict)
    length: str | float | None = None
    dt: float | None = None
    data: Data = field(default_factory=dict)

    def step(self, experiment: Experiment, network: Network) -> float:
        """The time step in s."""
        return time_step(experiment, network, self.settings) if self.dt is None else self.dt


@dataclass(slots=True)
class Run:
    """One run. `steps` were done of `line.end`; `counts`: spikes of each population over the whole run; `spikes` as recorded; `endings` of the
    phases with `until`; `shares`: what this run contributes to each expectation over repeats. Phases that were over sooner than planned end there on
    `line`. `failure`: why it could not go on; everything else is then of what was done until there.
    `build_s` and `run_s` went by on the clock; `processor_s` is the processor time of the phases, which other programs do not lengthen."""

    seed: int
    line: Timeline
    recorder: Recorder
    facts: Facts
    spikes: dict[str, Train] = field(default_factory=dict)
    counts: dict[str, int] = field(default_factory=dict)
    outcomes: tuple[Outcome, ...] = ()
    shares: tuple[Share | None, ...] = ()
    endings: tuple[Ending, ...] = ()
    steps: int = 0
    interrupted: bool = False
    failure: tuple[Diagnostic, ...] = ()
    build_s: float = 0.0
    run_s: float = 0.0
    processor_s: float = 0.0

    @property
    def duration(self) -> float:
        """Seconds (nominal ones where time is counted in steps) that were simulated."""
        return self.steps * self.line.dt

    def train(self, record: SpikeRecord) -> Train:
        """The spikes of one record: steps and units (from 0)."""
        steps, units = self.spikes[record.population]
        kept = (steps >= record.begin) & (steps < record.end)
        return of_units((steps[kept], units[kept]), record.units)


def run_once(experiment: Experiment, workshop: Workshop, order: Order, progress: Progress, interruption: Interruption) -> Run:
    """Builds the network and runs all phases, or until `interruption` is requested.

    Raises `PlasError` where it cannot begin, because a recording is too large for instance; what stops it on its way is the run's `failure`.
    """
    begin = time.perf_counter()
    dt = order.step(experiment, workshop.network)
    instance = workshop.instantiate(dt, order.seed, order.settings)
    shows = {p.name: s for p in experiment.phases if (s := show_of(p, experiment.name, instance, order.data)) is not None}
    line, warnings = plan_timeline(experiment, instance, shows, order.length)
    extend_spikes(instance, line.end)
    observer = Observer(workshop.network, workshop.engine(instance, order.settings), line.in_steps)
    runner = _Runner(experiment, workshop, observer, order, line, shows)
    runner.recorder.warnings[:0] = (*instance.warnings, *warnings)
    built, processor = time.perf_counter(), time.process_time()
    runner.go(progress, interruption)
    run = runner.result()
    run.build_s, run.run_s, run.processor_s = built - begin, time.perf_counter() - built, time.process_time() - processor
    return run


class _Runner:
    """One run on its way. `due`: everything that is taken or looked at in its time."""

    def __init__(
        self, experiment: Experiment, workshop: Workshop, observer: Observer, order: Order, line: Timeline, shows: Mapping[str, Show]
    ) -> None:
        self.experiment = experiment
        self.workshop = workshop
        self.observer = observer
        self.order = order
        self.line = line
        self.spikes = SpikeHistory(observer.engine, sorted(_spikes_needed(experiment)))
        self.reader = Reader(observer, self.spikes)
        self.clock = self.reader.clock
        self.base = observer.instance
        self.stage = Stage(workshop.network, observer, self._rebuilt, shows)
        for phase in experiment.phases:
            self.stage.check(phase)
        self.recorder = plan(experiment.all_recordings, experiment.plots, line, self.reader, self.stage.preview)
        observer.present.recorded = self.recorder.recorded
        self.watches = [watch(e, line, self.reader) for e in experiment.all_expectations]
        self.due: list[Series | Watch] = [*self.recorder.series, *self.recorder.drawn, *self.watches]
        self.run = Run(order.seed, line, self.recorder, facts_of(observer, self.recorder))
        self.guard = Guard(observer, line.in_steps, self._again)

    def _rebuilt(self, held: Settings, before: Engine) -> Engine:
        """Another engine that goes on where `before` stands, with some parameters held."""
        engine = self.workshop.changed(self.base, self.order.settings, held, before)
        self.spikes.follow(engine)
        return engine

    # --- the run ---

    def go(self, progress: Progress, interruption: Interruption) -> None:
        """All phases, or until something goes wrong."""
        try:
            self._go(progress, interruption)
        except PlasError as problem:
            self.run.failure = problem.diagnostics
            if isinstance(problem, NotFinite):
                self._rewind(self.observer.engine.step)

    def _go(self, progress: Progress, interruption: Interruption) -> None:
        for phase, span in zip(self.experiment.phases, self.line.phases, strict=True):
            self.stage.enter(phase)
            self._look(span.first, {phase.name, None} if phase is self.experiment.phases[0] else {phase.name})
            waiting = None if phase.until is None else Waiting(phase.until, self.observer.network, self.reader)
            self.guard.remember()
            self._run_phase(span, waiting, progress, interruption)
            if self.run.interrupted:
                return
            self.spikes.collect()
            self.guard.look()
            self.stage.leave(phase)

    def _run_phase(self, span: PhaseSpan, waiting: Waiting | None, progress: Progress, interruption: Interruption) -> None:
        pace, over = Pace(), False
        while self.reader.now < span.last and not over:
            before = self.reader.now
            self._advance(before + 1 if waiting is not None else self._next_stop(span, pace))
            self._look(self.reader.now, self._begun(), self._replayed(self.reader.now))
            over = waiting is not None and self._is_over(waiting)
            if pace.done(self.reader.now - before) or interruption.requested:
                progress.show(self.reader.now / self.line.end, span.name)
                self.spikes.collect()
                self.guard.glance()
                if interruption.requested:
                    self.run.interrupted = True
                    return
        if waiting is not None:
            self._ended(span, waiting, over)

    def _is_over(self, waiting: Waiting) -> bool:
        try:
            return waiting.over()
        except NotFinite:
            self.guard.look()  # what the condition reads may have gone wrong before
            raise

    def _ended(self, span: PhaseSpan, waiting: Waiting, reached: bool) -> None:
        """What a phase with `until` leaves behind; what was planned for its end is taken where it was over."""
        at = self.reader.now
        self.run.endings += (Ending(span.name, reached, at - span.first),)
        if not reached:
            self._not_reached(span, waiting, at - span.first)
        self.clock.skip(at, span.last)
        if at < span.last:
            begun = self._begun()
            for item in self.due:
                if item.during in begun:
                    item.pass_over(self.reader, at, span.last)

    def _not_reached(self, span: PhaseSpan, waiting: Waiting, steps: int) -> None:
        """A warning, and a note with everything that is expected of this phase or of the whole run."""
        found = waiting.not_reached(span.name, steps)
        self.recorder.warnings.append(found)
        for item in self.watches:
            if item.during in (None, span.name):
                item.note = found.message[:1].lower() + found.message[1:].rstrip(".")

    def _next_stop(self, span: PhaseSpan, pace: Pace) -> int:
        step = self.reader.now
        if self.stage.every_step:
            return step + 1
        due = [n for item in self.due if (n := item.moments.next_after(step)) is not None]
        return min(span.last, step + pace.chunk(), *due)

    def _advance(self, to: int) -> None:
        self.stage.hold(remember=self._replayed(to))
        try:
            self.observer.engine.advance(to - self.reader.now)
        except RuntimeError as error:
            raise PlasError((Diagnostic("too-many-spikes", f"{str(error)[:1].upper()}{str(error)[1:]}.", self.experiment.span),)) from error
        self.stage.settle()

    def _replayed(self, step: int) -> bool:
        """Whether something is watched after every unit that updates in the step before `step`."""
        return self.stage.visits is not None and any(w.steady and step in w.moments for w in self.watches)

    def _begun(self) -> set[str | None]:
        """The phases (None: the run as a whole) that have begun; one that begins now waits until it has set what it holds and starts from."""
        return {None, *(span.name for span in self.line.phases if span.first < self.reader.now)}

    def _look(self, step: int, phases: set[str | None], replayed: bool = False) -> None:
        """Takes what is due at this planned position of the clock and belongs to these phases; where the last step is `replayed`, what must hold all
        the time is looked at after each unit that updated in it."""
        due = [item for item in self.due if step in item.moments and item.during in phases]
        steady = [item for item in due if replayed and isinstance(item, Watch) and item.steady]
        for item in due:
            if item not in steady:
                item.take(self.reader, step)
        if self.stage.visits is not None and steady:
            for _ in self.stage.visits.replay(self.observer):
                for item in steady:
                    item.take(self.reader, step)

    def _again(self, step: int) -> None:
        """Once more from an earlier step to this one (really done)."""
        self.spikes.hold()
        engine = self.observer.engine
        while engine.step < step:
            self._advance(self.reader.now + (1 if self.stage.every_step else step - engine.step))
            engine = self.observer.engine

    def _rewind(self, step: int) -> None:
        """What was taken after this step is forgotten; what is looked at later was never reached."""
        self.spikes.rewind()
        for item in self.due:
            item.rewind(self.clock, step)

    # --- the end ---

    def result(self) -> Run:
        """What came of it."""
        records = (*self.recorder.spikes, *(s for p in self.recorder.plots for s in p.spikes))
        run = self.run
        run.steps, run.line = self.observer.engine.step, self.line.as_run(self.clock)
        for record in records:
            record.begin, record.end = self.clock.real(record.begin), self.clock.real(record.end)
        run.spikes = {name: self.spikes.train(name) for name in dict.fromkeys(r.population for r in records)}
        run.counts = {name: self.observer.engine.spike_count(name) for name in self.observer.instance.populations}
        run.outcomes = tuple(w.outcome() for w in self.watches)
        run.shares = tuple(w.contribution() for w in self.watches)
        return run


def _spikes_needed(experiment: Experiment) -> frozenset[str]:
    """Populations whose spikes are recorded or plotted, or enter a statistic."""
    items = [r.item for r in (*experiment.all_recordings, *(r for p in experiment.plots for r in p.items))]
    items += [p.window.over for p in experiment.plots if isinstance(p.window.over, Expr)]
    items += [e for x in experiment.all_expectations for e in x.compared]
    awaited = [trains_needed(p.until.condition) for p in experiment.phases if p.until is not None and p.until.condition is not None]
    return frozenset().union(*map(populations_needed, items), *awaited)


# --- facts that are left of a network -------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Spread:
    """A parameter with one value per unit or connection."""

    mean: float
    least: float
    largest: float


Ends = tuple[NDArray[np.int32], NDArray[np.int32]]


@dataclass(frozen=True, slots=True)
class Facts:
    """`units` of each population, `patterns` of each set. `parameters` by the name that sets them, in SI (of the network under `network.…`).
    `ends`: pre and post unit (from 0) of each connection of the projections that have recordings per connection. `over`: for each plot line
    over a swept parameter its value."""

    units: Mapping[str, int]
    parameters: Mapping[Ref, float | Spread]
    ends: Mapping[str, Ends]
    over: tuple[float | None, ...]
    patterns: Mapping[str, int]


def facts_of(observer: Observer, recorder: Recorder) -> Facts:
    """The facts of a network that has been run."""
    instance = observer.instance
    ends = {}
    for series in recorder.series:
        projection = instance.projections.get(series.owner)
        if projection is not None and series.owner not in ends:
            ends[series.owner] = projection.sources(), projection.targets
    over = tuple(None if p.axis is None else float(np.asarray(observer.value(p.axis))) for p in recorder.plots)
    units = {p.name: p.size for p in instance.populations.values()}
    owners = (Whose.NETWORK, *observer.network.blocks)
    parameters = {Ref(owner, name): _summary(value) for owner in owners for name, value in instance.parameters_of(owner).items()}
    return Facts(units, parameters, ends, over, {name: len(found) for name, found in instance.patterns.items()})


def _summary(value: Values) -> float | Spread:
    if isinstance(value, float):
        return value
    if not value.size:
        return np.nan
    return Spread(float(np.mean(value)), float(np.min(value)), float(np.max(value)))
