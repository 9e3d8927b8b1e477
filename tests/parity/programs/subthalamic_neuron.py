"""The subthalamic neuron of Terman et al., inhibited and excited, by Runge–Kutta steps."""

from __future__ import annotations

from math import exp

from tests.parity.programs._passages import State, crossings, gate


def subthalamic(pulse: float) -> list[float]:
    """A pulse of current, µA/cm² from 200 to 500 ms."""

    def rates(t: float, y: State) -> list[float]:
        V, n, h, r, Ca = y
        τ_n, τ_h = 1 + 100 * gate(V, -80, -26), 1 + 500 * gate(V, -57, -3)
        τ_r = 7.1 + 17.5 * gate(V, 68, -2.2)
        b = 1 / (1 + exp((r - 0.25) / 0.07)) - 1 / (1 + exp(-0.25 / 0.07))
        I_T = 0.5 * gate(V, -63, 7.8) ** 3 * b**2 * (V - 140)
        I_Ca = 0.5 * gate(V, -39, 8) ** 2 * (V - 140)
        I_K = (45 * n**4 + 9 * Ca / (Ca + 15)) * (V + 80)
        I_Na = 37.5 * gate(V, -30, 15) ** 3 * h * (V - 55)
        current = pulse if 200 <= t < 500 else 0.0
        return [
            current - 2.25 * (V + 60) - I_Na - I_K - I_T - I_Ca,
            0.75 * (gate(V, -32, 8) - n) / τ_n,
            0.75 * (gate(V, -39, -3.1) - h) / τ_h,
            0.5 * (gate(V, -67, -2) - r) / τ_r,
            5e-5 * (-I_Ca - I_T - 22.5 * Ca),
        ]

    return crossings(rates, [-60.0, 0.0, 0.0, 0.0, 0.0], 700)


def numbers() -> dict[str, float]:
    inhibited, excited = subthalamic(-25), subthalamic(25)
    return {
        "spike_count(cells[1])": len(inhibited),
        "spike_count(cells[2])": len(excited),
        "spike_time(cells[1], 1)": inhibited[0],
        "spike_time(cells[1], 5)": inhibited[-1],
        "spike_time(cells[2], 12)": excited[-1],
    }
