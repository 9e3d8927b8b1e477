"""Expressions of `record`, `plot` and `expect`: statistics of spikes and of values inside ordinary arithmetic.

Comes in: an expression of the checked model in which statistics and `unit` are calls, an observer, and the spikes so far. Goes out: a number or
an array. Statistics become numbers first (or arrays with a name), from the inside out; what is left is computed by the observer.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import TypeGuard

import numpy as np
from numpy.typing import NDArray

from plasticdsl.diagnostics.diagnostic import Diagnostic, PlasError
from plasticdsl.model.experiments import Window
from plasticdsl.model.expr import (
    AT_SPIKES,
    EACH,
    Call,
    Expr,
    Number,
    Ref,
    is_over_time,
    is_sliding,
    of_each,
    rebuild,
    refs,
    substitute,
    walk,
)
from plasticdsl.model.owners import OfPopulation, OfProjection, Part, Whose
from plasticdsl.model.parts import Units, emitted, is_several, parts_read
from plasticdsl.model.presence import PRESENT
from plasticdsl.model.pretty import pretty
from plasticdsl.runtime.instance.instance import Values
from plasticdsl.runtime.numbers.evaluate import Name, evaluate, numbers_of
from plasticdsl.runtime.play.schedule import Clock, Taking
from plasticdsl.runtime.watch import curves, statistics
from plasticdsl.runtime.watch.kinds import (
    Sampled,
    holds_statistic,
    is_of_each,
    is_spike_statistic,
    is_traced,
    is_unit,
    is_value_statistic,
    needed,
    read_of_each,
    traced,
)
from plasticdsl.runtime.watch.observer import Observer
from plasticdsl.runtime.watch.over_time import OfEach
from plasticdsl.runtime.watch.spikes import SpikeHistory, Train, of_units
from plasticdsl.source import Span
from plasticdsl.support.arrays import Floats, Integers
from plasticdsl.support.elementwise import OtherCount
from plasticdsl.support.steps import to_steps


class Reader:
    """Reads expressions with statistics. `lengths`: of each phase, in steps, as planned; `rounds`: the steps (really done) at which each round of a phase
    began and ended, so far."""

    def __init__(self, observer: Observer, spikes: SpikeHistory) -> None:
        self.observer = observer
        self.spikes = spikes
        self.clock = Clock()
        self.lengths: Mapping[str, int] = {}
        self.rounds: dict[str, list[tuple[int, int]]] = {}
        self._found: dict[Expr, Values] = {}
        self._nested: dict[Call, bool] = {}
        self._places: dict[Call, tuple[tuple[int, ...], tuple[int, ...]]] = {}

    @property
    def now(self) -> int:
        """Where the clock stands, as planned."""
        return self.observer.engine.step + self.clock.skipped

    def taking(self, window: Window) -> Taking:
        """The times of a window in seconds."""

        def number(expr: Expr | None) -> float | None:
            return None if expr is None else float(self.observer.value(expr))

        at, every, last, start, stop = map(number, (window.at, window.every, window.last, window.start, window.stop))
        return Taking(window.at_end, at, every, last, window.during, window.throughout, start, stop)

    def value(self, expr: Expr, begin: int, end: int) -> Values:
        """The value now; statistics of spikes are of the planned steps begin to end − 1."""
        if isinstance(expr, Ref):
            return self._found[expr] if expr in self._found else self.observer.value(expr)
        with np.errstate(all="ignore"):  # what is no number any more is reported by `checks`
            plain = self._without_statistics(expr, begin, end)
            return plain.value if isinstance(plain, Number) else self.observer.value(plain, self._found)

    def _without_statistics(self, expr: Expr, begin: int, end: int) -> Expr:
        if isinstance(expr, Ref | Number):
            return expr
        inside = rebuild(expr, lambda child: self._without_statistics(child, begin, end)) if not is_spike_statistic(expr) else expr
        if not isinstance(inside, Call):
            return inside
        if inside.function == AT_SPIKES:
            return self.standing(inside, self._at_spikes(inside, begin, end))
        if is_spike_statistic(inside):
            return self.standing(inside, self._of_spikes(inside, begin, end))
        if is_value_statistic(inside):
            return Number(statistics.OF_VALUES[inside.function](*self.arguments(inside)))
        return Number(self._unit(inside)) if is_unit(inside) else inside

    def standing(self, statistic: Call, found: Values) -> Expr:
        """What stands for a statistic that is known: a number, or a name for several, under which they are kept."""
        if np.ndim(found) == 0:
            return Number(float(found))
        name = Ref(Whose.RECORDED, pretty(statistic))
        self._found[name] = found
        return name

    def arguments(self, statistic: Call) -> list[Floats]:
        """The values a statistic is taken of, of equal length; one value that all units or connections share is as many where that makes a difference."""
        values = [np.atleast_1d(np.asarray(self.observer.value(a, self._found), dtype=np.float64)) for a in statistic.arguments]
        if statistic.function in statistics.OF_ALL and values[0].size == 1:
            return [np.broadcast_to(values[0], (self.number_of_values(statistic),))]
        values = values if len(values) == 1 else [np.asarray(a) for a in np.broadcast_arrays(*values)]
        there = self.there(statistic.arguments)
        if there is not None and statistic.function == "argmax":
            return [np.where(there, values[0], -np.inf)]
        return values if there is None else [v[there] for v in values]

    def number_of_values(self, statistic: Call) -> int:
        """Of how many units or connections it is."""
        return max((len(self.units(*part)) for part in parts_read(statistic)), default=1)

    def of_those_there(self, values: Values, *exprs: Expr) -> Values:
        """The values of expressions without those of connections that are absent."""
        there = self.there(exprs)
        return values if there is None or np.ndim(values) == 0 else np.asarray(values)[there]

    def there(self, exprs: Sequence[Expr]) -> NDArray[np.bool_] | None:
        """Of expressions with a value for each connection, which connections are present; None where that makes no difference."""
        if not self.observer.some_change:
            return None
        read = {
            (r.owner.name, part) for e in exprs for r, part in read_of_each(e) if isinstance(r.owner, OfProjection) and r.name != PRESENT
        }
        changing = ((there, name, part) for name, part in sorted(read, key=repr) if (there := self.observer.there(name)) is not None)
        found = [there[self.units(OfProjection(name), part)] if part else there for there, name, part in changing]
        return np.logical_and.reduce(found) if found else None

    def sampled(self, statistic: Call, step: int) -> list[Floats]:
        """What is gathered for a statistic at this step."""
        if is_traced(statistic):
            return [np.asarray(self.value(statistic.arguments[0], 0, step), dtype=np.float64)]
        return self.taken(statistic, 0, step)

    def taken(self, statistic: Call, begin: int, end: int) -> list[Floats]:
        """The same, where these values may be statistics themselves."""
        if statistic not in self._nested:
            self._nested[statistic] = any(map(holds_statistic, statistic.arguments))
        if not self._nested[statistic]:
            return self.arguments(statistic)
        inside = rebuild(statistic, lambda child: self._without_statistics(child, begin, end))
        assert isinstance(inside, Call), "a statistic stays one"
        return self.arguments(inside)

    def _of_spikes(self, call: Call, begin: int, end: int) -> Values:
        begin, end = self.clock.real(begin), self.clock.real(end)
        numbers = self.numbers(call)
        if is_sliding(call):
            begin, numbers = end - max(1, to_steps(numbers[0], self.observer.instance.dt)), []
        if call.function == "correlogram":
            first, second, shared = self._pair(call, begin, end)
            return curves.correlogram(first, second, shared, *numbers)
        train, part = emitted(call.arguments[0])
        if call.function in ("rate", "spike_count") and not part and not is_of_each(call):
            count, size = self.spikes.count(train, begin, end), self.observer.size(train.population)
            seconds = (end - begin) * self.observer.instance.dt
            return float(count) if call.function == "spike_count" else statistics.rate(count, size, seconds)
        fired, _ = self._fired(call.arguments[0], begin, end)
        match call.function:
            case "psth":
                found = curves.psth(fired, *self._stretches(call.arguments[2], begin, end), numbers[0])
            case "autocorrelogram":
                found = curves.autocorrelogram(fired, *numbers)
            case "intervals":
                found = curves.interval_counts(fired, *numbers)
            case _ if is_of_each(call):
                return statistics.PER_UNIT[call.function](fired, *numbers)
            case _:
                return statistics.of_spikes(call.function, fired, numbers)
        return found if is_of_each(call) else found.mean(axis=0) if call.function == "psth" else found.sum(axis=0)

    def numbers(self, call: Call) -> list[float]:
        """What a statistic takes beside populations, values and phases, in SI."""
        given = call.arguments[1:]
        plain = (a for a in given if a != EACH and not parts_read(a) and not _is_phase(a))
        return [float(self.observer.value(a)) for a in plain]

    def _fired(self, whose: Expr, begin: int, end: int) -> tuple[statistics.Fired, Integers]:
        """The spikes of a population or part in these steps (really done), and its units."""
        train, part = emitted(whose)
        population = train[0]
        chosen = self.units(OfPopulation(population), part)
        steps, units = of_units(self.spikes.within(train, begin, end), chosen if part else None)
        place = np.zeros(self.observer.size(population), dtype=np.int64)
        place[chosen] = np.arange(len(chosen))
        return statistics.Fired(steps, place[units], len(chosen), begin, end, self.observer.instance.dt), chosen

    def _pair(self, call: Call, begin: int, end: int) -> tuple[statistics.Fired, statistics.Fired, statistics.Fired]:
        """Two populations or parts, and the spikes of the units that are in both."""
        (first, own), (second, others) = (self._fired(whose, begin, end) for whose in call.arguments[:2])
        same = emitted(call.arguments[0])[0] == emitted(call.arguments[1])[0]
        kept = np.isin(own, others)[first.units] if same else np.zeros(len(first.units), dtype=np.bool_)
        return first, second, replace(first, steps=first.steps[kept], units=first.units[kept])

    def _stretches(self, along: Expr, begin: int, end: int) -> tuple[Integers, Integers, int]:
        """Where the rounds of a phase, or stretches of a time, that begin in these steps begin and end, and how long they are."""
        if _is_phase(along):
            rounds = [(first, last) for first, last in self.rounds.get(along.name, ()) if begin <= first < end]
            begins, ends = np.array(rounds, dtype=np.int64).reshape(-1, 2).T
            return begins, np.minimum(ends, end), self.lengths[along.name]
        steps = max(1, to_steps(float(self.observer.value(along)), self.observer.instance.dt))
        begins = np.arange(begin, end, steps)
        return begins, np.minimum(begins + steps, end), steps

    def tracing(self, expr: Expr, interval: float) -> dict[Call, Sampled]:
        """What gathers the traces in it, sampled at this interval (s)."""

        def gathering(call: Call) -> Sampled:
            return (
                OfEach(of_each(call.function), interval)
                if is_over_time(call)
                else curves.Traced(call.function, tuple(self.numbers(call)), interval)
            )

        return {call: gathering(call) for call in traced(expr)}

    def with_results(self, expr: Expr, gathered: Mapping[Call, statistics.Gathered | Sampled]) -> Expr:
        """The expression with what has been gathered in place of these statistics."""
        return substitute(expr, {call: self.standing(call, so_far.result()) for call, so_far in gathered.items()}) if gathered else expr

    def _at_spikes(self, call: Call, begin: int, end: int) -> Floats:
        """One value at each spike, in order of time."""
        ((owner, part),) = parts_read(call.arguments[1])
        train, values = self.spikes.values(owner.name, self.clock.real(begin), self.clock.real(end))
        found = self._of_each_spike(call.arguments[0], train, values)
        return found[np.isin(train[1], self.units(owner, part))] if part else found

    def at_all_spikes(self, call: Call) -> Floats:
        """The value at every spike of the whole population so far."""
        ((owner, _),) = parts_read(call.arguments[1])
        return self._of_each_spike(call.arguments[0], *self.spikes.values(owner.name))

    def _of_each_spike(self, expr: Expr, train: Train, values: Mapping[str, Floats]) -> Floats:
        def look_up(node: Name) -> Values:
            return values[node.name] if isinstance(node, Ref) and isinstance(node.owner, OfPopulation) else self.observer.look_up(node)

        return np.array(np.broadcast_to(evaluate(expr, look_up), train[0].shape))

    def number(self, expr: Expr) -> float:
        """The value now of what is one number."""
        return float(np.ravel(self.value(expr, 0, 0))[0])

    def _unit(self, call: Call) -> float:
        """One unit (from 1, or from −1 backwards), one connection by its post and pre unit, or one entry of an observable with index letters."""
        shape, place = self._place(call)
        return float(np.broadcast_to(self.observer.value(call.arguments[0]), shape)[place])

    def place_of(self, unit: Call) -> int:
        """Which unit or connection it is, from 0. Raises `DoesNotExist`."""
        _, place = self._place(unit)
        return place[0]

    def _place(self, call: Call) -> tuple[tuple[int, ...], tuple[int, ...]]:
        """The shape of the values and where in them it stands. Raises `DoesNotExist`."""
        if call in self._places:
            return self._places[call]
        what, *numbers = call.arguments
        at = [int(self.number(n)) for n in numbers]
        owner = next((r.owner for r in refs(what) if isinstance(r.owner, Part)), None)
        if owner is None:
            found = self._entry(np.shape(self.observer.value(what)), at)
        else:
            found = (self.observer.owner_size(owner),), (self._connection(owner, *at) if len(at) == 2 else self._single(owner, at[0]),)
        if all(isinstance(n, Number) for n in numbers):
            self._places[call] = found
        return found

    def _entry(self, shape: tuple[int, ...], at: list[int]) -> tuple[tuple[int, ...], tuple[int, ...]]:
        if len(at) != len(shape):
            raise DoesNotExist(f"This observable has {len(shape)} indices, not {len(at)}.")
        for number, size in zip(at, shape, strict=True):
            if not 1 <= abs(number) <= size:
                raise DoesNotExist(f"This observable has the entries 1 to {size}, so there is no number {number}.")
        return shape, tuple(map(statistics.from_zero, at))

    def _single(self, owner: Part, number: int) -> int:
        size = self.observer.owner_size(owner)
        if not 1 <= abs(number) <= size:
            what = "units" if isinstance(owner, OfPopulation) else "connections"
            raise DoesNotExist(f"‘{owner.name}’ has the {what} 1 to {size}, so there is no number {number}.")
        return statistics.from_zero(number) % size

    def _connection(self, owner: Part, post: int, pre: int) -> int:
        ends = self.observer.connections(owner.name)
        if ends is None:
            raise DoesNotExist(f"‘{owner.name}’ is a population; one of its units has one number, not two.")
        found = np.flatnonzero((ends[0] == post - 1) & (ends[1] == pre - 1))
        if not len(found):
            raise DoesNotExist(f"‘{owner.name}’ has no connection to unit {post} from unit {pre}.")
        return int(found[0])

    def units(self, owner: Part, part: Units) -> Integers:
        """The units (from 0) of a population, or of a part of it; the connections of a projection, or those between two parts. Raises ValueError for
        what is not there."""
        return np.arange(self.observer.owner_size(owner)) if not part else numbers_of(owner.name, part, self.observer, self.number)

    def require_units(self, expr: Expr, span: Span) -> None:
        """Raises `PlasError` where the expression names a unit or connection that does not exist."""
        for node in walk(expr):
            try:
                if is_unit(node):
                    self._place(node)
                elif is_several(node):
                    for part in parts_read(node):
                        self.units(*part)
            except ValueError as problem:
                text = str(problem)
                raise PlasError((Diagnostic("out-of-range", f"{text[:1].upper()}{text[1:].rstrip('.')}.", span),)) from None

    def require_connections(self, expr: Expr, text: str, span: Span) -> None:
        """Raises `PlasError` where the expression, written so, has no value because a projection has no connections at all."""
        projections = self.observer.instance.projections
        for ref in needed(expr):
            none = isinstance(ref.owner, OfProjection) and projections[ref.owner.name].count == 0
            if none and np.size(self.observer.value(ref)) == 0:
                message = f"‘{text}’ has no value: ‘{ref.owner.name}’ has no connections."
                hint = "See what its connectivity asks for; ‘sum’, ‘norm’ and ‘count’ of no connections are 0."
                raise PlasError((Diagnostic("out-of-range", message, span, hint),))


@contextmanager
def valued(text: str, span: Span) -> Iterator[None]:
    """Raises `PlasError` where what is written so takes values together that are not of the same units, or asks a file for an entry that it lacks."""
    try:
        yield
    except OtherCount as problem:
        raise PlasError((Diagnostic("sizes-differ", f"‘{text}’ has no value: {problem}.", span),)) from None


class DoesNotExist(ValueError):
    """A unit or connection that is not there; the message is one sentence."""


def _is_phase(node: Expr) -> TypeGuard[Ref]:
    return isinstance(node, Ref) and node.owner is Whose.PHASE
