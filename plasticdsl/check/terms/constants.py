"""The value of an expression that is already decided when the model is checked.

Comes in: an expression and the values of the names it may read. Goes out: a number, or None where it depends on anything else. Used for
what can be refused early (a size of 0, a probability of 2, an initial value outside its bounds); nothing is computed with it later.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

from plasticdsl.model.expr import Expr, Ref
from plasticdsl.symbolic.numeric import evaluate_with

Values = Mapping[Ref, Expr]


class _Undecided(Exception):  # it ends the evaluation, it reports nothing
    """The value depends on something that is not known when the model is checked."""


def constant(expr: Expr | None, values: Values, depth: int = 0) -> float | None:
    """The number `expr` is, reading names through `values`; None where that cannot be said."""

    def known(leaf: Expr) -> float:
        found = constant(values.get(leaf), values, depth + 1) if isinstance(leaf, Ref) else None
        if found is None:
            raise _Undecided
        return found

    if expr is None or depth > 200:
        return None
    try:
        value = evaluate_with(expr, known)
    except _Undecided:
        return None
    return None if math.isnan(value) else value
