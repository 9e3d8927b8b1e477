"""The flow of the whole network from t_n to t_{n+1}.

Most populations flow in a kernel of their own. Those that are coupled by undelayed sums of flowing variables take the four stages of
Runge-Kutta together: at each stage the sums and definitions are evaluated anew from every unit's stage values.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from plasticdsl.kernels.identifiers import Kernel, Local, Part, of_population
from plasticdsl.kernels.loops import feeds, sums
from plasticdsl.kernels.loops import populations as units
from plasticdsl.kernels.loops import projections as synapses
from plasticdsl.kernels.loops.coupling import Coupled, coupled, parts
from plasticdsl.kernels.loops.flows import along, at_stage, growth, new, push, sixth, still, store_all, within_bounds
from plasticdsl.kernels.loops.names import DT, EACH_STEP, I, T, number_of
from plasticdsl.kernels.program import Array, Comment, Constant, For, Function, If, Increase, Let, Read, Statement, Store, element
from plasticdsl.model.expr import Binary, Expr, Number, Ref
from plasticdsl.model.model import Population, Role
from plasticdsl.model.owners import Whose
from plasticdsl.model.pretty import pretty
from plasticdsl.model.schemes import SHARES, STAGES, Staged
from plasticdsl.plan.plan import Plan

ZERO = Number(0.0)
#: Of x += g x + c, by which an exponential step leads on in a sixth of dt (`flows.sixth`).
LEADING = ((Part.STAGE_GROWTH, growth), (Part.STAGE_PUSH, push))
WEIGHTS = (1.0, 2.0, 2.0, 1.0)  # of the four slopes, in sixths (Kutta 1901)


def arguments(plan: Plan) -> tuple[Array, ...]:
    """Arrays for stage values, slopes and their weighted sum."""
    found: list[Array] = []
    together = coupled(plan)
    slopes = {(p.name, v): slope for p in together.populations for v, slope, _ in parts(p)}
    for owner, variable in sorted(together.staged):
        p = of_population(owner)
        docs = {Part.STAGE: f"{variable} of {owner} at an integrator's stage"}
        if (owner, variable) in together.entries:
            pass  # nothing more
        elif slopes[owner, variable] == ZERO:
            docs[Part.STAGE_SLOPE] = f"slope of {variable} at the last stage"
            docs[Part.STAGE_SLOPES] = f"weighted sum of the slopes of {variable}"
        else:
            docs[Part.STAGE_GROWTH] = f"factor of {variable} in a sixth of a step"
            docs[Part.STAGE_PUSH] = f"what a sixth of a step adds to {variable}"
            docs[Part.STAGE_MOVED] = f"{variable} of {owner} on its way through the stages"
        length = (p.field(Part.UNITS),)
        found += [Array(p.field(part, variable), "float64", length, Constant(), False, doc) for part, doc in docs.items()]
    return tuple(found)


def flows(plan: Plan) -> tuple[Function, ...]:
    """The flow kernels in order. All schemes read the values at t_n, so the stages of coupled populations, which write to arrays of their own,
    come before the connections, and these before the units; what the stages have found is stored last."""
    together = coupled(plan)
    found: list[Function] = []
    if together.populations:
        for number in range(4):
            found += _stage(plan, together, number)
    found += [f for p in plan.readers_first for f in synapses.flow_kernels(plan, p)]
    for p in plan.populations:
        function = units.flow_units(plan, _rest(p.population) if p.population in together.populations else p.population)
        if function is not None:
            found.append(function)
    return (*found, *(_finish(plan, p) for p in together.populations))


def _rest(population: Population) -> Population:
    """The population without the schemes that were taken together."""
    schemes = tuple(s for s in population.block.schemes if not isinstance(s, Staged))
    return replace(population, block=replace(population.block, schemes=schemes))


def _loop(population: Population, body: Sequence[Statement]) -> For:
    return For(I, ZERO, number_of(population.name), tuple(body), independent=True)


def _stage(plan: Plan, together: Coupled, number: int) -> list[Function]:
    found: list[Function] = []
    for population in together.populations:
        body: list[Statement] = []
        context = units.flow_context(plan, population)
        for variable, slope, _ in parts(population):
            p = of_population(population.name)
            value: Expr = element(p.variable(variable), I)
            if number and slope != ZERO:
                body += [Let(local(variable), element(p.field(part, variable), I)) for part, local in LEADING]
                reached = Local("{}_at", (variable,))
                body += along(variable, reached, value, STAGES[number])
                value = Read(reached)
            elif number:
                ahead = Binary("*", Binary("*", Number(STAGES[number]), DT), element(p.field(Part.STAGE_SLOPE, variable), I))
                value = Binary("+", value, ahead)
            value = within_bounds(variable, value, context) if number else value
            body.append(Store(element(p.field(Part.STAGE, variable), I), value))
        doc = f"Values of {population.name} at stage {number + 1} of Runge-Kutta 4."
        kernel = Kernel(f"stage_{number + 1}_{{}}", (population.name,))
        found.append(Function(kernel, doc, EACH_STEP, (), (), (_loop(population, body),)))
    found += _evaluations(plan, together, number)
    found += [_slopes(plan, together, population, number) for population in together.populations]
    return found


def _evaluations(plan: Plan, together: Coupled, number: int) -> list[Function]:
    found: list[Function] = []
    by_name = {p.population.name: p.population for p in plan.populations}
    for owner, variable in together.entries:
        population = by_name[owner]
        declared = population.block.variable(variable)
        assert declared is not None
        if declared.role is Role.DEFINITION:
            kernel = units.define(plan, population, variable, together.staged, _time(number))
            found.append(replace(kernel, name=_at_stage(kernel.name, number)))
            continue
        found += sums.evaluate_at_stage(
            plan, population, variable, together.staged, _time(number), lambda kernel: _at_stage(kernel, number)
        )
        if feeds.fed(plan, owner, variable):
            p = of_population(owner)
            kept = _loop(population, [Store(element(p.field(Part.STAGE, variable), I), element(p.variable(variable), I))])
            doc = f"A fed {variable} of {owner} is the same at all stages."
            body = (If(feeds.active(owner, variable), (kept,)),)
            found.append(Function(_at_stage(Kernel("keep_{}_{}", (owner, variable)), number), doc, EACH_STEP, (), (), body))
    return found


def _at_stage(kernel: Kernel, number: int) -> Kernel:
    return Kernel(f"{kernel.pattern}_at_stage_{number + 1}", kernel.of)


def _time(number: int) -> Expr:
    fraction = STAGES[number]
    return Read(T) if fraction == 0.0 else Binary("+", Read(T), Binary("*", Number(fraction), DT))


def _slopes(plan: Plan, together: Coupled, population: Population, number: int) -> Function:
    context = units.flow_context(plan, population)
    names, p = replace(context.names, staged=together.staged), of_population(population.name)
    body: list[Statement] = []
    for variable, *rate in parts(population):
        slope, offset = (still(variable, at_stage(e, {}, _time(number), names), context) for e in rate)
        if slope == ZERO:
            body.append(Comment(f"d{variable}/dt = {pretty(rate[1])}   [Runge-Kutta 4, stage {number + 1}]"))
            last, total = element(p.field(Part.STAGE_SLOPE, variable), I), element(p.field(Part.STAGE_SLOPES, variable), I)
            body.append(Store(last, offset))
            weighted = Binary("*", Number(WEIGHTS[number]), last)
            body.append(Store(total, weighted) if number == 0 else Increase(total, weighted))
            continue
        written = pretty(Binary("+", Binary("*", rate[0], Ref(Whose.OWN, variable)), rate[1]))
        body.append(Comment(f"d{variable}/dt = {written}   [exponential Runge-Kutta, stage {number + 1}]"))
        body += sixth(variable, slope, offset)
        body += [Store(element(p.field(part, variable), I), Read(local(variable))) for part, local in LEADING]
        moved, way = Local("{}_moved", (variable,)), p.field(Part.STAGE_MOVED, variable)
        body += along(variable, moved, element(way if number else p.variable(variable), I), SHARES[number])
        body.append(Store(element(way, I), Read(moved)))
    doc = f"Slopes of {population.name} at stage {number + 1} of Runge-Kutta 4."
    return Function(Kernel(f"slopes_{number + 1}_{{}}", (population.name,)), doc, EACH_STEP, (), (), (_loop(population, body),))


def _finish(plan: Plan, population: Population) -> Function:
    context, p = units.flow_context(plan, population), of_population(population.name)
    body: list[Statement] = []
    for variable, slope, _ in parts(population):
        step = Binary("*", Binary("/", DT, Number(6.0)), element(p.field(Part.STAGE_SLOPES, variable), I))
        moved = element(p.field(Part.STAGE_MOVED, variable), I)
        body.append(Let(new(variable), Binary("+", element(p.variable(variable), I), step) if slope == ZERO else moved))
    body += store_all([variable for variable, _, _ in parts(population)], context)
    doc = f"The state of {population.name} at step n + 1 from the slopes of the four stages."
    return Function(Kernel("finish_{}", (population.name,)), doc, EACH_STEP, (), (), (_loop(population, body),))
