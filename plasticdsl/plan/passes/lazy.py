"""Lazy post events: what a postsynaptic spike does to its connections is carried out when the next presynaptic spike comes to them.

Rewrite, with a trace r_j of the pre unit that decays by the factor P in each step, and b_i of the post unit:

    at post spikes n_f:  w_ij ← clip(w_ij + r_j(n_f) b_i(n_f))    becomes
    at post spikes:      S_i  ← S_i + b_i P^(n_f − n₀)
    at pre spikes n:     w_ij ← clip(u_ij + a_j S_i), then whatever happens then, then u_ij = w_ij − a_j' S_i,   a_j = r_j(n) P^(−(n − n₀))

so that connections are walked at presynaptic spikes alone, in the order in which they are stored. a_j is the same number at all times between two
spikes of j. n₀ is the beginning of a frame of a few time constants, so that no digits are lost; sums of several frames are kept, and what no spike
has visited in that time is brought up to date when the oldest of them ends.

Exact, up to rounding, when (1) r_j is a trace that decays exponentially and jumps nowhere but at presynaptic spikes, after what postsynaptic ones of the
same step do; (2) w has no bounds, or constant ones within which it is, and all r_j b_i are of one sign: with it, clipping once is clipping each time;
(3) nothing but presynaptic spikes reads w between two of them. What is read from outside is computed then (`CompiledEngine.read`).

Signs and bounds are those of the model. A program may write a trace below 0 or a weight outside its bounds, and a phase may move a bound: then nothing
waits for the connections concerned, for as long as it is so (`kernels.loops.at_once`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

from plasticdsl.model import AddTo, Assign
from plasticdsl.model.expr import Binary, Expr, Negate, Number, Ref, refs
from plasticdsl.model.mapping import expressions
from plasticdsl.model.owners import Whose
from plasticdsl.model.schemes import Exact, variables_of
from plasticdsl.options import MANY
from plasticdsl.plan.events import Event, Postpone
from plasticdsl.plan.operations import AtSpikes, Connections, OfConnections, Operation
from plasticdsl.plan.places import Kind, Place, Slot
from plasticdsl.plan.plan import Placed, Plan, ProjectionPlan
from plasticdsl.plan.sharing import moved_on_the_way, reads_only
from plasticdsl.symbolic.linear import NotLinear, linear_form

#: The parameters that multiply a term, and its sign without them: two terms of one sign have the same.
Sign = tuple[frozenset[Ref], bool]


def postpone(plan: Plan) -> Plan:
    """The plan with every change at postsynaptic spikes that can wait for the next presynaptic one."""
    read_by_others = frozenset(o.name for p in plan.projections for o in p.others)
    done = {p.name: p if p.name in read_by_others else _projection(p) for p in plan.projections}
    late = {p.name: p for p in done.values() if p.postponed}
    if not late:
        return plan
    notes = tuple(
        f"{p.label}: what post spikes add to {p.variable(s.target).variable.symbol} waits for the next pre spike in networks with {MANY} connections"
        for p in late.values()
        for s in p.postponed
    )
    step = (*(Connections(name, OfConnections.TURN) for name in late), *(o for found in plan.step for o in _around(found, late)))
    return replace(plan, projections=tuple(done.values()), step=step, notes=(*plan.notes, *dict.fromkeys(notes)))


def _around(operation: Operation, late: Mapping[str, ProjectionPlan]) -> Iterator[Operation]:
    yield operation
    match operation:
        case AtSpikes(name, Slot.POST, "") if name in late:
            yield Connections(name, OfConnections.EXCEPT_TIES)


def _projection(projection: ProjectionPlan) -> ProjectionPlan:
    """The projection with its changes at postsynaptic spikes postponed; unchanged where they cannot be."""
    own = projection.projection
    if own.changing or own.symmetric or not projection.same_axonal or not projection.same_dendritic or not projection.at(Slot.PRE):
        return projection
    events: list[Event] = []
    found = False
    for event in projection.at(Slot.POST):
        late = _postponed(projection, event)
        found = found or late is not None
        events += (event,) if late is None else late
    if not found:
        return projection
    by_slot = tuple((slot, tuple(events) if slot is Slot.POST else many) for slot, many in projection.events)
    return replace(projection, events=by_slot)


def _postponed(projection: ProjectionPlan, event: Event) -> tuple[Event, ...] | None:
    """What an event at postsynaptic spikes becomes, a statement for each trace; None where it has to stay."""
    match event.statement:
        case Assign(Ref(Whose.OWN, name) as target, value, span) if not event.of and _waits(projection, name, event):
            pass
        case _:
            return None
    traces = {p.variable.name for p in projection.variables if p.place is Place.PRE and p.kind is Kind.STATE}
    read = {r for r in refs(value) if r.owner is Whose.OWN and r.name in traces}
    if any(r.limit == "after" for r in read) or not all(is_trace(projection, r.name) for r in read):
        return None
    try:
        form = linear_form(value, frozenset({target, *read}))
    except NotLinear:
        return None
    if form.coefficient(target) != Number(1.0) or form.offset != Number(0.0) or not read:
        return None
    factors = {r: c for r, c in form.coefficients.items() if r != target}
    if not all(_is_of_post(projection, factor) for factor in factors.values()) or not _is_one_way(projection, name, factors):
        return None
    return tuple(replace(event, statement=Postpone(name, r.name, factor, span)) for r, factor in factors.items())


def _waits(projection: ProjectionPlan, name: str, event: Event) -> bool:
    """Whether nothing but statements at presynaptic spikes reads or changes a weight beside `event`."""
    placed = projection.variable(name)
    if placed.place is not Place.CONNECTION or placed.kind is not Kind.STATE or name in (*projection.shadows, *projection.forecasts):
        return False
    bounds = (b for b in (placed.variable.low, placed.variable.high) if b is not None)
    if any(not reads_only(b, Place.POST, _shared(projection)) or not reads_only(b, Place.PRE, _shared(projection)) for b in bounds):
        return False
    others = [e for slot, many in projection.events if slot is not Slot.PRE for e in many if e is not event]
    others += [e for *_, many in projection.at_thirds for e in many]
    others += projection.without_spike
    plain = all(isinstance(e.statement, Assign | AddTo) and not e.of for e in projection.at(Slot.PRE))
    beside = expressions((tuple(e.statement for e in others), projection.schemes, projection.sums, projection.totals, projection.histories))
    mentioned = any(Ref(Whose.OWN, name) == Ref(r.owner, r.name) for expr in beside for r in refs(expr))
    moved = any(name in variables_of(s.scheme) for s in projection.schemes) or any(e.assigned == name for e in others)
    return plain and not mentioned and not moved


def _shared(projection: ProjectionPlan) -> frozenset[str]:
    return frozenset(p.variable.name for p in projection.variables if p.kind is Kind.SHARED)


def is_trace(projection: ProjectionPlan, name: str) -> bool:
    """Whether it decays exponentially, and jumps after the presynaptic spikes of a step alone, once for each."""
    placed = projection.variable(name)
    flows = [s for s in projection.schemes if name in variables_of(s.scheme)]
    jumps = [(slot, e) for slot, many in projection.events for e in many if e.assigned == name]
    elsewhere = [e for e in (*projection.without_spike, *(e for *_, many in projection.at_thirds for e in many)) if e.assigned == name]
    if elsewhere or len(flows) != 1 or len(jumps) != 1 or placed.variable.low is not None or placed.variable.high is not None:
        return False
    (slot, jump), scheme = jumps[0], flows[0].scheme
    alone = isinstance(scheme, Exact) and scheme.variables == (name,) and scheme.offset == (Number(0.0),)
    own = reads_only(jump.value, Place.PRE, _shared(projection) | {name}) and isinstance(jump.statement, Assign)
    return alone and own and slot is Slot.PRE_LATE and not jump.held and not jump.of


def _is_of_post(projection: ProjectionPlan, factor: Expr) -> bool:
    """Whether a factor is known of the post unit alone when it spikes."""
    own = frozenset(p.variable.name for p in projection.variables if p.place is Place.POST)
    return reads_only(factor, Place.POST, own | _shared(projection), moved_on_the_way(projection, Place.POST))


# --- signs -----------------------------------------------------------------------------------------------------------


def _is_one_way(projection: ProjectionPlan, name: str, factors: Mapping[Ref, Expr]) -> bool:
    """Whether a weight has no bounds, or whatever is added to it has one sign, so that it runs into one bound at most."""
    variable = projection.variable(name).variable
    if variable.low is None and variable.high is None:
        return True
    signs = {sign for r, factor in factors.items() for sign in _signs(projection, Binary("*", r, factor))}
    return len(signs) == 1 and None not in signs


def _signs(projection: ProjectionPlan, expr: Expr) -> Iterator[Sign | None]:
    """The signs of all terms of a sum; None for one that may have either."""
    match expr:
        case Binary("+", left, right):
            yield from _signs(projection, left)
            yield from _signs(projection, right)
        case Binary("-", left, right):
            yield from _signs(projection, left)
            yield from _signs(projection, Negate(right))
        case Binary("*" | "/", left, right):
            for one in _signs(projection, left):
                for other in _signs(projection, right):
                    yield None if one is None or other is None else (one[0] ^ other[0], one[1] != other[1])
        case Negate(operand):
            yield from (None if sign is None else (sign[0], not sign[1]) for sign in _signs(projection, operand))
        case Number(value):
            yield (frozenset(), value < 0.0)
        case Ref(Whose.OWN, name) if _is_never_negative(projection, projection.variable(name)):
            yield (frozenset(), False)
        case Ref(Whose.OWN | Whose.NETWORK) if expr.owner is Whose.NETWORK or projection.variable(expr.name).kind is Kind.SHARED:
            yield (frozenset({expr}), False)
        case _:
            yield None


def _is_never_negative(projection: ProjectionPlan, placed: Placed) -> bool:
    """Whether it is a trace that begins at 0 or above, decays exponentially, and is never pushed below 0."""
    variable = placed.variable
    starts = variable.initial is None or (isinstance(variable.initial, Number) and variable.initial.value >= 0.0)
    flows = [s.scheme for s in projection.schemes if variable.name in variables_of(s.scheme)]
    decays = all(isinstance(s, Exact) and s.variables == (variable.name,) and s.offset == (Number(0.0),) for s in flows)
    everything = (*projection.at_spikes, *projection.without_spike)
    jumps = (e.value for e in everything if e.assigned == variable.name)
    return placed.kind is Kind.STATE and starts and decays and all(_keeps_sign(jump, variable.name) for jump in jumps)


def _keeps_sign(jump: Expr, name: str) -> bool:
    """Whether what a trace jumps to is a sum of itself and numbers that are not negative."""
    match jump:
        case Number(value):
            return value >= 0.0
        case Ref(Whose.OWN, other):
            return other == name
        case Binary("+" | "*", left, right):
            return _keeps_sign(left, name) and _keeps_sign(right, name)
        case _:
            return False
