"""Separation in the dentate gyrus and completion in CA3 (Yassa & Stark 2011; the numbers are those of 10 draws of the same model in NumPy, ± 0.05)."""

import numpy as np
import pytest

import plasticdsl
from tests.models.runs import ran


@pytest.mark.slow
def test_separation_and_completion() -> None:
    """1 → 1, 0.722 → 0.448, 0.444 → 0.232 to 0.05, below the identity; CA3 above it for cues of 0.3 or more."""
    result = plasticdsl.load("dentate_ca3").run("Transfer")
    rho = 1 - result["separated"]["apart"].values / 18
    separated, completed = (result[name].values.mean(axis=1) for name in ("separated", "completed"))
    assert np.interp([0.4444, 0.7222, 1.0], rho[::-1], separated[::-1]) == pytest.approx([0.232, 0.448, 1.0], abs=0.05)
    inside = (rho > 0.01) & (rho < 0.99)
    assert np.all(separated[inside] < rho[inside])
    assert np.all(separated[(rho > 0.4) & (rho < 0.9)] < rho[(rho > 0.4) & (rho < 0.9)] - 0.1)
    assert np.all(completed[(rho >= 0.3) & (rho < 0.99)] > rho[(rho >= 0.3) & (rho < 0.99)])


def test_exactly_the_winners_are_active() -> None:
    """50 of 1000 granule cells, in every draw, for both patterns."""
    result = ran("networks/dentate_ca3", "Short")
    assert result.passed
    assert result["separated"].values.mean(axis=1) == pytest.approx([0.448, 0.232], abs=0.05)
