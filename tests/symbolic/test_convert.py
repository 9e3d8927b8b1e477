"""To sympy and back, within bounds; and whether two expressions are equal."""

from __future__ import annotations

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from plasticdsl.model.expr import At, Binary, Call, Expr, Number, Ref, SumOver
from plasticdsl.model.owners import OfPopulation, Whose
from plasticdsl.symbolic.convert import NotAnalysable, Translator, vanishes
from plasticdsl.symbolic.equal import equal, products_when_expanded
from plasticdsl.symbolic.numeric import evaluate
from tests.counting import counted
from tests.symbolic.symbolic_helpers import e, values_of

KNOWN = values_of({"x": 0.7, "y": 1.3, "pre.x": 0.2, "lag": 0.01, "t": 2.0, "dt": 1e-4})


@pytest.mark.parametrize(
    "text",
    [
        "x + y*2 - 3",
        "x/y/2 - (x - y)**3",
        "-x**2",
        "1/x",
        "x**-2.5",
        "sqrt(x)*exp(-lag/y)",
        "pre.x*x",
        "step(x - 1) + sign(y) + mod(x, 0.2)",
        "min(x, y) + max(x, pre.x) + abs(x - y)",
        "x_over_expm1(x)*expm1_over_x(y)",
        "x if x > y and not y < 2 else (y if x <= 1 or x == 3 else t)",
        "sin(x)*cos(y)*tan(x)*sinh(x)*cosh(y)*tanh(x)*erf(y)",
        "arcsin(x)*arccos(x)*arctan(y)*log(y)*log10(y)*floor(y)*ceil(y)*round(y)",
        "expm1(x) + log1p(y)",
        "2**0.3*x",
        "0.1 + 0.2*x + 1e-300*y",
    ],
)
def test_there_and_back(text: str) -> None:
    expr = e(text)
    translator = Translator()
    back = translator.back(translator.forward(expr))
    assert math.isclose(evaluate(back, KNOWN), evaluate(expr, KNOWN), rel_tol=1e-12)


def test_numbers_are_their_shortest_decimals() -> None:
    import sympy

    assert Translator().forward(Number(0.1)) == sympy.Rational(1, 10)
    assert Translator().forward(Number(1e-12)) == sympy.Rational(1, 10**12)


def test_before_and_after_are_different_variables() -> None:
    assert not vanishes(Binary("-", Ref(Whose.OWN, "r", "before"), Ref(Whose.OWN, "r", "after")))
    assert vanishes(Binary("-", Ref(Whose.OWN, "r", "before"), Ref(Whose.OWN, "r", "before")))


def test_sums_over_units_are_opaque() -> None:
    total = SumOver(("i",), ("P",), Binary("*", At(Ref(OfPopulation("P"), "x"), ("i",)), Ref(Whose.OWN, "w")))
    assert equal(Binary("*", Number(2.0), total), Binary("+", total, total)) is True


@pytest.mark.parametrize("text", ["9**(9**9)", "x**(10**10)", "9**9**9**9", "x/0", "0**(-1)", "(x + 1)**1000"])
def test_what_would_hang_is_refused_at_once(text: str) -> None:
    def refused() -> None:
        with pytest.raises(NotAnalysable):
            Translator().forward(e(text))

    refused()  # imports what it needs
    assert counted(refused)[1] < 1000


def test_too_large_is_refused() -> None:
    expr: Expr = Ref(Whose.OWN, "x")
    for _ in range(12):
        expr = Binary("+", expr, expr)
    with pytest.raises(NotAnalysable):
        Translator().forward(expr)
    assert equal(expr, Binary("*", Number(4096.0), Ref(Whose.OWN, "x"))) is None


@pytest.mark.parametrize("value", [math.inf, math.nan])
def test_infinite_numbers_are_refused(value: float) -> None:
    with pytest.raises(NotAnalysable):
        Translator().forward(Number(value))


EQUAL = [
    ("x + y", "y + x", True),
    ("(x + y)**2", "x**2 + 2*x*y + y**2", True),
    ("exp(x)*exp(y)", "exp(x + y)", True),
    ("x/y", "x/(y + 1e-3)", False),
    ("exp(-x/y)", "exp(-(x*2)/(2*y))", True),
    ("(x**2 - y**2)/(x - y)", "x + y", True),
    ("x if y > 0 else 1", "x if y >= 0 else 1", None),
    ("2", "2", True),
    ("2", "3", False),
    ("a*(1 - w)", "a - a*w", True),
    ("exp(x)**2", "exp(2*x)", True),
]


@pytest.mark.parametrize(("a", "b", "answer"), EQUAL)
def test_equality(a: str, b: str, answer: bool | None) -> None:
    assert equal(e(a), e(b)) is answer
    assert equal(e(b), e(a)) is answer


def test_a_large_power_of_a_sum_is_not_multiplied_out() -> None:
    answer, calls = counted(lambda: equal(e("(a + b + c + d)**60"), e("(d + c + b + a)**60 + 0*a")))
    assert answer is None
    assert calls < 39711  # the terms that it would have
    assert products_when_expanded(e("(a + b)**3*(c + d)")) == 8


names = st.sampled_from([Ref(Whose.OWN, "x"), Ref(Whose.OWN, "y"), Ref(Whose.PRE, "x")])
numbers = st.integers(1, 9).map(lambda n: Number(n / 4))
expressions = st.recursive(
    names | numbers,
    lambda inner: (
        st.builds(Binary, st.sampled_from(["+", "-", "*", "/"]), inner, inner)
        | st.builds(lambda a: Call("exp", (Binary("/", a, Number(10.0)),)), inner)
    ),
    max_leaves=12,
)


@settings(max_examples=60, deadline=None)
@given(expressions)
def test_random_expressions_survive(expr: Expr) -> None:
    expected = evaluate(expr, KNOWN)
    translator = Translator()
    try:
        back = translator.back(translator.forward(expr))
    except NotAnalysable:
        return
    found = evaluate(back, KNOWN)
    if math.isfinite(expected) and math.isfinite(found) and abs(expected) < 1e6:
        assert math.isclose(found, expected, rel_tol=1e-6, abs_tol=1e-6)
