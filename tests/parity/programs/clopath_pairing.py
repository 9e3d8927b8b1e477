"""Two cells made to fire one after the other, and the weights between them, by Euler steps of 20 µs."""

from __future__ import annotations


def pairings(frequency: float, h: float = 0.02) -> list[float]:
    """The weight onto each of the two cells (the first fires first) after 15 pairings. In mV, ms, nS."""
    v, one, two, g, x, w = [-70.0] * 2, [-70.0] * 2, [-70.0] * 2, [0.0] * 2, [0.0] * 2, [0.5] * 2
    period, gap = round(1000 / frequency / h), round(10 / h)
    for n in range(15 * period):
        for k, start in enumerate((0, gap)):
            if n % period == start:
                v[k], one[k], two[k], x[k] = -70.0, one[k] + 10, two[k] + 10, x[k] + 1 / 15
                # Its own spike is presynaptic to the other cell, and postsynaptic here.
                g[1 - k] += 0.5 * w[1 - k]
                w[1 - k] = max(w[1 - k] - 1.5e-4 * max(one[1 - k] + 70, 0), 0)
                w[k] = min(w[k] + 1.5e-2 * x[1 - k] * max(two[k] + 70, 0), 1)
        for k in range(2):
            dv = (30 * (-70 - v[k]) - g[k] * v[k]) / 300
            one[k] += h / 40 * (v[k] - one[k])
            two[k] += h / 30 * (v[k] - two[k])
            v[k] += h * dv
            g[k] -= h / 2 * g[k]
            x[k] -= h / 15 * x[k]
    return w


def numbers() -> dict[str, float]:
    onto_first, onto_second = pairings(20)
    return {"ex.w[1, 2]": onto_first, "ex.w[2, 1]": onto_second}
