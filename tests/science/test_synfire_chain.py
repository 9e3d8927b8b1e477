"""The numbers that the library's synfire chain expects, from a program that uses nothing of plasticdsl: Euler–Maruyama with other random numbers."""

from __future__ import annotations

import numpy as np
import pytest


def _spikes(seed: int, volley: int, spread: float) -> tuple[int, int]:
    """Spikes in 80 ms, of all ten groups and of the last: mV and ms, equations of Diesmann, Gewaltig & Aertsen (1999), methods."""
    random, size, n, dt = np.random.default_rng(seed), 100, 1000, 0.02
    v, free = random.uniform(-70, -55, n), np.zeros(n, int)
    y = np.full(n, 25.27 * 0.325)
    x = y.copy()
    arrivals = np.rint(random.normal(20, spread, volley) / dt).astype(int)
    counts = np.zeros(10, int)
    for step in range(round(80 / dt)):
        fires = (v > -55) & (step >= free)
        v[fires], free[fires] = -70, step + round(1 / dt)
        now = fires.reshape(10, size).sum(axis=1)
        counts += now
        y += 4.86 * np.repeat([(arrivals == step).sum(), *now[:-1]], size)
        noise = 39.24 * np.sqrt(dt) * random.standard_normal(n)
        v, x, y = v + dt * (x - v - 70) / 10, x + dt * (y - x) / 0.325, y + dt * (25.27 - y / 0.325) + noise
    return int(counts.sum()), int(counts[-1])


@pytest.mark.parametrize(
    ("volley", "spread", "spikes", "in_the_last"),
    [(85, 1.0, (1294, 31), (135, 5)), (45, 2.0, (345, 31), (27, 3))],
)
def test_a_volley_goes_on_or_dies_out(volley: int, spread: float, spikes: tuple[int, int], in_the_last: tuple[int, int]) -> None:
    """Means of two runs, within three standard deviations of such a mean, and of what six runs tell of the true one."""
    found = np.mean([_spikes(seed, volley, spread) for seed in (11, 12)], axis=0)
    for value, (mean, deviation) in zip(found, (spikes, in_the_last), strict=True):
        assert abs(value - mean) <= 3 * deviation * np.sqrt(1 / 2 + 1 / 6)
