"""The pallidal neuron of Terman et al., with and without a current, by Runge–Kutta steps."""

from __future__ import annotations

from tests.parity.programs._passages import State, crossings, gate


def pallidal(current: float) -> list[float]:
    def rates(t: float, y: State) -> list[float]:
        V, n, h, r, Ca = y
        τ = 0.05 + 0.27 * gate(V, -40, -12)
        I_T = 0.5 * gate(V, -57, 2) ** 3 * r * (V - 120)
        I_Ca = 0.15 * gate(V, -35, 2) ** 2 * (V - 120)
        I_K = (30 * n**4 + 30 * Ca / (Ca + 30)) * (V + 80)
        I_Na = 120 * gate(V, -37, 10) ** 3 * h * (V - 55)
        return [
            current - 0.1 * (V + 55) - I_Na - I_K - I_T - I_Ca,
            0.1 * (gate(V, -50, 14) - n) / τ,
            0.05 * (gate(V, -58, -12) - h) / τ,
            (gate(V, -70, -2) - r) / 30,
            1e-4 * (-I_Ca - I_T - 15 * Ca),
        ]

    return crossings(rates, [-55.0, 0.0, 0.0, 0.0, 0.0], 300)


def numbers() -> dict[str, float]:
    driven, free = pallidal(5), pallidal(0)
    return {
        "spike_count(cells[1])": len(driven),
        "spike_count(cells[2])": len(free),
        "spike_time(cells[1], 33)": driven[-1],
        "spike_time(cells[2], 15)": free[-1],
    }
