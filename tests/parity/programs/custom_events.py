"""A membrane that follows g, and the two events of g at 1, by steps of 0.1 ms between which both move exactly."""

from __future__ import annotations

from math import exp


def numbers() -> dict[str, float]:
    h = 0.1  # ms
    decay, leak = exp(-h / 10), exp(-h / 50)
    v = g = x = y = first = 0.0
    above, counts = False, [0, 0, 0]
    for n in range(5000):
        spike, now = v > 1, g > 1
        # At the first step there is no step before, so g < 1 counts as an end.
        rises, falls = now and not above, (above or n == 0) and g < 1
        above = now
        if spike:
            v = g = 0.0
            x += 1
            first = first or n * h
        y += rises
        counts = [a + b for a, b in zip(counts, (spike, rises, falls), strict=True)]
        if n % 40 == 0:
            g += 0.5
        # v′ = (g − v)/50, g′ = −g/10: the part of v that follows g is −g/4.
        v = (v + g / 4) * leak - g / 4 * decay
        g, x, y = g * decay, x * decay, y * decay
    return {
        "spike_count(G)": counts[0],
        "spike_count(G.plateau)": counts[1],
        "spike_count(G.end)": counts[2],
        "spike_time(G, 1)": first,
        "mean(H.x)": x,
        "mean(H.y)": y,
    }
