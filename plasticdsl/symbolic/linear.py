"""Linear forms: Σ coefficient · unknown + offset.

Comes in: an expression and the variables that count as unknown. Goes out: a `LinearForm` whose coefficients and offset are free of them, or a
`NotLinear` that says what stands in the way. Decided from the shape of the expression as written (no expansion), so it is fast, and
an expression whose nonlinear parts would cancel counts as nonlinear.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from plasticdsl.model.expr import Binary, Call, Choice, Compare, Expr, Logic, Negate, Ref, refs
from plasticdsl.symbolic.algebra import ONE, ZERO, add, choice, div, is_number, mul, neg, power, sub


@dataclass(frozen=True, slots=True)
class LinearForm:
    """Σ `coefficients[x]` x + `offset`; unknowns with coefficient 0 are left out."""

    coefficients: Mapping[Ref, Expr]
    offset: Expr

    def coefficient(self, unknown: Ref) -> Expr:
        """The factor of `unknown`, 0 where it does not occur."""
        return self.coefficients.get(unknown, ZERO)

    def changed(self, change: Callable[[Expr], Expr]) -> LinearForm:
        """With `change` applied to the factors and the offset."""
        return LinearForm({x: change(c) for x, c in self.coefficients.items()}, change(self.offset))


class NotLinear(Exception):
    """`str()` completes the sentence "it is not linear: …"."""


def linear_form(expr: Expr, unknowns: frozenset[Ref]) -> LinearForm:
    """`expr` as a linear form in `unknowns`; raises `NotLinear`."""
    if unknowns.isdisjoint(refs(expr)):
        return LinearForm({}, expr)
    match expr:
        case Ref():
            return LinearForm({expr: ONE}, ZERO)
        case Negate(operand):
            return linear_form(operand, unknowns).changed(neg)
        case Binary(operator, left, right):
            return _binary(operator, left, right, unknowns)
        case Choice(branches, otherwise):
            return _choice(branches, otherwise, unknowns)
        case Call(function, _):
            raise NotLinear(f"{_names(expr, unknowns)} inside {function}(…)")
        case Compare() | Logic():
            raise NotLinear(f"{_names(expr, unknowns)} in a comparison")
        case _:
            raise NotLinear(f"{_names(expr, unknowns)} inside a sum over units")


def _binary(operator: str, left: Expr, right: Expr, unknowns: frozenset[Ref]) -> LinearForm:
    left_free, right_free = unknowns.isdisjoint(refs(left)), unknowns.isdisjoint(refs(right))
    match operator:
        case "+" | "-":
            combine = add if operator == "+" else sub
            a, b = linear_form(left, unknowns), linear_form(right, unknowns)
            keys = [*a.coefficients, *(x for x in b.coefficients if x not in a.coefficients)]
            sums = {x: combine(a.coefficient(x), b.coefficient(x)) for x in keys}
            return LinearForm({x: c for x, c in sums.items() if not is_number(c, 0.0)}, combine(a.offset, b.offset))
        case "*" if left_free:
            return linear_form(right, unknowns).changed(lambda part: mul(left, part))
        case "*" if right_free:
            return linear_form(left, unknowns).changed(lambda part: mul(part, right))
        case "/" if right_free:
            return linear_form(left, unknowns).changed(lambda part: div(part, right))
        case "^" if is_number(right, 1.0):
            return linear_form(left, unknowns)
        case "*":
            raise NotLinear(f"{_names(left, unknowns)} multiplied by {_names(right, unknowns)}")
        case "/":
            raise NotLinear(f"{_names(right, unknowns)} in a denominator")
        case _:
            raise NotLinear(f"{_names(power(left, right), unknowns)} in a power")


def _choice(branches: tuple[tuple[Expr, Expr], ...], otherwise: Expr, unknowns: frozenset[Ref]) -> LinearForm:
    """By cases: each coefficient is a choice, as long as the conditions are free of the unknowns."""
    conditions = [c for c, _ in branches]
    for condition in conditions:
        if not unknowns.isdisjoint(refs(condition)):
            raise NotLinear(f"a case that depends on {_names(condition, unknowns)}")
    forms = [linear_form(value, unknowns) for _, value in branches]
    last = linear_form(otherwise, unknowns)
    keys = list(dict.fromkeys(x for form in (*forms, last) for x in form.coefficients))

    def by_cases(values: list[Expr], final: Expr) -> Expr:
        return choice(tuple(zip(conditions, values, strict=True)), final)

    coefficients = {x: by_cases([f.coefficient(x) for f in forms], last.coefficient(x)) for x in keys}
    return LinearForm(coefficients, by_cases([f.offset for f in forms], last.offset))


def _names(expr: Expr, unknowns: frozenset[Ref]) -> str:
    return ", ".join(sorted(r.path for r in refs(expr) & unknowns))
