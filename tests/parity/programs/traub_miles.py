"""The reduced cell of Traub & Miles under a constant current of 1 µA/cm², by Runge–Kutta steps."""

from __future__ import annotations

from math import exp

from tests.parity.programs._passages import State, crossings, ratio


def traub_miles(current: float) -> list[float]:
    def rates(t: float, y: State) -> list[float]:
        V, m, h, n = y
        a_m, b_m = 1.28 * ratio((V + 54) / 4), 1.4 * ratio(-(V + 27) / 5)
        a_h, b_h = 0.128 * exp(-(V + 50) / 18), 4 / (1 + exp(-(V + 27) / 5))
        a_n, b_n = 0.16 * ratio((V + 52) / 5), 0.5 * exp(-(V + 57) / 40)
        dV = current - 0.1 * (V + 67) - 100 * m**3 * h * (V - 50) - 80 * n**4 * (V + 100)
        return [dV, a_m * (1 - m) - b_m * m, a_h * (1 - h) - b_h * h, a_n * (1 - n) - b_n * n]

    return crossings(rates, [-67.0, 0.0, 1.0, 0.0], 100)


def numbers() -> dict[str, float]:
    found = traub_miles(1)
    return {"spike_count(cell)": len(found), "spike_time(cell, 1)": found[0], "spike_time(cell, 4)": found[-1]}
