"""When membranes with voltage-dependent channels pass 0 mV upwards, by Runge–Kutta steps of 5 µs; time in ms, V in mV."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import exp

State = Sequence[float]


def crossings(rates: Callable[[float, State], list[float]], state: list[float], until: float, h: float = 5e-3) -> list[float]:
    """Times at which the first variable rises through 0."""
    times: list[float] = []
    for n in range(round(until / h)):
        t = n * h
        k1 = rates(t, state)
        k2 = rates(t + h / 2, [x + h / 2 * k for x, k in zip(state, k1, strict=True)])
        k3 = rates(t + h / 2, [x + h / 2 * k for x, k in zip(state, k2, strict=True)])
        k4 = rates(t + h, [x + h * k for x, k in zip(state, k3, strict=True)])
        new = [x + h / 6 * (a + 2 * b + 2 * c + d) for x, a, b, c, d in zip(state, k1, k2, k3, k4, strict=True)]
        if state[0] <= 0 < new[0]:
            times.append(t + h * state[0] / (state[0] - new[0]))
        state = new
    return times


def ratio(x: float) -> float:
    """x/(1 − e⁻ˣ)."""
    return x / (1 - exp(-x)) if abs(x) > 1e-9 else 1 + x / 2


def gate(V: float, θ: float, σ: float) -> float:
    return 1 / (1 + exp(-(V - θ) / σ))
