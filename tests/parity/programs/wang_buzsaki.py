"""The interneuron of Wang & Buzsáki under a constant current of 1 µA/cm², by Runge–Kutta steps."""

from __future__ import annotations

from math import exp

from tests.parity.programs._passages import State, crossings, ratio


def wang_buzsaki(current: float) -> list[float]:
    def rates(t: float, y: State) -> list[float]:
        V, h, n = y
        a_m, b_m = ratio((V + 35) / 10), 4 * exp(-(V + 60) / 18)
        a_h, b_h = 0.07 * exp(-(V + 58) / 20), 1 / (1 + exp(-(V + 28) / 10))
        a_n, b_n = 0.1 * ratio((V + 34) / 10), 0.125 * exp(-(V + 44) / 80)
        m = a_m / (a_m + b_m)
        dV = current - 0.1 * (V + 65) - 35 * m**3 * h * (V - 55) - 9 * n**4 * (V + 90)
        return [dV, 5 * (a_h * (1 - h) - b_h * h), 5 * (a_n * (1 - n) - b_n * n)]

    return crossings(rates, [-65.0, 0.8, 0.1], 100)


def numbers() -> dict[str, float]:
    found = wang_buzsaki(1)
    return {"spike_count(cell)": len(found), "spike_time(cell, 1)": found[0], "spike_time(cell, 6)": found[-1]}
