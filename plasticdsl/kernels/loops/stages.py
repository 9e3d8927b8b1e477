"""Populations that are coupled by undelayed sums of flowing variables take the stages of Runge–Kutta together: at each stage the sums and definitions
are evaluated anew from every unit's stage values.

Comes in: the plan, which says what has a value at stages. Goes out: the kernels that lead units to a stage, take their slopes there, and store what the
stages found.
"""

from __future__ import annotations

from dataclasses import replace

from plasticdsl.kernels.identifiers import Kernel, Part, of_population
from plasticdsl.kernels.loops.flows import along, at_stage, sixth, still, store_all, within_bounds
from plasticdsl.kernels.loops.names import DT, I, each_unit, local, stage_time
from plasticdsl.kernels.loops.populations import flow_context
from plasticdsl.kernels.program import ZERO, Array, Comment, Function, Increase, Let, Read, Statement, Store, element
from plasticdsl.model.expr import Binary, Expr, Number, Ref
from plasticdsl.model.owners import Whose
from plasticdsl.model.pretty import pretty
from plasticdsl.model.schemes import SHARES, STAGES
from plasticdsl.plan import operations as ops
from plasticdsl.plan.plan import Plan
from plasticdsl.plan.populations import PopulationPlan

#: Of x += g x + c, by which an exponential step leads on in a sixth of dt (`flows.sixth`).
LEADING = ((Part.STAGE_GROWTH, "growth"), (Part.STAGE_PUSH, "push"))
WEIGHTS = (1.0, 2.0, 2.0, 1.0)  # of the four slopes, in sixths (Kutta 1901)


def arguments(plan: Plan) -> tuple[Array, ...]:
    """Arrays for stage values, slopes and their weighted sum."""
    found: list[Array] = []
    for population in sorted(plan.populations, key=lambda p: p.name):
        p, slopes = of_population(population.name), {v: slope for v, slope, _ in population.at_stages}
        for variable in sorted(population.staged):
            parts = [Part.STAGE]
            if variable in slopes and slopes[variable] == ZERO:
                parts += [Part.STAGE_SLOPE, Part.STAGE_SLOPES]
            elif variable in slopes:
                parts += [Part.STAGE_GROWTH, Part.STAGE_PUSH, Part.STAGE_MOVED]
            found += [Array(p.field(part, variable), "float64", (p.field(Part.UNITS),), changes=False) for part in parts]
    return tuple(found)


def at(plan: Plan, operation: ops.AtStage) -> Function:
    """The kernel that leads the units' variables to a stage, or takes their rates there."""
    return (_slopes if operation.slopes else _begin)(plan, plan.population(operation.population), operation.stage)


def _begin(plan: Plan, population: PopulationPlan, stage: int) -> Function:
    """The kernel that leads the units' variables to a stage."""
    body: list[Statement] = []
    context, p = flow_context(plan, population), of_population(population.name)
    for variable, slope, _ in population.at_stages:
        value: Expr = element(p.variable(variable), I)
        if stage and slope != ZERO:
            body += [Let(local(variable, what), element(p.field(part, variable), I)) for part, what in LEADING]
            reached = local(variable, "at")
            body += along(variable, reached, value, STAGES[stage])
            value = Read(reached)
        elif stage:
            ahead = Binary("*", Binary("*", Number(STAGES[stage]), DT), element(p.field(Part.STAGE_SLOPE, variable), I))
            value = Binary("+", value, ahead)
        value = within_bounds(variable, value, context) if stage else value
        body.append(Store(element(p.field(Part.STAGE, variable), I), value))
    doc = f"Values of {population.name} at stage {stage + 1} of Runge-Kutta 4."
    return Function(Kernel(f"stage_{stage + 1}_{{}}", (population.name,)), doc, (each_unit(population.name, body),))


def _slopes(plan: Plan, population: PopulationPlan, stage: int) -> Function:
    """The kernel that takes the rates at a stage."""
    context = flow_context(plan, population)
    names, p = replace(context.names, stage=stage), of_population(population.name)
    body: list[Statement] = []
    for variable, *rate in population.at_stages:
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
        body += [Store(element(p.field(part, variable), I), Read(local(variable, what))) for part, what in LEADING]
        moved, way = local(variable, "moved"), p.field(Part.STAGE_MOVED, variable)
        body += along(variable, moved, element(way if stage else p.variable(variable), I), SHARES[stage])
        body.append(Store(element(way, I), Read(moved)))
    doc = f"Slopes of {population.name} at stage {stage + 1} of Runge-Kutta 4."
    return Function(Kernel(f"slopes_{stage + 1}_{{}}", (population.name,)), doc, (each_unit(population.name, body),))


def finish(plan: Plan, population: PopulationPlan) -> Function:
    """The kernel that stores what the stages found."""
    context, p = flow_context(plan, population), of_population(population.name)
    body: list[Statement] = []
    for variable, slope, _ in population.at_stages:
        step = Binary("*", Binary("/", DT, Number(6.0)), element(p.field(Part.STAGE_SLOPES, variable), I))
        moved = element(p.field(Part.STAGE_MOVED, variable), I)
        body.append(Let(local(variable, "new"), Binary("+", element(p.variable(variable), I), step) if slope == ZERO else moved))
    body += store_all([variable for variable, _, _ in population.at_stages], context)
    doc = f"The state of {population.name} at step n + 1 from the slopes of the four stages."
    return Function(Kernel("finish_{}", (population.name,)), doc, (each_unit(population.name, body),))
