"""When a condition comes to hold on the way from one state to another: what of it moves on that way."""

from __future__ import annotations

from collections.abc import Callable, Collection

from plasticdsl.model.expr import Expr, Ref, refs
from plasticdsl.model.owners import Whose

#: Variables of the block that an expression reads, and what they depend on.
Reads = Callable[[Expr], Collection[Ref]]


def moves_within_step(expr: Expr, flowing: Collection[str], reads: Reads = refs) -> bool:
    """Whether it changes within a step: it reads one of the variables that flow. What does not is decided at grid times, also what reads `t` alone."""
    return any(r.owner is Whose.OWN and r.name in flowing for r in reads(expr))
