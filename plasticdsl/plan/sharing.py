"""What is the same for all connections of a unit: it can be stored, or computed at a spike, once.

Comes in: expressions and statements of a projection. Goes out: the same statements, with `Event.once` where one serves all connections.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace

from plasticdsl.model import AddTo, Distribution, PerUnit
from plasticdsl.model.expr import Drawn, Expr, InPlan, Number, Ref, Special, refs, substitute, walk
from plasticdsl.model.mapping import expressions
from plasticdsl.model.owners import Whose
from plasticdsl.model.schemes import Exact, Scheme
from plasticdsl.plan.events import Event, Remember
from plasticdsl.plan.places import Kind, Place
from plasticdsl.plan.plan import Placed, ProjectionPlan

ZERO = Number(0.0)

_UNITS = {Place.PRE: Whose.PRE, Place.POST: Whose.POST}
_SPECIALS = {
    Place.PRE: ("t", "dt", "N_pre", "N_post", "j"),
    Place.POST: ("t", "dt", "N_pre", "N_post", "i"),
    Place.CONNECTION: ("t", "dt", "N_pre", "N_post", "i", "j", "now_pre", "now_post"),
}


def reads_only(expr: Expr, side: Place, allowed: frozenset[str], moved: frozenset[str] = frozenset()) -> bool:
    """Whether an expression of a connection has the same value for all connections of a unit of `side`; `allowed`: own names that have; `moved`: names
    of the unit that have not (`moved_on_the_way`)."""
    return all(_is_shared(node, side, allowed, moved) for node in walk(expr))


def starts_alike(placed: Placed, projection: ProjectionPlan, per_unit: PerUnit) -> bool:
    """Whether a variable begins with what its block says, and not with a value drawn or given for each connection."""
    owner, variable = projection.projection.as_owner, placed.variable
    given = dict(projection.projection.values)
    drawn = isinstance(variable.initial, Distribution) or Ref(owner, variable.name) in per_unit
    return not (drawn or variable.name in given or f"{variable.name}(0)" in given)


def moved_on_the_way(projection: ProjectionPlan, side: Place) -> frozenset[str]:
    """Variables of a unit of `side` to which statements at its spikes add while its connections are visited, so that each connection reads another
    value: through every connection, or where a connection leads from the unit to itself."""
    own, unit = projection.projection, _UNITS[side]
    itself = own.connectivity.self_connections or own.connectivity.kind in ("listed", "transposed")
    at_spikes = (e.statement for slot, many in projection.events if slot.side is side for e in many)
    targets = {s.target for s in at_spikes if isinstance(s, AddTo)}
    return frozenset(
        t.name for t in targets if own.ends[t.owner] == own.ends[unit] and (itself or t.owner not in {*_UNITS.values()} - {unit})
    )


def _is_shared(node: Expr, side: Place, allowed: frozenset[str], moved: frozenset[str]) -> bool:
    match node:
        case Ref(Whose.OWN, name) | InPlan("shadow" | "forecast", name):
            return name in allowed
        case Ref(owner, name):
            return owner is Whose.NETWORK or (owner is _UNITS.get(side) and name not in moved)
        case InPlan() | Drawn():
            return False
        case Special(name):
            return name in _SPECIALS[side]
        case _:
            return True


def is_shared(projection: ProjectionPlan, expr: Expr) -> bool:
    """Whether it is a number and parameters that all connections share."""
    shared = frozenset(p.variable.name for p in projection.variables if p.kind is Kind.SHARED)
    return all(reads_only(expr, side, shared) for side in (Place.PRE, Place.POST)) and Special("t") not in walk(expr)


def decaying(projection: ProjectionPlan, scheme: Scheme) -> str:
    """The variable that decays by itself, by a rate that all connections share; "" where there is none."""
    match scheme:
        case Exact((name,), ((rate,),), (offset,)) if offset == ZERO != rate and is_shared(projection, rate):
            return name
        case _:
            return ""


def own_read(part: object) -> frozenset[str]:
    """The own variables that what is in a part of a plan reads."""
    return frozenset(r.name for e in expressions(part) for r in refs(e) if r.owner is Whose.OWN)


def remembering_once(projection: ProjectionPlan) -> ProjectionPlan:
    """At spikes, a value that all connections of the unit share is remembered before its connections are visited. Exact: the unit's own variables change
    in the same stretch of statements."""
    if not any(isinstance(event.statement, Remember) for _, many in projection.events for event in many):
        return projection
    events = tuple([(slot, _with_once(projection, slot.side, many)) for slot, many in projection.events])
    return replace(projection, events=events)


def _with_once(projection: ProjectionPlan, side: Place, events: Sequence[Event]) -> tuple[Event, ...]:
    if not any(isinstance(event.statement, Remember) for event in events):
        return tuple(events)
    allowed = frozenset(p.variable.name for p in projection.variables if p.place is side or p.kind is Kind.SHARED)
    moved = moved_on_the_way(projection, side)
    known: defaultdict[str, dict[Expr, Expr]] = defaultdict(dict)
    found: list[Event] = []
    for event in events:
        statement = event.statement
        if isinstance(statement, Remember):
            event = replace(event, once=reads_only(substitute(statement.value, known[event.of]), side, allowed, moved))
            if event.once:
                known[event.of][InPlan("remembered", statement.name)] = Number(0.0)
        found.append(event)
    return tuple(found)
