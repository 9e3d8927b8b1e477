"""The value of an expression that is already decided when the model is checked.

Comes in: an expression and the values of the names it may read. Goes out: a number, or None where it depends on anything else. Used for
what can be refused early (a size of 0, a probability of 2, an initial value outside its bounds); nothing is computed with it later.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Mapping

from plasticdsl.model.expr import Binary, Call, Choice, Compare, Expr, Logic, Negate, Number, Ref, children

Values = Mapping[Ref, Expr]

_OPERATORS: Mapping[str, Callable[[float, float], float]] = {
    "+": operator.add, "-": operator.sub, "*": operator.mul, "/": operator.truediv, "^": math.pow,
    "<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge, "==": operator.eq, "!=": operator.ne,
}  # fmt: skip

_FUNCTIONS: Mapping[str, Callable[..., float]] = {
    "exp": math.exp, "log": math.log, "log10": math.log10, "sqrt": math.sqrt, "sin": math.sin, "cos": math.cos, "tan": math.tan,
    "tanh": math.tanh, "abs": abs, "floor": math.floor, "ceil": math.ceil, "round": round, "min": min, "max": max,
    "mod": lambda a, b: a - b * math.floor(a / b),
}  # fmt: skip


def constant(expr: Expr | None, values: Values, depth: int = 0) -> float | None:
    """The number `expr` is, reading names through `values`; None where that cannot be said."""
    if expr is None or depth > 200:
        return None
    match expr:
        case Number(number):
            return number
        case Ref():
            return constant(values.get(expr), values, depth + 1)
        case Choice(branches, otherwise):
            for condition, value in branches:
                holds = constant(condition, values, depth + 1)
                if holds is None:
                    return None
                if holds:
                    return constant(value, values, depth + 1)
            return constant(otherwise, values, depth + 1)
        case Binary(sign, _, _) | Compare(sign, _, _):
            function: Callable[..., float] = _OPERATORS[sign]
        case Negate():
            function = operator.neg
        case Logic("not", _):
            function = operator.not_
        case Logic(connective, _):
            function = min if connective == "and" else max  # a condition is 0 or 1
        case Call(name, _) if name in _FUNCTIONS:
            function = _FUNCTIONS[name]
        case _:
            return None
    return _apply(function, [constant(part, values, depth + 1) for part in children(expr)])


def _apply(function: Callable[..., float], arguments: list[float | None]) -> float | None:
    if any(a is None for a in arguments):
        return None
    try:
        result = float(function(*arguments))
    except (ArithmeticError, ValueError):
        return None
    return None if math.isnan(result) else result
