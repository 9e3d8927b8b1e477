"""The network of Hodgkin–Huxley cells of Brette et al. (2007), benchmark 3, against a program that uses nothing of plasticdsl."""

import numpy as np
import pytest

import plasticdsl
from plasticdsl.options import EngineName

Rates = tuple[np.ndarray, np.ndarray]


def quotient(x: np.ndarray, s: float) -> np.ndarray:
    """x/(1 − exp(−x/s)), which is s at 0."""
    at_zero = np.abs(x) < 1e-9
    return np.where(at_zero, s, x / -np.expm1(-np.where(at_zero, 1, x) / s))


def openings(V: np.ndarray) -> tuple[Rates, Rates, Rates]:
    """α and β of m, h and n, in 1/ms, Traub & Miles (1991) with V_T = −63 mV."""
    v = V + 63
    return (
        (0.32 * quotient(v - 13, 4), 0.28 * quotient(40 - v, 5)),
        (0.128 * np.exp((17 - v) / 18), 4 / (1 + np.exp((40 - v) / 5))),
        (0.032 * quotient(v - 15, 5), 0.5 * np.exp((10 - v) / 40)),
    )


class Cells:
    """N cells, in mV, ms, nS and pF; the membrane and its gates move in turns, each exactly with the other held, gates from midpoint to midpoint."""

    def __init__(self, V: np.ndarray, g_e: np.ndarray, g_i: np.ndarray) -> None:
        self.V, self.g_e, self.g_i = V, g_e, g_i
        self.gates = np.zeros((3, len(V)))
        self.above = np.zeros(len(V), bool)

    def spikes(self) -> np.ndarray:
        """Where V has come above −40 mV; a cell is refractory as long as it stays there."""
        before, self.above = self.above, self.V > -40
        return self.above & ~before

    def moved(self, gates: np.ndarray, g_e: np.ndarray, g_i: np.ndarray, time: float) -> np.ndarray:
        m, h, n = gates
        Na, K = 2e4 * m**3 * h, 6e3 * n**4
        total = 10 + g_e + g_i + Na + K
        rest = (-650 - 80 * g_i + 50 * Na - 90 * K) / total
        return rest + (self.V - rest) * np.exp(-total * time / 200)

    def step(self, dt: float) -> None:
        middle = self.moved(self.gates, self.g_e, self.g_i, dt / 2)
        α, β = np.moveaxis(np.array(openings(middle)), 0, 1)
        gates = α / (α + β) + (self.gates - α / (α + β)) * np.exp(-(α + β) * dt)
        self.V = self.moved((self.gates + gates) / 2, self.g_e * np.exp(-dt / 10), self.g_i * np.exp(-dt / 20), dt)
        self.gates, self.g_e, self.g_i = gates, self.g_e * np.exp(-dt / 5), self.g_i * np.exp(-dt / 10)


ONE = """
use Cell from "networks/cobahh"
use OpensExcitatory, OpensInhibitory from "networks/vogels_abbott"

network One:
    excites  = 1 SpikeTimes([5, 6, 7, 30] ms)
    inhibits = 1 SpikeTimes([20 ms])
    cell = 1 Cell, V(0) = −65 mV, g_e(0) = 10 nS, g_i(0) = 50 nS
    excites  → cell: OpensExcitatory, w = 40 nS
    inhibits → cell: OpensInhibitory, w = 67 nS

experiment Watch on One:
    dt = 0.02 ms
    phase run for 45 ms
    record cell.V every 0.5 ms
    record spike_count(cell) as count
"""


def test_a_cell(kernels: EngineName) -> None:
    """An upstroke rises by 300 mV in a ms: 1 mV of it is a third of a step of 0.01 ms, and both integrators are of second order."""
    result = plasticdsl.parse(ONE).run(engine=kernels)
    cell, dt, alone, spikes = Cells(np.array([-65.0]), np.array([10.0]), np.array([50.0])), 0.01, [], 0
    for step in range(round(45 / dt) + 1):
        if step % round(0.5 / dt) == 0:
            alone.append(float(cell.V[0]))
        spikes += int(cell.spikes()[0])
        cell.g_e = cell.g_e + 40 * (step * dt in {5, 6, 7, 30})
        cell.g_i = cell.g_i + 67 * (step * dt == 20)
        cell.step(dt)
    assert result["count"].values == spikes
    assert result["cell.V"].values[:, 0] * 1e3 == pytest.approx(np.array(alone), abs=1)


@pytest.mark.slow
def test_the_network() -> None:
    """Of one wiring of 4000 cells, in the bands that the library expects."""
    random, n, n_e, dt = np.random.default_rng(1), 4000, 3200, 0.05
    connected = random.random((n, n)) < 0.02  # to the row from the column
    cells = Cells(random.normal(-70, 5, n), random.normal(40, 15, n), random.normal(200, 120, n))
    counts = np.zeros(2)
    for step in range(round(500 / dt)):
        spikes = cells.spikes()
        cells.g_e = cells.g_e + 6 * connected[:, :n_e][:, spikes[:n_e]].sum(axis=1)
        cells.g_i = cells.g_i + 67 * connected[:, n_e:][:, spikes[n_e:]].sum(axis=1)
        if step * dt >= 300:
            counts += spikes[:n_e].sum(), spikes[n_e:].sum()
        cells.step(dt)
    assert counts / (n_e, n - n_e) / 0.2 == pytest.approx([43.6, 42.4], abs=9)
