"""How a projection takes several steps at once: what its rules change in a step is a few outer products, s_i w_ij + Σ_k u_kj c_ki."""

from __future__ import annotations

from dataclasses import dataclass

from plasticdsl.model import Variable
from plasticdsl.model.expr import Expr


@dataclass(frozen=True, slots=True)
class Outer:
    """u_j c_i: a product of an expression of the pre unit and one of the post unit."""

    of_pre: Expr
    of_post: Expr


@dataclass(frozen=True, slots=True)
class Change:
    """w_ij → `kept` w_ij + Σ `terms`, then the bounds of w. `held`: not while rules are off."""

    kept: Expr
    terms: tuple[Outer, ...]
    held: bool


@dataclass(frozen=True, slots=True)
class StepBlock:
    """It sums `of_post` Σ_j w_ij x_j into `target`, where x is the variable `shown` of the pre units. `change`: what rules do at every step, if there are
    any."""

    weight: Variable
    target: str
    shown: str
    of_post: Expr
    change: Change | None
