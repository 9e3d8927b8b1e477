"""The value of an expression at one point, in plain floats.

Comes in: an expression and the values of its variables. Goes out: a float; NaN where it is undefined there (the logarithm of a negative
number, a division by zero). For decisions at compile time; runs use the kernels.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Mapping

from plasticdsl.model.expr import (
    At,
    Binary,
    Call,
    Choice,
    Compare,
    Drawn,
    Expr,
    Incoming,
    Leaf,
    Logic,
    Negate,
    Number,
    Ref,
    Special,
    SumOver,
    is_function,
)
from plasticdsl.symbolic.algebra import compare


def _expm1_over_x(x: float) -> float:
    return math.expm1(x) / x if x else 1.0


def _round(x: float) -> float:
    return float(round(x))


FUNCTIONS: Mapping[str, Callable[..., float]] = {
    "exp": math.exp, "log": math.log, "log10": math.log10, "sqrt": math.sqrt, "sin": math.sin, "cos": math.cos, "tan": math.tan,
    "arcsin": math.asin, "arccos": math.acos, "arctan": math.atan, "sinh": math.sinh, "cosh": math.cosh, "tanh": math.tanh,
    "expm1": math.expm1, "log1p": math.log1p, "erf": math.erf, "abs": abs, "floor": math.floor, "ceil": math.ceil, "round": _round,
    "sign": lambda x: float((x > 0) - (x < 0)), "step": lambda x: float(x > 0), "min": min, "max": max,
    "mod": lambda a, b: a - b * math.floor(a / b), "x_over_expm1": lambda x: 1.0 / _expm1_over_x(x), "expm1_over_x": _expm1_over_x,
}  # fmt: skip


OPERATORS: Mapping[str, Callable[[float, float], float]] = {
    "+": operator.add, "-": operator.sub, "*": operator.mul, "/": operator.truediv, "^": math.pow,
}  # fmt: skip


def evaluate(expr: Expr, values: Mapping[Expr, float]) -> float:
    """The value of `expr` with the variables (`Ref`, `Special`, `At`) as given; NaN where undefined or a variable is missing.

    Conditions have the values 1 and 0.
    """
    return evaluate_with(expr, lambda leaf: float(values.get(leaf, math.nan)))


def evaluate_with(expr: Expr, look_up: Callable[[Expr], float]) -> float:
    """The same, where `look_up` is asked for each variable and whatever else has no value by itself."""
    try:
        return float(_value(expr, look_up))
    except (OverflowError, ValueError, ZeroDivisionError):
        return math.nan


def _value(expr: Expr, look_up: Callable[[Expr], float]) -> float:
    match expr:
        case Number(value):
            return value
        case Negate(operand):
            return -_value(operand, look_up)
        case Binary(sign, left, right):
            return OPERATORS[sign](_value(left, look_up), _value(right, look_up))
        case Call(function, arguments) if is_function(expr):
            return FUNCTIONS[function](*(_value(a, look_up) for a in arguments))
        case Compare(comparison, left, right):
            return float(compare(comparison, _value(left, look_up), _value(right, look_up)))
        case Logic("not", operands):
            return float(not _value(operands[0], look_up))
        case Logic("and", operands):
            return float(all(_value(o, look_up) for o in operands))
        case Logic(_, operands):
            return float(any(_value(o, look_up) for o in operands))
        case Choice(branches, otherwise):
            taken = next((v for c, v in branches if _value(c, look_up)), otherwise)
            return _value(taken, look_up)
        case Ref() | Special() | At() | Call() | SumOver() | Incoming() | Drawn() | Leaf():
            return look_up(expr)
