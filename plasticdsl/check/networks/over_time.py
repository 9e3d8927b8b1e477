"""Values of populations that change with time: `I(t) = d.stim pA every 0.5 ms`, `I(t) = 2 pA·sin(2 π·3 Hz·t)`, `Poisson(rate = d.r Hz every 10 ms)`.

Comes in: a value as written. Goes out: a formula of t, in which `sample(d.stim, n)` is row n of an array, and a block in which what has such a value is
a definition. Between samples the last one holds, or a line joins them:

    x(t) = x_n,   or   x_n + (x_{n+1} − x_n) (t/T − n),   with n = floor(t/T).
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace

from plasticdsl.check.terms.amounts import POSITIVE, Values, amount
from plasticdsl.check.terms.context import Context, Typed
from plasticdsl.check.terms.expressions import translate_number
from plasticdsl.check.terms.unification import SECONDS
from plasticdsl.model import Block, Role, Value, Variable
from plasticdsl.model.expr import Binary, Call, Expr, Number, Ref, Special, is_of_file, is_stored, refs, substitute
from plasticdsl.model.mapping import expressions
from plasticdsl.model.owners import OfSeries, Whose, owner_text
from plasticdsl.syntax import tree


def over_time(node: tree.OverTime, context: Context, constants: Values) -> Typed:
    """The formula and its dimension."""
    before = context.report.count
    value = translate_number(node.value, context)
    arrays = [ref for ref in refs(value.expr) if is_stored(ref)]
    if node.period is None:
        if arrays:
            message = f"Nothing tells how far the samples of ‘{arrays[0].path}’ lie apart."
            context.report.error("missing-value", message, node.span, "Write it behind them: ‘… every 0.5 ms’.")
        return value
    period = amount(node.period, POSITIVE, "The time between samples", context, constants, SECONDS)
    if not any(map(is_of_file, refs(value.expr))) and context.report.count == before:  # a single number of a file may be a single sample
        message = "Only numbers of a file are samples; this reads none."
        context.report.error("unknown-option", message, node.period.span, "For a formula of t leave ‘every …’ out.")
    return Typed(substitute(value.expr, {ref: _sampled(ref, period, node.linear) for ref in arrays}), value.dim)


def _sampled(ref: Ref, period: Expr, linear: bool) -> Expr:
    series = Ref(OfSeries(owner_text(ref.owner)), ref.name)
    passed = Binary("/", Special("t"), period)
    number = Call("floor", (passed,))
    here = Call("sample", (series, number))
    if not linear:
        return here
    then = Call("sample", (series, Binary("+", number, Number(1.0))))
    return Binary("+", here, Binary("*", Binary("-", then, here), Binary("-", passed, number)))


def with_formulas(block: Block, formulas: Mapping[str, Expr], given: Collection[str]) -> Block:
    """The block in which these names follow from time, and with them the defaults that read them, where no other value is `given`."""
    found: dict[str, Variable] = {}
    for v in block.variables:
        formula = formulas.get(v.name)
        if formula is None and v.role is Role.PARAMETER and v.name not in given and names_read(v.value) & found.keys():
            if not isinstance(v.value, Expr):
                continue  # it is drawn before the run
            formula = v.value
        if formula is not None:
            found[v.name] = replace(v, role=Role.DEFINITION, value=formula)
    return replace(block, variables=tuple(found.get(v.name, v) for v in block.variables))


def names_read(value: Value | None) -> set[str]:
    """The own names that a value reads."""
    return {ref.name for expr in expressions((value,)) for ref in refs(expr) if ref.owner is Whose.OWN}
