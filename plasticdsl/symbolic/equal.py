"""Whether two expressions are the same function.

Comes in: two expressions. Goes out: True (proved), False (they differ at a point), or None (neither). Most questions are settled by shape or at
a point, before sympy is imported.
"""

from __future__ import annotations

import math
from itertools import count

from plasticdsl.model.expr import At, Binary, Expr, Number, Ref, Special, children, walk
from plasticdsl.symbolic.algebra import extent, sub
from plasticdsl.symbolic.convert import MAX_EXPONENT, vanishes
from plasticdsl.symbolic.numeric import evaluate

PROBES = 3
MAX_PROOF_NODES = 400
MAX_PRODUCTS = 2000
GOLDEN = 0.6180339887498949


def equal(a: Expr, b: Expr) -> bool | None:
    """Whether `a` and `b` agree wherever both are defined."""
    if a == b:
        return True
    if isinstance(a, Number) and isinstance(b, Number):
        return math.isclose(a.value, b.value, rel_tol=1e-13)
    if _differ_somewhere(a, b):
        return False
    difference = sub(a, b)
    if extent(difference).nodes > MAX_PROOF_NODES or products_when_expanded(difference) > MAX_PRODUCTS:
        return None
    return vanishes(difference)


def surely_equal(a: Expr, b: Expr) -> bool:
    """`equal(a, b)` with None read as no."""
    return equal(a, b) is True


def _differ_somewhere(a: Expr, b: Expr) -> bool:
    """Whether the values differ at one of a few generic points (variables between ½ and 3/2)."""
    variables = dict.fromkeys(node for expr in (a, b) for node in walk(expr) if isinstance(node, Ref | Special | At))
    for probe in range(PROBES):
        values: dict[Expr, float] = {v: 0.5 + math.fmod(GOLDEN * n * (probe + 1), 1.0) for v, n in zip(variables, count(1), strict=False)}
        x, y = evaluate(a, values), evaluate(b, values)
        if math.isfinite(x) and math.isfinite(y) and not math.isclose(x, y, rel_tol=1e-9, abs_tol=1e-300):
            return True
    return False


def products_when_expanded(expr: Expr) -> int:
    """How many terms multiplying out would give, at most (not counting more than it matters)."""
    match expr:
        case Binary("+" | "-", left, right):
            found = products_when_expanded(left) + products_when_expanded(right)
        case Binary("*" | "/", left, right):
            found = products_when_expanded(left) * products_when_expanded(right)
        case Binary("^", base, Number(exponent)) if 1 < abs(exponent) <= MAX_EXPONENT:
            terms = products_when_expanded(base)
            found = math.comb(terms + math.ceil(abs(exponent)) - 1, terms - 1)
        case _:
            found = max([1, *(products_when_expanded(c) for c in children(expr))])
    return min(found, 10 * MAX_PRODUCTS)
