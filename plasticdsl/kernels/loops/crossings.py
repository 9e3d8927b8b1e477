"""Conditions of located events, in loops over units: whether they hold with some values at some time, and what is known of them.

Comes in: how an event happens. Goes out: expressions, and the statements that they are made of.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from functools import reduce

from plasticdsl.kernels.identifiers import Local
from plasticdsl.kernels.loops.flows import at_stage
from plasticdsl.kernels.loops.names import Names, T
from plasticdsl.kernels.program import ONE, ZERO, Let, Read, Statement, minus
from plasticdsl.model.crossing import moves_within_step
from plasticdsl.model.expr import Call, Choice, Compare, Expr, Logic, Negate, Number
from plasticdsl.plan.populations import Emits, Located

INFINITE = Number(float("inf"))


def decided(
    emits: Emits, moved: Collection[str], values: Mapping[str, Expr], time: Expr, names: Names
) -> tuple[list[Statement], Expr, Expr]:
    """Whether it holds with these values of what is `moved` at this time, and by how much; and what both are made of. `names`: how all else is read."""
    assert isinstance(emits.emission, Located)
    made: list[Statement] = []

    def found(condition: Expr) -> tuple[Expr, Expr]:
        match condition:
            case Logic("not", (inner,)):
                holds, by = found(inner)
                return Logic("not", (holds,)), Negate(by)
            case Logic(connective, operands):
                parts = [found(o) for o in operands]
                least = "min" if connective == "and" else "max"
                return Logic(connective, tuple(h for h, _ in parts)), reduce(lambda a, b: Call(least, (a, b)), (by for _, by in parts))
            case Compare(operator, left, right) if moves_within_step(condition, moved):
                sides = []
                for side in (left, right):
                    sides.append(Local("{}_side_" + str(len(made) + 1), (_name(emits),)))
                    made.append(Let(sides[-1], at_stage(side, values, time, names)))
                a, b = map(Read, sides)
                return Compare(operator, a, b), minus(b, a) if operator in ("<", "<=") else minus(a, b)
            case _:
                holds = at_stage(condition, values, Read(T), names)
                return holds, Choice(((holds, INFINITE),), Negate(INFINITE))

    holds, by = found(emits.emission.condition)
    return made, holds, by


def _name(emits: Emits) -> str:
    return emits.event or "spike"


def held_of(emits: Emits) -> Local:
    """Whether the condition held when it was last looked at."""
    return Local("{}_held", (_name(emits),))


def holds_of(emits: Emits) -> Local:
    """Whether the condition holds, here or where a try leads."""
    return Local("{}_holds", (_name(emits),))


def happens_of(emits: Emits) -> Local:
    """Whether it happens here."""
    return Local("{}_happens", (_name(emits),))


def count_of(emits: Emits) -> Local:
    """How often it has happened in this step."""
    return Local("{}_count", (_name(emits),))


def truth(condition: Expr) -> Expr:
    """1 where it holds, else 0."""
    return Choice(((condition, ONE),), ZERO)
