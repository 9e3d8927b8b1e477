"""`expect` lines: when each is looked at, and what came of it.

Comes in: the expectations of a checked experiment with their phase, the timeline and a reader. Goes out: one `Outcome` each. An expectation whose
window does not fit the run, or whose `when` does not hold, or that an interrupted run never reached, is skipped: neither passed nor failed.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace

import numpy as np

from plasticdsl.model.experiments import Expectation
from plasticdsl.model.expr import Call, Expr, Number, substitute, walk
from plasticdsl.runtime.play.schedule import Clock, DoesNotFit, Moments, Taking, Timeline, moments, window
from plasticdsl.runtime.watch.readings import Reader, has_spike_statistic, is_value_statistic
from plasticdsl.runtime.watch.repeats import Share
from plasticdsl.runtime.watch.statistics import Gathered
from plasticdsl.runtime.watch.verdict import Verdict, judged, tolerant
from plasticdsl.units.display import shown

_ROUNDING = 1e-9
_STEADY = ("never increases", "never decreases")


@dataclass(frozen=True, slots=True)
class Outcome:
    """`value` in SI (None when skipped), `limit` what it was compared with (NaN where there is no such number); `passed` is None when skipped.
    `reason`: why it was skipped, or what else should be known."""

    text: str
    value: float | None
    passed: bool | None
    unit: str = ""
    scale: float = 1.0
    reason: str = ""
    limit: float = math.nan

    @property
    def skipped(self) -> bool:
        """Neither passed nor failed."""
        return self.passed is None

    @property
    def found(self) -> str:
        """The value as it is shown: in the unit of the comparison, with the digits that show the difference; nothing when skipped."""
        return "" if self.value is None else shown(self.value / self.scale, self.limit / self.scale, self.unit)


@dataclass(slots=True)
class Watch:
    """One expectation during one run. `gathered`: statistics of all values in the window, by the call they stand for. `share`: what this run
    contributes to one that is looked at over repeats. `during`: the phase it belongs to. `looks`: how often it was looked at. `note`: what
    should be known about the outcome."""

    expectation: Expectation
    moments: Moments
    window: tuple[int, int] | None = None
    reason: str = ""
    gathered: dict[Call, Gathered] = field(default_factory=dict)
    verdict: Verdict | None = None
    previous: float = math.nan
    complete: bool = False
    share: Share | None = None
    during: str | None = None
    looks: int = 0
    note: str = ""

    def take(self, reader: Reader, step: int) -> None:
        """What there is to see at this step."""
        self.looks += 1
        if self.share is not None:
            self.share.add(reader, *(self.window or self.moments.interval(step)))
        elif self.steady:
            self._compare_with_previous(reader, step)
        elif self.gathered and self._gather(reader, step):
            pass
        else:
            self._keep_worst(self._judge(reader, step))
        self.complete = self.moments.next_after(step) is None

    def pass_over(self, reader: Reader, at: int, end: int) -> None:
        """A phase planned to end at `end` was over at `at`, where everything due was looked at."""
        if end in self.moments and (at not in self.moments or self.moments.first == end):
            self.take(reader, end)
        elif self.verdict is not None or self.share is not None:
            self.complete = self.moments.next_after(end) is None

    def rewind(self, clock: Clock, step: int) -> None:
        """What is looked at after this step (really done) was never reached."""
        self.complete = self.complete and clock.real(self.moments.last) <= step

    @property
    def steady(self) -> bool:
        """Whether each value is compared with the one before."""
        return self.expectation.relation in _STEADY

    def outcome(self) -> Outcome:
        """The result; skipped where the end of the window was not reached."""
        e = self.expectation
        skipped = Outcome(e.text, None, None, e.unit, e.scale)
        if self.contribution() is not None:
            return replace(skipped, reason="all repeats are looked at together")
        if self.reason or not self.complete or self.verdict is None:
            return replace(skipped, reason=self.reason or "the run ended before")
        if self.steady and self.looks < 2:
            return replace(skipped, reason="there was one value, and none to compare it with")
        return Outcome(e.text, self.verdict.value, self.verdict.passed, e.unit, e.scale, self.note, self.verdict.limit)

    def contribution(self) -> Share | None:
        """What this run contributes to an expectation over repeats; None where it is none, or was not reached."""
        return self.share if self.complete and not self.reason else None

    def _gather(self, reader: Reader, step: int) -> bool:
        """Adds to the statistics; at the last moment there is something to judge."""
        for call, so_far in self.gathered.items():
            so_far.add(*reader.arguments(call))
        return self.moments.next_after(step) is not None

    def _judge(self, reader: Reader, step: int) -> Verdict:
        begin, end = self.window or self.moments.interval(step)
        results: dict[Expr, Expr] = {call: Number(g.result()) for call, g in self.gathered.items()}
        return judged(self.expectation, lambda expr: reader.value(substitute(expr, results) if results else expr, begin, end))

    def _keep_worst(self, found: Verdict) -> None:
        """Of several moments all must do: the first that does not is kept, else the last."""
        if self.verdict is None or self.verdict.passed:
            self.verdict = found

    def _compare_with_previous(self, reader: Reader, step: int) -> None:
        """The value shown is the largest change in the wrong direction (negative or 0: there was none)."""
        value = float(np.sum(reader.value(self.expectation.left, 0, step)))
        change = value - self.previous
        if self.expectation.relation == "never decreases":
            change = -change
        if math.isnan(self.previous):
            change = -math.inf if not math.isnan(value) and self.verdict is None else math.nan
        allowed = _ROUNDING * max(abs(value), abs(self.previous)) if not math.isnan(self.previous) else 0.0
        worst = change if self.verdict is None else max(self.verdict.value, change)
        passed = (self.verdict is None or self.verdict.passed) and not math.isnan(change) and change <= allowed
        self.verdict = Verdict(passed, worst)
        self.previous = value


def watch(expectation: Expectation, line: Timeline, reader: Reader) -> Watch:
    """How the expectation is looked at in this run. Raises `PlasError` where it names a unit that does not exist."""
    for expr in (*expectation.compared, *(() if expectation.when is None else (expectation.when,))):
        reader.require_units(expr, expectation.span)
    if expectation.when is not None and not _holds(expectation.when, reader):
        return Watch(expectation, Moments(0, -1), reason="‘when’ does not hold")
    taking = reader.taking(expectation.window)
    try:
        return replace(_watch(expectation, taking, line), during=taking.during)
    except DoesNotFit as problem:
        return Watch(expectation, Moments(0, -1), reason=f"the window does not fit: {problem}")


def _watch(expectation: Expectation, taking: Taking, line: Timeline) -> Watch:
    of_spikes = any(has_spike_statistic(e) for e in expectation.compared)
    if expectation.relation in _STEADY:
        return Watch(expectation, moments(taking, line))
    if taking.every is not None:
        return Watch(expectation, moments(taking, line, bins=of_spikes))
    found = window(taking, line)
    if taking.last is not None and line.open_within(*found):
        raise DoesNotFit("a phase within it may end at any time")
    due = moments(taking if taking.last is not None and not of_spikes else replace(taking, at_end=True, last=None), line)
    if expectation.repeats:
        return Watch(expectation, due, found, share=Share(expectation))
    statistics = {node for e in expectation.compared for node in walk(e) if is_value_statistic(node)}
    if taking.last is not None and statistics:
        return Watch(expectation, moments(taking, line), found, gathered={s: Gathered(s.function) for s in statistics})
    return Watch(expectation, due, found)


def _holds(condition: Expr, reader: Reader) -> bool:
    return bool(np.all(np.asarray(reader.observer.value(tolerant(condition))) == 1.0))
