"""Reciprocals: a division by what all units share becomes a product.

Rewrite: x/p → x · (1/p) in the flows of units and connections and in definitions, where p is made of numbers and shared parameters and x is not, and no
jump hangs on the last digit. 1/p is then computed once for all units. A processor does a product in a fraction of the time of a division. Where all of
a flow has the factor, a step of exponential Euler takes it together with dt (`kernels.loops.factors`).
Exact but for rounding: x · (1/p) is at most 1½ units in the last place from the quotient, and what a division gives at most ½.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from math import frexp

from plasticdsl.model.expr import Binary, Call, Drawn, Expr, InPlan, Number, Ref, Special, in_jumps, rebuild, walk
from plasticdsl.model.mapping import mapped
from plasticdsl.model.owners import Whose
from plasticdsl.plan.operations import Define, EvaluateInput, Only, Operation
from plasticdsl.plan.places import Kind
from plasticdsl.plan.plan import Plan, ProjectionPlan
from plasticdsl.plan.populations import PopulationPlan

#: Whether a variable that an owner reads has one value for all its units or connections.
Shared = Callable[[Ref], bool]


def multiply(plan: Plan) -> Plan:
    """The plan with products instead of such divisions."""
    populations = {p.name: _of_units(p) for p in plan.populations}
    projections = tuple(_of_connections(plan, p) for p in plan.projections)
    step = tuple(_in_step(plan, o) for o in plan.step)
    changed = [new.population.symbol for old in plan.populations if (new := populations[old.name]).schemes != old.schemes]
    notes = tuple(f"{who}: divisions by what all units share are products" for who in changed)
    return replace(plan, populations=tuple(populations.values()), projections=projections, step=step, notes=plan.notes + notes)


def _of_units(population: PopulationPlan) -> PopulationPlan:
    return replace(population, schemes=mapped(population.schemes, lambda e: _multiplied(e, _shared_by_units(population))))


def _of_connections(plan: Plan, projection: ProjectionPlan) -> ProjectionPlan:
    ends = projection.projection.ends

    def shared(ref: Ref) -> bool:
        if ref.owner in ends:
            return plan.population(ends[ref.owner]).variable(ref.name).kind is Kind.SHARED
        return ref.owner is Whose.OWN and projection.variable(ref.name).kind is Kind.SHARED

    return replace(projection, schemes=mapped(projection.schemes, lambda e: _multiplied(e, shared)))


def _in_step(plan: Plan, operation: Operation) -> Operation:
    match operation:
        case Define(population, value=value):
            return replace(operation, value=_multiplied(value, _shared_by_units(plan.population(population))))
        case EvaluateInput(parts=parts) | Only(parts=parts):
            return replace(operation, parts=tuple(_in_step(plan, part) for part in parts))
        case _:
            return operation


def _shared_by_units(population: PopulationPlan) -> Shared:
    return lambda ref: ref.owner is Whose.OWN and population.variable(ref.name).kind is Kind.SHARED


def _multiplied(expr: Expr, shared: Shared) -> Expr:
    if in_jumps(expr) or (isinstance(expr, Call) and expr.function == "mod"):
        return expr  # where the last digit decides, it stays what the author's formula gives
    found = rebuild(expr, lambda part: _multiplied(part, shared))
    match found:
        case Binary("/", above, below) if _is_shared(below, shared) and not _is_exact(below) and not _is_shared(above, shared):
            return Binary("*", above, Binary("/", Number(1.0), below))
        case _:
            return found


def _is_shared(expr: Expr, shared: Shared) -> bool:
    return all(_is_one_value(node, shared) for node in walk(expr))


def _is_one_value(node: Expr, shared: Shared) -> bool:
    match node:
        case Ref(Whose.NETWORK):
            return True
        case Ref():
            return shared(node)
        case Special(name):
            return name in ("dt", "N_pre", "N_post")
        case InPlan() | Drawn():
            return False
        case _:
            return True


def _is_exact(divisor: Expr) -> bool:
    """A power of two has an exact reciprocal, and compilers take it by themselves."""
    return isinstance(divisor, Number) and abs(frexp(divisor.value)[0]) == 0.5
