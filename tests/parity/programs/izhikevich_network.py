"""Izhikevich's network by Euler steps of 1 ms: rates of its two kinds of cells."""

from __future__ import annotations

import numpy as np


def run(seed: int) -> tuple[float, float]:
    rng = np.random.default_rng(seed)
    e, r = np.arange(1000) < 800, rng.random(1000)
    a, b = np.where(e, 0.02, 0.02 + 0.08 * r), np.where(e, 0.2, 0.25 - 0.05 * r)
    c, d = np.where(e, -65 + 15 * r**2, -65), np.where(e, 8 - 6 * r**2, 2)
    w = np.where(e, 0.5 * rng.random((1000, 1000)), -rng.random((1000, 1000)))
    v = np.full(1000, -65.0)
    u, counts = b * v, np.zeros(1000)
    for _ in range(1000):
        fired = v >= 30
        counts += fired
        v, u = np.where(fired, c, v), np.where(fired, u + d, u)
        drive = w @ fired + rng.standard_normal(1000) * np.where(e, 5, 2)
        v, u = v + 0.04 * v**2 + 5 * v + 140 - u + drive, u + a * (b * v - u)
    return float(counts[:800].mean()), float(counts[800:].mean())


def numbers() -> dict[str, float]:
    exc, inh = run(1)
    return {"rate(exc)": exc, "rate(inh)": inh}
