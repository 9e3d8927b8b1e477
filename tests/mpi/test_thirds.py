"""Rules that read, wait for or are gated by units of a third population, on several processes: the bits of one."""

from __future__ import annotations

import numpy as np
import pytest

import plasticdsl
from tests.mpi.rooms import together
from tests.mpi.test_shared import CELLS, assert_alike, refused

DOPAMINE = """
neuron Dopamine:
    200 ms dD/dt = −D

neuron Glia:
    300 ms dCa/dt = −Ca

synapse Release:
    on pre:
        post.D += 0.5

synapse Wakes:
    on pre:
        post.Ca += 0.1

rule Modulated(reward, vta):
    w ∈ [0, 2]
    rewards(0) = 0
    1 s dc/dt = −c
    on post:
        c += 0.2
    on pre:
        c −= 0.1
    on vta:
        rewards += 1
        w += 0.01 c
    dw/dt = c reward.D·1 Hz

rule Watched(glia):
    w ∈ [0, 2]
    on pre:
        w += 0.05 glia.Ca − 0.01 w

network Net:
    E = 37 Cell
    I = 9 Cell
    vta = 3 Cell
    dopamine = 1 Dopamine
    glia = 37 Glia
    fast = Poisson(rate = 600 Hz) → E: Kick, w = 0.5
    slow = Poisson(rate = 300 Hz) → I: Kick, w = 1.5
    drive = Poisson(rate = 100 Hz) → vta: Kick, w = 1.5
    freed = vta → dopamine: Release, axonal delay = 2 ms
    EG = E → glia: Wakes, p = 0.3, axonal delay = 3 ms
    EE = E → E: Kick with Modulated(reward = dopamine, vta = vta[2]), p = 0.5, w ~ U(0, 1), axonal delay = 4 ms
    IE = I → E: Kick with Watched(glia = glia), p = 0.5, w = 0.3, axonal delay = 3 ms

experiment Look on Net:
    dt = 1 ms
    phase run for 200 ms
    record spikes(E), spikes(vta)
    record dopamine.D, glia.Ca every 10 ms
    record EE.w, IE.w, EE.rewards every 50 ms
"""
#: A quantity of the network that spikes of all units move, that a rule reads and that all units have as an input.
QUANTITY = """
neuron Driven:
    u = 0
    20 ms dV/dt = 1.2 + u − V + g
    5 ms dg/dt = −g
    V(0) ~ U(0, 0.9)
    spike when V > 1:
        V → 0

rule Modulated(D):
    w ∈ [0, 2]
    1 s dc/dt = −c
    on post:
        c += 0.2
    dw/dt = c D·1 Hz

network Net:
    100 ms dD/dt = −D
    E = 37 Driven(u = −0.1 D)
    on E: D += 0.013
    EE = E → E: Kick with Modulated(D = D), p = 0.5, w ~ U(0, 0.1), axonal delay = 4 ms

experiment Look on Net:
    dt = 1 ms
    phase run for 200 ms
    record spikes(E)
    record D every 10 ms
    record EE.w every 50 ms
"""


@pytest.mark.parametrize(("text", "moved"), [(DOPAMINE, ("EE.w", "IE.w")), (QUANTITY, ("EE.w",))], ids=["units", "quantity"])
def test_third_factors_have_the_bits_of_one_process(text: str, moved: tuple[str, ...]) -> None:
    model = plasticdsl.parse(CELLS + text)
    one = model.run()
    assert one.study.runs[0].counts["E"] > 200
    for name in moved:
        values = one[name].to_numpy()
        assert np.abs(values[-1] - values[0]).max() > 0.01
    for size in (2, 3):
        for found in together(size, lambda seat: model.run(communicator=seat)):
            assert_alike(one, found)


def test_a_third_spike_is_counted_once_at_each_connection_in_every_process() -> None:
    """By hand: spikes at 50 and 90 ms of the unit that counts, none of the others."""
    text = """
rule Counts(vta):
    w(0) = 0
    on vta:
        w += 1

network Net:
    E = 37 Cell
    I = 9 Cell
    vta = 2 SpikeTimes([50 ms, 90 ms])
    IE = I → E: Counts(vta = vta[2]), all to all

experiment Look on Net:
    dt = 1 ms
    phase run for 100 ms
    record IE.w at end
"""
    model = plasticdsl.parse(CELLS + text)
    for found in together(3, lambda seat: model.run(communicator=seat)):
        np.testing.assert_array_equal(found["IE.w"].to_numpy().ravel(), np.full(9 * 37, 2.0))


def test_what_adds_to_a_third_unit_is_refused() -> None:
    text = DOPAMINE.replace("w += 0.05 glia.Ca − 0.01 w", "glia.Ca += 0.01")
    assert "‘IE’ changes units other than the postsynaptic one" in refused(CELLS + text)
