"""`expect` lines: when each is looked at, whether it holds then, and what came of it in a run or over repeats.

Comes in: the expectations of a checked experiment with their phase, the timeline and a reader. Goes out: one `Outcome` each, and what a run contributes to
those over repeats. An expectation whose window does not fit the run, or whose `when` does not hold, or that an interrupted run never reached, is skipped:
neither passed nor failed. All units, or connections, must do; NaN never passes.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace

import numpy as np
from numpy.typing import NDArray

from plasticdsl.model.experiments import Expectation
from plasticdsl.model.expr import Binary, Call, Compare, Expr, Logic, Number, refs, substitute, walk
from plasticdsl.model.owners import Whose
from plasticdsl.runtime.instance.instance import Values
from plasticdsl.runtime.numbers.evaluate import Name, evaluate, one_size
from plasticdsl.runtime.play.schedule import Clock, DoesNotFit, Moments, Taking, Timeline, moments, window
from plasticdsl.runtime.watch.kinds import Sampled, after_each, has_spike_statistic, is_value_statistic
from plasticdsl.runtime.watch.readings import Reader, valued
from plasticdsl.runtime.watch.statistics import Gathered
from plasticdsl.runtime.watch.stretches import Stretch
from plasticdsl.support.arrays import Floats
from plasticdsl.support.elementwise import OtherCount
from plasticdsl.units.display import shown

#: Rounding that is forgiven, relative to what is compared with.
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


@dataclass(frozen=True, slots=True)
class WatchSoFar:
    """What a `Watch` has seen, and where it stands."""

    moments: Moments
    window: tuple[int, int] | None
    gathered: Mapping[Call, Gathered | Sampled]
    verdict: Verdict | None
    previous: float | None
    complete: bool
    share: Share | None
    looks: int
    note: str
    round: tuple[int, ...]


@dataclass(slots=True)
class Watch:
    """One expectation during one run. `gathered`: statistics of all values in the window, by the call they stand for. `share`: what this run
    contributes to one that is looked at over repeats. `during`: the phase it belongs to. `looks`: how often it was looked at. `note`: what
    should be known about the outcome; `round`: of a repeated phase, the last that was looked at, or in which it failed."""

    expectation: Expectation
    moments: Moments
    window: tuple[int, int] | None = None
    reason: str = ""
    gathered: Mapping[Call, Gathered | Sampled] = field(default_factory=dict)
    verdict: Verdict | None = None
    previous: float | None = None
    complete: bool = False
    share: Share | None = None
    during: str | None = None
    looks: int = 0
    note: str = ""
    round: tuple[int, ...] = ()

    def take(self, reader: Reader, step: int) -> None:
        """What there is to see at this step. Raises `PlasError` for values that are not of the same units."""
        with valued(self.expectation.text, self.expectation.span):
            self._take(reader, step)

    def _take(self, reader: Reader, step: int) -> None:
        self.looks += 1
        self.complete = self.moments.next_after(step) is None
        for call, so_far in self.gathered.items():
            so_far.add(*reader.sampled(call, step))
        if self.share is not None:
            self.share.add(reader, *(self.window or self.moments.interval(step)))
        elif self.steady:
            self._compare_with_previous(reader, step)
        elif (self.complete or not self.gathered) and (self.verdict is None or self.verdict.passed):
            self.verdict = self._judge(reader, step)  # of several moments all must do: the first that does not is kept, else the last

    @property
    def read_at_once(self) -> tuple[Expr, ...]:
        """What a stretch of steps may be worked out of together, once it has been looked at: what statistics over time are of."""
        one = all(isinstance(so_far, Gathered) and len(call.arguments) == 1 for call, so_far in self.gathered.items())
        return tuple(call.arguments[0] for call in self.gathered) if one and self.looks and not self.share else ()

    def take_stretch(self, stretch: Stretch, reader: Reader) -> None:
        """What there was to see after each of the last steps, none of which is the last of all."""
        self.looks += stretch.steps
        for call, so_far in self.gathered.items():
            assert isinstance(so_far, Gathered), "others are taken step by step"
            so_far.add_each(stretch.sampled(call, reader))

    def begin_round(self, numbers: tuple[int, ...], by: int, step: int) -> None:
        """Another round of its phase begins, planned `by` steps after the one before; it must hold in each."""
        self.moments = self.moments.moved(by)
        self.window = None if self.window is None else (self.window[0] + by, self.window[1] + by)
        self.gathered = {call: so_far.anew() for call, so_far in self.gathered.items()}
        self.previous, self.complete = None, False
        if self.verdict is None or self.verdict.passed:
            self.round = numbers

    def pass_over(self, reader: Reader, at: int, end: int) -> None:
        """A phase planned to end at `end` was over at `at`, where everything due was looked at."""
        if end in self.moments and (at not in self.moments or self.moments.first == end):
            self.take(reader, end)
        elif self.gathered and self.verdict is None and self.moments.next_after(end) is None:
            with valued(self.expectation.text, self.expectation.span):
                self.complete, self.verdict = True, self._judge(reader, end)
        elif self.verdict is not None or self.share is not None:
            self.complete = self.moments.next_after(end) is None

    def so_far(self) -> WatchSoFar:
        """What there was to see, as data."""
        return WatchSoFar(**{part.name: getattr(self, part.name) for part in fields(WatchSoFar)})

    def go_on(self, found: WatchSoFar) -> None:
        """From what there was to see."""
        for part in fields(WatchSoFar):
            setattr(self, part.name, getattr(found, part.name))

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
        failed = "" if self.verdict.passed or not self.round else f"in round {'.'.join(map(str, self.round))}"
        return Outcome(
            e.text,
            self.verdict.value,
            self.verdict.passed,
            e.unit,
            e.scale,
            "; ".join(filter(None, (failed, self.verdict.reason, self.note))),
            self.verdict.limit,
        )

    def contribution(self) -> Share | None:
        """What this run contributes to an expectation over repeats; None where it is none, or was not reached."""
        return self.share if self.complete and not self.reason else None

    def _judge(self, reader: Reader, step: int) -> Verdict:
        begin, end = self.window or self.moments.interval(step)
        compared = self.expectation.compared

        def read(expr: Expr) -> Values:
            return reader.of_those_there(reader.value(reader.with_results(expr, self.gathered), begin, end), *compared)

        return judged(self.expectation, read)

    def _compare_with_previous(self, reader: Reader, step: int) -> None:
        """The value shown is the largest change in the wrong direction (negative or 0: there was none)."""
        value = float(np.sum(reader.value(self.expectation.left, 0, step)))
        before = self.previous
        if before is None:
            change, allowed = -math.inf if not math.isnan(value) else math.nan, 0.0
        else:
            change = value - before if self.expectation.relation == "never increases" else before - value
            allowed = _ROUNDING * max(abs(value), abs(before))
        worst = change if self.verdict is None else max(self.verdict.value, change)
        passed = (self.verdict is None or self.verdict.passed) and not math.isnan(change) and change <= allowed
        self.verdict = Verdict(passed, worst)
        self.previous = value


def watch(expectation: Expectation, line: Timeline, reader: Reader) -> Watch:
    """How the expectation is looked at in this run. Raises `PlasError` where it names a unit that does not exist, or is about connections of which there
    are none."""
    for expr in (*expectation.compared, *(() if expectation.when is None else (expectation.when,))):
        reader.require_units(expr, expectation.span)
    if expectation.when is not None and not truth(reader.observer.value(tolerant(expectation.when))).passed:
        return Watch(expectation, Moments(0, -1), reason="‘when’ does not hold")
    for expr in expectation.compared:
        reader.require_connections(expr, expectation.text, expectation.span)
    taking = reader.taking(expectation.window)
    try:
        return replace(_watch(expectation, taking, line, reader), during=taking.during)
    except DoesNotFit as problem:
        return Watch(expectation, Moments(0, -1), reason=f"the window does not fit: {problem}")


def _watch(expectation: Expectation, taking: Taking, line: Timeline, reader: Reader) -> Watch:
    of_spikes = any(has_spike_statistic(e) for e in expectation.compared)
    if expectation.relation in _STEADY:
        return Watch(expectation, moments(taking, line))
    if taking.every is not None:
        return Watch(expectation, moments(taking, line, bins=of_spikes))
    found = window(taking, line)
    if taking.is_part and line.open_within(found[0] if taking.start is None else line.span(taking.during)[0], found[1]):
        raise DoesNotFit("a phase within it may end at any time")
    sampled = taking.throughout or (taking.is_part and not of_spikes)
    due = moments(taking if sampled else replace(taking, at_end=True, last=None), line)
    if expectation.repeats:
        return Watch(expectation, due, found, share=Share(expectation))
    traces = {call: so_far for e in expectation.compared for call, so_far in reader.tracing(e, line.dt).items()}
    if traces:
        return Watch(expectation, moments(replace(taking, at_end=False), line, after_each(traces)), found, gathered=traces)
    taken = (node for e in expectation.compared for node in walk(e) if is_value_statistic(node) and not has_spike_statistic(node))
    statistics = {node for node in taken if not taking.throughout or any(r.owner is not Whose.RECORDED for r in refs(node))}
    if (taking.is_part or taking.throughout) and statistics:
        return Watch(expectation, moments(taking, line), found, gathered={s: Gathered(s.function) for s in statistics})
    return Watch(expectation, due, found)


# --- the comparison alone, without any idea of time -----------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Verdict:
    """`value` and `limit` in SI; NaN for a limit where there is none."""

    passed: bool
    value: float
    limit: float = math.nan

    @property
    def reason(self) -> str:
        """What should be known of a value that is none."""
        return "no value: 0/0, or too few spikes or connections to take it of" if math.isnan(self.value) else ""


def judged(expectation: Expectation, read: Callable[[Expr], Values]) -> Verdict:
    """Of an expectation that is looked at at one moment; `read` gives the value of an expression then."""
    match expectation:
        case Expectation(left=left, right=right, tolerance=by, relative=relative) if right is not None and by is not None:
            return near(read(left), read(right), read(by), relative)
        case Expectation(left=Compare(operator, left, right)):
            return compared(operator, read(left), read(right))
        case Expectation(relation="goal", left=left):
            return one_number(read(left))
        case _:
            return truth(read(expectation.left))


def near(left: Values, right: Values, tolerance: Values, relative: bool) -> Verdict:
    """left ≈ right ± tolerance (a fraction of right when `relative`)."""
    one_size(left, right, tolerance)
    found, wanted, by = np.broadcast_arrays(*(np.atleast_1d(np.asarray(v, dtype=np.float64)) for v in (left, right, tolerance)))
    with np.errstate(invalid="ignore"):  # ∞ − ∞ is no number, and fails
        allowed = (np.abs(by * wanted) if relative else np.abs(by)) + _ROUNDING * np.abs(wanted)
        return _worst(found, np.abs(found - wanted) - allowed, wanted + np.copysign(by * wanted if relative else by, found - wanted))


def compared(operator: str, left: Values, right: Values) -> Verdict:
    """left < right and so on; the value is the left side's."""
    one_size(left, right)
    found, wanted = np.broadcast_arrays(*(np.atleast_1d(np.asarray(v, dtype=np.float64)) for v in (left, right)))
    match operator:
        case "<" | "<=":
            excess = found - wanted
        case ">" | ">=":
            excess = wanted - found
        case "==":
            excess = np.abs(found - wanted) - _ROUNDING * np.abs(wanted)
        case _:
            excess = np.where(found == wanted, 1.0, -1.0)
    if operator in ("<", ">"):
        excess = np.where(excess == 0.0, 1.0, excess)
    return _worst(found, excess, wanted)


