"""Results of parts of populations: the numbers of the units are coordinates, and parts of one population lie side by side in a dataset."""

from __future__ import annotations

import numpy as np

from plasticdsl.api import parse

TEXT = """
neuron Clock:
    V(0) = 0
    spike when t < i_th·1 ms
    i_th = 1

network Net:
    E = 10 Clock, i_th = i
    last = E[−2 to −1]

experiment Run on Net:
    dt = 1 ms
    phase p for 20 steps
    record E.i_th[1 to 3, 8] at end
    record last.i_th at end
    record spikes(last), spikes(E[2])

experiment Sizes like Run:
    sweep E in [5, 10]
"""


def test_units_are_coordinates() -> None:
    dataset = parse(TEXT).run("Run", engine="reference").dataset
    np.testing.assert_array_equal(dataset["E.i_th[1 to 3, 8]"].sel(unit_E=[3, 8]), [3.0, 8.0])
    np.testing.assert_array_equal(dataset["last.i_th"], [9.0, 10.0])
    assert set(dataset["unit_of_spike_E"].values.tolist()) == {8, 9} and dataset["spikes(last)"].size == 9 + 10
    assert dataset["spikes(E[2])"].size == 2


def test_units_that_differ_between_runs_have_no_numbers() -> None:
    text = TEXT.replace("    record E.i_th[1 to 3, 8] at end\n", "")
    found = parse(text).run("Sizes", engine="reference")["last.i_th"]
    assert "unit_E" not in found.coords
    np.testing.assert_array_equal(found, [[4.0, 5.0], [9.0, 10.0]])


def test_some_connections_carry_their_ends() -> None:
    text = """
network Net:
    A = 3 SpikeTimes([1 ms])
    B = 2 SpikeTimes([1 ms])
    ex = A → B: Fixed, where i + j > 2, w = 10 i + j

rule Fixed:
    on pre: w += 0

experiment E on Net:
    dt = 1 ms
    phase p for 1 ms
    record ex.w[1, 1 to 3] at end as first
    record ex.w[1 to 2, −1] at end as last
"""
    found = parse(text).run("E", engine="python").dataset
    np.testing.assert_array_equal(found["first"], [12, 13])  # there is no connection to unit 1 from unit 1
    np.testing.assert_array_equal(found["first"].pre_ex, [1, 2])
    np.testing.assert_array_equal(found["last"], [13, 23])
    np.testing.assert_array_equal(found["last"].post_ex_2, [0, 1])
