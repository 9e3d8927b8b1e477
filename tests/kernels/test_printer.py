"""Expressions as text: brackets, kinds of numbers, functions."""

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given, reject, settings
from hypothesis import strategies as st

from plasticdsl.kernels.inlined import pieces
from plasticdsl.kernels.kinds import Kind, Kinds, infer
from plasticdsl.kernels.load import load
from plasticdsl.kernels.printer import Printer
from plasticdsl.model.expr import FUNCTIONS, At, Binary, Call, Choice, Compare, Expr, Logic, Negate, Number, Ref, Special
from plasticdsl.model.owners import Whose
from plasticdsl.runtime.binding import Bound
from plasticdsl.runtime.evaluate import evaluate
from tests.kernels.programs import artifact_of, calculator

x, y, i, n = Ref(Whose.OWN, "x"), Ref(Whose.OWN, "y"), Ref(Whose.OWN, "i"), Ref(Whose.OWN, "n")
a, m, narrow = At(Ref(Whose.OWN, "a"), ("i",)), At(Ref(Whose.OWN, "m"), ("i", "j + 1")), At(Ref(Whose.OWN, "narrow"), ("i",))
NAMES = {"x": Kind.FLOAT, "y": Kind.FLOAT, "i": Kind.INT, "n": Kind.INT, "yes": Kind.BOOL}
ARRAYS = {"a": Kind.FLOAT, "m": Kind.INT, "narrow": Kind.FLOAT}
PRINTER = Printer(Kinds(NAMES, ARRAYS, frozenset({"narrow"})))


def binary(operator: Any, left: Expr, right: Expr) -> Expr:
    return Binary(operator, left, right)


@pytest.mark.parametrize(
    ("expr", "text"),
    [
        (binary("-", x, binary("-", y, Number(2.0))), "x - (y - 2.0)"),
        (binary("*", binary("+", x, y), x), "(x + y) * x"),
        (binary("/", x, binary("*", x, y)), "x / (x * y)"),
        (binary("*", binary("/", x, y), x), "x / y * x"),
        (Negate(binary("*", x, y)), "-(x * y)"),
        (Negate(binary("^", x, Number(2.0))), "-x**2"),
        (binary("^", Negate(x), Number(2.0)), "(-x)**2"),
        (binary("^", Number(-2.0), Number(2.0)), "(-2.0)**2"),
        (binary("^", x, Number(-1.0)), "1.0 / x"),
        (binary("/", y, binary("^", x, Number(-2.0))), "y / (1.0 / x**2)"),
        (binary("^", x, Number(0.5)), "np.sqrt(x)"),
        (binary("^", x, Number(1.5)), "x**1.5"),
        (binary("^", binary("^", x, y), y), "(x**y)**y"),
        (binary("^", x, Number(100.0)), "x**100.0"),
        (binary("^", i, Number(2.0)), "float(i)**2"),
        (binary("+", i, Number(1.0)), "i + 1"),
        (binary("*", binary("+", i, Number(1.0)), x), "(i + 1) * x"),
        (binary("/", i, Number(2.0)), "i / 2.0"),
        (Number(0.1 + 0.2), "0.30000000000000004"),
        (Number(-0.0), "-0.0"),
        (Number(math.inf), "np.inf"),
        (Number(1e22), "1e+22"),
        (Compare("<", x, Number(0.0)), "x < 0.0"),
        (Compare(">=", n, Number(0.0)), "n >= 0"),
        (Compare("==", m, Number(1.0)), "m[i, j + 1] == 1"),
        (Compare("==", Compare("<", x, y), Compare("<", y, x)), "(1 if x < y else 0) == (1 if y < x else 0)"),
        (
            Logic("and", (Logic("or", (Ref(Whose.OWN, "yes"), Compare("<", x, y))), Logic("not", (Ref(Whose.OWN, "yes"),)))),
            "(yes or x < y) and not yes",
        ),
        (Choice(((Compare("<", x, y), x), (Compare(">", x, y), y)), Number(0.0)), "x if x < y else y if x > y else 0.0"),
        (binary("*", Number(2.0), Choice(((Ref(Whose.OWN, "yes"), x),), y)), "2.0 * (x if yes else y)"),
        (binary("+", x, Compare("<", x, y)), "x + (1 if x < y else 0)"),
        (Call("min", (Call("max", (a, Number(0.0))), x)), "minimum(maximum(a[i], 0.0), x)"),
        (Call("max", (Number(0.0), binary("-", n, i))), "max(0, n - i)"),
        (Call("mod", (binary("-", n, i), n)), "(n - i) % n"),
        (Call("mod", (x, y)), "modulo(x, y)"),
        (Call("step", (x,)), "1.0 if x > 0.0 else 0.0"),
        (binary("*", narrow, a), "np.float64(narrow[i]) * a[i]"),
        (Call("uniform", (n, Number(3.0), i, n)), "uniform(n, 3, i, n)"),
    ],
)
def test_text(expr: Expr, text: str) -> None:
    assert PRINTER.plain(expr) == text


