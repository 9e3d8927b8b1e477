"""Hoisting: a connection's variable that depends on one side alone moves to that side's units.

Rewrite: r_ij(t) → r_j(t) (or r_i(t)), for all connections of unit j (i) at once.
Exact when (1) every jump of r is at the spikes of that side, and these reach all the unit's connections at the same time (one delay
for the projection); (2) every jump and flow of r reads only shared parameters, that side's unit, and variables that move along, and no chance, and no
jump reads what such spikes add to, connection by connection, of that unit;
(3) r starts at the same value at all connections of a unit. Then r_ij is the same number for all i by induction over events, and one copy suffices.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace

from plasticdsl.graph import lasting
from plasticdsl.model import PerUnit, Role, Variable
from plasticdsl.model.expr import Expr
from plasticdsl.model.mapping import expressions
from plasticdsl.model.schemes import Jumps, Noisy, Scheme, variables_of
from plasticdsl.plan.operations import Flow
from plasticdsl.plan.order import flows
from plasticdsl.plan.places import Kind, Place
from plasticdsl.plan.plan import PlacedScheme, Plan, ProjectionPlan
from plasticdsl.plan.sharing import moved_on_the_way, reads_only, remembering_once, starts_alike


def hoist(plan: Plan) -> Plan:
    """The plan with every variable of a projection where it is stored once for all connections that share it."""
    done = tuple([remembering_once(_hoist_projection(p, plan.per_unit)) for p in plan.projections])
    notes = tuple(
        f"{p.projection.symbol or p.projection.name}: {placed.variable.symbol} lives with the {placed.place} units"
        for p in done
        for placed in p.variables
        if placed.place is not Place.CONNECTION and placed.variable.role is Role.STATE
    )
    by_name = {p.name: p for p in done}
    step = tuple([f for o in plan.step for f in (flows(by_name[o.projection]) if isinstance(o, Flow) else (o,))])
    return replace(plan, projections=done, step=step, notes=plan.notes + notes)


def _hoist_projection(projection: ProjectionPlan, per_unit: PerUnit) -> ProjectionPlan:
    for side in (Place.PRE, Place.POST):
        moved = _movable(projection, side, per_unit)
        if not moved:
            continue
        reason = f"it changes at the spikes of the {side} unit only, and all connections of a unit share it"
        projection = replace(
            projection,
            variables=tuple(replace(p, place=side, reason=reason) if p.variable.name in moved else p for p in projection.variables),
            schemes=tuple(replace(s, place=side) if set(variables_of(s.scheme)) <= moved else s for s in projection.schemes),
        )
    return projection


def _movable(projection: ProjectionPlan, side: Place, per_unit: PerUnit) -> frozenset[str]:
    candidates = {
        p.variable.name: p.variable
        for p in projection.variables
        if p.kind is Kind.STATE and p.place is Place.CONNECTION and starts_alike(p, projection, per_unit)
    }
    if not candidates:
        return frozenset()
    shared = frozenset(
        p.variable.name for p in projection.variables if p.kind is Kind.SHARED or (p.kind is Kind.EVALUATED and p.place is side)
    )
    jumps: defaultdict[str | None, list[Expr]] = defaultdict(list)
    moved: defaultdict[str, list[PlacedScheme]] = defaultdict(list)
    for event in projection.at_spikes:
        jumps[event.assigned].append(event.value)
    for placed in projection.schemes:
        for name in variables_of(placed.scheme):
            moved[name].append(placed)

    on_the_way = moved_on_the_way(projection, side)

    def fits(name: str, moving: frozenset[str]) -> bool:
        at_spikes = (tuple(jumps[name]), candidates[name].low, candidates[name].high)
        alike = all(reads_only(expr, side, shared | moving, on_the_way) for expr in expressions(at_spikes))
        return alike and _fits(candidates[name], moved[name], side, shared | moving, moving)

    return lasting(candidates.keys() - _changed_elsewhere(projection, side), fits)


def _changed_elsewhere(projection: ProjectionPlan, side: Place) -> set[str | None]:
    """Variables with a jump that is not at this side's spikes, or that is held with the rules."""
    same_delay = projection.same_axonal if side is Place.PRE else projection.same_dendritic
    at_spikes = (e for slot, events in projection.events for e in events if slot.side is not side or e.held or not same_delay)
    at_thirds = (e for *_, events in projection.at_thirds for e in events)
    return {e.assigned for e in (*at_spikes, *at_thirds, *projection.without_spike)}


def _fits(own: Variable, flows: list[PlacedScheme], side: Place, allowed: frozenset[str], moving: frozenset[str]) -> bool:
    if any(s.held or _is_noisy(s.scheme) or not set(variables_of(s.scheme)) <= moving for s in flows):
        return False
    read = expressions((tuple(s.scheme for s in flows), own.initial))
    return all(reads_only(expr, side, allowed) for expr in read)


def _is_noisy(scheme: Scheme) -> bool:
    """Whether each connection draws numbers of its own: noise, or when reactions happen."""
    return isinstance(scheme, Jumps) or (isinstance(scheme, Noisy) and any(noise is not None for noise in scheme.noises))
