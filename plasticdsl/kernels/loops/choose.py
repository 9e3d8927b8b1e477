"""Which connections arise, where a unit must not have more than so many (`model.AtMost`)."""

from __future__ import annotations

from collections.abc import Sequence

from plasticdsl.kernels.identifiers import Local
from plasticdsl.kernels.loops.names import K, Names, number_of
from plasticdsl.kernels.loops.walks import column, every_unit, row
from plasticdsl.kernels.program import ONE, ZERO, Comment, If, Let, Read, Statement, Store, While, element
from plasticdsl.model import AtMost
from plasticdsl.model.expr import Binary, Call, Choice, Compare, Expr
from plasticdsl.model.owners import Whose
from plasticdsl.model.presence import PRESENT
from plasticdsl.model.pretty import pretty
from plasticdsl.plan.places import Place
from plasticdsl.plan.plan import ProjectionPlan

#: Locals: how many more a unit may have, how many would arise, and the last of these.
ROOM, NEW, LARGEST, LAST = (Local(text) for text in ("room", "new", "largest", "last"))


def choose(projection: ProjectionPlan, statement: AtMost, names: Names) -> list[Statement]:
    """Unit by unit: those with the largest numbers go until the others fit."""
    own, at_post = projection.projection, statement.side is Whose.POST
    here, present = names.own(statement.target.name), names.own(PRESENT)

    def walk(*body: Statement) -> Sequence[Statement]:
        return (column(projection, body),) if at_post else row(projection, body)

    def more(name: Local, by: Expr) -> Let:
        return Let(name, Binary("+", Read(name), by))

    def one_if_not_zero(value: Expr) -> Expr:
        return Choice(((Compare("!=", value, ZERO), ONE),), ZERO)

    taken = Local("taken")
    least = Let(ROOM, Call("min", (Read(ROOM), names.resolve(statement.value))))
    larger = If(Compare(">", here, Read(LARGEST)), (Let(LARGEST, here), Let(LAST, Read(K))))
    one_less: tuple[Statement, ...] = (
        Let(LARGEST, ZERO),
        Let(LAST, ZERO),
        *walk(larger),
        Store(element(here.array, LAST), ZERO),
        Let(NEW, Binary("-", Read(NEW), ONE)),
    )
    unit: list[Statement] = [
        Let(ROOM, number_of(own.pre if at_post else own.post)),
        Let(NEW, ZERO),
        Let(taken, ZERO),
        *walk(least, more(taken, one_if_not_zero(present)), more(NEW, one_if_not_zero(here))),
        Let(ROOM, Binary("-", Read(ROOM), Read(taken))),
        If(
            Compare("<", Read(ROOM), ONE),
            tuple(walk(Store(here, ZERO))),
            (While(Compare(">", Read(NEW), Read(ROOM)), one_less),),
        ),
    ]
    comment = Comment(f"{statement.target.name} -> 0 until {'in' if at_post else 'out'}-degree <= {pretty(statement.value)}")
    return [comment, *every_unit(projection, Place.POST if at_post else Place.PRE, unit)]
