"""Neurons with sections when a network is set up."""

from __future__ import annotations

import numpy as np
import pytest

import plasticdsl

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


def test_it_is_set_as_the_size_of_the_population_too() -> None:
    """In place of the parameter that the text counts them by, and where it counts them by a number. What stands in its place in size, follows."""
    model = plasticdsl.parse(
        f"{TEXT}    two = 2 Cell\n    tips = two.dend\n    Poisson(rate = 1 Hz) → two: S\nsynapse S:\n    on pre: post.V += w\n    w = 1 mV\n"
    )
    net = model.build("Net", dt="0.1 ms", engine="python", parameters={"cell": 3, "two": 4})
    np.testing.assert_allclose(net["cell"].d, np.repeat([0.0, 25e-6, 75e-6], 3), rtol=1e-12)
    np.testing.assert_allclose(net["two"].d, np.repeat([0.0, 25e-6, 75e-6], 4), rtol=1e-12)
    assert (len(net["tip"].V), len(net["tips"].V), len(net["Poisson -> two"].pre)) == (3, 8, 12)
    with pytest.raises(ValueError, match="cell is the size of a population and must be a whole number"):
        model.build("Net", dt="0.1 ms", engine="python", parameters={"cell": 1.5})


def test_experiments_set_and_sweep_it() -> None:
    more = "    phase p for 1 steps\n    record tip.V at end\n    expect sum(tip.d) ≈ {}·75 µm ± 1e-3 µm\n"
    text = TEXT + "experiment Two on Net:\n    dt = 0.1 ms\n    cell = 2\n" + more.format("2")
    text += "experiment Some on Net:\n    dt = 0.1 ms\n    sweep cell in [1, 3]\n" + more.format("neurons_of_cell")
    for name in ("Two", "Some"):
        result = plasticdsl.parse(text).run(name, engine="python")
        assert result.passed
    assert plasticdsl.parse(text).run("Two", engine="python", parameters={"cell": 4})["tip.V"].shape == (4,)


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
