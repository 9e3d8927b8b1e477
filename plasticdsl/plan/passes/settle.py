"""Settling: what flows in connections is worked out when somebody looks, and not in every step.

Rewrite, for variables of connections that decay, c ← P c in each step, and others that drift, w ← clip(w + c A dt), where A is the same for all
connections of a unit i, and a frame that began at step f: kept are

    C_ij = c_ij P^−(n − f)    and    u_ij = w_ij − C_ij S_i,    with S_i ← S_i + P^(n − f) A_i(n) dt in each step n, S_i = 0 at f,

which stand still between two events of the connection. What comes to it finds c = C P^(n − f) and w = clip(u + C S), and leaves the C and u of what it
makes of them. A sum of several such terms has several S; one without c has 1 in its place, and one that the pre unit knows an S_j. When a frame has
lasted for five time constants all connections are settled, so that no digits are lost, and the next begins. So a step costs a sum for each unit.

Exact, up to rounding, since it is the same sum: any A serves. With bounds of w, clipping once must be clipping in each step. That is so as long as changes
have one sign between two events: where there is one term, since c keeps its sign, as long as A keeps its own. That is looked at in each step; where A
turns, connections are settled, and flow step by step for a few steps. c itself may be clipped where it moves nothing else, and else where its bounds lie
around 0 and it falls: its parameters say that, so that frames begin only where it is so.

Nothing is rewritten where sums, other projections or statements at every step read what flows; where something else flows in the same connections, so
that they have to be walked anyway; where P differs between connections, or A does. What is read from outside is computed then (`CompiledEngine.read`).
"""

from __future__ import annotations

from dataclasses import replace

from plasticdsl.model import AddTo, Assign
from plasticdsl.model.expr import Expr, Number, Ref, Special
from plasticdsl.model.inline import map_refs
from plasticdsl.model.owners import OfArgument, Whose
from plasticdsl.model.schemes import Exact, ExponentialEuler, variables_of
from plasticdsl.options import SOME
from plasticdsl.plan.events import Event, Remember
from plasticdsl.plan.operations import Connections, OfConnections
from plasticdsl.plan.places import Kind, Place
from plasticdsl.plan.plan import PlacedScheme, Plan, ProjectionPlan
from plasticdsl.plan.settled import Decay, Drift, Push, Settled
from plasticdsl.plan.sharing import decaying, is_shared, own_read, reads_only
from plasticdsl.symbolic.linear import NotLinear, linear_form

ZERO = Number(0.0)


class _Stays(Exception):
    """`str()` says why connections flow in every step."""


def settle(plan: Plan) -> Plan:
    """The plan in which connections flow when somebody looks, where they can."""
    read_by_others = frozenset(o.name for p in plan.projections for o in p.others)
    done: dict[str, ProjectionPlan] = {}
    notes: list[str] = []
    for projection in (p for p in plan.projections if p.schemes):
        flowing = [s for s in projection.schemes if s.place is Place.CONNECTION]
        if not flowing:
            continue
        moved = (v for s in flowing for v in variables_of(s.scheme) if v not in dict(s.sums))
        who = ", ".join(projection.variable(v).variable.symbol for v in moved)
        try:
            done[projection.name] = replace(projection, settled=_settled(projection, projection.name in read_by_others))
            notes.append(f"{projection.label}: {who}: a connection flows when something comes to it, in networks with {SOME} connections")
        except _Stays as why:
            notes.append(f"{projection.label}: {who}: all connections flow in every step, since {why}")
    return replace(
        plan,
        projections=tuple(done.get(p.name, p) for p in plan.projections),
        step=(*(Connections(name, OfConnections.SETTLE) for name in done), *plan.step),
        notes=(*plan.notes, *notes),
    )


def settles(projection: ProjectionPlan) -> bool:
    """Whether its connections flow when somebody looks, as long as no other projection does."""
    try:
        _settled(projection, read_by_others=False)
    except _Stays:
        return False
    return True


def _settled(projection: ProjectionPlan, read_by_others: bool) -> Settled:
    """What flows in the connections; raises `_Stays`."""
    flows = [s for s in projection.schemes if s.place is Place.CONNECTION]
    names = frozenset(v for s in flows for v in variables_of(s.scheme))
    _require_nobody_looks(projection, names, read_by_others)
    decays = tuple(Decay(d, bool(s.held)) for s in flows if (d := decaying(projection, s.scheme)))
    kept = frozenset(d.name for d in decays)
    drifts = tuple(_drift(projection, s, kept) for s in flows if not decaying(projection, s.scheme))
    _require_clipping_commutes(projection, Settled(decays, drifts))
    return Settled(decays, drifts)


