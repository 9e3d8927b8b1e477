"""Replay: what a postsynaptic spike does to its connections is carried out when the next presynaptic spike comes to them, spike by spike.

Rewrite, with m for all that statements at post spikes change of a connection, x_j for traces of the pre unit, and b_i for what the post unit knows:

    at post spikes f:   m_ij ← F(m_ij, x_j(f), b_i(f))                            becomes
    at post spikes f:   unit i keeps f and b_i(f)
    at pre spikes n:    m_ij ← F(m_ij, x_j(f), b_i(f)) for all f that unit i has kept since the last visit to row j, in order,
                        then whatever happens then;                               x_j(f) = x_j(v) P^(f − v), where v is the last spike of j

so that connections are walked at presynaptic spikes alone, in the order in which they are stored: no second index, no jumps through memory. It is for F of
any form, where `lazy` takes sums: weights that multiply what is added to them, bounds on both sides, several variables.

Exact, up to rounding, when (1) nothing but these statements and those at presynaptic spikes reads or changes m, and no other changes what they read of a
connection; (2) x_j are traces that decay exponentially and jump nowhere but at presynaptic spikes, after what postsynaptic ones of the same step do; (3)
what else they read is known of the post unit when it spikes, or shared by all connections. What is read from outside is computed then
(`CompiledEngine.read`), and what is written or changed from outside finds nothing that waits.

A unit keeps a bounded number of spikes. Where one that some row has not seen would be forgotten, these rows are brought up to date first, so that it is
right at any rates.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from plasticdsl.model import AddTo, Assign
from plasticdsl.model.expr import Drawn, Expr, InPlan, Number, Ref, Special, rebuild, refs, substitute, walk
from plasticdsl.model.mapping import expressions
from plasticdsl.model.owners import Whose
from plasticdsl.model.schemes import variables_of
from plasticdsl.options import LARGE
from plasticdsl.plan.events import Event, Note, Postpone, Remember
from plasticdsl.plan.operations import Connections, OfConnections
from plasticdsl.plan.passes.lazy import is_trace
from plasticdsl.plan.places import Kind, Place, Slot
from plasticdsl.plan.plan import Plan, ProjectionPlan
from plasticdsl.plan.replayed import Replayed
from plasticdsl.plan.sharing import moved_on_the_way, reads_only

#: What happens before the first events of a step.
FIRST = (OfConnections.ROOM, OfConnections.TURN_PRE, OfConnections.TURN_POST)


class _Walks(Exception):
    """`str()` says why postsynaptic spikes walk their connections."""


def replay(plan: Plan) -> Plan:
    """The plan with all that connections do at postsynaptic spikes kept for the next presynaptic one, where that is exact."""
    read_by_others = frozenset(o.name for p in plan.projections for o in p.others)
    done: dict[str, ProjectionPlan] = {}
    notes: list[str] = []
    for projection in plan.projections:
        late = [e for e in projection.at(Slot.POST) if _is_of_connections(projection, e)]
        changed = dict.fromkeys(projection.variable(e.assigned).variable.symbol for e in late if e.assigned is not None)
        if not changed:
            continue
        who = f"{projection.label}: what post spikes do to {', '.join(changed)}"
        try:
            if projection.name in read_by_others:
                raise _Walks("another projection reads this one")
            done[projection.name] = _replayed(plan, projection, late)
            notes.append(f"{who} is kept, and carried out at the next pre spike, in networks with {LARGE} connections")
        except _Walks as why:
            notes.append(f"{who} is done at once, all over memory, since {why}")
    step = (*(Connections(name, of) for of in FIRST for name in done), *plan.step)
    projections = tuple(done.get(p.name, p) for p in plan.projections)
    return replace(plan, projections=projections, step=step, notes=(*plan.notes, *notes))


def _is_of_connections(projection: ProjectionPlan, event: Event) -> bool:
    """Whether a statement at postsynaptic spikes concerns each connection."""
    match event.statement:
        case Postpone():
            return False
        case Remember():
            return not event.once
        case _:
            return event.assigned is None or projection.variable(event.assigned).place is Place.CONNECTION


def _replayed(plan: Plan, projection: ProjectionPlan, late: list[Event]) -> ProjectionPlan:
    """The projection with these statements replayed; raises `_Walks`."""
    targets = tuple(dict.fromkeys(e.assigned for e in late if e.assigned is not None))
    _require_order(plan, projection, late)
    splitting = _Splitting(projection, _known_once(projection))
    events: list[Event] = []
    replayed: list[Event] = []
    for event in projection.at(Slot.POST):
        if not any(event is one for one in late):
            events.append(event)
            continue
        before = len(splitting.notes)
        replayed.append(event.with_value(splitting.split(event.value)))
        events += (Event(Note(name, value), event.held) for name, value in list(splitting.notes.items())[before:])
    read = {r.name for e in late for r in refs(e.value) if r.owner is Whose.OWN}
    _require_nobody_else(projection, late, frozenset(targets), read)
    by_slot = tuple((slot, tuple(events) if slot is Slot.POST else many) for slot, many in projection.events)
    written = tuple((e, any(e is one for one in late)) for e in projection.at(Slot.POST))
    found = Replayed(tuple(replayed), targets, tuple(dict.fromkeys(splitting.traces)), tuple(splitting.notes), written)
    return replace(projection, events=by_slot, replayed=found)


def _known_once(projection: ProjectionPlan) -> Mapping[Expr, Expr]:
    """What is remembered of the post unit before its connections are visited."""
    once = (e.statement for e in projection.at(Slot.POST) if e.once)
    return {InPlan("remembered", s.name): Number(0.0) for s in once if isinstance(s, Remember)}


# --- when, and by whom -----------------------------------------------------------------------------------------------


def _require_order(plan: Plan, projection: ProjectionPlan, late: list[Event]) -> None:
    own, pre = projection.projection, projection.at(Slot.PRE)
    if own.changing or own.symmetric:
        raise _Walks(f"connections {'come and go' if own.changing else 'of two directions are kept alike'}")
    if not projection.same_axonal or not projection.same_dendritic:
        raise _Walks("delays differ between connections")
    if any(s.place is Place.CONNECTION for s in projection.schemes):
        raise _Walks("connections flow")
    if not plan.population(own.post).population.block.fires_once:
        raise _Walks("post units may spike several times in a step")
    if projection.postponed:
        raise _Walks("a part of it waits in sums")
    if any(e.of for e in (*projection.at(Slot.POST), *pre)) or projection.at_thirds:
        raise _Walks("other events than spikes concern the connections")
    if not all(isinstance(e.statement, Assign | Remember) for e in late):
        raise _Walks("a statement adds to units, or takes sums, choices or times of spikes")
    if not pre or not all(isinstance(e.statement, Assign | AddTo | Remember) for e in pre):
        raise _Walks("pre spikes do nothing then" if not pre else "at pre spikes sums, choices or times of spikes are taken")
    stays = all(e.held for e in late if isinstance(e.statement, Assign))
    if not stays and all(e.held or isinstance(e.statement, Remember) for e in pre):
        raise _Walks("pre spikes do nothing while rules are off")


def _require_nobody_else(projection: ProjectionPlan, late: list[Event], targets: frozenset[str], read: set[str]) -> None:
    """Nothing but `late` and statements at presynaptic spikes reads or changes the targets, or changes what is read."""
    at_spikes = [e for slot, many in projection.events if slot is not Slot.PRE for e in many if not any(e is one for one in late)]
    others = (*at_spikes, *projection.without_spike)
    here = {p.variable.name for p in projection.variables if p.place is Place.CONNECTION and p.kind is Kind.STATE}
    if not targets <= here or not targets.isdisjoint((*projection.shadows, *projection.forecasts)):
        raise _Walks("ties of spikes need copies in every step")
    if any(e.assigned in (targets | read) & here for e in others):
        raise _Walks("something else changes the same connections")
    beside = expressions((tuple(e.statement for e in others), projection.schemes, projection.sums, projection.totals, projection.histories))
    if any(r.owner is Whose.OWN and r.name in targets for expr in beside for r in refs(expr)):
        raise _Walks("something else reads the same connections")
    shared = _shared(projection)
    for target in targets:
        variable = projection.variable(target).variable
        bounds = (b for b in (variable.low, variable.high) if b is not None)
        if not all(reads_only(b, side, shared) and Special("t") not in walk(b) for b in bounds for side in (Place.PRE, Place.POST)):
            raise _Walks(f"bounds of {variable.symbol} differ between connections, or change")


def _shared(projection: ProjectionPlan) -> frozenset[str]:
    return frozenset(p.variable.name for p in projection.variables if p.kind is Kind.SHARED)


# --- what is read ----------------------------------------------------------------------------------------------------


@dataclass(slots=True)
class _Splitting:
    """Divides expressions into what the post unit knows when it spikes, which is noted, and the rest. `known`: what is remembered of it."""

    projection: ProjectionPlan
    known: Mapping[Expr, Expr]
    notes: dict[str, Expr] = field(default_factory=dict)
    traces: list[str] = field(default_factory=list)

    def split(self, expr: Expr) -> Expr:
        """`expr` at a later time; raises `_Walks` for what is not known then."""
        if self._is_of_post(expr):
            return self._noted(expr) if self._moves(expr) else expr
        match expr:
            case Ref(Whose.OWN, name):
                self._require_stays(expr, name)
            case InPlan("remembered") | Special("i" | "j" | "dt" | "N_pre" | "N_post"):
                pass
            case Ref() | InPlan() | Special() | Drawn():
                raise _Walks("they read what only the moment knows")
            case _:
                return rebuild(expr, self.split)
        return expr

    def _is_of_post(self, expr: Expr) -> bool:
        own = frozenset(p.variable.name for p in self.projection.variables if p.place is Place.POST) | _shared(self.projection)
        return reads_only(substitute(expr, self.known), Place.POST, own, moved_on_the_way(self.projection, Place.POST))

    def _moves(self, expr: Expr) -> bool:
        """Whether something in it has another value later."""
        shared = _shared(self.projection)
        return any(
            node in self.known
            or node == Special("t")
            or isinstance(node, InPlan)
            or (isinstance(node, Ref) and node.owner is not Whose.NETWORK and not (node.owner is Whose.OWN and node.name in shared))
            for node in walk(expr)
        )

    def _noted(self, expr: Expr) -> Expr:
        """Every statement notes its own: what the unit knows may change between two."""
        first = next((r.name for r in refs(expr)), "time")
        name = f"{first}_{len(self.notes) + 1}"
        self.notes[name] = expr
        return InPlan("noted", name)

    def _require_stays(self, ref: Ref, name: str) -> None:
        placed = self.projection.variable(name)
        match placed.place, placed.kind:
            case _, Kind.SHARED:
                pass
            case Place.CONNECTION, Kind.STATE:
                pass
            case Place.PRE, Kind.STATE if ref.limit != "after" and is_trace(self.projection, name):
                held = any(name in s.held for s in self.projection.schemes if name in variables_of(s.scheme))
                if held:
                    raise _Walks(f"{placed.variable.symbol} stands still while rules are off")
                self.traces.append(name)
            case Place.PRE, Kind.STATE:
                raise _Walks(f"{placed.variable.symbol} is more than a trace that decays and jumps at pre spikes")
            case _:
                raise _Walks(f"{placed.variable.symbol} differs between connections")
