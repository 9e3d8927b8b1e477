"""`conserved CaM + CaCaM`: whether flows and reactions leave a total as it is, and which totals they leave.

Comes in: a checked block. Goes out: nothing, or a `PlasError` (`not-conserved`) that says what changes the total; the totals in the author's names.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from fractions import Fraction

from plasticdsl.derive.conserved import conserved_totals, remainder
from plasticdsl.diagnostics.diagnostic import Diagnostic, PlasError
from plasticdsl.model import Block, Conserved
from plasticdsl.model.expr import Expr, Number, Ref, substitute
from plasticdsl.model.owners import Whose
from plasticdsl.symbolic.algebra import add, written_out
from plasticdsl.symbolic.linear import NotLinear, linear_form


def require_conserved(block: Block) -> None:
    """Raises `PlasError` where a total that the block calls conserved is not: by a flow, or by a reaction that happens by chance."""
    findings = tuple(found for one in block.conserved for found in _wrong(block, one))
    if findings:
        raise PlasError(findings)


def rates_of(block: Block) -> dict[str, Expr]:
    """The rate of each variable that flows, with definitions written out; of one that jumps, its mean."""
    values = written_out(block.definitions)
    rates: dict[str, Expr] = {}
    for flow in block.flows:
        rate = substitute(flow.rate, values)
        rates[flow.variable] = add(rates[flow.variable], rate) if flow.variable in rates else rate
    return rates


def _wrong(block: Block, one: Conserved) -> Iterator[Diagnostic]:
    rates = rates_of(block)
    symbols = {v.name: v.symbol for v in block.variables}
    try:
        form = linear_form(substitute(one.value, written_out(block.definitions)), frozenset(Ref(Whose.OWN, v) for v in rates))
        factors = {ref.name: _number(factor) for ref, factor in form.coefficients.items()}
    except NotLinear as why:
        hint = "For example ‘conserved CaM + 2 Ca_2CaM’."
        yield Diagnostic("not-conserved", f"What is conserved is a sum of variables, each times a number ({why}).", one.span, hint)
        return
    if remainder(factors, rates):
        yield Diagnostic("not-conserved", "The flows and reactions of this block change this total.", one.span, _hint(rates, symbols))
        return
    for transition in block.transitions:
        if sum(factors.get(name, Fraction(0)) * count for name, count in transition.net):
            yield Diagnostic("not-conserved", "This reaction changes a total that is called conserved.", transition.span)


def _number(factor: Expr) -> Fraction:
    if not isinstance(factor, Number):
        raise NotLinear("a factor is no number")
    return Fraction(repr(factor.value))


def _hint(rates: Mapping[str, Expr], symbols: Mapping[str, str]) -> str:
    totals = totals_in_words(rates, symbols)
    return f"Conserved: {', '.join(totals)}." if totals else "They leave no total of these variables as it is."


def totals_in_words(rates: Mapping[str, Expr], symbols: Mapping[str, str]) -> list[str]:
    """`CaM + CaCaM`, …: what stays as it is."""
    return [_sum({symbols[v]: count for v, count in total.items()}) for total in conserved_totals(rates)]


def _sum(total: Mapping[str, int]) -> str:
    text = ""
    for symbol, count in total.items():
        sign = (" − " if count < 0 else " + ") if text else ("−" if count < 0 else "")
        text += sign + (symbol if abs(count) == 1 else f"{abs(count)} {symbol}")
    return text
