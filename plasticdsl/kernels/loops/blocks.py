"""Blocks of steps whose sums are formed, and whose changes are made, at once (`plan.passes.blocks`, where the formulas are).

Comes in: the plan of a projection with a `StepBlock`. Goes out: the kernels that begin a block, take the sums of a step from it, keep the changes of a
step for it, and end it.
"""

from __future__ import annotations

import math

from plasticdsl.kernels.identifiers import Field, Kernel, Local, Part, of_population
from plasticdsl.kernels.loops import defer, feeds
from plasticdsl.kernels.loops.bounds import clipped
from plasticdsl.kernels.loops.names import I, J, K, N, Names, each_unit
from plasticdsl.kernels.loops.step_block import PLACE, Block
from plasticdsl.kernels.loops.walks import every_connection
from plasticdsl.kernels.program import (
    ONE,
    ZERO,
    Comment,
    Element,
    Fill,
    For,
    Function,
    If,
    Increase,
    Let,
    Postponed,
    Read,
    Statement,
    Store,
    element,
    minus,
    only,
    plus,
    times,
)
from plasticdsl.model.expr import Call, Choice, Compare, Expr, Logic, Number, Ref, joined, walk
from plasticdsl.model.owners import Whose
from plasticdsl.model.pretty import pretty
from plasticdsl.plan.plan import Plan, ProjectionPlan

#: How many steps a block must have to pay.
LEAST = 8

#: Locals: which of the steps to come, an earlier change, whether something shown is not known, and whether a weight may be beyond its bounds.
STEP, R, UNKNOWN, BEYOND = (Local(text) for text in ("ahead", "r", "unknown", "beyond"))
#: Of a weight: what is left of it, and between what it is.
LEFT, LEAST_NOW, MOST_NOW = (Local(text) for text in ("left", "least_now", "most_now"))


# --- a block ---------------------------------------------------------------------------------------------------------


def begin(plan: Plan, projection: ProjectionPlan) -> Function:
    """The kernel that begins a block, where enough items are still to be shown."""
    block, pre = Block(plan, projection), plan.population(projection.projection.pre)
    shown, weight = block.how.shown, block.how.weight.name
    steps = Call("min", (minus(feeds.end(pre.name, shown), Read(N)), Read(block.field(Part.BLOCK_LENGTH))))
    may: list[Expr] = [feeds.active(Ref(pre.population.as_owner, shown)), Compare(">=", steps, Number(float(LEAST)))]
    start: list[Statement] = [] if block.leaves_all else [Store(block.of_unit(Part.BLOCK_KEPT), ONE)]
    look: tuple[Statement, ...] = ()
    if block.is_bounded or block.may_be_free:
        may.append(Compare(">=", Read(N), only(block.field(Part.BLOCK_NEXT))))
    if block.is_bounded:
        least, most = block.of_unit(Part.BLOCK_LEAST), block.of_unit(Part.BLOCK_MOST)
        start += [Store(least, Number(math.inf)), Store(most, Number(-math.inf))]
        extremes = [
            Store(cell, Choice(((beyond, block.w),), cell))
            for cell, beyond in zip((least, most), _beyond(block.w, least, most), strict=True)
        ]
        look = (Comment(f"the least and the largest {weight} of each unit"), *every_connection(projection, extremes))
    ahead: tuple[Statement, ...] = (
        Store(only(block.field(Part.BLOCK_FIRST)), Read(N)),
        Store(block.steps, steps),
        Comment(f"{shown} of {pre.name} in each step of the block"),
        *([Let(UNKNOWN, ZERO)] if block.may_be_free else []),
        For(STEP, ZERO, block.steps, _look_ahead(block)),
    )
    body: tuple[Statement, ...] = (
        Comment(f"the sums of {weight} {shown} in each of them, with the {weight} of now"),
        block.in_products("sums_of_rows", block.steps, block.shown, block.w.array, *_places(block), block.field(Part.BLOCK_SUMS)),
        *([block.each_post(*start)] if start else []),
        *look,
    )
    doc = f"Begin a block of steps of {projection.name}, where enough items are still to be shown, and form the sums of all of them."
    if block.may_be_free:
        body = (If(Compare("==", Read(UNKNOWN), ONE), (Store(block.steps, ZERO), block.later), body),)
    begun = (*defer.carried_out(plan, projection), *ahead, *body)
    return Function(Kernel("begin_block_{}", (projection.name,)), doc, (If(joined("and", may), begun),))


def _look_ahead(block: Block) -> tuple[Statement, ...]:
    """What the pre units show in a step of the block."""
    pre, shown = block.plan.population(block.projection.projection.pre), block.how.shown
    cell, now = element(block.shown, STEP, I), element(of_population(pre.name).variable(shown), I)
    row = feeds.shown(pre.name, shown, plus(Read(N), Read(STEP)))
    if block.may_be_free:
        known = (Store(cell, Read(feeds.VALUE)), If(feeds.FREE, (Let(UNKNOWN, ONE),)))
        return (*row, each_unit(pre.name, (*feeds.entry(pre.name, shown), *known), in_order=True))
    item = Store(cell, Choice(((feeds.GIVEN, Read(feeds.VALUE)),), now))
    return (*row, each_unit(pre.name, (*feeds.entry(pre.name, shown), item)))


