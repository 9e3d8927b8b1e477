"""The inputs of units: sums over their incoming connections, at t_n, at the stages of an integrator, and with delays.

A sum over connections with delays reads what it uses of the pre units an axonal delay ago, from a ring for each name (`Part.PAST`), and everything
else now; it arrives a dendritic delay later, through a ring of sums (`Part.COMING`). What arrives at an input in this step (`Part.DELAYED`) is the same
at all stages.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

from plasticdsl.kernels.identifiers import Group, Kernel, Local, Part, of_population, of_projection
from plasticdsl.kernels.loops.flows import at_stage
from plasticdsl.kernels.loops.names import EACH_STEP, SLOT, I, J, K, N, Names, T, number_of, place_sizes
from plasticdsl.kernels.loops.walks import every_connection, every_unit
from plasticdsl.kernels.program import Array, Comment, Constant, Element, For, Function, If, Increase, Let, Read, Statement, Store, element
from plasticdsl.model.expr import Binary, Call, Choice, Compare, Expr, Number, Ref, refs
from plasticdsl.model.model import Block, Population, Role, SumInto, Total
from plasticdsl.model.owners import Whose
from plasticdsl.model.pretty import pretty
from plasticdsl.plan.inline import definitions, inline, map_refs
from plasticdsl.plan.others import walks_other
from plasticdsl.plan.plan import Place, Plan, ProjectionPlan

ONE, ZERO = Number(1.0), Number(0.0)

#: Locals: delays of a connection in steps, and where in rings these lead.
AGO, PAST, DELAY, ARRIVAL = (Local(text) for text in ("ago", "past", "delay", "arrival"))

Owned = tuple[str, str]


# --- what it works on ------------------------------------------------------------------------------------------------


def arguments(plan: Plan) -> tuple[Array, ...]:
    """What arrives at each input with a delay."""
    late = dict.fromkeys((p.projection.post, s.target) for p in plan.projections if is_delayed(p) for s in p.sums)
    return tuple(_late_at(post, target) for post, target in late)


def _late_at(post: str, target: str) -> Array:
    p = of_population(post)
    doc = f"what arrives at {target} of {post} late"
    return Array(p.field(Part.DELAYED, target), "float64", (p.field(Part.UNITS),), Constant(), False, doc)


def ring_arguments(plan: Plan, projection: ProjectionPlan) -> tuple[Array, ...]:
    """What a projection with delays remembers of its pre units, and what it has sent."""
    p, lengths, found = of_projection(projection.projection.name), place_sizes(projection), []
    for read in _remembered(plan, projection):
        shape, doc = (p.field(Part.AXONAL_SLOTS), lengths[Place.PRE]), f"{read} of the pre units at the last steps, by step modulo slots"
        found.append(Array(p.field(Part.PAST, read), "float64", shape, Constant(), True, doc))
    if is_delayed(projection) and projection.projection.delays.dendritic is not None:
        for target in _targets(projection):
            shape = (p.field(Part.DENDRITIC_SLOTS), lengths[Place.POST])
            doc = f"sums on their way to {target}, by step of arrival modulo slots"
            found.append(Array(p.field(Part.COMING, target), "float64", shape, Constant(), True, doc))
    return tuple(found)


def is_delayed(projection: ProjectionPlan) -> bool:
    """Whether its sums take time."""
    return bool(projection.sums and projection.projection.delays)


def _targets(projection: ProjectionPlan) -> tuple[str, ...]:
    return tuple(dict.fromkeys(s.target for s in projection.sums))


def _remembered(plan: Plan, projection: ProjectionPlan) -> tuple[str, ...]:
    """What the sums read of the pre units as it was."""
    if not is_delayed(projection) or projection.projection.delays.axonal is None:
        return ()
    return tuple(sorted({r for s in projection.sums for r in _changing(s.body, Names(plan, projection=projection).end(Whose.PRE).block)}))


def _changing(body: Expr, pre: Block) -> frozenset[str]:
    """The names of the pre unit that are no parameters."""
    read = {(r.name, pre.variable(r.name)) for r in refs(body) if r.owner is Whose.PRE}
    return frozenset(n for n, v in read if v is not None and v.role not in (Role.PARAMETER, Role.GIVEN))


# --- at t_n ----------------------------------------------------------------------------------------------------------


def evaluate(plan: Plan, population: Population, target: str) -> tuple[Function, ...]:
    """The kernels that evaluate an input, in order: what arrives late, then the sums over connections without delays."""
    p = of_population(population.name)
    cell, late = element(p.variable(target), I), element(p.field(Part.DELAYED, target), I)
    into = [p for p in plan.projections if p.projection.post == population.name and target in _targets(p)]
    delayed = [p for p in into if is_delayed(p)]
    found: list[Function] = []
    if delayed:
        doc = f"Begin what arrives at {target} of {population.name} with a delay."
        begin = _units(population, Store(late, ZERO))
        found.append(Function(Kernel("begin_{}_{}", (population.name, target)), doc, EACH_STEP, (), (), (begin,)))
    for one in delayed:
        found += _arriving(plan, one, target)
    doc = f"Begin the sum {target} of {population.name}."
    clear = _units(population, Store(cell, late if delayed else ZERO))
    found.append(Function(_clear(population, target), doc, EACH_STEP, (), (), (clear,)))
    return (*found, *(_sum(plan, one, target, frozenset(), Read(T)) for one in into if not is_delayed(one)))


def _clear(population: Population, target: str) -> Kernel:
    return Kernel("clear_{}_{}", (population.name, target))


def _units(population: Population, *body: Statement) -> For:
    return For(I, ZERO, number_of(population.name), body, independent=True)


def _sum(plan: Plan, projection: ProjectionPlan, target: str, staged: frozenset[Owned], time: Expr) -> Function:
    own = projection.projection
    totals = tuple(s for s in projection.sums if s.target == target)
    other = walks_other(own, totals, projection.others)
    names = Names(plan, projection=projection, staged=staged)
    if other is not None:  # along the other's rows: their pre unit is the post unit of this projection
        names = replace(names, ends=(I, J), along=other.name)
    cell = names.resolve(Ref(Whose.POST, target))
    assert isinstance(cell, Element)
    body: list[Statement] = []
    for total in totals:
        body += [Comment(f"post.{target} = sum of {pretty(total.body)}"), Increase(cell, at_stage(_plain(total.body), {}, time, names))]
    walked = projection if other is None else next(p for p in plan.projections if p.projection.name == other.name)
    doc = f"Add the sum over the incoming connections of {own.name} to {target}."
    return Function(Kernel("sum_{}_{}", (own.name, target)), doc, EACH_STEP, (), (), every_connection(walked, body))


def _plain(expr: Expr) -> Expr:
    return map_refs(expr, lambda r: Ref(r.owner, r.name))


def own_totals(plan: Plan, projection: ProjectionPlan) -> Function | None:
    """The kernel that evaluates the sums over connections which the flows of the connections themselves read."""
    own, names = projection.projection, Names(plan, projection=projection)
    body: list[Statement] = []
    for group in _independent(projection.totals):
        cells = [(names.own(t.name), t) for t in group]
        walk: list[Statement] = []
        for cell, total in cells:
            assert isinstance(cell, Element)
            body += every_unit(projection, Place.POST, [Store(cell, ZERO)])
            walk += [Comment(f"{total.name} = sum of {pretty(total.body)}"), Increase(cell, names.resolve(total.body))]
        body += every_connection(projection, walk)
    doc = f"Sum what the flows of {own.name} read of all connections of a unit."
    return Function(Kernel("total_{}", (own.name,)), doc, EACH_STEP, (), (), tuple(body)) if body else None


def _independent(totals: Sequence[Total]) -> list[list[Total]]:
    """Groups of sums of which none reads another of its group."""
    groups: list[list[Total]] = []
    for total in totals:
        read = {r.name for r in refs(total.body) if r.owner is Whose.OWN}
        if not groups or any(t.name in read for t in groups[-1]):
            groups.append([])
        groups[-1].append(total)
    return groups


# --- at a stage of an integrator -------------------------------------------------------------------------------------


def evaluate_at_stage(
    plan: Plan, population: Population, target: str, staged: frozenset[Owned], time: Expr, renamed: Callable[[Kernel], Kernel]
) -> tuple[Function, ...]:
    """The same at a stage: sums without delays anew, what came with a delay as it was."""
    p = of_population(population.name)
    cell, late = element(p.field(Part.STAGE, target), I), element(p.field(Part.DELAYED, target), I)
    into = [p for p in plan.projections if p.projection.post == population.name and target in _targets(p)]
    clear = _units(population, Store(cell, late if any(is_delayed(p) for p in into) else ZERO))
    doc = f"Begin the sum {target} of {population.name} at a stage."
    first = Function(_clear(population, target), doc, EACH_STEP, (), (), (clear,))
    found = (first, *(_sum(plan, p, target, staged, time) for p in into if not is_delayed(p)))
    return tuple(replace(function, name=renamed(function.name)) for function in found)


# --- with delays -----------------------------------------------------------------------------------------------------


def _arriving(plan: Plan, projection: ProjectionPlan, target: str) -> Iterator[Function]:
    """What was sent to the input a dendritic delay ago, and what needs no time on this side."""
    own, p = projection.projection, of_projection(projection.projection.name)
    late = element(of_population(own.post).field(Part.DELAYED, target), I)
    if own.delays.dendritic is not None:
        coming = element(p.field(Part.COMING, target), SLOT, I)
        slot = Let(SLOT, Call("mod", (Read(N), Read(p.field(Part.DENDRITIC_SLOTS)))))
        body = every_unit(projection, Place.POST, [Increase(late, coming)])
        doc = f"Hand over to {target} what {own.name} sent a dendritic delay ago."
        yield Function(Kernel("arrive_{}_{}", (own.name, target)), doc, EACH_STEP, (), (), (slot, *body))
    doc = f"Add what {own.name} gives {target} without a dendritic delay."
    totals = [s for s in projection.sums if s.target == target]
    yield Function(Kernel("sum_{}_{}", (own.name, target)), doc, EACH_STEP, (), (), _late(plan, projection, totals, at_once=True))


def send(plan: Plan, projection: ProjectionPlan) -> tuple[Function, ...]:
    """The kernels after all inputs and definitions are known: send the sums that arrive later, remember the pre units."""
    own, found = projection.projection, []
    if is_delayed(projection) and own.delays.dendritic is not None:
        doc = f"Send the sums of {own.name} that arrive later on their way."
        body = (*_forget(projection), *_late(plan, projection, projection.sums, at_once=False))
        found.append(Function(Kernel("send_{}", (own.name,)), doc, EACH_STEP, (), (), body))
    remembered = _remembered(plan, projection)
    if remembered:
        names = Names(plan, projection=projection)
        evaluated = {e.name for e in plan.network.order if e.population == own.pre}
        unknown = {n: v for n, v in definitions(names.end(Whose.PRE).block).items() if n not in evaluated}
        p = of_projection(own.name)
        slot = Let(SLOT, Call("mod", (Read(N), Read(p.field(Part.AXONAL_SLOTS)))))
        stores = [
            Store(element(p.field(Part.PAST, read), SLOT, J), names.resolve(inline(Ref(Whose.PRE, read), {Whose.PRE: unknown})))
            for read in remembered
        ]
        doc = f"Remember what the sums of {own.name} read of the pre units at step n."
        found.append(
            Function(Kernel("remember_{}", (own.name,)), doc, EACH_STEP, (), (), (slot, *every_unit(projection, Place.PRE, stores)))
        )
    return tuple(found)


def _forget(projection: ProjectionPlan) -> tuple[Statement, ...]:
    """What arrived at the step before has been read by everyone; its place in the ring is free."""
    p = of_projection(projection.projection.name)
    slot = Let(SLOT, Call("mod", (Binary("-", Read(N), ONE), Read(p.field(Part.DENDRITIC_SLOTS)))))
    clear = [Store(element(p.field(Part.COMING, target), SLOT, I), ZERO) for target in _targets(projection)]
    return (slot, *every_unit(projection, Place.POST, clear))


def _late(plan: Plan, projection: ProjectionPlan, totals: Sequence[SumInto], *, at_once: bool) -> tuple[Statement, ...]:
    """The sums over connections with delays: those that arrive at once, or those that are sent on their way."""
    own, p = projection.projection, of_projection(projection.projection.name)
    body: list[Statement] = [*_read_of_pre(plan, projection, totals)]
    for total in totals:
        amount = Names(plan, projection=projection).resolve(_with_locals(_plain(total.body), plan, projection))
        coming = element(p.field(Part.COMING, total.target), ARRIVAL, I)
        where = element(of_population(own.post).field(Part.DELAYED, total.target), I) if at_once else coming
        body += [Comment(f"post.{total.target} = sum of {pretty(total.body)}"), Increase(where, amount)]
    # delays of their own are looked up at each connection, common ones once
    for same in (False, True):
        if own.delays.axonal is not None and projection.same_axonal is same:
            body = _if_something_left(p, _delay(p, Part.AXONAL, same), body)
        if own.delays.dendritic is not None and projection.same_dendritic is same:
            body = _if_arriving(p, _delay(p, Part.DENDRITIC, same), body, at_once)
        if not same:
            body = list(every_connection(projection, body))
    return tuple(body)


def _delay(p: Group, part: Part, same: bool) -> Expr:
    return Read(p.field(part)) if same else element(p.field(part), K)


def _if_something_left(p: Group, delay: Expr, body: Sequence[Statement]) -> list[Statement]:
    """Before an axonal delay has passed nothing can have arrived."""
    past = Let(PAST, Call("mod", (Binary("-", Read(N), Read(AGO)), Read(p.field(Part.AXONAL_SLOTS)))))
    return [Let(AGO, delay), If(Compare(">=", Read(N), Read(AGO)), (past, *body))]


def _if_arriving(p: Group, delay: Expr, body: Sequence[Statement], at_once: bool) -> list[Statement]:
    if at_once:
        return [Let(DELAY, delay), If(Compare("==", Read(DELAY), ZERO), tuple(body))]
    arrival = Let(ARRIVAL, Call("mod", (Binary("+", Read(N), Read(DELAY)), Read(p.field(Part.DENDRITIC_SLOTS)))))
    return [Let(DELAY, delay), If(Compare(">", Read(DELAY), ZERO), (arrival, *body))]


def _read_of_pre(plan: Plan, projection: ProjectionPlan, totals: Sequence[SumInto]) -> Iterator[Statement]:
    """What the sums read of the pre unit, as it was an axonal delay ago; a delay of 0 steps asks for what it is at this moment."""
    own, names = projection.projection, Names(plan, projection=projection)
    pre = names.end(Whose.PRE).block
    for read in sorted({n for s in totals for n in _changing(s.body, pre)}):
        value = names.resolve(inline(Ref(Whose.PRE, read), {Whose.PRE: definitions(pre)}))
        if own.delays.axonal is not None:
            ring = element(of_projection(own.name).field(Part.PAST, read), PAST, J)
            value = Choice(((Compare(">", Read(AGO), ZERO), ring),), value)
        yield Let(_of_pre(read), value)


def _of_pre(read: str) -> Local:
    return Local("pre_{}_now", (read,))


def _with_locals(body: Expr, plan: Plan, projection: ProjectionPlan) -> Expr:
    changing = _changing(body, Names(plan, projection=projection).end(Whose.PRE).block)
    return map_refs(body, lambda r: Read(_of_pre(r.name)) if r.owner is Whose.PRE and r.name in changing else r)
