"""One unit on its way through a step with located events, from one to the next.

Comes in: the plan of its population, and what its flow needs. Goes out: statements for the unit of a loop. It tries how far it may go: its integrators
lead it to the end of the step, or of its refractoriness. Where a condition has come to hold there, or numbers have ceased to be finite, the next tries are
shorter, until the crossing is known to `CLOSE` of a step; there the events happen, and it goes on. The steps are those of `reference.located`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import reduce

from plasticdsl.kernels.identifiers import Group, Local, Part, of_emitted, of_population
from plasticdsl.kernels.loops import parts_of_steps
from plasticdsl.kernels.loops.bounds import clipped
from plasticdsl.kernels.loops.crossings import INFINITE, count_of, decided, happens_of, held_of, holds_of, truth
from plasticdsl.kernels.loops.flows import FlowContext, moved_by, within_bounds
from plasticdsl.kernels.loops.names import DT, I, N, Names, T, local
from plasticdsl.kernels.loops.refractory import FOR_EVER
from plasticdsl.kernels.program import (
    ONE,
    ZERO,
    Comment,
    Element,
    If,
    Let,
    Read,
    Statement,
    Store,
    While,
    element,
    minus,
    plus,
    times,
)
from plasticdsl.model.expr import Binary, Call, Choice, Compare, Expr, Logic, Negate, Number, Ref, joined
from plasticdsl.model.owners import Whose
from plasticdsl.model.pretty import pretty
from plasticdsl.model.schemes import CLOSE, MOST_TRIES, ON_GRID, PARTING, Exact, Rosenbrock, Scheme, variables_of
from plasticdsl.plan.plan import Plan
from plasticdsl.plan.populations import Emits, Located, PopulationPlan

#: How much of the step lies behind and ahead of the unit, and the time where it stands; for how long it is refractory from here, and whether it is.
PASSED, LEFT, NOW, REST, RESTING = (Local(text) for text in ("passed", "left", "now", "rest", "resting"))
#: How far a try goes and the time there; whether it is one of a search, and how many there were.
WAY, THERE, TRYING, TRIES = (Local(text) for text in ("way", "time_there", "trying", "trials"))
#: Whether conditions are looked at here, whether those that hold on happen anew, and whether spikes do, since the unit has just become free.
LOOK, FRESH, RESTED = (Local(text) for text in ("look", "fresh", "rested"))
#: Whether something has just happened, so that what holds on is looked at again soon.
PARTED = Local("parted")
#: Whether something comes to hold on the way, by how much it does, and whether numbers stay finite.
COMES, EXCESS, SOUND = (Local(text) for text in ("comes", "excess", "sound"))
#: The farthest from which nothing, and the nearest at which something has come to hold; by how much there; on which side the last try was; how many there
#: were; where the next is; and whether something holds at the nearest, or there are no numbers.
LOW, HIGH, BELOW, ABOVE, SIDE, SEARCHED, MIDDLE, HOLDS_THERE = (
    Local(text) for text in ("low", "high", "below", "above", "side", "searched", "middle", "holds_there")
)
#: When refractoriness ends, in s from the beginning of the step, and in steps.
ENDS, STEPS = (Local(text) for text in ("rest_ends", "rest_steps"))
#: What is kept of a condition that holds, where something has happened at the very end of the step.
AND_PARTED = Number(2.0)
NAN, HALF = Number(float("nan")), Number(0.5)


@dataclass(frozen=True, slots=True)
class Way:
    """`moved`: what flows; of each variable a local `…_here` holds what it is where the unit stands, `…_then` where a try leads, and `…_found` at the
    nearest place beyond a crossing. `names`: how they are read here, `at_grid` at grid times. `lengths`: whose integrators keep how long their next step
    may be."""

    plan: Plan
    population: PopulationPlan
    context: FlowContext
    names: Names
    moved: tuple[str, ...]
    lengths: tuple[str, ...]
    at_grid: Names

    @classmethod
    def of(cls, plan: Plan, population: PopulationPlan, context: FlowContext) -> Way:
        """The way of one unit of a population, as its context knows it at grid times."""
        moved = tuple(v for scheme in population.schemes for v in variables_of(scheme))
        here: dict[str, Expr] = {v: Read(local(v, "here")) for v in moved}
        if population.rest is not None:
            here |= {name: Read(RESTING) for name in population.rest.shown}
        names = replace(context.names, current=here, begun=plus(Read(T), Read(PASSED)), length=Read(WAY))
        free = None if population.rest is None else Compare("==", Read(RESTING), ZERO)
        lengths = tuple(s.variables[0] for s in population.schemes if isinstance(s, Rosenbrock) and s.tolerance is not None)
        at_grid = context.names
        return cls(plan, population, replace(context, names=names, free=free, on_the_way=True), names, moved, lengths, at_grid)

    def by_itself(self) -> tuple[Statement, ...]:
        """All that it does."""
        looking = Compare("!=", Read(LOOK), ZERO)
        tired = Compare("<", Read(TRIES), Number(float(MOST_TRIES)))
        going_on = Logic("and", (Logic("or", (Compare(">", Read(LEFT), ZERO), looking)), tired))
        lost = If(Compare(">", Read(LEFT), ZERO), tuple(Let(local(v, "here"), NAN) for v in self.moved))
        return (*self._begin(), While(going_on, (If(looking, self._look(), self._go()),)), lost, *self._store())

    # --- where it sets out and ends ---

    def _begin(self) -> list[Statement]:
        """Where the unit stands at t_n."""
        found: list[Statement] = [Let(local(v, "here"), self.at_grid.resolve(Ref(Whose.OWN, v))) for v in self.moved]
        found += [Let(local(v, "length_here"), self.kept(v)) for v in self.lengths]
        found += [Let(PASSED, ZERO), Let(LEFT, self.at_grid.dt), Let(PARTED, ZERO)]
        if self.population.rest is not None:
            p = of_population(self.population.name)
            until = times(minus(element(p.field(Part.REFRACTORY_UNTIL), I), Read(N)), DT)
            found += [Let(REST, minus(until, element(p.field(Part.FREE_BEFORE), I)))]
            found += [Let(RESTING, truth(Compare(">", Read(REST), ZERO)))]
        for emits in self.population.located:
            was = element(self.group_of(emits).field(Part.WAS_TRUE), I)
            found += [Let(PARTED, Choice(((Compare("==", was, AND_PARTED), ONE),), Read(PARTED)))]
            found += [Let(held_of(emits), Call("min", (was, ONE))), Let(count_of(emits), ZERO)]
        return [*found, Let(LOOK, ONE), Let(FRESH, ONE), Let(RESTED, ZERO), Let(TRYING, ZERO), Let(TRIES, ZERO)]

    def _store(self) -> list[Statement]:
        """What is known at t_{n+1}."""
        found: list[Statement] = [Store(self.at_grid.cell(Ref(Whose.OWN, v)), Read(local(v, "here"))) for v in self.moved]
        found += [Store(self.kept(v), Read(local(v, "length_here"))) for v in self.lengths]
        for emits in self.population.located:
            p = self.group_of(emits)
            found += [Store(element(p.field(Part.WAS_TRUE), I), times(Read(held_of(emits)), plus(ONE, Read(PARTED))))]
            found += [Store(element(p.field(Part.LOCATED_COUNT), I), Read(count_of(emits)))]
        return found

    def kept(self, variable: str) -> Element:
        """How long a step may be that begins at a grid time."""
        return element(of_population(self.population.name).field(Part.LENGTHS, variable), I)

    def _turned(self, into: str, out_of: str) -> Iterator[Statement]:
        """All that is known of one place becomes what is known of another."""
        yield from (Let(local(v, into), Read(local(v, out_of))) for v in self.moved)
        yield from (Let(local(v, f"length_{into}"), Read(local(v, f"length_{out_of}"))) for v in self.lengths)

    def group_of(self, emits: Emits) -> Group:
        """Where it is kept what is known of an event."""
        return of_emitted(self.population.name, emits.event)

    # --- conditions ---

    def _armed(self, emits: Emits) -> Expr:
        """Whether it would happen if its condition held."""
        may: list[Expr] = [Compare("==", Read(held_of(emits)), ZERO)]
        if not emits.event and self.population.rest is not None:
            may.append(Compare("==", Read(RESTING), ZERO))
        return joined("and", may)

    # --- what happens here ---

    def _look(self) -> tuple[Statement, ...]:
        """Everything whose condition has come to hold happens, and what that makes hold, the next time."""
        found: list[Statement] = [Comment("what happens here"), Let(NOW, self.names.begun), Let(TRIES, plus(Read(TRIES), ONE))]
        for emits in self.population.located:
            made, holds, _ = decided(emits, self.moved, {}, Read(NOW), self.names)
            anew: list[Expr] = [Compare("==", Read(held_of(emits)), ZERO)]
            assert isinstance(emits.emission, Located)
            if not emits.emission.rising:
                anew.append(Compare("!=", Read(FRESH), ZERO))
            if not emits.emission.rising and not emits.event and self.population.rest is not None:
                anew.append(Compare("!=", Read(RESTED), ZERO))
            happens: list[Expr] = [Compare("!=", Read(holds_of(emits)), ZERO), joined("or", anew)]
            if not emits.event and self.population.rest is not None:
                happens.append(Compare("==", Read(RESTING), ZERO))
            found += [*made, Let(holds_of(emits), truth(holds)), Let(happens_of(emits), truth(Logic("and", tuple(happens))))]
            found += [Let(held_of(emits), Read(holds_of(emits)))]
        found += [Let(FRESH, ZERO), Let(RESTED, ZERO), Let(LOOK, ZERO)]
        found += [If(Compare("!=", Read(happens_of(e)), ZERO), tuple(self._happen(e))) for e in self.population.located]
        return tuple(found)

    def _happen(self, emits: Emits) -> list[Statement]:
        p, names = self.group_of(emits), replace(self.names, clock=Read(NOW), repeat=count_of(emits))
        number = count_of(emits)
        told: list[Statement] = [Store(element(p.field(Part.LOCATED_AT), I, number), plus(Read(N), Binary("/", Read(PASSED), DT)))]
        for name, value in () if emits.event else self.population.kept:
            told.append(Store(element(p.field(Part.LOCATED_VALUES, name), I, number), names.resolve(value)))
        most = Compare("<", Read(number), Read(p.field(Part.LOCATED)))
        found: list[Statement] = [If(most, tuple(told), (Let(TRIES, Number(float(MOST_TRIES))),))]
        for jump in emits.jumps:
            value = clipped(names.resolve(jump.value), self.population.variable(jump.target).variable, names.resolve)
            found.append(Comment(f"{jump.target} -> {pretty(jump.written)}"))
            if jump.target in self.moved:
                found.append(Let(local(jump.target, "here"), value))
            else:
                found.append(Store(names.cell(Ref(Whose.OWN, jump.target)), value))
        if not emits.event and self.population.rest is not None:
            found += self._begin_rest(names)
        return [*found, Let(number, plus(Read(number), ONE)), Let(LOOK, ONE), Let(PARTED, ONE)]

    def _begin_rest(self, names: Names) -> list[Statement]:
        """From here on, to a time that need not be on the grid."""
        rest, p = self.population.rest, of_population(self.population.name)
        assert rest is not None
        lasts: Expr = times(FOR_EVER, DT)
        if rest.duration is not None:
            asked = names.resolve(rest.duration)
            lasts = Choice(((Compare(">", asked, ZERO), Call("min", (asked, lasts))),), ZERO)
        in_steps = Binary("/", Read(ENDS), DT)
        until = plus(Read(N), Read(STEPS))
        return [
            Let(REST, lasts),
            Let(ENDS, plus(Read(PASSED), Read(REST))),
            Let(STEPS, Call("ceil", (minus(in_steps, times(Number(ON_GRID), Call("max", (ONE, in_steps)))),))),
            Store(element(p.field(Part.REFRACTORY_UNTIL), I), until),
            Store(element(p.field(Part.FREE_BEFORE), I), Call("max", (ZERO, minus(times(Read(STEPS), DT), Read(ENDS))))),
            Let(RESTING, truth(Compare(">", Read(REST), ZERO))),
        ]

    # --- how far it goes ---

    def _go(self) -> tuple[Statement, ...]:
        """One try: to the end, or as far as a search asks."""
        far: Expr = Read(LEFT)
        if self.population.rest is not None:
            far = Choice(((Compare("!=", Read(RESTING), ZERO), Call("min", (Read(LEFT), Read(REST)))),), Read(LEFT))
        holds_on = joined("or", [Compare("!=", Read(held_of(emits)), ZERO) for emits in self.population.located])
        soon = If(
            Logic("and", (Compare("!=", Read(PARTED), ZERO), holds_on)),
            (Let(WAY, Call("min", (Read(WAY), times(Number(PARTING), self.at_grid.dt)))),),
        )
        nothing = (
            Let(WAY, far),
            soon,
            Let(PARTED, ZERO),
            Let(LOW, ZERO),
            Let(HIGH, ZERO),
            Let(BELOW, NAN),
            Let(ABOVE, NAN),
            Let(SIDE, ZERO),
            Let(SEARCHED, ZERO),
        )
        begun = If(Compare("==", Read(TRYING), ZERO), (*nothing, Let(TRYING, ONE)))
        then = {v: Read(local(v, "then")) for v in self.moved}
        found: list[Statement] = [begun, Let(TRIES, plus(Read(TRIES), ONE)), *self._lead()]
        found.append(Let(THERE, plus(Read(T), plus(Read(PASSED), Read(WAY)))))
        comes: list[Expr] = []
        excess: list[Expr] = []
        for emits in self.population.located:
            made, holds, by = decided(emits, self.moved, then, Read(THERE), self.names)
            found += [*made, Let(holds_of(emits), truth(holds))]
            comes.append(Logic("and", (Compare("!=", Read(holds_of(emits)), ZERO), self._armed(emits))))
            excess.append(Choice(((self._armed(emits), by),), Negate(INFINITE)))
        finite = [Compare("<", Call("abs", (value,)), INFINITE) for value in then.values()]
        found += [Let(COMES, truth(joined("or", comes))), Let(SOUND, truth(joined("and", finite)))]
        beyond = Logic("or", (Compare("!=", Read(COMES), ZERO), Compare("==", Read(SOUND), ZERO)))
        searching = Compare(">", Read(HIGH), ZERO)
        amount = Let(EXCESS, reduce(lambda a, b: Call("max", (a, b)), excess))
        found.append(If(beyond, (amount, *self._nearer()), (If(searching, (amount, *_farther()), self._arrive_with_nothing()),)))
        found.append(If(searching, self._next()))
        return tuple(found)

    def _lead(self) -> list[Statement]:
        """Where the integrators lead: the locals `…_then`."""
        found: list[Statement] = []
        for scheme in self.population.schemes:
            found += self._part(scheme) if isinstance(scheme, Exact) else moved_by(scheme, self.context)
        return [*found, *self.led(self.context, {v: Read(local(v, "here")) for v in self.moved})]

    def led(self, context: FlowContext, here: Mapping[str, Expr]) -> Iterator[Statement]:
        """The locals `…_then` from `…_new`: what is held stands still, and bounds count."""
        for v in self.moved:
            new: Expr = Read(local(v, "new"))
            if context.free is not None and v in context.held:
                new = Choice(((context.free, new),), here[v])
            yield Let(local(v, "then"), within_bounds(v, new, context))

    def _part(self, scheme: Scheme) -> list[Statement]:
        """An exact scheme through a whole step by its propagator, else by itself."""
        assert isinstance(scheme, Exact)
        whole = Compare("==", Read(WAY), self.at_grid.dt)
        return [If(whole, tuple(moved_by(scheme, self.context)), tuple(parts_of_steps.exact(scheme, self.context)))]

    def _nearer(self) -> tuple[Statement, ...]:
        """Something has come to hold: the crossing is on this side."""
        again = Choice(((Compare(">", Read(SIDE), ZERO), times(HALF, Read(BELOW))),), Read(BELOW))
        there: tuple[Statement, ...] = (Let(HIGH, Read(WAY)), Let(ABOVE, Read(EXCESS)), Let(HOLDS_THERE, Read(COMES)), Let(SIDE, ONE))
        return (Let(BELOW, again), *there, *self._turned("found", "then"))

    def _next(self) -> tuple[Statement, ...]:
        """The next try of a search, or what it has found."""
        close = Number(CLOSE)
        found = (
            *self._turned("here", "found"),
            Let(WAY, Read(HIGH)),
            *self._arrive(),
            Let(LOOK, ONE),
        )
        as_far = (Let(WAY, Read(LOW)), Let(HIGH, ZERO))
        no_number = (*self._turned("here", "found"), Let(LEFT, ZERO))
        lost = If(Compare(">", Read(LOW), ZERO), as_far, no_number)
        ended = If(Compare("!=", Read(HOLDS_THERE), ZERO), found, (lost,))
        known = [Compare("<", Call("abs", (Read(x),)), INFINITE) for x in (BELOW, ABOVE)]
        known += [Compare("<", Call("mod", (Read(SEARCHED), Number(3.0))), Number(2.0)), Compare("!=", Read(BELOW), Read(ABOVE))]
        secant = Choice(((Logic("and", tuple(known)), Binary("/", Read(BELOW), minus(Read(BELOW), Read(ABOVE)))),), HALF)
        inside = Logic("and", (Compare(">=", Read(MIDDLE), ZERO), Compare("<=", Read(MIDDLE), ONE)))
        margin = times(times(HALF, close), self.at_grid.dt)
        way = plus(Read(LOW), times(minus(Read(HIGH), Read(LOW)), Choice(((inside, Read(MIDDLE)),), HALF)))
        within = Call("min", (Call("max", (way, plus(Read(LOW), margin))), minus(Read(HIGH), margin)))
        further = (Let(MIDDLE, secant), Let(WAY, within), Let(SEARCHED, plus(Read(SEARCHED), ONE)))
        return (If(Compare(">", minus(Read(HIGH), Read(LOW)), times(close, self.at_grid.dt)), further, (ended,)),)

    def _arrive_with_nothing(self) -> tuple[Statement, ...]:
        """At the end, where nothing has come to hold on the way."""
        found: list[Statement] = [*self._turned("here", "then")]
        found += [Let(held_of(emits), Read(holds_of(emits))) for emits in self.population.located]
        found += self._arrive()
        if self.population.rest is not None:
            found.append(Let(LOOK, truth(Logic("and", (Compare("!=", Read(RESTED), ZERO), Compare(">", Read(LEFT), ZERO))))))
        return tuple(found)

    def _arrive(self) -> Sequence[Statement]:
        """So far on its way."""
        found: list[Statement] = []
        if self.population.rest is not None:
            resting = Compare("!=", Read(RESTING), ZERO)
            found += [
                Let(RESTED, truth(Logic("and", (resting, Compare("<=", Read(REST), Read(WAY)))))),
                Let(REST, Choice(((resting, minus(Read(REST), Read(WAY))),), Read(REST))),
                Let(RESTING, truth(Compare(">", Read(REST), ZERO))),
            ]
        found += [Let(LEFT, minus(Read(LEFT), Read(WAY))), Let(TRYING, ZERO)]
        return [*found, Let(PASSED, Choice(((Compare(">", Read(LEFT), ZERO), plus(Read(PASSED), Read(WAY))),), self.at_grid.dt))]


def _farther() -> tuple[Statement, ...]:
    """Nothing holds yet: the crossing is on the other side."""
    again = Choice(((Compare("<", Read(SIDE), ZERO), times(HALF, Read(ABOVE))),), Read(ABOVE))
    return Let(ABOVE, again), Let(LOW, Read(WAY)), Let(BELOW, Read(EXCESS)), Let(SIDE, Number(-1.0))
