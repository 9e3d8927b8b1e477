"""Calendar: units that spike at rates that stand still go from spike to spike.

Rewrite: h ← h − m in each step, with m = rate · dt, and a spike where h ≤ 0, becomes h ← h − k m at the next spike alone, which is k = ⌈h/m⌉ steps
away. A step in which no unit spikes looks at no unit. Exact always: hazards and means are whole grains (`support.hazards`), so that k m has no
rounding and k differences leave the same. Rates are looked at before the first of some steps; where one has changed, h + k′ m, with the k′ steps that
are not to come, is what is left, and goes on with the new rate. It takes rates made of numbers and parameters, which change from outside alone, and
units without a refractory time; populations with steps of their own are left as they are.
"""

from __future__ import annotations

from dataclasses import replace

from plasticdsl.model.expr import Call, Drawn, Expr, InPlan, Ref, Special, walk
from plasticdsl.model.owners import Whose
from plasticdsl.plan.places import Kind
from plasticdsl.plan.plan import Plan
from plasticdsl.plan.populations import ByHazard, Emits, PopulationPlan


def look_ahead(plan: Plan) -> Plan:
    """The plan with such populations marked."""
    done = tuple(_looking_ahead(plan, p) for p in plan.populations)
    changed = [new.population.symbol for old, new in zip(plan.populations, done, strict=True) if new is not old]
    notes = tuple(f"{who}: each unit knows the step of its next spike; a step without spikes costs nothing" for who in changed)
    return replace(plan, populations=done, notes=plan.notes + notes)


def _looking_ahead(plan: Plan, population: PopulationPlan) -> PopulationPlan:
    if population.rest is not None or population.population.step is not None:
        return population
    events = tuple(_ahead(plan, population, e) for e in population.events)
    return replace(population, events=events) if events != population.events else population


def _ahead(plan: Plan, population: PopulationPlan, emits: Emits) -> Emits:
    match emits.emission:
        case ByHazard(rate) as by if all(_stands_still(node, plan, population) for node in walk(rate)):
            return replace(emits, emission=replace(by, ahead=True))
        case _:
            return emits


def _stands_still(node: Expr, plan: Plan, population: PopulationPlan) -> bool:
    match node:
        case Ref(Whose.NETWORK, name):
            return any(v.name == name for v in plan.parameters)
        case Ref(Whose.OWN, name):
            fed = Ref(population.population.as_owner, name) in plan.asked.fed
            return not fed and population.variable(name).kind in (Kind.SHARED, Kind.CONSTANT)
        case Special(name):
            return name in ("dt", "i")
        case Ref() | InPlan() | Drawn() | Call("sample"):
            return False
        case _:
            return True
