"""Two astrocytes and the synapses beside them, and one alone, by Runge–Kutta 4 with steps of 0.5 ms."""

from __future__ import annotations

import numpy as np

SPIKES = (0, 50, 100, 150, 200, 300, 310, 320, 330, 340, 350, 360, 370, 380, 390, 400)


def rates(s: np.ndarray, bias: np.ndarray) -> np.ndarray:
    """In µM and s; the rows are I, C, h, x, G, Γ, u, R, Y."""
    i, c, h, x, g, γ, u, r, y = s
    away = i - bias
    q = 1.05 * (i + 0.13) / (i + 0.9434)
    m = i / (i + 0.13) * c / (c + 0.08)
    flux = 0.6 / (1 + i / 1.5) * c**2 / (c**2 + 0.1**2) - 4.5 * c**4 / (c**4 + 0.7**4) * i / (i + 1) - 0.05 * i
    return np.array(
        [
            flux - 1 * (1 + np.tanh((np.abs(away) - 0.3) / 0.05)) * np.sign(away),
            (6 * m**3 * h**3 + 0.1) * (2 - 1.18 * c) - 0.9 * c**2 / (c**2 + 0.05**2),
            0.2 * (q - (q + c) * h),
            0.6 * (1 - x),
            -60 * g,
            1.5 * g * (1 - γ) - 0.5 / 60 * γ,
            -3.33 * u,
            2 * (1 - r),
            -40 * y,
        ]
    )


def numbers() -> dict[str, float]:
    h = 5e-4  # s
    bias, glia = np.array([0.8, 0.8, 1.25]), np.array([0.0, 1.0, 1.0])
    s = np.array([[0.4] * 3, [0.0] * 3, [0.9] * 3, [1.0] * 3, [0.0] * 3, [0.0] * 3, [0.0] * 3, [1.0] * 3, [0.0] * 3])
    above, counts = np.zeros(3, dtype=bool), np.zeros(3, dtype=int)
    spikes = {round((16.5 + t / 1000) / h) for t in SPIKES}
    for n in range(round(17.1 / h)):
        now = s[1] > 0.5
        released = now & ~above
        above, counts = now, counts + released
        s[4] += 6.5e-4 * 200e3 * 0.6 * s[3] * released * glia
        s[3] -= 0.6 * s[3] * released
        if n in spikes:
            s[6] += 0.6 * (1 - s[5]) * (1 - s[6])
            s[8] += 0.005 * 500e3 * s[6] * s[7]
            s[7] -= s[6] * s[7]
        a = rates(s, bias)
        b = rates(s + h / 2 * a, bias)
        c = rates(s + h / 2 * b, bias)
        s = s + h / 6 * (a + 2 * b + 2 * c + rates(s + h * c, bias))
    found = {f"spike_count(glia[{k}])": int(counts[k]) for k in (1, 2)} | {f"beside.Γ[{k + 1}, 1]": float(s[5, k]) for k in (1, 2)}
    return found | {"mean(alone.R)": float(s[7, 0]), "beside.R[2, 1]": float(s[7, 1]), "beside.R[3, 1]": float(s[7, 2])}
