"""The rule by which durations become whole steps."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from plasticdsl.support.steps import Durations, all_multiples, is_multiple, to_step_array, to_steps


def test_decimal_fractions_are_exact() -> None:
    assert 0.3e-3 / 0.1e-3 != 3.0
    assert to_steps(0.3e-3, 0.1e-3) == 3 and is_multiple(0.3e-3, 0.1e-3)
    assert to_steps(2000.0, 0.1e-3) == 20_000_000 and is_multiple(2000.0, 0.1e-3)


@pytest.mark.parametrize(
    ("duration", "steps"), [(0.25e-3, 3), (0.15e-3, 2), (0.35e-3, 4), (0.24e-3, 2), (0.0, 0), (1e-9, 0), (-0.25e-3, -3)]
)
def test_nearest_and_halves_away_from_zero(duration: float, steps: int) -> None:
    assert to_steps(duration, 0.1e-3) == steps
    assert to_step_array(np.array([duration, 0.0]), 0.1e-3).tolist() == [steps, 0]


@given(st.integers(0, 10**9), st.integers(1, 9999), st.sampled_from([1e-3, 1e-6, 1.0]))
def test_every_multiple_is_one(count: int, tenths: int, unit: float) -> None:
    dt = float(Fraction(tenths, 10)) * unit
    duration = float(Fraction(tenths, 10) * count) * unit
    assert to_steps(duration, dt) == count
    assert is_multiple(duration, dt)


@given(st.lists(st.floats(-10, 10), min_size=1, max_size=5), st.sampled_from([1e-4, 3e-3, 0.7]))
def test_arrays_are_the_same(durations: list[float], dt: float) -> None:
    assert to_step_array(np.array(durations), dt).tolist() == [to_steps(d, dt) for d in durations]
    assert all_multiples(np.array(durations), dt) == all(is_multiple(d, dt) for d in durations)


def test_what_is_between_is_no_multiple() -> None:
    assert not is_multiple(0.33e-3, 0.1e-3)
    assert not all_multiples(np.array([0.1e-3, 0.15e-3]), 0.1e-3)


def test_impossible_durations() -> None:
    for duration, dt in ((np.inf, 1e-3), (np.nan, 1e-3), (1.0, 0.0), (1.0, -1e-3), (1.0, np.nan)):
        with pytest.raises(ValueError, match=r"finite|positive"):
            to_steps(duration, dt)
        with pytest.raises(ValueError, match=r"finite|positive"):
            to_step_array(np.array([duration]), dt)


def test_what_was_rounded_up_is_not_taken_back() -> None:
    one_after_the_other = Durations(0.1e-3)
    assert [one_after_the_other.steps(d) for d in (0.25e-3, 0.0, 0.0, 0.05e-3, 0.2e-3)] == [3, 0, 0, 0, 2]
