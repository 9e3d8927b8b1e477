"""White noise in what flows along a cable, against the covariance of the linear equations."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.linalg import solve_continuous_lyapunov

import plasticdsl

#: A branched cable of unequal segments, whose noise is twice as large in one of its branches.
TEXT = """
neuron Cable:
    R_i = 150 Ω·cm
    g = 50 µS/cm²
    C_m = 1 µF/cm²
    a = cylinder(diameter 2 µm, length 300 µm, 3 segments)
    b = cylinder(diameter 1 µm, length 200 µm, 2 segments) from a
    c = cylinder(diameter 4 µm, length 100 µm) from a
    s = 2 pA/µm √(1 ms) if b = 1
        1 pA/µm √(1 ms) otherwise
    C_m dV/dt = −g V + axial(V, R_i) + s ξ(t)/√area

network Net:
    cell = 2000 Cable
"""


def _exact() -> np.ndarray:
    """C of A C + C Aᵀ + G Gᵀ = 0 in V², from conductances between the middles of segments and the point at which three sections meet."""
    resistivity, leak, capacity = 1.5, 0.5, 0.01
    diameters, lengths = np.array([2.0, 2, 2, 1, 1, 4]) * 1e-6, np.full(6, 100e-6)
    areas, halves = np.pi * diameters * lengths, resistivity * lengths / 2 / (np.pi * diameters**2 / 4)
    couplings = np.zeros((7, 7))  # the last is the point
    for i, j in ((0, 1), (1, 2), (3, 4)):
        couplings[i, j] = couplings[j, i] = 1 / (halves[i] + halves[j])
    for i in (2, 3, 5):
        couplings[i, 6] = couplings[6, i] = 1 / halves[i]
    flows = couplings - np.diag(couplings.sum(axis=1))
    flows = flows[:6, :6] - np.outer(flows[:6, 6], flows[6, :6]) / flows[6, 6]
    amplitudes = np.where([0, 0, 0, 1, 1, 0], 2.0, 1.0) * 1e-12 / 1e-6 * np.sqrt(1e-3) / np.sqrt(areas) / capacity
    rates = flows / (areas * capacity)[:, None] - leak / capacity * np.eye(6)
    return np.asarray(solve_continuous_lyapunov(rates, -np.diag(amplitudes**2)))


@pytest.mark.parametrize("dt", ["2 ms", "0.1 ms"])
def test_what_is_stationary_has_the_covariance_of_the_equations_at_any_step(dt: str) -> None:
    """Steps of 2 ms are seven times as long as neighbours take to become equal. Five samples with hardly anything in common; five standard errors."""
    net = plasticdsl.parse(TEXT).build("Net", dt=dt, seed=4)
    wanted, samples = _exact(), []
    net.run("300 ms")
    for _ in range(5):
        net.run("60 ms")
        samples.append(np.array(net["cell"].V).reshape(6, 2000))
    together = np.concatenate(samples, axis=1)
    found = together @ together.T / together.shape[1]
    spread = np.sqrt((np.outer(np.diag(wanted), np.diag(wanted)) + wanted**2) / 2000 / 3)
    assert np.abs((found - wanted) / spread).max() < 5.0
    assert wanted[4, 4] > 2 * wanted[0, 0]


def test_noise_of_each_length_of_cable_is_that_of_the_cable_equation() -> None:
    """τ dV/dt = λ² d²V/dx² − V + … with white noise in space and time has the variance s²/(4π d λ C_m g), whatever the segments are."""
    text = TEXT[: TEXT.index("    a = ")] + "    a = cylinder(diameter 2 µm, length 6 mm, {n} segments)\n"
    text += "    C_m dV/dt = −g V + axial(V, R_i) + 1 pA √(1 ms) ξ(t)/(1 µm √area)\n\nnetwork Net:\n    cell = 150 Cable\n"
    wanted = 1e-15 / (4 * np.pi * 2e-6 * np.sqrt(2 * 2e-6 / 6) * 0.01 * 0.5)
    for n in (60, 120):
        net = plasticdsl.parse(text.format(n=n)).build("Net", dt="0.5 ms", seed=1)
        net.run("100 ms")
        squares = []
        for _ in range(6):
            net.run("40 ms")
            squares.append(np.mean(np.array(net["cell"].V).reshape(n, 150)[n // 4 : 3 * n // 4] ** 2))
        assert np.mean(squares) == pytest.approx(wanted, rel=0.05), n  # about 2 λ are one sample of variance 2: 2 % of 1500
