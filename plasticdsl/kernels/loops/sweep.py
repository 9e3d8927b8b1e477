"""Units that update one after the other, with the sums they read kept up to date.

Comes in: the plan and what `plan.sweeps` found out. Goes out: for each such population the order in which its units are visited, and the kernel of
one sweep. A unit that changes adds the difference of its terms to the sums of the units it projects to: only changes cost anything.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from plasticdsl.kernels.loops import feeds
from plasticdsl.kernels.loops.names import Names
from plasticdsl.kernels.loops.populations import unit_statements
from plasticdsl.kernels.loops.walks import row
from plasticdsl.kernels.program import (
    Array,
    Comment,
    Constant,
    For,
    Function,
    If,
    Increase,
    Let,
    Scalar,
    Statement,
    Store,
    element,
    name,
)
from plasticdsl.model.expr import At, Binary, Call, Compare, Expr, Logic, Number, Ref
from plasticdsl.model.model import Population, Trigger
from plasticdsl.model.owners import StandIn, Whose
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
        p = sweep.population
        found.append(Scalar(f"{p}_visiting", "int64", Constant(), f"1 while the units of {p} update one after the other, else 0"))
        found.append(Array(f"{p}_order", "int64", (f"{p}_units",), Constant(), False, f"units of {p} in the order in which they update"))
        for kept in sweep.kept:
            doc = f"for how many steps {kept.target} of {p} has followed single units; 0: it is to be summed anew"
            found.append(Array(_age(p, kept), "int64", ("one",), Constant(), True, doc))
    return tuple(found)


def visiting(population: str) -> Expr:
    """Whether this population updates unit by unit now."""
    return Compare("!=", name(f"{population}_visiting"), ZERO)


# --- sums that are kept ----------------------------------------------------------------------------------------------


def _age(population: str, kept: Kept) -> str:
    return f"{population}_{kept.target}_kept"


def ages(plan: Plan) -> tuple[str, ...]:
    """The arrays that count for how long sums have been kept; 0 in them makes the next step sum anew."""
    return tuple(_age(s.population, kept) for s in plan.sweeps for kept in s.kept)


def when_due(plan: Plan, population: str, target: str, calls: Sequence[Statement]) -> tuple[Statement, ...]:
    """The calls that sum an input at the beginning of a step, left out while it is kept."""
    kept = kept_sum(plan, population, target)
    return tuple(calls) if kept is None else (If(Compare("==", At(Ref(Whose.OWN, _age(population, kept)), ("0",)), ZERO), tuple(calls)),)


def when_learnt(plan: Plan, population: str, target: str, calls: Sequence[Statement]) -> tuple[Statement, ...]:
    """The calls that sum an input again before a sweep, left out where no rule has changed its terms."""
    kept = kept_sum(plan, population, target)
    if kept is None:
        return tuple(calls)
    on = tuple(Compare("!=", name(f"{projection}_learning"), ZERO) for projection in kept.switched)
    return (If(on[0] if len(on) == 1 else Logic("or", on), tuple(calls)),) if on else ()


def kept_sum(plan: Plan, population: str, target: str) -> Kept | None:
    """When this input can be kept, if ever."""
    return next((k for s in plan.sweeps if s.population == population for k in s.kept if k.target == target), None)


def keep(plan: Plan) -> Iterator[Function]:
    """The kernels at the end of a step that say whether each of these sums is still right."""
    for sweep in plan.sweeps:
        for kept in sweep.kept:
            age = At(Ref(Whose.OWN, _age(sweep.population, kept)), ("0",))
            conditions: list[Expr] = [visiting(p) for p in kept.visiting]
            conditions += [Compare("==", name(f"{p}_learning"), ZERO) for p in kept.switched]
            conditions += [Compare("==", name(f"{p}_{v}_feed_active"), ZERO) for p, v in kept.unfed]
            older = Store(age, Call("mod", (Binary("+", age, ONE), STEPS_KEPT)))
            body = If(conditions[0] if len(conditions) == 1 else Logic("and", tuple(conditions)), (older,), (Store(age, ZERO),))
            doc = f"Keep {kept.target} of {sweep.population} for the next step if only updates unit by unit, which it has followed, changed its terms."
            yield Function(f"keep_{sweep.population}_{kept.target}", doc, (), (), (), (body,))


# --- the sweep -------------------------------------------------------------------------------------------------------


def sweep_kernel(plan: Plan, population: Population, sweep: Sweep) -> Function:
    """One sweep over all units."""
    p = population.name
    names = Names(plan, population, index="j")
    body: list[Statement] = [Let("j", element(f"{p}_order", "s"))]
    body += [Let(f"{v}_before", element(f"{p}_{v}", "j")) for v in sweep.changed]
    for handler in population.block.handlers:
        if handler.trigger is Trigger.STEP:
            body += unit_statements(handler, names, population.block)
    changes: list[Expr] = [Compare("!=", element(f"{p}_{v}", "j"), name(f"{v}_before")) for v in sweep.changed]
    follow = [s for update in sweep.updates for s in _follow(plan, update, sweep)]
    if follow:
        body.append(If(changes[0] if len(changes) == 1 else Logic("or", tuple(changes)), tuple(follow)))
    doc = f"Update the units of {p} one after the other, each seeing what those before it changed."
    return Function(f"sweep_{p}", doc, ("n", "t"), (), (), (For("s", ZERO, name(f"{p}_units"), tuple(body)),))


def _follow(plan: Plan, update: Update, sweep: Sweep) -> Sequence[Statement]:
    """The sums of the units that unit j projects to."""
    projection = _projection(plan, update.projection)
    names = Names(plan, projection=projection)
    cell = names.resolve(Ref(Whose.POST, update.target))
    assert isinstance(cell, At)

    def earlier(ref: Ref) -> Expr:
        return (
            Ref(StandIn.LOCAL, f"{ref.name}_before") if ref.owner is Whose.PRE and ref.name in sweep.changed else Ref(ref.owner, ref.name)
        )

    new = names.resolve(map_refs(update.body, lambda ref: Ref(ref.owner, ref.name)))
    old = names.resolve(map_refs(update.body, earlier))
    change: tuple[Statement, ...] = (
        Comment(f"{update.target} of {update.population} follows the change of {pretty(update.body)}"),
        Increase(cell, Binary("-", new, old)),
    )
    loop = row(projection, change)
    conditions: list[Expr] = [] if update.population == sweep.population else [visiting(update.population)]
    if feeds.fed(plan, update.population, update.target):
        conditions.append(Compare("==", name(f"{update.population}_{update.target}_feed_active"), ZERO))
    if not conditions:
        return loop
    return [If(conditions[0] if len(conditions) == 1 else Logic("and", tuple(conditions)), loop)]


def _projection(plan: Plan, wanted: str) -> ProjectionPlan:
    return next(p for p in plan.projections if p.projection.name == wanted)
