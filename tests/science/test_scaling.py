"""Synaptic scaling: van Rossum, Bi & Turrigiano (2000); Tetzlaff, Kolodziejski, Timme & Wörgötter (2011)."""

import numpy as np
import pytest

from tests.models.runs import ran


def test_rates_return_and_ratios_are_kept() -> None:
    """ν = ν₀ to 1e-6 Hz after half of the input is gone; w_i/w_j is what it was to 1e-12 at every second."""
    result = ran("rules/scaling", "Recovery")
    assert result["cell.ν"].values.ravel()[-1] == pytest.approx(10.0, abs=1e-6)
    w = result["syn.w"].values
    ratios = w / w[:, :1]
    assert np.max(np.abs(ratios / ratios[0] - 1)) < 1e-12
    assert w[-1] / w[0] == pytest.approx(np.full(10, w[-1, 0] / w[0, 0]), rel=1e-12)


def test_stationary_weight() -> None:
    """w² = (τ_SS/τ_H) F_pre F_post/(F_post − F_T): 77.85 for 60, 100 Hz and 1 Hz, to 1e-6."""
    w = ran("rules/scaling", "Stationary")["syn.w"].values.ravel()
    assert w[-1] == pytest.approx(np.sqrt(60 * 100**2 / 99), abs=1e-6)
    assert w[-1] == pytest.approx(77.85, abs=0.005)
