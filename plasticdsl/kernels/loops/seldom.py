"""What few units of a population do in a step: groups of units are looked at as wholes, several units at a time, and gone through only where there is one.

A loop that lists units under a condition branches at each of them, which a compiler cannot do for several units together; one that counts them does not.
"""

from __future__ import annotations

from collections.abc import Sequence

from plasticdsl.kernels.identifiers import Local
from plasticdsl.kernels.loops.names import I, number_of
from plasticdsl.kernels.program import ONE, ZERO, For, If, Let, Read, Statement
from plasticdsl.model.expr import Binary, Call, Choice, Compare, Expr, Number

#: So many units are counted together: many vectors of them, and few enough that most groups have none.
TOGETHER = 128

#: Locals: the group, its first unit and how many it has, where in it a unit is, and how many meet the condition.
GROUP, FIRST, MEMBERS, MEMBER, SOME = (Local(text) for text in ("group", "first", "members", "member", "some"))


def where_seldom(
    population: str, condition: Expr, body: Sequence[Statement], before: Sequence[Statement] = (), after: Sequence[Statement] = ()
) -> For:
    """`body` for units in order, in groups with one that meets the condition; it asks again whether the unit is one. `before`, which does not branch, is
    done for all units of the group first, `after` last."""
    count = Let(SOME, Binary("+", Read(SOME), Choice(((condition, ONE),), ZERO)))
    visited = If(Compare(">", Read(SOME), ZERO), (in_group(*body),))
    return each_group(population, (Let(SOME, ZERO), in_group(*before, count), visited, *((in_group(*after),) if after else ())))


def each_group(population: str, body: Sequence[Statement], together: int = TOGETHER, *, in_order: bool = True) -> For:
    """For all groups of so many units of a population; where they need not come in order, on several threads."""
    groups = Call("quotient", (Binary("+", number_of(population), Number(together - 1)), Number(together)))
    return For(GROUP, ZERO, groups, (*members_of(population, together), *body), independent=not in_order)


def members_of(population: str, together: int) -> tuple[Statement, ...]:
    """Which units the group has, of so many in each."""
    first = Call("max", (Binary("*", Read(GROUP), Number(together)), ZERO))  # which shows that it is no place counted from the end
    return Let(FIRST, first), Let(MEMBERS, Call("min", (Number(together), Binary("-", number_of(population), Read(FIRST)))))


def in_group(*body: Statement) -> For:
    """For the units of the group."""
    return For(MEMBER, ZERO, Read(MEMBERS), (Let(I, Binary("+", Read(FIRST), Read(MEMBER))), *body))
