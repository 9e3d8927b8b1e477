"""What reaches a projection's synapses and units now: counts of spikes, their times kept for learning windows, what was sent a delay ago, and
what is added without a spike."""

from __future__ import annotations

from collections.abc import Sequence

from plasticdsl.kernels.loops.bounds import added
from plasticdsl.kernels.loops.names import INDEX, Names, arrival_place, place_sizes
from plasticdsl.kernels.loops.walks import Stretch, arriving, every_unit
from plasticdsl.kernels.program import Array, Constant, Function, If, Increase, Let, Size, Statement, Store, element, name
from plasticdsl.model.expr import At, Binary, Call, Compare, Number, Ref
from plasticdsl.model.model import AddTo
from plasticdsl.model.owners import Whose, owner_text
from plasticdsl.plan.plan import Event, Place, Plan, ProjectionPlan

ONE, ZERO = Number(1.0), Number(0.0)


# --- what is on its way to the post units ----------------------------------------------------------------------------


def pending_targets(projection: ProjectionPlan) -> tuple[str, ...]:
    """Variables of the post units that the projection adds to after a dendritic delay."""
    if projection.projection.delays.dendritic is None:
        return ()
    at_spikes = _added_to([e for _, many in projection.events for e in many])
    return tuple(sorted({t.name for t in (*at_spikes, *between_targets(projection)) if t.owner is Whose.POST}))


def _added_to(events: Sequence[Event]) -> tuple[Ref, ...]:
    return tuple(dict.fromkeys(e.statement.target for e in events if isinstance(e.statement, AddTo)))


def pending_arguments(projection: ProjectionPlan) -> tuple[Array, ...]:
    """A ring of sums for each of these variables."""
    p = projection.projection.name
    shape = (f"{p}_dendritic_slots", place_sizes(projection)[Place.POST])
    return tuple(
        Array(f"{p}_pending_{v}", "float64", shape, Constant(), True, f"what is on its way to {v}, by step of arrival modulo slots")
        for v in pending_targets(projection)
    )


def arrive(plan: Plan, projection: ProjectionPlan) -> Function | None:
    """The kernel that hands over what has been on its way for a dendritic delay."""
    targets = pending_targets(projection)
    if not targets:
        return None
    own, names = projection.projection, Names(plan, projection=projection)
    body: list[Statement] = []
    for target in targets:
        waiting = element(f"{own.name}_pending_{target}", "slot", "i")
        body += [*_handed_over(names, Ref(Whose.POST, target), waiting), Store(waiting, ZERO)]
    slot = Let("slot", Call("mod", (name("n"), name(f"{own.name}_dendritic_slots"))))
    doc = f"Hand over to the post units what {own.name} sent a dendritic delay ago."
    return Function(f"arrive_{own.name}", doc, ("n", "t"), (), (), (slot, *every_unit(projection, Place.POST, body)))


def _handed_over(names: Names, target: Ref, waiting: At) -> tuple[Statement, ...]:
    statement = added(names, target, waiting)
    # bounds are applied to what is added to, not where nothing arrives
    return (statement,) if isinstance(statement, Increase) else (If(Compare("!=", waiting, ZERO), (statement,)),)


# --- what is added without a spike -----------------------------------------------------------------------------------


def between_targets(projection: ProjectionPlan) -> tuple[Ref, ...]:
    """Variables of the units that the projection adds to at every step, or periodically."""
    return _added_to([*projection.each_step, *(e for _, many in projection.periodic for e in many)])


def sum_between(projection: ProjectionPlan, target: Ref) -> At:
    """What is added to the target in this step, for the unit of the loop's connection."""
    return element(f"{projection.projection.name}_adds_{owner_text(target.owner)}_{target.name}", "j" if target.owner is Whose.PRE else "i")


def _side(target: Ref) -> Place:
    return Place.PRE if target.owner is Whose.PRE else Place.POST


def between_arguments(projection: ProjectionPlan) -> tuple[Array, ...]:
    """A sum for each of these variables."""
    lengths = place_sizes(projection)
    return tuple(
        Array(
            sum_between(projection, t).ref.name,
            "float64",
            (lengths[_side(t)],),
            Constant(),
            True,
            f"what is added to {t.path} now",
        )
        for t in between_targets(projection)
    )


