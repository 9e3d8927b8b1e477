"""The window of Bi & Poo (1998) from sixty pairings, with the fit of Bi & Poo (2001): A₊ = 0.777, τ₊ = 16.8 ms, A₋ = 0.273, τ₋ = 33.7 ms."""

import numpy as np
import pytest

import plasticdsl
from plasticdsl import Model

A_PLUS, TAU_PLUS, A_MINUS, TAU_MINUS = 0.777, 16.8, 0.273, 33.7
SCHEMES = ("syn", "nearest", "pre_centred", "post_centred", "reduced")


@pytest.fixture(scope="module")
def model() -> Model:
    return plasticdsl.load("pair_stdp")


def changes(model: Model, lag_ms: float, level: int = 2) -> dict[str, float]:
    """ΔW/W after sixty pairings at 1 Hz, with each pairing scheme."""
    net = model.build("Pairings", dt="0.1 ms", lag=f"{lag_ms} ms", level=level)
    net.run("60.4 s")
    return {name: float(net[name].w[0]) for name in SCHEMES}


def window(lag_ms: float) -> float:
    return A_PLUS * np.exp(-lag_ms / TAU_PLUS) if lag_ms > 0 else -A_MINUS * np.exp(lag_ms / TAU_MINUS)


@pytest.mark.parametrize(("lag_ms", "change"), [(-80, -0.0254), (-20, -0.1508), (-10, -0.2029), (10, 0.4285), (20, 0.2363), (80, 0.0066)])
def test_published_window(model: Model, lag_ms: float, change: float) -> None:
    """The fit, to its four printed digits; 1e-9 between the simulation and the formula (neighbouring pairings add less than 1e-12)."""
    found = changes(model, lag_ms)["syn"]
    assert found == pytest.approx(change, abs=5e-5)
    assert found == pytest.approx(window(lag_ms), abs=1e-9)


def test_all_schemes_agree_on_single_pairs(model: Model) -> None:
    """At 1 Hz only the pair of one pairing counts, whatever the scheme; to 1e-9."""
    for lag in (-35.0, 35.0):
        assert list(changes(model, lag).values()) == pytest.approx([window(lag)] * len(SCHEMES), abs=1e-9)


def test_simultaneous_spikes_depress(model: Model) -> None:
    """Δt = 0 belongs to the depressing side of this window: −A₋, once per pairing, at every optimisation level; to 1e-9. Three pairings, one 60th each,
    without optimisation, where their kernels run as plain Python."""
    for level in (1, 2):
        assert changes(model, 0.0, level)["syn"] == pytest.approx(-A_MINUS, abs=1e-9)
    plain = model.build("Pairings", dt="1 ms", lag="0 ms", level=0, engine="python")
    plain.run("2.4 s")
    assert plain["syn"].w[0] == pytest.approx(-A_MINUS * 3 / 60, abs=1e-9)


def test_the_fit_comes_back(model: Model) -> None:
    """Straight lines through the logarithms of simulated changes give amplitudes and time constants back to 0.1 %."""
    lags = np.array([5.0, 20.0, 40.0])
    slope, height = np.polyfit(lags, np.log([changes(model, lag)["syn"] for lag in lags]), 1)
    assert (np.exp(height), -1 / slope) == (pytest.approx(A_PLUS, rel=1e-3), pytest.approx(TAU_PLUS, rel=1e-3))
    slope, height = np.polyfit(lags, np.log([-changes(model, -lag)["syn"] for lag in lags]), 1)
    assert (np.exp(height), -1 / slope) == (pytest.approx(A_MINUS, rel=1e-3), pytest.approx(TAU_MINUS, rel=1e-3))
