"""The parts of an expression are those that `rebuild` goes through, in its order."""

import pytest

from plasticdsl.model.expr import (
    At,
    Binary,
    Call,
    Choice,
    Compare,
    Drawn,
    Expr,
    Incoming,
    InPlan,
    Logic,
    Negate,
    Number,
    Ref,
    Special,
    SumOver,
    children,
    rebuild,
)
from plasticdsl.model.owners import Whose

A, B, C, D, E = (Ref(Whose.OWN, name) for name in "abcde")


@pytest.mark.parametrize(
    ("expr", "parts"),
    [
        (Number(1.0), ()),
        (A, ()),
        (Special("t"), ()),
        (At(A, ("k",)), ()),
        (InPlan("total", "a"), ()),
        (Binary("-", A, B), (A, B)),
        (Compare("<", A, B), (A, B)),
        (Negate(A), (A,)),
        (Call("exp", (A, B)), (A, B)),
        (Logic("or", (A, B)), (A, B)),
        (Choice(((A, B), (C, D)), E), (A, B, C, D, E)),
        (SumOver(("k",), ("out",), A), (A,)),
        (SumOver(("k",), ("out",), A, B), (A, B)),
        (Incoming(A), (A,)),
        (Drawn("normal", (A, B), (C, D), "p", 0), (A, B, C, D)),
    ],
)
def test_children(expr: Expr, parts: tuple[Expr, ...]) -> None:
    gone_through: list[Expr] = []

    def same(part: Expr) -> Expr:
        gone_through.append(part)
        return part

    assert rebuild(expr, same) == expr
    assert children(expr) == parts == tuple(gone_through)
