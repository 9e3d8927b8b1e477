"""What reaches a projection's synapses and units now: counts of spikes, their times kept for learning windows, what was sent a delay ago, and
what is added without a spike."""

from __future__ import annotations

from collections.abc import Sequence

from plasticdsl.kernels.identifiers import Kernel, Local, Part, of_projection
from plasticdsl.kernels.loops.bounds import added
from plasticdsl.kernels.loops.names import EACH_STEP, INDEX, SLOT, I, J, N, Names, T, arrival_place, arriving_now, place_sizes
from plasticdsl.kernels.loops.walks import Stretch, arriving, every_unit
from plasticdsl.kernels.program import Array, Constant, Element, Function, If, Increase, Let, Read, Size, Statement, Store, element
from plasticdsl.model.expr import Binary, Call, Compare, Number, Ref
from plasticdsl.model.model import AddTo
from plasticdsl.model.owners import Whose, owner_text
from plasticdsl.plan.plan import Event, Place, Plan, ProjectionPlan

ONE, ZERO = Number(1.0), Number(0.0)

#: The local that says where in a ring of kept spike times the next one stands.
RECENT = Local("recent")


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
    p = of_projection(projection.projection.name)
    shape = (p.field(Part.DENDRITIC_SLOTS), place_sizes(projection)[Place.POST])
    return tuple(
        Array(p.field(Part.PENDING, v), "float64", shape, Constant(), True, f"what is on its way to {v}, by step of arrival modulo slots")
        for v in pending_targets(projection)
    )


def arrive(plan: Plan, projection: ProjectionPlan) -> Function | None:
    """The kernel that hands over what has been on its way for a dendritic delay."""
    targets = pending_targets(projection)
    if not targets:
        return None
    name, names, p = projection.projection.name, Names(plan, projection=projection), of_projection(projection.projection.name)
    body: list[Statement] = []
    for target in targets:
        waiting = element(p.field(Part.PENDING, target), SLOT, I)
        body += [*_handed_over(names, Ref(Whose.POST, target), waiting), Store(waiting, ZERO)]
    slot = Let(SLOT, Call("mod", (Read(N), Read(p.field(Part.DENDRITIC_SLOTS)))))
    doc = f"Hand over to the post units what {name} sent a dendritic delay ago."
    return Function(Kernel("arrive_{}", (name,)), doc, EACH_STEP, (), (), (slot, *every_unit(projection, Place.POST, body)))


def _handed_over(names: Names, target: Ref, waiting: Element) -> tuple[Statement, ...]:
    statement = added(names, target, waiting)
    # bounds are applied to what is added to, not where nothing arrives
    return (statement,) if isinstance(statement, Increase) else (If(Compare("!=", waiting, ZERO), (statement,)),)


# --- what is added without a spike -----------------------------------------------------------------------------------


def between_targets(projection: ProjectionPlan) -> tuple[Ref, ...]:
    """Variables of the units that the projection adds to at every step, or periodically."""
    return _added_to([*projection.each_step, *(e for _, many in projection.periodic for e in many)])


def sum_between(projection: ProjectionPlan, target: Ref) -> Element:
    """What is added to the target in this step, for the unit of the loop's connection."""
    adds = of_projection(projection.projection.name).field(Part.ADDS, owner_text(target.owner), target.name)
    return element(adds, J if target.owner is Whose.PRE else I)


def _side(target: Ref) -> Place:
    return Place.PRE if target.owner is Whose.PRE else Place.POST


def between_arguments(projection: ProjectionPlan) -> tuple[Array, ...]:
    """A sum for each of these variables."""
    lengths = place_sizes(projection)
    return tuple(
        Array(
            sum_between(projection, t).array,
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
    return Function(Kernel("add_{}", (p,)), doc, EACH_STEP, (), (), tuple(body)) if body else None


# --- spikes that reach the synapses now ------------------------------------------------------------------------------


def now_arguments(projection: ProjectionPlan) -> tuple[Array, ...]:
    """How many spikes of each side arrive: per unit, or per connection where each has a delay of its own."""
    lengths = place_sizes(projection)
    return tuple(
        Array(
            arriving_now(projection, side).array,
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
        cell = arriving_now(projection, side)
        where = "each connection" if arrival_place(projection, side) is Place.CONNECTION else "each unit's synapses"
        doc = f"Count the {side} spikes that reach {where} now."
        count, forget = (_at_arrival(projection, side, statement) for statement in (Increase(cell, ONE), Store(cell, ZERO)))
        found.append(Function(Kernel(f"count_{side}_{{}}", (p,)), doc, EACH_STEP, (), (), count))
        found.append(Function(Kernel(f"forget_{side}_{{}}", (p,)), "Forget that count.", EACH_STEP, (), (), forget))
    return tuple(found)


def _at_arrival(projection: ProjectionPlan, side: Place, *body: Statement) -> tuple[Statement, ...]:
    """For every spike of `side` that arrives, at its unit, or at each connection that it reaches now."""
    at_unit, at_connection = ((), body) if arrival_place(projection, side) is Place.CONNECTION else (body, ())
    return arriving(projection, side, (Stretch(at_unit, at_connection),), ())


def history_sizes(projection: ProjectionPlan) -> tuple[Size, ...]:
    """Lengths of the histories: at most two spikes of a unit a step are kept."""
    p = of_projection(projection.projection.name)
    return tuple(Size(p.field(Part.HISTORY_LENGTH, h.name), h.duration) for h in projection.histories)


def history_arguments(projection: ProjectionPlan) -> tuple[Array, ...]:
    """The kept spike times, a ring for each unit, and how many there have been."""
    p, found = of_projection(projection.projection.name), []
    for h in projection.histories:
        length = place_sizes(projection)[arrival_place(projection, h.side)]
        doc = f"times of the last {h.side} spikes as they reached the synapses"
        kept = (length, p.field(Part.HISTORY_LENGTH, h.name))
        found.append(Array(p.field(Part.HISTORY, h.name), "float64", kept, Constant(), True, doc, "s"))
        found.append(Array(p.field(Part.HISTORY_COUNT, h.name), "int64", (length,), Constant(), True, "how many there have been"))
    return tuple(found)


def keep_history(projection: ProjectionPlan) -> tuple[Function, ...]:
    """Kernels that note the spikes that reach the synapses now."""
    p, found = projection.projection.name, []
    for h in projection.histories:
        unit, field = INDEX[arrival_place(projection, h.side)], of_projection(p).field
        count = element(field(Part.HISTORY_COUNT, h.name), unit)
        note: tuple[Statement, ...] = (
            Let(RECENT, Call("mod", (count, Read(field(Part.HISTORY_LENGTH, h.name))))),
            Store(element(field(Part.HISTORY, h.name), unit, RECENT), Read(T)),
            Store(count, Binary("+", count, ONE)),
        )
        doc = f"Note the {h.side} spikes that reach the synapses of {p} now."
        found.append(Function(Kernel("keep_{}_{}", (h.name, p)), doc, EACH_STEP, (), (), _at_arrival(projection, h.side, *note)))
    return tuple(found)
