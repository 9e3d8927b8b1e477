"""Spikes of the multi-timescale adaptive threshold by a loop over the grid: everything between spikes is an exponential."""

from __future__ import annotations

from math import exp


def spikes(RI: float, steps: int) -> list[float]:
    times: list[float] = []
    for n in range(steps):
        t = n * 0.1  # ms
        θ = 19 + sum(37 * exp(-(t - s) / 10) + 2 * exp(-(t - s) / 200) for s in times)
        if RI * (1 - exp(-t / 5)) >= θ and (not times or t - times[-1] > 1.95):
            times.append(t)
    return times


def numbers() -> dict[str, float]:
    strong, weak = spikes(50, 5000), spikes(30, 5000)
    return {
        "spike_count(cells[1])": len(strong),
        "spike_count(cells[2])": len(weak),
        "spike_time(cells[1], −1)": strong[-1],
        "spike_time(cells[2], −1)": weak[-1],
    }
