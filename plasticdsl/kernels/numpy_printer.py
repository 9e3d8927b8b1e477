"""Expressions that are computed once, before the first step, as NumPy text.

Comes in: an expression and what its names are in the text. Goes out: text that works on numbers and on arrays of one value per unit alike.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import assert_never

from plasticdsl.kernels.printer import literal
from plasticdsl.model.expr import At, Binary, Call, Choice, Compare, Expr, Incoming, Leaf, Logic, Negate, Number, Ref, Special, SumOver

#: The text of a name; raises KeyError for what has no value before the run.
Naming = Callable[[Ref | Special], str]

_COMPARE, _SUM, _PRODUCT, _SIGN, _POWER, _ATOM = range(6)
_LEVEL = {"+": _SUM, "-": _SUM, "*": _PRODUCT, "/": _PRODUCT}
_CALLS: Mapping[str, str] = {"abs": "np.abs", "round": "np.rint", "min": "np.minimum", "max": "np.maximum", "erf": "error_function"}


def numpy_text(expr: Expr, naming: Naming) -> str:
    """One line of text. Raises KeyError for a name and ValueError for an operation that there is not before the run."""
    return _text(expr, naming)[0]


def _text(expr: Expr, naming: Naming) -> tuple[str, int]:
    match expr:
        case Number(value):
            return literal(value), _SIGN if value < 0 else _ATOM
        case Ref() | Special():
            return naming(expr), _ATOM
        case Binary("^", base, exponent):
            return f"{_within(base, naming, _ATOM)}**{_within(exponent, naming, _SIGN)}", _POWER
        case Binary(operator, left, right):
            level = _LEVEL[operator]
            return f"{_within(left, naming, level)} {operator} {_within(right, naming, level + 1)}", level
        case Negate(operand):
            return f"-{_within(operand, naming, _SIGN)}", _SIGN
        case Call(function, arguments):
            return _call(function, arguments, naming)
        case Compare(operator, left, right):
            return f"{_within(left, naming, _SUM)} {operator} {_within(right, naming, _SUM)}", _COMPARE
        case Logic("not", (operand,)):
            return f"np.logical_not({numpy_text(operand, naming)})", _ATOM
        case Logic(connective, operands):
            texts = ", ".join(numpy_text(o, naming) for o in operands)
            return f"np.logical_{connective}.reduce(np.broadcast_arrays({texts}))", _ATOM
        case Choice(branches, otherwise):
            text = numpy_text(otherwise, naming)
            for condition, taken in reversed(branches):
                text = f"np.where({numpy_text(condition, naming)}, {numpy_text(taken, naming)}, {text})"
            return text, _ATOM
        case At() | SumOver() | Incoming() | Leaf():
            raise ValueError("sums and indices have no value before the run")
        case _:
            assert_never(expr)


def _within(expr: Expr, naming: Naming, least: int) -> str:
    text, level = _text(expr, naming)
    return text if level >= least else f"({text})"


def _call(function: str, arguments: Sequence[Expr], naming: Naming) -> tuple[str, int]:
    texts = [numpy_text(a, naming) for a in arguments]
    match function:
        case "step":
            return f"np.where({_within(arguments[0], naming, _SUM)} > 0.0, 1.0, 0.0)", _ATOM
        case "x_over_expm1" | "expm1_over_x":
            x = texts[0]
            ratio = ("np.divide({0}, np.expm1({0}))" if function == "x_over_expm1" else "np.divide(np.expm1({0}), {0})").format(x)
            return f"np.where(np.equal({x}, 0.0), 1.0, {ratio})", _ATOM
        case _:
            return f"{_CALLS.get(function, f'np.{function}')}({', '.join(texts)})", _ATOM
