"""Leaky cells under Poisson input with exponential currents, with and without coincidences: their rates."""

from __future__ import annotations

import numpy as np


def rate(together: float, size: int = 400, seconds: float = 4.0) -> float:
    rng = np.random.default_rng(3)
    h = 0.1  # ms
    w = 0.5 / (5 / 3) ** (5 / (3 - 5))
    steps = round(1000 * seconds / h)
    v, e, i, rest, spikes = np.zeros(size), np.zeros(size), np.zeros(size), np.zeros(size, dtype=int), 0
    grow_e, grow_i, leak = np.exp(-h / 3), np.exp(-h / 10), np.exp(-h / 5)
    of_e, of_i = 3 / (3 - 5) * (grow_e - leak), 10 / (10 - 5) * (grow_i - leak)  # what e and i of 1 make of v in a step
    for n in range(steps):
        fired = (v > 10) & (rest == 0)
        v[fired] = 0
        rest = np.where(fired, 50, np.maximum(rest - 1, 0))
        spikes += int(fired.sum()) if n * h >= 500 else 0
        e += w * (rng.poisson((4000 - 15 * together) * h / 1000, size) + 15 * rng.poisson(together * h / 1000, size))
        i -= 1.2 * w * rng.poisson(1000 * h / 1000, size)
        v = np.where(rest > 0, v, v * leak + of_e * e + of_i * i)
        e, i = e * grow_e, i * grow_i
    return spikes / size / (seconds - 0.5)


def numbers() -> dict[str, float]:
    return {"rate(cells[1])": rate(0), "rate(cells[2])": rate(40)}