def _worst(found: NDArray[np.float64], excess: NDArray[np.float64], limits: NDArray[np.float64]) -> Verdict:
    if not found.size:
        return Verdict(False, float("nan"))
    order = np.where(np.isnan(excess), np.inf, excess)
    at = int(np.argmax(order))
    return Verdict(bool(order.flat[at] <= 0.0), float(found.flat[at]), float(limits.flat[at]))


def one_number(value: Values) -> Verdict:
    """What a fit makes small or large. Raises OtherCount where it is not one number."""
    if np.size(value) != 1:
        raise OtherCount(f"it is {np.size(value)} numbers, and a fit needs one, for example their ‘mean(…)’")
    return Verdict(True, float(np.asarray(value, dtype=np.float64).flat[0]))


def truth(value: Values) -> Verdict:
    """A condition that is no single comparison: 1 where it holds for all, else 0; NaN of nothing."""
    if not np.size(value):
        return Verdict(False, math.nan)
    holds = bool(np.all(np.asarray(value, dtype=np.float64) == 1.0))
    return Verdict(holds, float(holds))


def tolerant(condition: Expr) -> Expr:
    """The condition of `when`, with equality up to rounding: swept values are computed, and so is what they are compared with."""
    match condition:
        case Compare("==", left, right):
            difference = Call("abs", (Binary("-", left, right),))
            size = Call("max", (Call("abs", (left,)), Call("abs", (right,))))
            return Compare("<=", difference, Binary("*", Number(_ROUNDING), size))
        case Compare("!=", left, right):
            return Logic("not", (tolerant(Compare("==", left, right)),))
        case Logic(operator, operands):
            return Logic(operator, tuple(tolerant(o) for o in operands))
        case _:
            return condition


