"""A threshold that follows the membrane: where a ramp meets it, by bisection; and under noise, by Euler–Maruyama steps of 10 µs."""

from __future__ import annotations

from math import exp

import numpy as np


def meeting(slope: float) -> float:
    """When V_i + s t reaches the threshold, in ms."""
    low, high = 0.0, 100.0
    for _ in range(60):
        t = (low + high) / 2
        θ = -55 + 5 / 6 * slope * (t - 5 * (1 - exp(-t / 5)))
        low, high = (low, t) if -63 + slope * t > θ else (t, high)
    return low


def noisy(seed: int, size: int = 2000) -> tuple[float, np.ndarray]:
    """Rate in Hz and the thresholds at spikes in the first 200 ms."""
    rng = np.random.default_rng(seed)
    h, σ = 0.01, 6 * np.sqrt(2.0)
    v, θ, current, since = np.full(size, -70.0), np.full(size, -55.0), np.zeros(size), np.full(size, 500)
    found: list[np.ndarray] = []
    for _ in range(20_000):
        fired = (v > θ) & (since >= 500)
        found.append(θ[fired])
        v[fired] = -70
        since = np.where(fired, 1, since + 1)
        dθ = -55 + 5 / 6 * np.maximum(v + 63, 0) - θ
        v = v + h / 5 * (-55 - v + σ * current)
        θ = θ + h / 5 * dθ
        current = current - h / 5 * current + np.sqrt(2 * h / 5) * rng.standard_normal(size)
    at = np.concatenate(found)
    return len(at) / size / 0.2, at


def numbers() -> dict[str, float]:
    rate, at = noisy(1)
    ramps = {f"spike_time(ramps[{k}], 1)": meeting(s) for k, s in enumerate((2.0, 3.0, 4.0), start=1)}
    return ramps | {"rate(cells)": rate, "mean(cells.θ at spikes)": float(at.mean()), "sd(cells.θ at spikes)": float(at.std())}
