"""Numbers of units have 16 bits where these hold all of them, and people do not notice."""

from __future__ import annotations

import numpy as np
import pytest

import plasticdsl

MODEL = """
neuron Cell:
    V(0) = 0

synapse Kick:
    on pre:
        post.V += w

network Net:
    a = 2 SpikeTimes(given)
    cells = 3 Cell
    late = a → cells: Kick, where i > N_post − 2, w = j
"""


@pytest.mark.parametrize("size", [1 << 16, (1 << 16) + 1])
def test_the_last_unit_is_reached(size: int) -> None:
    net = plasticdsl.parse(MODEL).build(dt="1 ms", engine="python", cells=size, spikes={"given": (np.array([0.0, 1e-3]), np.array([0, 1]))})
    net.run(steps=2)
    assert np.flatnonzero(net["cells"].V).tolist() == [size - 2, size - 1]
    assert net["cells"].V[-2:].tolist() == [3.0, 3.0]
    assert net["late"].post.dtype == net["late"].pre.dtype == np.int32
    assert (net["late"].post + 1).tolist() == [size - 1, size] * 2
