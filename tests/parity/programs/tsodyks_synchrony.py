"""The network of Tsodyks, Uziel & Markram with exact steps of 1 ms for each synapse: rates, and recovered resources of the excitatory synapses."""

from __future__ import annotations

import numpy as np

Rng = np.random.Generator


def cut(rng: Rng, mean: float, low: float, high: float, size: int) -> np.ndarray:
    """Normal numbers with half of the mean as standard deviation, drawn again until they lie between low and high."""
    found = rng.normal(mean, abs(mean) / 2, size)
    while (bad := (found < low) | (found > high)).any():
        found[bad] = rng.normal(mean, abs(mean) / 2, int(bad.sum()))
    return found


def run(seed: int) -> tuple[float, float, float]:
    rng = np.random.default_rng(seed)
    size, of_e = 500, 400
    pre, post = np.nonzero(rng.random((size, size)) < 0.1)
    kinds = [(True, True, 1.8), (False, True, -5.4), (True, False, 7.2), (False, False, -7.2)]
    a, use, recovery, facilitation = (np.ones(len(pre)) for _ in range(4))
    depresses = post < of_e
    for of_pre, of_post, mean in kinds:
        k = ((pre < of_e) == of_pre) & ((post < of_e) == of_post)
        n = int(k.sum())
        a[k] = cut(rng, mean, min(0.2 * mean, 2 * mean), max(0.2 * mean, 2 * mean), n)
        use[k] = cut(rng, 0.5, 0.1, 0.9, n) if of_post else cut(rng, 0.04, 0.001, 0.07, n)
        recovery[k] = cut(rng, 800, 5, np.inf, n) if of_post else cut(rng, 100, 5, np.inf, n)
        facilitation[k] = 1 if of_post else cut(rng, 1000, 5, np.inf, n)
    x, y, u = np.ones(len(pre)), np.zeros(len(pre)), np.zeros(len(pre))
    grow, fade, forget, leak = np.exp(-1 / recovery), np.exp(-1 / 3), np.exp(-1 / facilitation), np.exp(-1 / 30)
    mixed = (grow - fade) / (1 - recovery / 3)
    v, rest, base = np.zeros(size), np.zeros(size, dtype=int), rng.uniform(14.5, 15.5, size)
    dead = np.where(np.arange(size) < of_e, 3, 2)
    counts = np.zeros(size)
    for n in range(5000):
        fired = (v > 15) & (rest == 0)
        v[fired] = 13.5
        rest = np.where(fired, dead, np.maximum(rest - 1, 0))
        counts += fired if n >= 1000 else 0
        now = fired[pre]
        u = np.where(now & ~depresses, u + use * (1 - u), u)
        share = np.where(depresses, use, u) * x * now
        y, x = y + share, x - share
        drive = np.bincount(post, a * y, size) + base
        v = np.where(rest > 0, v, drive + (v - drive) * leak)
        # x' = (1 − x − y)/τ_rec with y = y₀ exp(−t/τ_I): 1 − x decays towards y.
        x = 1 - (1 - x) * grow + y * mixed
        y, u = y * fade, u * forget
    rates = counts / 4
    return float(rates[:of_e].mean()), float(rates[of_e:].mean()), float(x[(pre < of_e) & depresses].mean())


def numbers() -> dict[str, float]:
    exc, inh, recovered = run(1)
    return {"rate(E)": exc, "rate(I)": inh, "mean(EE.R)": recovered}
