"""Refractoriness against programs that use nothing of plasticdsl, in every engine, after saving and loading, in sweeps and in exported modules."""

from __future__ import annotations

from functools import cache
from math import exp, expm1
from pathlib import Path

import numba
import numpy as np
import pytest
from numpy.typing import NDArray

import plasticdsl
from plasticdsl import driver
from plasticdsl.kernels.store import digest_of, import_text
from plasticdsl.options import CompileOptions, EngineName

Floats = NDArray[np.float64]
MODELS = Path(__file__).parents[2] / "models"

# --- an action potential is one spike ----------------------------------------------------------------------------------


State = tuple[float, float, float, float]


def _linoid(x: float) -> float:
    return x / expm1(x) if abs(x) > 1e-9 else 1.0


def _rates(state: State, current: float) -> State:
    """d(V, m, h, n)/dt in SI, by the formulas of Brette et al. (2007), appendix 2, with their constants."""
    voltage, m, h, n = state
    v = (voltage + 63e-3) * 1e3
    opening = 1.28 * _linoid((13 - v) / 4), 0.128 * exp((17 - v) / 18), 0.16 * _linoid((15 - v) / 5)
    closing = 1.4 * _linoid((v - 40) / 5), 4 / (1 + exp((40 - v) / 5)), 0.5 * exp((10 - v) / 40)
    ions = 10e-9 * (voltage + 65e-3) + 20e-6 * m**3 * h * (voltage - 50e-3) + 6e-6 * n**4 * (voltage + 90e-3)
    gates = (1e3 * (a * (1 - x) - b * x) for a, b, x in zip(opening, closing, (m, h, n), strict=True))
    return (current - ions) / 200e-12, *gates


def _moved(state: State, rates: State, time: float) -> State:
    v, m, h, n = state
    dv, dm, dh, dn = rates
    return v + time * dv, m + time * dm, h + time * dh, n + time * dn


@cache
def _spikes(current: float, duration: float, dt: float) -> list[float]:
    """Times at which V is found above −40 mV, the first of each stay there; classical Runge–Kutta."""
    state: State = (-65e-3, 0.0, 0.0, 0.0)
    inside, found = False, list[float]()
    for step in range(round(duration / dt)):
        above = state[0] > -40e-3
        if above and not inside:
            found.append(step * dt)
        inside = above
        k1 = _rates(state, current)
        k2 = _rates(_moved(state, k1, dt / 2), current)
        k3 = _rates(_moved(state, k2, dt / 2), current)
        k4 = _rates(_moved(state, k3, dt), current)
        for slopes, share in ((k1, 1 / 6), (k2, 1 / 3), (k3, 1 / 3), (k4, 1 / 6)):
            state = _moved(state, slopes, share * dt)
    return found


@pytest.mark.parametrize("engine", ["reference", "python"])
def test_a_cell_without_reset_spikes_once_for_each_action_potential(engine: EngineName) -> None:
    model, expected = plasticdsl.load(MODELS / "neurons/hodgkin_huxley_cortex.plas"), [_spikes(1e-10 * k, 0.05, 1e-5) for k in range(1, 8)]
    net = model.build("Curve", dt="0.02 ms", log=["cells"], engine=engine)
    net.run("50 ms")
    found = net.spikes("cells")
    assert sum(map(len, expected)) == len(found.times) > 15
    for unit, times in enumerate(expected):
        assert found.times[found.units == unit] == pytest.approx(times, abs=5e-5)


def test_the_numbers_of_the_library() -> None:
    """What its experiment expects."""
    found = [_spikes(1e-10 * k, 0.5, 2e-5) for k in (1, 2, 3, 5, 7)]
    assert [len(times) for times in found] == [12, 20, 26, 39, 50]
    assert [found[0][-1], found[-1][-1]] == pytest.approx([0.48628, 0.49855], abs=2e-5)


# --- the same everywhere -----------------------------------------------------------------------------------------------

