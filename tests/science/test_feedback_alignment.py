"""Lillicrap, Cownden, Tweed & Akerman (2016): random feedback weights teach, since the forward weights align with them."""

import numpy as np
import pytest

import plasticdsl
from plasticdsl.results.result import Result
from tests.models.runs import ran


@pytest.fixture(scope="module")
def digits() -> Result:
    return ran("networks/digits", "Learning")


def mean(result: Result, name: str) -> float:
    return float(np.mean(result[name].values))


def test_errors_on_digits(digits: Result) -> None:
    """Thirty epochs, 1347 images to learn from and 450 to test. Back-propagation errs on 1.3 to 1.8 %, give or take the 0.6 points that a proportion of
    450 images varies by; feedback alignment on at most 2.5 points more, and at most half as often as learning in the last layer alone."""
    assert digits.passed, "what the first epoch expects too"
    back, random, last = (mean(digits, name) for name in ("wrong_BP", "wrong", "wrong_last"))
    assert digits["wrong"].size == 450
    assert digits["angle_1"].size == 1347
    assert mean(digits, "wrong_learned_BP") <= 0.00075, "at most one of the images it learned from"
    assert 0.013 - 0.006 <= back <= 0.018 + 0.006
    assert random <= back + 0.025
    assert random <= 0.5 * last


def test_angles_on_digits(digits: Result) -> None:
    """Mean over the training set: about 90° before, below 45° after one epoch and after five; the control stays near 90°. The angle of two directions
    that 64 random weights give has a standard deviation of 7°."""
    assert mean(digits, "angle_before") == pytest.approx(90, abs=14)
    assert mean(digits, "control_1") == pytest.approx(90, abs=14)
    assert mean(digits, "angle_1") < 45
    assert mean(digits, "angle_5") < 45
    assert np.mean(digits["aligned_before"].values > 0) < 0.95
    assert np.mean(digits["aligned_1"].values > 0) > 0.995


@pytest.mark.parametrize("seed", [1, 4])
def test_linear_network(seed: int) -> None:
    """30-20-10, η = 0.002: |T − W W₀|²/|T|² goes from 1 to about 0.002 after 1000 steps and below 1e-4 after 2000; angles of single samples fall."""
    result = plasticdsl.load("linear_alignment").run("Learning", seed=seed)
    error, angle = (result[name].values.ravel() for name in ("error", "angle"))
    assert len(error) == 40, "every 50 steps"
    assert error[0] > 0.95
    assert 0.0003 < error[19] < 0.0035
    assert error[-1] < 1e-4
    assert np.mean(angle[-10:]) < 45
