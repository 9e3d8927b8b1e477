"""Values from lists, where a population has another size than it was written with."""

from __future__ import annotations

import numpy as np
import pytest

import plasticdsl
from plasticdsl.diagnostics.diagnostic import PlasError

_MODEL = """
neuron Cell:
    C = 1
    10 ms dV/dt = C − V

network Three:
    n = 3
    P = n Cell, C = [1, 2, 4], V(0) ~ U([0, 1, 2], [1, 2, 3])

experiment Short on Three:
    dt = 1 ms
    phase go for 1 ms
"""


def test_units_draw_between_bounds_of_their_own() -> None:
    net = plasticdsl.parse(_MODEL).build(seed=1)
    assert (np.floor(net["P"].V) == [0.0, 1.0, 2.0]).all()
    assert (net["P"].C == [1.0, 2.0, 4.0]).all()


def test_another_size_needs_another_list() -> None:
    model = plasticdsl.parse(_MODEL)
    for settings in ({"n": 4}, {"P": 2}):
        with pytest.raises(PlasError, match=r"‘P\.C’ has no value: its list has 3 values, and there are"):
            model.run("Short", engine="python", **settings)
