"""The NumPy evaluator: arithmetic, branches, functions near their removable singularities, and sums over connections."""

from __future__ import annotations

import math
import warnings
from collections.abc import Mapping

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from plasticdsl.model.expr import FUNCTIONS, At, Binary, Call, Choice, Compare, Expr, Logic, Negate, Number, Ref, Special, SumOver
from plasticdsl.model.owners import OfPopulation, OfProjection, Whose
from plasticdsl.runtime.instance.instance import Values
from plasticdsl.runtime.numbers.evaluate import evaluate, holds

X, Y = Ref(Whose.OWN, "x"), Ref(Whose.OWN, "y")


def looked_up(**values: object) -> object:
    def lookup(node: Ref | Special | At) -> Values:
        assert not isinstance(node, At)
        return values[node.name]  # type: ignore[return-value]

    return lookup


def value(expr: Expr, **values: object) -> object:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        return evaluate(expr, looked_up(**values))  # type: ignore[arg-type]


def call(name: str, *arguments: float) -> float:
    result = value(Call(name, tuple(Number(a) for a in arguments)))
    assert isinstance(result, float)
    return result


def test_arithmetic_broadcasts() -> None:
    expr = Binary("+", Binary("*", Number(2.0), X), Binary("^", Y, Number(2.0)))
    assert value(expr, x=3.0, y=4.0) == 22.0
    np.testing.assert_array_equal(value(expr, x=np.array([1.0, 2.0]), y=3.0), [11.0, 13.0])
    assert value(Negate(Binary("-", X, Y)), x=1.0, y=5.0) == 4.0


def test_division_by_zero_is_quiet() -> None:
    assert value(Binary("/", X, Number(0.0)), x=1.0) == math.inf
    assert math.isnan(value(Binary("/", X, Number(0.0)), x=0.0))  # type: ignore[arg-type]
    assert value(Call("exp", (X,)), x=1e4) == math.inf


def test_a_long_sum_does_not_exhaust_the_stack() -> None:
    expr: Expr = X
    for _ in range(20_000):
        expr = Binary("+", expr, Number(1.0))
    assert value(expr, x=0.5) == 20_000.5


def test_branches_not_taken_leave_no_trace() -> None:
    safe = Choice(((Compare(">", X, Number(0.0)), Call("log", (X,))), (Compare("==", X, Number(0.0)), Number(7.0))), Number(-1.0))
    np.testing.assert_array_equal(value(safe, x=np.array([1.0, 0.0, -3.0])), [0.0, 7.0, -1.0])
    assert value(safe, x=-2.0) == -1.0
    assert value(safe, x=math.e) == 1.0


def test_the_first_branch_that_holds_wins() -> None:
    expr = Choice(((Compare("<", X, Number(2.0)), Number(1.0)), (Compare("<", X, Number(4.0)), Y)), Binary("*", Y, Number(10.0)))
    np.testing.assert_array_equal(value(expr, x=np.array([1.0, 2.0, 3.0, 4.0]), y=np.array([5.0, 6.0, 7.0, 8.0])), [1.0, 6.0, 7.0, 80.0])


def test_a_condition_of_each_gives_a_value_to_each() -> None:
    """Also where it holds nowhere, or everywhere, and both values are shared."""
    expr = Choice(((Compare(">", X, Number(0.0)), Number(1.0)),), Number(2.0))
    for x, expected in (([-1.0, -2.0], [2.0, 2.0]), ([1.0, 2.0], [1.0, 1.0]), ([-1.0, 2.0], [2.0, 1.0])):
        np.testing.assert_array_equal(value(expr, x=np.array(x)), expected, strict=True)


def test_a_shared_condition_does_not_compute_the_others() -> None:
    def lookup(node: Ref | Special | At) -> Values:
        assert node != Y
        return 1.0

    assert evaluate(Choice(((Compare(">", X, Number(0.0)), X),), Y), lookup) == 1.0


def test_logic() -> None:
    x = np.array([-1.0, 0.0, 1.0, 2.0])
    between = Logic("and", (Compare(">=", X, Number(0.0)), Compare("<", X, Number(2.0))))
    np.testing.assert_array_equal(holds(between, looked_up(x=x)), [False, True, True, False])  # type: ignore[arg-type]
    np.testing.assert_array_equal(holds(Logic("not", (between,)), looked_up(x=x)), [True, False, False, True])  # type: ignore[arg-type]
    np.testing.assert_array_equal(holds(Logic("or", (between, Compare("==", X, Number(-1.0)))), looked_up(x=x)), [True, True, True, False])  # type: ignore[arg-type]
    assert holds(Compare("!=", X, Number(1.0)), looked_up(x=2.0)) is True  # type: ignore[arg-type]
    assert value(between, x=1.0) == 1.0


