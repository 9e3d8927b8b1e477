"""Numbers as written: `20 ms` → 0.02 in SI with its dimension, rounded once."""

from __future__ import annotations

from fractions import Fraction

from plasticdsl.check.terms.context import Context, Typed
from plasticdsl.check.terms.unification import PURE, SECONDS, Dim
from plasticdsl.diagnostics.diagnostic import Hint
from plasticdsl.model.expr import Binary, Expr, Number, Special
from plasticdsl.syntax import tree
from plasticdsl.units.table import combine, exact, is_unit

_STEPS = ("steps", "step")


def number(node: tree.Number, context: Context) -> Typed:
    """The value of a written number. `100 steps` is 100 dt; a plain 0 has whatever dimension is asked of it."""
    steps = [u for u in node.unit if u[0] in _STEPS]
    rest = tuple(u for u in node.unit if u[0] not in _STEPS)
    if _ambiguous(node, rest, context):
        return context.unknown
    scale, dim = unit_scale(rest, node, context)
    try:
        value = exact(node.text, scale)
    except (OverflowError, ValueError, ZeroDivisionError):
        return context.refuse("number-out-of-range", "This number is beyond the range of double precision.", node.span)
    if value == 0.0 and not node.unit:
        return Typed(Number(0.0), context.solver.fresh())
    if not steps:
        return Typed(Number(value), dim)
    power = sum(exponent for _, exponent in steps)
    dt: Expr = Special("dt") if power == 1 else Binary("^", Special("dt"), Number(float(power)))
    return Typed(Binary("*", Number(value), dt), dim * SECONDS**power)


def unit_scale(unit: tree.Unit, node: tree.Number | tree.Input, context: Context) -> tuple[Fraction, Dim]:
    """The SI value of a written unit and its dimension; reports a word that is no unit."""
    for word, _ in unit:
        if not is_unit(word):
            context.report.error("not-a-unit", f"‘{word}’ is no unit.", node.span)
            return Fraction(1), context.solver.fresh()
    scale, dim = combine(unit)
    return scale, Dim(dim) if unit else PURE


def _ambiguous(node: tree.Number, unit: tree.Unit, context: Context) -> bool:
    """A unit that is also a name in sight: two readings, so neither is taken."""
    for word, exponent in unit:
        declared = context.scope.find(word)
        if declared is None or word == "%":
            continue
        message = f"‘{word}’ after this number is a unit and also {declared.what} of this block."
        words = f"Write ‘{node.text}·{word}’ for the product; for the unit, give ‘{word}’ another name or write the unit with a prefix."
        hint = Hint(words, (f"{node.text}·{word}",) if len(unit) == 1 and exponent == 1 else ())
        context.report.error("ambiguous-unit", message, node.span, hint)
        return True
    return False
