"""The loops over a projection's connections: rows of the pre units, columns of the post units, or all of them.

Where all pairs are connected (`Layout`), numbers of connections are computed. Then what is not negative is written so that it shows (`max(…, 0)`, loops
that begin at 0): indices that could count from the end of an array would keep a row from being worked on several connections at a time.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from plasticdsl.kernels.identifiers import Field, Group, Local, Part, of_emitted, of_projection
from plasticdsl.kernels.loops.collect import expressions, mentioned, statements
from plasticdsl.kernels.loops.names import REPEAT, SHARE, SLOT, I, J, K, N, each_unit, number_of, other_connection, ring
from plasticdsl.kernels.program import (
    ONE,
    ZERO,
    Element,
    Fill,
    For,
    If,
    Increase,
    Let,
    Read,
    Statement,
    Store,
    While,
    element,
    minus,
    plus,
    times,
)
from plasticdsl.model.expr import Binary, Call, Choice, Compare, Expr, Logic, Number, walk
from plasticdsl.model.owners import OfArgument
from plasticdsl.plan.places import Place
from plasticdsl.plan.plan import Layout, ProjectionPlan

TWO = Number(2.0)

#: Locals: which of the spikes and its unit, a delay in steps, where in a list of connections; and where the parts of a computed row begin.
S, UNIT, D, POSITION, FIRST, AFTER, OFFSET, PART = (
    Local(text) for text in ("s", "spiking", "d", "position", "first", "after", "offset", "part")
)
#: Of the next spike: its unit, its place in a ring, and how far its connections are.
NEXT, NEXT_SLOT, AHEAD = (Local(text) for text in ("following", "next_slot", "ahead"))
#: Of a search in a row.
LOW, HIGH, MIDDLE = (Local(text) for text in ("low", "high", "middle"))


#: Where some connections begin in the list of all, and where they end.
Ends = tuple[Expr, Expr]


@dataclass(frozen=True, slots=True)
class Stretch:
    """What a unit does, and then each of its connections; `everyone`: also those that the spike does not reach now."""

    unit: Sequence[Statement]
    connections: Sequence[Statement]
    everyone: bool = False


def arriving(
    projection: ProjectionPlan,
    side: Place,
    stretches: Sequence[Stretch],
    after: Sequence[Statement],
    event: str = "",
) -> tuple[Statement, ...]:
    """For every spike (or other `event`) of `side` that reaches the synapses at step n: stretch by stretch what the unit does and then each of its
    connections, then `after`. Inside, `j`/`i` is the unit and `k`, `i`, `j` the connection and its ends."""
    same = projection.same_axonal if side is Place.PRE else projection.same_dendritic
    own, at_pre = projection.projection, side is Place.PRE
    p = of_emitted(own.pre if at_pre else own.post, event)
    delayed = (own.delays.axonal if at_pre else own.delays.dendritic) is not None
    common = of_projection(own.name).field(Part.AXONAL if at_pre else Part.DENDRITIC)
    ago: Expr = Binary("-", Read(N), Read(common if same else D)) if delayed else Read(N)
    slot = ring(SLOT, ago, p.field(Part.SLOTS))
    body = list[Statement]()
    for stretch in stretches:
        whole = same or stretch.everyone
        body += stretch.unit
        if stretch.connections and at_pre:
            fetch = fetching(projection, stretch.connections) if same else ()
            body += _next_row(projection, p) if fetch else ()
            body += row(projection, (*fetch, *stretch.connections), whole)
        elif stretch.connections:
            body.append(column(projection, stretch.connections, whole))
    body += after
    spikes = each_spike(p, J if at_pre else I, body)
    if same:
        return (slot, *spikes)
    slots = of_projection(own.name).field(Part.AXONAL_SLOTS if at_pre else Part.DENDRITIC_SLOTS)
    return (For(D, ZERO, Read(slots), (slot, *spikes)),)


def _next_row(projection: ProjectionPlan, units: Group) -> tuple[Statement, ...]:
    """How far ahead of a connection of unit j that of the next spike is: of this step, or else the first that arrives in the next one."""
    spikes, count, rows = units.field(Part.SPIKES), units.field(Part.SPIKE_COUNT), of_projection(projection.name).field(Part.ROWS)
    more = Compare("<", plus(Read(S), ONE), element(count, SLOT))
    here = If(more, (Let(NEXT, element(spikes, SLOT, plus(Read(S), ONE))),))
    if projection.projection.delays.axonal is not None:
        delay = Read(of_projection(projection.name).field(Part.AXONAL))
        then = ring(NEXT_SLOT, minus(plus(Read(N), ONE), delay), units.field(Part.SLOTS))
        first = If(Compare(">", element(count, NEXT_SLOT), ZERO), (Let(NEXT, element(spikes, NEXT_SLOT, ZERO)),))
        here = replace(here, otherwise=(then, first))
    return Let(NEXT, Read(J)), here, Let(AHEAD, minus(element(rows, NEXT), element(rows, J)))


def fetching(projection: ProjectionPlan, body: Sequence[Statement]) -> tuple[Statement, ...]:
    """What the connections of the next spike hold is asked for, one of them with each connection of this one. Loops that add to nothing are left to the
    compiler, which may work on several of their connections at a time."""
    adds = any(isinstance(s, Store | Increase) and s.target.indices == (Read(I),) for s in statements(body))
    if not (projection.fetches and adds):
        return ()
    read = (e for s in statements(body) for x in expressions(s) for e in walk(x) if isinstance(e, Element))
    arrays = dict.fromkeys(e.array for e in read if e.indices == (Read(K),))
    place = plus(Read(K), Read(AHEAD))
    return tuple(Fill((array,), "fetch", (place,)) for array in (of_projection(projection.name).field(Part.TARGETS), *arrays))


def each_spike(units: Group, unit: Local, body: Sequence[Statement]) -> tuple[Statement, ...]:
    """For every spike of a slot, `unit` being the one that spiked; spikes of one unit follow each other and are counted where the body asks."""
    spiked = Let(unit, element(units.field(Part.SPIKES), SLOT, S))
    count = element(units.field(Part.SPIKE_COUNT), SLOT)
    if REPEAT not in mentioned(body):
        return (For(S, ZERO, count, (spiked, *body)),)
    before = element(units.field(Part.SPIKES), SLOT, _not_negative(minus(Read(S), ONE)))
    again = Logic("and", (Compare(">", Read(S), ZERO), Compare("==", before, Read(unit))))
    counted = Let(REPEAT, Choice(((again, plus(Read(REPEAT), ONE)),), ZERO))
    return Let(REPEAT, ZERO), For(S, ZERO, count, (spiked, counted, *body))


def at_unit(projection: ProjectionPlan, owner: OfArgument, body: Sequence[Statement], event: str) -> tuple[Statement, ...]:
    """For every spike (or other `event`) of the unit that is an argument, at step n: the connections that take it, whatever their delays."""
    own = projection.projection
    third, first = own.third(owner), Read(of_projection(own.name).field(Part.THIRD, owner.name))
    units = of_emitted(third.population, event)
    if third.each:
        post = Let(I, Read(UNIT) if third.first == ZERO else minus(Read(UNIT), first))
        there = Logic("and", (Compare("<=", ZERO, Read(I)), Compare("<", Read(I), number_of(own.post))))
        spiked: tuple[Statement, ...] = (post, If(there, (column(projection, body),)))
    else:
        spiked = (If(Compare("==", Read(UNIT), first), every_connection(projection, body)),)
    return ring(SLOT, Read(N), units.field(Part.SLOTS)), *each_spike(units, UNIT, spiked)


def row(projection: ProjectionPlan, body: Sequence[Statement], same: bool = True, ends: Ends | None = None) -> tuple[Statement, ...]:
    """The connections of pre unit j; `same`: whatever their delays; `ends`: those between two places of the list of all."""
    p = of_projection(projection.projection.name)
    inside = (*_others(projection, body), *body)
    target = Let(I, _index(p.field(Part.TARGETS), K))
    if not same:
        start, stop = _delayed(J, p.field(Part.AXONAL_SLOTS), p.field(Part.DELAYED_ROWS))
        connection = Let(K, _index(p.field(Part.DELAYED_ROW_CONNECTIONS), POSITION))
        return (For(POSITION, start, stop, (connection, target, *inside)),)
    match projection.layout:
        case Layout.LISTED:
            return (For(K, *(ends or row_ends(projection, J)), (target, *inside)),)
        case Layout.FULL:
            units = number_of(projection.projection.post)
            first = Let(FIRST, _not_negative(times(Read(J), units)))
            return (first, For(I, ZERO, units, (Let(K, plus(Read(FIRST), Read(I))), *inside)))
        case Layout.FULL_BUT_SELF:
            return (_row_but_self(projection, inside),)


def found_in_row(projection: ProjectionPlan, begin: Expr, end: Expr, body: Sequence[Statement]) -> tuple[Statement, ...]:
    """The connections of pre unit j to post unit i, where they are listed between these two places: targets are in order."""
    targets = of_projection(projection.name).field(Part.TARGETS)
    halve: tuple[Statement, ...] = (
        Let(MIDDLE, Call("quotient", (plus(Read(LOW), Read(HIGH)), TWO))),
        If(
            Compare("<", element(targets, MIDDLE), Read(I)),
            (Let(LOW, plus(Read(MIDDLE), ONE)),),
            (Let(HIGH, Read(MIDDLE)),),
        ),
    )
    there = Logic("and", (Compare("<", Read(LOW), end), Compare("==", element(targets, LOW), Read(I))))
    return (
        Let(LOW, begin),
        Let(HIGH, end),
        While(Compare("<", Read(LOW), Read(HIGH)), halve),
        While(there, (Let(K, Read(LOW)), *body, Let(LOW, plus(Read(LOW), ONE)))),
    )


def row_ends(projection: ProjectionPlan, unit: Local, in_share: bool = False) -> Ends:
    """Where the connections of a pre unit begin, and where they end; `in_share`: those to units of the share."""
    field = of_projection(projection.name).field
    if not in_share:
        return _ends(field(Part.ROWS), Read(unit))
    begin, end = (Call("index", (element(field(Part.CUTS), unit, place),)) for place in (Read(SHARE), plus(Read(SHARE), ONE)))
    return begin, end


def _row_but_self(projection: ProjectionPlan, inside: Sequence[Statement]) -> For:
    """Part 0 of the row: the units before j; part 1: those after it."""
    row = minus(number_of(projection.projection.post), ONE)
    before = times(Read(PART), Read(J))
    part = (
        Let(FIRST, _not_negative(plus(times(Read(J), row), before))),
        Let(AFTER, _not_negative(plus(before, Read(PART)))),
        For(
            OFFSET,
            ZERO,
            Choice(((Compare("==", Read(PART), ZERO), Read(J)),), minus(row, Read(J))),
            (Let(K, plus(Read(FIRST), Read(OFFSET))), Let(I, plus(Read(AFTER), Read(OFFSET))), *inside),
        ),
    )
    return For(PART, ZERO, TWO, part)


def column(projection: ProjectionPlan, body: Sequence[Statement], same: bool = True) -> For:
    """The connections of post unit i; `same`: whatever their delays."""
    p = of_projection(projection.projection.name)
    inside = (*_others(projection, body), *body)
    if not same:
        start, stop = _delayed(I, p.field(Part.DENDRITIC_SLOTS), p.field(Part.DELAYED_COLUMNS))
        ends = (
            Let(K, _index(p.field(Part.DELAYED_COLUMN_CONNECTIONS), POSITION)),
            Let(J, _index(p.field(Part.DELAYED_COLUMN_SOURCES), POSITION)),
        )
        return For(POSITION, start, stop, (*ends, *inside))
    units = number_of(projection.projection.post)
    match projection.layout:
        case Layout.LISTED:
            ends = (Let(K, _index(p.field(Part.COLUMN_CONNECTIONS), POSITION)), Let(J, _index(p.field(Part.COLUMN_SOURCES), POSITION)))
            return For(POSITION, *_ends(p.field(Part.COLUMNS), Read(I)), (*ends, *inside))
        case Layout.FULL:
            k = plus(times(Read(J), units), Read(I))
            return each_unit(projection.projection.pre, (Let(K, k), *inside), J, in_order=True)
        case Layout.FULL_BUT_SELF:  # part 0: the units before i; part 1: those after it
            k = plus(minus(plus(times(Read(J), minus(units, ONE)), Read(I)), ONE), Read(PART))
            stop_ = Choice(((Compare("==", Read(PART), ZERO), Read(I)),), units)
            return For(PART, ZERO, TWO, (For(J, times(Read(PART), plus(Read(I), ONE)), stop_, (Let(K, k), *inside)),))


def _index(numbers: Field, place: Local) -> Expr:
    """A unit or connection, from a list of their numbers."""
    return Call("index", (element(numbers, place),))


def _not_negative(number: Expr) -> Expr:
    return Call("max", (number, ZERO))


def _others(projection: ProjectionPlan, body: Sequence[Statement]) -> tuple[Statement, ...]:
    """The connections of other projections between the same two units, where the body reads them."""
    names, counterpart = mentioned(body) if projection.others else frozenset(), of_projection(projection.name).field
    read = [(o, other_connection(o.name)) for o in projection.others if other_connection(o.name) in names]
    same = [o for o, _ in read if o.exact and not o.transposed]
    return tuple(Let(k, Read(K) if o in same else element(counterpart(Part.COUNTERPART, o.name), K)) for o, k in read)


def _ends(starts: Field, group: Expr) -> tuple[Element, Element]:
    """Where a group begins in a sorted list, and where the next one does."""
    return element(starts, group), element(starts, plus(group, ONE))


def _delayed(unit: Local, slots: Field, groups: Field) -> tuple[Element, Element]:
    """Bounds of the connections of a unit whose delay is d steps."""
    return _ends(groups, plus(times(Read(unit), Read(slots)), Read(D)))


def every_connection(projection: ProjectionPlan, body: Sequence[Statement]) -> tuple[Statement, ...]:
    """All connections, row by row."""
    return (each_unit(projection.projection.pre, row(projection, body), J, in_order=True),)


def every_unit(projection: ProjectionPlan, side: Place, body: Sequence[Statement]) -> tuple[Statement, ...]:
    """All units of one side."""
    own = projection.projection
    return (each_unit(own.pre, body, J) if side is Place.PRE else each_unit(own.post, body),)


def every_place(projection: ProjectionPlan, place: Place, body: Sequence[Statement]) -> tuple[Statement, ...]:
    """All elements of a place."""
    return every_connection(projection, body) if place is Place.CONNECTION else every_unit(projection, place, body)


def in_force(projection: ProjectionPlan, body: Sequence[Statement]) -> If:
    """Only while the projection's rules are on."""
    return If(are_on(projection.projection.name), tuple(body))


def are_on(projection: str) -> Compare:
    """Whether the rules of a projection are on."""
    return Compare("!=", Read(of_projection(projection).field(Part.LEARNING)), ZERO)
