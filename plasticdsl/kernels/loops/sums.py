"""Sums over the incoming connections of units: their inputs, at t_n, at the stages of an integrator, and with delays, and what statements read.

A sum over connections with delays reads what it uses of the pre units an axonal delay ago, from a ring for each name (`Part.PAST`), and everything
else now; it arrives a dendritic delay later, through a ring of sums (`Part.COMING`). What arrives at an input in this step (`Part.DELAYED`) is the same
at all stages.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from plasticdsl.kernels.identifiers import Kernel, Local, Part, of_population, of_projection
from plasticdsl.kernels.loops import defer
from plasticdsl.kernels.loops.flows import at_stage
from plasticdsl.kernels.loops.names import (
    SLOT,
    I,
    J,
    N,
    Names,
    at_own_steps,
    delay,
    each_unit,
    place_sizes,
    ring,
    stage_kernel,
    stage_time,
    summed,
)
from plasticdsl.kernels.loops.walks import Stretch, every_connection, every_unit
from plasticdsl.kernels.program import ONE, ZERO, Array, Comment, Function, If, Increase, Let, Read, Statement, Store, element
from plasticdsl.model import SumInto, Total
from plasticdsl.model.expr import Binary, Choice, Compare, Expr, Ref, refs
from plasticdsl.model.inline import map_refs
from plasticdsl.model.owners import Whose
from plasticdsl.model.pretty import pretty
from plasticdsl.plan import operations as ops
from plasticdsl.plan.places import Place
from plasticdsl.plan.plan import Plan, ProjectionPlan

#: Locals: delays of a connection in steps, and where in rings these lead.
AGO, PAST, DELAY, ARRIVAL = (Local(text) for text in ("ago", "past", "delay", "arrival"))


# --- what it works on ------------------------------------------------------------------------------------------------


def arguments(plan: Plan) -> tuple[Array, ...]:
    """What arrives at each input with a delay."""
    late = dict.fromkeys((p.projection.post, s.target) for p in plan.projections if p.late for s in p.sums)
    units = [(of_population(post), target) for post, target in late]
    return tuple(Array(p.field(Part.DELAYED, target), "float64", (p.field(Part.UNITS),), changes=False) for p, target in units)


def ring_arguments(projection: ProjectionPlan) -> list[Array]:
    """What a projection with delays remembers of its pre units, and what it has sent."""
    p, lengths, delays = of_projection(projection.name), place_sizes(projection), projection.projection.delays
    read = [past.name for past in projection.past] if delays.axonal is not None else []
    sent = _targets(projection) if projection.late and delays.dendritic is not None else ()
    remembered, coming = (p.field(Part.AXONAL_SLOTS), lengths[Place.PRE]), (p.field(Part.DENDRITIC_SLOTS), lengths[Place.POST])
    return [
        *(Array(p.field(Part.PAST, name), "float64", remembered) for name in read),
        *(Array(p.field(Part.COMING, target), "float64", coming) for target in sent),
    ]


def _targets(projection: ProjectionPlan) -> tuple[str, ...]:
    return tuple(dict.fromkeys(s.target for s in projection.sums))


# --- without delays --------------------------------------------------------------------------------------------------


def begin_sum(plan: Plan, operation: ops.BeginSum) -> Function:
    """The kernel that begins an input with what arrives late, or 0."""
    name, target, stage = operation.population, operation.target, operation.stage
    p, at = of_population(name), "" if stage is None else " at a stage"
    cell = element(p.field(Part.VARIABLE if stage is None else Part.STAGE, target), I)
    start = element(p.field(Part.DELAYED, target), I) if operation.late else ZERO
    kernel = stage_kernel(Kernel("clear_{}_{}", (name, target)), stage)
    body = at_own_steps(plan.population(name), [each_unit(name, [Store(cell, start)])])
    return Function(kernel, f"Begin the sum {target} of {name}{at}.", body)


def add_sum(plan: Plan, operation: ops.AddSum) -> Function:
    """The kernel that adds what the projection's connections give an input, at t_n or at a stage."""
    projection = plan.projection(operation.projection)
    target, stage = operation.target, operation.stage
    names, walked = Names(plan, projection, stage=stage), projection
    if operation.along is not None:  # along the other's rows: their pre unit is the post unit of this projection
        names, walked = replace(names, ends=(I, J), along=operation.along), plan.projection(operation.along)
    cell = names.cell(Ref(Whose.POST, target))
    body: list[Statement] = []
    for total in _into(projection, target):
        amount = at_stage(total.body, {}, stage_time(stage), names)
        body += [Comment(f"post.{target} = sum of {pretty(total.body)}"), Increase(cell, amount)]
    doc = f"Add the sum over the incoming connections of {projection.name} to {target}."
    kernel = stage_kernel(Kernel("sum_{}_{}", (projection.name, target)), stage)
    walk = defer.summed(plan, projection, cell, body) if operation.changes else every_connection(walked, body)
    return Function(kernel, doc, at_own_steps(plan.population(projection.projection.post), walk))


