"""Exponential polynomials Σ c sᵏ e^{λ s} {1, cos ω s, sin ω s} in the distance s = |Δt| ≥ 0 between two spikes.

Comes in: an expression in `Special("lag")` on one side of Δt = 0. Goes out: its terms, or `NotExponential`. A function of one variable has a
finite linear realisation exactly if it is such a sum. The coefficients are expressions as the author wrote them; whether two rates are
the same is asked of `equal`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from plasticdsl.model.expr import Binary, Call, Choice, Expr, Negate, Number, Special, walk
from plasticdsl.symbolic.algebra import ONE, ZERO, add, choice, div, is_number, mul, neg, power, sub
from plasticdsl.symbolic.equal import surely_equal

LAG = Special("lag")
HALF = Number(0.5)
MAX_TERMS = 48
MAX_POWER = 12


class NotExponential(Exception):
    """`str()` says what stands in the way."""


@dataclass(frozen=True, slots=True)
class Mode:
    """sᵖᵒʷᵉʳ e^{rate s}, times cos or sin (`sine`) of `frequency` s where that is not 0."""

    rate: Expr = ZERO
    frequency: Expr = ZERO
    power: int = 0
    sine: bool = False

    def same(self, other: Mode) -> bool:
        """Whether both are the same function of s."""
        if self.power != other.power or self.sine != other.sine:
            return False
        return surely_equal(self.rate, other.rate) and surely_equal(self.frequency, other.frequency)

    @property
    def is_real_exponential(self) -> bool:
        """Positive for every s > 0."""
        return is_number(self.frequency, 0.0)


Terms = tuple[tuple[Mode, Expr], ...]
CONSTANT = Mode()


def has_lag(expr: Expr) -> bool:
    """Whether `expr` depends on Δt."""
    return any(node == LAG for node in walk(expr))


def terms_of(expr: Expr, sign: int) -> Terms:
    """`expr` as an exponential polynomial in s, with lag = `sign` s; raises `NotExponential`."""
    if not has_lag(expr):
        return () if is_number(expr, 0.0) else ((CONSTANT, expr),)
    match expr:
        case Special():
            return ((Mode(power=1), Number(float(sign))),)
        case Negate(operand):
            return _scaled(terms_of(operand, sign), neg)
        case Binary("+", left, right):
            return _sum(terms_of(left, sign), terms_of(right, sign))
        case Binary("-", left, right):
            return _sum(terms_of(left, sign), _scaled(terms_of(right, sign), neg))
        case Binary("*", left, right):
            return _product(terms_of(left, sign), terms_of(right, sign))
        case Binary("/", left, right) if not has_lag(right):
            return _scaled(terms_of(left, sign), lambda c: div(c, right))
        case Binary("/", left, right):
            return _product(terms_of(left, sign), _to_power(terms_of(right, sign), -1.0, "Δt in a denominator"))
        case Binary("^", base, exponent):
            return _power(base, exponent, sign)
        case Call(function, (argument,)):
            return _function(function, argument, sign)
        case Choice(branches, otherwise):
            return _by_cases(branches, otherwise, sign)
        case Call(function, _):
            raise NotExponential(f"Δt inside {function}(…)")
        case _:
            raise NotExponential("a condition on Δt")


def linear_in_s(terms: Terms) -> tuple[Expr, Expr] | None:
    """(a, b) of a + b s, where that is all there is."""
    found: dict[int, Expr] = {0: ZERO, 1: ZERO}
    for mode, coefficient in terms:
        if mode.power > 1 or not is_number(mode.rate, 0.0) or not mode.is_real_exponential:
            return None
        found[mode.power] = coefficient
    return found[0], found[1]


def _scaled(terms: Terms, change: Callable[[Expr], Expr]) -> Terms:
    return tuple((mode, change(coefficient)) for mode, coefficient in terms)


def _sum(*many: Terms) -> Terms:
    """Added up, terms of one mode merged, zeros dropped."""
    merged: list[tuple[Mode, Expr]] = []
    for mode, coefficient in (t for terms in many for t in terms):
        place = next((k for k, (known, _) in enumerate(merged) if known.same(mode)), None)
        if place is None:
            merged.append((mode, coefficient))
        else:
            merged[place] = (merged[place][0], add(merged[place][1], coefficient))
    if len(merged) > MAX_TERMS:
        raise NotExponential(f"more than {MAX_TERMS} terms when multiplied out")
    return tuple((m, c) for m, c in merged if not is_number(c, 0.0))


def _product(a: Terms, b: Terms) -> Terms:
    if len(a) * len(b) > MAX_TERMS * 4:
        raise NotExponential("too many terms when multiplied out")
    return _sum(*(_mode_product(m, n, mul(c, d)) for m, c in a for n, d in b))


def _mode_product(a: Mode, b: Mode, factor: Expr) -> Terms:
    """cos α cos β = ½ cos(α − β) + ½ cos(α + β) and its kin."""
    rate, degree = add(a.rate, b.rate), a.power + b.power
    if surely_equal(rate, ZERO):
        rate = ZERO
    if a.is_real_exponential or b.is_real_exponential:
        waving = b if a.is_real_exponential else a
        return ((Mode(rate, waving.frequency, degree, waving.sine), factor),)
    half = mul(HALF, factor)
    plus, minus = add(a.frequency, b.frequency), sub(a.frequency, b.frequency)
    if a.sine == b.sine:
        return _sum(_wave(rate, minus, degree, False, half), _wave(rate, plus, degree, False, neg(half) if a.sine else half))
    return _sum(_wave(rate, plus, degree, True, half), _wave(rate, minus, degree, True, half if a.sine else neg(half)))


def _wave(rate: Expr, frequency: Expr, degree: int, sine: bool, factor: Expr) -> Terms:
    if surely_equal(frequency, ZERO):
        return () if sine else ((Mode(rate, ZERO, degree), factor),)
    return ((Mode(rate, frequency, degree, sine), factor),)


def _to_power(terms: Terms, exponent: float, problem: str) -> Terms:
    """(c e^{λ s})ᵖ = cᵖ e^{p λ s}, for a single real exponential."""
    if len(terms) != 1 or terms[0][0].power or not terms[0][0].is_real_exponential:
        raise NotExponential(problem)
    ((mode, coefficient),) = terms
    scaled = div(ONE, coefficient) if exponent == -1.0 else power(coefficient, Number(exponent))
    return ((Mode(mul(Number(exponent), mode.rate)), scaled),)


def _power(base: Expr, exponent: Expr, sign: int) -> Terms:
    if not has_lag(base):
        return _exponential(mul(Call("log", (base,)), exponent), sign)
    if not isinstance(exponent, Number):
        raise NotExponential("a power of Δt with an exponent that is no number")
    terms = terms_of(base, sign)
    if exponent.value == int(exponent.value) and 0 < exponent.value <= MAX_POWER:
        result = terms
        for _ in range(int(exponent.value) - 1):
            result = _product(result, terms)
        return result
    return _to_power(terms, exponent.value, f"Δt to the power {exponent.value:g}")


def _function(function: str, argument: Expr, sign: int) -> Terms:
    match function:
        case "exp":
            return _exponential(argument, sign)
        case "expm1":
            return _sum(_exponential(argument, sign), ((CONSTANT, Number(-1.0)),))
        case "sinh" | "cosh":
            falling = _exponential(neg(argument), sign)
            both = _sum(_exponential(argument, sign), _scaled(falling, neg) if function == "sinh" else falling)
            return _scaled(both, lambda coefficient: mul(HALF, coefficient))
        case "cos" | "sin":
            return _oscillation(function, argument, sign)
        case "sqrt":
            return _to_power(terms_of(argument, sign), 0.5, "Δt inside sqrt(…)")
        case _:
            raise NotExponential(f"Δt inside {function}(…)")


def _linear_argument(function: str, argument: Expr, sign: int) -> tuple[Expr, Expr]:
    parts = linear_in_s(terms_of(argument, sign))
    if parts is None:
        raise NotExponential(f"{function}(…) of something that is not linear in Δt")
    return parts


def _exponential(argument: Expr, sign: int) -> Terms:
    constant, rate = _linear_argument("exp", argument, sign)
    return ((Mode(rate), ONE if is_number(constant, 0.0) else Call("exp", (constant,))),)


def _oscillation(function: str, argument: Expr, sign: int) -> Terms:
    """cos(a + b s) = cos a cos bs − sin a sin bs, and its kin."""
    constant, frequency = _linear_argument(function, argument, sign)
    own, other = Mode(frequency=frequency, sine=function == "sin"), Mode(frequency=frequency, sine=function != "sin")
    if is_number(constant, 0.0):
        return ((own, ONE),)
    cosine, sine = Call("cos", (constant,)), Call("sin", (constant,))
    return ((own, cosine), (other, sine if function == "sin" else neg(sine)))


def _by_cases(branches: tuple[tuple[Expr, Expr], ...], otherwise: Expr, sign: int) -> Terms:
    """Coefficient by coefficient, where no condition depends on Δt."""
    if any(has_lag(condition) for condition, _ in branches):
        raise NotExponential("a condition on Δt other than its sign")
    values = [terms_of(value, sign) for _, value in branches]
    last = terms_of(otherwise, sign)
    modes = [mode for mode, _ in _sum(*(tuple((m, ONE) for m, _ in terms) for terms in (*values, last)))]

    def part(terms: Terms, mode: Mode) -> Expr:
        return next((c for m, c in terms if m.same(mode)), ZERO)

    conditions = [condition for condition, _ in branches]
    return tuple((m, choice(tuple((c, part(v, m)) for c, v in zip(conditions, values, strict=True)), part(last, m))) for m in modes)
