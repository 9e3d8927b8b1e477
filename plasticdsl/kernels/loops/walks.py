"""The loops over a projection's connections: rows of the pre units, columns of the post units, or all of them.

Where all pairs are connected (`Layout`), numbers of connections are computed. Then what is not negative is written so that it shows (`max(…, 0)`, loops
that begin at 0): indices that could count from the end of an array would keep a row from being worked on several connections at a time.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from plasticdsl.kernels.loops.collect import mentioned
from plasticdsl.kernels.loops.names import other_connection
from plasticdsl.kernels.program import For, If, Let, Statement, element, name
from plasticdsl.model.expr import At, Binary, Call, Choice, Compare, Expr, Number, Ref
from plasticdsl.model.owners import Whose
from plasticdsl.plan.plan import Layout, Place, ProjectionPlan

ZERO, ONE, TWO = Number(0.0), Number(1.0), Number(2.0)


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
) -> tuple[Statement, ...]:
    """For every spike of `side` that reaches the synapses at step n: stretch by stretch what the unit does and then each of its connections, then
    `after`. Inside, `j`/`i` is the unit and `k`, `i`, `j` the connection and its ends."""
    same = projection.same_axonal if side is Place.PRE else projection.same_dendritic
    own = projection.projection
    population = own.pre if side is Place.PRE else own.post
    unit = "j" if side is Place.PRE else "i"
    delayed = _is_delayed(projection, side)
    delay: Expr = ZERO if not delayed else name(f"{own.name}_{_word(side)}") if same else name("d")
    slot = Call("mod", (Binary("-", name("n"), delay) if delayed else name("n"), name(f"{population}_slots")))
    body: list[Statement] = [Let(unit, element(f"{population}_spikes", "slot", "s"))]
    for stretch in stretches:
        whole = same or stretch.everyone
        body += stretch.unit
        if stretch.connections:
            body += (
                _row(projection, stretch.connections, whole) if side is Place.PRE else (_column(projection, stretch.connections, whole),)
            )
    body += after
    spikes = For("s", ZERO, element(f"{population}_spike_count", "slot"), tuple(body))
    if same:
        return (Let("slot", slot), spikes)
    slots = name(f"{own.name}_{'axonal' if side is Place.PRE else 'dendritic'}_slots")
    return (For("d", ZERO, slots, (Let("slot", slot), spikes)),)


def _is_delayed(projection: ProjectionPlan, side: Place) -> bool:
    delays = projection.projection.delays
    return (delays.axonal if side is Place.PRE else delays.dendritic) is not None


def _word(side: Place) -> str:
    return "axonal" if side is Place.PRE else "dendritic"


def _row(projection: ProjectionPlan, body: Sequence[Statement], same: bool) -> tuple[Statement, ...]:
    p = projection.projection.name
    inside = (*_others(projection, body), *body)
    if not same:
        start, stop = _delayed("j", f"{p}_axonal_slots", f"{p}_delayed_rows")
        ends = (Let("k", element(f"{p}_delayed_row_connections", "position")), Let("i", element(f"{p}_targets", "k")))
        return (For("position", start, stop, (*ends, *inside)),)
    match projection.layout:
        case Layout.LISTED:
            target = Let("i", element(f"{p}_targets", "k"))
            return (For("k", element(f"{p}_rows", "j"), At(Ref(Whose.OWN, f"{p}_rows"), ("j + 1",)), (target, *inside)),)
        case Layout.FULL:
            units = name(f"{projection.projection.post}_units")
            first = Let("first", _not_negative(_product(name("j"), units)))
            return (first, For("i", ZERO, units, (Let("k", _sum(name("first"), name("i"))), *inside)))
        case Layout.FULL_BUT_SELF:
            return (_row_but_self(projection, inside),)


def _row_but_self(projection: ProjectionPlan, inside: Sequence[Statement]) -> For:
    """Part 0 of the row: the units before j; part 1: those after it."""
    row = _difference(name(f"{projection.projection.post}_units"), ONE)
    before = _product(name("part"), name("j"))
    part = (
        Let("first", _not_negative(_sum(_product(name("j"), row), before))),
        Let("after", _not_negative(_sum(before, name("part")))),
        For(
            "offset",
            ZERO,
            Choice(((Compare("==", name("part"), ZERO), name("j")),), _difference(row, name("j"))),
            (Let("k", _sum(name("first"), name("offset"))), Let("i", _sum(name("after"), name("offset"))), *inside),
        ),
    )
    return For("part", ZERO, TWO, part)


def _column(projection: ProjectionPlan, body: Sequence[Statement], same: bool) -> For:
    p = projection.projection.name
    inside = (*_others(projection, body), *body)
    if not same:
        start, stop = _delayed("i", f"{p}_dendritic_slots", f"{p}_delayed_columns")
        connection, source = element(f"{p}_delayed_column_connections", "position"), element(f"{p}_delayed_column_sources", "position")
        return For("position", start, stop, (Let("k", connection), Let("j", source), *inside))
    units = name(f"{projection.projection.post}_units")
    match projection.layout:
        case Layout.LISTED:
            start, stop = element(f"{p}_columns", "i"), At(Ref(Whose.OWN, f"{p}_columns"), ("i + 1",))
            connection, source = element(f"{p}_column_connections", "position"), element(f"{p}_column_sources", "position")
            return For("position", start, stop, (Let("k", connection), Let("j", source), *inside))
        case Layout.FULL:
            k = _sum(_product(name("j"), units), name("i"))
            return For("j", ZERO, name(f"{projection.projection.pre}_units"), (Let("k", k), *inside))
        case Layout.FULL_BUT_SELF:  # part 0: the units before i; part 1: those after it
            k = _sum(_difference(_sum(_product(name("j"), _difference(units, ONE)), name("i")), ONE), name("part"))
            stop_ = Choice(((Compare("==", name("part"), ZERO), name("i")),), units)
            return For("part", ZERO, TWO, (For("j", _product(name("part"), _sum(name("i"), ONE)), stop_, (Let("k", k), *inside)),))


def _sum(left: Expr, right: Expr) -> Expr:
    return Binary("+", left, right)


def _difference(left: Expr, right: Expr) -> Expr:
    return Binary("-", left, right)


def _product(left: Expr, right: Expr) -> Expr:
    return Binary("*", left, right)


def _not_negative(number: Expr) -> Expr:
    return Call("max", (number, ZERO))


def _others(projection: ProjectionPlan, body: Sequence[Statement]) -> tuple[Statement, ...]:
    """The connections of other projections between the same two units, where the body reads them."""
    names = mentioned(body) if projection.others else frozenset()
    return tuple(
        Let(
            other_connection(o.name),
            name("k") if o.exact and not o.transposed else element(f"{projection.projection.name}_in_{o.name}", "k"),
        )
        for o in projection.others
        if other_connection(o.name) in names
    )


def _delayed(unit: str, slots: str, rows: str) -> tuple[At, At]:
    """Bounds of the connections of a unit whose delay is d steps."""
    return At(Ref(Whose.OWN, rows), (f"{unit} * {slots} + d",)), At(Ref(Whose.OWN, rows), (f"{unit} * {slots} + d + 1",))


def row(projection: ProjectionPlan, body: Sequence[Statement]) -> tuple[Statement, ...]:
    """The connections of pre unit j."""
    return _row(projection, body, True)


def every_connection(projection: ProjectionPlan, body: Sequence[Statement]) -> tuple[Statement, ...]:
    """All connections, row by row."""
    return (For("j", ZERO, name(f"{projection.projection.pre}_units"), row(projection, body)),)


def every_unit(projection: ProjectionPlan, side: Place, body: Sequence[Statement]) -> tuple[Statement, ...]:
    """All units of one side."""
    own = projection.projection
    if side is Place.PRE:
        return (For("j", ZERO, name(f"{own.pre}_units"), tuple(body), independent=True),)
    return (For("i", ZERO, name(f"{own.post}_units"), tuple(body), independent=True),)


def every_place(projection: ProjectionPlan, place: Place, body: Sequence[Statement]) -> tuple[Statement, ...]:
    """All elements of a place."""
    return every_connection(projection, body) if place is Place.CONNECTION else every_unit(projection, place, body)


def in_force(projection: ProjectionPlan, body: Sequence[Statement]) -> If:
    """Only while the projection's rules are on."""
    return If(Compare("!=", name(f"{projection.projection.name}_learning"), ZERO), tuple(body))
