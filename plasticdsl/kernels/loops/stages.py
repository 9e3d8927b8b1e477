"""Populations that are coupled by undelayed sums of flowing variables take the stages of Runge–Kutta together: at each stage the sums and definitions
are evaluated anew from every unit's stage values.

Comes in: the plan, which says what has a value at stages. Goes out: the kernels that lead units to a stage, take their slopes there, and store what the
stages found.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from plasticdsl.kernels.identifiers import Kernel, Local, Part, of_population
from plasticdsl.kernels.loops import feeds
from plasticdsl.kernels.loops.flows import along, at_stage, growth, new, push, sixth, still, store_all, within_bounds
from plasticdsl.kernels.loops.names import DT, EACH_STEP, I, number_of, stage_kernel, stage_time
from plasticdsl.kernels.loops.populations import flow_context
from plasticdsl.kernels.program import Array, Comment, Constant, For, Function, If, Increase, Let, Read, Statement, Store, element
from plasticdsl.model.expr import Binary, Expr, Number, Ref
from plasticdsl.model.owners import Whose
from plasticdsl.model.pretty import pretty
from plasticdsl.model.schemes import SHARES, STAGES
from plasticdsl.plan.plan import Plan, PopulationPlan

ZERO = Number(0.0)
#: Of x += g x + c, by which an exponential step leads on in a sixth of dt (`flows.sixth`).
LEADING = ((Part.STAGE_GROWTH, growth), (Part.STAGE_PUSH, push))
WEIGHTS = (1.0, 2.0, 2.0, 1.0)  # of the four slopes, in sixths (Kutta 1901)


def arguments(plan: Plan) -> tuple[Array, ...]:
    """Arrays for stage values, slopes and their weighted sum."""
    found: list[Array] = []
    for population in sorted(plan.populations, key=lambda p: p.name):
        owner, p = population.name, of_population(population.name)
        slopes = {v: slope for v, slope, _ in population.together}
        for variable in sorted(population.staged):
            docs = {Part.STAGE: f"{variable} of {owner} at an integrator's stage"}
            if variable not in slopes:
                pass  # nothing more
            elif slopes[variable] == ZERO:
                docs[Part.STAGE_SLOPE] = f"slope of {variable} at the last stage"
                docs[Part.STAGE_SLOPES] = f"weighted sum of the slopes of {variable}"
            else:
                docs[Part.STAGE_GROWTH] = f"factor of {variable} in a sixth of a step"
                docs[Part.STAGE_PUSH] = f"what a sixth of a step adds to {variable}"
                docs[Part.STAGE_MOVED] = f"{variable} of {owner} on its way through the stages"
            length = (p.field(Part.UNITS),)
            found += [Array(p.field(part, variable), "float64", length, Constant(), False, doc) for part, doc in docs.items()]
    return tuple(found)


def _loop(population: PopulationPlan, body: Sequence[Statement]) -> For:
    return For(I, ZERO, number_of(population.name), tuple(body), independent=True)


def begin(plan: Plan, population: PopulationPlan, stage: int) -> Function:
    """The kernel that leads the units' variables to a stage."""
    body: list[Statement] = []
    context, p = flow_context(plan, population), of_population(population.name)
    for variable, slope, _ in population.together:
        value: Expr = element(p.variable(variable), I)
        if stage and slope != ZERO:
            body += [Let(local(variable), element(p.field(part, variable), I)) for part, local in LEADING]
            reached = Local("{}_at", (variable,))
            body += along(variable, reached, value, STAGES[stage])
            value = Read(reached)
        elif stage:
            ahead = Binary("*", Binary("*", Number(STAGES[stage]), DT), element(p.field(Part.STAGE_SLOPE, variable), I))
            value = Binary("+", value, ahead)
        value = within_bounds(variable, value, context) if stage else value
        body.append(Store(element(p.field(Part.STAGE, variable), I), value))
    doc = f"Values of {population.name} at stage {stage + 1} of Runge-Kutta 4."
    return Function(Kernel(f"stage_{stage + 1}_{{}}", (population.name,)), doc, EACH_STEP, (), (), (_loop(population, body),))


def hold_fed(population: PopulationPlan, variable: str, stage: int) -> Function:
    """The kernel that keeps a fed input as it is."""
    owner, p = population.name, of_population(population.name)
    kept = _loop(population, [Store(element(p.field(Part.STAGE, variable), I), element(p.variable(variable), I))])
    doc = f"A fed {variable} of {owner} is the same at all stages."
    body = (If(feeds.active(owner, variable), (kept,)),)
    return Function(stage_kernel(Kernel("keep_{}_{}", (owner, variable)), stage), doc, EACH_STEP, (), (), body)


def slopes(plan: Plan, population: PopulationPlan, stage: int) -> Function:
    """The kernel that takes the rates at a stage."""
    context = flow_context(plan, population)
    names, p = replace(context.names, stage=stage), of_population(population.name)
    body: list[Statement] = []
    for variable, *rate in population.together:
        slope, offset = (still(variable, at_stage(e, {}, stage_time(stage), names), context) for e in rate)
        if slope == ZERO:
            body.append(Comment(f"d{variable}/dt = {pretty(rate[1])}   [Runge-Kutta 4, stage {stage + 1}]"))
            last, total = element(p.field(Part.STAGE_SLOPE, variable), I), element(p.field(Part.STAGE_SLOPES, variable), I)
            body.append(Store(last, offset))
            weighted = Binary("*", Number(WEIGHTS[stage]), last)
            body.append(Store(total, weighted) if stage == 0 else Increase(total, weighted))
            continue
        written = pretty(Binary("+", Binary("*", rate[0], Ref(Whose.OWN, variable)), rate[1]))
        body.append(Comment(f"d{variable}/dt = {written}   [exponential Runge-Kutta, stage {stage + 1}]"))
        body += sixth(variable, slope, offset)
        body += [Store(element(p.field(part, variable), I), Read(local(variable))) for part, local in LEADING]
        moved, way = Local("{}_moved", (variable,)), p.field(Part.STAGE_MOVED, variable)
        body += along(variable, moved, element(way if stage else p.variable(variable), I), SHARES[stage])
        body.append(Store(element(way, I), Read(moved)))
    doc = f"Slopes of {population.name} at stage {stage + 1} of Runge-Kutta 4."
    return Function(Kernel(f"slopes_{stage + 1}_{{}}", (population.name,)), doc, EACH_STEP, (), (), (_loop(population, body),))


def finish(plan: Plan, population: PopulationPlan) -> Function:
    """The kernel that stores what the stages found."""
    context, p = flow_context(plan, population), of_population(population.name)
    body: list[Statement] = []
    for variable, slope, _ in population.together:
        step = Binary("*", Binary("/", DT, Number(6.0)), element(p.field(Part.STAGE_SLOPES, variable), I))
        moved = element(p.field(Part.STAGE_MOVED, variable), I)
        body.append(Let(new(variable), Binary("+", element(p.variable(variable), I), step) if slope == ZERO else moved))
    body += store_all([variable for variable, _, _ in population.together], context)
    doc = f"The state of {population.name} at step n + 1 from the slopes of the four stages."
    return Function(Kernel("finish_{}", (population.name,)), doc, EACH_STEP, (), (), (_loop(population, body),))
