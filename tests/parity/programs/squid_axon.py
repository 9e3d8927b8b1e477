"""The squid axon under two synaptic currents, by Runge–Kutta steps."""

from __future__ import annotations

from math import exp

from tests.parity.programs._passages import State, crossings, ratio


def hodgkin_huxley(height: float) -> list[float]:
    """A current that rises to its height and falls again, as e t/τ exp(−t/τ) with τ = 2 ms, from 10 and from 30 ms on."""

    def rates(t: float, y: State) -> list[float]:
        V, m, h, n = y
        a_m, b_m = ratio((V + 40) / 10), 4 * exp(-(V + 65) / 18)
        a_h, b_h = 0.07 * exp(-(V + 65) / 20), 1 / (1 + exp(-(V + 35) / 10))
        a_n, b_n = 0.1 * ratio((V + 55) / 10), 0.125 * exp(-(V + 65) / 80)
        current = sum(height * (t - s) / 2 * exp(1 - (t - s) / 2) for s in (10, 30) if t > s)
        dV = current - 0.3 * (V + 54.387) - 120 * m**3 * h * (V - 50) - 36 * n**4 * (V + 77)
        return [dV, a_m * (1 - m) - b_m * m, a_h * (1 - h) - b_h * h, a_n * (1 - n) - b_n * n]

    return crossings(rates, [-64.9964, 0.05296, 0.59599, 0.31773], 50)


def numbers() -> dict[str, float]:
    found = {i: hodgkin_huxley(2**i) for i in (1, 2, 3, 4)}
    times = {f"spike_time(axons[{i}], {k + 1})": found[i][k] for i in (2, 4) for k in (0, 1)}
    return {"spike_count(axons[1])": len(found[1]), "spike_count(axons)": sum(map(len, found.values())), **times}
