"""What kinds of statistics an expression of `record`, `plot` or `expect` holds, and what it has one value for.

Comes in: an expression of the checked model. Nothing is read here (`watch.readings`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TypeGuard

from plasticdsl.model.expr import AT_SPIKES, EACH, Call, Expr, Ref, SumOver, children, is_over_time, is_sliding, refs, walk
from plasticdsl.model.parts import Emitted, Units, emitted, is_several, numbered, parts_read
from plasticdsl.runtime.watch import curves, statistics
from plasticdsl.runtime.watch.over_time import OfEach

UNIT = "unit"

#: What gathers values that are sampled moment by moment.
Sampled = curves.Traced | OfEach


def is_value_statistic(node: Expr) -> TypeGuard[Call]:
    """`mean(e)`, `fraction(c)`, …; `min(a, b)` is none."""
    if not isinstance(node, Call) or node.function not in statistics.OF_VALUES:
        return False
    return node.function not in ("min", "max") or len(node.arguments) == 1


def is_spike_statistic(node: Expr) -> TypeGuard[Call]:
    """`rate(P)`, `cv(P, each)`, …."""
    return isinstance(node, Call) and node.function in statistics.OF_SPIKES


def is_of_each(call: Call) -> bool:
    """Whether a statistic of spikes has one value for each unit, or for each spike."""
    return call.function == AT_SPIKES or call.arguments[-1] == EACH


def is_traced(node: Expr) -> TypeGuard[Call]:
    """`spectrum(e, T)`, `synchrony(e)`, `max(e over time)`: of values sampled in a window."""
    return isinstance(node, Call) and (node.function in curves.TRACED or is_over_time(node))


def is_statistic(node: Expr) -> bool:
    """Any statistic that has nothing for each unit, or one unit of several."""
    together = is_value_statistic(node) or (is_traced(node) and node.function not in curves.OVER and not is_over_time(node))
    return together or (is_spike_statistic(node) and not is_of_each(node)) or is_unit(node)


def has_spike_statistic(expr: Expr) -> bool:
    """Whether the spikes of a window take part, other than that of a sliding rate."""
    return any(is_spike_statistic(node) and not is_sliding(node) for node in walk(expr))


def traced(expr: Expr) -> list[Call]:
    """The statistics of traces in it."""
    return [node for node in walk(expr) if is_traced(node)]


def after_each(traces: Mapping[Call, Sampled]) -> bool:
    """Whether values are sampled after each interval alone, and not at the beginning too."""
    return any(isinstance(one, curves.Traced) for one in traces.values())


def curve_in(expr: Expr) -> Call | None:
    """The statistic that makes a curve of the expression, if its value is one."""
    if is_value_statistic(expr):
        return None
    if isinstance(expr, Call) and expr.function in curves.OVER:
        return expr
    return next((found for child in children(expr) if (found := curve_in(child)) is not None), None)


def trains_needed(expr: Expr) -> frozenset[Emitted]:
    """The spikes and other events that have to be logged for this."""
    return frozenset(emitted(whose)[0] for node in walk(expr) if is_spike_statistic(node) for whose in populations_of(node))


def populations_of(call: Call) -> Iterator[Expr]:
    """Those whose spikes a statistic is of: its first arguments, before numbers; what is taken at spikes stands before them."""
    return (a for a in call.arguments[call.function == AT_SPIKES :] if a != EACH and parts_read(a))


def holds_statistic(expr: Expr) -> bool:
    """Whether there is a statistic in it."""
    return is_statistic(expr) or is_spike_statistic(expr) or any(map(holds_statistic, children(expr)))


def per_unit(expr: Expr) -> frozenset[Ref]:
    """The variables whose values are not taken together by a statistic."""
    if is_statistic(expr):
        return frozenset()
    inner = children(expr)
    return frozenset().union(*map(per_unit, inner)) if inner else refs(expr)


def read_of_each(expr: Expr) -> Iterator[tuple[Ref, Units]]:
    """The variables with a value for each unit or connection that are neither taken together nor summed over, each with the part that is read."""
    if isinstance(expr, Ref):
        yield expr, ()
    elif is_several(expr) and isinstance(expr.arguments[0], Ref):
        yield expr.arguments[0], numbered(expr.arguments[1:])
    elif not isinstance(expr, SumOver) and not is_statistic(expr):
        for child in children(expr):
            yield from read_of_each(child)


def needed(expr: Expr) -> Iterator[Ref]:
    """The variables of which there must be one at least for the expression to have a value: those that are not added up or counted."""
    if isinstance(expr, Ref):
        yield expr
    elif not isinstance(expr, SumOver) and not (is_value_statistic(expr) and expr.function in statistics.OF_ALL):
        for child in children(expr):
            yield from needed(child)


def is_unit(node: Expr) -> TypeGuard[Call]:
    """One unit, or connection, of several."""
    return isinstance(node, Call) and node.function == UNIT
