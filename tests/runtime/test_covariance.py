"""Patterns of N(mean, covariance = C): what is drawn, and what is no covariance."""

import numpy as np
import pytest

import plasticdsl
from plasticdsl.diagnostics.diagnostic import PlasError
from plasticdsl.runtime.instance.build import instantiate
from plasticdsl.runtime.instance.patterns import square_root

TEXT = """
neuron Cell:
    input h
    output y = h

network Net:
    v = 4
    n = 20000
    inputs = 3 Source
    x = n random patterns of N(MEAN, covariance = MATRIX) over inputs
"""


def drawn(matrix: str, mean: str = "1") -> np.ndarray:
    text = TEXT.replace("MEAN", mean).replace("MATRIX", matrix)
    return np.asarray(instantiate(plasticdsl.parse(text).loaded.module.networks[0], dt=1e-3, seed=1).patterns["x"])


def test_the_square_root() -> None:
    """L Lᵀ = C, also where a unit is a sum of others."""
    full = np.array([[3, 1, 0.5], [1, 2, 0.3], [0.5, 0.3, 1]])
    assert square_root(full) == pytest.approx(np.linalg.cholesky(full), abs=1e-14)
    sums = np.array([[1.0, 0.0, 1.0], [0.0, 2.0, 2.0], [1.0, 2.0, 3.0]])
    root = square_root(sums)
    assert root @ root.T == pytest.approx(sums, abs=1e-12)


def test_units_of_very_different_scale() -> None:
    """A small variance is not taken for rounding of a large one."""
    scale = np.diag([1e8, 1.0, 1e-8])
    small = scale @ np.array([[3, 1, 0.5], [1, 2, 0.3], [0.5, 0.3, 1]]) @ scale
    assert square_root(small) == pytest.approx(np.linalg.cholesky(small), rel=1e-12)


def test_drawn_with_mean_and_covariance() -> None:
    """Mean and covariance of 20 000 patterns, each entry to 4 standard errors of a normal sample."""
    wanted = np.array([[4, 1, 0.5], [1, 2, 0], [0.5, 0, 1]])
    found = drawn("[[v, 1, 0.5], [1, 2, 0], [0.5, 0, 1]]")
    n = len(found)
    assert found.shape == (20000, 3)
    assert np.all(np.abs(found.mean(axis=0) - 1) < 4 * np.sqrt(np.diag(wanted) / n))
    error = np.sqrt((np.outer(np.diag(wanted), np.diag(wanted)) + wanted**2) / n)
    assert np.all(np.abs(np.cov(found.T) - wanted) < 4 * error)


@pytest.mark.parametrize(
    ("matrix", "code"),
    [
        ("[[1, 0], [0, 1]]", "sizes-differ"),
        ("[[1, 0, 0], [0, 1], [0, 0, 1]]", "sizes-differ"),
        ("2", "sizes-differ"),
        ("[[1, 0.5, 0], [0, 1, 0], [0, 0, 1]]", "out-of-range"),
        ("[[1, 2, 0], [2, 1, 0], [0, 0, 1]]", "out-of-range"),
        ("[[0, 1, 0], [1, 1, 0], [0, 0, 1]]", "out-of-range"),
        ("[[1, 0, 0], [0, 1, 0], [0, 0, 1]], sd = 2", "wrong-number-of-arguments"),
    ],
)
def test_what_is_no_covariance(matrix: str, code: str) -> None:
    with pytest.raises(PlasError) as caught:
        drawn(matrix)
    assert {d.code for d in caught.value.diagnostics} == {code}


def test_units_of_the_entries() -> None:
    """A covariance is in the square of the unit."""
    millivolts = "[[1 mV², 0 mV², 0 mV²], [0 mV², 1 mV², 0 mV²], [0 mV², 0 mV², 1 mV²]]"
    assert drawn(millivolts, "1 mV").std() == pytest.approx(1e-3, rel=0.02)
    with pytest.raises(PlasError) as caught:
        drawn(millivolts.replace("mV²", "mV"), "1 mV")
    assert {d.code for d in caught.value.diagnostics} == {"inconsistent-units"}
