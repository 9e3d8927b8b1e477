"""The flow of units with events that are located within a step: from one event to the next.

Comes in: the plan of a population, and what its flow needs. Goes out: loops over its units. The first takes all of them through the whole step, several
at a time, and leaves where they are those to which something happens on the way. The second goes with each of these by itself (`loops.ways`).
"""

from __future__ import annotations

from dataclasses import replace

from plasticdsl.kernels.identifiers import Local, Part, of_emitted, of_population
from plasticdsl.kernels.loops import parts_of_steps
from plasticdsl.kernels.loops.crossings import INFINITE, decided, held_of, holds_of, truth
from plasticdsl.kernels.loops.flows import FlowContext, moved_by
from plasticdsl.kernels.loops.names import DT, I, N, Names, T, local
from plasticdsl.kernels.loops.seldom import SOME, each_group, in_group
from plasticdsl.kernels.loops.small_steps import in_two_ways
from plasticdsl.kernels.loops.ways import AND_PARTED, Way
from plasticdsl.kernels.program import (
    ZERO,
    Array,
    If,
    Let,
    Read,
    Scalar,
    Statement,
    Store,
    element,
    minus,
    plus,
    times,
)
from plasticdsl.model.expr import Call, Choice, Compare, Expr, Logic, Ref, joined
from plasticdsl.model.owners import Whose
from plasticdsl.model.schemes import Exact
from plasticdsl.plan.plan import Plan
from plasticdsl.plan.populations import Located, PopulationPlan

#: Whether something happens to the unit on the way.
STAYS = Local("stays")


def arguments(population: PopulationPlan, names: Names) -> list[Array | Scalar]:
    """What is known of events from one step to the next."""
    if not population.located:
        return []
    of, found = of_population(population.name), list[Array | Scalar]()
    units = of.field(Part.UNITS)
    found.append(Array(of.field(Part.ON_WAY), "int64", (units,), changes=False))
    for scheme in population.schemes:
        if isinstance(scheme, Exact):
            found += parts_of_steps.arguments(scheme, names, units)
    if population.rest is not None:
        found.append(Array(of.field(Part.FREE_BEFORE), "float64", (units,)))
    for emits in population.located:
        p = of_emitted(population.name, emits.event)
        each = units, p.field(Part.LOCATED)
        found.append(Array(p.field(Part.LOCATED_COUNT), "int64", (units,)))
        found.append(Array(p.field(Part.LOCATED_AT), "float64", each))
        found.append(Array(p.field(Part.LOG_TIMES), "float64", (p.field(Part.LOG),), changes=False))
        found += [Array(p.field(Part.LOCATED_VALUES, name), "float64", each) for name, _ in (() if emits.event else population.kept)]
    return found


def flow_to_events(plan: Plan, population: PopulationPlan, context: FlowContext) -> tuple[Statement, ...]:
    """Loops that move all units by one step."""
    way = Way.of(plan, population, context)
    whole = in_two_ways(population.name, population.schemes, context, lambda known: _at_once(way, known))
    stays = Compare("!=", element(of_population(population.name).field(Part.ON_WAY), I), ZERO)
    counted = in_group(Let(SOME, plus(Read(SOME), truth(stays))))
    some = If(Compare(">", Read(SOME), ZERO), (in_group(If(stays, way.by_itself())),))
    return *whole, each_group(population.name, (Let(SOME, ZERO), counted, some), in_order=False)


def _at_once(way: Way, known: FlowContext) -> list[Statement]:
    """Where nothing happens on the way, the unit is at the end of its step afterwards."""
    p, context, here = of_population(way.population.name), replace(known, on_the_way=True), known.names
    found: list[Statement] = [Let(local(v, "length_here"), way.kept(v)) for v in way.lengths]
    for scheme in way.population.schemes:
        found += moved_by(scheme, context)
    found += way.led(context, {v: here.resolve(Ref(Whose.OWN, v)) for v in way.moved})
    then = {v: Read(local(v, "then")) for v in way.moved}
    happens: list[Expr] = [Compare(">=", Call("abs", (value,)), INFINITE) for value in then.values()]
    happens += [Compare("!=", value, value) for value in then.values()]
    if way.population.rest is not None:
        left = minus(times(minus(element(p.field(Part.REFRACTORY_UNTIL), I), Read(N)), DT), element(p.field(Part.FREE_BEFORE), I))
        happens.append(Logic("and", (Compare(">", left, ZERO), Compare("<", left, here.dt))))
    for emits in way.population.located:
        assert isinstance(emits.emission, Located)
        free = [known.free] if known.free is not None and not emits.event else []
        was = element(way.group_of(emits).field(Part.WAS_TRUE), I)
        held: list[Expr] = [Compare("==", was, ZERO)] if emits.emission.rising else []
        before, holds, _ = decided(emits, way.moved, {}, Read(T), here)
        found += [*before, Let(held_of(emits), truth(holds))]
        after, holds, _ = decided(emits, way.moved, then, plus(Read(T), here.dt), here)
        found += [*after, Let(holds_of(emits), truth(holds))]
        held_here, held_there = (Compare("!=", Read(x(emits)), ZERO) for x in (held_of, holds_of))
        happens.append(joined("and", [held_here, *held, *free]))
        happens.append(joined("and", [held_there, Logic("not", (held_here,)), *free]))
        happens.append(Compare("==", was, AND_PARTED))
    stays = Compare("!=", Read(STAYS), ZERO)
    found += [Let(STAYS, truth(joined("or", happens))), Store(element(p.field(Part.ON_WAY), I), Read(STAYS))]
    for v in way.moved:
        cell = here.cell(Ref(Whose.OWN, v))
        found.append(Store(cell, Choice(((stays, cell),), Read(local(v, "then")))))
    for v in way.lengths:
        found.append(Store(way.kept(v), Choice(((stays, Read(local(v, "length_here"))),), Read(local(v, "length_then")))))
    for emits in way.population.located:
        was = element(way.group_of(emits).field(Part.WAS_TRUE), I)
        found.append(Store(was, Choice(((stays, was),), Read(holds_of(emits)))))
    return found
