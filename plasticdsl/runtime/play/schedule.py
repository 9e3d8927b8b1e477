"""When things happen in a run, in whole steps: phases one after the other, and the moments at which values are taken.

Comes in: durations in seconds. Goes out: `Timeline` and `Moments`. The clock stands at step n before the events of t_n = n dt; so a value taken at step n
is the value at t_n, and the spikes of a window [a, b) are those of the steps a to b − 1.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from plasticdsl.support.steps import to_steps


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

    def steps(self) -> NDArray[np.int64]:
        """All of them."""
        return self.first + self.stride * np.arange(len(self), dtype=np.int64)


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
        if end > at:
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
    for name, duration in zip(names, durations, strict=True):
        steps = to_steps(duration, dt)
        if steps < 0:
            raise ValueError(f"a duration of {duration:g} s is negative")
        spans.append(PhaseSpan(name, clock, clock + steps))
        clock += steps
    return Timeline(dt, in_steps, tuple(spans))


def window(taking: Taking, line: Timeline) -> tuple[int, int]:
    """The steps [begin, end) that a statistic of spikes covers. Raises `DoesNotFit`."""
    begin, end = line.span(taking.during)
    if taking.at is not None:
        end = _moment(taking.at, begin, end, line)
    if taking.last is not None:
        begin = _begin_of_last(taking.last, begin, end, line)
    return begin, end


def moments(taking: Taking, line: Timeline, bins: bool = False) -> Moments:
    """When values are taken: at each step where nothing else is said. With `bins` a moment is the end of an interval, so the
    beginning is none. Where time is counted in steps, or items are shown, values are taken after each step. Raises `DoesNotFit`."""
    begin, end = line.span(taking.during)
    if taking.at is not None:
        moment = _moment(taking.at, begin, end, line)
        return Moments(moment, moment)
    if taking.last is not None:
        begin = _begin_of_last(taking.last, begin, end, line)
    if taking.at_end:
        return Moments(end, end)
    stride = 1 if taking.every is None else max(1, to_steps(taking.every, line.dt))
    after = bins or line.in_steps or (taking.during is not None and line.phase(taking.during).shows)
    return Moments(begin + stride if after else begin, end, stride)


def _begin_of_last(last: float, begin: int, end: int, line: Timeline) -> int:
    steps = to_steps(last, line.dt)
    if steps > end - begin or steps <= 0:
        raise DoesNotFit(f"there are no last {_time(last, line)} in {_time((end - begin) * line.dt, line)}")
    return end - steps


def _moment(at: float, begin: int, end: int, line: Timeline) -> int:
    moment = begin + to_steps(at, line.dt)
    if not begin <= moment <= end:
        raise DoesNotFit(f"{_time(at, line)} lies outside of {_time((end - begin) * line.dt, line)}")
    return moment


def _time(seconds: float, line: Timeline) -> str:
    return f"{seconds / line.dt:g} steps" if line.in_steps else f"{seconds:g} s"
