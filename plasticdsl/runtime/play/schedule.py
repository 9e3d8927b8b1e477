"""When things happen in a run, in whole steps: phases one after the other, and the moments at which values are taken.

Comes in: a checked experiment, the network with numbers, what the phases show. Goes out: `Timeline`, with a warning for each duration that had to be
rounded, and `Moments`. A phase with `until` is planned with its longest length. The clock stands at step n before the events of t_n = n dt; so a value
taken at step n is the value at t_n, and the spikes of a window [a, b) are those of the steps a to b − 1.

What is repeated is not written out: a phase stands where its first round would be, and what is taken in it is moved along from round to round.
"""

from __future__ import annotations

import bisect
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace

from plasticdsl.diagnostics.diagnostic import Diagnostic, PlasError, Severity
from plasticdsl.model.experiments import Experiment, Phase
from plasticdsl.model.protocol import Course, Repeat, Until
from plasticdsl.runtime.instance.instance import Instance
from plasticdsl.runtime.instance.settings import duration
from plasticdsl.runtime.numbers.evaluate import constant
from plasticdsl.runtime.play.feeds import Show, most_rounds
from plasticdsl.source import NOWHERE
from plasticdsl.support.steps import is_multiple, to_steps

#: The most steps of a phase with `until` that does not say how many.
MOST_STEPS = 1000


class DoesNotFit(ValueError):
    """A window or moment that lies outside the run or phase; the message says why."""


@dataclass(frozen=True, slots=True)
class PhaseSpan:
    """One phase: the clock stands at `first` when it begins and at `last` when it ends, in its first round. `shows`: it shows items one after the
    other. `open_ended`: it may end before `last`. `rounds`: the most rounds of each repeat around it, the outermost first; `extent`: from its first
    beginning to its last."""

    name: str
    first: int
    last: int
    shows: bool = False
    open_ended: bool = False
    rounds: tuple[int, ...] = ()
    extent: int = 0


@dataclass(frozen=True, slots=True)
class Rounds:
    """At most `most` rounds of `body` (names of phases, and other rounds), each of at most `steps` steps, until what `until` waits for has happened."""

    body: tuple[str | Rounds, ...]
    most: int
    steps: int
    until: Until | None
    text: str


@dataclass(frozen=True, slots=True)
class Timeline:
    """All phases in order of the text, and the `course` they take. `in_steps`: time is counted in steps, and `dt` is nominally 1 s. `end`: all steps
    of the run. `loose`: parts of it that may be shorter."""

    dt: float
    in_steps: bool
    phases: tuple[PhaseSpan, ...]
    course: tuple[str | Rounds, ...] = ()
    end: int = 0
    loose: tuple[tuple[int, int], ...] = ()

    def span(self, during: str | None) -> tuple[int, int]:
        """First and last position of the clock in a phase, or in the whole run."""
        if during is None:
            return 0, self.end
        found = self.phase(during)
        return found.first, found.last

    def phase(self, name: str) -> PhaseSpan:
        """The phase of that name."""
        return next(p for p in self.phases if p.name == name)

    def open_within(self, begin: int, end: int) -> bool:
        """Whether a phase between these positions may end early."""
        return any(first < end and last > begin for first, last in self.loose)

    def as_run(self, clock: Clock) -> Timeline:
        """The same with every phase as long as it really was, in its first round."""
        phases = tuple(replace(p, first=clock.real(p.first), last=clock.real(p.last)) for p in self.phases)
        return replace(self, phases=phases, end=clock.real(self.end))


