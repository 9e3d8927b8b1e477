"""Adaptive exponential neurons under a pulse of current, by Runge–Kutta steps of 2 µs in V and w; a spike ends where V passes −40 mV."""

from __future__ import annotations

from math import exp


def spikes(τ_w: float, a: float, b: float, V_r: float) -> list[float]:
    def rates(V: float, w: float) -> tuple[float, float]:
        return (-70.6 - V + 2 * exp((V + 50.4) / 2) + 9.3667 / 0.281 * (1 - w)) / 9.3667, (a * (V + 70.6) - w) / τ_w

    V, w, h, times = -70.6, 0.0, 2e-3, []
    for n in range(50000):
        k1, l1 = rates(V, w)
        k2, l2 = rates(V + h / 2 * k1, w + h / 2 * l1)
        k3, l3 = rates(V + h / 2 * k2, w + h / 2 * l2)
        k4, l4 = rates(V + h * k3, w + h * l3)
        V, w = V + h / 6 * (k1 + 2 * k2 + 2 * k3 + k4), w + h / 6 * (l1 + 2 * l2 + 2 * l3 + l4)
        if V >= -40:
            times.append(20 + (n + 1) * h)
            V, w = V_r, w + b
    return times


def numbers() -> dict[str, float]:
    kinds = [(144, 4e-3, 0.0805, -70.6), (20, 4e-3, 0.5, -45.4), (144, 3.903e-3, 0.0, -70.6)]
    found = [spikes(*kind) for kind in kinds]
    counts = {f"spike_count(cells[{i + 1}])": len(times) for i, times in enumerate(found)}
    return counts | {f"spike_time(cells[{i + 1}], −1)": times[-1] for i, times in enumerate(found)}
