"""Expressions as one readable line."""

import math

import pytest

from plasticdsl.model.expr import At, Binary, Call, Choice, Compare, Expr, Logic, Negate, Number, Ref, Special, SumOver
from plasticdsl.model.owners import OfProjection, Whose
from plasticdsl.model.pretty import pretty

x, y, r = Ref(Whose.OWN, "x"), Ref(Whose.POST, "y"), Ref(Whose.OWN, "r", "before")
less = Compare("<", x, Number(0.5))


@pytest.mark.parametrize(
    ("expr", "text"),
    [
        (Binary("-", x, Binary("-", y, r)), "x - (post.y - r⁻)"),
        (Binary("/", Binary("*", x, y), Binary("*", x, Number(2.0))), "x * post.y/(x * 2)"),
        (Binary("^", Negate(x), Binary("^", y, x)), "(-x)^post.y^x"),
        (Negate(Binary("+", x, y)), "-(x + post.y)"),
        (Binary("*", Number(-2.0), x), "-2 * x"),
        (Binary("^", Number(-2.0), x), "(-2)^x"),
        (Choice(((less, x),), Number(1e-9)), "x if x < 0.5 else 1e-09"),
        (Logic("and", (less, Logic("or", (less, Logic("not", (less,)))))), "x < 0.5 and (x < 0.5 or not x < 0.5)"),
        (Call("exp", (Binary("/", Special("lag"), Ref(Whose.OWN, "tau")),)), "exp((t_post - t_pre)/tau)"),
        (SumOver(("i", "j"), ("a", "b"), Binary("*", At(Ref(OfProjection("p"), "w"), ("i", "j")), x)), "Sum[i, j] p.w[i, j] * x"),
        (Ref(Whose.NETWORK, "rate"), "rate"),
        (Number(math.inf), "inf"),
        (Number(-0.0), "0"),
    ],
)
def test_text(expr: Expr, text: str) -> None:
    assert pretty(expr) == text


def test_a_long_sum_needs_no_stack() -> None:
    total: Expr = x
    for _ in range(5000):
        total = Binary("+", total, x)
    assert pretty(total) == "x" + " + x" * 5000
