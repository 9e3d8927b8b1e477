"""From the checked network to the plan: everything that happens to a projection, as statements in slots.

`lower(network, per_unit)` takes a network whose blocks carry their integrators (`derive.schemes`) and gives a `Plan` in which every
variable of a projection still lives with the connections; `passes/` may move it. Learning windows become traces here (`traces.py`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from plasticdsl.model.expr import Expr, Special, walk
from plasticdsl.model.model import (
    AddTo,
    Assign,
    Block,
    Handler,
    Network,
    PerUnit,
    Population,
    Projection,
    Role,
    SumInto,
    Threshold,
    Timed,
    Timing,
    Total,
    Trigger,
    Variable,
)
from plasticdsl.model.owners import Owner, Whose
from plasticdsl.model.schemes import Scheme, variables_of
from plasticdsl.model.weights import weights
from plasticdsl.plan.inline import definitions, inline
from plasticdsl.plan.others import other_definitions, read_by, readers_first
from plasticdsl.plan.plan import Event, Place, Placed, PlacedScheme, Plan, PopulationPlan, ProjectionPlan, Slot
from plasticdsl.plan.sequence import assigned, in_sequence, resolve_own_limits, value_of, with_value
from plasticdsl.plan.sweeps import sweeps
from plasticdsl.plan.ties import resolve
from plasticdsl.plan.totals import Totals
from plasticdsl.plan.traces import Derived, derive


def lower(network: Network, per_unit: PerUnit) -> Plan:
    """The plan of a network, nothing moved yet. `per_unit`: parameters with one value per unit or connection.

    Raises `PlasError`: `window-not-separable`, `limit-not-available`, `unsupported`.
    """
    network = replace(network, populations=tuple(replace(p, block=_with_bounds_written_out(p.block)) for p in network.populations))
    by_name = {p.name: p for p in network.populations}
    evaluated = frozenset((e.population, e.name) for e in network.order)
    projections = tuple(_projection(p, by_name[p.pre], by_name[p.post], evaluated, per_unit, network) for p in network.projections)
    readers_first(network)  # raises where there is no such order
    return Plan(network, tuple(PopulationPlan(p) for p in network.populations), projections, per_unit, sweeps=sweeps(network))


def _with_bounds_written_out(block: Block) -> Block:
    own: dict[Owner, dict[str, Expr]] = {Whose.OWN: definitions(block)}
    return replace(block, variables=tuple(_bounded(v, own) for v in block.variables))


def _bounded(variable: Variable, scope: Mapping[Owner, Mapping[str, Expr]]) -> Variable:
    low, high = (None if bound is None else inline(bound, scope) for bound in (variable.low, variable.high))
    return replace(variable, low=low, high=high)


@dataclass(frozen=True, slots=True)
class _Scope:
    """Definitions to write out: all of them in events; in sums and steps those of the units are stored already. Sums with delays come in no
    order, so that what is stored of the post unit may be old; of the pre unit they read what is remembered."""

    in_events: Mapping[Owner, Mapping[str, Expr]]
    in_steps: Mapping[Owner, Mapping[str, Expr]]
    in_late_sums: Mapping[Owner, Mapping[str, Expr]]


def _projection(
    projection: Projection,
    pre: Population,
    post: Population,
    evaluated: frozenset[tuple[str, str]],
    per_unit: PerUnit,
    network: Network,
) -> ProjectionPlan:
    block = projection.connection
    others = read_by(projection, network)
    scope = _scope(block, pre, post, evaluated, other_definitions(projection, network, others))
    held = weights(projection)
    parameters = frozenset(v.name for v in block.variables if v.role in (Role.PARAMETER, Role.GIVEN))
    taken = {v.name for v in block.variables}
    derived = [derive(rule, block, scope.in_events, rule.target.name in held, taken) for rule in block.pairs]
    totals = Totals((*taken, *(p.variable.name for d in derived for p in d.variables)))
    pre_events = _events(block, Trigger.PRE, scope.in_events, held, totals, derived)
    post_events = _events(block, Trigger.POST, scope.in_events, held, totals, derived)
    each_step = _events(block, Trigger.STEP, scope.in_steps, held, totals, ())
    periodic = tuple(
        (h.period, _handler(h, scope.in_steps, held, totals)) for h in block.handlers if h.trigger is Trigger.EVERY and h.period is not None
    )
    shared = frozenset(rule.target.name for rule in block.pairs)
    resolved = resolve(pre_events, post_events, parameters, shared, once=isinstance(pre.block.spike, Threshold))
    late = tuple(e for d in derived for e in d.pre_late)
    events = {**resolved.events, Slot.PRE_LATE: (*resolved.events[Slot.PRE_LATE], *late)}
    return ProjectionPlan(
        projection=projection,
        variables=(
            *(Placed(_bounded(v, scope.in_events)) for v in block.variables if v.role not in (Role.DEFINITION, Role.INPUT)),
            *(Placed(v, Place.POST, True) for v in block.variables if v.role is Role.INPUT),
            *totals.kept,
            *(p for d in derived for p in d.variables),
        ),
        events=tuple((slot, events[slot]) for slot in Slot if events.get(slot)),
        schemes=(
            *(PlacedScheme(s, held=_moves(s, held, block)) for s in block.schemes),
            *(s for d in derived for s in d.schemes),
        ),
        sums=tuple(
            SumInto(s.target, inline(s.body, scope.in_late_sums if projection.delays else scope.in_steps), s.span) for s in block.sums
        ),
        each_step=each_step,
        periodic=periodic,
        histories=tuple(h for d in derived for h in d.histories),
        shadows=resolved.shadows,
        forecasts=resolved.forecasts,
        counts_now=_counts_now(events),
        same_axonal=Timed(projection.as_owner, Timing.AXONAL) not in per_unit,
        same_dendritic=Timed(projection.as_owner, Timing.DENDRITIC) not in per_unit,
        others=others,
        totals=tuple(Total(t.name, inline(t.body, scope.in_steps)) for t in block.totals),
    )


def _scope(
    block: Block,
    pre: Population,
    post: Population,
    evaluated: frozenset[tuple[str, str]],
    others: Mapping[Owner, Mapping[str, Expr]],
) -> _Scope:
    of_pre, of_post = definitions(pre.block), definitions(post.block)
    return _Scope(
        {**others, Whose.OWN: definitions(block), Whose.PRE: of_pre, Whose.POST: of_post},
        {
            **others,
            Whose.OWN: definitions(block),
            Whose.PRE: {n: e for n, e in of_pre.items() if (pre.name, n) not in evaluated},
            Whose.POST: {n: e for n, e in of_post.items() if (post.name, n) not in evaluated},
        },
        {**others, Whose.OWN: definitions(block), Whose.POST: of_post},
    )


def _events(
    block: Block,
    trigger: Trigger,
    scope: Mapping[Owner, Mapping[str, Expr]],
    held: frozenset[str],
    totals: Totals,
    derived: tuple[Derived, ...] | list[Derived],
) -> tuple[Event, ...]:
    """All statements of a trigger in order: the handlers', then those derived from windows (increments first, then jumps of traces)."""
    events: list[Event] = []
    for handler in block.handlers:
        if handler.trigger is trigger:
            events += _handler(handler, scope, held, totals)
    for d in derived:
        events += d.pre if trigger is Trigger.PRE else d.post if trigger is Trigger.POST else ()
    return tuple(events)


