"""Pre units for whose connections nothing waits (`loops.lazy`): where clipping a weight once is not clipping it at each postsynaptic spike.

That is so where a weight is outside its bounds (it was written there, or a bound has moved: it stays there until something happens to it) and where
a trace was written below 0, so that changes have either sign. Then every postsynaptic spike changes the weights of these units itself; `AT_ONCE` is 1
for them, and their a is 0. When frames begin, and for these units at the end of each, it is looked whether it is still so.
"""

from __future__ import annotations

from collections.abc import Mapping

from plasticdsl.kernels.identifiers import Local, Part
from plasticdsl.kernels.loops.bounds import clipped
from plasticdsl.kernels.loops.names import I, J, each_unit
from plasticdsl.kernels.loops.waiting import Waiting, added, factor
from plasticdsl.kernels.loops.walks import column, found_in_row, row, row_ends
from plasticdsl.kernels.program import ONE, ZERO, Element, If, Let, Read, Statement, Store, element
from plasticdsl.model.expr import Binary, Call, Choice, Compare, Expr, Number, joined
from plasticdsl.plan.plan import Layout

#: How far outside its bounds, in units of them, a weight still counts as at them: single precision rounds.
NEARLY = 1e-6

#: Locals: 1 where a trace of a post unit is below 0, and where nothing waits for the connections of pre unit j.
NEGATIVE, PROMPT = Local("negative"), Local("prompt")


def look_at_post(waiting: Waiting) -> tuple[Statement, ...]:
    """Whether traces of post units are below 0."""
    if not waiting.bounded:
        return ()
    below = [Compare("<", waiting.names.own(trace), ZERO) for trace in waiting.signed]
    found: tuple[Statement, ...] = ()
    if below:
        look = If(joined("or", below), (Let(NEGATIVE, ONE),))
        found = (each_unit(waiting.projection.projection.post, (look,), I, in_order=True),)
    return (Let(NEGATIVE, ZERO), *found, Store(waiting.any_at_once, ZERO))


def lift(waiting: Waiting, rise: Mapping[str, Expr]) -> tuple[Statement, ...]:
    """From now on changes wait for pre unit j, where they may."""
    lifted = {
        trace: Binary("*", waiting.names.own(trace), rise[trace]) if trace in rise else waiting.names.own(trace) for trace in waiting.traces
    }
    if not waiting.bounded:
        return tuple(Store(waiting.lifted(trace), value) for trace, value in lifted.items())
    negative = [Compare("<", waiting.names.own(trace), ZERO) for trace in waiting.traces]
    at_once = Compare("==", Read(PROMPT), ONE)
    return (
        Let(PROMPT, Choice(((joined("or", negative), ONE),), Read(NEGATIVE))),
        *row(waiting.projection, [If(_outside(waiting), (Let(PROMPT, ONE),))]),
        Store(element(waiting.field(Part.AT_ONCE), J), Read(PROMPT)),
        If(at_once, (Store(waiting.any_at_once, ONE),)),
        *(Store(waiting.lifted(trace), Choice(((at_once, Number(0.0)),), value)) for trace, value in lifted.items()),
    )


def _outside(waiting: Waiting) -> Expr:
    tests: list[Expr] = []
    for target in waiting.bounded:
        variable, value = waiting.variable(target), waiting.names.own(target)
        for bound, outwards in ((variable.low, "-"), (variable.high, "+")):
            if bound is not None:
                limit = waiting.names.resolve(bound)
                far = Binary("+" if outwards == "+" else "-", limit, Binary("*", Number(NEARLY), Call("abs", (limit,))))
                tests.append(Compare(">" if outwards == "+" else "<", value, far))
    return joined("or", tests)


def changed_at_once(waiting: Waiting, target: str) -> list[Statement]:
    """What a spike of post unit i does to weights for which nothing waits, by the traces just before the step."""
    if not waiting.bounded:
        return []
    cell: Element = waiting.names.own(target)
    change = added([Binary("*", Read(factor(s.trace)), waiting.before(s.trace)) for s in waiting.terms[target]])
    body = (Store(cell, clipped(Binary("+", cell, change), waiting.variable(target), waiting.names.resolve)),)
    projection = waiting.projection
    if projection.layout is Layout.LISTED:
        ends = row_ends(projection, J, waiting.plan.windowed)
        walked: Statement = each_unit(
            projection.projection.pre, (If(waiting.at_once, found_in_row(projection, *ends, body)),), J, in_order=True
        )
    else:
        walked = column(projection, (If(waiting.at_once, body),))
    return [If(Compare("==", waiting.any_at_once, ONE), (walked,))]
