"""Superposition: a connection's variable to which both sides add is the sum of one value of each unit.

Rewrite, for variables x_ij of connections (one, or several that flow together) with dx/dt = A x + u_j + v_i, to which a presynaptic spike adds p_j and a
postsynaptic one q_i:

    x_ij(t) → a_j(t) + b_i(t)      da/dt = A a + u_j, a += p_j at presynaptic spikes      db/dt = A b + v_i, b += q_i at postsynaptic ones

of which the side with the initial values takes them, and the other begins at 0. So x takes up no memory of connections, and what reads x reads the sum.
What flows together with it and is no such sum, since its rate is not linear, say, goes on as it did, and meets a + b at the stages of its integrator.

Exact, up to rounding, when (1) A is the same for all connections, and a number and parameters alone; (2) every jump of x adds something that the unit that
spikes knows alone, is made while rules are off too, and reaches all connections of the unit at the same time; (3) x has no bounds; (4) x starts at the
same value at all connections of a unit. Then a + b solves the equation of x, which has one solution; and every integrator takes a linear equation one step
on by a linear map.

Where others that follow x flow in connections all the same, it is left with them if `settle` brings them up to date together, or if the connections are
listed: looking up the part of the post unit would take longer than moving x along.

A program may write values that are no such sum. They are kept for each connection from then on, as a rest r_ij that flows by dr/dt = A r, and what reads x
adds r. Until then there is no r (`CompiledEngine.write`).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import replace

from plasticdsl.graph import lasting
from plasticdsl.model import Assign, PerUnit, Role, Variable
from plasticdsl.model.expr import Binary, Expr, Negate, Number, Ref, refs
from plasticdsl.model.inline import map_refs
from plasticdsl.model.mapping import expressions, mapped
from plasticdsl.model.owners import Whose
from plasticdsl.model.schemes import variables_of
from plasticdsl.names import free_name
from plasticdsl.plan.events import Event
from plasticdsl.plan.linear_parts import alone, renamed, row_of
from plasticdsl.plan.operations import Flow, Operation, TakeTotals
from plasticdsl.plan.order import flows
from plasticdsl.plan.passes.settle import settles
from plasticdsl.plan.places import Kind, Place
from plasticdsl.plan.plan import Placed, PlacedScheme, Plan, ProjectionPlan
from plasticdsl.plan.sharing import is_shared, moved_on_the_way, own_read, reads_only, remembering_once, starts_alike
from plasticdsl.plan.superposed import Superposed
from plasticdsl.symbolic.linear import NotLinear, linear_form

ZERO, ONE = Number(0.0), Number(1.0)
OTHER = {Place.PRE: Place.POST, Place.POST: Place.PRE}


def superpose(plan: Plan) -> Plan:
    """The plan with every variable of connections that is a sum of one value of each unit in these two parts."""
    done: dict[str, ProjectionPlan] = {}
    if not plan.asked.one_by_one:
        read_by_others = {o.name for p in plan.projections for o in p.others}
        flowing = [p for p in plan.projections if p.schemes and p.name not in read_by_others]
        done = {p.name: found for p in flowing if (found := _superposed(p, plan.per_unit)) is not p and not _is_better_whole(p, found)}
    if not done:
        return plan
    notes = tuple(
        f"{p.label}: {p.variable(name).variable.symbol} is what the pre unit and the post unit have added to it, each for all its connections"
        for p in done.values()
        for group in p.superposed
        for name in group.names
    )
    projections = tuple(done.get(p.name, p) for p in plan.projections)
    return replace(plan, projections=projections, step=tuple(_in_steps(plan, done)), notes=(*plan.notes, *notes))


def _is_better_whole(before: ProjectionPlan, after: ProjectionPlan) -> bool:
    """Whether something would flow in connections all the same, and does so faster with what it follows beside it: where nothing does in each step, or
    where connections are listed, so that each would have to look up its post unit."""
    flowing = any(s.place is Place.CONNECTION for s in after.schemes)
    return flowing and (settles(before) or not before.projection.connectivity.is_full)


def _in_steps(plan: Plan, done: Mapping[str, ProjectionPlan]) -> Iterator[Operation]:
    """The operations, with a flow for each place in which something flows now, and sums that read the parts."""
    moved: set[str] = set()
    for operation in plan.step:
        match operation:
            case Flow(name) if name in done:
                yield from () if name in moved else flows(done[name])
                moved.add(name)
            case TakeTotals(name) if name in done:
                yield mapped(operation, lambda expr, name=name: _in_parts(expr, done[name].superposed))  # type: ignore[misc]
            case _:
                yield operation


def _in_parts(expr: Expr, groups: tuple[Superposed, ...]) -> Expr:
    found = {name: group for group in groups for name in group.names}
    return map_refs(expr, lambda ref: found[ref.name].value(ref.name) if ref.owner is Whose.OWN and ref.name in found else ref)


# --- one projection --------------------------------------------------------------------------------------------------


def _superposed(projection: ProjectionPlan, per_unit: PerUnit) -> ProjectionPlan:
    """The projection in parts, unchanged where nothing of it is such a sum."""
    own = projection.projection
    if own.changing or own.symmetric:
        return projection
    candidates = frozenset([p.variable.name for p in projection.variables if _may_be(projection, p, per_unit)])
    if not candidates:
        return projection
    bounds = tuple(b for p in projection.variables for b in (p.variable.low, p.variable.high) if b is not None)
    candidates -= {*projection.shadows, *projection.forecasts, *(r.name for expr in expressions(bounds) for r in refs(expr))}
    known, taken = _Known(projection), {p.variable.name for p in projection.variables}
    staying = lasting(candidates, known.fits)
    for placed in projection.schemes:
        names = tuple(v for v in variables_of(placed.scheme) if v in staying)
        side = known.beginning(names)
        if names and side is not None:
            projection = _in_two(projection, placed, names, side, known, taken)
    return _reading_parts(projection) if projection.superposed else projection


def _may_be(projection: ProjectionPlan, placed: Placed, per_unit: PerUnit) -> bool:
    own = placed.variable
    if own.role is not Role.STATE or placed.derived or placed.place is not Place.CONNECTION:
        return False
    return own.low is None and own.high is None and not own.values and starts_alike(placed, projection, per_unit)


class _Known:
    """What the units of each side know of a projection."""

    def __init__(self, projection: ProjectionPlan) -> None:
        self._projection = projection
        self._flows = {v: s for s in projection.schemes for v in variables_of(s.scheme)}
        self._jumps: defaultdict[str | None, list[tuple[Place, Event]]] = defaultdict(list)
        for slot, many in projection.events:
            for event in many:
                self._jumps[event.assigned].append((slot.side, event))
        self._elsewhere = {e.assigned for e in (*projection.without_spike, *(e for *_, many in projection.at_thirds for e in many))}
        self._moved = {side: moved_on_the_way(projection, side) for side in OTHER}
        self._at_once = {Place.PRE: projection.same_axonal, Place.POST: projection.same_dendritic}
        shared = frozenset(p.variable.name for p in projection.variables if p.kind is Kind.SHARED)
        self._own = {side: shared | {p.variable.name for p in projection.variables if p.place is side} for side in OTHER}
        self._variables = {p.variable.name: p.variable for p in projection.variables}

    def fits(self, name: str, moving: frozenset[str]) -> bool:
        """Whether a variable is a sum of two parts, if all those `moving` are."""
        if name in self._elsewhere or name not in self._flows or not self._flows_alike(self._flows[name], name, moving):
            return False
        return all(self._adds(event, name, side) for side, event in self._jumps[name])

    def _flows_alike(self, placed: PlacedScheme, name: str, moving: frozenset[str]) -> bool:
        row = row_of(placed.scheme, name)
        if row is None or name in placed.held or not row.coefficients.keys() <= moving:
            return False
        return all(is_shared(self._projection, factor) for factor in row.factors) and self.parts(row.offset) is not None

    def _adds(self, event: Event, name: str, side: Place) -> bool:
        """Whether a statement at spikes of a side adds something that its unit knows."""
        target = Ref(Whose.OWN, name)
        if not isinstance(event.statement, Assign) or event.held or not self._at_once[side]:
            return False
        try:
            form = linear_form(event.value, frozenset({target}))
        except NotLinear:
            return False
        return form.coefficient(target) == ONE and self._reads(form.offset, side, self._moved[side])

    def _reads(self, expr: Expr, side: Place, moved: frozenset[str] = frozenset()) -> bool:
        return reads_only(expr, side, self._own[side], moved)

    def beginning(self, names: tuple[str, ...]) -> Place | None:
        """The side that knows where these variables begin."""
        return next((side for side in OTHER if all(self._starts(self._variables[name], side) for name in names)), None)

    def _starts(self, variable: Variable, side: Place) -> bool:
        return all(self._reads(expr, side) for expr in expressions((variable.initial,)))

    def parts(self, expr: Expr) -> dict[Place, Expr] | None:
        """An expression as a sum of what the two sides know; None for what is no such sum."""
        for side, other in OTHER.items():
            if self._reads(expr, side):
                return {side: expr, other: ZERO}
        match expr:
            case Negate(operand) if (found := self.parts(operand)) is not None:
                return {side: _negative(part) for side, part in found.items()}
            case Binary("+" | "-" as sign, left, right):
                one, other_one = self.parts(left), self.parts(right)
                if one is not None and other_one is not None:
                    return {side: _added(sign, one[side], other_one[side]) for side in OTHER}
            case _:
                pass
        return None


def _negative(part: Expr) -> Expr:
    return part if part == ZERO else Negate(part)


def _added(sign: str, left: Expr, right: Expr) -> Expr:
    if right == ZERO:
        return left
    if left == ZERO:
        return right if sign == "+" else Negate(right)
    return Binary("+" if sign == "+" else "-", left, right)


# --- in two parts ----------------------------------------------------------------------------------------------------


def _in_two(
    projection: ProjectionPlan, placed: PlacedScheme, names: tuple[str, ...], side: Place, known: _Known, taken: set[str]
) -> ProjectionPlan:
    """With some variables of an integrator in two parts, which nobody reads yet; those that read them are led on with their sum."""
    other, scheme = OTHER[side], placed.scheme
    others, rests = (tuple(_fresh(f"{name}_{what}", taken) for name in names) for what in (other, "rest"))
    offsets = [known.parts(row.offset) or {} for name in names if (row := row_of(scheme, name)) is not None]
    parts = [
        PlacedScheme(alone(scheme, dict(zip(names, many, strict=True)), [offset[at] for offset in offsets]), at)
        for at, many in ((side, names), (other, others))
    ]
    group = Superposed(names, others, rests, alone(scheme, dict(zip(names, rests, strict=True)), [ZERO] * len(names)))
    variables = [replace(p, place=side, reason=_reason(side)) if p.variable.name in names else p for p in projection.variables]
    for name, part, rest in zip(names, others, rests, strict=True):
        blank = replace(projection.variable(name).variable, initial=None)
        variables.append(Placed(replace(blank, name=part, symbol=part), Kind.STATE, other, True, _reason(other, name)))
        variables.append(Placed(replace(blank, name=rest, symbol=rest), Kind.STATE, Place.CONNECTION, True))
    if set(names) != set(variables_of(scheme)):
        parts.append(placed)
    events = tuple(
        (slot, many if slot.side is side else tuple(_of_part(e, names, others) for e in many)) for slot, many in projection.events
    )
    return replace(
        projection,
        variables=tuple(variables),
        events=events,
        schemes=tuple(part for s in projection.schemes for part in (parts if s is placed else (s,))),
        superposed=(*projection.superposed, group),
    )


def _reason(side: Place, of: str = "") -> str:
    return f"what spikes of the {side} unit add to {of or 'it'}, the same for all its connections"


def _fresh(hint: str, taken: set[str]) -> str:
    name = free_name(hint, taken)
    taken.add(name)
    return name


def _of_part(event: Event, names: tuple[str, ...], others: tuple[str, ...]) -> Event:
    """A jump of one of these variables, made on the part of the other side."""
    statement = event.statement
    if event.assigned not in names or not isinstance(statement, Assign):
        return event
    target, part = statement.target, Ref(Whose.OWN, others[names.index(statement.target.name)])
    value = map_refs(statement.value, lambda ref: part if Ref(ref.owner, ref.name) == target else ref)
    return replace(event, statement=replace(statement, target=part, value=value))


def _reading_parts(projection: ProjectionPlan) -> ProjectionPlan:
    """With the sum of its parts in place of each such variable, but where the parts themselves change."""
    groups = projection.superposed
    parts = {part for group in groups for part in (*group.names, *group.others)}

    def read(expr: Expr) -> Expr:
        return _in_parts(expr, groups)

    def of(event: Event) -> Event:
        return event if event.assigned in parts else mapped(event, read)

    sums = {name: free_name(f"{name}_sum", {p.variable.name for p in projection.variables}) for group in groups for name in group.names}
    wholes = (Placed(Variable(name, name, Role.DEFINITION), Kind.EVALUATED, Place.CONNECTION, True) for name in sums.values())
    schemes = (s if parts.issuperset(variables_of(s.scheme)) else _with_sums(s, sums) for s in projection.schemes)
    return remembering_once(
        replace(
            projection,
            variables=(*projection.variables, *wholes),
            events=tuple((slot, tuple(map(of, many))) for slot, many in projection.events),
            each_step=mapped(projection.each_step, read),
            periodic=mapped(projection.periodic, read),
            at_thirds=tuple((unit, kind, mapped(many, read)) for unit, kind, many in projection.at_thirds),
            schemes=tuple(schemes),
            sums=mapped(projection.sums, read),
            totals=mapped(projection.totals, read),
        )
    )


def _with_sums(placed: PlacedScheme, sums: Mapping[str, str]) -> PlacedScheme:
    """An integrator of connections that begins with the sums of what it reads or leads along."""
    met = own_read(placed.scheme) | {*variables_of(placed.scheme)}
    found = {name: whole for name, whole in sums.items() if name in met}
    return replace(placed, scheme=renamed(placed.scheme, found), sums=tuple((whole, name) for name, whole in found.items()))
