"""The rate of noisy leaky neurons with refractory times of 1 to 5 ms, by the scheme of Euler & Maruyama."""

from __future__ import annotations

import numpy as np


def numbers() -> dict[str, float]:
    rng = np.random.default_rng(0)
    n, h, τ = 1000, 0.1, 20.0
    hold = np.rint(rng.uniform(1, 5, n) / h)
    V, left, spikes = np.zeros(n), np.zeros(n), 0
    for _ in range(20000):
        fires = (V > 1) & (left <= 0)
        spikes += fires.sum()
        V[fires], left[fires] = 0, hold[fires]
        free = left <= 0
        V[free] += (h / τ * (1.1 - V) + 0.015 * np.sqrt(2 * h / τ) * rng.standard_normal(n))[free]
        left -= 1
    return {"rate(cells)": spikes / n / 2}