NETWORK = """
neuron Cell:
    T ~ U(1 ms, 4 ms)
    θ(0) = 10 mV
    10 ms dV/dt = 30 mV − V
    50 ms dθ/dt = 10 mV − θ + I
    I = 4 mV if refractory
        0 mV otherwise
    refractory T_now, hold V
    T_now = T + 0.1 (θ − 10 mV)·1 ms/mV
    spike when V > θ:
        V → 0 mV
        θ += 3 mV

neuron Wide:
    10 ms dV/dt = 15 mV − V
    spike when V > 10 mV
    refractory while V > 8 mV

synapse Back:
    on pre:
        post.V −= 3 mV if post.refractory
        n += 1 − post.refractory

network Net:
    cells = 5 Cell
    wide = 5 Wide
    c = cells → wide: Back, all to all, delay = 1 ms

experiment E on Net:
    dt = 0.1 ms
    phase run for 100 ms
    sweep cells.T in [1 ms, 3 ms]
    expect spike_count(cells) > 5
    expect spike_count(wide) > 5
    expect spike_count(cells) < 150 when cells.T = 3 ms
"""


def _by_hand(durations: Floats, steps: int) -> tuple[list[int], list[int], Floats]:
    """Spikes of each cell, of each wide one, and n: exact flows of linear equations at dt = 0.1 ms, in the order of docs/language/time-and-order.md."""
    dt, size = 0.1, len(durations)
    v, theta, wide = np.zeros(size), np.full(size, 10.0), np.zeros(size)
    until, inside, counts = np.zeros(size, int), np.zeros(size, bool), (np.zeros(size, int), np.zeros(size, int))
    heard, sent = np.zeros((size, size)), dict[int, list[int]]()
    for n in range(steps):
        inside &= wide > 8
        fires, opens = (v > theta) & (n >= until), (wide > 10) & ~inside
        v[fires], theta[fires] = 0, theta[fires] + 3
        until[fires] = n + np.floor((durations + 0.1 * (theta - 10))[fires] / dt + 0.5).astype(int)
        inside |= opens
        counts[0][fires] += 1
        counts[1][opens] += 1
        sent[n + 10] = np.flatnonzero(fires).tolist()
        for pre in sent.get(n, []):
            wide[inside] -= 3
            heard[pre, ~inside] += 1
        held, decay = n < until, np.exp(-dt / 10)
        v = np.where(held, v, 30 + (v - 30) * decay)
        rest = np.where(held, 14, 10)
        theta, wide = rest + (theta - rest) * np.exp(-dt / 50), 15 + (wide - 15) * decay
    return counts[0].tolist(), counts[1].tolist(), heard.ravel()


@pytest.mark.parametrize("engine", ["reference", "python", "compiled"])
def test_times_that_change_and_inputs_that_ask(engine: EngineName, tmp_path: Path) -> None:
    """In the middle it is saved and goes on in another network."""
    first, second = (plasticdsl.parse(NETWORK).build(seed=4, dt="0.1 ms", log=["cells", "wide"], engine=engine) for _ in range(2))
    cells, wide, n = _by_hand(1e3 * first["cells"].T, 1000)
    first.run("43.7 ms")
    first.save(tmp_path / "state.npz")
    second.load(tmp_path / "state.npz")
    second.run("56.3 ms")
    np.testing.assert_allclose(second["c"].n, n)
    for name, expected in (("cells", cells), ("wide", wide)):
        units = np.concatenate([net.spikes(name).units for net in (first, second)])
        assert np.bincount(units, minlength=5).tolist() == expected
    assert min(cells) > 5 and min(wide) > 2


def test_in_sweeps() -> None:
    assert all(o.passed for o in plasticdsl.parse(NETWORK).run("E", engine="python").expectations)


def test_in_a_module(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(numba.config, "DISABLE_JIT", True)
    text = driver.export(plasticdsl.parse(NETWORK).loaded, CompileOptions(level=1))
    made = import_text(text, f"embedded_{digest_of(text)}")
    with np.errstate(over="ignore"):
        a = made.allocate(seed=4)
        made.simulate(a, 0.1)
    np.testing.assert_allclose(a.c.n, _by_hand(1e3 * a.cells.T, 1000)[2])
