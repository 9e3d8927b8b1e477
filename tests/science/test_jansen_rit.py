"""Jansen & Rit (1995): the potentials of six columns against a Runge–Kutta integration that uses nothing of plasticdsl."""

import numpy as np
import pytest

from plasticdsl.results.result import Result
from tests.models.runs import ran

SYNAPSES = np.array([68.0, 128.0, 135.0, 270.0, 675.0, 1350.0])
DT = 5e-4


def potentials(seconds: float) -> np.ndarray:
    """y₁ − y₂ in mV at each step, time × columns, for 220 pulses per second: equations 6 with the numbers of section 3."""

    def rates(v: np.ndarray) -> np.ndarray:
        return 5.0 / (1.0 + np.exp(0.56 * (6.0 - v)))

    def slopes(s: np.ndarray) -> np.ndarray:
        y, z = s
        drive = np.array([rates(y[1] - y[2]), 220.0 + 0.8 * SYNAPSES * rates(SYNAPSES * y[0]), SYNAPSES / 4 * rates(SYNAPSES / 4 * y[0])])
        return np.array([z, gain * drive - 2 * k * z - k * k * y])

    k = np.array([[100.0], [100.0], [50.0]])
    gain = np.array([[325.0], [325.0], [1100.0]])
    state = np.zeros((2, 3, 6))
    found = []
    for _ in range(round(seconds / DT) + 1):
        found.append(state[0, 1] - state[0, 2])
        one = slopes(state)
        two = slopes(state + DT / 2 * one)
        three = slopes(state + DT / 2 * two)
        state = state + DT / 6 * (one + 2 * two + 2 * three + slopes(state + DT * three))
    return np.array(found)


@pytest.fixture(scope="module")
def result() -> Result:
    return ran("networks/jansen_rit", "Constant")


@pytest.fixture(scope="module")
def alone() -> np.ndarray:
    return potentials(3.0)


def test_potentials(result: Result, alone: np.ndarray) -> None:
    """For a second, in which phases do not drift far apart. Exponential Runge–Kutta is of second order: at half the step the largest difference
    is 0.007 mV, at this one 0.028 mV."""
    found = result["column.V"].values[:101] * 1e3
    assert np.max(np.abs(found - alone[: 100 * 20 + 1 : 20])) < 0.04


@pytest.mark.parametrize(("column", "interval"), [(2, 91.44), (3, 194.4), (4, 364.7)])
def test_periods_that_the_model_expects(alone: np.ndarray, column: int, interval: float) -> None:
    v = alone[round(1.2 / DT) :, column]
    above = v > v.mean()
    crossings = np.flatnonzero(above[1:] & ~above[:-1])
    assert np.diff(crossings)[-1] * DT * 1e3 == pytest.approx(interval, abs=0.6)
