"""Between our expressions and sympy's.

Comes in: an expression. Goes out: a sympy expression, and back. Numbers become exact rationals (of their shortest decimal text), variables
become real symbols, and everything sympy must not interpret (`step`, `min`, choices, comparisons, sums over units) becomes an opaque function
or symbol: sympy's own Piecewise, Min and Mod rewrite themselves on construction, slowly, and change which side of a tie wins.
What would hang or explode (too many parts, huge exponents) raises `NotAnalysable`. Nothing here simplifies.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from fractions import Fraction
from functools import lru_cache
from importlib import import_module
from operator import add, mul, sub, truediv
from typing import Any

from plasticdsl.model.expr import At, Binary, Call, Expr, Incoming, Leaf, Negate, Number, Ref, Special, SumOver, children, rebuild
from plasticdsl.model.pretty import pretty
from plasticdsl.symbolic.algebra import ZERO, extent, neg

MAX_NODES = 2000
MAX_DEPTH = 200
MAX_EXPONENT = 64

#: Functions that sympy may interpret: our name → sympy's.
SHARED: Mapping[str, str] = {
    "exp": "exp", "log": "log", "sin": "sin", "cos": "cos", "tan": "tan", "arcsin": "asin", "arccos": "acos", "arctan": "atan",
    "sinh": "sinh", "cosh": "cosh", "tanh": "tanh", "erf": "erf",
}  # fmt: skip
BACK: Mapping[str, str] = {theirs: ours for ours, theirs in SHARED.items()}
ARITHMETIC: Mapping[str, Callable[[Any, Any], Any]] = {"+": add, "-": sub, "*": mul, "/": truediv}


class NotAnalysable(Exception):
    """sympy cannot be asked about this expression within bounds; `str()` says why."""


class Translator:
    """Translates one way and back, remembering which symbol stands for what, and which function for a node without what stands in it. One per
    question asked."""

    def __init__(self) -> None:
        self._symbols: dict[Expr, Any] = {}
        self._meanings: dict[Any, Expr] = {}

    def forward(self, expr: Expr) -> Any:
        """The sympy expression; raises `NotAnalysable`."""
        size = extent(expr)
        if size.nodes > MAX_NODES or size.depth > MAX_DEPTH:
            raise NotAnalysable(f"it has {size.nodes} parts")
        return self._forward(expr)

    def back(self, expression: Any) -> Expr:
        """The expression for a sympy expression made of what `forward` produces; raises `NotAnalysable` on anything else."""
        sympy = import_module("sympy")

        if isinstance(expression, sympy.Symbol):
            return self._meaning(expression)
        if isinstance(expression, sympy.Number) or expression.is_NumberSymbol:
            return _number_back(expression)
        if isinstance(expression, sympy.Add):
            return self._sum_back(expression)
        if isinstance(expression, sympy.Mul):
            return self._product_back(expression)
        if isinstance(expression, sympy.Pow):
            return self._power_back(expression)
        if isinstance(expression, sympy.exp):
            return Call("exp", (self.back(expression.args[0]),))
        return self._function_back(expression)

    def _symbol(self, expr: Expr, name: str) -> Any:
        sympy = import_module("sympy")

        if expr not in self._symbols:
            symbol = sympy.Dummy(name, real=True)
            self._symbols[expr] = symbol
            self._meanings[symbol] = expr
        return self._symbols[expr]

    def _meaning(self, symbol: Any) -> Expr:
        if symbol not in self._meanings:
            raise NotAnalysable(f"an unknown symbol {symbol}")
        return self._meanings[symbol]

    def _forward(self, expr: Expr) -> Any:
        sympy = import_module("sympy")

        match expr:
            case Number(value):
                return _rational(value)
            case Ref():
                return self._symbol(expr, "_".join(part for part in expr.order if part))
            case Special(name):
                return self._symbol(expr, name)
            case Leaf():
                return self._symbol(expr, pretty(expr))
            case At() | SumOver() | Incoming():
                return self._symbol(expr, "over_units")
            case Negate(operand):
                return -self._forward(operand)
            case Binary(operator, left, right):
                return self._binary(operator, self._forward(left), self._forward(right))
            case Call("sqrt", (argument,)):
                return self._power(self._forward(argument), sympy.Rational(1, 2))
            case Call("expm1", (argument,)):
                return sympy.exp(self._forward(argument)) - 1
            case Call("log1p", (argument,)):
                return sympy.log(1 + self._forward(argument))
            case Call(function, (argument,)) if function in SHARED:
                return getattr(sympy, SHARED[function])(self._forward(argument))
            case _:
                return self._opaque(expr, *map(self._forward, children(expr)))

    def _binary(self, operator: str, left: Any, right: Any) -> Any:
        if operator == "/" and right.is_zero:
            raise NotAnalysable("a division by zero")
        return self._power(left, right) if operator == "^" else ARITHMETIC[operator](left, right)

    def _power(self, base: Any, exponent: Any) -> Any:
        """A power that sympy may evaluate: small exponents; of plain numbers only whole ones (it would factorise for roots)."""
        if exponent.is_Number and abs(exponent) > MAX_EXPONENT:
            raise NotAnalysable("a huge exponent")
        if base.is_zero and exponent.is_negative:
            raise NotAnalysable("a division by zero")
        if base.is_Number and exponent.is_Number and not exponent.is_Integer:
            return self._opaque(Binary("^", ZERO, ZERO), base, exponent)
        return base**exponent

    def _opaque(self, expr: Expr, *arguments: Any) -> Any:
        """A function that sympy does not look into, the same for all nodes of one kind."""
        empty = rebuild(expr, lambda _: ZERO)
        if empty not in self._symbols:
            self._symbols[empty] = import_module("sympy").Function(f"opaque_{len(self._symbols)}", real=True)
            self._meanings[self._symbols[empty]] = empty
        return self._symbols[empty](*arguments)

    def _sum_back(self, expression: Any) -> Expr:
        terms = [self.back(a) for a in expression.args]
        terms.sort(key=_is_negative)
        result = terms[0]
        for term in terms[1:]:
            result = Binary("-", result, neg(term)) if _is_negative(term) else Binary("+", result, term)
        return result

    def _product_back(self, expression: Any) -> Expr:
        coefficient, rest = expression.as_coeff_Mul()
        if coefficient == -1:
            return Negate(self.back(rest))
        numerator, denominator = expression.as_numer_denom()
        if denominator != 1:
            return Binary("/", self.back(numerator), self.back(denominator))
        factors = [self.back(a) for a in expression.args]
        result = factors[0]
        for factor in factors[1:]:
            result = Binary("*", result, factor)
        return result

    def _power_back(self, expression: Any) -> Expr:
        base, exponent = expression.args
        if exponent == -1:
            return Binary("/", Number(1.0), self.back(base))
        if exponent.is_Rational and exponent == Fraction(1, 2):
            return Call("sqrt", (self.back(base),))
        if exponent.is_Number and exponent < 0:
            return Binary("/", Number(1.0), self.back(base**-exponent))
        return Binary("^", self.back(base), self.back(exponent))

    def _function_back(self, expression: Any) -> Expr:
        name = getattr(expression.func, "__name__", "")
        if name in BACK:
            return Call(BACK[name], tuple(self.back(a) for a in expression.args))
        if expression.func not in self._meanings:
            raise NotAnalysable(f"sympy answered with {name}")
        arguments = iter(expression.args)
        return rebuild(self._meanings[expression.func], lambda _: self.back(next(arguments)))


def _is_negative(term: Expr) -> bool:
    return isinstance(term, Negate) or (isinstance(term, Number) and term.value < 0)


def _rational(value: float) -> Any:
    sympy = import_module("sympy")

    if not math.isfinite(value):
        raise NotAnalysable("it holds a number that is not finite")
    exact = Fraction(repr(value))
    return sympy.Rational(exact.numerator, exact.denominator)


def _number_back(number: Any) -> Expr:
    try:
        value = number.p / number.q if number.is_Rational else float(number)
    except (OverflowError, TypeError) as error:
        raise NotAnalysable("a number beyond double range") from error
    if not math.isfinite(value):
        raise NotAnalysable("a number beyond double range")
    return Number(value)


# --- questions -------------------------------------------------------------------------------------------------------


@lru_cache(maxsize=512)  # the same question is asked again while another part of a model is written
def vanishes(expr: Expr) -> bool | None:
    """True if `expr` is identically zero as a rational function of its variables, exponentials and the like; None if that is not shown.

    The caller bounds the size: this multiplies out.
    """
    sympy = import_module("sympy")

    try:
        expression = Translator().forward(expr)
        expression = expression.rewrite((sympy.tanh, sympy.sinh, sympy.cosh), sympy.exp)
        return True if sympy.cancel(sympy.expand(sympy.together(expression))) == 0 else None
    except (NotAnalysable, sympy.PolynomialError, NotImplementedError):
        return None
