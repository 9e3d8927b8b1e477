"""Vogels, Sprekeler, Zenke, Clopath & Gerstner (2011): inhibitory plasticity that sets the rate of a cell."""

import numpy as np
import pytest

import plasticdsl

WINDOW = """
use Balance from "rules/inhibitory_stdp"

network Pairs:
    pre  = 1 SpikeTimes([50 ms])
    lag = 10 ms
    post = 1 Regular(rate = 1 Hz, start = 50 ms + lag, count = 1)
    syn = pre → post: Balance, one to one, w = 1 nS
"""


def pair(lag_ms: float) -> float:
    """The change of w by one pair, beyond that of the presynaptic spike alone (−η α), in units of η."""
    net = plasticdsl.parse(WINDOW).build("Pairs", dt="0.1 ms", lag=f"{lag_ms} ms")
    net.run("200 ms")
    return (float(net["syn"].w[0]) - 1e-9) / 10e-12 + 2 * 3.0 * 0.020


@pytest.mark.parametrize("lag", [5.0, 20.0, 40.0])
def test_window_is_symmetric(lag: float) -> None:
    """e^{−|Δt|/τ} on both sides, τ = 20 ms, to 1e-6."""
    assert (pair(lag), pair(-lag)) == (pytest.approx(np.exp(-lag / 20), abs=1e-6), pytest.approx(np.exp(-lag / 20), abs=1e-6))


def test_settles_near_the_target() -> None:
    """ρ₀ = 5 Hz: between −5 % and +15 %, in fact at 5.57 Hz (± 0.2 Hz, three standard deviations of 60 s), since inhibition precedes fewer spikes."""
    result = plasticdsl.load("inhibitory_stdp").run("Short", seed=2)
    values = {o.text: o.value for o in result.expectations}
    rate = next(v for text, v in values.items() if text.startswith("rate"))
    assert rate is not None
    assert 0.95 * 5 < rate < 1.15 * 5
    assert rate == pytest.approx(5.57, abs=0.2)


@pytest.mark.slow
@pytest.mark.parametrize(("target", "rate", "by"), [(3, 3.40, 0.15), (5, 5.57, 0.12), (10, 10.91, 0.1)])
def test_three_targets(target: int, rate: float, by: float) -> None:
    """400 s, the last 200 s; three standard deviations over runs."""
    net = plasticdsl.load("inhibitory_stdp").build("SingleCell", dt="0.1 ms", log=["cell"], **{"plastic.ρ₀": f"{target} Hz"})
    net.run("400 s")
    times = net.spikes("cell").times
    assert np.sum(times > 200) / 200 == pytest.approx(rate, abs=by)
