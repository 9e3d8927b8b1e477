"""Schemes that need derivatives of the rates: Rosenbrock's and Milstein's.

Comes in: a `System` and the variables that go together. Goes out: their scheme, with derivatives worked out symbolically; `NotDifferentiable` where a rate
has none.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress

from plasticdsl.derive.flow_system import System
from plasticdsl.model.expr import Expr, Ref, Special, moves_with_time, refs
from plasticdsl.model.owners import Whose
from plasticdsl.model.schemes import Milstein, Rosenbrock
from plasticdsl.symbolic.algebra import ZERO
from plasticdsl.symbolic.derivative import NotDifferentiable, differentiate

#: What part of one of its units a variable is told apart by, beside the part of itself that the tolerance says.
FLOOR = 1e-3


def rosenbrock(system: System, names: Sequence[str], tolerance: float | None, reason: str) -> Rosenbrock:
    """The `Rosenbrock` scheme of `names`. Raises `NotDifferentiable`."""
    rates = tuple(system.rates[v] for v in names)
    units = {v.name: v.scale for v in system.block.variables}
    return Rosenbrock(
        tuple(names),
        rates,
        tuple(tuple(_slope(rate, Ref(Whose.OWN, v)) for v in names) for rate in rates),
        tuple(_drift(rate) for rate in rates),
        tolerance,
        () if tolerance is None else tuple(FLOOR * units[v] for v in names),
        reason,
    )


def milstein(system: System, stratonovich: bool, reason: str) -> Milstein:
    """The `Milstein` scheme of all variables. Raises `NotDifferentiable`, also where a noise is multiplied with another variable that has noise: then
    order one would need areas between the two noises."""
    names = tuple(system.rates)
    for name, noise in system.noises.items():
        others = sorted(r.name for r in refs(noise) if r.owner is Whose.OWN and r.name in system.noises and r.name != name)
        if others:
            raise NotDifferentiable(
                f"the noise of {system.symbol(name)} is multiplied with {system.symbol(others[0])}, which has noise itself"
            )
    noises = tuple(system.noises.get(v) for v in names)
    slopes = tuple(ZERO if g is None else _slope(g, Ref(Whose.OWN, v)) for v, g in zip(names, noises, strict=True))
    return Milstein(names, tuple(system.rates.values()), noises, slopes, stratonovich, reason)


def _slope(rate: Expr, by: Ref) -> Expr:
    return differentiate(rate, by) if by in refs(rate) else ZERO


def _drift(rate: Expr) -> Expr:
    """∂rate/∂t; what changes in jumps alone does so between steps."""
    if moves_with_time(rate):
        with suppress(NotDifferentiable):
            return differentiate(rate, Special("t"))
    return ZERO
