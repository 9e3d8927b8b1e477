"""The AdEx neuron by midpoint steps of 10 µs, with w at its spikes after the first second."""

from __future__ import annotations

from math import exp


def rates(v: float, w: float) -> tuple[float, float]:
    """In mV, pA, ms."""
    return (30 * (-70.6 - v) + 60 * exp((v + 50.4) / 2) + 800 - w) / 281, (4 * (v + 70.6) - w) / 40


def at_spikes(reset: float) -> list[float]:
    h, v, w, found = 0.01, -70.6, 0.0, []
    for n in range(150_000):
        if v > -40.4:
            if n >= 100_000:
                found.append(w)
            v, w = reset, w + 80
        a, b = rates(v, w)
        c, d = rates(v + h / 2 * a, w + h / 2 * b)
        v, w = v + h * c, w + h * d
    return found


def numbers() -> dict[str, float]:
    result = {}
    for k, reset in enumerate((-50.0, -48.3), start=1):
        found = at_spikes(reset)
        result |= {f"spike_count(cells[{k}])": len(found)}
        result |= {f"{name}(cells[{k}].w at spikes)": f(found) for name, f in (("min", min), ("max", max))}
    return result
