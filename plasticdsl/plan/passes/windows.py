"""Windows: units advance in shares, by as many steps as the smallest delay.

Rewrite, for d steps of a network in which every spike of a neuron takes d steps or more to the synapses:

    for n: for o in operations: o(n)        becomes        for n: for o in ahead: o(n)
                                                           for s in shares: for n: for o in parts: o(n), for the units of s
                                                           the spikes of these steps are known to all

`ahead` are sources and what happens on the side of pre units (traces, and what connections will read of them), which hang on spikes of earlier windows
alone. `parts` are what happens to units and to the connections that lead to them. No part of one share reads what a part of another has written in the
same window, since spikes are all that units hear of each other; and of what one share does the order stays. So results are the same to the bit,
whatever the shares are. The state of a share stays in the cache for d steps, and several threads take a share each.

Exact always, for the networks that it takes: neurons with thresholds, sources whose rates do not hang on states, and projections with an axonal delay, the
same for all connections, whose statements at presynaptic spikes read nothing else of the pre unit's side but traces that live there, and whose connections
do nothing at postsynaptic spikes (`passes.lazy`, `passes.replay`), at steps or by flowing. Where the smallest delay is 0 steps, programs without windows
run (`driver`).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from plasticdsl.model import AddTo
from plasticdsl.model.expr import Call, Expr, InPlan, Ref, Special, is_series, refs, walk
from plasticdsl.model.mapping import expressions
from plasticdsl.model.owners import Whose
from plasticdsl.model.schemes import Cables
from plasticdsl.options import LARGE
from plasticdsl.plan.events import Event, Note
from plasticdsl.plan.operations import AtSpikes, Connections, Define, Flow, Meet, OfConnections, OfUnits, Single, Units, Window
from plasticdsl.plan.places import Kind, Place, Slot
from plasticdsl.plan.plan import Layout, Placed, Plan, ProjectionPlan
from plasticdsl.plan.populations import AtThreshold, ByHazard, PopulationPlan


def in_windows(plan: Plan) -> Plan:
    """The plan with its step as a window, where that is exact."""
    sources = frozenset(p.name for p in plan.populations if p.population.source is not None)
    operations = tuple(_sorted(plan, sources))
    if None in operations or not _takes_all(plan, sources):
        return plan
    ahead, parts = (tuple(o for o, of_share in filter(None, operations) if of_share is wanted) for wanted in (False, True))
    met = tuple(Meet(o.projection) for o in parts if isinstance(o, AtSpikes) and o.slot is Slot.PRE)
    late = next((n for n, o in enumerate(ahead) if isinstance(o, AtSpikes | Flow)), len(ahead))
    note = f"units advance in shares, by as many steps as the smallest delay, in networks with {LARGE} connections"
    return replace(plan, step=(Window((*ahead[:late], *met, *ahead[late:]), parts),), notes=(*plan.notes, note))


def _sorted(plan: Plan, sources: frozenset[str]) -> Iterator[tuple[Single, bool] | None]:
    """Each operation, and whether it is one of shares; None for one that cannot be either."""
    for operation in plan.step:
        match operation:
            case Units(name, OfUnits.SPIKE | OfUnits.JUMP | OfUnits.FLOW, ""):
                yield operation, name not in sources
            case Define(name, stage=None) if name not in sources:
                yield operation, True
            case AtSpikes(_, slot, ""):
                yield operation, slot is not Slot.PRE_LATE
            case Connections(_, OfConnections.TURN | OfConnections.ROOM | OfConnections.TURN_PRE):
                yield operation, False
            case Connections(_, OfConnections.EXCEPT_TIES | OfConnections.TURN_POST):
                yield operation, True
            case Flow(_, Place.PRE | Place.POST as place):
                yield operation, place is Place.POST
            case _:
                yield None


def _takes_all(plan: Plan, sources: frozenset[str]) -> bool:
    members = [p for p in plan.populations if p.name not in sources]
    among = [p for p in plan.projections if p.projection.pre not in sources]
    asked = plan.asked
    return (
        bool(among)
        and not (asked.fed or asked.one_by_one)
        and all(_is_member(plan, p) for p in members)
        and all(_is_source(plan, plan.population(name)) for name in sources)
        and all(_takes(plan, p, p.projection.pre in sources) for p in plan.projections)
        and all(p.projection.post not in sources for p in plan.projections)
    )


def _is_member(plan: Plan, population: PopulationPlan) -> bool:
    """Whether its units have nothing to do with each other."""
    spikes = [e.emission for e in population.events if not e.event]
    alone = len(spikes) == len(population.events) and all(isinstance(e, AtThreshold) for e in spikes)
    bounds = tuple(b for s in population.variables for b in (s.variable.low, s.variable.high) if b is not None)
    own = (population.schemes, population.events, population.rest, bounds)
    reads_own = all(r.owner is Whose.OWN or _is_parameter(plan, r) for e in expressions(own) for r in refs(e) if not is_series(r))
    others = population.coupled or population.kept or population.changes or any(isinstance(s, Cables) for s in population.schemes)
    return alone and reads_own and population.population.step is None and not others


def _is_source(plan: Plan, population: PopulationPlan) -> bool:
    """Whether nothing of it moves but what says when it spikes."""
    moves = (population.schemes, population.changes, population.kept, population.rest)
    if any(moves) or population.population.step is not None or any(e.jumps for e in population.events):
        return False
    rates = (e.emission.rate for e in population.events if isinstance(e.emission, ByHazard))
    return len(population.events) == 1 and all(_stands(plan, node, population) for rate in rates for node in walk(rate))


def _stands(plan: Plan, node: Expr, population: PopulationPlan) -> bool:
    match node:
        case Ref(Whose.OWN, name):
            return population.variable(name).kind in (Kind.SHARED, Kind.CONSTANT)
        case Ref():
            return _is_parameter(plan, node)
        case Call("sample") | InPlan():
            return False
        case _:
            return True


def _is_parameter(plan: Plan, ref: Ref) -> bool:
    """Of the network."""
    return ref.owner is Whose.NETWORK and any(v.name == ref.name for v in plan.parameters)


# --- projections -----------------------------------------------------------------------------------------------------


def _takes(plan: Plan, projection: ProjectionPlan, of_source: bool) -> bool:
    own = projection.projection
    apart_from_spikes = (projection.sums, projection.without_spike, projection.at_thirds, projection.totals, projection.past)
    kept = (
        projection.histories,
        projection.shadows,
        projection.forecasts,
        projection.others,
        projection.counts_now,
        own.thirds,
        projection.superposed,
    )
    delayed = of_source or own.delays.axonal is not None
    plain = projection.layout is Layout.LISTED and projection.same_axonal and own.delays.dendritic is None and not own.changing
    flows = all(s.place is not Place.CONNECTION and _reads(plan, projection, s.place, s.scheme) for s in projection.schemes)
    at = ((slot, e) for slot, events in projection.events for e in events)
    apart = all(_happens_apart(plan, projection, slot, e) for slot, e in at) and all(
        _is_bounded_there(plan, projection, p) for p in projection.variables
    )
    return delayed and plain and flows and apart and not any((*apart_from_spikes, *kept))


def _is_bounded_there(plan: Plan, projection: ProjectionPlan, placed: Placed) -> bool:
    """Whether its bounds are known where it lives."""
    bounds = tuple(b for b in (placed.variable.low, placed.variable.high) if b is not None)
    return _reads(plan, projection, placed.place, bounds)


def _happens_apart(plan: Plan, projection: ProjectionPlan, slot: Slot, event: Event) -> bool:
    """Whether a statement concerns one side: of the pre unit alone, or of a connection and its post unit, which read of the other side what is known."""
    assigned, statement = event.assigned, event.statement
    place = None if assigned is None else projection.variable(assigned).place
    match slot:
        case Slot.PRE if place is Place.PRE or event.once:
            return _reads(plan, projection, Place.PRE, event.value)
        case Slot.PRE if isinstance(statement, AddTo):
            return statement.target.owner is Whose.POST and _reads(plan, projection, Place.CONNECTION, event.value)
        case Slot.PRE:
            return _reads(plan, projection, Place.CONNECTION, event.value)
        case Slot.PRE_LATE:
            return place is Place.PRE and _reads(plan, projection, Place.PRE, event.value)
        case _:  # what is postponed is kept with the post unit
            waits = isinstance(statement, Note) or any(s is statement for s in projection.postponed)
            return (place is Place.POST or waits) and _reads(plan, projection, Place.POST, event.value)


def _reads(plan: Plan, projection: ProjectionPlan, place: Place, of: object) -> bool:
    """Whether all that is read is there: for a pre unit, that of the pre side; else anything but states of the pre unit's neuron."""
    return all(_is_there(plan, projection, place, node) for e in expressions(of) for node in walk(e))


def _is_there(plan: Plan, projection: ProjectionPlan, place: Place, node: Expr) -> bool:
    match node:
        case Ref(Whose.PRE, name):
            pre = plan.population(projection.projection.pre)
            return pre.variable(name).kind in (Kind.SHARED, Kind.CONSTANT) and place is not Place.POST
        case Ref(Whose.POST):
            return place is not Place.PRE
        case Ref(Whose.OWN, name):
            placed = projection.variable(name)
            return placed.kind is Kind.SHARED or placed.place is place or place is Place.CONNECTION
        case Ref():
            return _is_parameter(plan, node)
        case InPlan(what):
            return what == "remembered"
        case Special(name):
            return name not in ("now_pre", "now_post", "lag")
        case Call("sample"):
            return False
        case _:
            return True