def test_wanted_kinds() -> None:
    assert PRINTER.integer(Number(2.0)) == "2"
    assert PRINTER.floating(Number(2.0)) == "2.0"
    assert PRINTER.integer(Call("floor", (x,))) == "int(np.floor(x))"
    assert PRINTER.condition(x) == "x != 0.0"
    assert PRINTER.condition(binary("-", n, i)) == "n - i != 0"
    assert PRINTER.stored("m", Choice(((Ref(Whose.OWN, "yes"), Number(1.0)),), Number(0.0))) == "1 if yes else 0"
    assert PRINTER.stored("a", Choice(((Ref(Whose.OWN, "yes"), Number(1.0)),), Number(0.0))) == "1.0 if yes else 0.0"


@pytest.mark.parametrize("expr", [Special("t"), Ref(Whose.PRE, "x"), binary("+", x, Special("lag"))])
def test_what_is_not_resolved_is_refused(expr: Expr) -> None:
    with pytest.raises(TypeError, match="not resolved"):
        PRINTER.plain(expr)


def test_an_index_is_a_sum_of_names() -> None:
    with pytest.raises(ValueError, match="no index"):
        PRINTER.plain(At(Ref(Whose.OWN, "a"), ("__import__('os')",)))


def test_a_long_sum_needs_no_stack() -> None:
    total: Expr = x
    for _ in range(5000):
        total = binary("+", total, y)
    assert PRINTER.plain(total) == "x" + " + y" * 5000


# --- meaning ---------------------------------------------------------------------------------------------------------

values = st.floats(-4.0, 4.0).map(lambda v: round(v, 2))


def combined(children: st.SearchStrategy[Expr]) -> st.SearchStrategy[Expr]:
    condition = st.builds(Compare, st.sampled_from(["<", "<=", ">", ">=", "==", "!="]), children, children)
    logic = st.builds(lambda o, p, q: Logic(o, (p, q)), st.sampled_from(["and", "or"]), condition, condition)
    whole = st.sampled_from([-2.0, -1.0, 2.0, 3.0, 0.5]).map(Number)
    return st.one_of(
        st.builds(Binary, st.sampled_from(["+", "-", "*", "/"]), children, children),
        st.builds(lambda b, e: Binary("^", b, e), children, whole),
        st.builds(Negate, children),
        st.builds(lambda f, e: Call(f, (e,)), st.sampled_from(["abs", "step", "floor", "round", "sqrt", "sign"]), children),
        st.builds(lambda f, p, q: Call(f, (p, q)), st.sampled_from(["min", "max"]), children, children),
        st.builds(lambda p, q: Call("mod", (p, q)), children, st.one_of(st.just(y), st.integers(1, 3).map(float).map(Number))),
        st.builds(lambda c, p, q: Choice(((c, p),), q), st.one_of(condition, logic), children, children),
    )


expressions = st.recursive(st.one_of(values.map(Number), st.sampled_from([x, y, i])), combined, max_leaves=12)


