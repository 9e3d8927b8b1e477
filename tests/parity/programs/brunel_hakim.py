"""A sparse network of inhibitory cells under noise, by Euler–Maruyama: mean and standard deviation of its rate in bins of 1 ms."""

from __future__ import annotations

import numpy as np


def run(seed: int, size: int = 2000) -> tuple[float, float]:
    rng = np.random.default_rng(seed)
    h = 0.1  # ms
    targets = [np.flatnonzero(rng.random(size) < 0.2) for _ in range(size)]
    v, rest = np.full(size, 10.0), np.zeros(size, dtype=int)
    under_way = [np.zeros(size) for _ in range(20)]
    counts = np.zeros(3000)
    for n in range(3000):
        fired = (v > 20) & (rest <= 0)
        v[fired] = 10
        rest = np.where(fired, 19, rest - 1)
        counts[n] = fired.sum()
        v -= under_way[n % 20]
        sent = np.zeros(size)
        for k in np.flatnonzero(fired):
            sent[targets[k]] += 0.25
        under_way[n % 20] = sent
        v += h / 20 * (25 - v) + np.sqrt(h / 20) * rng.standard_normal(size)
    rates = counts[1000:].reshape(-1, 10).sum(axis=1) / size / 1e-3
    return float(rates.mean()), float(rates.std())


def numbers() -> dict[str, float]:
    rate, deviation = run(1)
    return {"rate(cells)": rate, "sd(rate(cells, 1 ms))": deviation}
