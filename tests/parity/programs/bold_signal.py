"""The balloon model for an input that is 0.5 for five seconds, after a ramp as long as the window of the rates, by Runge–Kutta 4."""

from __future__ import annotations

import numpy as np


def rates(t: float, y: np.ndarray) -> np.ndarray:
    s, f, q, v = y
    excess = 0.5 * (np.clip(t / 0.1, 0, 1) - np.clip((t - 5) / 0.1, 0, 1))
    extraction = 1 - 0.66 ** (1 / f)
    return np.array(
        [excess - s / 1.54 - (f - 1) / 2.46, s, (f * extraction / 0.34 - q * v ** (1 / 0.33 - 1)) / 0.98, (f - v ** (1 / 0.33)) / 0.98]
    )


def numbers() -> dict[str, float]:
    y, h, signal = np.array([0.0, 1.0, 1.0, 1.0]), 0.01, []
    for n in range(1900):
        t = n * h
        a = rates(t, y)
        b = rates(t + h / 2, y + h / 2 * a)
        c = rates(t + h / 2, y + h / 2 * b)
        d = rates(t + h, y + h * c)
        y = y + h / 6 * (a + 2 * b + 2 * c + d)
        q, v = y[2:]
        signal.append(0.02 * (0.98 * 4.3 * 40.3 * 0.34 * 0.04 * (1 - q) + 0.68 * (1 - q / v) - 0.43 * (1 - v)))
    return {"max(vessel.BOLD)": max(signal), "min(vessel.BOLD)": min(signal)}
