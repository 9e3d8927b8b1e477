"""Parts of populations from Python: `net["E"][0:2]`, `net["early"]`."""

from __future__ import annotations

import numpy as np
import pytest

from plasticdsl.api import parse

TEXT = """
neuron Clock:
    T = 1 ms
    V(0) = 0 ms
    dV/dt = 1
    spike when V ≥ T:
        V → 0 ms

network Net:
    E = 6 Clock, T = i·1 ms
    early = E[1 to 2]
    odd = E[1, 3, −2]
"""


@pytest.mark.parametrize("engine", ["reference", "python"])
def test_parts_of_a_net(engine: str) -> None:
    net = parse(TEXT).build("Net", engine=engine, dt="1 ms")
    net.run(steps=13)
    assert len(net.spikes("early").times) == 12 + 6  # unit k fires at k, 2k, … ms, the last step begins at 12 ms
    assert set(net.spikes("odd").units.tolist()) == {0, 2, 4}
    np.testing.assert_array_equal(net["odd"].units, [0, 2, 4])
    np.testing.assert_allclose(net["odd"].T, [1e-3, 3e-3, 5e-3])
    net["early"].V[:] = 0.25e-3
    net["odd"].V = 0.5e-3
    net["E"][5].V = 0.125e-3
    np.testing.assert_array_equal(net["E"].V[[0, 1, 2, 4, 5]], [0.5e-3, 0.25e-3, 0.5e-3, 0.5e-3, 0.125e-3])
    net.run(steps=1)
    np.testing.assert_allclose(net["E"][1:3].V, [1.25e-3, 1.5e-3])
    net["early"].T = 7e-3  # a parameter is changed as a whole; the array that shows it is read-only
    np.testing.assert_allclose(net["E"].T, [7e-3, 7e-3, 3e-3, 4e-3, 5e-3, 6e-3])
    with pytest.raises(ValueError, match="read-only"):
        net["early"].T[:] = 1e-3
