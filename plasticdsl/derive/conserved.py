"""Conserved totals among flowing variables.

Comes in: rates by variable. Goes out: the variables that take part in a total Σ kₓ x, with plain numbers k, whose rate is zero because its
terms cancel, as in a kinetic scheme (dB/dt = −k Ca B + …, dCaB/dt = k Ca B − …).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from fractions import Fraction
from math import lcm
from typing import TypeVar

from plasticdsl.graph import lasting
from plasticdsl.model.expr import Binary, Expr, Negate, Number

Factor = tuple[Expr, int]
Term = frozenset[tuple[Factor, int]]
Product = tuple[Fraction, tuple[Factor, ...]]
Key = TypeVar("Key")
MAX_TERMS = 64
MAX_ROWS = 300  # elimination is cubic; so many variables that share all their terms are not looked through


def conserved_variables(rates: Mapping[str, Expr]) -> list[str]:
    """Variables of `rates` with a non-zero factor in some linear combination of rates that cancels term by term."""
    rows = {name: _terms(rate) for name, rate in rates.items()}
    usable = _with_shared_terms({name: row for name, row in rows.items() if row})
    if len(usable) > MAX_ROWS:
        return []
    combinations = _null_combinations(list(usable.values()))
    names = list(usable)
    touched = {i for c in combinations if _is_total(c) for i in c}
    linked = {i for c in combinations if len(c) > 1 and touched & c.keys() for i in c}
    return [names[i] for i in sorted(linked)]


def conserved_totals(rates: Mapping[str, Expr]) -> list[dict[str, int]]:
    """What stays as it is, as whole multiples of variables that are added up: a basis of all such totals."""
    rows = {name: _terms(rate) for name, rate in rates.items()}
    usable = _with_shared_terms({name: row for name, row in rows.items() if row})
    if len(usable) > MAX_ROWS:
        return []
    names = list(usable)
    found = []
    for combination in _null_combinations(list(usable.values())):
        if len(combination) > 1:
            scale = lcm(*(factor.denominator for factor in combination.values()))
            sign = -1 if all(factor < 0 for factor in combination.values()) else 1
            found.append({names[i]: int(sign * scale * factor) for i, factor in sorted(combination.items())})
    return [_shared_out(total, found, names) for total in found]


def _shared_out(total: dict[str, int], others: list[dict[str, int]], names: list[str]) -> dict[str, int]:
    """The same with others added, where that leaves only what is added up: E + C and S + P − E give S + C + P."""
    result = dict(total)
    for name in [v for v, count in total.items() if count < 0]:
        for other in others:
            if other is not total and other.get(name, 0) > 0 and min(other.values()) > 0 and result.get(name, 0) < 0:
                times = -(result[name] // other[name])
                result = {v: result.get(v, 0) + times * other.get(v, 0) for v in names}
    result = {v: result[v] for v in names if result.get(v)}
    return result if min(result.values()) > 0 else total


def remainder(factors: Mapping[str, Fraction], rates: Mapping[str, Expr]) -> bool:
    """Whether something is left of Σ factor · rate when all terms that cancel are gone."""
    total: dict[Term, Fraction] = {}
    for name, factor in factors.items():
        for term, number in _terms(rates[name]).items():
            total[term] = total.get(term, Fraction(0)) + factor * number
    return any(total.values())


def _is_total(combination: Mapping[int, Fraction]) -> bool:
    """Two factors of one sign: something is shared out. (Equal rates of two variables make a difference, not a total.)"""
    return sum(v > 0 for v in combination.values()) > 1 or sum(v < 0 for v in combination.values()) > 1


def _terms(rate: Expr) -> dict[Term, Fraction]:
    """Σ number · product of factors, without what cancels."""
    found: dict[Term, Fraction] = {}
    for number, factors in _expanded(rate):
        key = frozenset(Counter(factors).items())
        found[key] = found.get(key, Fraction(0)) + number
    return {key: number for key, number in found.items() if number}


def _expanded(expr: Expr) -> list[Product]:
    match expr:
        case Number(value):
            return [(Fraction(repr(value)), ())]
        case Negate(operand):
            return [(-n, f) for n, f in _expanded(operand)]
        case Binary("+", left, right):
            return _unless_too_many(expr, _expanded(left) + _expanded(right))
        case Binary("-", left, right):
            return _unless_too_many(expr, _expanded(left) + [(-n, f) for n, f in _expanded(right)])
        case Binary("*", left, right):
            a, b = _expanded(left), _expanded(right)
            return _unless_too_many(expr, [(m * n, f + g) for m, f in a for n, g in b])
        case Binary("/", left, Number(value)) if value:
            return [(n / Fraction(repr(value)), f) for n, f in _expanded(left)]
        case Binary("/", left, right):
            return [(n, (*f, (right, -1))) for n, f in _expanded(left)]
        case _:
            return [(Fraction(1), ((expr, 1),))]


def _unless_too_many(expr: Expr, products: list[Product]) -> list[Product]:
    return products if len(products) <= MAX_TERMS else [(Fraction(1), ((expr, 1),))]


def _with_shared_terms(rows: Mapping[str, dict[Term, Fraction]]) -> dict[str, dict[Term, Fraction]]:
    """The rows that may be part of a combination that vanishes: one with a term that no other row has cannot be, and counts for none."""
    holders: dict[Term, set[str]] = {}
    for name, row in rows.items():
        for term in row:
            holders.setdefault(term, set()).add(name)
    kept = lasting(rows, lambda name, staying: all(len(holders[term] & staying) > 1 for term in rows[name]))
    return {name: row for name, row in rows.items() if name in kept}


def _null_combinations(rows: list[dict[Term, Fraction]]) -> list[dict[int, Fraction]]:
    """A basis of the combinations of rows that vanish, each as {row: factor}, by elimination."""
    pivots: list[tuple[Term, dict[Term, Fraction], dict[int, Fraction]]] = []
    null: list[dict[int, Fraction]] = []
    for index, row in enumerate(rows):
        rest, made_of = dict(row), {index: Fraction(1)}
        for column, pivot, combination in pivots:
            factor = rest.get(column, Fraction(0))
            if factor:
                rest = _minus(rest, factor, pivot)
                made_of = _minus(made_of, factor, combination)
        if not rest:
            null.append(made_of)
            continue
        column = next(iter(rest))
        lead = rest[column]
        pivots.append((column, {k: v / lead for k, v in rest.items()}, {k: v / lead for k, v in made_of.items()}))
    return null


def _minus(a: dict[Key, Fraction], factor: Fraction, b: dict[Key, Fraction]) -> dict[Key, Fraction]:
    result = dict(a)
    for key, value in b.items():
        result[key] = result.get(key, Fraction(0)) - factor * value
    return {k: v for k, v in result.items() if v}
