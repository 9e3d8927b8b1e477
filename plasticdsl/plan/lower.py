"""From the checked network to the plan: everything that happens to a projection, as statements in slots.

`lower(network, per_unit, asked)` takes a network whose blocks carry their integrators (`derive.schemes`) and gives a `Plan` in which every
variable of a projection still lives with the connections; `passes/` may move it. Learning windows become traces here (`traces.py`).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import chain

from plasticdsl.model import (
    Assign,
    AtMost,
    Block,
    Handler,
    Network,
    PerUnit,
    Population,
    Projection,
    Role,
    SumInto,
    Timed,
    Timing,
    Total,
    Trigger,
)
from plasticdsl.model.expr import Expr, Ref, refs
from plasticdsl.model.inline import Scope, inline, plain, scope_of
from plasticdsl.model.owners import OfArgument, OfPopulation, Whose
from plasticdsl.model.protocol import NOTHING_ASKED, Asked
from plasticdsl.model.schemes import variables_of
from plasticdsl.model.weights import flowing_weights, weights
from plasticdsl.plan.coupling import coupled
from plasticdsl.plan.events import Event
from plasticdsl.plan.order import in_order
from plasticdsl.plan.others import other_definitions, read_by
from plasticdsl.plan.places import Place, Slot, kind_of
from plasticdsl.plan.plan import PastRead, Placed, PlacedScheme, Plan, ProjectionPlan
from plasticdsl.plan.sequence import in_sequence, resolve_own_limits
from plasticdsl.plan.sharing import remembering_once
from plasticdsl.plan.sweeps import sweeps
from plasticdsl.plan.ties import resolve
from plasticdsl.plan.totals import Totals
from plasticdsl.plan.traces import Derived, derive
from plasticdsl.plan.units import bounded, lower_population


def lower(network: Network, per_unit: PerUnit, asked: Asked = NOTHING_ASKED) -> Plan:
    """The plan of a network, nothing moved yet. `per_unit`: parameters with one value per unit or connection. `asked`: what experiments ask of it.

    Raises `PlasError`: `window-not-separable`, `limit-not-available`, `unsupported`.
    """
    by_name = {p.name: p for p in network.populations}
    projections = tuple(_projection(p, network, by_name, per_unit) for p in network.projections)
    alone = tuple(lower_population(p, per_unit, asked.kept_of(p.name)) for p in network.populations)
    populations, entries = coupled(network, alone)
    plan = Plan(network, populations, projections, per_unit, asked)
    return replace(plan, step=tuple(in_order(plan, sweeps(network, asked.one_by_one), entries)))


def _projection(projection: Projection, network: Network, by_name: Mapping[str, Population], per_unit: PerUnit) -> ProjectionPlan:
    block, pre, evaluated = projection.connection, by_name[projection.pre], frozenset(network.order)
    others = read_by(projection, network)
    # all definitions are written out in events; in sums and steps those of the units are stored already
    in_events: Scope = {**other_definitions(network, others), **scope_of(projection, by_name)}
    not_stored = {
        side: {n: e for n, e in in_events[side].items() if Ref(OfPopulation(name), n) not in evaluated}
        for side, name in projection.ends.items()
    }
    in_steps: Scope = {**in_events, **not_stored}
    # sums with delays come in no order, so that what is stored of the post unit may be old; of the pre unit they read what is remembered
    in_late_sums: Scope = {owner: written for owner, written in in_events.items() if owner is not Whose.PRE}
    held, flowing = weights(projection), flowing_weights(projection)
    parameters = frozenset(v.name for v in block.variables if v.role in (Role.PARAMETER, Role.GIVEN))
    taken = {v.name for v in block.variables}
    derived = [derive(rule, block, in_events, rule.target.name in held, taken, projection.changing) for rule in block.pairs]
    totals = Totals((*taken, *(p.variable.name for d in derived for p in d.variables)))
    pre_events, post_events = (
        tuple(chain.from_iterable(_events(block, trigger, kind, in_events, held, totals, () if kind else derived) for kind in kinds))
        for trigger, kinds in ((Trigger.PRE, _kinds(pre)), (Trigger.POST, _kinds(by_name[projection.post])))
    )
    each_step = _events(block, Trigger.STEP, "", in_steps, held, totals, ())
    periodic = tuple(
        (h.period, _handler(h, in_steps, held, totals)) for h in block.handlers if h.trigger is Trigger.EVERY and h.period is not None
    )
    waited = dict.fromkeys((h.unit, h.event) for h in block.handlers if h.unit is not None)
    at_thirds = tuple((unit, kind, _at_third(block, unit, kind, in_events, held, totals)) for unit, kind in waited)
    shared = frozenset(rule.target.name for rule in block.pairs)
    events, shadows, forecasts = resolve(pre_events, post_events, parameters, shared, once=pre.block.fires_once)
    events[Slot.PRE_LATE] += tuple(e for d in derived for e in d.late)
    in_sums = in_late_sums if projection.delays else in_steps
    sums = tuple(SumInto(s.target, plain(inline(s.body, in_sums)), s.span) for s in block.sums)
    plan = ProjectionPlan(
        projection=projection,
        variables=(*_own_variables(projection, in_events, per_unit), *totals.kept, *(p for d in derived for p in d.variables)),
        events=tuple((slot, events[slot]) for slot in Slot if events.get(slot)),
        schemes=(*(PlacedScheme(s, held=flowing & {*variables_of(s)}) for s in block.schemes), *(s for d in derived for s in d.schemes)),
        sums=sums,
        each_step=each_step,
        periodic=periodic,
        at_thirds=at_thirds,
        histories=tuple(h for d in derived for h in d.histories),
        shadows=shadows,
        forecasts=forecasts,
        same_axonal=Timed(projection.as_owner, Timing.AXONAL) not in per_unit,
        same_dendritic=Timed(projection.as_owner, Timing.DENDRITIC) not in per_unit,
        others=others,
        totals=tuple(Total(t.name, inline(t.value, in_steps)) for t in block.totals),
        past=_past(sums, pre, evaluated) if projection.delays else (),
    )
    return remembering_once(plan)


def _own_variables(projection: Projection, scope: Scope, per_unit: PerUnit) -> Iterator[Placed]:
    variables = [v for v in projection.connection.variables if v.role is not Role.DEFINITION]
    kinds = {v.name: kind_of(v, Ref(projection.as_owner, v.name) in per_unit) for v in variables}
    yield from (Placed(bounded(v, scope), kinds[v.name]) for v in variables if v.role is not Role.INPUT)
    yield from (Placed(v, kinds[v.name], Place.POST, derived=True) for v in variables if v.role is Role.INPUT)


def _past(sums: Iterable[SumInto], pre: Population, evaluated: frozenset[Ref]) -> tuple[PastRead, ...]:
    """What delayed sums read of the pre unit and is no parameter."""
    known = {v.name: v for v in pre.block.variables}
    read = {r.name for s in sums for r in refs(s.body) if r.owner is Whose.PRE and r.name in known}
    written = pre.block.definitions
    unknown = {n: e for n, e in written.items() if Ref(pre.as_owner, n) not in evaluated}

    def value(name: str, scope: Mapping[str, Expr]) -> Expr:
        return inline(Ref(Whose.PRE, name), {Whose.PRE: scope})

    changing = (n for n in sorted(read) if known[n].role not in (Role.PARAMETER, Role.GIVEN))
    return tuple(PastRead(n, value(n, written), value(n, unknown)) for n in changing)


def _kinds(population: Population) -> list[str]:
    """What happens to its units, in order."""
    return [event for _, event in population.emits]


def _events(
    block: Block,
    trigger: Trigger,
    kind: str,
    scope: Scope,
    held: frozenset[str],
    totals: Totals,
    derived: Sequence[Derived],
) -> tuple[Event, ...]:
    """All statements of a trigger, of one kind of event, in order: the handlers', then those derived from windows (increments first, then jumps of
    traces)."""
    events: list[Event] = []
    for handler in block.handlers:
        if handler.trigger is trigger and handler.event == kind:
            events += (replace(e, of=kind) for e in _handler(handler, scope, held, totals))
    for d in derived:
        events += d.at[Place(trigger)]
    return tuple(events)


def _at_third(block: Block, unit: OfArgument, kind: str, scope: Scope, held: frozenset[str], totals: Totals) -> tuple[Event, ...]:
    """All statements at the spikes or another event of an argument, in order; no tie concerns them, so that everything is what it is by then."""
    events = (e for h in block.handlers if (h.unit, h.event) == (unit, kind) for e in _handler(h, scope, held, totals))
    return tuple(e.mapped(lambda ref: Ref(ref.owner, ref.name)) for e in events)


def _handler(handler: Handler, scope: Scope, held: frozenset[str], totals: Totals) -> tuple[Event, ...]:
    events: tuple[Event, ...] = ()
    for s in handler.statements:
        holds = handler.is_rule and isinstance(s, Assign | AtMost) and s.target.name in held
        events += totals.taken_out(Event(s, holds).with_value(inline(s.value, scope)))
    if handler.simultaneous:
        events = in_sequence(sorted(events, key=lambda e: not isinstance(e.statement, Total)))
    return totals.across(resolve_own_limits(events))
