"""Pairs of units in two halves, looked at every 100 ms; the mean of twenty runs."""

from __future__ import annotations

import numpy as np


def numbers() -> dict[str, float]:
    rng = np.random.default_rng(0)
    counts = []
    half = np.arange(50) // 25
    for _ in range(20):
        present, silent = (rng.random((50, 50)) < 0.1) & ~np.eye(50, dtype=bool), np.zeros((50, 50))
        for _trial in range(20):
            b = rng.uniform(0.5, 1.5, 50)
            for tick in range(22):
                # Activity is there from 100 ms after its beginning until its end.
                active = (half == 0) if 1 <= tick <= 10 else (half == 1) if 12 <= tick <= 21 else np.zeros(50, dtype=bool)
                r = b * active
                together = (np.outer(r, r) > 1) & ~np.eye(50, dtype=bool)
                silent = np.where(together, 0, silent + 0.1)
                present &= ~((silent > 10.05) & (rng.random((50, 50)) < 0.1))
                present |= together & (rng.random((50, 50)) < 0.5)
        counts.append(present.sum())
    return {"count(ex.present)": float(np.mean(counts))}
