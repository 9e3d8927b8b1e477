"""The flow of the whole network from t_n to t_{n+1}.

Most populations flow in a kernel of their own. Those that are coupled by undelayed sums of flowing variables take the four stages of
Runge-Kutta together: at each stage the sums and definitions are evaluated anew from every unit's stage values.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from plasticdsl.kernels.loops import feeds, sums
from plasticdsl.kernels.loops import populations as units
from plasticdsl.kernels.loops import projections as synapses
from plasticdsl.kernels.loops.coupling import Coupled, coupled, parts
from plasticdsl.kernels.loops.flows import along, at_stage, sixth, still, store_all
from plasticdsl.kernels.program import (
    Array,
    Comment,
    Constant,
    For,
    Function,
    If,
    Increase,
    Let,
    Statement,
    Store,
    element,
    name,
)
from plasticdsl.model.expr import Binary, Expr, Number, Ref
from plasticdsl.model.model import Population, Role
from plasticdsl.model.owners import Whose
from plasticdsl.model.pretty import pretty
from plasticdsl.model.schemes import SHARES, STAGES, Staged
from plasticdsl.plan.plan import Plan

ZERO = Number(0.0)
LEADING = ("growth", "push")  # of x += growth x + push, by which an exponential step leads on in a sixth of dt (`flows.sixth`)
WEIGHTS = (1.0, 2.0, 2.0, 1.0)  # of the four slopes, in sixths (Kutta 1901)


def arguments(plan: Plan) -> tuple[Array, ...]:
    """Arrays for stage values, slopes and their weighted sum."""
    found: list[Array] = []
    together = coupled(plan)
    slopes = {(p.name, v): slope for p in together.populations for v, slope, _ in parts(p)}
    for owner, variable in sorted(together.staged):
        length, full = (f"{owner}_units",), f"{owner}_{variable}"
        found.append(Array(f"{full}_stage", "float64", length, Constant(), False, f"{variable} of {owner} at an integrator's stage"))
        if (owner, variable) in together.entries:
            continue
        if slopes[owner, variable] == ZERO:
            found.append(Array(f"{full}_slope", "float64", length, Constant(), False, f"slope of {variable} at the last stage"))
            found.append(Array(f"{full}_slopes", "float64", length, Constant(), False, f"weighted sum of the slopes of {variable}"))
        else:
            found.append(Array(f"{full}_growth", "float64", length, Constant(), False, f"factor of {variable} in a sixth of a step"))
            found.append(Array(f"{full}_push", "float64", length, Constant(), False, f"what a sixth of a step adds to {variable}"))
            found.append(
                Array(f"{full}_moved", "float64", length, Constant(), False, f"{variable} of {owner} on its way through the stages")
            )
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
    return For("i", ZERO, name(f"{population.name}_units"), tuple(body), independent=True)


def _stage(plan: Plan, together: Coupled, number: int) -> list[Function]:
    found: list[Function] = []
    for population in together.populations:
        body: list[Statement] = []
        for variable, slope, _ in parts(population):
            full = f"{population.name}_{variable}"
            value: Expr = element(full, "i")
            if number and slope != ZERO:
                body += [Let(f"{variable}_{part}", element(f"{full}_{part}", "i")) for part in LEADING]
                body += along(variable, f"{variable}_at", value, STAGES[number])
                value = name(f"{variable}_at")
            elif number:
                ahead = Binary("*", Binary("*", Number(STAGES[number]), name("dt")), element(f"{full}_slope", "i"))
                value = Binary("+", value, ahead)
            body.append(Store(element(f"{full}_stage", "i"), value))
        doc = f"Values of {population.name} at stage {number + 1} of Runge-Kutta 4."
        found.append(Function(f"stage_{number + 1}_{population.name}", doc, ("n", "t"), (), (), (_loop(population, body),)))
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
            found.append(replace(kernel, name=f"{kernel.name}_at_stage_{number + 1}"))
            continue
        found += sums.evaluate_at_stage(plan, population, variable, together.staged, _time(number), f"_at_stage_{number + 1}")
        if feeds.fed(plan, owner, variable):
            cell = element(f"{owner}_{variable}_stage", "i")
            kept = _loop(population, [Store(cell, element(f"{owner}_{variable}", "i"))])
            doc = f"A fed {variable} of {owner} is the same at all stages."
            body = (If(feeds.active(owner, variable), (kept,)),)
            found.append(Function(f"keep_{owner}_{variable}_at_stage_{number + 1}", doc, ("n", "t"), (), (), body))
    return found


def _time(number: int) -> Expr:
    fraction = STAGES[number]
    return name("t") if fraction == 0.0 else Binary("+", name("t"), Binary("*", Number(fraction), name("dt")))


def _slopes(plan: Plan, together: Coupled, population: Population, number: int) -> Function:
    context = units.flow_context(plan, population)
    names = replace(context.names, staged=together.staged)
    body: list[Statement] = []
    for variable, *rate in parts(population):
        full = f"{population.name}_{variable}"
        slope, offset = (still(variable, at_stage(e, {}, _time(number), names), context) for e in rate)
        if slope == ZERO:
            body.append(Comment(f"d{variable}/dt = {pretty(rate[1])}   [Runge-Kutta 4, stage {number + 1}]"))
            body.append(Store(element(f"{full}_slope", "i"), offset))
            weighted, total = Binary("*", Number(WEIGHTS[number]), element(f"{full}_slope", "i")), element(f"{full}_slopes", "i")
            body.append(Store(total, weighted) if number == 0 else Increase(total, weighted))
            continue
        written = pretty(Binary("+", Binary("*", rate[0], Ref(Whose.OWN, variable)), rate[1]))
        body.append(Comment(f"d{variable}/dt = {written}   [exponential Runge-Kutta, stage {number + 1}]"))
        body += sixth(variable, slope, offset)
        body += [Store(element(f"{full}_{part}", "i"), name(f"{variable}_{part}")) for part in LEADING]
        body += along(variable, f"{variable}_moved", element(f"{full}_moved" if number else full, "i"), SHARES[number])
        body.append(Store(element(f"{full}_moved", "i"), name(f"{variable}_moved")))
    doc = f"Slopes of {population.name} at stage {number + 1} of Runge-Kutta 4."
    return Function(f"slopes_{number + 1}_{population.name}", doc, ("n", "t"), (), (), (_loop(population, body),))


def _finish(plan: Plan, population: Population) -> Function:
    context = units.flow_context(plan, population)
    body: list[Statement] = []
    for variable, slope, _ in parts(population):
        full = f"{population.name}_{variable}"
        step = Binary("*", Binary("/", name("dt"), Number(6.0)), element(f"{full}_slopes", "i"))
        new = Binary("+", element(full, "i"), step) if slope == ZERO else element(f"{full}_moved", "i")
        body.append(Let(f"{variable}_new", new))
    body += store_all([variable for variable, _, _ in parts(population)], context)
    doc = f"The state of {population.name} at step n + 1 from the slopes of the four stages."
    return Function(f"finish_{population.name}", doc, ("n", "t"), (), (), (_loop(population, body),))