def test_step_and_its_edge() -> None:
    assert (call("step", 0.0), call("step", 5e-324), call("step", -1.0)) == (0.0, 1.0, 0.0)
    assert (call("sign", 0.0), call("sign", -2.0)) == (0.0, -1.0)


def test_rounding_and_remainders() -> None:
    assert (call("round", 2.5), call("round", 3.5), call("floor", -1.5), call("ceil", -1.5)) == (2.0, 4.0, -2.0, -1.0)
    assert (call("mod", -1.0, 5.0), call("min", 1.0, 2.0), call("max", 1.0, 2.0)) == (4.0, 1.0, 2.0)


@given(st.floats(-700, 700))
def test_removable_singularities(x: float) -> None:
    import mpmath

    with mpmath.workdps(60):
        exact = mpmath.expm1(x) / x if x else mpmath.mpf(1)
        assert call("expm1_over_x", x) == pytest.approx(float(exact), rel=4e-16, abs=1e-320)
        assert call("x_over_expm1", x) == pytest.approx(float(1 / exact), rel=4e-16, abs=1e-320)


@pytest.mark.parametrize("name", [n for n, count in FUNCTIONS.items() if count == 1])
def test_every_function_works_on_numbers_and_arrays(name: str) -> None:
    x = np.array([0.1, 0.5, 0.9])
    array = value(Call(name, (X,)), x=x)
    assert isinstance(array, np.ndarray) and array.dtype == np.float64
    np.testing.assert_allclose([call(name, float(v)) for v in x], array, rtol=1e-15)


def test_an_unknown_function_is_named() -> None:
    with pytest.raises(ValueError, match="sinc is no built-in"):
        call("sinc", 1.0)


# --- sums ------------------------------------------------------------------------------------------------------------


class Net:
    """Five units with connections, one of them twice, and three patterns over the units."""

    posts = np.array([1, 3, 3, 0, 2, 4, 0])
    pres = np.array([0, 0, 0, 1, 2, 3, 4])
    arrays: Mapping[Ref, Values]

    def __init__(self) -> None:
        rng = np.random.default_rng(1)
        self.x, self.w, self.xi = rng.normal(size=5), rng.normal(size=7), rng.normal(size=(3, 5))
        self.arrays = {
            Ref(OfPopulation("P"), "x"): self.x,
            Ref(OfProjection("J"), "w"): self.w,
            Ref(Whose.NETWORK, "xi"): self.xi,
            Ref(Whose.NETWORK, "N"): 5.0,
        }

    def size(self, population: str) -> int:
        return {"P": 5, "xi": 3}[population]

    def connections(self, projection: str) -> tuple[NDArray[np.int64], NDArray[np.int64]] | None:
        return (self.posts, self.pres) if projection == "J" else None

    def there(self, projection: str) -> None:
        """All connections are."""

    def lookup(self, node: Ref | Special | At) -> Values:
        assert isinstance(node, Ref)
        return self.arrays[node]

    def evaluate(self, expr: Expr, **bound: NDArray[np.int64]) -> Values:
        return evaluate(expr, self.lookup, self, bound)


def product(*factors: Expr) -> Expr:
    result = factors[0]
    for factor in factors[1:]:
        result = Binary("*", result, factor)
    return result


def x_at(k: str) -> At:
    return At(Ref(OfPopulation("P"), "x"), (k,))


W_IJ, W_JI = At(Ref(OfProjection("J"), "w"), ("i", "j")), At(Ref(OfProjection("J"), "w"), ("j", "i"))


def test_sum_over_connections_counts_each_connection_once() -> None:
    net = Net()
    energy = SumOver(("i", "j"), ("P", "P"), product(W_IJ, x_at("i"), x_at("j")))
    assert net.evaluate(energy) == pytest.approx(np.sum(net.w * net.x[net.posts] * net.x[net.pres]))
    assert net.evaluate(SumOver(("i", "j"), ("P", "P"), Binary("+", Number(1.0), product(W_IJ, Number(0.0))))) == 7.0


def test_sum_over_units_and_pairs() -> None:
    net = Net()
    assert net.evaluate(SumOver(("i",), ("P",), x_at("i"))) == pytest.approx(net.x.sum())
    pairs = SumOver(("i", "j"), ("P", "P"), product(x_at("i"), x_at("j")), Compare("<", Special("i"), Special("j")))
    assert net.evaluate(pairs) == pytest.approx(sum(net.x[a] * net.x[b] for a in range(5) for b in range(a + 1, 5)))


