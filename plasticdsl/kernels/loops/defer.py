"""Changes of connections that wait for the next sum over them (`plan.passes.defer`): what is kept for them, and the walks that carry them out.

Comes in: the plan of a projection with `Deferred` rules. Goes out: the kernel that keeps what they read of units, the one that carries them out by
itself, and what a sum does on its way.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from plasticdsl.kernels.identifiers import RUN, Kernel, Local, Part, of_projection
from plasticdsl.kernels.loops.bounds import clipped
from plasticdsl.kernels.loops.collect import changed
from plasticdsl.kernels.loops.names import I, J, Names, each_unit, number_of, place_sizes
from plasticdsl.kernels.loops.walks import every_unit, in_force, row
from plasticdsl.kernels.program import (
    ONE,
    ZERO,
    Array,
    Comment,
    Element,
    For,
    Function,
    If,
    Increase,
    Let,
    Read,
    Statement,
    Store,
    Waits,
    element,
    only,
    plus,
    times,
)
from plasticdsl.model.expr import Call, Compare, Expr, Number
from plasticdsl.model.pretty import pretty
from plasticdsl.plan.deferred import Deferred
from plasticdsl.plan.places import Place
from plasticdsl.plan.plan import Plan, ProjectionPlan
from plasticdsl.support.products import LONGEST

#: Which of the groups of rows whose terms are gathered.
GROUP = Local("group")

_SIDES = ((Place.PRE, Part.OF_PRE, J), (Place.POST, Part.OF_POST, I))


def arguments(projection: ProjectionPlan) -> Iterator[Array]:
    """What is kept. Nothing of it is part of a saved state: what waits is carried out before one is taken."""
    if projection.deferred is None:
        return
    field, lengths = of_projection(projection.name).field, place_sizes(projection)
    yield Array(field(Part.CHANGES_WAIT), "int64", (RUN.field(Part.ONE),), 0, changes=False)
    yield Array(field(Part.GATHERED), "float64", (lengths[Place.POST],), changes=False, narrow=True)
    for place, part, _ in _SIDES:
        for number, value in enumerate(_of(projection.deferred, place), start=1):
            yield Array(field(part, str(number)), "float64", (lengths[place],), changes=False, doc=pretty(value), narrow=True)


def _of(deferred: Deferred, place: Place) -> Sequence[Expr]:
    return deferred.of_pre if place is Place.PRE else deferred.of_post


def waits(projection: ProjectionPlan) -> Waits:
    """What the engine has to know."""
    deferred, group = _deferred(projection), of_projection(projection.name)
    return Waits(tuple(group.variable(c.name) for c in deferred.changes), group.field(Part.CHANGES_WAIT))


def keep(plan: Plan, projection: ProjectionPlan) -> Function:
    """The kernel that keeps what the rules read of units in this step."""
    deferred, names, field = _deferred(projection), Names(plan, projection), of_projection(projection.name).field
    body: list[Statement] = []
    for place, part, index in _SIDES:
        stores: list[Statement] = []
        for number, value in enumerate(_of(deferred, place), start=1):
            stores += [Comment(pretty(value)), Store(element(field(part, str(number)), index), names.resolve(value))]
        body += every_unit(projection, place, stores) if stores else ()
    body.append(Store(only(field(Part.CHANGES_WAIT)), ONE))
    doc = f"Keep what the rules of {projection.name} change in this step until the next sum."
    now = (in_force(projection, body),) if deferred.held else tuple(body)
    return Function(Kernel("keep_changes_{}", (projection.name,)), doc, (*carried_out(plan, projection), *now))


def carry_out(plan: Plan, projection: ProjectionPlan) -> Function:
    """The kernel that carries out what waits, where somebody asks before the next sum."""
    doc = f"Carry out the changes at the connections of {projection.name} that wait for the next sum."
    return Function(Kernel("carry_out_{}", (projection.name,)), doc, carried_out(plan, projection))


def carried_out(plan: Plan, projection: ProjectionPlan) -> tuple[Statement, ...]:
    """What waits, if anything does."""
    if projection.deferred is None:
        return ()
    walk = _every_row(projection, _row_by_row(projection, _changes(plan, projection)))
    return (If(_something_waits(projection), (walk, _nothing_waits(projection))),)


def summed(plan: Plan, projection: ProjectionPlan, whole: Element, terms: Sequence[Statement]) -> tuple[Statement, ...]:
    """A sum over all connections, with what waits carried out on the way. `terms`: what a connection adds to the `whole`."""
    changes, walk = _changes(plan, projection), _gathered if plan.single else _at_once
    both, sums = (walk(projection, whole, _row_by_row(projection, body)) for body in ([*changes, *terms], terms))
    return (If(_something_waits(projection), (*both, _nothing_waits(projection)), sums),)


def _every_row(projection: ProjectionPlan, body: Sequence[Statement]) -> Statement:
    return each_unit(projection.projection.pre, body, J, in_order=True)


def _at_once(projection: ProjectionPlan, whole: Element, body: Sequence[Statement]) -> tuple[Statement, ...]:
    return (_every_row(projection, body),)


def _gathered(projection: ProjectionPlan, whole: Element, body: Sequence[Statement]) -> tuple[Statement, ...]:
    """Row by row, where states have 32 bits: so have sums of a few rows, which then are added to what has 64. Else each term would become a number of
    64 bits, and half as many would be worked on at a time."""
    part, rows = element(of_projection(projection.name).field(Part.GATHERED), I), number_of(projection.projection.pre)
    begin, of_part = times(Read(GROUP), Number(float(LONGEST))), (s for s in changed(body, lambda e: part if e == whole else None))
    groups = Call("quotient", (plus(rows, Number(float(LONGEST - 1))), Number(float(LONGEST))))
    inside = (
        *every_unit(projection, Place.POST, [Store(part, ZERO)]),
        For(J, begin, Call("min", (plus(begin, Number(float(LONGEST))), rows)), tuple(of_part)),
        *every_unit(projection, Place.POST, [Increase(whole, part)]),
    )
    return (For(GROUP, ZERO, groups, inside),)


def _deferred(projection: ProjectionPlan) -> Deferred:
    assert projection.deferred is not None
    return projection.deferred


def _something_waits(projection: ProjectionPlan) -> Compare:
    return Compare("==", only(of_projection(projection.name).field(Part.CHANGES_WAIT)), ONE)


def _nothing_waits(projection: ProjectionPlan) -> Store:
    return Store(only(of_projection(projection.name).field(Part.CHANGES_WAIT)), ZERO)


def _row_by_row(projection: ProjectionPlan, body: Sequence[Statement]) -> tuple[Statement, ...]:
    """A row of connections, with what they read of the pre unit in locals: a row is worked on several connections at a time only where nothing that is
    stored changes what is read, and of few arrays that can be asked."""
    of_pre: dict[Element, Local] = {}
    stored = {s.target.array for s in body if isinstance(s, Store | Increase)}

    def in_local(expr: Expr) -> Expr | None:
        if not (isinstance(expr, Element) and expr.indices == (Read(J),) and expr.array not in stored):
            return None
        return Read(of_pre.setdefault(expr, Local("of_row_{}", (str(len(of_pre) + 1),))))

    inside = row(projection, changed(body, in_local))
    return (*(Let(name, cell) for cell, name in of_pre.items()), *inside)


def _changes(plan: Plan, projection: ProjectionPlan) -> list[Statement]:
    """At each connection."""
    names, body = Names(plan, projection), list[Statement]()
    for change in _deferred(projection).changes:
        variable = projection.variable(change.name).variable
        new = clipped(names.resolve(change.value), variable, names.resolve)
        body += [Comment(f"{change.name} -> {pretty(change.written)}"), Store(names.own(change.name), new)]
    return body