def take_sums(plan: Plan, projection: ProjectionPlan) -> Function:
    """The kernel that adds the sums of this step to an input."""
    block, (total,) = Block(plan, projection), projection.sums
    cell, factor = block.names.cell(Ref(Whose.POST, total.target)), block.names.resolve(block.how.of_post)
    sums, body = element(block.field(Part.BLOCK_SUMS), PLACE, I), list[Statement]([block.place])
    if block.terms:
        arrays = map(block.field, (Part.BLOCK_CHANGES, Part.BLOCK_OVERLAPS, Part.BLOCK_SUMS))
        since = list[Statement]([Fill(tuple(arrays), "add_changes", (block.before, Read(PLACE)))])
        if not block.leaves_all:
            since.insert(0, block.each_post(Store(sums, times(block.of_unit(Part.BLOCK_KEPT), sums))))
        body += [Comment("what has changed in the block counts too"), *block.while_on(since)]
    body += [
        Comment(f"post.{total.target} = sum of {pretty(total.body)}"),
        block.each_post(Increase(cell, sums if factor == ONE else times(factor, sums))),
    ]
    doc = f"Add the sum over the incoming connections of {projection.name} to {total.target}, in a block of steps."
    return Function(Kernel("block_sum_{}_{}", (projection.name, total.target)), doc, tuple(body))


def keep(plan: Plan, projection: ProjectionPlan) -> Function:
    """The kernel that keeps what rules change in this step until the block ends."""
    block, resolve = Block(plan, projection), Names(plan, projection).resolve
    change = block.how.change
    assert change is not None
    of_pre, of_post = list[Statement](), list[Statement]()
    numbers = [plus(block.before, Number(float(k))) if k else block.before for k in range(block.terms)]
    for k, (number, term) in enumerate(zip(numbers, change.terms, strict=True)):
        of_pre += [Comment(pretty(term.of_pre)), Let(_local("factor", k), resolve(term.of_pre))]
        of_pre += [Store(element(block.field(Part.BLOCK_FACTORS), number, J), Read(_local("factor", k))), *_extremes(block, k)]
        of_post += [Comment(pretty(term.of_post)), Let(_local("change", k), resolve(term.of_post))]
        of_post += [Store(element(block.field(Part.BLOCK_CHANGES), number, I), Read(_local("change", k)))]
    if not block.leaves_all:
        of_post += [Comment(f"{pretty(change.kept)} of {block.how.weight.name} is left"), Let(LEFT, resolve(change.kept))]
        of_post += [Store(block.of_unit(Part.BLOCK_LEFT), Read(LEFT))]
    own = projection.projection
    body: list[Statement] = [
        block.place,
        *_no_extremes(block),
        each_unit(own.pre, of_pre, J, in_order=block.is_bounded),
        each_unit(own.post, (*of_post, *_moved(block)), in_order=block.is_bounded),
    ]
    rest: tuple[Statement, ...] = (*_with_what_is_left(block), *(_overlap(block, number) for number in numbers))
    if block.is_bounded:
        ends = Store(block.steps, Read(PLACE)), block.later
        rest = (If(Compare("==", Read(BEYOND), ONE), ends, rest),)
    doc = f"Keep what the rules of {projection.name} change in this step until the block ends."
    return Function(Kernel("keep_block_{}", (projection.name,)), doc, block.while_on([*body, *rest]))


def _overlap(block: Block, number: Expr) -> Fill:
    """What a change adds to later sums of the block."""
    arrays = (block.field(Part.BLOCK_FACTORS), block.shown, block.field(Part.BLOCK_OVERLAPS))
    return Fill(arrays, "overlaps_of", (number, plus(Read(PLACE), ONE), block.steps))


def _with_what_is_left(block: Block) -> tuple[Statement, ...]:
    """What rules leave of the weights and of earlier changes."""
    if block.leaves_all:
        return ()
    left, kept, earlier = block.of_unit(Part.BLOCK_LEFT), block.of_unit(Part.BLOCK_KEPT), element(block.field(Part.BLOCK_CHANGES), R, I)
    of_changes = For(R, ZERO, block.before, (block.each_post(Store(earlier, times(earlier, left))),))
    return block.each_post(Store(kept, times(kept, left))), of_changes


def end(plan: Plan, projection: ProjectionPlan) -> Function:
    """The kernel that ends a block before step n."""
    block = Block(plan, projection)
    doc = f"End the block of steps of {projection.name} before step n, and make all its changes."
    return Function(Kernel("end_block_{}", (projection.name,)), doc, (*_changed(block, block.w), Store(block.steps, ZERO)))


