"""Astrocytes with a spike every 2 s: without noise by Runge–Kutta 4 with steps of 1 ms, with noise by Euler–Maruyama."""

from __future__ import annotations

import numpy as np


def rates(s: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """In µM and s; the rows are Y, Γ, I, C, h. And what multiplies the noise of h."""
    y, γ, i, c, h = s
    q = 1.05 * (i + 0.13) / (i + 0.9434)
    m = i / (i + 0.13) * c / (c + 0.08)
    dh = 0.2 * (q - (q + c) * h)
    flux = 5 * γ + 0.2 / (1 + i / 1.5) * c**2 / (c**2 + 0.09) - 4.5 * c**4 / (c**4 + 0.5**4) * i / (i + 1) - 0.1 * i
    dc = (6 * m**3 * h**3 + 0.1) * (2 - 1.18 * c) - 0.9 * c**2 / (c**2 + 0.01)
    dγ = 0.3 * y * (1 - γ) - 0.5 * (1 + 10 * c / (c + 0.5)) * γ
    return np.array([-40 * y, dγ, flux, dc, dh]), dh / np.sqrt(0.2 * (q + c))


def run(noise: bool, size: int) -> tuple[np.ndarray, np.ndarray]:
    """Upward crossings of C = 0.5 µM by each cell, and all variables at 30 s."""
    rng, k = np.random.default_rng(5), 1e-3
    s = np.zeros((5, size))
    s[4] = 0.9
    counts, above = np.zeros(size), np.zeros(size, dtype=bool)
    for n in range(30_000):
        now = s[3] > 0.5
        counts += now & ~above
        above = now
        if n % 2000 == 0 and n:
            s[0] += 500
        a, b = rates(s)
        if noise:
            s = s + k * a
            s[4] = np.clip(s[4] + b * np.sqrt(k) * rng.standard_normal(size), 0, 1)
        else:
            a2 = rates(s + k / 2 * a)[0]
            a3 = rates(s + k / 2 * a2)[0]
            s = s + k / 6 * (a + 2 * a2 + 2 * a3 + rates(s + k * a3)[0])
    return counts, s


def numbers() -> dict[str, float]:
    counts, s = run(False, 1)
    many, of_many = run(True, 400)
    return {
        "spike_count(quiet)": float(counts[0]),
        "mean(quiet.I)": float(s[2, 0]),
        "mean(quiet.h)": float(s[4, 0]),
        "spike_count(noisy)/50": float(many.mean()),
        "mean(noisy.h)": float(of_many[4].mean()),
    }
