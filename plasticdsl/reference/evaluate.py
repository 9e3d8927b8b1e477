"""The value of an expression, node by node.

Comes in: an expression of the checked model and a scope that knows what names mean. Goes out: a NumPy array, one value per unit,
connection or spike pair (or without an axis, for a value that all share). Conditions give arrays of bool.
"""

from __future__ import annotations

from functools import reduce
from typing import Any, Protocol, assert_never

import numpy as np
from numpy.typing import NDArray

from plasticdsl.model.expr import (
    At,
    Binary,
    Call,
    Choice,
    Compare,
    Expr,
    Incoming,
    Leaf,
    Logic,
    Negate,
    Number,
    Ref,
    Special,
    SumOver,
    in_jumps,
)
from plasticdsl.support.elementwise import COMPARISONS, FUNCTIONS, OPERATORS

Array = NDArray[Any]


class Scope(Protocol):
    """What names mean at one moment."""

    def ref(self, ref: Ref) -> Array:
        """The value of a variable."""

    def special(self, name: str) -> Array:
        """The value of `t`, `dt`, `lag`, …."""

    def at_grid_time(self) -> Scope:
        """The same with `t` at the grid time at which the step began."""

    def incoming(self, body: Expr) -> Array:
        """The sum of `body` over the connections that reach the same post unit."""


def evaluate(expr: Expr, scope: Scope) -> Array:
    """The value of `expr`. Raises `TypeError` for sums over a network, which are no part of what a unit or connection does."""
    with np.errstate(all="ignore"):
        return _value(expr, scope)


def _value(expr: Expr, scope: Scope) -> Array:
    if in_jumps(expr):
        scope = scope.at_grid_time()
    match expr:
        case Number(value):
            return np.asarray(value, dtype=np.float64)
        case Ref():
            return scope.ref(expr)
        case Special(name):
            return scope.special(name)
        case Binary(operator, left, right):
            return np.asarray(OPERATORS[operator](_value(left, scope), _value(right, scope)))
        case Negate(operand):
            return np.negative(_value(operand, scope))
        case Call(function, arguments):
            return np.asarray(FUNCTIONS[function](*(_value(a, scope) for a in arguments)), dtype=np.float64)
        case Compare(comparison, left, right):
            return np.asarray(COMPARISONS[comparison](_value(left, scope), _value(right, scope)))
        case Logic(connective, operands):
            return _logic(connective, [np.asarray(_value(o, scope), dtype=bool) for o in operands])
        case Choice(branches, otherwise):
            return _choice(branches, otherwise, scope)
        case Incoming(body):
            return scope.incoming(body)
        case Leaf():
            raise TypeError("only a plan knows such values")
        case At() | SumOver():
            raise TypeError("sums over a network are evaluated by its observer, not by a unit or connection")
        case _:
            assert_never(expr)


def _choice(branches: tuple[tuple[Expr, Expr], ...], otherwise: Expr, scope: Scope) -> Array:
    result = _value(otherwise, scope)
    for condition, value in reversed(branches):
        result = np.where(np.asarray(_value(condition, scope), dtype=bool), _value(value, scope), result)
    return result


def _logic(connective: str, operands: list[Array]) -> Array:
    if connective == "not":
        return np.logical_not(operands[0])
    return np.asarray(reduce(np.logical_and if connective == "and" else np.logical_or, operands))
