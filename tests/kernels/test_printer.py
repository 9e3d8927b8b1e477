"""Expressions as text: brackets, kinds of numbers, functions."""

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given, reject, settings
from hypothesis import strategies as st

from plasticdsl.kernels.identifiers import Kernel, Local
from plasticdsl.kernels.inlined import pieces
from plasticdsl.kernels.kinds import Kind, Kinds, infer
from plasticdsl.kernels.printer import Printer
from plasticdsl.kernels.program import Function, Program, Return
from plasticdsl.kernels.spelling import spell
from plasticdsl.model.expr import FUNCTIONS, Binary, Call, Choice, Compare, Expr, Logic, Negate, Number, Ref, Special
from plasticdsl.model.inline import map_refs
from plasticdsl.model.owners import Whose
from plasticdsl.runtime.engine.load import load
from plasticdsl.runtime.numbers.evaluate import evaluate
from tests.kernels.programs import artifact_of, bound, calculator, element, field, let, loop, name, plus

x, y, i, n, yes = (Ref(Whose.OWN, text) for text in ("x", "y", "i", "n", "yes"))
a, m, narrow = element("a", "i"), element("m", "i", plus(name("j"), Number(1.0))), element("narrow", "i")
NAMES = {Local("x"): Kind.FLOAT, Local("y"): Kind.FLOAT, Local("i"): Kind.INT, Local("n"): Kind.INT, Local("yes"): Kind.BOOL}
ARRAYS = {field("a"): Kind.FLOAT, field("m"): Kind.INT, field("narrow"): Kind.FLOAT}
SPELLING = {**{local: local.pattern for local in (*NAMES, Local("j"))}, **{array: array.of[0] for array in ARRAYS}}
KINDS = Kinds(NAMES, ARRAYS)
PRINTER = Printer(KINDS, SPELLING)


def resolved(expr: Expr) -> Expr:
    """With locals for the names, as in a loop program."""
    return map_refs(expr, lambda ref: name(ref.name))


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
        (Logic("and", (Logic("or", (yes, Compare("<", x, y))), Logic("not", (yes,)))), "(yes or x < y) and not yes"),
        (Choice(((Compare("<", x, y), x), (Compare(">", x, y), y)), Number(0.0)), "x if x < y else y if x > y else 0.0"),
        (binary("*", Number(2.0), Choice(((yes, x),), y)), "2.0 * (x if yes else y)"),
        (binary("+", x, Compare("<", x, y)), "x + (1 if x < y else 0)"),
        (Call("min", (Call("max", (a, Number(0.0))), x)), "minimum(maximum(a[i], 0.0), x)"),
        (Call("max", (Number(0.0), binary("-", n, i))), "max(0, n - i)"),
        (Call("mod", (binary("-", n, i), n)), "(n - i) % n"),
        (Call("mod", (x, y)), "modulo(x, y)"),
        (Call("step", (x,)), "1.0 if x > 0.0 else 0.0"),
        (Call("uniform", (n, Number(3.0), i, n)), "uniform(n, 3, i, n)"),
    ],
)
def test_text(expr: Expr, text: str) -> None:
    assert PRINTER.plain(resolved(expr)) == text


def test_wanted_kinds() -> None:
    assert PRINTER.integer(resolved(Number(2.0))) == "2"
    assert PRINTER.floating(resolved(Number(2.0))) == "2.0"
    assert PRINTER.integer(resolved(Call("floor", (x,)))) == "int(np.floor(x))"
    assert PRINTER.condition(resolved(x)) == "x != 0.0"
    assert PRINTER.condition(resolved(binary("-", n, i))) == "n - i != 0"
    assert PRINTER.stored(field("m"), resolved(Choice(((yes, Number(1.0)),), Number(0.0)))) == "1 if yes else 0"
    assert PRINTER.stored(field("a"), resolved(Choice(((yes, Number(1.0)),), Number(0.0)))) == "1.0 if yes else 0.0"


@pytest.mark.parametrize("expr", [Special("t"), Ref(Whose.PRE, "x"), binary("+", name("x"), Special("lag"))])
def test_what_is_not_resolved_is_refused(expr: Expr) -> None:
    with pytest.raises(TypeError, match="not resolved"):
        PRINTER.plain(expr)


def test_a_long_sum_needs_no_stack() -> None:
    total: Expr = name("x")
    for _ in range(5000):
        total = binary("+", total, name("y"))
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
        for piece in pieces(PRINTER.support(resolved(expr))):
            exec(piece.text, env)
        try:
            text = PRINTER.floating(resolved(expr))
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
    program = calculator(resolved(case), ("x", "y", "which"))
    kernels = load(artifact_of(program))
    for number, expr in enumerate(every):
        arrays = {"xs": grid_x, "ys": grid_y, "whichs": np.full(grid_x.size, float(number)), "result": np.zeros(grid_x.size)}
        kernels.bind(bound({"length": grid_x.size}, {}, arrays)).advance(0, 1)
        wanted = evaluate(expr, lambda node: {"x": grid_x, "y": grid_y}[node.name])  # type: ignore[union-attr]
        np.testing.assert_allclose(arrays["result"], wanted, rtol=4e-16 if expr in more[1:] else 1e-14, err_msg=repr(expr))


def test_32_bit_values_are_computed_with_in_32_bits(tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PLASTICDSL_CACHE", str(tmp_path))
    u = element("xs", "i")
    program = calculator(binary("-", binary("*", u, u), Number(1.0)), ("x",), "float32")
    xs = np.full(3, 1.1, dtype=np.float32)
    arrays = {"xs": xs, "result": np.zeros(3)}
    load(artifact_of(program)).bind(bound({"length": 3}, {}, arrays)).advance(0, 1)
    np.testing.assert_array_equal(arrays["result"], np.float64(xs[0] * xs[0] - np.float32(1.0)))


# --- kinds -----------------------------------------------------------------------------------------------------------


def test_counters_are_integers_and_sums_are_floats() -> None:
    count, total, one = name("count"), name("total"), Number(1.0)
    body = (
        let("count", Number(0.0)),
        let("total", Number(0.0)),
        loop("k", Number(0.0), name("n"), (let("count", plus(count, one)), let("total", plus(total, Number(0.5))))),
        Return(count),
    )
    program = Program("P", "", (), (), (), (Function(Kernel("f"), "", body, (Local("n"),)),))
    kinds = infer(program)[Kernel("f")]
    assert kinds.names[Local("count")] is Kind.INT
    assert kinds.names[Local("total")] is Kind.FLOAT
    printer = Printer(kinds, spell(program))
    assert printer.assigned(Local("total"), Number(0.0)) == "0.0"
    assert printer.assigned(Local("count"), Number(0.0)) == "0"
