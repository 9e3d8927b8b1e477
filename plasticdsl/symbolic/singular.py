"""Removable singularities, as in α_m = a (V + 40 mV)/(1 − exp(−(V + 40 mV)/10 mV)) or the GHK current, which are 0/0 at one voltage.

Comes in: an expression, a network or an experiment. Goes out: the same with quotients replaced, wherever they stand, that are 0/0 where an exponent
u vanishes,

    u/(eᵘ − 1) = `x_over_expm1(u)`      (eᵘ − 1)/u = `expm1_over_x(u)`
    u/tanh u = u + `x_over_expm1(2u)`   u/sinh u = √(`x_over_expm1(2u)` `x_over_expm1(−2u)`)   sinh u/u = e^|u| `expm1_over_x(−2|u|)`

for any factor f = ρ u of the other side of the fraction; both sides agree wherever the quotient was defined, and the new one is right at u = 0
too. Where several factors would do (z V F in a GHK current), the one is taken that brings u to 0, that is, leaves a ρ of constants. All other
factors and terms stay where the author wrote them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass

from plasticdsl.model import Network, Population, Projection
from plasticdsl.model.experiments import Experiment
from plasticdsl.model.expr import At, Binary, Call, Expr, Negate, Number, Ref, Special, rebuild, substitute, walk
from plasticdsl.model.mapping import Read, map_experiment, map_network
from plasticdsl.model.owners import StandIn, Whose
from plasticdsl.symbolic.algebra import ONE, OPERATIONS, add, calling, div, extent, is_number, mul, neg, power
from plasticdsl.symbolic.block_contents import is_constant
from plasticdsl.symbolic.equal import surely_equal
from plasticdsl.symbolic.linear import NotLinear, linear_form

TWO = Number(2.0)
_x_over_expm1, _expm1_over_x = calling("x_over_expm1"), calling("expm1_over_x")
UNKNOWN = Ref(StandIn.ARGUMENT, "")  # stands for the name that a quotient is looked at as a function of
MAX_LEVELS, MAX_NODES = 4, 400  # of definitions that are looked into
NO_DEFINITIONS: Mapping[Expr, Expr] = {}
Name = Ref | Special | At
Constant = Callable[[Name], bool]


def _x_over_tanh(x: Expr) -> Expr:
    return add(x, _x_over_expm1(mul(TWO, x)))


def _x_over_sinh(x: Expr) -> Expr:
    return Call("sqrt", (mul(_x_over_expm1(mul(TWO, x)), _x_over_expm1(neg(mul(TWO, x)))),))


def _sinh_over_x(x: Expr) -> Expr:
    distance = Call("abs", (x,))
    return mul(Call("exp", (distance,)), _expm1_over_x(neg(mul(TWO, distance))))


@dataclass(frozen=True, slots=True)
class Factor:
    """One factor of a product; `inverse` if it divides."""

    expr: Expr
    inverse: bool


@dataclass(frozen=True, slots=True)
class Zero:
    """A factor `scale` · g(u) with g(0) = 0; `quotient` is u/g(u) and `inverse` g(u)/u, both finite at 0."""

    scale: Expr
    argument: Expr
    quotient: Callable[[Expr], Expr]
    inverse: Callable[[Expr], Expr]


def repaired(network: Network) -> Network:
    """`network` with every expression repaired."""

    def reader(part: Population | Projection | None) -> Read:
        match part:
            case Population(block=block) | Projection(connection=block):
                known: dict[Expr, Expr] = {Ref(Whose.OWN, name): value for name, value in block.definitions.items()}
                return lambda expr: repair(expr, lambda name: is_constant(name, block), known)
            case None:
                return repair

    return map_network(network, reader)


def repaired_experiment(experiment: Experiment) -> Experiment:
    """`experiment` with all that it evaluates repaired."""
    return map_experiment(experiment, repair)


def repair(expr: Expr, constant: Constant = lambda name: False, definitions: Mapping[Expr, Expr] = NO_DEFINITIONS) -> Expr:
    """`expr` with the quotients of the module's text replaced, everywhere in it. `constant` tells which names do not change during a run: where a
    quotient is 0/0 at values of several names, it is taken as a function of one that changes. `definitions` are looked into, and written out
    where that helps."""
    if not _is_product(expr):
        return rebuild(expr, lambda child: repair(child, constant, definitions))
    factors = [Factor(repair(f.expr, constant, definitions), f.inverse) for f in _factors(expr, False)]
    changed = False
    if len({f.inverse for f in factors}) == 1:
        return _assembled(
            expr, (f.expr for f in factors), tidy=False
        )  # nothing stands below a line, or nothing above it: no quotient is 0/0
    while (found := _first_match(_written(factors, definitions), constant)) is not None:
        factors, changed = found, True
    return _assembled(expr, (f.expr for f in factors), tidy=changed)


def _written(factors: list[Factor], definitions: Mapping[Expr, Expr]) -> Iterator[list[Factor]]:
    """The factors as they are; with those definitions written out that vanish somewhere; and with all of them, level by level."""
    yield factors
    yield [Factor(value, f.inverse) if (value := definitions.get(f.expr)) is not None and _zero(value) is not None else f for f in factors]
    for _ in range(MAX_LEVELS):
        before, factors = factors, [Factor(substitute(f.expr, definitions), f.inverse) for f in factors]
        if factors == before or sum(extent(f.expr).nodes for f in factors) > MAX_NODES:
            return
        yield factors


def _first_match(ways: Iterable[list[Factor]], constant: Constant) -> list[Factor] | None:
    return next((found for factors in ways if (found := _match(factors, constant)) is not None), None)


def _is_product(expr: Expr) -> bool:
    return isinstance(expr, Negate) or (isinstance(expr, Binary) and (expr.operator in "*/" or _is_reciprocal(expr)))


def _is_reciprocal(expr: Binary) -> bool:
    return expr.operator == "^" and is_number(expr.right, -1.0)


def _factors(expr: Expr, inverse: bool) -> list[Factor]:
    """The factors of a product, from left to right."""
    match expr:
        case Negate(operand):
            return _factors(operand, inverse)
        case Binary("*", left, right):
            return _factors(left, inverse) + _factors(right, inverse)
        case Binary("/", left, right):
            return _factors(left, inverse) + _factors(right, not inverse)
        case Binary("^", left, Number(-1.0)):
            return _factors(left, not inverse)
        case _:
            return [Factor(expr, inverse)]


def _assembled(expr: Expr, factors: Iterator[Expr], tidy: bool) -> Expr:
    """The product written as `expr` is, from new factors in the order of `_factors`; `tidy`: with signs and plain numbers worked out."""

    def again(part: Expr) -> Expr:
        return _assembled(part, factors, tidy)

    match expr:
        case Negate(operand):
            return neg(again(operand)) if tidy else Negate(again(operand))
        case Binary(operator, left, right) if _is_product(expr):
            first = again(left)
            second = right if operator == "^" else again(right)
            return OPERATIONS[operator](first, second) if tidy else Binary(operator, first, second)
        case _:
            return next(factors)


# --- finding 0/0 -----------------------------------------------------------------------------------------------------


def _match(factors: list[Factor], constant: Constant) -> list[Factor] | None:
    """The factors with the best pair (g(u), f = ρ u) on opposite sides of the fraction replaced; None if there is no pair."""
    found: list[tuple[int, list[Factor]]] = []
    for n, vanishing in enumerate(factors):
        zero = _zero(vanishing.expr)
        if zero is None:
            continue
        for k, other in enumerate(factors):
            split = None if other.inverse == vanishing.inverse else _proportional(other.expr, zero.argument, constant)
            if split is not None:
                changing = sum(not constant(name) for name in _names(split[0]))
                found.append((changing, _replaced(factors, n, k, zero, *split)))
    return min(found, key=lambda pair: pair[0])[1] if found else None


def _replaced(factors: list[Factor], vanishing: int, other: int, zero: Zero, ratio: Expr, rest: Expr) -> list[Factor]:
    """Without 0/0: factor `vanishing` is scale · g(u), factor `other`, on the other side of the fraction, is `ratio` · u · `rest`."""
    new = list(factors)
    scale = zero.scale
    if factors[vanishing].inverse:
        if isinstance(scale, Number):
            ratio, scale = div(ratio, scale), ONE
        new[vanishing] = Factor(scale, True)
        new[other] = Factor(mul(mul(rest, ratio), zero.quotient(zero.argument)), False)
    else:
        new[vanishing] = Factor(mul(div(scale, ratio), zero.inverse(zero.argument)), False)
        new[other] = Factor(rest, True)
    return new


def _zero(expr: Expr) -> Zero | None:
    """What `expr` is as a function that vanishes with its argument."""
    match expr:
        case Call("expm1", (u,)):
            return Zero(ONE, u, _x_over_expm1, _expm1_over_x)
        case Call("tanh", (u,)):
            return Zero(ONE, u, _x_over_tanh, lambda x: div(ONE, _x_over_tanh(x)))
        case Call("sinh", (u,)):
            return Zero(ONE, u, _x_over_sinh, _sinh_over_x)
        case Binary("+" | "-"):
            return _exponential_less_one(expr)
        case _:
            return None


def _exponential_less_one(expr: Expr) -> Zero | None:
    """k eᵘ − k in any order and with any signs."""
    terms = _signed_terms(expr)
    if len(terms) != 2:
        return None
    for (sign, term), (other_sign, other) in (terms, terms[::-1]):
        split = scaled_exponential(term)
        if split is None or scaled_exponential(other) is not None:
            continue
        scale, exponent = (neg(split[0]) if sign < 0 else split[0]), split[1]
        if surely_equal(scale, neg(other) if other_sign > 0 else other):
            return Zero(scale, exponent, _x_over_expm1, _expm1_over_x)
    return None


def _signed_terms(expr: Expr, sign: int = 1) -> list[tuple[int, Expr]]:
    match expr:
        case Binary("+", left, right):
            return _signed_terms(left, sign) + _signed_terms(right, sign)
        case Binary("-", left, right):
            return _signed_terms(left, sign) + _signed_terms(right, -sign)
        case Negate(operand):
            return _signed_terms(operand, -sign)
        case _:
            return [(sign, expr)]


def scaled_exponential(expr: Expr) -> tuple[Expr, Expr] | None:
    """(k, u) of k eᵘ."""
    match expr:
        case Call("exp", (exponent,)):
            return ONE, exponent
        case Binary("*", left, right):
            first, second = scaled_exponential(left), scaled_exponential(right)
            if first is not None and second is None:
                return mul(first[0], right), first[1]
            return (mul(left, second[0]), second[1]) if second is not None and first is None else None
        case Binary("/", left, Call("exp", (exponent,))):
            return left, neg(exponent)
        case Binary("/", left, right):
            found = scaled_exponential(left)
            return None if found is None else (div(found[0], right), found[1])
        case _:
            return None


def _proportional(factor: Expr, argument: Expr, constant: Constant) -> tuple[Expr, Expr] | None:
    """(ρ, rest) with factor = ρ · argument · rest; None if there is no such split."""
    match factor:
        case Binary("^", base, Number(n)) if n > 1 and n == int(n):
            ratio = _ratio(base, argument, constant)
            return None if ratio is None else (ratio, power(base, Number(n - 1)))
        case _:
            ratio = _ratio(factor, argument, constant)
            return None if ratio is None else (ratio, ONE)


def _ratio(factor: Expr, argument: Expr, constant: Constant) -> Expr | None:
    """factor/argument where both are linear in some name and vanish together."""
    for name in sorted(_names(factor) & _names(argument), key=lambda n: (constant(n), str(n))):
        try:
            a, b = (linear_form(substitute(part, {name: UNKNOWN}), frozenset({UNKNOWN})) for part in (factor, argument))
        except NotLinear:
            continue
        slope_a, slope_b = a.coefficient(UNKNOWN), b.coefficient(UNKNOWN)
        if surely_equal(mul(a.offset, slope_b), mul(b.offset, slope_a)):
            return div(slope_a, slope_b)
    return None


def _names(expr: Expr) -> frozenset[Name]:
    return frozenset(node for node in walk(expr) if isinstance(node, Ref | Special | At))
