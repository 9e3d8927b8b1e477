"""Units that update one after the other, with the sums they read kept up to date.

Comes in: the plan and what `plan.sweeps` found out. Goes out: for each such population the order in which its units are visited, and the kernel of
one sweep. A unit that changes adds the difference of its terms to the sums of the units it projects to: only changes cost anything.
"""

from __future__ import annotations

from collections.abc import Sequence

from plasticdsl.kernels.identifiers import RUN, Field, Kernel, Part, of_population
from plasticdsl.kernels.loops import feeds
from plasticdsl.kernels.loops.names import J, Names, each_unit, local
from plasticdsl.kernels.loops.populations import unit_statements
from plasticdsl.kernels.loops.walks import S, are_on, row
from plasticdsl.kernels.program import ONE, ZERO, Array, Comment, Function, If, Increase, Let, Read, Scalar, Statement, Store, element, only
from plasticdsl.model.expr import Binary, Call, Compare, Expr, Number, Ref, joined
from plasticdsl.model.inline import map_refs, plain
from plasticdsl.model.owners import OfPopulation, Whose
from plasticdsl.model.pretty import pretty
from plasticdsl.plan import operations as ops
from plasticdsl.plan.plan import Plan
from plasticdsl.plan.sweeps import Sweep, Update

#: A sum that is kept from step to step is formed anew after so many steps.
STEPS_KEPT = Number(100.0)


def arguments(plan: Plan) -> tuple[Array | Scalar, ...]:
    """Whether a population updates unit by unit now, and in which order."""
    found: list[Array | Scalar] = []
    for name in (o.population for part in plan.step if isinstance(part, ops.Only) for o in part.parts if isinstance(o, Sweep)):
        p = of_population(name)
        found.append(Scalar(p.field(Part.VISITING), "int64", 0))
        found.append(Array(p.field(Part.ORDER), "int64", (p.field(Part.UNITS),), changes=False))
        for kept in (o for o in plan.step if isinstance(o, ops.Keep) and o.population == name):
            found.append(Array(age(name, kept.target), "int64", (RUN.field(Part.ONE),)))
    return tuple(found)


def visiting(population: str) -> Compare:
    """Whether this population updates unit by unit now."""
    return Compare("!=", Read(of_population(population).field(Part.VISITING)), ZERO)


def off(on: Compare) -> Compare:
    """The opposite of a switch being on."""
    return Compare("==", on.left, on.right)


# --- sums that are kept ----------------------------------------------------------------------------------------------


def age(population: str, target: str) -> Field:
    """For how long a sum has been kept; at 0 the next step sums anew."""
    return of_population(population).field(Part.KEPT, target)


def kept_ages(plan: Plan) -> tuple[Field, ...]:
    """Where all of these are."""
    return tuple(age(o.population, o.target) for o in plan.step if isinstance(o, ops.Keep))


def keep(plan: Plan, kept: ops.Keep) -> Function:
    """The kernel at the end of a step that says whether such a sum is still right."""
    target, population = kept.target, kept.population
    cell = only(age(population, target))
    conditions: list[Expr] = [visiting(p) for p in kept.visiting]
    conditions += [off(are_on(p)) for p in kept.switched]
    conditions += [off(feeds.active(ref)) for ref in kept.unfed]
    older = Store(cell, Call("mod", (Binary("+", cell, ONE), STEPS_KEPT)))
    body = If(joined("and", conditions), (older,), (Store(cell, ZERO),))
    doc = f"Keep {target} of {population} for the next step if only updates unit by unit, which it has followed, changed its terms."
    return Function(Kernel("keep_{}_{}", (population, target)), doc, (body,))


def condition(when: ops.OneByOne | ops.Due | ops.RulesOn) -> Expr:
    """When operations of a step are to be carried out."""
    match when:
        case ops.OneByOne(population, is_off):
            return off(visiting(population)) if is_off else visiting(population)
        case ops.Due(population, target):
            return Compare("==", only(age(population, target)), ZERO)
        case ops.RulesOn(projections):
            return joined("or", [are_on(p) for p in projections])


# --- the sweep -------------------------------------------------------------------------------------------------------


def update_one_by_one(plan: Plan, sweep: Sweep) -> Function:
    """The kernel of one sweep over all units."""
    name = sweep.population
    p, population = of_population(name), plan.population(name)
    names = Names(plan, population, index=J)
    body: list[Statement] = [Let(J, element(p.field(Part.ORDER), S))]
    body += [Let(local(v, "before"), element(p.variable(v), J)) for v in sweep.changed]
    for change in population.changes:
        body += unit_statements(change.jumps, names, population)
    changes: list[Expr] = [Compare("!=", element(p.variable(v), J), Read(local(v, "before"))) for v in sweep.changed]
    follow = [s for update in sweep.updates for s in _follow(plan, update, sweep)]
    if follow:
        body.append(If(joined("or", changes), tuple(follow)))
    doc = f"Update the units of {name} one after the other, each seeing what those before it changed."
    return Function(Kernel("sweep_{}", (name,)), doc, (each_unit(name, body, S, in_order=True),))


def _follow(plan: Plan, update: Update, sweep: Sweep) -> Sequence[Statement]:
    """The sums of the units that unit j projects to."""
    projection = plan.projection(update.projection)
    names, post = Names(plan, projection), projection.projection.post
    cell = names.cell(Ref(Whose.POST, update.target))

    def earlier(ref: Ref) -> Expr:
        return Read(local(ref.name, "before")) if ref.owner is Whose.PRE and ref.name in sweep.changed else Ref(ref.owner, ref.name)

    new = names.resolve(plain(update.body))
    old = names.resolve(map_refs(update.body, earlier))
    change: tuple[Statement, ...] = (
        Comment(f"{update.target} of {post} follows the change of {pretty(update.body)}"),
        Increase(cell, Binary("-", new, old)),
    )
    loop = row(projection, change)
    fed = Ref(OfPopulation(post), update.target)
    if fed in plan.asked.fed:
        free = row(projection, (*feeds.entry(post, update.target), If(feeds.FREE, change)))
        loop = (If(feeds.active(fed), (*feeds.shown(post, update.target), *free), tuple(loop)),)
    return loop if post == sweep.population else [If(visiting(post), loop)]
