"""Pools of neurons that decide and remember, Wang (2002) and Brunel & Wang (2001), against programs of their own (pools.py)."""

from collections.abc import Callable

import numpy as np
import pytest

import plasticdsl
from plasticdsl.options import EngineName
from tests.science.pools import BRUNEL_WANG, DT, WANG, change, opened, rates

ONE = """
use Pyramidal, Interneuron, External, Glutamate, GABA from "networks/wang_decision"

network One:
    excites  = 1 SpikeTimes([1, 3, 5, 8, 12, 13, 14, 40] ms)
    inhibits = 1 SpikeTimes([20, 22] ms)
    outside  = 1 SpikeTimes([10, 30, 31, 32] ms)
    E = 1 Pyramidal
    I = 1 Interneuron
    excites  → each of E, I: Glutamate, delay = 0.5 ms, g_AMPA = 10 nS, g_NMDA = 20 nS
    inhibits → each of E, I: GABA, delay = 0.5 ms, g = 30 nS
    outside  → each of E, I: External, g = 40 nS

experiment Watch on One:
    dt = 0.1 ms
    phase run for 60 ms
    record E.V, I.V, E.g_NMDA
"""


def test_neurons_and_receptors(kernels: EngineName) -> None:
    """One neuron of each kind that is given spikes. Receptors open by exponential Euler, in which the transmitter counts 2.5 % too much."""
    found = plasticdsl.parse(ONE).run(engine=kernels)
    C, leak, refractory = np.array([500, 200]), np.array([25, 20]), np.array([20, 10])
    V, AMPA, GABA, free = np.full(2, -52.0), np.zeros(2), np.zeros(2), np.zeros(2)
    s, z, lines, opens = np.array([0.2]), np.zeros(1), [], []
    for step in range(600):
        lines.append(V.copy())
        fires = (V > -50) & (step >= free)
        V[fires], free[fires] = -55, step + refractory[fires]
        z += step in {15, 35, 55, 85, 125, 135, 145, 405}
        AMPA += 10 * (step in {15, 35, 55, 85, 125, 135, 145, 405}) + 40 * (step in {100, 300, 310, 320})
        GABA += 30 * (step in {205, 225})
        NMDA = 20 * s if step >= 5 else 0 * s  # nothing has arrived yet
        opens.append(NMDA[0])
        half = V + DT / 2 * change(V, leak, C, AMPA, NMDA, GABA)
        V = np.where(step >= free, V + DT * change(half, leak, C, AMPA * np.exp(-DT / 4), NMDA, GABA * np.exp(-DT / 10)), V)
        AMPA, GABA = AMPA * np.exp(-DT / 2), GABA * np.exp(-DT / 5)
        s, z = opened(s, z), z * np.exp(-DT / 2)
    wanted = np.array(lines)
    assert found["E.g_NMDA"].values[1:600, 0] * 1e9 == pytest.approx(opens[:-1], rel=0.026)
    assert found["E.V"].values[:600, 0] * 1e3 == pytest.approx(wanted[:, 0], abs=0.1)
    assert found["I.V"].values[:600, 0] * 1e3 == pytest.approx(wanted[:, 1], abs=0.1)


@pytest.mark.slow
def test_a_pool_wins() -> None:
    """Means of two runs, in the bands that the library expects of one. What tells of the motion is drawn anew every 50 ms."""

    def outside(seed: int) -> Callable[[float], np.ndarray]:
        drawn = np.maximum(np.random.default_rng(100 + seed).normal([0.04 * 1.512, 0.04 * 0.488], 0.01, (20, 2)), 0)
        strength = np.pad(drawn, ((0, 0), (0, 2)))
        return lambda t: 2.4 + (strength[int((t - 500 + 1e-9) / 50)] if 500 <= t < 1500 else np.zeros(4))

    found = np.mean([rates(WANG, outside(seed), 2500, seed) for seed in (1, 2)], axis=0)
    before, dots, delay = (found[a:b].mean(axis=0) for a, b in ((200, 500), (1000, 1500), (2000, 2500)))
    assert before[:3] @ WANG.sizes[:3] / 1600 == pytest.approx(2.6, abs=0.5)
    assert before[3] == pytest.approx(8.7, abs=1)
    assert dots[0] == pytest.approx(30, abs=7)
    assert dots[1] < 4
    assert dots[3] == pytest.approx(13.6, abs=1.5)
    assert delay[0] > 6
    assert delay[1] < 3


@pytest.mark.slow
def test_a_pool_remembers() -> None:
    def outside(t: float) -> np.ndarray:
        return np.full(7, 22.4) if 1600 <= t < 1650 else np.array([1.8 if 600 <= t < 800 else 1, 1, 1, 1, 1, 1, 1]) * 2.4

    found = np.mean([rates(BRUNEL_WANG, outside, 2100, seed) for seed in (1, 2)], axis=0)
    before, delay, after = (found[a:b].mean(axis=0) for a, b in ((200, 600), (1100, 1600), (1800, 2100)))
    assert before[:6] @ BRUNEL_WANG.sizes[:6] / 800 == pytest.approx(3, abs=0.7)
    assert before[6] == pytest.approx(9.4, abs=1.1)
    assert delay[0] == pytest.approx(29, abs=6)
    assert delay[1:5].mean() == pytest.approx(2, abs=0.5)
    assert after[0] < 12
