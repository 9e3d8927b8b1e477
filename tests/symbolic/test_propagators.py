"""Propagators against high-precision matrix exponentials, on ordinary and degenerate systems."""

from __future__ import annotations

import mpmath
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from plasticdsl.support.propagators import propagator


def exact(matrix: np.ndarray, dt: float) -> tuple[np.ndarray, np.ndarray]:
    """P and Q with 60 digits from the augmented matrix [[A, 1], [0, 0]]."""
    n = len(matrix)
    with mpmath.workdps(60):
        augmented = mpmath.zeros(2 * n)
        for i in range(n):
            augmented[i, n + i] = mpmath.mpf(dt)
            for j in range(n):
                augmented[i, j] = mpmath.mpf(float(matrix[i, j])) * mpmath.mpf(dt)
        result = mpmath.expm(augmented, method="taylor")
        full = np.array([[float(result[i, j]) for j in range(2 * n)] for i in range(n)])
    return full[:, :n], full[:, n:]


def assert_near(matrix: np.ndarray, dt: float, tolerance: float = 3e-14) -> None:
    p, q = propagator(matrix, dt)
    p0, q0 = exact(matrix, dt)
    np.testing.assert_allclose(p, p0, atol=tolerance * max(1.0, abs(p0).max()), rtol=tolerance)
    np.testing.assert_allclose(q, q0, atol=tolerance * abs(q0).max(), rtol=tolerance)


NAMED = {
    "coincident": [[-50.0, 1.0, 1.0], [0.0, -50.0, 1.0], [0.0, 0.0, -50.0]],
    "almost coincident": [[-50.0, 1.0], [0.0, -50.0000001]],
    "oscillating": [[-5.0, -300.0], [300.0, -5.0]],
    "rotation": [[0.0, -1.0], [1.0, 0.0]],
    "integrator": [[0.0, 1.0], [0.0, 0.0]],
    "zero": [[0.0, 0.0], [0.0, 0.0]],
    "singular": [[-100.0, 100.0], [100.0, -100.0]],
    "units": [[-50.0, 5e9], [0.0, -200.0]],
    "units with feedback": [[-50.0, -5e9], [4e-8, -7.0]],
    "growing": [[30.0, 2.0], [1.0, 20.0]],
}


@pytest.mark.parametrize("name", NAMED)
@pytest.mark.parametrize("dt", [1e-5, 1e-4, 1e-3, 0.02])
def test_degenerate_systems(name: str, dt: float) -> None:
    matrix = np.array(NAMED[name])
    p, q = propagator(matrix, dt)
    p0, q0 = exact(matrix, dt)
    np.testing.assert_allclose(p, p0, rtol=1e-13, atol=1e-15 * np.abs(p0).max())
    np.testing.assert_allclose(q, q0, rtol=1e-13, atol=1e-15 * np.abs(q0).max())


def test_stiff_keeps_the_slow_mode() -> None:
    """A fast relaxation (1 µs) feeding a slow variable (1 s)."""
    matrix = np.array([[-1e6, 3.0], [2.0, -1.0]])
    p, _ = propagator(matrix, 1e-3)
    p0, _ = exact(matrix, 1e-3)
    assert abs(p[1, 1] - p0[1, 1]) < 1e-13


def test_one_variable_is_exp_and_expm1() -> None:
    rates = np.array([-1e-300, -1e-9, -3.0, -1e5, 0.0, 2.0]).reshape(-1, 1, 1)
    p, q = propagator(rates, 0.5)
    z = rates * 0.5
    np.testing.assert_array_equal(p, np.exp(z))
    np.testing.assert_allclose(q[[1, 2, 3, 5]], (np.expm1(z[[1, 2, 3, 5]]) / rates[[1, 2, 3, 5]]), rtol=1e-15)
    assert q[4, 0, 0] == 0.5
    assert q[0, 0, 0] == 0.5


def test_batches_agree_with_single_matrices() -> None:
    rng = np.random.default_rng(1)
    matrices = rng.normal(size=(4, 3, 3, 3)) * 10.0 ** rng.integers(-3, 4, size=(4, 3, 1, 1))
    p, q = propagator(matrices, 0.01)
    for index in np.ndindex(4, 3):
        single = propagator(matrices[index], 0.01)
        np.testing.assert_allclose(p[index], single[0], rtol=1e-13)
        np.testing.assert_allclose(q[index], single[1], rtol=1e-13)


def test_not_finite_stays_visible() -> None:
    matrices = np.array([[[-1.0, 0.0], [0.0, -2.0]], [[np.inf, 0.0], [0.0, -2.0]]])
    p, q = propagator(matrices, 0.1)
    assert np.all(np.isfinite(p[0])) and np.all(np.isfinite(q[0]))
    assert np.all(np.isnan(p[1])) and np.all(np.isnan(q[1]))


def test_input_is_not_changed() -> None:
    matrix = np.array([[-1.0, 5e9], [0.0, -2.0]])
    propagator(matrix, 0.1)
    np.testing.assert_array_equal(matrix, [[-1.0, 5e9], [0.0, -2.0]])


entries = st.floats(-100.0, 100.0, allow_subnormal=False)


@settings(max_examples=60, deadline=None)
@given(
    st.integers(2, 4).flatmap(lambda n: st.lists(st.lists(entries, min_size=n, max_size=n), min_size=n, max_size=n)),
    st.sampled_from([1e-4, 1e-2, 0.05]),
)
def test_random_systems(rows: list[list[float]], dt: float) -> None:
    assert_near(np.array(rows), dt)


couplings_of_any_size = st.tuples(st.sampled_from([-1.0, 1.0]), st.floats(-12.0, 12.0)).map(lambda c: c[0] * 10.0 ** c[1])


@settings(max_examples=40, deadline=None)
@given(st.lists(st.floats(-500.0, -0.1), min_size=3, max_size=3), st.lists(couplings_of_any_size, min_size=3, max_size=3))
def test_chains_of_any_units(rates: list[float], couplings: list[float]) -> None:
    """Upper triangular systems, as of currents that drive a voltage: each entry is right relative to the paths that make it up."""
    matrix = np.diag(rates)
    matrix[0, 1], matrix[0, 2], matrix[1, 2] = couplings
    p, q = propagator(matrix, 1e-3)
    p0, q0 = exact(matrix, 1e-3)
    p_paths, q_paths = exact(np.where(np.eye(3) > 0, matrix, np.abs(matrix)), 1e-3)
    assert np.all(np.abs(p - p0) <= 1e-12 * p_paths)
    assert np.all(np.abs(q - q0) <= 1e-12 * q_paths)
