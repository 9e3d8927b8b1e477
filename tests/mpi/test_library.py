"""Networks of the library on two and three processes: the bits of one."""

from __future__ import annotations

import pytest

import plasticdsl
from tests.mpi.rooms import together
from tests.mpi.test_shared import assert_alike

NETWORKS = (
    "vogels_abbott",
    "cobahh",
    "brunel_stdp",
    "ring_attractor",
    "synfire_chain",
    "working_memory",
    "wang_decision",
    "wilson_cowan",
    "inhibitory_stdp",
    "homeostatic_stdp",
    "song_abbott",
    "calcium",
)


@pytest.mark.slow
@pytest.mark.parametrize("name", NETWORKS)
def test_networks_of_the_library_have_the_bits_of_one_process(name: str) -> None:
    model = plasticdsl.load(name)
    experiment = next(e for e in model.loaded.module.experiments if not e.sweep).name if name == "song_abbott" else None
    one = model.run(experiment, duration="50 ms")
    for size in (2, 3):
        for found in together(size, lambda seat: model.run(experiment, duration="50 ms", communicator=seat)):
            assert_alike(one, found)