@dataclass(frozen=True, slots=True)
class Moments:
    """The steps first, first + stride, … up to `last`; none where last < first."""

    first: int
    last: int
    stride: int = 1

    def __len__(self) -> int:
        return max(0, (self.last - self.first) // self.stride + 1)

    def next_after(self, step: int) -> int | None:
        """The first moment after `step`."""
        behind = max(-1, (step - self.first) // self.stride)
        found = self.first + (behind + 1) * self.stride
        return found if found <= self.last else None

    def moved(self, by: int) -> Moments:
        """The same so many steps later."""
        return Moments(self.first + by, self.last + by, self.stride)

    def interval(self, step: int) -> tuple[int, int]:
        """The steps [begin, end) between a moment and the one before."""
        return max(0, step - self.stride), step

    def __contains__(self, step: object) -> bool:
        return isinstance(step, int) and self.first <= step <= self.last and (step - self.first) % self.stride == 0


@dataclass(slots=True)
class Clock:
    """Planned and real time: a run is planned with the longest length of each phase, and a phase with `until` may be over sooner. `skipped`:
    planned steps that were not done so far; negative where the clock does not stand at 0 at the beginning, but at `begin`. Of each part that was
    skipped: where it begins and ends as planned (`_from`, `_to`), and what was `_before` it."""

    skipped: int = 0
    begin: int = 0
    _from: list[int] = field(default_factory=list)
    _to: list[int] = field(default_factory=list)
    _before: list[int] = field(default_factory=list)

    def skip(self, at: int, end: int) -> None:
        """The phase that was planned to end at `end` was over at position `at`."""
        if at < end:
            self._from.append(at)
            self._to.append(end)
            self._before.append(self.skipped)
            self.skipped += end - at

    def become(self, other: Clock) -> None:
        """As another one is."""
        self.skipped, self.begin = other.skipped, other.begin
        self._from[:], self._to[:], self._before[:] = other._from, other._to, other._before

    def real(self, position: int) -> int:
        """The step really done at a planned position; one within a part that was skipped is where it was cut."""
        last = bisect.bisect_left(self._from, position) - 1
        return position + self.begin if last < 0 else position - self._before[last] - (min(position, self._to[last]) - self._from[last])


@dataclass(frozen=True, slots=True)
class Taking:
    """A `model.Window` in numbers: all times in seconds."""

    at_end: bool = False
    at: float | None = None
    every: float | None = None
    last: float | None = None
    during: str | None = None
    throughout: bool = False
    start: float | None = None
    stop: float | None = None

    @property
    def is_part(self) -> bool:
        """Whether it is a part of the run or phase: its last seconds, or from one time to another."""
        return self.last is not None or self.start is not None


def timeline(
    names: Iterable[str],
    durations: Iterable[float],
    dt: float,
    in_steps: bool,
    course: Course = (),
    counts: Mapping[Repeat, int] | None = None,
) -> Timeline:
    """The phases in whole steps, one after the other or on another `course`; `counts`: the rounds of its repeats. Raises ValueError where a duration is
    negative or no number."""
    lengths: dict[str, int] = {}
    for name, seconds in zip(names, durations, strict=True):
        lengths[name] = to_steps(seconds, dt)
        if lengths[name] < 0:
            raise ValueError(f"a duration of {seconds:g} s is negative")
    planned = tuple(_planned(part, lengths, counts or {}) for part in course or tuple(lengths))
    spans = {span.name: span for span in _spans(planned, lengths, 0, (), 0)}
    return Timeline(
        dt, in_steps, tuple(spans[name] for name in lengths), planned, _total(planned, lengths), tuple(_loose(planned, lengths, 0, 0))
    )


def _planned(part: str | Repeat, lengths: Mapping[str, int], counts: Mapping[Repeat, int]) -> str | Rounds:
    if isinstance(part, str):
        return part
    body = tuple(_planned(one, lengths, counts) for one in part.body)
    text = ", ".join(one if isinstance(one, str) else one.text for one in body)
    return Rounds(body, counts[part], _total(body, lengths), part.until, f"repeat {text}")


def _total(parts: Iterable[str | Rounds], lengths: Mapping[str, int]) -> int:
    return sum(lengths[part] if isinstance(part, str) else part.most * part.steps for part in parts)


def _spans(
    parts: tuple[str | Rounds, ...], lengths: Mapping[str, int], at: int, rounds: tuple[int, ...], extent: int
) -> Iterator[PhaseSpan]:
    for part in parts:
        match part:
            case str():
                yield PhaseSpan(part, at, at + lengths[part], rounds=rounds, extent=extent)
            case Rounds(body=body, most=most, steps=steps):
                yield from _spans(body, lengths, at, (*rounds, most), extent + (most - 1) * steps)
        at += _total((part,), lengths)


def _loose(parts: tuple[str | Rounds, ...], lengths: Mapping[str, int], at: int, extent: int) -> Iterator[tuple[int, int]]:
    """Rounds that may be fewer."""
    for part in parts:
        length = _total((part,), lengths)
        if isinstance(part, Rounds):
            if part.until is not None:
                yield at, at + length + extent
            yield from _loose(part.body, lengths, at, extent + length - part.steps)
        at += length


def window(taking: Taking, line: Timeline) -> tuple[int, int]:
    """The steps [begin, end) that a statistic of spikes covers. Raises `DoesNotFit`."""
    begin, end = line.span(taking.during)
    if taking.at is not None:
        at = begin + to_steps(taking.at, line.dt)
        if not begin <= at <= end:
            raise DoesNotFit(f"{_time(taking.at, line)} lies outside of {_time((end - begin) * line.dt, line)}")
        end = at
    if taking.start is not None and taking.stop is not None:
        first, last = (begin + to_steps(seconds, line.dt) for seconds in (taking.start, taking.stop))
        if not begin <= first < last <= end:
            asked = f"{_time(taking.start, line)} to {_time(taking.stop, line)}"
            raise DoesNotFit(f"{asked} is no part of {_time((end - begin) * line.dt, line)}")
        begin, end = first, last
    if taking.last is not None:
        steps = to_steps(taking.last, line.dt)
        if steps > end - begin or steps <= 0:
            raise DoesNotFit(f"there are no last {_time(taking.last, line)} in {_time((end - begin) * line.dt, line)}")
        begin = end - steps
    return begin, end


def moments(taking: Taking, line: Timeline, bins: bool = False) -> Moments:
    """When values are taken: at each step where nothing else is said. With `bins` a moment is the end of an interval, so the
    beginning is none. Where time is counted in steps, or items are shown, values are taken after each step. Raises `DoesNotFit`."""
    begin, end = window(taking if taking.at is None else replace(taking, last=None), line)
    if taking.at is not None or taking.at_end:
        return Moments(end, end)
    stride = 1 if taking.every is None else max(1, to_steps(taking.every, line.dt))
    after = bins or line.in_steps or (taking.during is not None and line.phase(taking.during).shows)
    return Moments(begin + stride if after else begin, end, stride)


def _time(seconds: float, line: Timeline) -> str:
    return f"{seconds / line.dt:g} steps" if line.in_steps else f"{seconds:g} s"


# --- the phases of an experiment -------------------------------------------------------------------------------------


def plan_timeline(
    experiment: Experiment, instance: Instance, shows: Mapping[str, Show], length: str | float | None
) -> tuple[Timeline, tuple[Diagnostic, ...]]:
    """The phases in steps, and a warning for each duration that had to be rounded. `length` replaces that of the last timed phase."""
    dt = instance.dt
    lengths = {p.name: _length(p, instance, shows.get(p.name)) for p in experiment.phases}
    if length is not None:
        timed = [p.name for p in experiment.phases if p.duration is not None]
        if not timed:
            raise ValueError(f"{experiment.name} has no phase of a given length that could be replaced")
        lengths[timed[-1]] = duration(length, dt)
        to_steps(lengths[timed[-1]], dt)  # what the user asks for has to be a number of steps; the rest is the model's
    found = [_length_problem(p, lengths[p.name], dt) for p in experiment.phases]
    errors = tuple(f for f in found if f is not None and f.severity is Severity.ERROR)
    if errors:
        raise PlasError(errors)
    line = timeline(lengths, lengths.values(), dt, experiment.dt is None, experiment.course, dict(_counts(experiment.course, instance)))
    spans = zip(line.phases, experiment.phases, strict=True)
    marked = tuple(replace(s, shows=p.each is not None, open_ended=_may_be_over(p)) for s, p in spans)
    loose = (*line.loose, *((p.first, p.last + p.extent) for p in marked if p.open_ended))
    return replace(line, phases=marked, loose=loose), tuple(f for f in found if f is not None)


def _may_be_over(phase: Phase) -> bool:
    return phase.until is not None or (phase.each is not None and phase.each.again is not None)


def _counts(course: Course, instance: Instance) -> Iterator[tuple[Repeat, int]]:
    """The most rounds of all repeats."""
    for part in course:
        if isinstance(part, Repeat):
            yield part, most_rounds(part.times if part.until is None else part.until.at_most, instance, part.span)
            yield from _counts(part.body, instance)


def _length(phase: Phase, instance: Instance, show: Show | None) -> float:
    """In seconds."""
    if show is not None:
        return show.steps * instance.dt
    if phase.until is not None:
        return MOST_STEPS * instance.dt if phase.until.at_most is None else float(constant(phase.until.at_most, instance))
    return 0.0 if phase.duration is None else float(constant(phase.duration, instance))


def _length_problem(phase: Phase, length: float, dt: float) -> Diagnostic | None:
    try:
        steps = to_steps(length, dt)
    except ValueError as error:
        return Diagnostic("not-positive", f"The length of phase ‘{phase.name}’ cannot be used: {error}.", phase.span)
    if steps < 0:
        return Diagnostic("not-positive", f"The length of phase ‘{phase.name}’ is negative: {length:g} s.", phase.span)
    if is_multiple(length, dt):
        return None
    message = f"Phase ‘{phase.name}’ lasts {length:g} s, which is no multiple of dt = {dt:g} s; it is rounded to {steps} steps ({steps * dt:g} s)."
    return Diagnostic("duration-rounded", message, phase.span, severity=Severity.WARNING)


def run_rounded(seconds: float, dt: float) -> Diagnostic:
    """What is said of runs of a network from Python."""
    message = f"A run of {seconds:g} s is no multiple of dt = {dt:g} s; runs are rounded to whole steps, all of them together."
    return Diagnostic("duration-rounded", message, NOWHERE, severity=Severity.WARNING)
