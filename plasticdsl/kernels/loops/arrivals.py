"""What reaches a projection's synapses and units now: counts of spikes, their times kept for learning windows, what was sent a delay ago, and
what is added without a spike."""

from __future__ import annotations

from plasticdsl.kernels.identifiers import Kernel, Local, Part, of_projection
from plasticdsl.kernels.loops.bounds import added
from plasticdsl.kernels.loops.names import EACH_STEP, INDEX, SLOT, I, J, N, Names, T, arrival_place, arriving_now, place_sizes
from plasticdsl.kernels.loops.walks import Stretch, arriving, every_unit
from plasticdsl.kernels.program import Array, Constant, Element, Function, If, Increase, Let, Read, Size, Statement, Store, element
from plasticdsl.model.expr import Binary, Call, Compare, Number, Ref
from plasticdsl.model.owners import Whose, owner_text
from plasticdsl.plan.places import Place
from plasticdsl.plan.plan import Plan, ProjectionPlan

ONE, ZERO = Number(1.0), Number(0.0)

#: The local that says where in a ring of kept spike times the next one stands.
RECENT = Local("recent")


# --- what is on its way to the post units ----------------------------------------------------------------------------


def pending_arguments(projection: ProjectionPlan) -> tuple[Array, ...]:
    """A ring of sums for each of these variables."""
    p = of_projection(projection.name)
    shape = (p.field(Part.DENDRITIC_SLOTS), place_sizes(projection)[Place.POST])
    return tuple(
        Array(p.field(Part.PENDING, v), "float64", shape, Constant(), True, f"what is on its way to {v}, by step of arrival modulo slots")
        for v in projection.arriving
    )


def arrive(plan: Plan, projection: ProjectionPlan) -> Function:
    """The kernel that hands over what has been on its way for a dendritic delay."""
    name, names, p = projection.name, Names(plan, projection=projection), of_projection(projection.name)
    body: list[Statement] = []
    for target in projection.arriving:
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


def sum_between(projection: ProjectionPlan, target: Ref) -> Element:
    """What is added to the target in this step, for the unit of the loop's connection."""
    adds = of_projection(projection.name).field(Part.ADDS, owner_text(target.owner), target.name)
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
        for t in projection.between
    )


def add_between(plan: Plan, projection: ProjectionPlan) -> Function:
    """The kernel that adds it, when everyone has read the values from before."""
    p, names = projection.name, Names(plan, projection=projection)
    body: list[Statement] = []
    for target in projection.between:
        amount = sum_between(projection, target)
        body += every_unit(projection, _side(target), [*_handed_over(names, target, amount), Store(amount, ZERO)])
    doc = f"Add to the units what {p} adds without a spike."
    return Function(Kernel("add_{}", (p,)), doc, EACH_STEP, (), (), tuple(body))


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


def count(projection: ProjectionPlan, side: Place) -> Function:
    """The kernel that counts the spikes that reach the synapses now."""
    where = "each connection" if arrival_place(projection, side) is Place.CONNECTION else "each unit's synapses"
    doc, body = (
        f"Count the {side} spikes that reach {where} now.",
        _at_arrival(projection, side, Increase(arriving_now(projection, side), ONE)),
    )
    return Function(Kernel(f"count_{side}_{{}}", (projection.name,)), doc, EACH_STEP, (), (), body)


def forget(projection: ProjectionPlan, side: Place) -> Function:
    """The kernel that forgets them afterwards."""
    body = _at_arrival(projection, side, Store(arriving_now(projection, side), ZERO))
    return Function(Kernel(f"forget_{side}_{{}}", (projection.name,)), "Forget that count.", EACH_STEP, (), (), body)


def _at_arrival(projection: ProjectionPlan, side: Place, *body: Statement) -> tuple[Statement, ...]:
    """For every spike of `side` that arrives, at its unit, or at each connection that it reaches now."""
    at_unit, at_connection = ((), body) if arrival_place(projection, side) is Place.CONNECTION else (body, ())
    return arriving(projection, side, (Stretch(at_unit, at_connection),), ())


def history_sizes(projection: ProjectionPlan) -> tuple[Size, ...]:
    """Lengths of the histories: at most two spikes of a unit a step are kept."""
    p = of_projection(projection.name)
    return tuple(Size(p.field(Part.HISTORY_LENGTH, h.name), h.duration) for h in projection.histories)


def history_arguments(projection: ProjectionPlan) -> tuple[Array, ...]:
    """The kept spike times, a ring for each unit, and how many there have been."""
    p, found = of_projection(projection.name), []
    for h in projection.histories:
        length = place_sizes(projection)[arrival_place(projection, h.side)]
        doc = f"times of the last {h.side} spikes as they reached the synapses"
        kept = (length, p.field(Part.HISTORY_LENGTH, h.name))
        found.append(Array(p.field(Part.HISTORY, h.name), "float64", kept, Constant(), True, doc, "s"))
        found.append(Array(p.field(Part.HISTORY_COUNT, h.name), "int64", (length,), Constant(), True, "how many there have been"))
    return tuple(found)


def keep_times(projection: ProjectionPlan, history: str) -> Function:
    """The kernel that notes the spikes that reach the synapses now."""
    h, field = next(h for h in projection.histories if h.name == history), of_projection(projection.name).field
    unit = INDEX[arrival_place(projection, h.side)]
    count = element(field(Part.HISTORY_COUNT, h.name), unit)
    note: tuple[Statement, ...] = (
        Let(RECENT, Call("mod", (count, Read(field(Part.HISTORY_LENGTH, h.name))))),
        Store(element(field(Part.HISTORY, h.name), unit, RECENT), Read(T)),
        Store(count, Binary("+", count, ONE)),
    )
    doc = f"Note the {h.side} spikes that reach the synapses of {projection.name} now."
    body = _at_arrival(projection, h.side, *note)
    return Function(Kernel("keep_{}_{}", (h.name, projection.name)), doc, EACH_STEP, (), (), body)
