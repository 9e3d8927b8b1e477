"""Derivatives of expressions.

Comes in: an expression and the node to differentiate by (a variable). Goes out: the derivative as an expression that keeps the author's
sub-expressions and stays finite where the function is: for saturating functions such as 1/(1 + e⁻ᵃ) the quotient rule alone would give ∞/∞ far
from 0. Without sympy.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from fractions import Fraction

from plasticdsl.model.expr import At, Binary, Call, Choice, Compare, Expr, Incoming, Logic, Negate, Number, SumOver, children, rebuild
from plasticdsl.symbolic.algebra import MAX_NODES, ONE, ZERO, add, calling, choice, div, extent, mul, neg, power, sub
from plasticdsl.symbolic.singular import repair, scaled_exponential

TWO = Number(2.0)
#: The function whose argument is constant in a derivative.
HOLD = "hold"


class NotDifferentiable(Exception):
    """`str()` is a sentence that says why."""


def differentiate(expr: Expr, by: Expr) -> Expr:
    """∂`expr`/∂`by`, where `by` is a variable (`Ref`, `Special`, `At`) and all others are constant, and so is what `hold(…)` encloses.

    Quotients that are 0/0 at one point are repaired first (`singular.py`), since the quotient rule would keep 0/0 there.
    Cases are differentiated branch by branch (jumps between them do not count); |x|′ = sign(x), 0 at 0; min and max follow the argument they equal.
    Raises `NotDifferentiable` for steps, rounding and comparisons of `by`, and where the result would be too large.
    """
    result = _derivative(repair(expr, lambda name: name != by), by)
    if extent(result).nodes > MAX_NODES:
        raise NotDifferentiable("The derivative is too large to be written out.")
    return result


def depends(expr: Expr, by: Expr) -> bool:
    """Whether `by` stands in an expression, outside what `hold(…)` encloses."""
    return expr == by or (not _is_held(expr) and any(depends(child, by) for child in children(expr)))


def without_holds(expr: Expr) -> Expr:
    """The expression with every `hold(x)` read as x."""
    return without_holds(children(expr)[0]) if _is_held(expr) else rebuild(expr, without_holds)


def _is_held(expr: Expr) -> bool:
    return isinstance(expr, Call) and expr.function == HOLD


def _derivative(expr: Expr, by: Expr) -> Expr:
    if expr == by:
        return ONE
    if not depends(expr, by):
        return ZERO
    match expr:
        case Negate(operand):
            return neg(_derivative(operand, by))
        case Binary("+", left, right):
            return add(_derivative(left, by), _derivative(right, by))
        case Binary("-", left, right):
            return sub(_derivative(left, by), _derivative(right, by))
        case Binary("*", left, right):
            return add(mul(_derivative(left, by), right), mul(left, _derivative(right, by)))
        case Binary("/", left, right):
            own = div(_derivative(left, by), right)
            return own if not depends(right, by) else sub(own, mul(expr, _logarithmic(right, by)))
        case Binary(_, base, exponent):
            return _power(base, exponent, by)
        case Choice(branches, otherwise):
            return choice(tuple((c, _derivative(v, by)) for c, v in branches), _derivative(otherwise, by))
        case Call(function, arguments):
            return _call(function, arguments, by)
        case SumOver(indices, sets, body, where):
            if isinstance(by, At):
                raise NotDifferentiable("A sum over units is differentiated by one of its terms in the network, not here.")
            return SumOver(indices, sets, _derivative(body, by), where)
        case Incoming():
            raise NotDifferentiable("A sum over the connections of a unit has no derivative here; what synapses sum into the unit has one.")
        case Compare() | Logic():
            raise NotDifferentiable("A condition has no derivative.")
        case _:
            return ZERO


def _logarithmic(expr: Expr, by: Expr) -> Expr:
    """expr′/expr. For c + k eᵍ it is g′/(1 + (c/k) e⁻ᵍ), which does not become ∞/∞ for large g."""
    split = _constant_and_exponential(expr, by)
    if split is None:
        return div(_derivative(expr, by), expr)
    constant, factor, exponent = split
    return div(_derivative(exponent, by), add(ONE, mul(div(constant, factor), Call("exp", (neg(exponent),)))))


def _constant_and_exponential(expr: Expr, by: Expr) -> tuple[Expr, Expr, Expr] | None:
    """(c, k, g) of c + k eᵍ with c and k free of `by`."""
    match expr:
        case Binary("+", left, right):
            for constant, term in ((left, right), (right, left)):
                split = scaled_exponential(term)
                if split is not None and not depends(constant, by) and not depends(split[0], by):
                    return constant, *split
    return None


def _power(base: Expr, exponent: Expr, by: Expr) -> Expr:
    own: Expr = ZERO
    if depends(base, by):
        slope = _derivative(base, by)
        if isinstance(exponent, Number) and exponent.value < 0:
            own = mul(mul(exponent, Binary("^", base, exponent)), _logarithmic(base, by))
        else:
            own = mul(mul(exponent, power(base, sub(exponent, ONE))), slope)
    if not depends(exponent, by):
        return own
    return add(own, mul(mul(Binary("^", base, exponent), Call("log", (base,))), _derivative(exponent, by)))


def _call(function: str, arguments: tuple[Expr, ...], by: Expr) -> Expr:
    if function in ("min", "max") and len(arguments) == 2:  # of one argument they are statistics of units
        left, right = arguments
        comes_first = Compare("<=" if function == "min" else ">=", left, right)
        return choice(((comes_first, _derivative(left, by)),), _derivative(right, by))
    if function in JUMPING:
        written = "Θ" if function == "step" else function
        raise NotDifferentiable(f"{written}(…) has no derivative: it changes in jumps.")
    if function not in OUTER or len(arguments) != 1:
        raise NotDifferentiable(f"{function}(…) has no derivative.")
    (argument,) = arguments
    if function == "log":
        return _logarithmic(argument, by)
    return mul(OUTER[function](argument), _derivative(argument, by))


JUMPING = ("step", "sign", "floor", "ceil", "round", "mod")


def _squared(x: Expr) -> Expr:
    return Binary("^", x, TWO)


def _one_over_root(inside: Expr) -> Expr:
    return div(ONE, Call("sqrt", (inside,)))


SERIES_LIMIT = Number(0.1)


def _series(coefficients: list[Fraction], x: Expr) -> Expr:
    """Σ cₙ xⁿ by Horner's rule."""
    total: Expr = Number(float(coefficients[-1]))
    for coefficient in reversed(coefficients[:-1]):
        total = add(Number(float(coefficient)), mul(x, total))
    return total


