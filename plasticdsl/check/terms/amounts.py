"""Amounts that not every number can be (counts, shares, lengths of time), and what is known of a value when the model is checked.

Comes in: an expression, and what is known of the names it reads. Goes out: the same translated, with a finding where its value is known by now and cannot
be such an amount; or that value alone. It is for what can be refused early (a size of 0, a probability of 2, an initial value outside its bounds);
nothing is computed with it later.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from plasticdsl.check.terms.context import Context
from plasticdsl.check.terms.expressions import translate_as
from plasticdsl.check.terms.unification import PURE, Dim
from plasticdsl.diagnostics.diagnostic import Hint
from plasticdsl.graph import ordered
from plasticdsl.model.expr import Expr, Ref, refs
from plasticdsl.symbolic.numeric import evaluate_with
from plasticdsl.syntax import tree


@dataclass(frozen=True, slots=True)
class Amount:
    """Which numbers will do, in words, and the code of the finding about any other."""

    code: str
    words: str
    fits: Callable[[float], bool]


COUNT = Amount("not-whole", "must be a whole number, at least 1", lambda value: value.is_integer() and value >= 1)
COUNT_OR_NONE = Amount("not-whole", "must be a whole number, at least 0", lambda value: value.is_integer() and value >= 0)
FROM_EITHER_END = Amount(
    "not-whole", "must be a whole number other than 0 (the first is 1)", lambda value: value.is_integer() and value != 0
)
SHARE = Amount("out-of-range", "must be between 0 and 1", lambda value: 0 <= value <= 1)
POSITIVE = Amount("not-positive", "must be greater than 0", lambda value: value > 0)
LENGTH = Amount("not-positive", "cannot be negative", lambda value: value >= 0)
NOT_NEGATIVE = Amount("out-of-range", "cannot be negative", lambda value: value >= 0)


def amount(node: tree.Expr, kind: Amount, what: str, context: Context, values: Values, dim: Dim = PURE) -> Expr:
    """`node` as an amount; `what` begins the sentences about it, e.g. "The size of a population"."""
    before = context.report.count
    expr = translate_as(node, dim, what, context)
    value = constant(expr, values)
    if context.report.count == before and value is not None and not kind.fits(value):
        found = f", not {value:g}" if dim == PURE else ""
        is_percentage = kind is SHARE and 1 < value <= 100
        hint = Hint(f"For a percentage write ‘{value:g} %’.", (f"{value:g} %",)) if is_percentage else ""
        context.report.error(kind.code, f"{what} {kind.words}{found}.", node.span, hint)
    return expr


# --- what is known of a value ----------------------------------------------------------------------------------------


Values = Mapping[Ref, Expr]


class _Undecided(Exception):  # it ends the evaluation, it reports nothing
    """The value depends on something that is not known when the model is checked."""


def constant(expr: Expr | None, values: Values) -> float | None:
    """The number `expr` is, reading names through `values`; None where that cannot be said, as for what depends on itself."""
    if expr is None:
        return None
    found: dict[Ref, float | None] = {}
    for name in ordered(_known_in(expr, values), lambda name: _known_in(values[name], values))[0]:
        found[name] = _evaluated(values[name], found)
    return _evaluated(expr, found)


def _known_in(expr: Expr, values: Values) -> list[Ref]:
    return sorted((name for name in refs(expr) if name in values), key=lambda name: name.order)


def _evaluated(expr: Expr, found: Mapping[Ref, float | None]) -> float | None:
    def known(leaf: Expr) -> float:
        value = found.get(leaf) if isinstance(leaf, Ref) else None
        if value is None:
            raise _Undecided
        return value

    try:
        value = evaluate_with(expr, known)
    except _Undecided:
        return None
    return None if math.isnan(value) else value
