"""What the rates of a linear flow have in common: the parts of x' = a x + b come in, and what is left to do for each unit goes out."""

from __future__ import annotations

from plasticdsl.kernels.program import ONE
from plasticdsl.model.expr import Binary, Expr


def in_common(slope: Expr, offset: Expr, dt: Expr) -> tuple[Expr, Expr, Expr]:
    """h, A and B with a dt = A h and b dt = B h. Where a and b have a factor 1/p that all units share (`plan.passes.reciprocals`), as in τ dx/dt = …, h
    is dt/p, which is computed once, and two products for each unit are spared; else it is dt."""
    match slope, offset:
        case Binary("*", a, Binary("/", one, p) as factor), Binary("*", b, other) if one == ONE and other == factor:
            return Binary("/", dt, p), a, b
        case _:
            return dt, slope, offset
