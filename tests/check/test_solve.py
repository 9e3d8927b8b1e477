"""Unification of dimensions with unknowns."""

from __future__ import annotations

from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from plasticdsl.check.terms.unification import PURE, SECONDS, Dim, Solver
from plasticdsl.source import Span
from plasticdsl.units.dimension import ONE, TIME, VOLTAGE, Dimension

VOLTS = Dim(VOLTAGE)


def test_an_unknown_takes_the_dimension_it_is_compared_with() -> None:
    solver = Solver()
    x = solver.fresh()
    assert solver.unify(x**2 / SECONDS, VOLTS)
    assert solver.resolve(x).known == (VOLTAGE * TIME) ** Fraction(1, 2)


def test_a_conflict_changes_nothing() -> None:
    solver = Solver()
    x = solver.fresh()
    assert solver.unify(x, VOLTS)
    assert not solver.unify(x, SECONDS)
    assert solver.resolve(x) == VOLTS


def test_chains_are_solved_in_any_order() -> None:
    for order in ((0, 1, 2), (2, 1, 0), (1, 0, 2)):
        solver = Solver()
        a, b, c = solver.fresh(), solver.fresh(), solver.fresh()
        equations = [(a * b, c), (b, SECONDS), (c, VOLTS)]
        assert all(solver.unify(*equations[i]) for i in order)
        assert solver.resolve(a) == VOLTS / SECONDS


def test_reasons_are_remembered() -> None:
    solver = Solver()
    x = solver.fresh()
    solver.unify(x, VOLTS, Span(3, 5))
    reason = solver.reason(x)
    assert reason is not None and reason == Span(3, 5)
    assert solver.reason(VOLTS) is None


def test_copies_share_unknowns_among_themselves_alone() -> None:
    one, other = Solver(), Solver()
    a, b = one.fresh(), one.fresh()
    one.unify(b, a * SECONDS)
    dims = {"a": one.resolve(a), "b": one.resolve(b)}
    first, second = other.instantiate(dims), other.instantiate(dims)
    assert other.unify(first["a"], VOLTS)
    assert other.resolve(first["b"]) == VOLTS * SECONDS
    assert other.resolve(second["b"]).known is None


dimensions = st.builds(lambda e: Dimension(tuple(Fraction(n) for n in e)), st.lists(st.integers(-3, 3), min_size=7, max_size=7))


@given(st.lists(dimensions, min_size=3, max_size=3), st.lists(st.lists(st.integers(-2, 2), min_size=3, max_size=3), min_size=1, max_size=6))
def test_true_equations_are_never_refused(values: list[Dimension], equations: list[list[int]]) -> None:
    solver = Solver()
    unknowns = [solver.fresh() for _ in values]
    for powers in equations:
        left, right = PURE, ONE
        for unknown, value, power in zip(unknowns, values, powers, strict=True):
            left, right = left * unknown**power, right * value**power
        assert solver.unify(left, Dim(right))
    for unknown, value in zip(unknowns, values, strict=True):
        found = solver.resolve(unknown).known
        assert found is None or found == value