def add_between(plan: Plan, projection: ProjectionPlan) -> Function | None:
    """The kernel that adds it, when everyone has read the values from before."""
    p, names = projection.projection.name, Names(plan, projection=projection)
    body: list[Statement] = []
    for target in between_targets(projection):
        amount = sum_between(projection, target)
        body += every_unit(projection, _side(target), [*_handed_over(names, target, amount), Store(amount, ZERO)])
    doc = f"Add to the units what {p} adds without a spike."
    return Function(f"add_{p}", doc, ("n", "t"), (), (), tuple(body)) if body else None


# --- spikes that reach the synapses now ------------------------------------------------------------------------------


def now_arguments(projection: ProjectionPlan) -> tuple[Array, ...]:
    """How many spikes of each side arrive: per unit, or per connection where each has a delay of its own."""
    p, lengths = projection.projection.name, place_sizes(projection)
    return tuple(
        Array(
            f"{p}_now_{side}",
            "float64",
            (lengths[arrival_place(projection, side)],),
            Constant(),
            True,
            f"spikes of the {side} unit that reach synapses now",
        )
        for side in (Place.PRE, Place.POST)
    )


def count_now(projection: ProjectionPlan) -> tuple[Function, ...]:
    """Kernels that count the spikes that reach the synapses now, and forget them afterwards."""
    p, found = projection.projection.name, []
    for side in projection.counts_now:
        place = arrival_place(projection, side)
        cell = element(f"{p}_now_{side}", INDEX[place])
        where = "each connection" if place is Place.CONNECTION else "each unit's synapses"
        doc = f"Count the {side} spikes that reach {where} now."
        found.append(Function(f"count_{side}_{p}", doc, ("n", "t"), (), (), _at_arrival(projection, side, Increase(cell, ONE))))
        found.append(
            Function(f"forget_{side}_{p}", "Forget that count.", ("n", "t"), (), (), _at_arrival(projection, side, Store(cell, ZERO)))
        )
    return tuple(found)


def _at_arrival(projection: ProjectionPlan, side: Place, *body: Statement) -> tuple[Statement, ...]:
    """For every spike of `side` that arrives, at its unit, or at each connection that it reaches now."""
    at_unit, at_connection = ((), body) if arrival_place(projection, side) is Place.CONNECTION else (body, ())
    return arriving(projection, side, (Stretch(at_unit, at_connection),), ())


def history_sizes(projection: ProjectionPlan) -> tuple[Size, ...]:
    """Lengths of the histories: at most two spikes of a unit a step are kept."""
    p = projection.projection.name
    return tuple(Size(f"{p}_{h.name}_length", p, "history", h.duration) for h in projection.histories)


def history_arguments(projection: ProjectionPlan) -> tuple[Array, ...]:
    """The kept spike times, a ring for each unit, and how many there have been."""
    p, found = projection.projection.name, []
    for h in projection.histories:
        length = place_sizes(projection)[arrival_place(projection, h.side)]
        doc = f"times of the last {h.side} spikes as they reached the synapses"
        found.append(Array(f"{p}_{h.name}", "float64", (length, f"{p}_{h.name}_length"), Constant(), True, doc, "s"))
        found.append(Array(f"{p}_{h.name}_count", "int64", (length,), Constant(), True, "how many there have been"))
    return tuple(found)


def keep_history(projection: ProjectionPlan) -> tuple[Function, ...]:
    """Kernels that note the spikes that reach the synapses now."""
    p, found = projection.projection.name, []
    for h in projection.histories:
        unit, full = INDEX[arrival_place(projection, h.side)], f"{p}_{h.name}"
        count = element(f"{full}_count", unit)
        note: tuple[Statement, ...] = (
            Let("recent", Call("mod", (count, name(f"{full}_length")))),
            Store(element(full, unit, "recent"), name("t")),
            Store(count, Binary("+", count, ONE)),
        )
        doc = f"Note the {h.side} spikes that reach the synapses of {p} now."
        found.append(Function(f"keep_{h.name}_{p}", doc, ("n", "t"), (), (), _at_arrival(projection, h.side, *note)))
    return tuple(found)
