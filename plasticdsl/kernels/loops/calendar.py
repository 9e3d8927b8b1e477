"""Units that spike at rates that stand still go from spike to spike (`plan.passes.calendar`).

`DUE` is the step of a unit's next spike, `HAZARD` what will then be left of its hazard, `PLANNED` the mean number of spikes in a step for which that
was worked out, −1 where their number is drawn in each step. `SOONEST` is the first of these steps in a group of units: other groups are passed over.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from plasticdsl.kernels.identifiers import Kernel, Local, Part, of_population
from plasticdsl.kernels.loops.names import I, N, Names, each_unit
from plasticdsl.kernels.loops.seldom import GROUP, SOME, in_group, members_of
from plasticdsl.kernels.program import (
    ONE,
    ZERO,
    Array,
    Comment,
    For,
    Function,
    If,
    Let,
    Read,
    Size,
    Statement,
    Store,
    element,
    minus,
    plus,
    times,
)
from plasticdsl.kernels.recipes import Apply
from plasticdsl.model import PoissonSource
from plasticdsl.model.expr import Call, Choice, Compare, Expr, Number
from plasticdsl.model.pretty import pretty
from plasticdsl.plan.plan import Plan
from plasticdsl.plan.populations import ByHazard, PopulationPlan
from plasticdsl.support.counts import OFTEN
from plasticdsl.support.hazards import ENDLESS
from plasticdsl.support.structure import groups_of

#: Units of a group. A step looks at each group, and at each unit of a group with one that spikes.
TOGETHER = 16

#: Locals: the first of the steps of a group, the mean number of spikes in a step, steps until the next one, and what is left of a hazard.
SOON, MEAN, STEPS, LEFT = (Local(text) for text in ("soon", "mean_in_step", "steps_ahead", "left"))


def mean_in_step(plan: Plan, population: PopulationPlan, by: ByHazard) -> Expr:
    """rate dt."""
    names = Names(plan, population)
    return times(names.resolve(by.rate), names.dt)


def sizes(population: PopulationPlan) -> Iterator[Size]:
    """How many groups there are."""
    p = of_population(population.name)
    yield Size(p.field(Part.GROUPS), Apply(groups_of, (p.field(Part.UNITS), TOGETHER)))


def arguments(population: PopulationPlan) -> Iterator[Array]:
    """The calendar, with nothing in it."""
    p = of_population(population.name)
    units, each = (p.field(Part.UNITS),), (p.field(Part.GROUPS),)
    yield Array(p.field(Part.DUE), "int64", units, ENDLESS)
    yield Array(p.field(Part.PLANNED), "float64", units)
    yield Array(p.field(Part.SOONEST), "int64", each, ENDLESS)


def through_calendar(
    plan: Plan, population: PopulationPlan, by: ByHazard, use_up: Sequence[Statement], counted: If | None
) -> tuple[Statement, ...]:
    """The units whose next spike is at step n. `use_up`: its spikes, and draws for the next ones; `counted`: what units do instead for which its condition
    holds."""
    p = of_population(population.name)
    due, soonest = element(p.field(Part.DUE), I), element(p.field(Part.SOONEST), GROUP)
    mean = Let(MEAN, Call("in_grains", (mean_in_step(plan, population, by),)))
    spike: tuple[Statement, ...] = (*use_up, mean, Let(LEFT, element(p.field(Part.HAZARD), I)), *_next(population, Read(N)))
    if counted is not None:
        spike = (replace(counted, then=(*counted.then, Store(due, plus(Read(N), ONE))), otherwise=spike),)
    look = in_group(If(Compare("<=", due, Read(N)), spike), Let(SOON, Call("min", (Read(SOON), due))))
    group = If(
        Compare("<=", soonest, Read(N)),
        (*members_of(population.name, TOGETHER), Let(SOON, Number(ENDLESS)), look, Store(soonest, Read(SOON))),
    )
    return (For(GROUP, ZERO, Read(p.field(Part.GROUPS)), (group,)),)


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
    old, due, soonest = element(p.field(Part.PLANNED), I), element(p.field(Part.DUE), I), element(p.field(Part.SOONEST), GROUP)
    differs = Compare("!=", old, planned)
    back = times(plus(minus(due, Read(N)), ONE), Call("max", (old, ZERO)))  # what steps use up that are not to come
    left = Let(LEFT, plus(element(p.field(Part.HAZARD), I), back))
    again = _next(population, minus(Read(N), ONE))
    stand = (Store(element(p.field(Part.HAZARD), I), Read(LEFT)), Store(due, Read(N)))
    anew = (left, Let(MEAN, planned), *((If(Compare("<", Read(MEAN), ZERO), stand, again),) if drawn else again), Store(old, Read(MEAN)))
    look = in_group(If(differs, anew), Let(SOON, Call("min", (Read(SOON), due))))
    group = (*members_of(population.name, TOGETHER), Let(SOON, Number(ENDLESS)), look, Store(soonest, Read(SOON)))
    body = (
        Comment(f"units whose rate {pretty(by.rate)} has changed"),
        Let(SOME, ZERO),
        each_unit(population.name, (Let(SOME, plus(Read(SOME), Choice(((differs, ONE),), ZERO))),), in_order=True),
        If(Compare(">", Read(SOME), ZERO), (For(GROUP, ZERO, Read(p.field(Part.GROUPS)), group),)),
    )
    doc = f"Work out when units of {population.name} spike next, from step n on, whose rate has changed."
    return Function(Kernel("plan_{}", (population.name,)), doc, body)
