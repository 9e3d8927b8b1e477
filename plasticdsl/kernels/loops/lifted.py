"""Traces of pre units as large as they would have been when a frame of time began: what is the same at all times between two presynaptic spikes of a unit,
for changes that are carried out later (`loops.lazy`, `loops.replay`)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from plasticdsl.kernels.identifiers import Local
from plasticdsl.kernels.loops.names import REPEAT, Names
from plasticdsl.kernels.program import ZERO, Let, Read, Statement
from plasticdsl.model.expr import Choice, Compare, Expr, Number
from plasticdsl.plan.places import Slot
from plasticdsl.plan.plan import Plan, ProjectionPlan

#: Local: steps since the frame began.
SINCE = Local("since")


def local(name: str, what: str) -> Local:
    """Of a weight or trace."""
    return Local(f"{{}}_{what}", (name,))


def may_repeat(plan: Plan, projection: ProjectionPlan) -> bool:
    """Whether a pre unit may spike more than once in a step."""
    return not plan.population(projection.projection.pre).population.block.fires_once


def jumps(plan: Plan, projection: ProjectionPlan, traces: Sequence[str]) -> tuple[list[Statement], list[Statement]]:
    """The traces of unit j before and after this spike of it, what is done once and for each spike; they jump when the events of the step are over."""
    first: list[Statement] = []
    each: list[Statement] = []
    for trace in traces:
        before, after = local(trace, "before"), local(trace, "after")
        start: Expr = Names(plan, projection).own(trace)
        if may_repeat(plan, projection):
            first.append(Let(after, Number(0.0)))
            start = Choice(((Compare(">", Read(REPEAT), ZERO), Read(after)),), start)
        jump = next(e for e in projection.at(Slot.PRE_LATE) if e.assigned == trace)
        names = replace(Names(plan, projection), current={trace: Read(before)})
        each += [Let(before, start), Let(after, names.resolve(jump.value))]
    return first, each
