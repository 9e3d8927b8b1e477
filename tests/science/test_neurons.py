"""Spike times of neuron models under constant current, against an adaptive solver (relative tolerance 1e-8 or better) with located events.

Spikes lie on the grid here; steps of 1 µs (5 µs for Hodgkin–Huxley) make the difference smaller than the stated tolerances.
"""

import numpy as np
import pytest

import plasticdsl
from plasticdsl import Net
from tests.models.runs import ran

#: Naud et al. (2008), parameters of figure 1 and table 1; Brette & Gerstner (2005): number of spikes in 500 ms, first spikes and last interval (ms).
ADEX = {
    "tonic": (51, (14.223, 23.152, 32.242, 41.458), 9.59),
    "adaptation": (10, (14.904, 26.172, 40.548, 60.158), 75.90),
    "delayed_bursting": (26, (57.180, 60.394, 64.703), 3.29),
    "irregular": (None, (15.645, 19.090, 23.558), None),  # chaotic: later spikes depend on the last digit
    "brette_gerstner": (17, (11.792, 25.376, 41.196), None),
}
#: Izhikevich (2003), I = 10: number of spikes in 1 s, first spikes and last interval (ms).
IZHIKEVICH = {
    "regular": (23, (3.127, 26.226, 71.057), 44.812),
    "chattering": (87, (), None),
    "fast": (137, (), 7.343),
}
#: Hodgkin & Huxley (1952), the modern convention: number in 500 ms, first spikes (ms), rate (Hz) from the last interval.
HODGKIN_HUXLEY = {
    "axon": (None, (1.901, 16.8226, 31.4718), 68.32),
    "below": (3, (), None),
    "above": (27, (), 52.37),
    "rest": (0, (), None),
}


@pytest.fixture(scope="module")
def adex() -> Net:
    net = plasticdsl.load("adex").build("Patterns", dt="0.001 ms")
    net.run("500 ms")
    return net


@pytest.fixture(scope="module")
def izhikevich() -> Net:
    net = plasticdsl.load("izhikevich").build("Types", dt="0.001 ms")
    net.run("1 s")
    return net


@pytest.fixture(scope="module")
def axons() -> Net:
    net = plasticdsl.load("hodgkin_huxley").build("Axons", dt="0.005 ms")
    net.run("500 ms")
    return net


def compare(net: Net, name: str, count: int | None, first: tuple[float, ...], interval: float | None, tolerance: float) -> None:
    times = 1e3 * net.spikes(name).times
    assert count is None or len(times) == count
    assert times[: len(first)] == pytest.approx(first, abs=tolerance)
    assert interval is None or times[-1] - times[-2] == pytest.approx(interval, abs=tolerance)


@pytest.mark.parametrize("name", ADEX)
def test_adex_patterns(adex: Net, name: str) -> None:
    """Counts exact, spike times to 0.05 ms."""
    compare(adex, name, *ADEX[name], 0.05)


@pytest.mark.parametrize("name", IZHIKEVICH)
def test_izhikevich_types(izhikevich: Net, name: str) -> None:
    """Counts exact, spike times to 0.05 ms."""
    compare(izhikevich, name, *IZHIKEVICH[name], 0.05)


@pytest.mark.parametrize("name", HODGKIN_HUXLEY)
def test_hodgkin_huxley_firing(axons: Net, name: str) -> None:
    """Counts exact, first spikes to 0.01 ms, rates to 0.5 %. Repetitive firing begins between 6.2 and 6.3 µA/cm²."""
    count, first, rate = HODGKIN_HUXLEY[name]
    compare(axons, name, count, first, None, 0.01)
    times = axons.spikes(name).times
    assert rate is None or 1 / (times[-1] - times[-2]) == pytest.approx(rate, rel=0.005)


def test_hodgkin_huxley_rest(axons: Net) -> None:
    """The resting state: V = −64.9964 mV, m = 0.05296, h = 0.59599, n = 0.31773, to the last digit."""
    rest = axons["rest"]
    assert 1e3 * rest.V[0] == pytest.approx(-64.9964, abs=5e-4)
    assert np.concatenate([rest.m, rest.h, rest.n]) == pytest.approx([0.05296, 0.59599, 0.31773], abs=1e-5)


def test_published_scheme_of_izhikevich() -> None:
    """The published program (1 ms, v in two half steps of forward Euler), worked out here line by line: the same spikes to the step."""
    v, u, fired = -65.0, -13.0, []
    for step in range(1000):
        if v >= 30:
            fired.append(step)
            v, u = -65.0, u + 8.0
        for _ in range(2):
            v += 0.5 * (0.04 * v**2 + 5 * v + 140 - u + 10)
        u += 0.02 * (0.2 * v - u)
    net = plasticdsl.load("izhikevich").build("Published", dt="1 ms")
    net.run("1 s")
    found = np.rint(1e3 * net.spikes("regular").times).astype(int)
    assert len(found) == len(fired)
    assert found.tolist() == fired


def test_potentials_of_leaky_neurons() -> None:
    """Exponential current: the potential peaks 9.242 ms after the spike, 0.15749 I₀ above rest, both to 1e-3 (relative)."""
    result = ran("neurons/lif", "PostsynapticPotential")
    V = result["exponential.V"].values.ravel()
    net = plasticdsl.load("lif").build("OneInput", dt="0.001 ms")
    trace = []
    for _ in range(200):
        net.run("0.001 ms") if trace else net.run("9.15 ms")
        trace.append(float(net["exponential"].V[0]))
    assert V.max() + 0.07 == pytest.approx(0.010 * 0.15749, rel=1e-3)
    assert 9.15 + 0.001 * int(np.argmax(trace)) == pytest.approx(9.242, rel=1e-3)
