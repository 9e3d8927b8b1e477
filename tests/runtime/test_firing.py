"""Firing at a rate, with refractoriness; neurons whose name is a unit; assignments that would do nothing."""

from __future__ import annotations

import pytest

import plasticdsl

POISSON = """
neuron A:
    τ = 10 ms
    τ dV/dt = −V
    spike at rate 100 Hz:
        V {jump}
    refractory 5 ms

network Net:
    cells = 200 A
"""


def test_a_refractory_unit_does_not_fire_at_its_rate() -> None:
    """A Poisson process of rate r with dead time T fires at r/(1 + r T) = 66.7 Hz; 20 s of 200 units: standard error below 0.1 Hz.

    A refractory unit of k steps may fire again k steps later, so the dead time is half a step shorter on average: +0.2 Hz at 0.1 ms.
    """
    net = plasticdsl.parse(POISSON.format(jump="→ 1")).build("Net", seed=1, dt="0.1 ms")
    net.run("20 s")
    assert net.spike_count("cells") / 200 / 20 == pytest.approx(66.7, abs=0.8)


def test_a_number_before_a_neuron_named_like_a_unit_counts_neurons() -> None:
    net = plasticdsl.parse(POISSON.format(jump="→ 1")).build("Net", dt="1 ms")
    assert len(net["cells"]) == 200


def test_an_equals_sign_under_a_trigger_does_not_change_a_state() -> None:
    with pytest.raises(plasticdsl.PlasError, match="‘V = …’ only names a value; ‘V’ does not change"):
        plasticdsl.parse(POISSON.format(jump="= 1"))