def _into(projection: ProjectionPlan, target: str) -> list[SumInto]:
    return [s for s in projection.sums if s.target == target]


def take_totals(plan: Plan, operation: ops.TakeTotals) -> Function:
    """The kernel that evaluates the sums over connections which the flows of the connections themselves read."""
    projection = plan.projection(operation.projection)
    names, body = Names(plan, projection), list[Statement]()
    for group in operation.groups:
        walk: list[Statement] = []
        for total in group:
            cell = names.own(total.name)
            body += every_unit(projection, Place.POST, [Store(cell, ZERO)])
            walk += [Comment(f"{total.name} = sum of {pretty(total.value)}"), Increase(cell, names.resolve(total.value))]
        body += every_connection(projection, walk)
    doc = f"Sum what the flows of {projection.name} read of all connections of a unit."
    return Function(Kernel("total_{}", (projection.name,)), doc, tuple(body))


# --- that statements read ---------------------------------------------------------------------------------------------


def total_arguments(projection: ProjectionPlan) -> list[Array]:
    """Sums over the connections of each post unit, for statements without a spike."""
    p, shape = of_projection(projection.projection.name), (place_sizes(projection)[Place.POST],)
    found = [e.statement for e in projection.without_spike if isinstance(e.statement, Total)]
    return [Array(p.field(Part.SUM, t.name), "float64", shape, doc=f"sum of {pretty(t.value)}") for t in found]


def with_totals(parts: list[Stretch], totals: Sequence[Total], names: Names, same: bool) -> list[Stretch]:
    """The stretches so far with sums after them: in the same walk, unless it leaves out connections of the unit."""
    if not totals:
        return parts
    begin = [Let(summed(t.name), ZERO) for t in totals]
    terms: list[Statement] = []
    for t in totals:
        local = summed(t.name)
        terms += [Comment(f"{t.name} += {pretty(t.value)}"), Let(local, Binary("+", Read(local), names.resolve(t.value)))]
    if same and parts:
        last = parts[-1]
        return [*parts[:-1], Stretch([*last.unit, *begin], [*last.connections, *terms])]
    return [*parts, Stretch(begin, terms, everyone=True)]


# --- with delays -----------------------------------------------------------------------------------------------------


def begin_late(plan: Plan, operation: ops.BeginLate) -> Function:
    """The kernel that begins what arrives at an input with a delay."""
    population, target = operation.population, operation.target
    clear = each_unit(population, [Store(element(of_population(population).field(Part.DELAYED, target), I), ZERO)])
    doc = f"Begin what arrives at {target} of {population} with a delay."
    return Function(Kernel("begin_{}_{}", (population, target)), doc, (clear,))


def _hand_over(projection: ProjectionPlan, target: str) -> Function:
    """The kernel that gives an input what was sent to it a dendritic delay ago."""
    own, p = projection.projection, of_projection(projection.name)
    late, coming = element(of_population(own.post).field(Part.DELAYED, target), I), element(p.field(Part.COMING, target), SLOT, I)
    slot = ring(SLOT, Read(N), p.field(Part.DENDRITIC_SLOTS))
    body = every_unit(projection, Place.POST, [Increase(late, coming)])
    doc = f"Hand over to {target} what {own.name} sent a dendritic delay ago."
    return Function(Kernel("arrive_{}_{}", (own.name, target)), doc, (slot, *body))


def add_late(plan: Plan, operation: ops.AddLate) -> Function:
    """The kernel for sums with delays: those that were sent, or those that need no time on the dendritic side."""
    projection, target = plan.projection(operation.projection), operation.target
    if operation.sent:
        return _hand_over(projection, target)
    doc = f"Add what {projection.name} gives {target} without a dendritic delay."
    body = _late(plan, projection, _into(projection, target), at_once=True)
    return Function(Kernel("sum_{}_{}", (projection.name, target)), doc, body)


def send(plan: Plan, projection: ProjectionPlan) -> Function:
    """The kernel that sends the sums that arrive later."""
    doc = f"Send the sums of {projection.name} that arrive later on their way."
    body = (*_forget(projection), *_late(plan, projection, projection.sums, at_once=False))
    return Function(Kernel("send_{}", (projection.name,)), doc, body)