# --- who looks -------------------------------------------------------------------------------------------------------


def _require_nobody_looks(projection: ProjectionPlan, names: frozenset[str], read_by_others: bool) -> None:
    own = projection.projection
    if own.changing or own.symmetric:
        raise _Stays(f"connections {'come and go' if own.changing else 'of two directions are kept alike'}")
    if read_by_others:
        raise _Stays("another projection reads this one")
    if not names.isdisjoint((*projection.shadows, *projection.forecasts)):
        raise _Stays("ties of spikes need copies in every step")
    in_steps = (*projection.each_step, *(e for period, many in projection.periodic if period == Special("dt") for e in many))
    if any(e.assigned in names for e in in_steps):
        raise _Stays("they change in every step")
    if not names.isdisjoint(own_read((projection.sums, projection.totals, tuple(e.statement for e in in_steps)))):
        raise _Stays("they are read in every step")
    events = (*projection.at_spikes, *projection.without_spike)
    if not all(isinstance(e.statement, Assign | AddTo | Remember) for e in events if _concerns(e, names)):
        raise _Stays("a statement takes sums, choices or times of spikes together with them")


def _concerns(event: Event, names: frozenset[str]) -> bool:
    return event.assigned in names or not names.isdisjoint(own_read(event.statement))


# --- what flows ------------------------------------------------------------------------------------------------------


def _drift(projection: ProjectionPlan, placed: PlacedScheme, decays: frozenset[str]) -> Drift:
    match placed.scheme:
        case Exact((name,), ((rate,),), (offset,)) if rate == ZERO:
            pass
        case ExponentialEuler(name, slope, offset, at_rest=None) if slope == ZERO:
            pass
        case scheme:
            moved = (v for v in variables_of(scheme) if v not in dict(placed.sums))
            who = ", ".join(projection.variable(v).variable.symbol for v in moved)
            raise _Stays(f"{who} neither decays to 0 nor drifts")
    try:
        form = linear_form(offset, frozenset(Ref(Whose.OWN, d) for d in decays))
    except NotLinear as why:
        raise _Stays(f"the rate of {projection.variable(name).variable.symbol} is not linear: {why}") from None
    terms = [(r.name, factor) for r, factor in form.coefficients.items()]
    if form.offset != ZERO:
        terms.append(("", form.offset))
    return Drift(name, tuple(Push(d, rate, _place_of(projection, name, rate)) for d, rate in terms), bool(placed.held))


def _place_of(projection: ProjectionPlan, name: str, rate: Expr) -> Place:
    """The side of which all connections of a unit share a rate."""
    seen_from_post = map_refs(rate, lambda r: Ref(Whose.POST, r.name) if isinstance(r.owner, OfArgument) else r)
    for side, expr in ((Place.POST, seen_from_post), (Place.PRE, rate)):
        own = frozenset(p.variable.name for p in projection.variables if p.place is side or p.kind is Kind.SHARED)
        if reads_only(expr, side, own):
            return side
    raise _Stays(f"what moves {projection.variable(name).variable.symbol} differs between connections of a unit")


# --- bounds ----------------------------------------------------------------------------------------------------------


def _require_clipping_commutes(projection: ProjectionPlan, settled: Settled) -> None:
    driving = {push.decay for drift in settled.drifts for push in drift.pushes}
    for name in settled.names:
        variable = projection.variable(name).variable
        bounds = [b for b in (variable.low, variable.high) if b is not None]
        if not all(is_shared(projection, b) for b in bounds):
            raise _Stays(f"bounds of {variable.symbol} change, or differ between connections")
        if name in driving and not (_is_beyond_0(variable.low, -1.0) and _is_beyond_0(variable.high, 1.0)):
            raise _Stays(f"{variable.symbol}, which moves others, may come to a bound by itself")
    for drift in settled.drifts:
        variable = projection.variable(drift.name).variable
        if len(drift.pushes) > 1 and (variable.low is not None or variable.high is not None):
            raise _Stays(f"several terms move {variable.symbol}, which may run into a bound and back")


def _is_beyond_0(bound: Expr | None, sign: float) -> bool:
    """Whether there is no bound, or it is a number of this sign, or 0."""
    return bound is None or (isinstance(bound, Number) and sign * bound.value >= 0.0)
