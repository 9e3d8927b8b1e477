"""Carries out an experiment on a network that has been built: phase by phase, in chunks that end wherever something has to be looked at.

Comes in: the experiment, an engine and its timeline (`once` builds them). Goes out: a `Run` with everything recorded. Nothing of it depends on how the run
was cut into chunks, or on whether it was left on its way and gone on with.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial

from plasticdsl.diagnostics.diagnostic import Diagnostic, PlasError
from plasticdsl.model.experiments import Experiment, Phase
from plasticdsl.model.expr import Expr
from plasticdsl.model.parts import Emitted
from plasticdsl.model.protocol import SHOWING, Until, round_names
from plasticdsl.runtime.engine.engine import Engine
from plasticdsl.runtime.instance.settings import Settings
from plasticdsl.runtime.play.experiment import Order, Run, Workshop, facts_of
from plasticdsl.runtime.play.feeds import Show
from plasticdsl.runtime.play.follow import FEWEST, Following, followed
from plasticdsl.runtime.play.guard import Guard, NotFinite
from plasticdsl.runtime.play.phases import Stage
from plasticdsl.runtime.play.place import Checkpoint, Checkpoints, InCourse, InPhase, InRounds, InStretch, InTurns, Place
from plasticdsl.runtime.play.progress import SILENT, Interruption, Pace, Progress
from plasticdsl.runtime.play.schedule import PhaseSpan, Rounds, Timeline
from plasticdsl.runtime.play.until import Ending, Waiting, times_needed
from plasticdsl.runtime.watch.expectations import Watch, watch
from plasticdsl.runtime.watch.kinds import trains_needed
from plasticdsl.runtime.watch.observer import Observer
from plasticdsl.runtime.watch.plots import plan
from plasticdsl.runtime.watch.readings import Reader
from plasticdsl.runtime.watch.series import Series
from plasticdsl.runtime.watch.spikes import SpikeHistory

#: Recordings go on disk every so many seconds, and when the spikes in memory have so many bytes.
PUT_EVERY, PUT_AT_LEAST = 10.0, 8 << 20

_log = logging.getLogger(__name__)


class Runner:
    """One run on its way. `due`: everything that is taken or looked at in its time."""

    def __init__(
        self,
        experiment: Experiment,
        workshop: Workshop,
        observer: Observer,
        order: Order,
        line: Timeline,
        shows: Mapping[str, Show],
        checkpoints: Checkpoints | None = None,
    ) -> None:
        self.experiment = experiment
        self.workshop = workshop
        self.observer = observer
        self.order = order
        self.line = line
        self.spikes = SpikeHistory(observer.engine, sorted(_spikes_needed(experiment)))
        self.reader = Reader(observer, self.spikes)
        self.reader.lengths = {p.name: p.last - p.first for p in line.phases}
        self.clock = self.reader.clock
        self.clock.begin = observer.engine.step
        self.clock.skipped = -self.clock.begin
        self.base = observer.instance
        self.stage = Stage(workshop.network, observer, self._rebuilt, shows)
        for phase in experiment.phases:
            self.stage.check(phase)
        streams = None if checkpoints is None else checkpoints.streams
        compared = [expr for e in experiment.all_expectations for expr in e.compared]
        self.recorder = plan(experiment.all_recordings, experiment.plots, line, self.reader, self.stage.preview, compared, streams)
        if streams is not None:
            for series in self.recorder.series:
                series.leave_by(partial(series.put, streams, line.dt, self._owner(series)))
        observer.present.recorded = self.recorder.recorded
        self.watches = [watch(e, line, self.reader) for e in experiment.all_expectations]
        self.due: list[Series | Watch] = [*self.recorder.series, *self.recorder.drawn, *self.watches]
        self.following = Following(self.due, observer)
        self.run = Run(
            order.seed, line, self.recorder, facts_of(observer, self.recorder), rounds=self.reader.rounds, begin=self.clock.begin
        )
        self.fired = {name: observer.engine.spike_count(name) for name in observer.instance.populations}
        self.guard = Guard(observer, line.in_steps, self._again)
        self.parts = {phase.name: (phase, span) for phase, span in zip(experiment.phases, line.phases, strict=True)}
        self.placed: dict[str, int] = {}  # where repeated phases began last
        self.begun: dict[str, int] = {}  # how often each phase has begun
        self.place = Place()
        self.checkpoints = checkpoints
        self.resumed: Checkpoint | None = None  # where a run goes on from
        self.put_at = time.monotonic()  # when recordings were put on disk last
        self.progress: Progress = SILENT
        self.interruption = Interruption()

    def _rebuilt(self, held: Settings, before: Engine) -> Engine:
        """Another engine that goes on where `before` stands, with some parameters held."""
        engine = self.workshop.changed(self.base, self.order.settings, held, before)
        self.spikes.follow(engine)
        return engine

    # --- the run ---

    def go(self, progress: Progress, interruption: Interruption) -> None:
        """All phases, or until something goes wrong."""
        self.progress, self.interruption = progress, interruption
        self.resumed = None if self.checkpoints is None else self.checkpoints.last()
        try:
            if self.resumed is not None:
                self._return_to(self.resumed)
            self._go()
        except PlasError as problem:
            self.run.failure = problem.diagnostics
            if isinstance(problem, NotFinite):
                self._rewind(self.observer.engine.step)

    def _go(self) -> None:
        for name, rounds in self._in_order(self.line.course):
            self._carry_out(*self.parts[name], rounds)
            if self.run.interrupted:
                return

    def _in_order(self, course: Sequence[str | Rounds], around: tuple[int, ...] = ()) -> Iterator[tuple[str, tuple[int, ...]]]:
        """The phases as they are carried out, each with the numbers of the rounds that it stands in; one is over when the next is asked for."""
        with self.place.at(InCourse()) as at:
            while at.index < len(course):
                part = course[at.index]
                if isinstance(part, str):
                    yield part, around
                else:
                    for number in self._rounds(part):
                        yield from self._in_order(part.body, (*around, number))
                at.index += 1

    def _rounds(self, part: Rounds) -> Iterator[int]:
        """The numbers of its rounds, until what it waits for has happened."""
        with self.place.at(InRounds(self.reader.now, self.observer.engine.step)) as at:
            while at.number <= part.most:
                waiting = self._waiting(part.until, at)
                yield at.number
                reached = waiting is not None and self._is_over(waiting)
                if waiting is not None and (reached or at.number == part.most):
                    ending = Ending(part.text, reached, self.observer.engine.step - at.first, at.number)
                    self._ended(ending, waiting, at.begin + part.most * part.steps, None)
                    return
                at.number, at.waited = at.number + 1, None

    def _carry_out(self, phase: Phase, planned: PhaseSpan, rounds: tuple[int, ...]) -> None:
        """A phase, once."""
        with self.place.at(InPhase()) as at:
            counts = dict(zip(round_names(rounds), rounds, strict=True))
            show = self._go_on(phase, counts, at) if self.place.goes_on else self._begin(phase, planned, rounds, counts, at)
            span, waiting = replace(planned, first=at.first, last=at.last), self._waiting(phase.until, at)
            self.guard.remember()
            if show is not None and show.in_turns:
                self._take_turns(phase, show, span, counts)
            else:
                self._run_to(span.last, span, waiting)
        if self.run.interrupted:
            return
        self.spikes.collect()
        self.guard.look()
        self.stage.leave(phase)

    def _begin(self, phase: Phase, planned: PhaseSpan, rounds: tuple[int, ...], counts: dict[str, int], at: InPhase) -> Show | None:
        """What a phase shows that begins now."""
        span = self._placed(planned, rounds)
        at.first, at.last, at.number = span.first, span.last, self.begun.get(phase.name, 0)
        self.begun[phase.name] = at.number + 1
        self.observer.present.counts = counts
        show = self.stage.enter(phase, at.number)
        self._note(phase.name, True)
        self._look(span.first, {phase.name, None} if self.begun == {phase.name: 1} else {phase.name})
        return show

    def _go_on(self, phase: Phase, counts: dict[str, int], at: InPhase) -> Show | None:
        """What a phase shows that is under way: the network is as it was left."""
        assert self.resumed is not None, "a run goes on from where it stood"
        turns = next((frame for frame in self.place.frames if isinstance(frame, InTurns)), None)
        if turns is not None:
            counts[SHOWING] = turns.showing
        self.observer.present.counts = counts
        show = self.stage.go_on(phase, at.number, turns, self.resumed.held)
        self.observer.engine.restore(self.resumed.state, foreign=True)
        self.resumed = None  # its arrays are not needed any more
        return show

    def _note(self, phase: str, begins: bool) -> None:
        """Where a round of a phase begins, and how far it has come."""
        rounds, now = self.reader.rounds.setdefault(phase, []), self.observer.engine.step
        if begins:
            rounds.append((now, now))
        rounds[-1] = rounds[-1][0], now

    def _placed(self, planned: PhaseSpan, rounds: tuple[int, ...]) -> PhaseSpan:
        """Where the phase stands in this round; what is taken in it is moved there."""
        now = self.reader.now
        if rounds:
            by = now - self.placed.get(planned.name, planned.first)
            self.placed[planned.name] = now
            for item in (*self.due, *self.recorder.all_spikes):
                if item.during == planned.name:
                    item.begin_round(rounds, by, self.observer.engine.step)
        return replace(planned, first=now, last=now + planned.last - planned.first)

    def _waiting(self, until: Until | None, at: InRounds | InPhase | InTurns) -> Waiting | None:
        if until is None:
            return None
        waiting = Waiting(until, self.observer.network, self.reader, at.waited)
        at.waited = waiting.waited
        return waiting

    def _take_turns(self, phase: Phase, show: Show, span: PhaseSpan, counts: dict[str, int]) -> None:
        """Items with pauses between, or shown again until something has happened; the showing is one of the `counts`."""
        again = None if phase.each is None else phase.each.again
        with self.place.at(InTurns()) as at:
            while at.turn < len(show.order):
                if not self.place.goes_on:
                    at.begin, at.first, at.showing = self.reader.now, self.observer.engine.step, 1
                if not self._show_in_turn(phase, show, span, counts, again, at):
                    return
                at.turn += 1

    def _show_in_turn(self, phase: Phase, show: Show, span: PhaseSpan, counts: dict[str, int], again: Until | None, at: InTurns) -> bool:
        """One item, until its showings are over; False after an interruption."""
        while True:
            counts[SHOWING] = at.showing
            if not self.place.goes_on:
                if at.turn or at.showing > 1:
                    self.stage.turn(phase, show, at.turn)
                    self.guard.remember()
                at.waited, at.resting, at.reached = None, False, False
            waiting = self._waiting(again, at)
            if not at.resting:
                self._run_to(self.reader.now + show.hold, span)
                at.reached = waiting is not None and not self.run.interrupted and self._is_over(waiting)
            if show.rest and not self.run.interrupted:
                self._rest(phase, show, span, at)
            self.guard.look()
            if self.run.interrupted:
                return False
            if waiting is not None and (at.reached or at.showing == show.showings):
                ending = Ending(f"again in {phase.name}", at.reached, self.observer.engine.step - at.first, at.showing)
                self._ended(ending, waiting, at.begin + show.showings * (show.hold + show.rest), phase.name)
            if at.reached or at.showing == show.showings:
                return True
            at.showing += 1

    def _rest(self, phase: Phase, show: Show, span: PhaseSpan, at: InTurns) -> None:
        if not at.resting:
            self.guard.look()
            self.stage.pause(phase)
            self.guard.remember()
            at.resting = True
        self._run_to(self.reader.now + show.rest, span)

    def _run_to(self, last: int, span: PhaseSpan, waiting: Waiting | None = None) -> None:
        """To this planned position within a phase, or until it is over."""
        with self.place.at(InStretch(last, self.observer.engine.step)) as at:
            agreed = self.observer.engine.agreed
            pace = Pace(agreed)
            while self.reader.now < at.last and not at.over:
                before = self.reader.now
                taken = self._follow(at.last, span, pace) if waiting is None else ()
                if not taken:
                    self._advance(before + 1 if waiting is not None else self._next_stop(at.last, span, pace))
                self._note(span.name, False)
                self._look(self.reader.now, {None, span.name}, self._replayed(self.reader.now), taken)
                at.over = waiting is not None and self._is_over(waiting)
                if pace.done(self.reader.now - before) or agreed(self.interruption.requested):
                    self.progress.show(self.reader.now / self.line.end, span.name)
                    self.spikes.collect()
                    self.guard.glance()
                    self._keep()
                    if agreed(self.interruption.requested):
                        self.run.interrupted = self.interruption.requested = True
                        return
            if waiting is not None:
                self._ended(Ending(span.name, at.over, self.observer.engine.step - at.first), waiting, at.last, span.name)

    def _keep(self) -> None:
        """Keeps where the run stands, where it is time to; nothing is due here any more."""
        if self.checkpoints is None:
            return
        agreed = self.observer.engine.agreed
        is_due = agreed(self.checkpoints.due or self.interruption.requested)
        if is_due or agreed(time.monotonic() > self.put_at + PUT_EVERY or self.spikes.size > PUT_AT_LEAST):
            self.guard.look()
            self._put()
        if is_due:
            self.checkpoints.keep(self.checkpoint())

    def _put(self) -> None:
        """What has been recorded since the last time goes on disk; where it cannot, it stays in memory until the next."""
        self.put_at = time.monotonic()
        streams = None if self.checkpoints is None else self.checkpoints.streams
        if streams is None:
            return
        try:
            self.spikes.put(streams)
            for series in self.recorder.series:
                series.put(streams, self.line.dt, self._owner(series))
            streams.publish()
        except OSError as problem:
            _log.warning("recordings cannot be written while they are made (%s): they stay in memory", problem.strerror or problem)

    def _owner(self, series: Series) -> str:
        """What its values are of, one by one."""
        return "unit " if series.owner in self.observer.instance.populations else "connection "

    def _is_over(self, waiting: Waiting) -> bool:
        try:
            return waiting.over()
        except NotFinite:
            self.guard.look()  # what the condition reads may have gone wrong before
            raise

    def _ended(self, ending: Ending, waiting: Waiting, end: int, phase: str | None) -> None:
        """What waiting leaves behind; what was planned for its `end` is taken where it was over, of this phase and of the whole run."""
        at = self.reader.now
        self.run.endings.append(ending)
        if not ending.reached:
            self._not_reached(waiting.not_reached(ending), phase)
        self.clock.skip(at, end)
        if at < end:
            for item in self.due:
                if item.during in (phase, None):
                    item.pass_over(self.reader, at, end)

    def _not_reached(self, found: Diagnostic, phase: str | None) -> None:
        """A warning, and a note with everything that is expected of this phase or of the whole run."""
        if found not in self.recorder.warnings:
            self.recorder.warnings.append(found)
        for item in self.watches:
            if item.during in (None, phase):
                item.note = found.message[:1].lower() + found.message[1:].rstrip(".")

    def _next_stop(self, last: int, span: PhaseSpan, pace: Pace) -> int:
        step, free = self.reader.now, self.stage.free_steps
        if free == 1:
            return step + 1
        due = [n for item in self.due if item.during in (None, span.name) and (n := item.moments.next_after(step)) is not None]
        due += [n - 1 for n in due if n > step + 1 and self._replayed(n)]  # one step alone can be replayed
        return min(last, step + free, step + pace.chunk(), *due)

    def _advance(self, to: int) -> None:
        self.stage.hold(remember=self._replayed(to))
        try:
            self.observer.engine.advance(to - self.reader.now)
        except RuntimeError as error:
            raise self._too_many(error) from error
        self.stage.settle()

    def _too_many(self, error: RuntimeError) -> PlasError:
        return PlasError((Diagnostic("too-many-spikes", f"{str(error)[:1].upper()}{str(error)[1:]}.", self.experiment.span),))

    def _follow(self, last: int, span: PhaseSpan, pace: Pace) -> Sequence[Series | Watch]:
        """Goes on by several steps if what is taken after each of them can be worked out together, and takes it. Gives what was taken so: nothing where
        that cannot be, and then no step is done."""
        step, free = self.reader.now, self.stage.free_steps
        if free < FEWEST or self.stage.visits is not None:
            return ()
        ahead = self.following.ahead(step, min(last, step + min(free, pace.chunk())), span.name)
        if ahead is None:
            return ()
        self.stage.hold(remember=False)
        stretch, failure = followed(self.observer, ahead.states, ahead.to - step)
        for item in ahead.items:
            item.take_stretch(stretch, self.reader)
        if failure is not None:
            raise self._too_many(failure) from failure
        self.stage.settle()
        return ahead.items

    def _replayed(self, step: int) -> bool:
        """Whether something is watched after every unit that updates in the step before `step`."""
        return self.stage.visits is not None and any(w.steady and step in w.moments for w in self.watches)

    def _look(self, step: int, phases: set[str | None], replayed: bool = False, taken: Sequence[Series | Watch] = ()) -> None:
        """Takes what is due at this planned position of the clock and belongs to these phases, but for what was `taken` already; where the last step is
        `replayed`, what must hold all the time is looked at after each unit that updated in it."""
        due = [item for item in self.due if step in item.moments and item.during in phases and all(item is not one for one in taken)]
        steady = [item for item in due if replayed and isinstance(item, Watch) and item.steady]
        with self.observer.at_once():
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
            self._advance(self.reader.now + min(self.stage.free_steps, step - engine.step))
            engine = self.observer.engine

    def _rewind(self, step: int) -> None:
        """What was taken after this step is forgotten; what is looked at later was never reached."""
        self.spikes.rewind()
        for item in self.due:
            item.rewind(self.clock, step)

    # --- where it stands ---

    def checkpoint(self) -> Checkpoint:
        """All that there is so far."""
        engine = self.observer.engine
        return Checkpoint(
            step=engine.step,
            state=engine.snapshot(),
            frames=tuple(self.place.frames),
            held=self.stage.held(),
            paces={name: p.pace for name, p in engine.instance.populations.items() if p.pace is not None},
            clock=self.clock,
            rounds=self.reader.rounds,
            endings=tuple(self.run.endings),
            begun=self.begun,
            placed=self.placed,
            warnings=tuple(self.recorder.warnings),
            series=tuple(s.so_far() for s in (*self.recorder.series, *self.recorder.drawn)),
            records=tuple(r.so_far() for r in self.recorder.all_spikes),
            watches=tuple(w.so_far() for w in self.watches),
            spikes=self.spikes.so_far(),
        )

    def _return_to(self, checkpoint: Checkpoint) -> None:
        """Everything but the engine as it was; the engine follows when the phase is reached that is under way."""
        streams = None if self.checkpoints is None else self.checkpoints.streams
        self.place.frames[:] = checkpoint.frames
        self.clock.become(checkpoint.clock)
        self.reader.rounds.update(checkpoint.rounds)
        self.run.endings[:] = checkpoint.endings
        self.begun.update(checkpoint.begun)
        self.placed.update(checkpoint.placed)
        self.recorder.warnings[:] = checkpoint.warnings
        for series, so_far in zip((*self.recorder.series, *self.recorder.drawn), checkpoint.series, strict=True):
            series.go_on(so_far, streams)
        for record, place in zip(self.recorder.all_spikes, checkpoint.records, strict=True):
            record.go_on(place)
        for watching, seen in zip(self.watches, checkpoint.watches, strict=True):
            watching.go_on(seen)
        self.spikes.go_on(checkpoint.spikes, streams)
        self.observer.engine = self.workshop.returned(
            self.base, self.order.settings, checkpoint.held.parameters, checkpoint.paces, self.observer.engine, checkpoint.step
        )
        self.spikes.follow(self.observer.engine)

    # --- the end ---

    def result(self) -> Run:
        """What came of it."""
        records, run = self.recorder.all_spikes, self.run
        if self.spikes.any_stored or any(series.kept.first for series in self.recorder.series):
            self._put()
        for series in self.recorder.series:
            series.kept.finish()
        run.steps, run.line = self.observer.engine.step - run.begin, self.line.as_run(self.clock)
        for record in records:
            record.settle(self.clock)
            if record.taken is not None:
                record.values = self.reader.at_all_spikes(record.taken)
        run.spikes = {train: self.spikes.kept_train(train) for train in dict.fromkeys(r.train for r in records)}
        run.counts = {name: self.observer.engine.spike_count(name) - before for name, before in self.fired.items()}
        run.outcomes = tuple(w.outcome() for w in self.watches)
        run.shares = tuple(w.contribution() for w in self.watches)
        return run


def _spikes_needed(experiment: Experiment) -> frozenset[Emitted]:
    """The spikes and other events that are recorded or plotted, or enter a statistic."""
    items = [r.item for r in (*experiment.all_recordings, *(r for p in experiment.plots for r in p.items))]
    items += [p.window.over for p in experiment.plots if isinstance(p.window.over, Expr)]
    items += [e for x in experiment.all_expectations for e in x.compared]
    return frozenset().union(
        *map(trains_needed, items), *(times_needed(u.condition) for u in experiment.all_awaited if u.condition is not None)
    )