def test_numbered_and_free_indices() -> None:
    net = Net()
    overlap = Binary("/", SumOver(("i",), ("P",), product(At(Ref(Whose.NETWORK, "xi"), ("mu", "i")), x_at("i"))), Ref(Whose.NETWORK, "N"))
    np.testing.assert_allclose(net.evaluate(overlap, mu=np.arange(3)), net.xi @ net.x / 5)
    first = SumOver(("i",), ("P",), product(At(Ref(Whose.NETWORK, "xi"), ("2", "i")), x_at("i")))
    assert net.evaluate(first) == pytest.approx(net.xi[1] @ net.x)


def test_two_variables_of_projections_need_both_connections() -> None:
    net = Net()
    both = SumOver(("i", "j"), ("P", "P"), product(W_IJ, W_JI))
    keys = {(int(i), int(j)): k for k, (i, j) in reversed(list(enumerate(zip(net.posts, net.pres, strict=True))))}
    expected = sum(net.w[k] * net.w[keys[j, i]] for k, (i, j) in enumerate(zip(net.posts, net.pres, strict=True)) if (j, i) in keys)
    assert net.evaluate(both) == pytest.approx(expected)


def test_a_sum_within_a_sum() -> None:
    net = Net()
    inner = SumOver(("j",), ("P",), product(W_IJ, x_at("j")))
    dense = np.zeros((5, 5))
    first = np.unique(net.pres * 5 + net.posts, return_index=True)[1]
    dense[net.posts[first], net.pres[first]] = net.w[first]
    assert net.evaluate(SumOver(("i",), ("P",), Call("tanh", (inner,)))) == pytest.approx(np.tanh(dense @ net.x).sum())


def test_sums_in_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    from plasticdsl.runtime.numbers import sums

    net = Net()
    energy = SumOver(("i", "j"), ("P", "P"), product(W_IJ, x_at("i"), x_at("j")))
    cube = SumOver(("i", "j", "k"), ("P", "P", "P"), product(x_at("i"), x_at("j"), x_at("k")))
    whole = [net.evaluate(energy), net.evaluate(cube)]
    monkeypatch.setattr(sums, "_BLOCK", 2)
    assert [net.evaluate(energy), net.evaluate(cube)] == pytest.approx(whole)
    assert whole[1] == pytest.approx(net.x.sum() ** 3)


def test_an_index_is_needed_inside_a_sum() -> None:
    net = Net()
    with pytest.raises(ValueError, match="needs an index"):
        net.evaluate(SumOver(("i",), ("P",), Ref(OfPopulation("P"), "x")))
    with pytest.raises(ValueError, match="has 1 indices, not 2"):
        net.evaluate(SumOver(("i", "j"), ("P", "P"), At(Ref(OfPopulation("P"), "x"), ("i", "j"))))


# --- any expression --------------------------------------------------------------------------------------------------

_LEAVES = st.one_of(st.sampled_from([X, Y]), st.floats(-3, 3).map(Number))
_UNARY = sorted(n for n, count in FUNCTIONS.items() if count == 1)
_BINARY = sorted(n for n, count in FUNCTIONS.items() if count == 2)


def _larger(inner: st.SearchStrategy[Expr]) -> st.SearchStrategy[Expr]:
    condition = st.builds(Compare, st.sampled_from(["<", "<=", ">", ">=", "==", "!="]), inner, inner)
    either = st.one_of(condition, st.builds(lambda c, d: Logic("or", (c, Logic("not", (d,)))), condition, condition))
    return st.one_of(
        st.builds(Binary, st.sampled_from(["+", "-", "*", "/", "^"]), inner, inner),
        st.builds(Negate, inner),
        st.builds(lambda f, a: Call(f, (a,)), st.sampled_from(_UNARY), inner),
        st.builds(lambda f, a, b: Call(f, (a, b)), st.sampled_from(_BINARY), inner, inner),
        st.builds(lambda c, a, b: Choice(((c, a),), b), either, inner, inner),
    )


@given(st.recursive(_LEAVES, _larger, max_leaves=12))
@settings(max_examples=300, deadline=None, derandomize=True)
def test_arrays_are_computed_element_by_element(expr: Expr) -> None:
    x, y = np.array([-1.5, 0.0, 0.5, 2.0]), np.array([0.0, 1.0, -2.0, 0.5])
    together = np.broadcast_to(value(expr, x=x, y=y), x.shape)  # type: ignore[call-overload]
    alone = [value(expr, x=float(a), y=float(b)) for a, b in zip(x, y, strict=True)]
    np.testing.assert_allclose(together, alone, rtol=1e-12, atol=1e-300)
