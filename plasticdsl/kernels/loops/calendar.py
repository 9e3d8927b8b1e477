"""Units that spike at rates that stand still go from spike to spike (`plan.passes.calendar`).

`DUE` is the step of a unit's next spike, `HAZARD` what will then be left of its hazard, `PLANNED` the mean number of spikes in a step for which that
was worked out, −1 where their number is drawn in each step.

Where few units spike in a step (`IN_LISTS`), they stand in a ring of lists, in that of their step modulo `RING`: `FIRST_DUE` is the first of a list,
`DUE_AFTER` the next one after each unit, −1 where there is none. Lists are in no order, so the units of a step are sorted. Otherwise a step looks at
the `DUE` of all units, several at a time.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from plasticdsl.kernels.identifiers import RUN, Kernel, Local, Part, of_population
from plasticdsl.kernels.loops.names import I, N, Names, each_unit, number_of
from plasticdsl.kernels.loops.seldom import SOME, each_group, in_group
from plasticdsl.kernels.program import (
    ONE,
    ZERO,
    Array,
    Comment,
    Fill,
    For,
    Function,
    If,
    Let,
    Read,
    Size,
    Statement,
    Store,
    While,
    element,
    minus,
    only,
    plus,
    times,
)
from plasticdsl.model import PoissonSource
from plasticdsl.model.expr import Call, Choice, Compare, Expr, Number
from plasticdsl.model.pretty import pretty
from plasticdsl.plan.plan import Plan
from plasticdsl.plan.populations import ByHazard, PopulationPlan
from plasticdsl.support.counts import OFTEN
from plasticdsl.support.hazards import ENDLESS

#: Lists of the ring: many, so that few units are met before their time, and few enough that all of them stay near the processor.
RING = 1024
#: Lists are for sources of which less than one in so many units spikes in a step: what they spare is to look at the others.
SELDOM = 128
#: So many units are looked at together otherwise.
TOGETHER = 16

#: Locals: the mean number of spikes in a step, steps until the next one, and what is left of a hazard; which list it is, and the unit that
#: follows in it; how many units spike, in this step or in each, and which of them.
MEAN, STEPS, LEFT = (Local(text) for text in ("mean_in_step", "steps_ahead", "left"))
LIST, FOLLOWING, SPIKING, TOTAL, WHICH = (Local(text) for text in ("due_list", "following", "spiking", "in_all", "which"))
NONE = Number(-1.0)


def mean_in_step(plan: Plan, population: PopulationPlan, by: ByHazard) -> Expr:
    """rate dt."""
    names = Names(plan, population)
    return times(names.resolve(by.rate), names.dt)


def sizes(population: PopulationPlan) -> Iterator[Size]:
    """How many lists there are."""
    yield Size(of_population(population.name).field(Part.LISTS), RING)


def arguments(population: PopulationPlan) -> Iterator[Array]:
    """The calendar, with nothing in it."""
    p = of_population(population.name)
    units = (p.field(Part.UNITS),)
    yield Array(p.field(Part.DUE), "int64", units, ENDLESS)
    yield Array(p.field(Part.PLANNED), "float64", units)
    yield Array(p.field(Part.IN_LISTS), "int64", (RUN.field(Part.ONE),), 1)
    yield Array(p.field(Part.FIRST_DUE), "int32", (p.field(Part.LISTS),), -1)
    yield Array(p.field(Part.DUE_AFTER), "int32", units, -1)
    yield Array(p.field(Part.DUE_NOW), "int32", units, changes=False)


def through_calendar(
    plan: Plan, population: PopulationPlan, by: ByHazard, use_up: Sequence[Statement], counted: If | None
) -> tuple[Statement, ...]:
    """The units whose next spike is at step n. `use_up`: its spikes, and draws for the next ones; `counted`: what units do instead for which its condition
    holds."""
    p = of_population(population.name)
    due, now = element(p.field(Part.DUE), I), p.field(Part.DUE_NOW)
    first, after = element(p.field(Part.FIRST_DUE), LIST), element(p.field(Part.DUE_AFTER), I)
    mean = Let(MEAN, Call("in_grains", (mean_in_step(plan, population, by),)))
    spike: tuple[Statement, ...] = (*use_up, mean, Let(LEFT, element(p.field(Part.HAZARD), I)), *_next(population, Read(N)))
    if counted is not None:
        spike = (replace(counted, then=(*counted.then, Store(due, plus(Read(N), ONE))), otherwise=spike),)
    take: tuple[Statement, ...] = (Store(element(now, SPIKING), Read(I)), Let(SPIKING, plus(Read(SPIKING), ONE)))
    back = (Store(after, first), Store(first, Read(I)))  # it comes one or more rounds of the ring later
    look = (Let(FOLLOWING, _unit(after)), If(Compare("<=", due, Read(N)), take, back), Let(I, Read(FOLLOWING)))
    several = If(Compare(">", Read(SPIKING), ONE), (Fill((now,), "sort_units", (Read(SPIKING),)),))
    each = For(WHICH, ZERO, Read(SPIKING), (Let(I, _unit(element(now, WHICH))), *spike, *_enlist(population)))
    count = in_group(Let(SOME, plus(Read(SOME), Choice(((Compare("<=", due, Read(N)), ONE),), ZERO))))
    found = If(Compare(">", Read(SOME), ZERO), (in_group(If(Compare("<=", due, Read(N)), spike)),))
    among_all = each_group(population.name, (Let(SOME, ZERO), count, found), TOGETHER)
    listed = (
        Comment("units whose turn it is in this round of the ring"),
        Let(LIST, Call("mod", (Read(N), Number(RING)))),
        Let(I, _unit(first)),
        Store(first, NONE),
        Let(SPIKING, ZERO),
        While(Compare(">=", Read(I), ZERO), look),
        several,
        each,
    )
    return (If(_in_lists(population), listed, (among_all,)),)


def _in_lists(population: PopulationPlan) -> Compare:
    return Compare("==", only(of_population(population.name).field(Part.IN_LISTS)), ONE)


def _unit(number: Expr) -> Expr:
    """A unit from a list of 32-bit numbers."""
    return Call("whole", (number,))


def _enlist(population: PopulationPlan) -> tuple[Statement, ...]:
    """Unit i stands in the list of its next spike."""
    p = of_population(population.name)
    first = element(p.field(Part.FIRST_DUE), LIST)
    return (
        Let(LIST, Call("mod", (element(p.field(Part.DUE), I), Number(RING)))),
        Store(element(p.field(Part.DUE_AFTER), I), first),
        Store(first, Read(I)),
    )


def _next(population: PopulationPlan, last: Expr) -> tuple[Statement, ...]:
    """The next spike of unit i after step `last`, where `LEFT` is left of its hazard."""
    p = of_population(population.name)
    return (
        Let(STEPS, Call("steps_to_use_up", (Read(LEFT), Read(MEAN)))),
        Store(element(p.field(Part.DUE), I), plus(last, Read(STEPS))),
        Store(element(p.field(Part.HAZARD), I), minus(Read(LEFT), times(Read(STEPS), Read(MEAN)))),
    )


def work_out(plan: Plan, population: PopulationPlan) -> Function:
    """The kernel, run before the first of some steps, that works out the next spikes of units whose rate is another one than before."""
    p = of_population(population.name)
    by = population.emits("").emission
    assert isinstance(by, ByHazard)
    mean = mean_in_step(plan, population, by)
    planned: Expr = Call("in_grains", (mean,))
    drawn = isinstance(population.population.source, PoissonSource)
    if drawn:
        planned = Choice(((Compare(">=", mean, Number(OFTEN)), Number(-1.0)),), planned)
    old, due = element(p.field(Part.PLANNED), I), element(p.field(Part.DUE), I)
    differs = Compare("!=", old, planned)
    back = times(plus(minus(due, Read(N)), ONE), Call("max", (old, ZERO)))  # what steps use up that are not to come
    left = Let(LEFT, plus(element(p.field(Part.HAZARD), I), back))
    again = _next(population, minus(Read(N), ONE))
    stand = (Store(element(p.field(Part.HAZARD), I), Read(LEFT)), Store(due, Read(N)))
    anew = (left, Let(MEAN, planned), *((If(Compare("<", Read(MEAN), ZERO), stand, again),) if drawn else again), Store(old, Read(MEAN)))
    empty = For(LIST, ZERO, Read(p.field(Part.LISTS)), (Store(element(p.field(Part.FIRST_DUE), LIST), NONE),))
    in_all = Let(TOTAL, plus(Read(TOTAL), Choice(((Compare("<", old, ZERO), ONE),), old)))
    few = Compare("<", times(Number(SELDOM), Read(TOTAL)), number_of(population.name))
    again_all = (
        Let(TOTAL, ZERO),
        each_unit(population.name, (If(differs, anew), in_all), in_order=True),
        Store(only(p.field(Part.IN_LISTS)), Choice(((few, ONE),), ZERO)),
        If(_in_lists(population), (empty, each_unit(population.name, _enlist(population), in_order=True))),
    )
    body = (
        Comment(f"units whose rate {pretty(by.rate)} has changed"),
        Let(SOME, ZERO),
        each_unit(population.name, (Let(SOME, plus(Read(SOME), Choice(((differs, ONE),), ZERO))),), in_order=True),
        If(Compare(">", Read(SOME), ZERO), again_all),
    )
    doc = f"Work out when units of {population.name} spike next, from step n on, whose rate has changed."
    return Function(Kernel("plan_{}", (population.name,)), doc, body)
