"""Homeostatic STDP (after Carlson, Richert, Dutt & Krichmar 2013) against a plain program that keeps lists of spikes."""

from pathlib import Path

import numpy as np
import pytest

import plasticdsl
from plasticdsl.options import EngineName

INPUTS, STEPS, WINDOW, DT = 8, 1500, 0.4, 1e-3
PARAMETERS = {"inputs": INPUTS, "ex.T": WINDOW, "ex.w": 0.3, "HomeostaticSTDP.A_plus": 2e-2, "HomeostaticSTDP.A_minus": 2e-2}


def by_hand(given: np.ndarray) -> tuple[np.ndarray, np.ndarray, list[int]]:
    """The weights and the rate after each step, and the spikes; `given`: [steps, inputs]."""
    w, v = np.full(INPUTS, 0.3), 0.0
    pre: list[list[int]] = [[] for _ in range(INPUTS)]
    post: list[int] = []
    weights, rates = [], []

    def k(rate: float) -> float:
        return rate / (10.0 * (1.0 + 50.0 * abs(1.0 - rate / 10.0)))

    for n in range(STEPS):
        if v > 1.0:
            post.append(n)
            v = 0.0
        rate = sum(s > n - round(WINDOW / DT) for s in post) / WINDOW
        for j in np.repeat(np.arange(INPUTS), given[n]):
            v += w[j]
            pre[j].append(n)
            w[j] -= k(rate) * sum(2e-2 * np.exp(-(n - s) * DT / 60e-3) for s in post)
            w[j] = min(max(w[j], 0.0), 1.0)
        if post and post[-1] == n:
            for j in range(INPUTS):
                w[j] += k(rate) * sum(2e-2 * np.exp(-(n - s) * DT / 20e-3) for s in pre[j] if s < n)
                w[j] = min(max(w[j], 0.0), 1.0)
        w = np.clip(w * np.exp(k(rate) * 0.1 * (1.0 - rate / 10.0) * DT), 0.0, 1.0)
        v *= np.exp(-DT / 20e-3)
        weights.append(w.copy())
        rates.append(rate)
    return np.array(weights), np.array(rates), post


def test_as_a_plain_program(kernels: EngineName) -> None:
    net = plasticdsl.load("rules/homeostatic_stdp").build(
        "Homeostatic", dt=DT, engine=kernels, log=["inputs", "cell"], parameters=PARAMETERS
    )
    weights, rates = [], []
    for _ in range(STEPS):
        net.run(steps=1)
        weights.append(np.array(net["ex"].w))
        rates.append(net["ex"].R[0])
    spikes, given = net.spikes("inputs"), np.zeros((STEPS, INPUTS), dtype=int)
    np.add.at(given, (np.round(spikes.times / DT).astype(int), spikes.units), 1)
    found, expected, post = by_hand(given)
    assert len(post) > 10 and np.ptp(weights[-1]) > 1e-3
    np.testing.assert_array_equal(np.round(net.spikes("cell").times / DT).astype(int), post)
    np.testing.assert_allclose(rates, expected, rtol=1e-12)
    np.testing.assert_allclose(weights, found, rtol=1e-9)


def test_a_saved_window_goes_on(tmp_path: Path) -> None:
    model = plasticdsl.load("rules/homeostatic_stdp")
    first, second = (
        model.build("Threshold", dt=DT, engine="python", parameters={"cell.T": 0.1, "inputs": INPUTS, "ex.w": 0.4}) for _ in range(2)
    )
    first.run("150 ms")
    first.save(tmp_path / "state")
    second.load(tmp_path / "state")
    for net in (first, second):
        net.run("130 ms")
    assert first["cell"].nu[0] == second["cell"].nu[0] > 0.0
    np.testing.assert_array_equal(first["cell"].V, second["cell"].V)


@pytest.mark.slow
def test_the_target_rate_is_held() -> None:
    """Whatever the inputs do: three rates of them, with which the cell begins at 20 to 50 Hz. It stays a little above the target, where homeostasis takes
    away what pairs add; without it, it never comes down."""
    model = plasticdsl.load("rules/homeostatic_stdp")
    for rate in (15.0, 20.0, 30.0):
        held = model.run("Held", parameters={"inputs.rate": rate}, duration="600 s")["R"].values
        assert 10.0 < float(np.mean(held[-1000:])) < 11.5
    alone = model.run("Runaway", duration="200 s")["mean(ex.w)"].values
    assert alone[-1] > 1.5 * alone[0]
