"""The inputs of units: sums over their incoming connections, at t_n, at the stages of an integrator, and with delays.

A sum over connections with delays reads what it uses of the pre units an axonal delay ago, from a ring for each name (`<projection>_past_<name>`),
and everything else now; it arrives a dendritic delay later, through a ring of sums (`<projection>_coming_<input>`). What arrives at an
input in this step (`<population>_<input>_delayed`) is the same at all stages.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from plasticdsl.kernels.loops.flows import at_stage
from plasticdsl.kernels.loops.names import Names, place_sizes
from plasticdsl.kernels.loops.walks import every_connection, every_unit
from plasticdsl.kernels.program import Array, Comment, Constant, For, Function, If, Increase, Let, Statement, Store, element, name
from plasticdsl.model.expr import At, Binary, Call, Choice, Compare, Expr, Number, Ref, Remembered, refs
from plasticdsl.model.model import Block, Population, Role, SumInto, Total
from plasticdsl.model.owners import Whose
from plasticdsl.model.pretty import pretty
from plasticdsl.plan.inline import definitions, inline, map_refs
from plasticdsl.plan.others import walks_other
from plasticdsl.plan.plan import Place, Plan, ProjectionPlan

ONE, ZERO = Number(1.0), Number(0.0)

Owned = tuple[str, str]


# --- what it works on ------------------------------------------------------------------------------------------------


def arguments(plan: Plan) -> tuple[Array, ...]:
    """What arrives at each input with a delay."""
    return tuple(
        Array(f"{post}_{target}_delayed", "float64", (f"{post}_units",), Constant(), False, f"what arrives at {target} of {post} late")
        for post, target in dict.fromkeys((p.projection.post, s.target) for p in plan.projections if is_delayed(p) for s in p.sums)
    )


def ring_arguments(plan: Plan, projection: ProjectionPlan) -> tuple[Array, ...]:
    """What a projection with delays remembers of its pre units, and what it has sent."""
    p, lengths, found = projection.projection.name, place_sizes(projection), []
    for read in _remembered(plan, projection):
        shape, doc = (f"{p}_axonal_slots", lengths[Place.PRE]), f"{read} of the pre units at the last steps, by step modulo slots"
        found.append(Array(f"{p}_past_{read}", "float64", shape, Constant(), True, doc))
    if is_delayed(projection) and projection.projection.delays.dendritic is not None:
        for target in _targets(projection):
            shape, doc = (f"{p}_dendritic_slots", lengths[Place.POST]), f"sums on their way to {target}, by step of arrival modulo slots"
            found.append(Array(f"{p}_coming_{target}", "float64", shape, Constant(), True, doc))
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
    cell, late = element(f"{population.name}_{target}", "i"), element(f"{population.name}_{target}_delayed", "i")
    into = [p for p in plan.projections if p.projection.post == population.name and target in _targets(p)]
    delayed = [p for p in into if is_delayed(p)]
    found: list[Function] = []
    if delayed:
        doc = f"Begin what arrives at {target} of {population.name} with a delay."
        found.append(Function(f"begin_{population.name}_{target}", doc, ("n", "t"), (), (), (_units(population, Store(late, ZERO)),)))
    for p in delayed:
        found += _arriving(plan, p, target)
    doc = f"Begin the sum {target} of {population.name}."
    clear = _units(population, Store(cell, late if delayed else ZERO))
    found.append(Function(f"clear_{population.name}_{target}", doc, ("n", "t"), (), (), (clear,)))
    return (*found, *(_sum(plan, p, target, frozenset(), name("t"), "") for p in into if not is_delayed(p)))


def _units(population: Population, *body: Statement) -> For:
    return For("i", ZERO, name(f"{population.name}_units"), body, independent=True)


def _sum(plan: Plan, projection: ProjectionPlan, target: str, staged: frozenset[Owned], time: Expr, suffix: str) -> Function:
    own = projection.projection
    totals = tuple(s for s in projection.sums if s.target == target)
    other = walks_other(own, totals, projection.others)
    names = Names(plan, projection=projection, staged=staged)
    if other is not None:  # along the other's rows: their pre unit is the post unit of this projection
        names = replace(names, ends=("i", "j"), along=other.name)
    cell = names.resolve(Ref(Whose.POST, target))
    assert isinstance(cell, At)
    body: list[Statement] = []
    for total in totals:
        body += [Comment(f"post.{target} = sum of {pretty(total.body)}"), Increase(cell, at_stage(_plain(total.body), {}, time, names))]
    walked = projection if other is None else next(p for p in plan.projections if p.projection.name == other.name)
    doc = f"Add the sum over the incoming connections of {own.name} to {target}."
    return Function(f"sum_{own.name}_{target}{suffix}", doc, ("n", "t"), (), (), every_connection(walked, body))


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
            assert isinstance(cell, At)
            body += every_unit(projection, Place.POST, [Store(cell, ZERO)])
            walk += [Comment(f"{total.name} = sum of {pretty(total.body)}"), Increase(cell, names.resolve(total.body))]
        body += every_connection(projection, walk)
    doc = f"Sum what the flows of {own.name} read of all connections of a unit."
    return Function(f"total_{own.name}", doc, ("n", "t"), (), (), tuple(body)) if body else None


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
    plan: Plan, population: Population, target: str, staged: frozenset[Owned], time: Expr, suffix: str
) -> tuple[Function, ...]:
    """The same at a stage: sums without delays anew, what came with a delay as it was."""
    cell, late = element(f"{population.name}_{target}_stage", "i"), element(f"{population.name}_{target}_delayed", "i")
    into = [p for p in plan.projections if p.projection.post == population.name and target in _targets(p)]
    clear = _units(population, Store(cell, late if any(is_delayed(p) for p in into) else ZERO))
    doc = f"Begin the sum {target} of {population.name} at a stage."
    first = Function(f"clear_{population.name}_{target}{suffix}", doc, ("n", "t"), (), (), (clear,))
    return (first, *(_sum(plan, p, target, staged, time, suffix) for p in into if not is_delayed(p)))


# --- with delays -----------------------------------------------------------------------------------------------------


def _arriving(plan: Plan, projection: ProjectionPlan, target: str) -> Iterator[Function]:
    """What was sent to the input a dendritic delay ago, and what needs no time on this side."""
    own = projection.projection
    late = element(f"{own.post}_{target}_delayed", "i")
    if own.delays.dendritic is not None:
        coming = element(f"{own.name}_coming_{target}", "slot", "i")
        slot = Let("slot", Call("mod", (name("n"), name(f"{own.name}_dendritic_slots"))))
        body = every_unit(projection, Place.POST, [Increase(late, coming)])
        doc = f"Hand over to {target} what {own.name} sent a dendritic delay ago."
        yield Function(f"arrive_{own.name}_{target}", doc, ("n", "t"), (), (), (slot, *body))
    doc = f"Add what {own.name} gives {target} without a dendritic delay."
    totals = [s for s in projection.sums if s.target == target]
    yield Function(f"sum_{own.name}_{target}", doc, ("n", "t"), (), (), _late(plan, projection, totals, at_once=True))


def send(plan: Plan, projection: ProjectionPlan) -> tuple[Function, ...]:
    """The kernels after all inputs and definitions are known: send the sums that arrive later, remember the pre units."""
    own, found = projection.projection, []
    if is_delayed(projection) and own.delays.dendritic is not None:
        doc = f"Send the sums of {own.name} that arrive later on their way."
        body = (*_forget(projection), *_late(plan, projection, projection.sums, at_once=False))
        found.append(Function(f"send_{own.name}", doc, ("n", "t"), (), (), body))
    remembered = _remembered(plan, projection)
    if remembered:
        names = Names(plan, projection=projection)
        evaluated = {e.name for e in plan.network.order if e.population == own.pre}
        unknown = {n: v for n, v in definitions(names.end(Whose.PRE).block).items() if n not in evaluated}
        slot = Let("slot", Call("mod", (name("n"), name(f"{own.name}_axonal_slots"))))
        stores = [
            Store(element(f"{own.name}_past_{read}", "slot", "j"), names.resolve(inline(Ref(Whose.PRE, read), {Whose.PRE: unknown})))
            for read in remembered
        ]
        doc = f"Remember what the sums of {own.name} read of the pre units at step n."
        found.append(Function(f"remember_{own.name}", doc, ("n", "t"), (), (), (slot, *every_unit(projection, Place.PRE, stores))))
    return tuple(found)


def _forget(projection: ProjectionPlan) -> tuple[Statement, ...]:
    """What arrived at the step before has been read by everyone; its place in the ring is free."""
    p = projection.projection.name
    slot = Let("slot", Call("mod", (Binary("-", name("n"), ONE), name(f"{p}_dendritic_slots"))))
    clear = [Store(element(f"{p}_coming_{target}", "slot", "i"), ZERO) for target in _targets(projection)]
    return (slot, *every_unit(projection, Place.POST, clear))


def _late(plan: Plan, projection: ProjectionPlan, totals: Sequence[SumInto], *, at_once: bool) -> tuple[Statement, ...]:
    """The sums over connections with delays: those that arrive at once, or those that are sent on their way."""
    own = projection.projection
    body: list[Statement] = [*_read_of_pre(plan, projection, totals)]
    for total in totals:
        amount = Names(plan, projection=projection).resolve(_with_locals(_plain(total.body), plan, projection))
        where = (
            element(f"{own.post}_{total.target}_delayed", "i") if at_once else element(f"{own.name}_coming_{total.target}", "arrival", "i")
        )
        body += [Comment(f"post.{total.target} = sum of {pretty(total.body)}"), Increase(where, amount)]
    # delays of their own are looked up at each connection, common ones once
    for same in (False, True):
        if own.delays.axonal is not None and projection.same_axonal is same:
            body = _if_something_left(own.name, name(f"{own.name}_axonal") if same else element(f"{own.name}_axonal", "k"), body)
        if own.delays.dendritic is not None and projection.same_dendritic is same:
            delay = name(f"{own.name}_dendritic") if same else element(f"{own.name}_dendritic", "k")
            body = _if_arriving(own.name, delay, body, at_once)
        if not same:
            body = list(every_connection(projection, body))
    return tuple(body)


def _if_something_left(p: str, delay: Expr, body: Sequence[Statement]) -> list[Statement]:
    """Before an axonal delay has passed nothing can have arrived."""
    past = Let("past", Call("mod", (Binary("-", name("n"), name("ago")), name(f"{p}_axonal_slots"))))
    return [Let("ago", delay), If(Compare(">=", name("n"), name("ago")), (past, *body))]


def _if_arriving(p: str, delay: Expr, body: Sequence[Statement], at_once: bool) -> list[Statement]:
    if at_once:
        return [Let("delay", delay), If(Compare("==", name("delay"), ZERO), tuple(body))]
    arrival = Let("arrival", Call("mod", (Binary("+", name("n"), name("delay")), name(f"{p}_dendritic_slots"))))
    return [Let("delay", delay), If(Compare(">", name("delay"), ZERO), (arrival, *body))]


def _read_of_pre(plan: Plan, projection: ProjectionPlan, totals: Sequence[SumInto]) -> Iterator[Statement]:
    """What the sums read of the pre unit, as it was an axonal delay ago; a delay of 0 steps asks for what it is at this moment."""
    own, names = projection.projection, Names(plan, projection=projection)
    pre = names.end(Whose.PRE).block
    for read in sorted({n for s in totals for n in _changing(s.body, pre)}):
        value = names.resolve(inline(Ref(Whose.PRE, read), {Whose.PRE: definitions(pre)}))
        if own.delays.axonal is not None:
            ring = element(f"{own.name}_past_{read}", "past", "j")
            value = Choice(((Compare(">", name("ago"), ZERO), ring),), value)
        yield Let(f"pre_{read}_now", value)


def _with_locals(body: Expr, plan: Plan, projection: ProjectionPlan) -> Expr:
    changing = _changing(body, Names(plan, projection=projection).end(Whose.PRE).block)
    return map_refs(body, lambda r: Remembered(f"pre_{r.name}") if r.owner is Whose.PRE and r.name in changing else r)