#: Bₙ₊₁/n!, n = 0 …, with Bernoulli numbers B: the derivative of x/(eˣ − 1) = Σ Bₙ xⁿ/n!.
X_OVER_EXPM1 = [Fraction(-1, 2), Fraction(1, 6), Fraction(0), Fraction(-1, 180), Fraction(0), Fraction(1, 5040), Fraction(0)]
X_OVER_EXPM1 += [Fraction(-1, 151200), Fraction(0), Fraction(1, 4790016)]
#: (n + 1)/(n + 2)!: the derivative of (eˣ − 1)/x = Σ xⁿ/(n + 1)!.
EXPM1_OVER_X = [Fraction(n + 1, math.factorial(n + 2)) for n in range(12)]


def _near_zero(x: Expr, coefficients: list[Fraction], elsewhere: Expr) -> Expr:
    """The series where the closed form would cancel; both are right to rounding at |x| = 0.1."""
    return Choice(((Compare("<", Call("abs", (x,)), SERIES_LIMIT), _series(coefficients, x)),), elsewhere)


def _x_over_expm1(x: Expr) -> Expr:
    """With f = x/(eˣ − 1): f′ = f (1 − x − f)/x."""
    f = Call("x_over_expm1", (x,))
    return _near_zero(x, X_OVER_EXPM1, div(mul(f, sub(sub(ONE, x), f)), x))


def _expm1_over_x(x: Expr) -> Expr:
    """With f = (eˣ − 1)/x: f′ = (eˣ − f)/x."""
    return _near_zero(x, EXPM1_OVER_X, div(sub(Call("exp", (x,)), Call("expm1_over_x", (x,))), x))


#: The derivative by the argument, as a function of the argument.
OUTER: Mapping[str, Callable[[Expr], Expr]] = {
    "exp": calling("exp"),
    "expm1": calling("exp"),
    "log": lambda x: div(ONE, x),
    "log10": lambda x: div(ONE, mul(Number(math.log(10.0)), x)),
    "log1p": lambda x: div(ONE, add(ONE, x)),
    "sqrt": lambda x: div(ONE, mul(TWO, Call("sqrt", (x,)))),
    "sin": calling("cos"),
    "cos": lambda x: neg(Call("sin", (x,))),
    "tan": lambda x: add(ONE, _squared(Call("tan", (x,)))),
    "arcsin": lambda x: _one_over_root(sub(ONE, _squared(x))),
    "arccos": lambda x: neg(_one_over_root(sub(ONE, _squared(x)))),
    "arctan": lambda x: div(ONE, add(ONE, _squared(x))),
    "sinh": calling("cosh"),
    "cosh": calling("sinh"),
    "tanh": lambda x: sub(ONE, _squared(Call("tanh", (x,)))),
    "erf": lambda x: mul(Number(2.0 / math.sqrt(math.pi)), Call("exp", (neg(_squared(x)),))),
    "abs": calling("sign"),
    "x_over_expm1": _x_over_expm1,
    "expm1_over_x": _expm1_over_x,
}
