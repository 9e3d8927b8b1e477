"""Bounds: of new values, and of variables of units that connections add to."""

from __future__ import annotations

from plasticdsl.kernels.loops.names import Names
from plasticdsl.kernels.program import Element, Increase, Store
from plasticdsl.model.expr import Binary, Call, Expr, Ref, Special, rebuild
from plasticdsl.model.owners import Owner, Whose


def clipped(value: Expr, low: Expr | None, high: Expr | None) -> Expr:
    """min(max(value, low), high), where there are bounds."""
    if low is not None:
        value = Call("max", (value, low))
    if high is not None:
        value = Call("min", (value, high))
    return value


def added(names: Names, target: Ref, amount: Expr) -> Increase | Store:
    """`post.g += amount` (or `pre.g`, resolved already) in a loop over connections or units, bounded as the neuron says."""
    cell = names.resolve(Ref(target.owner, target.name))
    assert isinstance(cell, Element)
    variable = names.end(target.owner).variable(target.name).variable
    if variable.low is None and variable.high is None:
        return Increase(cell, amount)
    low, high = (None if b is None else names.resolve(_seen_from(target.owner, b)) for b in (variable.low, variable.high))
    return Store(cell, clipped(Binary("+", cell, amount), low, high))


def _seen_from(owner: Owner, bound: Expr) -> Expr:
    """A unit's own expression as a connection would write it."""
    match bound:
        case Ref(Whose.OWN, variable):
            return Ref(owner, variable)
        case Special("i" | "j"):
            return Special("j" if owner is Whose.PRE else "i")
        case _:
            return rebuild(bound, lambda part: _seen_from(owner, part))
