"""Drive: what each unit of a source adds to a unit of its own needs no list of spikes.

Rewrite: spikes of source units are listed, and g_i ← g_i + a for each spike of unit i on the list, becomes g_i ← g_i + n_i a, with the number n_i
drawn where it is added. Exact but for rounding: n_i is a function of the unit and the step, a does not hang on g, and nobody else hears of these
spikes. It takes Poisson sources with one rate for all units and no projection but this one, which connects one to one, without delays, and does
nothing but add to a variable without bounds. Spikes are listed all the same while they are logged, and where the mean number in a step is so low that
units go from spike to spike, or above 4.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import replace

from plasticdsl.model import AddTo, PoissonSource
from plasticdsl.model.expr import Call, Drawn, Expr, InPlan, Ref, Special, refs, walk
from plasticdsl.model.owners import Whose
from plasticdsl.plan.places import Kind, Slot
from plasticdsl.plan.plan import Plan, ProjectionPlan
from plasticdsl.plan.populations import ByHazard, PopulationPlan


def drive(plan: Plan) -> Plan:
    """The plan with such projections and their sources marked."""
    populations, heard = {p.name: p for p in plan.populations}, _heard(plan)
    driven = {p.name for p in plan.projections if _is_drive(populations, heard, p)}
    sources = {p.projection.pre for p in plan.projections if p.name in driven}
    notes = tuple(
        f"{p.label}: numbers of spikes are drawn where they are added, and no spikes are listed"
        for p in plan.projections
        if p.name in driven
    )
    return replace(
        plan,
        populations=tuple(_unlisted(p) if p.name in sources else p for p in plan.populations),
        projections=tuple(replace(p, driven=True) if p.name in driven else p for p in plan.projections),
        notes=plan.notes + notes,
    )


def _unlisted(source: PopulationPlan) -> PopulationPlan:
    (emits,) = source.events
    assert isinstance(emits.emission, ByHazard)
    return replace(source, events=(replace(emits, emission=replace(emits.emission, unlisted=True)),))


def _is_drive(populations: Mapping[str, PopulationPlan], heard: Counter[str], projection: ProjectionPlan) -> bool:
    """`heard`: how often each population is an end of a projection, or an argument."""
    own = projection.projection
    if own.connectivity.kind != "one" or heard[own.pre] != 1 or own.pre == own.post:
        return False
    happens = (projection.schemes, projection.sums, projection.totals, projection.without_spike, projection.at_thirds, projection.histories)
    return (
        _has_one_rate(populations[own.pre])
        and not (own.connectivity.also or own.connectivity.pre or own.connectivity.post or own.delays or own.changing or own.thirds)
        and not any(happens)
        and not projection.counts_now
        and _adds(populations[own.post], projection)
    )


def _heard(plan: Plan) -> Counter[str]:
    return Counter(
        end for p in plan.projections for end in (p.projection.pre, p.projection.post, *(t.population for t in p.projection.thirds))
    )


def _has_one_rate(source: PopulationPlan) -> bool:
    if not isinstance(source.population.source, PoissonSource) or source.population.step is not None or source.kept:
        return False
    (emits,) = source.events
    assert isinstance(emits.emission, ByHazard)
    return not emits.jumps and all(_is_of_all(node, source) for node in walk(emits.emission.rate))


def _is_of_all(node: Expr, source: PopulationPlan) -> bool:
    match node:
        case Ref(Whose.NETWORK):
            return True
        case Ref(Whose.OWN, name):
            return source.variable(name).kind is Kind.SHARED
        case Special(name):
            return name in ("t", "dt")
        case Ref() | InPlan() | Drawn() | Call("sample"):
            return False
        case _:
            return True


def _adds(post: PopulationPlan, projection: ProjectionPlan) -> bool:
    """Whether all that happens is that one number is added, which does not hang on what it is added to."""
    match projection.at_spikes:
        case (event,) if event in projection.at(Slot.PRE) and isinstance(event.statement, AddTo) and not event.held:
            target, value = event.statement.target, event.value
        case _:
            return False
    variable = post.variable(target.name).variable if target.owner is Whose.POST else None
    return (
        variable is not None
        and variable.low is None
        and variable.high is None
        and not any(isinstance(node, InPlan | Drawn) for node in walk(value))
        and target.name not in {r.name for r in refs(value) if r.owner is Whose.POST}
    )