@given(expressions, values, values, st.integers(0, 3))
@settings(max_examples=300, deadline=None)
def test_text_means_what_the_expression_means(expr: Expr, at_x: float, at_y: float, at_i: int) -> None:
    env: dict[str, Any] = {"np": np, "math": math}
    with np.errstate(all="ignore"):
        for piece in pieces(PRINTER.support(expr)):
            exec(piece.text, env)
        try:
            text = PRINTER.floating(expr)
            found = float(eval(text, env | {"x": np.float64(at_x), "y": np.float64(at_y), "i": np.int64(at_i)}))
        except (ZeroDivisionError, OverflowError):
            reject()  # between constants Python raises where numba and NumPy give inf
    wanted = evaluate(expr, lambda node: {"x": at_x, "y": at_y, "i": float(at_i)}[node.name])  # type: ignore[union-attr]
    assert found == pytest.approx(float(np.asarray(wanted)), rel=1e-12, nan_ok=True)


POINTS = np.array([-2.5, -1.0, -0.5, -0.0, 0.0, 1e-12, 0.3, 0.5, 1.0, 1.5, 2.0, 7.3, 800.0, np.inf, -np.inf, np.nan])


def test_every_function_compiled(tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PLASTICDSL_CACHE", str(tmp_path))
    one = [Call(f, (x,)) for f, count in FUNCTIONS.items() if count == 1]
    two = [Call(f, (x, y)) for f, count in FUNCTIONS.items() if count == 2]
    more = [binary("^", x, y), binary("^", x, Number(3.0)), binary("^", x, Number(-2.0)), binary("^", x, Number(0.5)), binary("/", x, y)]
    every = [*one, *two, *more]
    case: Expr = Number(np.nan)
    for number, expr in enumerate(every):
        case = Choice(((Compare("==", Ref(Whose.OWN, "which"), Number(float(number))), expr),), case)
    grid_x, grid_y = (g.ravel() for g in np.meshgrid(POINTS, POINTS))
    program = calculator(case, ("x", "y", "which"))
    kernels = load(artifact_of(program))
    for number, expr in enumerate(every):
        arrays = {"xs": grid_x, "ys": grid_y, "whichs": np.full(grid_x.size, float(number)), "result": np.zeros(grid_x.size)}
        kernels.bind(Bound({"length": grid_x.size}, {}, arrays)).advance(0, 1)
        wanted = evaluate(expr, lambda node: {"x": grid_x, "y": grid_y}[node.name])  # type: ignore[union-attr]
        np.testing.assert_allclose(arrays["result"], wanted, rtol=4e-16 if expr in more[1:] else 1e-14, err_msg=repr(expr))


def test_32_bit_values_are_computed_with_in_64_bits(tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PLASTICDSL_CACHE", str(tmp_path))
    u = At(Ref(Whose.OWN, "xs"), ("i",))
    program = calculator(binary("-", binary("*", u, u), Number(1.0)), ("x",), "float32")
    xs = np.full(3, 1.1, dtype=np.float32)
    arrays = {"xs": xs, "result": np.zeros(3)}
    load(artifact_of(program)).bind(Bound({"length": 3}, {}, arrays)).advance(0, 1)
    np.testing.assert_array_equal(arrays["result"], float(xs[0]) ** 2 - 1.0)


# --- kinds -----------------------------------------------------------------------------------------------------------


def test_counters_are_integers_and_sums_are_floats() -> None:
    from plasticdsl.kernels.program import For, Function, Let, Program, Return

    count = Ref(Whose.OWN, "count")
    body = (
        Let("count", Number(0.0)),
        Let("total", Number(0.0)),
        For(
            "k",
            Number(0.0),
            Ref(Whose.OWN, "n"),
            (
                Let("count", binary("+", Ref(Whose.OWN, "count"), Number(1.0))),
                Let("total", binary("+", Ref(Whose.OWN, "total"), Number(0.5))),
            ),
        ),
        Return(count),
    )
    program = Program("P", "", (), (), (), (Function("f", "", ("n",), (), (), body),))
    kinds = infer(program)["f"]
    assert kinds.names["count"] is Kind.INT
    assert kinds.names["total"] is Kind.FLOAT
    assert Printer(kinds).assigned("total", Number(0.0)) == "0.0"
    assert Printer(kinds).assigned("count", Number(0.0)) == "0"
