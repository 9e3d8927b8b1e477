"""Bounds: of new values, and of variables of units that connections add to."""

from __future__ import annotations

from collections.abc import Callable

from plasticdsl.kernels.identifiers import Field
from plasticdsl.kernels.loops.names import Names
from plasticdsl.kernels.program import ONE, Element, Increase, Read, Store
from plasticdsl.model import Variable
from plasticdsl.model.expr import Binary, Call, Expr, Number, Ref, Special, rebuild
from plasticdsl.model.owners import Owner, Whose


def clipped(value: Expr, variable: Variable, resolve: Callable[[Expr], Expr]) -> Expr:
    """min(max(value, low), high), where the variable has bounds."""
    low, high = (None if bound is None else resolve(bound) for bound in (variable.low, variable.high))
    return within(value, low, high)


def within(value: Expr, low: Expr | None, high: Expr | None, are_numbers: bool = False) -> Expr:
    """The same with bounds that are resolved. A bound that is a parameter, or is said to be a number, is never NaN, and nobody asks whether it is."""
    for bound, of_numbers, of_any in ((low, "at_least", "max"), (high, "at_most", "min")):
        if bound is not None:
            value = Call(of_numbers if are_numbers or is_number(bound) else of_any, (value, bound))
    return value


def is_number(bound: Expr) -> bool:
    """Whether a resolved bound is a number or a parameter: those that are NaN are refused before a run."""
    return isinstance(bound, Number) or (isinstance(bound, Read) and isinstance(bound.name, Field))


def added(names: Names, target: Ref, amount: Expr) -> Increase | Store:
    """`post.g += amount` (or of another unit, resolved already) in a loop over connections or units, bounded as the neuron says."""
    variable = names.end(target.owner).variable(target.name).variable
    return increased(
        names.cell(Ref(target.owner, target.name)), amount, variable, lambda b: names.resolve(_seen_from(target.owner, b, names))
    )


def increased(cell: Element, amount: Expr, variable: Variable, resolve: Callable[[Expr], Expr]) -> Increase | Store:
    """`cell += amount`, within the bounds of its variable."""
    if variable.low is None and variable.high is None:
        return Increase(cell, amount)
    return Store(cell, clipped(Binary("+", cell, amount), variable, resolve))


def _seen_from(owner: Owner, bound: Expr, names: Names) -> Expr:
    """A unit's own expression as a connection would write it."""
    match bound:
        case Ref(Whose.OWN, variable):
            return Ref(owner, variable)
        case Special("i" | "j"):
            return Binary("+", names.number(owner), ONE)
        case _:
            return rebuild(bound, lambda part: _seen_from(owner, part, names))
