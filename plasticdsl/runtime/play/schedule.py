"""When things happen in a run, in whole steps: phases one after the other, and the moments at which values are taken.

Comes in: a checked experiment, the network with numbers, what the phases show. Goes out: `Timeline`, with a warning for each duration that had to be
rounded, and `Moments`. A phase with `until` is planned with its longest length. The clock stands at step n before the events of t_n = n dt; so a value
taken at step n is the value at t_n, and the spikes of a window [a, b) are those of the steps a to b − 1.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from plasticdsl.diagnostics.diagnostic import Diagnostic, PlasError, Severity
from plasticdsl.model.experiments import Experiment, Phase
from plasticdsl.runtime.instance.instance import Instance
from plasticdsl.runtime.instance.settings import duration
from plasticdsl.runtime.numbers.evaluate import constant
from plasticdsl.runtime.play.feeds import Show
from plasticdsl.source import NOWHERE
from plasticdsl.support.steps import is_multiple, to_steps

#: The most steps of a phase with `until` that does not say how many.
MOST_STEPS = 1000


class DoesNotFit(ValueError):
    """A window or moment that lies outside the run or phase; the message says why."""


@dataclass(frozen=True, slots=True)
class PhaseSpan:
    """One phase: the clock stands at `first` when it begins and at `last` when it ends. `shows`: it shows items one after the other.
    `open_ended`: it may end before `last`."""

    name: str
    first: int
    last: int
    shows: bool = False
    open_ended: bool = False


@dataclass(frozen=True, slots=True)
class Timeline:
    """All phases in order. `in_steps`: time is counted in steps, and `dt` is nominally 1 s."""

    dt: float
    in_steps: bool
    phases: tuple[PhaseSpan, ...]

    @property
    def end(self) -> int:
        """All steps of the run."""
        return self.phases[-1].last if self.phases else 0

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
        return any(p.open_ended and p.first < end and p.last > begin for p in self.phases)

    def as_run(self, clock: Clock) -> Timeline:
        """The same with every phase as long as it really was."""
        return replace(self, phases=tuple(replace(p, first=clock.real(p.first), last=clock.real(p.last)) for p in self.phases))


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

    def interval(self, step: int) -> tuple[int, int]:
        """The steps [begin, end) between a moment and the one before."""
        return max(0, step - self.stride), step

    def __contains__(self, step: object) -> bool:
        return isinstance(step, int) and self.first <= step <= self.last and (step - self.first) % self.stride == 0


@dataclass(slots=True)
class Clock:
    """Planned and real time: a run is planned with the longest length of each phase, and a phase with `until` may be over sooner.
    `cuts`: (planned position at which a phase was over, planned position of its end), in order."""

    cuts: list[tuple[int, int]] = field(default_factory=list)

    @property
    def skipped(self) -> int:
        """Planned steps that were not done so far."""
        return sum(end - at for at, end in self.cuts)

    def skip(self, at: int, end: int) -> None:
        """The phase that was planned to end at `end` was over at position `at`."""
        self.cuts.append((at, end))

    def real(self, position: int) -> int:
        """The step really done at a planned position; one within a part that was skipped is where it was cut."""
        return position - sum(min(position, end) - at for at, end in self.cuts if position > at)


@dataclass(frozen=True, slots=True)
class Taking:
    """A `model.Window` in numbers: all times in seconds."""

    at_end: bool = False
    at: float | None = None
    every: float | None = None
    last: float | None = None
    during: str | None = None


def timeline(names: Iterable[str], durations: Iterable[float], dt: float, in_steps: bool) -> Timeline:
    """The phases in whole steps. Raises ValueError where a duration is negative or no number."""
    spans: list[PhaseSpan] = []
    clock = 0
    for name, seconds in zip(names, durations, strict=True):
        steps = to_steps(seconds, dt)
        if steps < 0:
            raise ValueError(f"a duration of {seconds:g} s is negative")
        spans.append(PhaseSpan(name, clock, clock + steps))
        clock += steps
    return Timeline(dt, in_steps, tuple(spans))


def window(taking: Taking, line: Timeline) -> tuple[int, int]:
    """The steps [begin, end) that a statistic of spikes covers. Raises `DoesNotFit`."""
    begin, end = line.span(taking.during)
    if taking.at is not None:
        at = begin + to_steps(taking.at, line.dt)
        if not begin <= at <= end:
            raise DoesNotFit(f"{_time(taking.at, line)} lies outside of {_time((end - begin) * line.dt, line)}")
        end = at
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
    line = timeline(lengths, lengths.values(), dt, experiment.dt is None)
    spans = zip(line.phases, experiment.phases, strict=True)
    marked = tuple(replace(s, shows=p.each is not None, open_ended=p.until is not None) for s, p in spans)
    return replace(line, phases=marked), tuple(f for f in found if f is not None)


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
