"""A window on one side of Δt = 0: which cases the side decides, and where a window of compact support ends.

Comes in: an expression in `Special("lag")`. Goes out: the same without conditions whose truth the sign of Δt settles; and for windows with
thresholds the distance beyond which they vanish.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from functools import reduce

from plasticdsl.model.expr import Call, Choice, Compare, Expr, Logic, Number, rebuild, substitute
from plasticdsl.symbolic.algebra import ZERO, decide, div, fold, is_number, neg, sub
from plasticdsl.symbolic.exponentials import LAG, NotExponential, has_lag, linear_in_s, terms_of
from plasticdsl.symbolic.numeric import evaluate

TRUE = Compare("==", ZERO, ZERO)
FALSE = Compare("!=", ZERO, ZERO)


def on_side(expr: Expr, sign: int) -> Expr:
    """`expr` for Δt of this sign (0: at Δt = 0)."""
    cases = by_cases(expr)
    return fold(substitute(cases, {LAG: ZERO}) if sign == 0 else fold(_settled(cases, lambda comparison: _comparison(comparison, sign))))


def by_cases(expr: Expr) -> Expr:
    """`abs`, `sign`, `step`, `min` and `max` of Δt written as cases."""
    new = rebuild(expr, by_cases)
    match new:
        case Call("abs", (x,)) if has_lag(x):
            return Choice(((Compare(">=", x, ZERO), x),), neg(x))
        case Call("sign", (x,)) if has_lag(x):
            return Choice(((Compare(">", x, ZERO), Number(1.0)), (Compare("<", x, ZERO), Number(-1.0))), ZERO)
        case Call("step", (x,)) if has_lag(x):
            return Choice(((Compare(">", x, ZERO), Number(1.0)),), ZERO)
        case Call("max", (x, y)) if has_lag(new):
            return Choice(((Compare(">=", x, y), x),), y)
        case Call("min", (x, y)) if has_lag(new):
            return Choice(((Compare("<=", x, y), x),), y)
        case _:
            return new


def _settled(expr: Expr, compared: Callable[[Compare], Expr]) -> Expr:
    """With `compared` applied to every comparison of Δt, from the inside out (so that |Δt| is known to be ±Δt further out)."""
    new = fold(rebuild(expr, lambda child: _settled(child, compared)))
    match new:
        case Compare() if has_lag(new):
            return compared(new)
        case Logic():
            return _logic(new)
        case _:
            return new


def _comparison(comparison: Compare, sign: int) -> Compare:
    """The comparison for s > 0, without s if it does not depend on it."""
    try:
        terms = terms_of(sub(comparison.left, comparison.right), sign)
    except NotExponential:
        return comparison
    if not terms:
        return Compare(comparison.operator, ZERO, ZERO)
    if not all(mode.is_real_exponential for mode, _ in terms):
        return comparison
    if len(terms) == 1:
        return Compare(comparison.operator, terms[0][1], ZERO)
    signs = {math.copysign(1.0, c.value) if isinstance(c, Number) else 0.0 for _, c in terms}
    return Compare(comparison.operator, Number(signs.pop()), ZERO) if signs in ({1.0}, {-1.0}) else comparison


def _logic(expr: Logic) -> Expr:
    """Without the operands that are decided."""
    known = decide(expr)
    if known is not None:
        return TRUE if known else FALSE
    if expr.operator == "not":
        return expr
    open_ones = tuple(o for o in expr.operands if decide(o) is None)
    return open_ones[0] if len(open_ones) == 1 else Logic(expr.operator, open_ones)


def support(formula: Expr, sign: int, values: Mapping[Expr, float]) -> Expr | None:
    """The distance |Δt| beyond which `formula` (as `on_side` gives it) is zero: the largest threshold; None where it does not vanish.

    `values`: representative values of the parameters, used for the sign of factors of Δt alone.
    """
    thresholds: list[Expr] = []
    try:
        far = _settled(formula, lambda comparison: _beyond(comparison, sign, values, thresholds))
        if not is_number(fold(far), 0.0) or not thresholds:
            return None
    except NotExponential:
        return None
    return reduce(lambda a, b: a if a == b else Call("max", (a, b)), thresholds)


def _beyond(comparison: Compare, sign: int, values: Mapping[Expr, float], thresholds: list[Expr]) -> Expr:
    """What the comparison of a + b s with 0 comes to for large s; notes where it changes."""
    line = linear_in_s(terms_of(sub(comparison.left, comparison.right), sign))
    slope = math.nan if line is None else evaluate(line[1], values)
    if line is None or not slope:
        raise NotExponential("a condition on Δt that is not linear in it")
    if math.isnan(slope):
        raise NotExponential("a factor of Δt of unknown sign")
    thresholds.append(fold(div(neg(line[0]), line[1])))
    return Compare(comparison.operator, Number(math.copysign(1.0, slope)), ZERO)
