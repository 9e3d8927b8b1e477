"""Triplet STDP: the frequency dependence of Pfister & Gerstner (2006), figure 3 and tables 3 and 4.

The table of final weights was computed event by event; tolerance 1e-3 absolute, its last printed digit being 1e-4.
"""

import numpy as np
import pytest

import plasticdsl
from plasticdsl.results.result import Result
from tests.models.runs import ran

RATES = (0.1, 10.0, 20.0, 40.0, 50.0)
LAGS = (0.010, -0.010)

#: Δw after sixty pairings at the five rates with +10 ms, then with −10 ms.
TABLE = {
    "full": (0.0000, 0.1321, 0.2470, 0.5337, 0.7409, -0.3122, -0.3336, -0.3516, 0.1548, 0.7272),
    "minimal": (0.0000, 0.1186, 0.2278, 0.5321, 0.7627, -0.3166, -0.3322, -0.3417, 0.1737, 0.7492),
    "nearest": (0.0000, 0.1036, 0.3232, 0.5603, 0.6243, -0.2943, -0.4113, -0.3382, 0.2598, 0.6193),
}
#: Sjöström, Turrigiano & Nelson (2001): Δw and its standard error in the same order.
DATA = ((-0.04, 0.14, 0.29, 0.53, 0.56, -0.29, -0.41, -0.34, 0.56, 0.75), (0.05, 0.10, 0.14, 0.11, 0.26, 0.08, 0.11, 0.10, 0.32, 0.19))
#: Mean squared distance to the data in standard errors.
ERRORS = {"full": 0.342, "minimal": 0.356, "nearest": 0.232}

#: A₂₊, A₃₊, A₂₋, A₃₋, τ_x, τ_y (ms), and whether only nearest spikes count: the published sets.
SETS = {
    "full": (5e-10, 6.2e-3, 7e-3, 2.3e-4, 101, 125, False),
    "minimal": (0, 6.5e-3, 7.1e-3, 0, 101, 114, False),
    "nearest": (8.8e-11, 5.3e-2, 6.6e-3, 3.1e-3, 714, 40, True),
    "nearest_minimal": (0, 5e-2, 8e-3, 0, 714, 40, True),
    "hippocampus": (6.1e-3, 6.7e-3, 1.6e-3, 1.4e-3, 946, 27, False),
    "hippocampus_minimal": (5.3e-3, 8e-3, 3.5e-3, 0, 946, 40, False),
    "nearest_hippocampus": (4.6e-3, 9.1e-3, 3e-3, 7.5e-9, 575, 47, True),
    "nearest_hippocampus_minimal": (4.6e-3, 9.1e-3, 3e-3, 0, 575, 48, True),
}


@pytest.fixture(scope="module")
def result() -> Result:
    return ran("rules/triplet", "Frequency")


def weights(result: Result, name: str) -> np.ndarray:
    """Final weights: rates at +10 ms, then at −10 ms."""
    return result[f"{name}.w"].values[:, :, 0].T.ravel()


@pytest.mark.parametrize("name", TABLE)
def test_published_frequency_dependence(result: Result, name: str) -> None:
    """Thirty numbers, to 1e-3."""
    assert weights(result, name) == pytest.approx(TABLE[name], abs=1e-3)


@pytest.mark.parametrize("name", ERRORS)
def test_distance_to_the_data(result: Result, name: str) -> None:
    """The error E of the paper's tables, to 1 %."""
    mean, error = np.array(DATA)
    assert float(np.mean(((weights(result, name) - mean) / error) ** 2)) == pytest.approx(ERRORS[name], rel=0.01)


@pytest.mark.parametrize("name", SETS)
def test_against_event_by_event_sums(result: Result, name: str) -> None:
    """All eight parameter sets against the rule worked out at the spikes alone, to 1e-9 (all spike times are on the grid)."""
    wanted = [event_by_event(*SETS[name], rate, lag) for lag in LAGS for rate in RATES]
    assert weights(result, name) == pytest.approx(wanted, abs=1e-9)


def event_by_event(
    a2p: float, a3p: float, a2m: float, a3m: float, tau_x: float, tau_y: float, nearest: bool, rate: float, lag: float
) -> float:
    """The rule at the spikes of sixty pairings: every trace is read just before its own spike."""
    tau = np.array([16.8e-3, tau_x * 1e-3, 33.7e-3, tau_y * 1e-3])
    start = 0.1 + np.arange(60) / rate
    spikes = sorted([(t, "pre") for t in start] + [(t + lag, "post") for t in start])
    traces, weight, last = np.zeros(4), 0.0, 0.0
    for time, side in spikes:
        traces *= np.exp(-(time - last) / tau)
        last = time
        r1, r2, o1, o2 = traces
        own = slice(0, 2) if side == "pre" else slice(2, 4)
        weight += -o1 * (a2m + a3m * r2) if side == "pre" else r1 * (a2p + a3p * o2)
        traces[own] = 1.0 if nearest else traces[own] + 1.0
    return weight


def test_hippocampal_pairs() -> None:
    """Sixty pairs at 1 Hz, ±10 ms, hippocampal all-to-all set: 0.202 and −0.104, to 1e-3."""
    found = ran("rules/triplet", "Hippocampus")["hippocampus.w"].sel(lag=[0.010, -0.010], method="nearest")
    assert found.values.ravel() == pytest.approx([0.202, -0.104], abs=1e-3)


BCM = """
use TripletMinimal from "rules/triplet"

network Uncorrelated:
    pre  = 2000 Poisson(rate = 10 Hz)
    ρ = 20 Hz
    post = 2000 Poisson(rate = ρ)
    syn = pre → post: TripletMinimal, one to one
"""


@pytest.mark.parametrize("rate", [10.0, 19.22, 30.0])
def test_uncorrelated_trains_follow_bcm(rate: float) -> None:
    """⟨dw/dt⟩ = −A₂₋ τ₋ ρ_x ρ_y + A₃₊ τ₊ τ_y ρ_x ρ_y², which changes its sign at ρ_y = 19.22 Hz; within three standard errors of the mean."""
    net = plasticdsl.parse(BCM).build("Uncorrelated", dt="0.1 ms", ρ=rate)
    net.run("21 s")
    early = net["syn"].w.copy()
    net.run("20 s")
    drift = (net["syn"].w - early) / 20.0
    wanted = -7.1e-3 * 33.7e-3 * 10.0 * rate + 6.5e-3 * 16.8e-3 * 114e-3 * 10.0 * rate**2
    assert drift.mean() == pytest.approx(wanted, abs=3.0 * drift.std() / np.sqrt(drift.size))
