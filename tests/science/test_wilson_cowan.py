"""Wilson & Cowan (1972): pools of neurons against an integration and nullclines that use nothing of plasticdsl."""

from collections.abc import Callable

import numpy as np
import pytest

from tests.models.runs import ran

Numbers = tuple[float, ...]
CYCLE: Numbers = (16, 12, 15, 3, 1.3, 4, 2, 3.7)
MEMORY: Numbers = (12, 4, 13, 11, 1.2, 2.8, 1, 4)


def response(x: np.ndarray, a: float, θ: float) -> np.ndarray:
    """Equation 15."""
    return 1 / (1 + np.exp(-a * (x - θ))) - 1 / (1 + np.exp(a * θ))


def path(numbers: Numbers, drive: Callable[[float], float], end: float, dt: float) -> np.ndarray:
    """E and I at each step by Runge–Kutta 4, time × 2, in ms; what a phase holds is set at the beginning of each step."""
    c1, c2, c3, c4, a_e, θ_e, a_i, θ_i = numbers
    k_e, k_i = response(np.array([np.inf, np.inf]), np.array([a_e, a_i]), np.array([θ_e, θ_i]))

    def slope(s: np.ndarray, p: float) -> np.ndarray:
        e, i = s
        return (
            np.array([-e + (k_e - e) * response(c1 * e - c2 * i + p, a_e, θ_e), -i + (k_i - i) * response(c3 * e - c4 * i, a_i, θ_i)]) / 8
        )

    states = [np.zeros(2)]
    for step in range(round(end / dt)):
        p, s = drive(step * dt), states[-1]
        one = slope(s, p)
        two = slope(s + dt / 2 * one, p)
        three = slope(s + dt / 2 * two, p)
        states.append(s + dt / 6 * (one + 2 * two + 2 * three + slope(s + dt * three, p)))
    return np.array(states)


def test_limit_cycle() -> None:
    found = ran("networks/wilson_cowan", "LimitCycle")["pools.y"].values
    alone = path(CYCLE, lambda t: 1.25 * (49.99 < t < 449.99), 550, 0.1)[::10]
    assert found == pytest.approx(alone, abs=1e-9)


def test_hysteresis() -> None:
    found = ran("networks/wilson_cowan", "Hysteresis")["pools.y"].values
    alone = path(MEMORY, lambda t: t / 1000 - 1 if t < 2000 else 3 - t / 1000, 4000, 1)[::5]
    assert found == pytest.approx(alone, abs=1e-9)


def test_where_two_states_are_stable() -> None:
    """The drive for which E stands still, along the curve on which I does, turns where stable states end: at −0.3996 and 0.3048, as the model says."""
    c1, c2, c3, c4, a_e, θ_e, a_i, θ_i = MEMORY
    i = np.linspace(-0.01, 0.4, 200_000)
    k_e, k_i = 1 - 1 / (1 + np.exp(a_e * θ_e)), 1 - 1 / (1 + np.exp(a_i * θ_i))
    inverse = lambda s, a, θ: θ - np.log(1 / (s + 1 / (1 + np.exp(a * θ))) - 1) / a  # noqa: E731
    e = (inverse(i / (k_i - i), a_i, θ_i) + c4 * i) / c3
    on = (e > -0.02) & (e < 0.44)
    drive = inverse(e[on] / (k_e - e[on]), a_e, θ_e) - c1 * e[on] + c2 * i[on]
    turns = drive[1:-1][np.diff(np.sign(np.diff(drive))) != 0]
    assert turns == pytest.approx([0.3048, -0.3996], abs=1e-4)