def _handler(handler: Handler, scope: Mapping[Owner, Mapping[str, Expr]], held: frozenset[str], totals: Totals) -> tuple[Event, ...]:
    events = tuple(e for s in handler.statements for e in totals.taken_out(_event(s, handler, scope, held)))
    if handler.simultaneous:
        events = in_sequence(sorted(events, key=lambda e: not isinstance(e.statement, Total)))
    own = frozenset(name for e in events if (name := assigned(e)) is not None)
    return totals.across(resolve_own_limits(events, own))


def _event(statement: Assign | AddTo, handler: Handler, scope: Mapping[Owner, Mapping[str, Expr]], held: frozenset[str]) -> Event:
    written_out = with_value(statement, inline(value_of(statement), scope))
    holds = handler.is_rule and isinstance(statement, Assign) and statement.target.name in held
    return Event(written_out, holds)


def _moves(scheme: Scheme, held: frozenset[str], block: Block) -> bool:
    """Whether an integrator moves a weight by a rule's flow."""
    return any(f.is_rule and f.variable in variables_of(scheme) and f.variable in held for f in block.flows)


def _counts_now(events: Mapping[Slot, tuple[Event, ...]]) -> tuple[Place, ...]:
    found = {n.name for many in events.values() for e in many for n in walk(value_of(e.statement)) if isinstance(n, Special)}
    return tuple(p for p, name in ((Place.PRE, "now_pre"), (Place.POST, "now_post")) if name in found)
