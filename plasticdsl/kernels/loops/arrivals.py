"""What reaches a projection's synapses and units now: counts of spikes, their times kept for learning windows, what was sent a delay ago, and
what is added without a spike."""

from __future__ import annotations

from plasticdsl.kernels.identifiers import Field, Kernel, Local, Part, of_population, of_projection
from plasticdsl.kernels.loops.bounds import added, increased
from plasticdsl.kernels.loops.names import INDEX, SLOT, I, N, Names, T, arrival_place, arriving_now, each_unit, place_sizes, ring
from plasticdsl.kernels.loops.walks import Stretch, arriving, every_unit
from plasticdsl.kernels.program import ONE, ZERO, Array, Element, Function, If, Increase, Read, Size, Statement, Store, element
from plasticdsl.kernels.recipes import DT, Apply, Formula
from plasticdsl.model.expr import Binary, Compare, Ref
from plasticdsl.model.owners import Whose, owner_text
from plasticdsl.plan import operations as ops
from plasticdsl.plan.places import Place
from plasticdsl.plan.plan import Plan, ProjectionPlan
from plasticdsl.support.structure import history_length

#: The local that says where in a ring of kept spike times the next one stands.
RECENT = Local("recent")


# --- what is on its way to the post units ----------------------------------------------------------------------------


def pending_arguments(projection: ProjectionPlan) -> list[Array]:
    """A ring of sums for each of these variables."""
    p = of_projection(projection.name)
    shape = (p.field(Part.DENDRITIC_SLOTS), place_sizes(projection)[Place.POST])
    return [Array(p.field(Part.PENDING, v), "float64", shape) for v in projection.arriving]


def arrive(plan: Plan, projection: ProjectionPlan) -> Function:
    """The kernel that hands over what has been on its way for a dendritic delay."""
    name, names, p = projection.name, Names(plan, projection), of_projection(projection.name)
    body: list[Statement] = []
    for target in projection.arriving:
        waiting = element(p.field(Part.PENDING, target), SLOT, I)
        body += _handed_over(added(names, Ref(Whose.POST, target), waiting), waiting)
    slot = ring(SLOT, Read(N), p.field(Part.DENDRITIC_SLOTS))
    doc = f"Hand over to the post units what {name} sent a dendritic delay ago."
    return Function(Kernel("arrive_{}", (name,)), doc, (slot, *every_unit(projection, Place.POST, body)))


def _handed_over(adding: Increase | Store, waiting: Element) -> tuple[Statement, ...]:
    # bounds are applied to what is added to, not where nothing arrives
    return adding if isinstance(adding, Increase) else If(Compare("!=", waiting, ZERO), (adding,)), Store(waiting, ZERO)


# --- what is added without a spike -----------------------------------------------------------------------------------


def sum_between(projection: ProjectionPlan, target: Ref) -> Field:
    """What is added to the target in this step, for each unit."""
    return of_projection(projection.name).field(Part.ADDS, owner_text(target.owner), target.name)


def between_arguments(projection: ProjectionPlan) -> list[Array]:
    """A sum for each of these variables."""
    lengths = {t: of_population(projection.projection.ends[t.owner]).field(Part.UNITS) for t in projection.between}
    return [Array(sum_between(projection, t), "float64", (length,)) for t, length in lengths.items()]


def add_between(plan: Plan, projection: ProjectionPlan) -> Function:
    """The kernel that adds it, when everyone has read the values from before."""
    body: list[Statement] = []
    for target in projection.between:
        population = plan.population(projection.projection.ends[target.owner])
        names, amount = Names(plan, population), element(sum_between(projection, target), I)
        adding = increased(names.cell(Ref(Whose.OWN, target.name)), amount, population.variable(target.name).variable, names.resolve)
        body.append(each_unit(population.name, _handed_over(adding, amount)))
    doc = f"Add to the units what {projection.name} adds without a spike."
    return Function(Kernel("add_{}", (projection.name,)), doc, tuple(body))


# --- spikes that reach the synapses now ------------------------------------------------------------------------------


def now_arguments(projection: ProjectionPlan) -> list[Array]:
    """How many spikes of each side arrive: per unit, or per connection where each has a delay of its own."""
    lengths, sides = place_sizes(projection), (Place.PRE, Place.POST)
    return [Array(arriving_now(projection, s).array, "float64", (lengths[arrival_place(projection, s)],)) for s in sides]


def count(plan: Plan, operation: ops.CountArrivals) -> Function:
    """The kernel that counts the spikes that reach the synapses now, or forgets them afterwards."""
    projection, side = plan.projection(operation.projection), operation.side
    counted = arriving_now(projection, side)
    if operation.anew:
        return Function(
            Kernel(f"forget_{side}_{{}}", (projection.name,)), "Forget that count.", _at_arrival(projection, side, Store(counted, ZERO))
        )
    where = "each connection" if arrival_place(projection, side) is Place.CONNECTION else "each unit's synapses"
    body = _at_arrival(projection, side, Increase(counted, ONE))
    return Function(Kernel(f"count_{side}_{{}}", (projection.name,)), f"Count the {side} spikes that reach {where} now.", body)


def _at_arrival(projection: ProjectionPlan, side: Place, *body: Statement) -> tuple[Statement, ...]:
    """For every spike of `side` that arrives, at its unit, or at each connection that it reaches now."""
    at_unit, at_connection = ((), body) if arrival_place(projection, side) is Place.CONNECTION else (body, ())
    return arriving(projection, side, (Stretch(at_unit, at_connection),), ())


def history_sizes(projection: ProjectionPlan) -> list[Size]:
    """Lengths of the histories: at most two spikes of a unit a step are kept."""
    p = of_projection(projection.name)
    lengths = ((h, Apply(history_length, (Formula(p, h.duration), DT))) for h in projection.histories)
    return [Size(p.field(Part.HISTORY_LENGTH, h.name), length) for h, length in lengths]


def history_arguments(projection: ProjectionPlan) -> list[Array]:
    """The kept spike times, a ring for each unit, and how many there have been."""
    field, found = of_projection(projection.name).field, list[Array]()
    for h in projection.histories:
        length = place_sizes(projection)[arrival_place(projection, h.side)]
        doc = f"times of the last {h.side} spikes as they reached the synapses"
        kept = (length, field(Part.HISTORY_LENGTH, h.name))
        found.append(Array(field(Part.HISTORY, h.name), "float64", kept, doc=doc, unit="s"))
        found.append(Array(field(Part.HISTORY_COUNT, h.name), "int64", (length,)))
    return found


def keep_times(plan: Plan, operation: ops.KeepTimes) -> Function:
    """The kernel that notes the spikes that reach the synapses now."""
    projection = plan.projection(operation.projection)
    h, field = next(h for h in projection.histories if h.name == operation.history), of_projection(projection.name).field
    unit = INDEX[arrival_place(projection, h.side)]
    count = element(field(Part.HISTORY_COUNT, h.name), unit)
    note: tuple[Statement, ...] = (
        ring(RECENT, count, field(Part.HISTORY_LENGTH, h.name)),
        Store(element(field(Part.HISTORY, h.name), unit, RECENT), Read(T)),
        Store(count, Binary("+", count, ONE)),
    )
    doc = f"Note the {h.side} spikes that reach the synapses of {projection.name} now."
    body = _at_arrival(projection, h.side, *note)
    return Function(Kernel("keep_{}_{}", (h.name, projection.name)), doc, body)