def remember_pre(plan: Plan, projection: ProjectionPlan) -> Function:
    """The kernel that keeps what sums read of the pre units later."""
    names, p = Names(plan, projection), of_projection(projection.name)
    slot = ring(SLOT, Read(N), p.field(Part.AXONAL_SLOTS))
    stores = [Store(element(p.field(Part.PAST, past.name), SLOT, J), names.resolve(past.stored)) for past in projection.past]
    doc = f"Remember what the sums of {projection.name} read of the pre units at step n."
    body = (slot, *every_unit(projection, Place.PRE, stores))
    return Function(Kernel("remember_{}", (projection.name,)), doc, body)


def _forget(projection: ProjectionPlan) -> tuple[Statement, ...]:
    """What arrived at the step before has been read by everyone; its place in the ring is free."""
    p = of_projection(projection.projection.name)
    slot = ring(SLOT, Binary("-", Read(N), ONE), p.field(Part.DENDRITIC_SLOTS))
    clear = [Store(element(p.field(Part.COMING, target), SLOT, I), ZERO) for target in _targets(projection)]
    return (slot, *every_unit(projection, Place.POST, clear))


def _late(plan: Plan, projection: ProjectionPlan, totals: Sequence[SumInto], *, at_once: bool) -> tuple[Statement, ...]:
    """The sums over connections with delays: those that arrive at once, or those that are sent on their way."""
    own, p = projection.projection, of_projection(projection.projection.name)
    body: list[Statement] = [*_read_of_pre(plan, projection, totals)]
    for total in totals:
        amount = Names(plan, projection).resolve(_with_locals(total.body, projection))
        coming = element(p.field(Part.COMING, total.target), ARRIVAL, I)
        where = element(of_population(own.post).field(Part.DELAYED, total.target), I) if at_once else coming
        body += [Comment(f"post.{total.target} = sum of {pretty(total.body)}"), Increase(where, amount)]
    # delays of their own are looked up at each connection, common ones once
    for same in (False, True):
        if own.delays.axonal is not None and projection.same_axonal is same:
            body = _if_something_left(projection, body)
        if own.delays.dendritic is not None and projection.same_dendritic is same:
            body = _if_arriving(projection, body, at_once)
        if not same:
            body = list(every_connection(projection, body))
    return tuple(body)


def _if_something_left(projection: ProjectionPlan, body: Sequence[Statement]) -> list[Statement]:
    """Before an axonal delay has passed nothing can have arrived."""
    past = ring(PAST, Binary("-", Read(N), Read(AGO)), of_projection(projection.name).field(Part.AXONAL_SLOTS))
    return [Let(AGO, delay(projection, Part.AXONAL)), If(Compare(">=", Read(N), Read(AGO)), (past, *body))]


def _if_arriving(projection: ProjectionPlan, body: Sequence[Statement], at_once: bool) -> list[Statement]:
    look, arrival = Let(DELAY, delay(projection, Part.DENDRITIC)), arrival_of(projection)
    if at_once:
        return [look, If(Compare("==", Read(DELAY), ZERO), tuple(body))]
    return [look, If(Compare(">", Read(DELAY), ZERO), (arrival, *body))]


def arrival_of(projection: ProjectionPlan) -> Let:
    """Where in rings of what arrives stands what is sent now."""
    return ring(ARRIVAL, Binary("+", Read(N), Read(DELAY)), of_projection(projection.name).field(Part.DENDRITIC_SLOTS))


def _read_of_pre(plan: Plan, projection: ProjectionPlan, totals: Sequence[SumInto]) -> Iterator[Statement]:
    """What the sums read of the pre unit, as it was an axonal delay ago; a delay of 0 steps asks for what it is at this moment."""
    own, names = projection.projection, Names(plan, projection)
    read = {r.name for s in totals for r in refs(s.body) if r.owner is Whose.PRE}
    for past in projection.past:
        if past.name in read:
            value = names.resolve(past.now)
            if own.delays.axonal is not None:
                kept = element(of_projection(own.name).field(Part.PAST, past.name), PAST, J)
                value = Choice(((Compare(">", Read(AGO), ZERO), kept),), value)
            yield Let(_of_pre(past.name), value)


def _of_pre(read: str) -> Local:
    return Local("pre_{}_now", (read,))


def _with_locals(body: Expr, projection: ProjectionPlan) -> Expr:
    past = {p.name for p in projection.past}
    return map_refs(body, lambda r: Read(_of_pre(r.name)) if r.owner is Whose.PRE and r.name in past else r)
