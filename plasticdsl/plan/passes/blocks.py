"""Blocks: sums and changes of several steps are one product of matrices each, where the steps ahead show what is known beforehand.

Rewrite, for a projection between all pairs of units with sums y_i(t) = g_i Σ_j w_ij x_j(t), a rule w_ij ← s_i(t) w_ij + u_j(t) c_i(t) at every step t
(or several such products), and the steps t = 0 … T − 1 of a block:

    w_ij(t) = S_i(t) w_ij(0) + Σ_{r<t} u_j(r) C_i(r, t),                 S_i(t) = Π_{r<t} s_i(r),   C_i(r, t) = c_i(r) Π_{r<q<t} s_i(q)
    y_i(t)  = g_i (S_i(t) Y_i(t) + Σ_{r<t} C_i(r, t) Σ_j u_j(r) x_j(t)),   Y_i(t) = Σ_j w_ij(0) x_j(t)

so that all Y are one product of matrices at the beginning, w one at the end, and w comes from memory twice in T steps, not three times in each. There is
still one change per step: s, u and c are what they are in their step, with everything that they read.

Exact, up to rounding, when (1) the x of the steps ahead are known: those of sources, which only tables move between calls of `advance`, and states that a
table gives for all units; (2) the rule is of this form; (3) no weight meets its bounds in the block; (4) nothing else reads or changes w in a step.
(2) and (4) are known from the plan, and (1) where a block begins. For (3) the least and the largest value that a weight of unit i can have is followed
from step to step; where that is beyond a bound, the block ends before the change, and the next steps are taken one by one. Where blocks begin and end does
not depend on who looks at w in between: what it is then is computed apart (`CompiledEngine.read`).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Set
from dataclasses import replace

from plasticdsl.model import Assign, Role
from plasticdsl.model.expr import Binary, Choice, Expr, Negate, Ref, refs, substitute
from plasticdsl.model.mapping import expressions
from plasticdsl.model.owners import Whose
from plasticdsl.model.schemes import variables_of
from plasticdsl.options import MEDIUM
from plasticdsl.plan.blocks import Change, Outer, StepBlock
from plasticdsl.plan.operations import AddSum, AtStep, Connections, EvaluateInput, InBlock, OfConnections, OneByOne, Only, Operation
from plasticdsl.plan.places import Kind, Place
from plasticdsl.plan.plan import Layout, Plan, ProjectionPlan
from plasticdsl.plan.sharing import reads_only
from plasticdsl.plan.sweeps import Sweep
from plasticdsl.symbolic.algebra import ONE, ZERO, add, choice, div, mul, neg
from plasticdsl.symbolic.linear import NotLinear, linear_form


def in_blocks(plan: Plan) -> Plan:
    """The plan with every projection that can take several steps at once."""
    found = {p.name: replace(p, block=block) for p in plan.projections if (block := _block(plan, p)) is not None}
    if not found:
        return plan
    visited = {o.population for only in plan.step if isinstance(only, Only) for o in only.parts if isinstance(o, Sweep)}
    step = tuple(o for operation in plan.step for o in _rewritten(operation, found, visited))
    projections = tuple(found.get(p.name, p) for p in plan.projections)
    notes = tuple(_note(plan, p) for p in found.values())
    return replace(plan, projections=projections, step=step, notes=(*plan.notes, *notes))


def _rewritten(operation: Operation, found: Mapping[str, ProjectionPlan], visited: Set[str]) -> Iterator[Operation]:
    """`visited`: populations that may update unit by unit; sums that follow them stay as they are, and no block begins then."""
    match operation:
        case AddSum(name, stage=None) if name in found:
            yield Only(InBlock(name, over=True), (Connections(name, OfConnections.END_BLOCK),))
            yield Only(InBlock(name, off=True), (_at_once(found[name], Connections(name, OfConnections.BEGIN_BLOCK), visited),))
            yield Only(InBlock(name), (Connections(name, OfConnections.SUM_BLOCK),))
            yield Only(InBlock(name, off=True), (operation,))
        case AtStep(name, None) if name in found:
            yield Only(InBlock(name), (Connections(name, OfConnections.KEEP_BLOCK),))
            if _is_bounded(found[name]):
                yield Only(InBlock(name, over=True), (Connections(name, OfConnections.END_BLOCK),))
            yield Only(InBlock(name, off=True), (operation,))
        case EvaluateInput(parts=parts):
            yield replace(operation, parts=tuple(o for part in parts for o in _rewritten(part, found, visited)))
        case _:
            yield operation


def _at_once(projection: ProjectionPlan, operation: Operation, visited: Set[str]) -> Operation:
    """Only while no unit of either side updates by itself."""
    for name in sorted(visited & {projection.projection.pre, projection.projection.post}):
        operation = Only(OneByOne(name, off=True), (operation,))
    return operation


def _note(plan: Plan, projection: ProjectionPlan) -> str:
    assert projection.block is not None
    own, block = projection.projection, projection.block
    shown = f"{plan.population(own.pre).population.symbol}.{block.shown}"
    what = "sums are formed" if block.change is None else "sums are formed and changes made"
    unless = ", unless a weight comes near its bounds" if _is_bounded(projection) else ""
    return f"{projection.label}: {what} for many steps at once where {shown} is known beforehand{unless}, in networks with {MEDIUM} connections"


# --- which projections -----------------------------------------------------------------------------------------------


def _block(plan: Plan, projection: ProjectionPlan) -> StepBlock | None:
    """How the projection takes several steps at once; None where it cannot."""
    own = projection.projection
    plain = projection.layout is not Layout.LISTED and not own.delays and not own.changing and not own.symmetric
    if not plain or len(projection.sums) != 1 or plan.population(own.post).population.step is not None:
        return None
    (total,) = projection.sums
    weight = next(
        (p for p in projection.variables if p.place is Place.CONNECTION and Ref(Whose.OWN, p.variable.name) in refs(total.body)), None
    )
    if weight is None or weight.kind not in (Kind.STATE, Kind.CONSTANT) or not _alone(plan, projection, weight.variable.name):
        return None
    name = Ref(Whose.OWN, weight.variable.name)
    shown = _shown(plan, projection, total.body, name)
    bounds = [b for b in (weight.variable.low, weight.variable.high) if b is not None]
    shared = frozenset(p.variable.name for p in projection.variables if p.kind is Kind.SHARED)
    if shown is None or not all(reads_only(b, side, shared) for b in bounds for side in (Place.PRE, Place.POST)):
        return None
    change = _change(projection, name, bool(bounds)) if projection.each_step else None
    if projection.each_step and change is None:
        return None
    return StepBlock(weight.variable, total.target, shown.of_pre.name, shown.of_post, change) if isinstance(shown.of_pre, Ref) else None


def _shown(plan: Plan, projection: ProjectionPlan, body: Expr, weight: Ref) -> Outer | None:
    """What a sum multiplies w by: a variable that tables may give, times something of the post unit."""
    try:
        form = linear_form(body, frozenset({weight}))
    except NotLinear:
        return None
    factor = _product(projection, form.coefficient(weight))
    if form.offset != ZERO or factor is None or not isinstance(factor.of_pre, Ref) or factor.of_pre.owner is not Whose.PRE:
        return None
    own = projection.projection
    variable = plan.population(own.pre).variable(factor.of_pre.name).variable
    fed = Ref(plan.population(own.pre).population.as_owner, variable.name) in plan.asked.fed
    return factor if fed and variable.role in (Role.CLAMPED, Role.STATE) else None


def _alone(plan: Plan, projection: ProjectionPlan, weight: str) -> bool:
    """Whether nothing but one sum reads w in a step, and nothing but what happens at every step changes it."""
    sums = [o for o in _always(plan.step) if isinstance(o, AddSum) and o.projection == projection.name]
    if len(sums) != 1 or sums[0].along is not None or any(o.name == projection.name for p in plan.projections for o in p.others):
        return False
    events = (*projection.at_spikes, *(e for _, many in projection.periodic for e in many))
    statements = tuple(e.statement for e in events)
    beside = expressions((statements, projection.schemes, projection.totals, projection.histories))
    mentioned = any(r.owner is Whose.OWN and r.name == weight for expr in beside for r in refs(expr))
    moved = any(e.assigned == weight for e in events) or any(weight in variables_of(s.scheme) for s in projection.schemes)
    return not mentioned and not moved and weight not in (*projection.shadows, *projection.forecasts)


def _always(operations: Iterable[Operation]) -> Iterator[Operation]:
    """What is carried out in every step, while no units update one by one."""
    for operation in operations:
        match operation:
            case EvaluateInput(parts=parts):
                yield from _always(parts)
            case Only(OneByOne(off=False)):
                pass
            case Only(parts=parts):
                yield from _always(parts)
            case _:
                yield operation


def _is_bounded(projection: ProjectionPlan) -> bool:
    block = projection.block
    return block is not None and block.change is not None and (block.weight.low is not None or block.weight.high is not None)


# --- what rules change -----------------------------------------------------------------------------------------------


def _change(projection: ProjectionPlan, own: Ref, bounded: bool) -> Change | None:
    """What rules do to w at every step; None where it is nothing of this form."""
    events = projection.each_step
    plain = all(isinstance(e.statement, Assign) and e.assigned == own.name for e in events)
    if not plain or len({e.held for e in events}) > 1 or (bounded and len(events) > 1):
        return None
    value: Expr = own
    for event in events:  # each takes what the one before has left
        value = substitute(event.value, {own: value})
    try:
        form = linear_form(value, frozenset({own}))
    except NotLinear:
        return None
    kept, terms = form.coefficient(own), dict[Expr, Expr]()
    for term in _outer_products(projection, form.offset):
        if term is None:
            return None
        terms[term.of_pre] = add(terms.get(term.of_pre, ZERO), term.of_post)
    found = tuple(Outer(of_pre, of_post) for of_pre, of_post in terms.items() if of_post != ZERO)
    return Change(kept, found, events[0].held) if _is_of(projection, kept, Place.POST) else None


def _outer_products(projection: ProjectionPlan, expr: Expr) -> Iterator[Outer | None]:
    """The products of which an expression is the sum; None for what is none."""
    whole = _product(projection, expr)
    if whole is not None:
        yield whole
        return
    match expr:
        case Binary("+", left, right):
            yield from _outer_products(projection, left)
            yield from _outer_products(projection, right)
        case Binary("-", left, right):
            yield from _outer_products(projection, left)
            yield from _outer_products(projection, Negate(right))
        case Negate(operand):
            yield from (None if t is None else replace(t, of_post=neg(t.of_post)) for t in _outer_products(projection, operand))
        case Binary("*", left, right):
            for one in _outer_products(projection, left):
                for other in _outer_products(projection, right):
                    yield None if one is None or other is None else _times(one, other)
        case Binary("/", left, right):
            below = _product(projection, right)
            yield from (None if t is None or below is None else _over(t, below) for t in _outer_products(projection, left))
        case Choice(branches, otherwise) if all(_is_of(projection, condition, Place.POST) for condition, _ in branches):
            yield from _by_cases(projection, branches, otherwise)
        case _:
            yield None


def _is_of(projection: ProjectionPlan, expr: Expr, side: Place) -> bool:
    """Whether an expression has the same value for all connections of a unit of `side`."""
    return reads_only(expr, side, frozenset(p.variable.name for p in projection.variables if p.place is side or p.kind is Kind.SHARED))


def _product(projection: ProjectionPlan, expr: Expr) -> Outer | None:
    """An expression as one product. What is of neither unit counts as of the post unit."""
    if _is_of(projection, expr, Place.POST):
        return Outer(ONE, expr)
    match expr:
        case Binary("*" | "/" as operator, left, right):
            one, other = _product(projection, left), _product(projection, right)
            return None if one is None or other is None else (_times if operator == "*" else _over)(one, other)
        case Negate(operand):
            inner = _product(projection, operand)
            return None if inner is None else replace(inner, of_post=neg(inner.of_post))
        case _:
            return Outer(expr, ONE) if _is_of(projection, expr, Place.PRE) else None


def _times(one: Outer, other: Outer) -> Outer:
    return Outer(mul(one.of_pre, other.of_pre), mul(one.of_post, other.of_post))


def _over(one: Outer, other: Outer) -> Outer:
    return Outer(div(one.of_pre, other.of_pre), div(one.of_post, other.of_post))


def _by_cases(projection: ProjectionPlan, branches: tuple[tuple[Expr, Expr], ...], otherwise: Expr) -> Iterator[Outer | None]:
    """Cases that the post unit decides, where all of them take the same of the pre unit."""
    found = [_product(projection, value) for value in (*(v for _, v in branches), otherwise)]
    of_pre = {t.of_pre for t in found if t is not None and t.of_post != ZERO}
    if None in found or len(of_pre) != 1:
        yield None
        return
    values = [t.of_post for t in found if t is not None]
    yield Outer(of_pre.pop(), choice(tuple(zip((c for c, _ in branches), values[:-1], strict=True)), values[-1]))