def bring(plan: Plan, projection: ProjectionPlan) -> Function:
    """The kernel that tells what weights are before step n, for whoever asks; nothing changes."""
    block = Block(plan, projection)
    now = element(block.field(Part.BROUGHT, block.how.weight.name), K)
    wanted = Compare("==", Read(block.field(Part.BROUGHT_LENGTH, block.how.weight.name)), Read(block.field(Part.CONNECTIONS)))
    body = (*every_connection(projection, [Store(now, block.w)]), *_changed(block, now))
    doc = f"What the weights of {projection.name} are now, where that is asked in a block of steps."
    return Function(Kernel("bring_{}", (projection.name,)), doc, (If(wanted, body),))


def postponed(plan: Plan, projection: ProjectionPlan) -> Postponed:
    """What the engine has to know."""
    block = Block(plan, projection)
    weight, shown = block.how.weight, of_population(projection.projection.pre).variable(block.how.shown)
    now, length = block.field(Part.BROUGHT, weight.name), block.field(Part.BROUGHT_LENGTH, weight.name)
    bounds = [block.names.resolve(b) for b in (weight.low, weight.high) if b is not None and block.is_bounded]
    limits = tuple(node.name for b in bounds for node in walk(b) if isinstance(node, Read) and isinstance(node.name, Field))
    changes = (block.field(Part.BLOCK_FACTORS), block.field(Part.BLOCK_CHANGES)) if block.terms else ()
    return Postponed(block.w.array, now, length, block.field(Part.BLOCK_STEPS), (), limits, shown, changes)


def _changed(block: Block, w: Element) -> tuple[Statement, ...]:
    """All changes of the block so far."""
    if block.how.change is None:
        return ()
    done = Let(PLACE, Call("min", (minus(Read(N), only(block.field(Part.BLOCK_FIRST))), block.steps)))
    arrays = map(block.field, (Part.BLOCK_FACTORS, Part.BLOCK_CHANGES, Part.BLOCK_KEPT))
    body: list[Statement] = [done, block.in_products("change_rows", block.before, *arrays, *_places(block), w.array)]
    if block.is_bounded:  # what rounding may have put beyond a bound
        body += every_connection(block.projection, [Store(w, clipped(w, block.how.weight, block.names.resolve))])
    return block.while_on(body)


def _places(block: Block) -> tuple[Field, Field]:
    """Where products are worked on."""
    return block.field(Part.BLOCK_TILE), block.field(Part.BLOCK_ROWS)


def _local(what: str, number: int) -> Local:
    return Local(f"{what}_{{}}", (str(number + 1),))


# --- bounds ----------------------------------------------------------------------------------------------------------


def _beyond(value: Expr, least: Expr, most: Expr) -> tuple[Compare, Compare]:
    return Compare("<", value, least), Compare(">", value, most)


def _no_extremes(block: Block) -> tuple[Statement, ...]:
    if not block.is_bounded:
        return ()
    ends = ((_local("least", k), math.inf) if low else (_local("most", k), -math.inf) for k in range(block.terms) for low in (True, False))
    return (*(Let(local, Number(value)) for local, value in ends), Let(BEYOND, ZERO))


def _extremes(block: Block, k: int) -> tuple[Statement, ...]:
    """The least and the largest that a change takes of the pre units."""
    if not block.is_bounded:
        return ()
    ends, factor = (_local("least", k), _local("most", k)), Read(_local("factor", k))
    tests = _beyond(factor, Read(ends[0]), Read(ends[1]))
    return tuple(Let(end, Choice(((test, factor),), Read(end))) for end, test in zip(ends, tests, strict=True))


def _moved(block: Block) -> tuple[Statement, ...]:
    """Between what all weights of post unit i are with this change, and whether that is beyond a bound."""
    if not block.is_bounded:
        return ()
    cells = block.of_unit(Part.BLOCK_LEAST), block.of_unit(Part.BLOCK_MOST)
    sums: list[Expr] = list(cells)
    if not block.leaves_all:
        sums = [
            Choice(((Compare(">=", Read(LEFT), ZERO), times(Read(LEFT), one)),), times(Read(LEFT), other))
            for one, other in (cells, cells[::-1])
        ]
    for k in range(block.terms):
        change, ends = Read(_local("change", k)), (Read(_local("least", k)), Read(_local("most", k)))
        for side, (one, other) in enumerate((ends, ends[::-1])):
            positive = Compare(">=", change, ZERO)
            sums[side] = plus(sums[side], Choice(((positive, times(change, one)),), times(change, other)))
    now, low, high = (LEAST_NOW, MOST_NOW), block.how.weight.low, block.how.weight.high
    within = [] if low is None else [Compare(">=", Read(LEAST_NOW), block.names.resolve(low))]
    within += [] if high is None else [Compare("<=", Read(MOST_NOW), block.names.resolve(high))]
    return (
        *(Let(local, value) for local, value in zip(now, sums, strict=True)),
        *(Store(cell, Read(local)) for cell, local in zip(cells, now, strict=True)),
        If(Logic("not", (joined("and", within),)), (Let(BEYOND, ONE),)),
    )