# --- over repeats: a statistic is of the values of all runs together ------------------------------------------------


@dataclass(slots=True)
class Share:
    """What one run contributes. `taken`: for each statistic the values of each moment; `parameters`: those read outside of statistics."""

    expectation: Expectation
    taken: dict[Expr, list[tuple[Floats, ...]]] = field(default_factory=dict)
    parameters: dict[Expr, Expr] = field(default_factory=dict)

    def add(self, reader: Reader, begin: int, end: int) -> None:
        """The values of this moment; statistics of spikes within them are of the planned steps begin to end − 1."""
        for call in _statistics(self.expectation):
            self.taken.setdefault(call, []).append(tuple(np.array(a) for a in reader.taken(call, begin, end)))
        plain = (substitute(e, dict.fromkeys(self.taken, Number(0.0))) for e in self.expectation.compared)
        self.parameters = {r: Number(float(np.asarray(reader.observer.value(r)))) for e in plain for r in refs(e)}


def together(shares: Sequence[Share]) -> Verdict:
    """The verdict on repeats of one combination, of which there is at least one."""
    expectation = shares[0].expectation
    numbers: dict[Expr, Expr] = dict(shares[-1].parameters)
    for call in _statistics(expectation):
        gathered = Gathered(call.function)
        for values in itertools.chain.from_iterable(share.taken[call] for share in shares):
            gathered.add(*values)
        numbers[call] = Number(gathered.result())
    return judged(expectation, lambda expr: evaluate(substitute(expr, numbers), _nothing))


def _statistics(expectation: Expectation) -> tuple[Call, ...]:
    """The outermost statistics of values."""
    found: dict[Call, None] = {}
    inside: set[Expr] = set()
    for expr in expectation.compared:
        for node in walk(expr):
            if is_value_statistic(node) and node not in inside:
                found[node] = None
                inside |= {n for argument in node.arguments for n in walk(argument)}
    return tuple(found)


def _nothing(node: Name) -> Values:
    raise KeyError(f"{node} has a value of its own in each run")
