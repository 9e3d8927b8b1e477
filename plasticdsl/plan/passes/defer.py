"""Defer: what rules change at every step is carried out by the next sum over the connections, in one walk.

Rewrite, for a projection with sums y_i = Σ_j f(w_ij, …) and rules w_ij ← F(w_ij, u_j, c_i) at every step:

    at step n:            w_ij ← F(w_ij, u_j(n), c_i(n))                    becomes   u_j ← u_j(n), c_i ← c_i(n)
    at the next sum:      y_i ← y_i + f(w_ij)                               becomes   w_ij ← F(w_ij, u_j, c_i), y_i ← y_i + f(w_ij)

where u_j and c_i are the largest parts of the expressions that belong to one unit. The weights come from memory once, not twice, and what belongs to
a unit is computed once for it, not for each of its connections. Nothing need be known beforehand, and the rules may be of any form.

Exact, to the bit in double precision, when (1) nothing but such rules changes the variables concerned, and nothing but them and the sums reads them in a
step; (2) what the rules read is of the connection itself or of its two units. Where no sum comes before the rules are due again, they are carried
out first. So they are before anybody looks from outside or changes anything (`CompiledEngine.read`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from plasticdsl.model import Assign
from plasticdsl.model.expr import At, Call, Compare, Drawn, Expr, Incoming, InPlan, Logic, Number, Special, SumOver, rebuild, refs, walk
from plasticdsl.model.owners import Whose
from plasticdsl.options import SOME
from plasticdsl.plan.deferred import Changed, Deferred
from plasticdsl.plan.operations import AddSum, AtStep, Connections, EvaluateInput, OfConnections, Only, Operation
from plasticdsl.plan.places import Kind, Place
from plasticdsl.plan.plan import Plan, ProjectionPlan
from plasticdsl.plan.sharing import reads_only
from plasticdsl.plan.sweeps import Sweep

_FIXED = frozenset({"dt", "N_pre", "N_post", "i", "j"})
_DRAWS = frozenset({"uniform", "normal", "exponential"})


def defer(plan: Plan) -> Plan:
    """The plan with every rule that can wait for a sum."""
    visited = {o.population for o in _each(plan.step) if isinstance(o, Sweep)}
    read_by_others = frozenset(o.name for p in plan.projections for o in p.others)
    own: dict[str, list[AddSum | AtStep]] = {}
    for operation in _each(plan.step):
        if isinstance(operation, AddSum | AtStep):
            own.setdefault(operation.projection, []).append(operation)
    found: dict[str, ProjectionPlan] = {}
    firsts: dict[str, AddSum] = {}
    for p in plan.projections:
        first = _first_sum(own.get(p.name, ()))
        if first is None or p.name in read_by_others or visited & {p.projection.pre, p.projection.post}:
            continue
        deferred = _deferred(p, own[p.name])
        if deferred is not None:
            found[p.name], firsts[p.name] = replace(p, deferred=deferred), first
    step = tuple(_rewritten(o, firsts) for o in plan.step) if found else plan.step
    notes = tuple(
        f"{p.label}: what rules change is carried out by the next sum in networks with {SOME} connections" for p in found.values()
    )
    return replace(plan, projections=tuple(found.get(p.name, p) for p in plan.projections), step=step, notes=(*plan.notes, *notes))


def _each(operations: Sequence[Operation]) -> Iterator[Operation]:
    """What is carried out in a step, whatever the conditions."""
    for operation in operations:
        match operation:
            case EvaluateInput(parts=parts) | Only(parts=parts):
                yield from _each(parts)
            case _:
                yield operation


def _first_sum(own: Sequence[AddSum | AtStep]) -> AddSum | None:
    """The first sum after the rules of a projection, in this step or the next one, among its operations."""
    rules = [place for place, o in enumerate(own) if isinstance(o, AtStep)]
    if len(rules) != 1:
        return None
    return next((o for o in (*own[rules[0] :], *own) if isinstance(o, AddSum)), None)


def _rewritten(operation: Operation, firsts: Mapping[str, AddSum]) -> Operation:
    match operation:
        case AtStep(name, None) if name in firsts:
            return Connections(name, OfConnections.KEEP_CHANGES)
        case AddSum(projection=name) if firsts.get(name) == operation:
            return replace(operation, changes=True)
        case EvaluateInput(parts=parts) | Only(parts=parts):
            return replace(operation, parts=tuple(_rewritten(o, firsts) for o in parts))
        case _:
            return operation


# --- which rules -----------------------------------------------------------------------------------------------------


def _deferred(projection: ProjectionPlan, operations: Sequence[AddSum | AtStep]) -> Deferred | None:
    """What the rules of a projection do at every step; None where that cannot wait."""
    own, events = projection.projection, projection.each_step
    at_spikes = projection.at_spikes or projection.at_thirds or projection.periodic or projection.histories
    flowing = (
        projection.totals
        or projection.superposed
        or projection.settled is not None
        or any(s.place is Place.CONNECTION for s in projection.schemes)
    )
    if (
        own.delays
        or own.changing
        or own.symmetric
        or at_spikes
        or projection.others
        or flowing
        or projection.shadows
        or projection.forecasts
    ):
        return None
    if not events or not all(isinstance(e.statement, Assign) and not e.of for e in events) or len({e.held for e in events}) > 1:
        return None
    if any(o.along is not None for o in operations if isinstance(o, AddSum)):
        return None
    placed = {e.assigned: projection.variable(e.assigned) for e in events if e.assigned is not None}
    bounds = [b for p in placed.values() for b in (p.variable.low, p.variable.high) if b is not None]
    if any(p.place is not Place.CONNECTION or p.kind is not Kind.STATE for p in placed.values()):
        return None
    if not all(_is_fixed(projection, b) for b in bounds):
        return None
    if any(isinstance(node, Call) and node.function in _DRAWS for e in events for node in walk(e.value)):
        return None
    parts = _Parts(projection)
    changes = tuple(Changed(e.assigned, e.value, parts.of(e.value)) for e in events if e.assigned is not None)
    if not all(_is_of_connection(c.value) for c in changes):
        return None
    return Deferred(changes, tuple(parts.kept[Place.PRE]), tuple(parts.kept[Place.POST]), events[0].held)


def _is_fixed(projection: ProjectionPlan, expr: Expr) -> bool:
    """Whether an expression keeps its value: of numbers, and parameters of the projection or the network."""
    return all(
        r.owner is Whose.NETWORK or (r.owner is Whose.OWN and projection.variable(r.name).kind in (Kind.SHARED, Kind.CONSTANT))
        for r in refs(expr)
    ) and _is_plain(expr)


def _is_of_connection(expr: Expr) -> bool:
    """Whether a rewritten expression reads nothing but the connection itself, and what is kept for it."""
    return all(r.owner in (Whose.NETWORK, Whose.OWN) for r in refs(expr)) and _is_plain(expr)


def _is_plain(expr: Expr) -> bool:
    """Whether it is the same at any time when what it reads is the same."""
    return all(
        not (isinstance(node, Special) and node.name not in _FIXED)
        and not (isinstance(node, InPlan) and node.what not in ("of_pre", "of_post"))
        and not (isinstance(node, Call) and node.function == "sample")
        and not isinstance(node, Drawn | Incoming | At | SumOver)
        for node in walk(expr)
    )


@dataclass(frozen=True, slots=True)
class _Parts:
    """Finds the largest parts of expressions that belong to one unit."""

    projection: ProjectionPlan
    kept: dict[Place, dict[Expr, None]] = field(default_factory=lambda: {Place.PRE: {}, Place.POST: {}})

    def of(self, expr: Expr) -> Expr:
        """The expression with what is kept in place of these parts."""
        if isinstance(expr, Number) or _is_fixed(self.projection, expr):
            return expr
        for side in (Place.POST, Place.PRE):
            if not isinstance(expr, Compare | Logic) and self._is_of(side, expr):  # conditions are no numbers
                known = self.kept[side]
                known.setdefault(expr)
                return InPlan("of_post" if side is Place.POST else "of_pre", str(list(known).index(expr) + 1))
        return rebuild(expr, self.of)

    def _is_of(self, side: Place, expr: Expr) -> bool:
        own = frozenset(p.variable.name for p in self.projection.variables if p.place is side or p.kind is Kind.SHARED)
        return reads_only(expr, side, own)
