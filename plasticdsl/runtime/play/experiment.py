"""Runs a checked experiment once: phase by phase, in chunks that end wherever something has to be looked at.

Comes in: the experiment, a way to build networks and engines (`Workshop`), settings and a seed. Goes out: a `Run` with everything recorded.
Nothing that is recorded depends on how the run was cut into chunks.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial

from plasticdsl.diagnostics.diagnostic import Diagnostic, PlasError
from plasticdsl.model.experiments import Experiment, Window
from plasticdsl.model.expr import Expr
from plasticdsl.model.model import Network
from plasticdsl.runtime.engine.engine import Engine
from plasticdsl.runtime.instance.build import extend_spikes
from plasticdsl.runtime.instance.instance import Instance
from plasticdsl.runtime.instance.settings import Settings
from plasticdsl.runtime.instance.timestep import time_step
from plasticdsl.runtime.play.feeds import Data, Show, show_of
from plasticdsl.runtime.play.guard import Guard, NotFinite
from plasticdsl.runtime.play.phases import Stage
from plasticdsl.runtime.play.planning import plan_timeline
from plasticdsl.runtime.play.progress import Interruption, Pace, Progress
from plasticdsl.runtime.play.schedule import PhaseSpan, Taking, Timeline
from plasticdsl.runtime.play.until import Ending, Waiting, trains_needed
from plasticdsl.runtime.watch.expectations import Outcome, watch
from plasticdsl.runtime.watch.facts import Facts, facts_of
from plasticdsl.runtime.watch.observer import Observer
from plasticdsl.runtime.watch.readings import Reader, populations_needed
from plasticdsl.runtime.watch.recorder import Chosen, Recorder, plan, spikes_needed
from plasticdsl.runtime.watch.repeats import Share
from plasticdsl.runtime.watch.series import SpikeRecord
from plasticdsl.runtime.watch.spikes import SpikeHistory, Train


@dataclass(frozen=True, slots=True)
class Workshop:
    """Where instances and engines of one network come from. `instantiate(dt, seed, settings)`, `engine(instance, settings)`."""

    network: Network
    instantiate: Callable[[float, int, Settings], Instance]
    engine: Callable[[Instance, Settings], Engine]


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
        return steps[kept], units[kept]


def run_once(
    experiment: Experiment,
    workshop: Workshop,
    order: Order,
    progress: Progress,
    interruption: Interruption,
    share: tuple[float, float] = (0.0, 1.0),
) -> Run:
    """Builds the network and runs all phases, or until `interruption` is requested. `share`: which part of the progress this run is.

    Raises `PlasError` where it cannot begin, because a recording is too large for instance; what stops it on its way is the run's `failure`.
    """
    begin = time.perf_counter()
    dt = order.step(experiment, workshop.network)
    instance = workshop.instantiate(dt, order.seed, order.settings)
    shows = {p.name: s for p in experiment.phases if (s := show_of(p, experiment.name, instance, order.data)) is not None}
    line, warnings = plan_timeline(experiment, instance, shows, order.length)
    extend_spikes(workshop.network, instance, line.end)
    observer = Observer(workshop.network, workshop.engine(instance, order.settings), line.in_steps)
    runner = _Runner(experiment, workshop, observer, order, line, shows)
    runner.recorder.warnings[:0] = (*instance.warnings, *warnings)
    built, processor = time.perf_counter(), time.process_time()
    runner.go(_Tell(progress, interruption, share))
    run = runner.result()
    run.build_s, run.run_s, run.processor_s = built - begin, time.perf_counter() - built, time.process_time() - processor
    return run


@dataclass(frozen=True, slots=True)
class _Tell:
    """Who is told how far it is, and who may stop it; `share`: which part of the progress this run is."""

    progress: Progress
    interruption: Interruption
    share: tuple[float, float]


class _Runner:
    """One run on its way."""

    def __init__(
        self, experiment: Experiment, workshop: Workshop, observer: Observer, order: Order, line: Timeline, shows: Mapping[str, Show]
    ) -> None:
        self.experiment = experiment
        self.workshop = workshop
        self.observer = observer
        self.order = order
        self.line = line
        needed = _spikes_needed(experiment)
        self.spikes = SpikeHistory(observer.engine, sorted(needed))
        self.reader = Reader(observer, self.spikes)
        self.clock = self.reader.clock
        self.stage = Stage(workshop.network, observer, self._rebuilt, shows)
        for phase in experiment.phases:
            self.stage.check(phase)
        self.recorder = plan(experiment.all_recordings, experiment.plots, self.line, self.reader, self._numbers, self.stage.preview)
        observer.present.recorded = self.recorder.recorded
        self.facts = facts_of(observer, self.recorder)
        self.watches = [watch(e, self.line, self.reader, self._numbers) for e in experiment.all_expectations]
        self.endings: list[Ending] = []
        self.interrupted = False
        self.failure: tuple[Diagnostic, ...] = ()
        self.guard = Guard(observer, line.in_steps, self._again)

    def _numbers(self, window: Window) -> Taking:
        """The times of a window in seconds."""

        def number(expr: Expr | None) -> float | None:
            return None if expr is None else float(self.observer.value(expr))

        return Taking(window.at_end, number(window.at), number(window.every), number(window.last), window.during)

    def _rebuilt(self, held: Settings, before: Engine) -> Engine:
        """Another engine that goes on where `before` stands, with some parameters held."""
        settings = {**self.order.settings, **held}
        instance = self.workshop.instantiate(self.line.dt, self.order.seed, settings)
        extend_spikes(self.workshop.network, instance, self.line.end)
        engine = self.workshop.engine(instance, settings)
        engine.restore(before.snapshot(), other_parameters=True)
        self.spikes.follow(engine)
        return engine

    # --- the run ---

    @property
    def step(self) -> int:
        """Where the clock stands, as planned."""
        return self.observer.engine.step + self.clock.skipped

    def go(self, tell: _Tell) -> None:
        """All phases, or until something goes wrong."""
        try:
            self._go(tell)
        except PlasError as problem:
            self.failure = problem.diagnostics
            if isinstance(problem, NotFinite):
                self._rewind(self.observer.engine.step)

    def _go(self, tell: _Tell) -> None:
        for number, (phase, span) in enumerate(zip(self.experiment.phases, self.line.phases, strict=True)):
            self.stage.enter(phase)
            self._look(span.first, partial(_belongs, None if number == 0 else phase.name))
            waiting = None if phase.until is None else Waiting(phase.until, self.observer.network, self.reader)
            self.guard.remember()
            self._run_phase(span, waiting, tell)
            if self.interrupted:
                return
            self.spikes.collect()
            self.guard.look()
            self.stage.leave(phase)

    def _run_phase(self, span: PhaseSpan, waiting: Waiting | None, tell: _Tell) -> None:
        pace = Pace()
        while self.step < span.last:
            before = self.step
            self._advance(before + 1 if waiting is not None else self._next_stop(span, pace))
            self._look_after(self.step)
            over = waiting is not None and self._is_over(waiting)
            if pace.done(self.step - before) or tell.interruption.requested:
                tell.progress.show(tell.share[0] + (tell.share[1] - tell.share[0]) * self.step / self.line.end, span.name)
                self.spikes.collect()
                self.guard.glance()
                if tell.interruption.requested:
                    self.interrupted = True
                    return
            if over:
                self._ended(span, waiting, True)
                return
        self._ended(span, waiting, False)

    def _is_over(self, waiting: Waiting) -> bool:
        try:
            return waiting.over()
        except NotFinite:
            self.guard.look()  # what the condition reads may have gone wrong before
            raise

    def _ended(self, span: PhaseSpan, waiting: Waiting | None, reached: bool) -> None:
        """What a phase with `until` leaves behind; what was planned for its end is taken where it was over."""
        if waiting is None:
            return
        at = self.step
        self.endings.append(Ending(span.name, reached, at - span.first))
        if not reached:
            self._not_reached(span, waiting, at - span.first)
        self.clock.skip(at, span.last)
        if at < span.last:
            self.recorder.take_at_end(self.reader, at, span.last, self._goes_on)
            for item in self.watches:
                if self._goes_on(item.during):
                    item.pass_over(self.reader, at, span.last)

    def _not_reached(self, span: PhaseSpan, waiting: Waiting, steps: int) -> None:
        """A warning, and a note with everything that is expected of this phase or of the whole run."""
        found = waiting.not_reached(span.name, steps)
        self.recorder.warnings.append(found)
        for item in self.watches:
            if item.during in (None, span.name):
                item.note = found.message[:1].lower() + found.message[1:].rstrip(".")

    def _next_stop(self, span: PhaseSpan, pace: Pace) -> int:
        step = self.step
        if self.stage.every_step:
            return step + 1
        stops = [span.last, step + pace.chunk()]
        stops += [n for w in self.watches if (n := w.moments.next_after(step)) is not None]
        recorded = self.recorder.next_after(step)
        return min(stops) if recorded is None else min(*stops, recorded)

    def _advance(self, to: int) -> None:
        self.stage.hold(remember=self._replayed(to))
        try:
            self.observer.engine.advance(to - self.step)
        except RuntimeError as error:
            raise PlasError((Diagnostic("too-many-spikes", f"{str(error)[:1].upper()}{str(error)[1:]}.", self.experiment.span),)) from error
        self.stage.settle()

    def _replayed(self, step: int) -> bool:
        """Whether something is watched after every unit that updates in the step before `step`."""
        return self.stage.visits is not None and any(w.steady and step in w.moments for w in self.watches)

    def _goes_on(self, during: str | None) -> bool:
        """Whether what belongs to a phase has begun; what begins now waits until its phase has set what it holds and starts from."""
        return during is None or self.line.phase(during).first < self.step

    def _look(self, step: int, chosen: Chosen) -> None:
        """Takes what is due at this planned position of the clock, of the chosen phases."""
        self.recorder.take(self.reader, step, chosen)
        for item in self.watches:
            if step in item.moments and chosen(item.during):
                item.look(self.reader, step)

    def _look_after(self, step: int) -> None:
        """The same at the end of a step; what must hold all the time is looked at after each unit that updated in it."""
        if not self._replayed(step) or self.stage.visits is None:
            self._look(step, self._goes_on)
            return
        self.recorder.take(self.reader, step, self._goes_on)
        due = [w for w in self.watches if step in w.moments and self._goes_on(w.during)]
        for _ in self.stage.visits.replay(self.observer):
            for item in due:
                if item.steady:
                    item.look(self.reader, step)
        for item in due:
            if not item.steady:
                item.look(self.reader, step)

    def _again(self, step: int) -> None:
        """Once more from an earlier step to this one (really done)."""
        self.spikes.hold()
        engine = self.observer.engine
        while engine.step < step:
            self._advance(self.step + (1 if self.stage.every_step else step - engine.step))
            engine = self.observer.engine

    def _rewind(self, step: int) -> None:
        """What was taken after this step is forgotten; what is looked at later was never reached."""
        self.spikes.rewind()
        self.recorder.rewind(step)
        for item in self.watches:
            item.complete = item.complete and self.clock.real(item.moments.last) <= step

    # --- the end ---

    def result(self) -> Run:
        """What came of it."""
        records = (*self.recorder.spikes, *(s for p in self.recorder.plots for s in p.spikes))
        run = Run(self.order.seed, self.line, self.recorder, self.facts, steps=self.observer.engine.step, interrupted=self.interrupted)
        run.failure = self.failure
        run.endings = tuple(self.endings)
        run.line = self.line.as_run(self.clock)
        for record in records:
            record.begin, record.end = self.clock.real(record.begin), self.clock.real(record.end)
        run.spikes = {name: self.spikes.train(name) for name in dict.fromkeys(r.population for r in records)}
        run.counts = {name: self.observer.engine.spike_count(name) for name in self.observer.instance.populations}
        run.outcomes = tuple(w.outcome() for w in self.watches)
        run.shares = tuple(w.contribution() for w in self.watches)
        return run


def _belongs(phase: str | None, during: str | None) -> bool:
    """Whether something that belongs to `during` belongs to a phase; all does where none is named."""
    return phase is None or during == phase


def _spikes_needed(experiment: Experiment) -> frozenset[str]:
    expected = [populations_needed(e) for x in experiment.all_expectations for e in x.compared]
    awaited = [trains_needed(p.until.condition) for p in experiment.phases if p.until is not None and p.until.condition is not None]
    return spikes_needed(experiment.all_recordings, experiment.plots).union(*expected, *awaited)
