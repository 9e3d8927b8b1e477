"""A hundred trials of a striatum that learns from reward, by exponential steps of 1 ms; means over ten learners."""

from __future__ import annotations

import numpy as np


def learn(seed: int) -> tuple[float, float]:
    """Reward in the last twenty trials, as a mean over time, and the mean weight."""
    rng = np.random.default_rng(seed)
    w, V, G, decay = rng.uniform(0, 0.5, (10, 4)), np.zeros(10), np.ones(2), np.exp(-0.1)
    noise, total = np.zeros(10), 0.0
    for trial in range(100):
        for ms in range(100):
            x = np.eye(4)[trial % 4] * (ms >= 40)
            y, g = np.clip(V, 0, 1), np.maximum(G, 0)
            D = np.sign((g[1] - g[0]) * (1 if trial % 4 < 2 else -1)) * (ms >= 90)
            total += D * (trial >= 80)
            drive = w @ x - 0.6 * y.sum()
            w = np.maximum(w + 0.1 * (D * np.outer(y, x) - 0.5 * w * (y**2)[:, None]), 0)
            noise = rng.uniform(-0.1, 0.1, 10)
            V = drive + noise + (V - drive - noise) * decay
            rest = 1 - np.array([y[:5].sum(), y[5:].sum()])
            G = rest + (G - rest) * decay
    return total / 2000, float(w.mean())


def numbers() -> dict[str, float]:
    reward, weight = np.mean([learn(seed) for seed in range(10)], axis=0)
    return {"mean(vta.D)": float(reward), "mean(cs.w)": float(weight)}
