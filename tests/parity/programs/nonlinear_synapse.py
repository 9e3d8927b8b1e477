"""Gating variables s′ = (−s + x (1 − s))/τ with x that jumps by w, by Euler steps of 1 µs."""

from __future__ import annotations


def numbers() -> dict[str, float]:
    h, τ = 1e-3, 10.0  # ms
    x, s, v = [0.0, 0.0], [0.0, 0.0], 0.0
    times = [{10.0 * k for k in range(1, 10)}, {5.0 + 10.0 * k for k in range(10)}]
    steps = [{round(t / h) for t in ts} for ts in times]
    for n in range(round(100 / h)):
        for k, w in enumerate((1.0, 10.0)):
            if n in steps[k]:
                x[k] += w
        total = s[0] + s[1]
        for k in range(2):
            s[k] += h / τ * (-s[k] + x[k] * (1 - s[k]))
            x[k] -= h / τ * x[k]
        v += h / τ * (total - v)
    return {"syn.s[1, 1]": s[0], "syn.s[1, 2]": s[1], "mean(cell.V)": v}
