"""Rules whose changes wait for the next sum over the connections (`passes.defer`)."""

from __future__ import annotations

from dataclasses import dataclass

from plasticdsl.model.expr import Expr


@dataclass(frozen=True, slots=True)
class Changed:
    """A variable of the connections and its new value: as rules say it (`written`), and in terms of what is kept."""

    name: str
    written: Expr
    value: Expr


@dataclass(frozen=True, slots=True)
class Deferred:
    """What rules change at every step, in order. In values stand, as `InPlan("of_pre", number)` and `InPlan("of_post", number)`, the expressions `of_pre`
    and `of_post` of one unit, kept as they were in their step. `held`: not while rules are off."""

    changes: tuple[Changed, ...]
    of_pre: tuple[Expr, ...]
    of_post: tuple[Expr, ...]
    held: bool
