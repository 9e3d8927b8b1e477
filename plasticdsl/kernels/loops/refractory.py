"""Refractory units: which are, for how long, and what reads it."""

from __future__ import annotations

from plasticdsl.kernels.identifiers import Group, Part, of_population
from plasticdsl.kernels.loops.names import I, N, Names
from plasticdsl.kernels.program import ONE, ZERO, Comment, If, Read, Statement, Store, element
from plasticdsl.kernels.recipes import DT
from plasticdsl.model.expr import Binary, Call, Choice, Compare, Expr, Logic, Number
from plasticdsl.model.pretty import pretty
from plasticdsl.plan.plan import Plan
from plasticdsl.plan.populations import PopulationPlan
from plasticdsl.support.steps import NEARLY, PRECISION

#: Steps that are as good as for ever.
FOR_EVER = Number(2.0**40)


def differs(population: PopulationPlan) -> bool:
    """Whether each unit has a refractory time of its own."""
    return population.rest is not None and population.rest.differs


def free(p: Group) -> Expr:
    """Whether the unit is not refractory."""
    return Compare(">=", Read(N), element(p.field(Part.REFRACTORY_UNTIL), I))


def refractory_steps(plan: Plan, population: PopulationPlan) -> Expr:
    """For how many steps a unit that spikes now is refractory; a duration that changes is put on the grid as `support.steps` does."""
    rest, steps = population.rest, of_population(population.name).field(Part.REFRACTORY_STEPS)
    if rest is not None and rest.condition is not None:
        return FOR_EVER
    if rest is None or rest.duration is None or not rest.at_spike:
        return element(steps, I) if differs(population) else Read(steps)
    lasts = Call("min", (Binary("/", Names(plan, population).resolve(rest.duration), Read(DT)), FOR_EVER))
    tolerance = Call("max", (Number(NEARLY), Binary("*", Number(PRECISION), lasts)))
    nearest = Call("floor", (Binary("+", Binary("+", lasts, Number(0.5)), tolerance),))
    return Choice(((Compare(">", lasts, ZERO), nearest),), ZERO)


def recovery(plan: Plan, population: PopulationPlan) -> tuple[Statement, ...]:
    """Before a unit may spike: whether its refractoriness has ended, and, where something reads that, what it reads."""
    rest, until = population.rest, element(of_population(population.name).field(Part.REFRACTORY_UNTIL), I)
    if rest is None or rest.condition is None:
        return shown(population)
    over = Logic("not", (Names(plan, population).resolve(rest.condition),))
    ended = If(Logic("and", (Compare("<", Read(N), until), over)), (Store(until, Read(N)),))
    return (Comment(f"refractory while {pretty(rest.condition)}"), ended, *shown(population))


def shown(population: PopulationPlan) -> tuple[Statement, ...]:
    """What tells of it to those who read it."""
    p = of_population(population.name)
    now = Choice(((free(p), ZERO),), ONE)
    return tuple(Store(element(p.variable(name), I), now) for name in (() if population.rest is None else population.rest.shown))
