"""Units that update one after the other, with the sums they read kept up to date.

Comes in: the plan and what `plan.sweeps` found out. Goes out: for each such population the order in which its units are visited, and the kernel of
one sweep. A unit that changes adds the difference of its terms to the sums of the units it projects to: only changes cost anything. Where no unit would
change if it were the first, none changes in any order, and none is drawn.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from plasticdsl.kernels.identifiers import AT_RANDOM, RUN, Field, Kernel, Local, Part, of_population, of_projection
from plasticdsl.kernels.loops import feeds
from plasticdsl.kernels.loops.bounds import clipped
from plasticdsl.kernels.loops.names import J, N, Names, each_unit, local, number_of, place_sizes
from plasticdsl.kernels.loops.populations import unit_statements
from plasticdsl.kernels.loops.waiting import added
from plasticdsl.kernels.loops.walks import S, are_on, row
from plasticdsl.kernels.program import (
    ONE,
    ZERO,
    Array,
    Comment,
    Fill,
    Function,
    If,
    Increase,
    Kept,
    Let,
    Read,
    Scalar,
    Size,
    Statement,
    Store,
    element,
    only,
)
from plasticdsl.kernels.recipes import SEED, Apply
from plasticdsl.model.expr import Binary, Choice, Compare, Expr, Logic, Number, Ref, joined
from plasticdsl.model.inline import map_refs, plain
from plasticdsl.model.owners import OfPopulation, Whose
from plasticdsl.model.pretty import pretty
from plasticdsl.plan import operations as ops
from plasticdsl.plan.places import Place
from plasticdsl.plan.plan import Plan
from plasticdsl.plan.sweeps import Sweep, Update
from plasticdsl.support.orders import length_of_pairs
from plasticdsl.support.random import stream_of

#: A sum that is kept is formed anew after so many changes for each unit.
MOST_CHANGES = Number(10.0)

#: The local that counts units that change, or have changed.
CHANGED = Local("changed")


def sizes(plan: Plan) -> tuple[Size, ...]:
    """Of what orders are drawn from."""
    groups = map(of_population, _swept(plan))
    return tuple(Size(p.field(Part.ORDER_WORDS_LENGTH), Apply(length_of_pairs, (p.field(Part.UNITS),))) for p in groups)


def arguments(plan: Plan) -> tuple[Array | Scalar, ...]:
    """Whether a population updates unit by unit now, and in which order; what sums that are kept hold."""
    found: list[Array | Scalar] = []
    for name in _swept(plan):
        p = of_population(name)
        found.append(Scalar(p.field(Part.VISITING), "int64", 0))
        found.append(Array(p.field(Part.ORDER), "int64", (p.field(Part.UNITS),), changes=False))
        found.append(Array(p.field(Part.ORDER_WORDS), "uint32", (p.field(Part.ORDER_WORDS_LENGTH),), changes=False))
        found.append(Scalar(p.field(Part.ORDER_STREAM), "int64", stream_of(name, "order")))
    for kept in _kept(plan):
        found.append(Array(age(kept), "int64", (RUN.field(Part.ONE),)))
        then = dict.fromkeys((t.projection, v) for t in kept.terms for v in t.variables)
        lengths = ((name, v, place_sizes(plan.projection(name))[Place.PRE]) for name, v in then)
        found += (Array(_then(kept, name, v), "float64", (length,)) for name, v, length in lengths)
    return tuple(found)


def _swept(plan: Plan) -> list[str]:
    return [o.population for part in plan.step if isinstance(part, ops.Only) for o in part.parts if isinstance(o, Sweep)]


def _kept(plan: Plan) -> list[ops.Keep]:
    return [o for o in plan.step if isinstance(o, ops.Keep)]


def visiting(population: str) -> Compare:
    """Whether this population updates unit by unit now."""
    return Compare("!=", Read(of_population(population).field(Part.VISITING)), ZERO)


def off(on: Compare) -> Compare:
    """The opposite of a switch being on."""
    return Compare("==", on.left, on.right)


# --- sums that are kept ----------------------------------------------------------------------------------------------


def age(kept: ops.Keep) -> Field:
    """How many changes a sum has followed, and one; at 0 it is to be summed anew."""
    return of_population(kept.population).field(Part.KEPT, kept.target)


def _then(kept: ops.Keep, projection: str, variable: str) -> Field:
    """What a variable of the pre units is in the sum."""
    return of_projection(projection).field(Part.THEN, kept.target, variable)


def kept(plan: Plan) -> tuple[Kept, ...]:
    """What the engine has to know of all of these."""
    pre = {t.projection: of_population(plan.projection(t.projection).projection.pre) for k in _kept(plan) for t in k.terms}
    return tuple(Kept(age(k), tuple(pre[t.projection].variable(v) for t in k.terms for v in t.variables)) for k in _kept(plan))


def follow(plan: Plan, operation: ops.Follow) -> Function:
    """The kernel that changes a sum by what pre units have become since, if these are few."""
    kept, cell = operation.kept, only(age(operation.kept))
    projections = list(dict.fromkeys(t.projection for t in kept.terms))
    count: list[Statement] = [Let(CHANGED, ZERO)]
    change: list[Statement] = []
    for name in projections:
        projection = plan.projection(name)
        names, mine = Names(plan, projection), [t for t in kept.terms if t.projection == name]
        variables = list(dict.fromkeys(v for t in mine for v in t.variables))
        then = {v: element(_then(kept, name, v), J) for v in variables}
        differs = joined("or", [Compare("!=", names.resolve(Ref(Whose.PRE, v)), cell_then) for v, cell_then in then.items()])
        more = Let(CHANGED, Choice(((differs, Binary("+", Read(CHANGED), ONE)),), Read(CHANGED)))
        count.append(each_unit(projection.projection.pre, (more,), J, in_order=True))
        rows = [s for t in mine for s in _row(plan, Update(name, kept.target, t.body), then)]
        stores = [Store(cell_then, names.resolve(Ref(Whose.PRE, v))) for v, cell_then in then.items()]
        change.append(each_unit(projection.projection.pre, (If(differs, (*rows, *stores)),), J, in_order=True))
    units = added([number_of(plan.projection(name).projection.pre) for name in projections] or [ZERO])
    many = Compare(">", Binary("*", Number(2.0), Read(CHANGED)), units)
    body: tuple[Statement, ...] = (*count, If(many, (Store(cell, ZERO),), (*change, Increase(cell, Read(CHANGED)))))
    body = (If(Compare("!=", cell, ZERO), body),) if projections else ()
    if kept.switched:
        body = (If(joined("or", [are_on(p) for p in kept.switched]), (Store(cell, ZERO),)), *body)
    doc = f"Change {kept.target} of {kept.population} by what pre units have become since it was right, unless many have changed."
    return Function(Kernel("follow_{}_{}", (kept.population, kept.target)), doc, body)


def summed(plan: Plan, operation: ops.Summed) -> Function:
    """The kernel that keeps of which values a sum is."""
    kept = operation.kept
    body: list[Statement] = [Store(only(age(kept)), ONE)]
    for name in dict.fromkeys(t.projection for t in kept.terms):
        projection, variables = plan.projection(name), dict.fromkeys(v for t in kept.terms if t.projection == name for v in t.variables)
        stores = [Store(element(_then(kept, name, v), J), Names(plan, projection).resolve(Ref(Whose.PRE, v))) for v in variables]
        body.append(each_unit(projection.projection.pre, stores, J))
    doc = f"Keep of which values {kept.target} of {kept.population} is the sum."
    return Function(Kernel("summed_{}_{}", (kept.population, kept.target)), doc, tuple(body))


def keep(plan: Plan, kept: ops.Keep) -> Function:
    """The kernel at the end of a step that says whether such a sum still is that of its terms."""
    cell, name = only(age(kept)), kept.population
    conditions: list[Expr] = [off(are_on(p)) for p in kept.switched]
    conditions += [off(feeds.active(ref)) for ref in kept.unfed]
    conditions.append(Compare("<=", cell, Binary("*", MOST_CHANGES, number_of(name))))
    body = If(Logic("not", (joined("and", conditions),)), (Store(cell, ZERO),))
    doc = f"Keep {kept.target} of {name} for the next step if nothing has changed its terms that it does not follow."
    return Function(Kernel("keep_{}_{}", (name, kept.target)), doc, (body,))


def condition(when: ops.OneByOne | ops.Due | ops.RulesOn) -> Expr:
    """When operations of a step are to be carried out."""
    match when:
        case ops.OneByOne(population, is_off):
            return off(visiting(population)) if is_off else visiting(population)
        case ops.Due(population, target):
            return Compare("==", only(of_population(population).field(Part.KEPT, target)), ZERO)
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
    before = {v: Read(local(v, "before")) for v in sweep.changed}
    follow = [s for update in sweep.updates for s in _follow(plan, update, sweep, before)]
    if follow:
        body.append(If(joined("or", changes), (*follow, *_followed(plan, sweep))))
    random = Compare("==", Read(p.field(Part.VISITING)), Number(float(AT_RANDOM)))
    arguments = Read(SEED), Read(p.field(Part.ORDER_STREAM)), Read(N)
    order = If(random, (Fill((p.field(Part.ORDER_WORDS), p.field(Part.ORDER)), "shuffle", arguments),))
    visits = (order, each_unit(name, body, S, in_order=True))
    doc = f"Update the units of {name} one after the other, each seeing what those before it changed."
    return Function(Kernel("sweep_{}", (name,)), doc, (*_would_change(plan, sweep), If(Compare(">", Read(CHANGED), ZERO), visits)))


def _would_change(plan: Plan, sweep: Sweep) -> tuple[Statement, ...]:
    """How many units would change if each were the first."""
    population, p = plan.population(sweep.population), of_population(sweep.population)
    current: dict[str, Expr] = {}
    body: list[Statement] = []
    for jump in (jump for change in population.changes for jump in change.jumps):
        names = Names(plan, population, index=J, current=dict(current))
        value = clipped(names.resolve(jump.value), population.variable(jump.target).variable, names.resolve)
        body.append(Let(local(jump.target, "new"), value))
        current[jump.target] = Read(local(jump.target, "new"))
    changes = joined("or", [Compare("!=", new, element(p.variable(v), J)) for v, new in current.items()])
    body.append(Let(CHANGED, Choice(((changes, Binary("+", Read(CHANGED), ONE)),), Read(CHANGED))))
    return Let(CHANGED, ZERO), Comment("which units would change"), each_unit(sweep.population, body, J, in_order=True)


def _followed(plan: Plan, sweep: Sweep) -> Iterator[Statement]:
    """Sums that are kept have followed unit j."""
    for kept in _kept(plan):
        mine = [t for t in kept.terms if plan.projection(t.projection).projection.pre == sweep.population]
        stores = dict.fromkeys((t.projection, v) for t in mine for v in t.variables if v in sweep.changed)
        now = of_population(sweep.population).variable
        lines: tuple[Statement, ...] = tuple(Store(element(_then(kept, name, v), J), element(now(v), J)) for name, v in stores)
        if stores:
            lines = (*lines, Increase(only(age(kept)), ONE))
            yield from lines if kept.population == sweep.population else (If(visiting(kept.population), lines),)


def _follow(plan: Plan, update: Update, sweep: Sweep, before: Mapping[str, Expr]) -> Sequence[Statement]:
    """The sums of the units that unit j projects to."""
    loop, post = _row(plan, update, before), plan.projection(update.projection).projection.post
    return loop if post == sweep.population else [If(visiting(post), tuple(loop))]


def _row(plan: Plan, update: Update, before: Mapping[str, Expr]) -> Sequence[Statement]:
    """The changes of sums of the units that unit j projects to, where its variables were others `before`."""
    projection = plan.projection(update.projection)
    names, post = Names(plan, projection), projection.projection.post
    cell = names.cell(Ref(Whose.POST, update.target))

    def earlier(ref: Ref) -> Expr:
        return before[ref.name] if ref.owner is Whose.PRE and ref.name in before else Ref(ref.owner, ref.name)

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
    return loop
