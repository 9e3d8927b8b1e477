"""`(x, y) inside [(0, 0), (2, 8), (8, 5)]`: whether a point lies in a polygon, as comparisons.

Comes in: a point and the corners as written. Goes out: a condition of ordinary comparisons, so that nothing later knows of polygons.

By the even–odd rule: a point is inside where a ray from it to the right crosses an odd number of edges. With every edge taken upwards, from its lower
corner (x₁, y₁) to its upper one (x₂, y₂), the ray crosses where y₁ ≤ y < y₂ and (x − x₁) (y₂ − y₁) < (y − y₁) (x₂ − x₁). So a point on an edge is inside
where the polygon lies to the right of it (of a horizontal one: above), and polygons that share an edge share no point and leave none out.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import reduce

from plasticdsl.check.terms.context import Context, Typed
from plasticdsl.check.terms.mismatch import require_same
from plasticdsl.check.terms.unification import PURE
from plasticdsl.model.expr import Choice, Compare, Expr, Logic, Number
from plasticdsl.symbolic.algebra import ONE, ZERO, mul, sub
from plasticdsl.syntax import tree

Point = tuple[Expr, Expr]
_TURN = Number(-1.0)
_HOW = "For example: ‘(x, y) inside [(0, 0), (2, 8), (8, 5)]’, with the units of x and y."


def inside(node: tree.Inside, context: Context, value: Callable[[tree.Expr, Context], Typed]) -> Typed:
    """The condition; `value` translates numbers."""
    corners = node.polygon.items if isinstance(node.polygon, tree.Listing) else ()
    if len(corners) < 3:
        return context.refuse("bad-polygon", "A polygon has at least three corners.", node.polygon.span, _HOW)
    pairs = [_pair(part, context) for part in (node.point, *corners)]
    if any(pair is None for pair in pairs):
        return context.unknown
    places = [pair for pair in pairs if pair is not None]
    values = [(value(first, context), value(second, context)) for first, second in places]
    for corner, place in zip(values[1:], places[1:], strict=True):
        for axis in (0, 1):
            fits = require_same(places[0][axis], values[0][axis].dim, place[axis], corner[axis].dim, context, "be compared")
            if not fits:
                return context.unknown
    point, *polygon = ((first.expr, second.expr) for first, second in values)
    turns = [_turn(point, a, b) for a, b in zip(polygon, [*polygon[1:], polygon[0]], strict=True)]
    whole: Expr = ONE
    product = reduce(mul, (turn for turn in turns if turn is not None), whole)
    return Typed(Compare("<", product, ZERO), PURE, is_condition=True)


def _pair(node: tree.Expr, context: Context) -> tuple[tree.Expr, tree.Expr] | None:
    match node:
        case tree.Listing(items=(first, second)):
            return first, second
        case _:
            context.report.error("bad-polygon", "A point has two coordinates.", node.span, _HOW)
            return None


def _turn(point: Point, a: Point, b: Point) -> Expr | None:
    """−1 where the ray crosses the edge, else 1; None where it never does. Which corner is the lower one is known where both are numbers."""
    match a[1], b[1]:
        case Number(first), Number(second):
            if first == second:
                return None
            crosses = _crosses(point, a, b) if first < second else _crosses(point, b, a)
        case _:
            crosses = Logic("or", (_crosses(point, a, b), _crosses(point, b, a)))
    return Choice(((crosses, _TURN),), ONE)


def _crosses(point: Point, lower: Point, upper: Point) -> Expr:
    (x, y), (x1, y1), (x2, y2) = point, lower, upper
    left = Compare("<", mul(sub(x, x1), sub(y2, y1)), mul(sub(y, y1), sub(x2, x1)))
    return Logic("and", (Compare("<=", y1, y), Compare("<", y, y2), left))
