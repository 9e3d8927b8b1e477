"""Exponential Euler steps that are small in all units have a way of their own, with the same bits."""

from typing import Any

import numpy as np
import pytest

import plasticdsl

TEXT = """
neuron Leaky:
    C = 200 pF
    g = 10 nS
    C dV/dt = (g + x) (−60 mV − V)
    10 ms dx/dt = −x
    V(0) = −50 mV
    x(0) = 0 nS

network Cells:
    cell = 3 Leaky
"""


def voltages(x: list[float], **how: Any) -> Any:
    net = plasticdsl.parse(TEXT).build("Cells", dt="0.1 ms", **how)
    net["cell"].x = np.array(x)
    net.run(steps=1)
    return np.array(net["cell"].V)


@pytest.mark.parametrize("engine", ["compiled", "python"])
def test_a_unit_takes_the_same_step_whatever_others_take(engine: str) -> None:
    """a dt is −0.005 to −0.5 (x = 990 nS), and −5 in one unit, whose neighbours then go the long way: V + 10 mV (e^(a dt) − 1)."""
    small, beside = voltages([0.0, 400e-9, 990e-9], engine=engine), voltages([0.0, 400e-9, 9990e-9], engine=engine)
    np.testing.assert_array_equal(small[:2], beside[:2])
    np.testing.assert_allclose(small, -60e-3 + 10e-3 * np.exp([-0.005, -0.205, -0.5]), rtol=1e-14)
    np.testing.assert_allclose(beside, -60e-3 + 10e-3 * np.exp([-0.005, -0.205, -5.0]), rtol=1e-14)
