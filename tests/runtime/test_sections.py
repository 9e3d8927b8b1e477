"""Neurons with sections when a network is set up."""

from __future__ import annotations

import numpy as np
import pytest

import plasticdsl
from plasticdsl.diagnostics.diagnostic import PlasError

TEXT = """
neuron Cell:
    C_m = 1 µF/cm²
    soma = sphere(diameter 20 µm)
    dend = cylinder(diameter 2 µm, length 100 µm, 2 segments) from soma
    C_m dV/dt = −50 µS/cm² V + axial(V, 150 Ω·cm)
    d = distance

network Net:
    N = 1
    cell = N Cell
    tip = cell.dend(100 µm)
"""


def test_how_many_neurons_there_are_is_a_parameter_of_the_network() -> None:
    model = plasticdsl.parse(TEXT)
    net = model.build("Net", dt="0.1 ms", engine="python", parameters={"N": 3})
    np.testing.assert_allclose(net["cell"].d, np.repeat([0.0, 25e-6, 75e-6], 3), rtol=1e-12)
    assert len(net["tip"].V) == 3


def test_it_is_not_the_size_of_the_population() -> None:
    """Since parts of it are numbers of units."""
    with pytest.raises(PlasError, match="can only be set as a parameter of the network"):
        plasticdsl.parse(TEXT).build("Net", dt="0.1 ms", engine="python", parameters={"cell": 6})


def test_segments_are_measured_in_space_constants() -> None:
    """λ = √(R_m d/(4 R_i)) = 816.5 µm: segments of 250 µm are 0.306 of it, of 245 µm 0.300 − 5e-5."""
    text = (
        TEXT.replace("length 100 µm", "length {length} µm")
        .replace("150 Ω·cm", "R_i")
        .replace("    d = distance", "    R_i = 150 Ω·cm")
        .replace("(100 µm)", "")
    )
    found = {
        length: plasticdsl.parse(text.format(length=length)).build("Net", dt="0.1 ms", engine="python").warnings for length in (489, 500)
    }
    assert not found[489]
    (warning,) = found[500]
    assert (warning.code, "0.31 space constants" in warning.message) == ("long-segments", True)
    shorter = plasticdsl.parse(text.format(length=489)).build("Net", dt="0.1 ms", engine="python", parameters={"cell.R_i": 3.0})
    assert len(shorter.warnings) == 1
