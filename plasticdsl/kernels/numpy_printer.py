"""Expressions that are computed once, before the first step, as NumPy text.

Comes in: an expression and what its names are in the text. Goes out: text that works on numbers and on arrays of one value per unit alike, and gives the
same bits as `runtime.numbers.evaluate`: both use the functions of `support.elementwise`, and every operator works on NumPy's numbers, not on Python's.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from plasticdsl.kernels.printer import literal
from plasticdsl.model.expr import Binary, Call, Choice, Compare, Expr, Logic, Negate, Number, Ref, Special
from plasticdsl.support.elementwise import FUNCTIONS

#: The text of a name, a number or array of NumPy's; raises ValueError for what has no value before the run.
Naming = Callable[[Ref | Special], str]

_COMPARE, _SUM, _PRODUCT, _SIGN, _ATOM = range(5)
_LEVEL = {"+": _SUM, "-": _SUM, "*": _PRODUCT, "/": _PRODUCT}


def numpy_text(expr: Expr, naming: Naming) -> str:
    """One line of text. Raises ValueError for what there is not before the run."""
    return _text(expr, naming)[0]


def _text(expr: Expr, naming: Naming) -> tuple[str, int]:
    match expr:
        case Number(value):
            return literal(value), _SIGN if value < 0 else _ATOM
        case Ref() | Special():
            return naming(expr), _ATOM
        case Binary("^", base, exponent):
            return f"np.power({_number(base, naming)}, {_number(exponent, naming)})", _ATOM
        case Binary(operator, left, right):
            level = _LEVEL[operator]
            first = f"np.float64({numpy_text(left, naming)})" if _is_plain(left) and _is_plain(right) else _within(left, naming, level)
            return f"{first} {operator} {_within(right, naming, level + 1)}", level
        case Negate(operand):
            return f"-{_within(operand, naming, _SIGN)}", _SIGN
        case Call(function, arguments) if function in FUNCTIONS:
            found = FUNCTIONS[function]
            name = f"np.{found.__name__}" if isinstance(found, np.ufunc) else found.__name__
            return f"{name}({', '.join(_number(a, naming) for a in arguments)})", _ATOM
        case Compare(operator, left, right):
            return f"{_within(left, naming, _SUM)} {operator} {_within(right, naming, _SUM)}", _COMPARE
        case Logic("not", (operand,)):
            return f"np.logical_not({numpy_text(operand, naming)})", _ATOM
        case Logic(connective, (first, *others)):
            text = numpy_text(first, naming)
            for other in others:
                text = f"np.logical_{connective}({text}, {numpy_text(other, naming)})"
            return text, _ATOM
        case Choice(branches, otherwise):
            text = _number(otherwise, naming)
            for condition, taken in reversed(branches):
                text = f"np.where({numpy_text(condition, naming)}, {_number(taken, naming)}, {text})"
            return text, _ATOM
        case _:
            raise ValueError("sums, indices and patterns have no value before the run")


def _within(expr: Expr, naming: Naming, least: int) -> str:
    text, level = (_number(expr, naming), _ATOM) if isinstance(expr, Compare | Logic) else _text(expr, naming)
    return text if level >= least else f"({text})"


def _number(expr: Expr, naming: Naming) -> str:
    """A condition counts as 1 or 0."""
    return f"np.float64({numpy_text(expr, naming)})" if isinstance(expr, Compare | Logic) else numpy_text(expr, naming)


def _is_plain(expr: Expr) -> bool:
    """Whether its text would be a number of Python's, which divides otherwise."""
    return isinstance(expr, Number) or (isinstance(expr, Negate) and _is_plain(expr.operand))
