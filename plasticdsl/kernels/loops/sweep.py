"""Units that update one after the other, with the sums they read kept up to date.

Comes in: the plan and what `plan.sweeps` found out. Goes out: for each such population the order in which its units are visited, and the kernel of
one sweep. A unit that changes adds the difference of its terms to the sums of the units it projects to: only changes cost anything.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from plasticdsl.kernels.identifiers import RUN, Field, Kernel, Local, Part, of_population
from plasticdsl.kernels.loops import feeds
from plasticdsl.kernels.loops.names import EACH_STEP, J, Names, number_of
from plasticdsl.kernels.loops.populations import unit_statements
from plasticdsl.kernels.loops.walks import S, are_on, row
from plasticdsl.kernels.program import (
    Array,
    Comment,
    Constant,
    Element,
    For,
    Function,
    If,
    Increase,
    Let,
    Read,
    Scalar,
    Statement,
    Store,
    element,
    only,
)
from plasticdsl.model.expr import Binary, Call, Compare, Expr, Logic, Number, Ref
from plasticdsl.model.model import Population, Trigger
from plasticdsl.model.owners import Whose
from plasticdsl.model.pretty import pretty
from plasticdsl.plan.inline import map_refs
from plasticdsl.plan.plan import Plan, ProjectionPlan
from plasticdsl.plan.sweeps import Kept, Sweep, Update

ZERO, ONE = Number(0.0), Number(1.0)

#: A sum that is kept from step to step is formed anew after so many steps.
STEPS_KEPT = Number(100.0)


def arguments(plan: Plan) -> tuple[Array | Scalar, ...]:
    """Whether a population updates unit by unit now, and in which order."""
    found: list[Array | Scalar] = []
    for sweep in plan.sweeps:
        name, p = sweep.population, of_population(sweep.population)
        doc = f"1 while the units of {name} update one after the other, else 0"
        found.append(Scalar(p.field(Part.VISITING), "int64", Constant(), doc))
        doc = f"units of {name} in the order in which they update"
        found.append(Array(p.field(Part.ORDER), "int64", (p.field(Part.UNITS),), Constant(), False, doc))
        for kept in sweep.kept:
            doc = f"for how many steps {kept.target} of {name} has followed single units; 0: it is to be summed anew"
            found.append(Array(_age(name, kept), "int64", (RUN.field(Part.ONE),), Constant(), True, doc))
    return tuple(found)


def visiting(population: str) -> Compare:
    """Whether this population updates unit by unit now."""
    return Compare("!=", Read(of_population(population).field(Part.VISITING)), ZERO)


def off(on: Compare) -> Compare:
    """The opposite of a switch being on."""
    return Compare("==", on.left, on.right)


# --- sums that are kept ----------------------------------------------------------------------------------------------


def _age(population: str, kept: Kept) -> Field:
    return of_population(population).field(Part.KEPT, kept.target)


def ages(plan: Plan) -> tuple[Field, ...]:
    """The arrays that count for how long sums have been kept; 0 in them makes the next step sum anew."""
    return tuple(_age(s.population, kept) for s in plan.sweeps for kept in s.kept)


def when_due(plan: Plan, population: str, target: str, calls: Sequence[Statement]) -> tuple[Statement, ...]:
    """The calls that sum an input at the beginning of a step, left out while it is kept."""
    kept = kept_sum(plan, population, target)
    return tuple(calls) if kept is None else (If(Compare("==", only(_age(population, kept)), ZERO), tuple(calls)),)


def when_learnt(plan: Plan, population: str, target: str, calls: Sequence[Statement]) -> tuple[Statement, ...]:
    """The calls that sum an input again before a sweep, left out where no rule has changed its terms."""
    kept = kept_sum(plan, population, target)
    if kept is None:
        return tuple(calls)
    on = tuple(are_on(projection) for projection in kept.switched)
    return (If(on[0] if len(on) == 1 else Logic("or", on), tuple(calls)),) if on else ()


def kept_sum(plan: Plan, population: str, target: str) -> Kept | None:
    """When this input can be kept, if ever."""
    return next((k for s in plan.sweeps if s.population == population for k in s.kept if k.target == target), None)


def keep(plan: Plan) -> Iterator[Function]:
    """The kernels at the end of a step that say whether each of these sums is still right."""
    for sweep in plan.sweeps:
        for kept in sweep.kept:
            age = only(_age(sweep.population, kept))
            conditions: list[Expr] = [visiting(p) for p in kept.visiting]
            conditions += [off(are_on(p)) for p in kept.switched]
            conditions += [off(feeds.active(p, v)) for p, v in kept.unfed]
            older = Store(age, Call("mod", (Binary("+", age, ONE), STEPS_KEPT)))
            body = If(conditions[0] if len(conditions) == 1 else Logic("and", tuple(conditions)), (older,), (Store(age, ZERO),))
            doc = f"Keep {kept.target} of {sweep.population} for the next step if only updates unit by unit, which it has followed, changed its terms."
            yield Function(Kernel("keep_{}_{}", (sweep.population, kept.target)), doc, (), (), (), (body,))


# --- the sweep -------------------------------------------------------------------------------------------------------


def sweep_kernel(plan: Plan, population: Population, sweep: Sweep) -> Function:
    """One sweep over all units."""
    name, p = population.name, of_population(population.name)
    names = Names(plan, population, index=J)
    body: list[Statement] = [Let(J, element(p.field(Part.ORDER), S))]
    body += [Let(_before(v), element(p.variable(v), J)) for v in sweep.changed]
    for handler in population.block.handlers:
        if handler.trigger is Trigger.STEP:
            body += unit_statements(handler, names, population.block)
    changes: list[Expr] = [Compare("!=", element(p.variable(v), J), Read(_before(v))) for v in sweep.changed]
    follow = [s for update in sweep.updates for s in _follow(plan, update, sweep)]
    if follow:
        body.append(If(changes[0] if len(changes) == 1 else Logic("or", tuple(changes)), tuple(follow)))
    doc = f"Update the units of {name} one after the other, each seeing what those before it changed."
    return Function(Kernel("sweep_{}", (name,)), doc, EACH_STEP, (), (), (For(S, ZERO, number_of(name), tuple(body)),))


def _before(variable: str) -> Local:
    """The local that holds what a variable of the unit was before it updated."""
    return Local("{}_before", (variable,))


def _follow(plan: Plan, update: Update, sweep: Sweep) -> Sequence[Statement]:
    """The sums of the units that unit j projects to."""
    projection = _projection(plan, update.projection)
    names = Names(plan, projection=projection)
    cell = names.resolve(Ref(Whose.POST, update.target))
    assert isinstance(cell, Element)

    def earlier(ref: Ref) -> Expr:
        return Read(_before(ref.name)) if ref.owner is Whose.PRE and ref.name in sweep.changed else Ref(ref.owner, ref.name)

    new = names.resolve(map_refs(update.body, lambda ref: Ref(ref.owner, ref.name)))
    old = names.resolve(map_refs(update.body, earlier))
    change: tuple[Statement, ...] = (
        Comment(f"{update.target} of {update.population} follows the change of {pretty(update.body)}"),
        Increase(cell, Binary("-", new, old)),
    )
    loop = row(projection, change)
    conditions: list[Expr] = [] if update.population == sweep.population else [visiting(update.population)]
    if feeds.fed(plan, update.population, update.target):
        conditions.append(off(feeds.active(update.population, update.target)))
    if not conditions:
        return loop
    return [If(conditions[0] if len(conditions) == 1 else Logic("and", tuple(conditions)), loop)]


def _projection(plan: Plan, wanted: str) -> ProjectionPlan:
    return next(p for p in plan.projections if p.projection.name == wanted)
