"""Program expressions as Python text for numba.

Whole numbers print without a point, so that they can count and index; numba promotes them where they meet a float.
"""

from __future__ import annotations

from plasticdsl.model.expr import At, Binary, Call, Choice, Compare, Expr, Logic, Negate, Number, Ref, Special, SumOver

_LEVEL = {"+": 4, "-": 4, "*": 5, "/": 5, "%": 5, "**": 7}
_CHOICE, _OR, _AND, _NOT, _COMPARE, _NEGATION, _ATOM = 0, 1, 2, 2, 3, 6, 8

#: How a function of the model is called in generated code; the rest are in `support/`.
CALLS = {
    "exp": "math.exp", "log": "math.log", "log10": "math.log10", "sqrt": "math.sqrt", "sin": "math.sin", "cos": "math.cos",
    "tan": "math.tan", "arcsin": "math.asin", "arccos": "math.acos", "arctan": "math.atan", "sinh": "math.sinh", "cosh": "math.cosh",
    "tanh": "math.tanh", "expm1": "math.expm1", "log1p": "math.log1p", "erf": "math.erf", "floor": "math.floor", "ceil": "math.ceil",
    "abs": "abs", "min": "min", "max": "max",
    "round": "round_half_even", "sign": "sign", "step": "step", "x_over_expm1": "x_over_expm1", "expm1_over_x": "expm1_over_x",
    "uniform": "uniform", "normal": "normal", "exponential": "exponential",
}  # fmt: skip


def python(expr: Expr) -> str:
    """One line of Python."""
    return _text(expr)[0]


def _wrap(expr: Expr, least: int) -> str:
    text, level = _text(expr)
    return text if level >= least else f"({text})"


def _text(expr: Expr) -> tuple[str, int]:
    match expr:
        case Number(value):
            return number(value), _ATOM if value >= 0 else _NEGATION
        case Ref(_, name):
            return name, _ATOM
        case At(ref, indices):
            return f"{ref.name}[{', '.join(indices)}]", _ATOM
        case Negate(operand):
            return f"-{_wrap(operand, _NEGATION)}", _NEGATION
        case Binary("^", base, exponent):
            return _power(base, exponent)
        case Binary(operator, left, right):
            level = _LEVEL[operator]
            return f"{_wrap(left, level)} {operator} {_wrap(right, level if operator == '+' else level + 1)}", level
        case Call("mod", (left, right)):
            return f"{_wrap(left, 5)} % {_wrap(right, 6)}", 5
        case Call(function, arguments):
            return f"{CALLS[function]}({', '.join(python(a) for a in arguments)})", _ATOM
        case Compare(operator, left, right):
            return f"{_wrap(left, _COMPARE + 1)} {operator} {_wrap(right, _COMPARE + 1)}", _COMPARE
        case Logic("not", (operand,)):
            return f"not {_wrap(operand, _COMPARE)}", _NOT
        case Logic(operator, operands):
            level = _OR if operator == "or" else _AND
            return f" {operator} ".join(_wrap(o, level + 1) for o in operands), level
        case Choice(branches, otherwise):
            return _choice(branches, otherwise), _CHOICE
        case Special() | SumOver() | Logic():
            raise TypeError(f"a resolved program holds no {type(expr).__name__}")


def number(value: float) -> str:
    """The shortest text that reads back as the same number; whole numbers without a point."""
    if value in (float("inf"), float("-inf")):
        return "math.inf" if value > 0 else "-math.inf"
    return str(int(value)) if value.is_integer() and abs(value) < 1e15 else repr(value)


def _power(base: Expr, exponent: Expr) -> tuple[str, int]:
    """Small whole powers of simple factors are products; a whole base must not make an integer power."""
    if isinstance(exponent, Number) and exponent.value in (2.0, 3.0, 4.0) and isinstance(base, Ref | At):
        return " * ".join([python(base)] * int(exponent.value)), _LEVEL["*"]
    bottom = repr(base.value) if isinstance(base, Number) else _wrap(base, _ATOM)
    return f"{bottom} ** {_wrap(exponent, _NEGATION)}", _LEVEL["**"]


def _choice(branches: tuple[tuple[Expr, Expr], ...], otherwise: Expr) -> str:
    text = _wrap(otherwise, _CHOICE)
    for condition, value in reversed(branches):
        text = f"{_wrap(value, _OR)} if {_wrap(condition, _OR)} else {text}"
    return text
