"""Release in the steady state of regular trains: Tsodyks & Markram (1997), Tsodyks, Pawelzik & Markram (1998). Tolerance 1e-4."""

import numpy as np
import pytest

from tests.models.runs import ran

RATES = np.array([1.0, 5.0, 10.0, 20.0, 50.0, 70.0])
#: u R at each rate; U, τ_f (s), τ_r (s).
DEPRESSING = ((0.4164, 0.1811, 0.1051, 0.0571, 0.0241, 0.0174), (0.5, 1e-4, 0.8))
FACILITATING = ((0.0352, 0.0874, 0.1347, 0.1655, 0.1218, 0.0955), (0.03, 0.53, 0.13))


def steady_state(use: float, facilitation: float, recovery: float) -> np.ndarray:
    """u = U/(1 − (1 − U) e^{−Δ/τ_f}), R = (1 − e^{−Δ/τ_r})/(1 − (1 − u) e^{−Δ/τ_r}), Δ = 1/rate."""
    u = use / (1 - (1 - use) * np.exp(-1 / (RATES * facilitation)))
    left = np.exp(-1 / (RATES * recovery))
    return u * (1 - left) / (1 - (1 - u) * left)


def test_release_in_the_steady_state() -> None:
    """Twelve numbers to 1e-4. Depression: release falls as 1/(τ_r rate). Facilitation: it is largest between 10 and 50 Hz."""
    result = ran("synapses/tsodyks_markram", "SteadyState")
    for name, (table, parameters) in {"D": DEPRESSING, "F": FACILITATING}.items():
        found = result[f"{name}.q"].values.ravel()
        assert found == pytest.approx(table, abs=1e-4)
        assert found == pytest.approx(steady_state(*parameters), abs=5e-5)  # spike times lie on a grid of 0.02 ms
    depressed, facilitated = (result[f"{name}.q"].values.ravel() for name in "DF")
    assert RATES[-1] * depressed[-1] == pytest.approx(1 / 0.8, rel=0.03)
    assert RATES[np.argmax(facilitated)] == 20.0
